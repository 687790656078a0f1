/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module in C whose analyzers pass the word "ready" and forget to answer anything else. */
#include <imp-remote.h>
#include <string.h>

typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 fed[2];
} ForgetfulAnalyzer;
typedef ImpAnalyzerClass ForgetfulAnalyzerClass;

GType forgetful_analyzer_get_type (void);
G_DEFINE_TYPE (ForgetfulAnalyzer, forgetful_analyzer, IMP_TYPE_ANALYZER)

static gboolean
forgetful_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                         gint32 data_type, GError **error)
{
  ForgetfulAnalyzer *self = (ForgetfulAnalyzer *) analyzer;
  gsize size;
  const char *text = g_bytes_get_data (data, &size);

  self->fed[direction] += size;
  if (size == strlen ("ready") && memcmp (text, "ready", size) == 0)
    imp_analyzer_pass_bytes (analyzer, direction, self->fed[direction]);
  return TRUE;
}

static void
forgetful_analyzer_class_init (ForgetfulAnalyzerClass *klass)
{
  klass->data = forgetful_analyzer_data;
}

static void
forgetful_analyzer_init (ForgetfulAnalyzer *self)
{
}

GType
imp_module_query (void)
{
  return forgetful_analyzer_get_type ();
}
