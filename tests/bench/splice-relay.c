/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By splice(), through a pipe: no byte is copied into this process. */
#include "bare-relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIPE_SIZE (1024 * 1024)

void
bare_direction_init (BareDirection *d, const BenchOptions *options)
{
  int *ends = malloc (2 * sizeof *ends);

  if (ends == NULL)
    bench_die ("out of memory");
  if (pipe2 (ends, O_NONBLOCK | O_CLOEXEC) != 0 || fcntl (ends[1], F_SETPIPE_SZ, PIPE_SIZE) < 0)
    bench_die ("pipe: %s", strerror (errno));
  d->way = ends;
}

static ssize_t
move (int from, int to, size_t length)
{
  ssize_t moved = splice (from, NULL, to, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

  if (moved < 0 && errno != EAGAIN && errno != EINTR)
    bench_die ("splice: %s", strerror (errno));
  return moved;
}

void
bare_direction_move (BareDirection *d)
{
  const int *ends = d->way;
  ssize_t moved;

  if (!d->ended && d->held < PIPE_SIZE)
    {
      moved = move (d->from, ends[1], PIPE_SIZE - d->held);
      d->ended = moved == 0;
      d->held += moved > 0 ? (size_t) moved : 0;
    }
  if (d->held > 0)
    {
      moved = move (ends[0], d->to, d->held);
      d->held -= moved > 0 ? (size_t) moved : 0;
    }
}
