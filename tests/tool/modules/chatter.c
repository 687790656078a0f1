/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module that says more for logs than anybody wants to know: 1000 results at once for "often",
 * and one of five bytes for anything else. */
#include <imp-remote.h>
#include <string.h>

typedef struct
{
  ImpAnalyzer parent_instance;
} Chatter;
typedef ImpAnalyzerClass ChatterClass;

GType chatter_get_type (void);
G_DEFINE_TYPE (Chatter, chatter, IMP_TYPE_ANALYZER)

static gboolean
chatter_bytes (ImpAnalyzer *analyzer, ImpDirection direction, const guint8 *data, gsize length,
               gint64 offset, gint32 data_type, GError **error)
{
  if (length >= 5 && memcmp (data, "often", 5) == 0)
    for (guint i = 0; i < 1000; i++)
      imp_analyzer_account (analyzer, "key", "value");
  else
    imp_analyzer_log (analyzer, direction, 0, 0, IMP_LOG_LEVEL_INFO, "12345");
  imp_analyzer_pass_bytes (analyzer, direction, IMP_MAX_OFFSET);
  return TRUE;
}

static void
chatter_class_init (ChatterClass *klass)
{
  klass->bytes = chatter_bytes;
}

static void
chatter_init (Chatter *self)
{
}

GType
imp_module_query (void)
{
  return chatter_get_type ();
}
