/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limit of a relay: splice() between two sockets, with no look at the bytes.
 *
 * Listens at --address, connects to --connect for the one connection that comes, forwards both
 * directions with half-close, and ends with them. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIPE_SIZE (1024 * 1024)

typedef struct
{
  int from, to;
  int pipe[2];
  size_t held; /* in the pipe */
  bool ended;  /* nothing more comes */
  bool done;   /* and the other side was told */
} Direction;

static void
init_direction (Direction *d, int from, int to)
{
  *d = (Direction){ .from = from, .to = to };
  if (pipe2 (d->pipe, O_NONBLOCK | O_CLOEXEC) != 0
      || fcntl (d->pipe[1], F_SETPIPE_SZ, PIPE_SIZE) < 0)
    bench_die ("pipe: %s", strerror (errno));
}

static ssize_t
move (int from, int to, size_t length)
{
  ssize_t moved = splice (from, NULL, to, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

  if (moved < 0 && errno != EAGAIN && errno != EINTR)
    bench_die ("splice: %s", strerror (errno));
  return moved;
}

static void
forward (Direction *d)
{
  ssize_t moved;

  if (!d->ended && d->held < PIPE_SIZE)
    {
      moved = move (d->from, d->pipe[1], PIPE_SIZE - d->held);
      d->ended = moved == 0;
      d->held += moved > 0 ? (size_t) moved : 0;
    }
  if (d->held > 0)
    {
      moved = move (d->pipe[0], d->to, d->held);
      d->held -= moved > 0 ? (size_t) moved : 0;
    }
  if (d->ended && d->held == 0 && !d->done)
    {
      shutdown (d->to, SHUT_WR);
      d->done = true;
    }
}

/* Reads while the pipe is empty, else waits until it can be emptied. */
static void
watch (const Direction *d, struct pollfd *reader, struct pollfd *writer)
{
  if (d->held > 0)
    writer->events |= POLLOUT;
  else if (!d->ended)
    reader->events |= POLLIN;
}

static void
run (int client, int server)
{
  Direction up, down;

  init_direction (&up, client, server);
  init_direction (&down, server, client);
  while (!up.done || !down.done)
    {
      struct pollfd fds[] = { { .fd = client }, { .fd = server } };

      watch (&up, &fds[0], &fds[1]);
      watch (&down, &fds[1], &fds[0]);
      for (int i = 0; i < 2; i++)
        fds[i].fd = fds[i].events != 0 ? fds[i].fd : -1;
      if (poll (fds, 2, -1) < 0 && errno != EINTR)
        bench_die ("poll: %s", strerror (errno));
      forward (&up);
      forward (&down);
    }
}

int
main (int argc, char **argv)
{
  BenchOptions options;
  int listener, client;

  bench_options_parse (&options, argc, argv);
  if (options.connect == NULL)
    bench_die ("--connect is missing");
  listener = bench_listen (bench_options_address (&options));
  bench_print_listening (listener);
  client = bench_accept (listener);
  run (client, bench_connect (options.connect));
  return 0;
}
