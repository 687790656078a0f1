/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-analyzer.h"

typedef ImpAnalyzerClass ScriptedAnalyzerClass;

GType scripted_analyzer_get_type (void);
G_DEFINE_TYPE (ScriptedAnalyzer, scripted_analyzer, IMP_TYPE_ANALYZER)

static gboolean
scripted_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                        gint32 data_type, GError **error)
{
  ScriptedAnalyzer *self = (ScriptedAnalyzer *) analyzer;

  self->fed[direction] += g_bytes_get_size (data);
  if (self->func != NULL)
    self->func (self, direction, data);
  return TRUE;
}

static gboolean
scripted_analyzer_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy,
                        GError **error)
{
  ScriptedAnalyzer *self = (ScriptedAnalyzer *) analyzer;

  self->busy = busy ? self->busy | (1 << direction) : self->busy & ~(1 << direction);
  return TRUE;
}

static void
scripted_analyzer_class_init (ScriptedAnalyzerClass *klass)
{
  klass->data = scripted_analyzer_data;
  klass->busy = scripted_analyzer_busy;
}

static void
scripted_analyzer_init (ScriptedAnalyzer *self)
{
}

ImpAnalyzer *
scripted_analyzer_new (ScriptedAnalyzerFunc func)
{
  ScriptedAnalyzer *self = g_object_new (scripted_analyzer_get_type (), NULL);

  self->func = func;
  return IMP_ANALYZER (self);
}

void
scripted_analyzer_pass_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}
