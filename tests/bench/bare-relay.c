/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bare-relay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

static void
forward (BareDirection *d)
{
  bare_direction_move (d);
  if (d->ended && d->held == 0 && !d->done)
    {
      shutdown (d->to, SHUT_WR);
      d->done = true;
    }
}

/* Reads while nothing is held, else waits until that can be written. */
static void
watch (const BareDirection *d, struct pollfd *reader, struct pollfd *writer)
{
  if (d->held > 0)
    writer->events |= POLLOUT;
  else if (!d->ended)
    reader->events |= POLLIN;
}

static void
run (BareDirection *up, BareDirection *down)
{
  while (!up->done || !down->done)
    {
      struct pollfd fds[] = { { .fd = up->from }, { .fd = up->to } };

      watch (up, &fds[0], &fds[1]);
      watch (down, &fds[1], &fds[0]);
      for (int i = 0; i < 2; i++)
        fds[i].fd = fds[i].events != 0 ? fds[i].fd : -1;
      if (poll (fds, 2, -1) < 0 && errno != EINTR)
        bench_die ("poll: %s", strerror (errno));
      forward (up);
      forward (down);
    }
}

int
main (int argc, char **argv)
{
  BareDirection up = { 0 }, down = { 0 };
  BenchOptions options;
  int listener;

  bench_options_parse (&options, argc, argv);
  if (options.connect == NULL)
    bench_die ("--connect is missing");
  listener = bench_listen (bench_options_address (&options));
  bench_print_listening (listener);
  up.from = down.to = bench_accept (listener);
  up.to = down.from = bench_connect (options.connect);
  bare_direction_init (&up, &options);
  bare_direction_init (&down, &options);
  run (&up, &down);
  return 0;
}
