/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

/* Looks at every chunk and passes it by a verdict of its own, which is what is measured. */
#define BENCH_TYPE_PASS (bench_pass_get_type ())
G_DECLARE_FINAL_TYPE (BenchPass, bench_pass, BENCH, PASS, ImpAnalyzer)

/* With BENCH_TOUCHES alone: whether it looks at all bytes of a chunk, and not only at how many they
 * are. */
extern gboolean bench_pass_touches;
