/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usher.h"

typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 fed[2];
} Usher;
typedef ImpAnalyzerClass UsherClass;

G_DEFINE_TYPE (Usher, usher, IMP_TYPE_ANALYZER)

static gboolean
usher_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  Usher *self = (Usher *) analyzer;

  self->fed[direction] += g_bytes_get_size (data);
  imp_analyzer_pass_bytes (analyzer, direction, self->fed[direction]);
  return TRUE;
}

static void
usher_class_init (UsherClass *klass)
{
  klass->data = usher_data;
}

static void
usher_init (Usher *self)
{
}
