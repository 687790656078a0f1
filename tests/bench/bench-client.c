/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs one workload once and prints what was measured as one JSON object. */
#include "bench.h"

int
main (int argc, char **argv)
{
  BenchOptions options;

  bench_options_parse (&options, argc, argv);
  bench_engine_run (&options);
  return 0;
}
