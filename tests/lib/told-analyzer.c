/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "told-analyzer.h"

typedef ImpAnalyzerClass ToldClass;

GType told_get_type (void);
G_DEFINE_TYPE (Told, told, IMP_TYPE_ANALYZER)

static gboolean
told_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  Told *self = (Told *) analyzer;

  self->fed[direction] += g_bytes_get_size (data);
  if (self->func != NULL)
    self->func (self, direction, data);
  return TRUE;
}

static gboolean
told_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy, GError **error)
{
  Told *self = (Told *) analyzer;

  self->busy = busy ? self->busy | (1 << direction) : self->busy & ~(1 << direction);
  return TRUE;
}

static void
told_class_init (ToldClass *klass)
{
  klass->data = told_data;
  klass->busy = told_busy;
}

static void
told_init (Told *self)
{
}

ImpAnalyzer *
told_new (ToldFunc func)
{
  Told *self = g_object_new (told_get_type (), NULL);

  self->func = func;
  return IMP_ANALYZER (self);
}

void
told_pass_all (Told *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}
