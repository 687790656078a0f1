/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-pass-analyzer.h"

/**
 * ImpPassAnalyzer:
 *
 * An analyzer that is not interested: it passes everything.
 *
 * Its first two results, which are there before any input is, pass both directions indefinitely, so
 * that a provider need not feed it at all. It is what [method@Imp.Factory.create_analyzer] returns
 * where a factory ignores a connection ([method@Imp.Factory.ignores]).
 *
 * Since: 0.1
 */
struct _ImpPassAnalyzer
{
  ImpAnalyzer parent_instance;
};

G_DEFINE_FINAL_TYPE (ImpPassAnalyzer, imp_pass_analyzer, IMP_TYPE_ANALYZER)

static void
imp_pass_analyzer_constructed (GObject *object)
{
  ImpAnalyzer *self = IMP_ANALYZER (object);

  G_OBJECT_CLASS (imp_pass_analyzer_parent_class)->constructed (object);
  imp_analyzer_pass_bytes (self, IMP_DIRECTION_FROM_CLIENT, IMP_MAX_OFFSET);
  imp_analyzer_pass_bytes (self, IMP_DIRECTION_FROM_SERVER, IMP_MAX_OFFSET);
}

/* A provider may feed what was passed indefinitely; there is nothing left to say about it. */
static gboolean
imp_pass_analyzer_data (ImpAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                        gint32 data_type, GError **error)
{
  return TRUE;
}

static void
imp_pass_analyzer_class_init (ImpPassAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->constructed = imp_pass_analyzer_constructed;
  IMP_ANALYZER_CLASS (klass)->data = imp_pass_analyzer_data;
}

static void
imp_pass_analyzer_init (ImpPassAnalyzer *self)
{
}

/**
 * imp_pass_analyzer_new:
 *
 * Creates an analyzer that passes everything.
 *
 * Returns: (transfer full): a new analyzer
 *
 * Since: 0.1
 */
ImpAnalyzer *
imp_pass_analyzer_new (void)
{
  return g_object_new (IMP_TYPE_PASS_ANALYZER, NULL);
}
