/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Traffic with a match every 6.5 bytes on average, and what the pattern module makes of it. */
#pragma once

#include "bench.h"

/* The same as sed's s/[aeio]/--/g. */
#define BENCH_DENSE_SETTINGS "rx=[aeio]&rxlen=1&action=replace&actdata=--"

/* Lines of letters, the same in each run; goes on where the last call ended. Returns how many
 * matches there are. */
size_t bench_dense_fill (uint8_t *data, size_t length);
/* Writes what is to come out, at most twice @length, and returns its length. */
size_t bench_dense_replace (const uint8_t *data, size_t length, uint8_t *out);
