/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our end of the workloads, by the public API only, as any provider would use it. */
#pragma once

#include "bench.h"

#include <imp-remote.h>

/* Takes over @remote. */
void bench_imp_use (ImpRemoteFactory *remote, const BenchOptions *options);
void bench_imp_release (void);
