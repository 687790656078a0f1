/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pass-analyzer.h"

/* Who has seen so many bytes of a direction wants to see no more of it; 0: who always does. */
#ifndef BENCH_INTEREST
#define BENCH_INTEREST 0
#endif

#ifdef BENCH_TOUCHES
gboolean bench_pass_touches;
#endif

struct _BenchPass
{
  ImpAnalyzer parent_instance;
  gint64 position[2];
};

G_DEFINE_FINAL_TYPE (BenchPass, bench_pass, IMP_TYPE_ANALYZER)

#ifdef BENCH_TOUCHES
/* Each line of the cache: what lies in shared memory does not come by itself. */
static void
bench_pass_touch (const ImpView *view)
{
  for (gsize i = 0; i < view->length; i += 64)
    (void) *(const volatile guint8 *) (view->data + i);
}
#endif

static gboolean
bench_pass_view (ImpAnalyzer *analyzer, ImpDirection direction, const ImpView *view, gint64 offset,
                 gint32 data_type, GError **error)
{
  BenchPass *self = (BenchPass *) analyzer;

  if (offset != 0)
    self->position[direction] = offset;
  self->position[direction] += (gint64) view->length;
#ifdef BENCH_TOUCHES
  if (bench_pass_touches)
    bench_pass_touch (view);
#endif
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
