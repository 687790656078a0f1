/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ours, client and server in one process, which take turns. */
#include "imp-link.h"
#include "pair.h"
#include "pass-analyzer.h"

static gboolean stopped;

void
bench_link_connect (const BenchOptions *options)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (BENCH_TYPE_PASS, IMP_DATA_TYPE_STREAM,
                                                         IMP_RESULT_FLAGS_PASS);

  if (options->count == 0)
    bench_die ("--count is missing: two ends that take turns have no time");
  imp_factory_set_measured (factory, g_getenv ("IMP_BENCH_MEASURED") != NULL);
  bench_pair_init ();
  bench_imp_use (bench_pair_serve (factory), options);
}

void
bench_link_run (double seconds)
{
  stopped = FALSE;
  while (!stopped)
    bench_pair_turn ();
}

void
bench_link_stop (void)
{
  stopped = TRUE;
}

void
bench_link_disconnect (void)
{
  bench_imp_release ();
  bench_pair_close ();
}
