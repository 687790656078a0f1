/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both ends in one process and one thread, which take turns: so what is read at once, and with it
 * the number of instructions, depends neither on the machine nor on what else it does.
 *
 * Each end has a main context of its own. The time that the library sees is a count of how often
 * it has asked, and random numbers are the same in each run. The instructions of each end are
 * those of bench_server_turn() and bench_client_turn(), with all that they call. */
#pragma once

#include "bench.h"

#include <imp-remote.h>

/* From then on whatever is made belongs to the client. */
void bench_pair_init (void);
/* The two ends of a socket, as streams or, for the driver's own end, as a descriptor. */
void bench_pair_make_streams (GIOStream *streams[2]);
GIOStream *bench_pair_make_stream (int *other_fd);
/* Serves @factory to the one client that it returns. */
ImpRemoteFactory *bench_pair_serve (ImpFactory *factory);
/* Lets each end have its turn. It dies if neither has had anything to do for long. */
void bench_pair_turn (void);
void bench_pair_close (void);

void bench_server_turn (void);
void bench_client_turn (void);
