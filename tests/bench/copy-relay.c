/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By reading and writing, with a buffer of --chunk bytes for each direction: what every relay does
 * that has to see the bytes. */
#include "bare-relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef struct
{
  size_t size, begin;
  uint8_t data[];
} Buffer;

void
bare_direction_init (BareDirection *d, const BenchOptions *options)
{
  Buffer *buffer = malloc (sizeof *buffer + options->chunk);

  if (buffer == NULL)
    bench_die ("out of memory");
  memset (buffer->data, 1, options->chunk); /* resident from now on */
  buffer->size = options->chunk;
  buffer->begin = 0;
  d->way = buffer;
}

static size_t
check (ssize_t moved, const char *what)
{
  if (moved < 0 && errno != EAGAIN && errno != EINTR)
    bench_die ("%s: %s", what, strerror (errno));
  return moved > 0 ? (size_t) moved : 0;
}

void
bare_direction_move (BareDirection *d)
{
  Buffer *buffer = d->way;

  if (!d->ended && d->held == 0)
    {
      ssize_t got = recv (d->from, buffer->data, buffer->size, 0);

      d->ended = got == 0;
      d->held = check (got, "receive");
      buffer->begin = 0;
    }
  if (d->held > 0)
    {
      size_t sent = check (send (d->to, buffer->data + buffer->begin, d->held, MSG_NOSIGNAL),
                           "send");

      buffer->begin += sent;
      d->held -= sent;
    }
}
