/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pass-analyzer.h"

/* Who has seen so many bytes of a direction wants to see no more of it; 0: who always does. */
#ifndef BENCH_INTEREST
#define BENCH_INTEREST 0
#endif

struct _BenchPass
{
  ImpAnalyzer parent_instance;
  gint64 position[2];
};

G_DEFINE_FINAL_TYPE (BenchPass, bench_pass, IMP_TYPE_ANALYZER)

static gboolean
bench_pass_view (ImpAnalyzer *analyzer, ImpDirection direction, const ImpView *view, gint64 offset,
                 gint32 data_type, GError **error)
{
  BenchPass *self = (BenchPass *) analyzer;

  if (offset != 0)
    self->position[direction] = offset;
  self->position[direction] += (gint64) view->length;
  if (BENCH_INTEREST == 0 || self->position[direction] < BENCH_INTEREST)
    imp_analyzer_pass_bytes (analyzer, direction, self->position[direction]);
  else
    imp_analyzer_pass_bytes (analyzer, direction, IMP_MAX_OFFSET);
  return TRUE;
}

static void
bench_pass_class_init (BenchPassClass *klass)
{
  IMP_ANALYZER_CLASS (klass)->view = bench_pass_view;
}

static void
bench_pass_init (BenchPass *self)
{
}
