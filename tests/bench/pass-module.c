/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The analyzer of the benchmark as a module, for `imp-remote relay` in one process. */
#include "pass-analyzer.h"

GType
imp_module_query (void)
{
  return BENCH_TYPE_PASS;
}
