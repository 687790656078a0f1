/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of a relay: between two sockets, with no look at the bytes.
 *
 * It listens at --address, connects to --connect for the one connection that comes, forwards both
 * directions with half-close, and ends with them. How bytes are moved is defined by one file for
 * each way to do it. */
#pragma once

#include "bench.h"

typedef struct
{
  int from, to;
  size_t held; /* was taken from the one, and waits for the other */
  bool ended;  /* nothing more comes */
  bool done;   /* and the other side was told */
  void *way;   /* whatever it takes */
} BareDirection;

void bare_direction_init (BareDirection *d, const BenchOptions *options);
/* Moves what can be moved now. Takes nothing more while something is held, or all that fits. */
void bare_direction_move (BareDirection *d);
