/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two ends of a transfer of dense text through a relay that replaces all matches, in
 * --connections connections at once, each of --count bytes.
 *
 * With --connect it reads them from there, compares them with what is to come out, and prints how
 * long that took; else it listens at --address and sends them to those who connect. With neither
 * it prints the text, or with --in-process what becomes of it. */
#include "dense.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  int fd;
  size_t position;
  bool over;
} Connection;

static const BenchOptions *options;
static uint8_t *text;
static size_t length; /* of all that goes through one connection */
static Connection *connections;
static struct pollfd *fds;

static void *
allocate (size_t size)
{
  void *memory = calloc (1, size);

  if (memory == NULL)
    bench_die ("out of memory");
  return memory;
}

static ssize_t
check (ssize_t moved, const char *what)
{
  if (moved < 0 && errno != EAGAIN && errno != EINTR)
    bench_die ("%s: %s", what, strerror (errno));
  return moved;
}

/* Calls for each that something has happened to, until all are over. */
static void
run (short events, void (*move) (Connection *connection))
{
  uint32_t left = options->connections;

  while (left > 0)
    {
      for (uint32_t i = 0; i < options->connections; i++)
        {
          Connection *connection = &connections[i];

          fds[i].fd = connection->over ? -1 : connection->fd;
          fds[i].events = connection->position < length ? events : POLLIN;
        }
      if (poll (fds, options->connections, -1) < 0 && errno != EINTR)
        bench_die ("poll: %s", strerror (errno));
      for (uint32_t i = 0; i < options->connections; i++)
        if (fds[i].fd >= 0 && fds[i].revents != 0)
          {
            move (&connections[i]);
            left -= connections[i].over;
          }
    }
}

static void
send_some (Connection *connection)
{
  size_t rest = length - connection->position;
  char nothing;

  if (rest == 0)
    {
      /* Waits for the other side's end. */
      if (check (recv (connection->fd, &nothing, 1, 0), "receive") > 0)
        bench_die ("bytes came back that nobody sent");
      connection->over = true;
      return;
    }
  rest = rest < options->chunk ? rest : options->chunk;
  rest = (size_t) check (send (connection->fd, text + connection->position, rest, MSG_NOSIGNAL),
                         "send");
  if ((ssize_t) rest > 0)
    connection->position += rest;
  if (connection->position == length)
    shutdown (connection->fd, SHUT_WR);
}

static void
receive_some (Connection *connection)
{
  static uint8_t buffer[BENCH_READ_SIZE];
  ssize_t got = check (recv (connection->fd, buffer, sizeof buffer, 0), "receive");

  if (got < 0)
    return;
  if ((size_t) got > length - connection->position
      || memcmp (buffer, text + connection->position, (size_t) got) != 0)
    bench_die ("what arrived after %zu bytes is not what was to arrive", connection->position);
  connection->position += (size_t) got;
  connection->over = got == 0;
  if (got == 0 && connection->position < length)
    bench_die ("%zu bytes arrived instead of %zu", connection->position, length);
}

static void
print_result (uint64_t begin, size_t matches)
{
  uint64_t all = (uint64_t) options->count * options->connections;

  printf ("{\"bytes\": %" PRIu64 ", \"chunks\": %" PRIu64 ", \"seconds\": %.6f}\n", all,
          (uint64_t) matches * options->connections, (double) (bench_now () - begin) / 1e9);
}

static void
receive_all (size_t matches)
{
  uint64_t begin = bench_now ();

  for (uint32_t i = 0; i < options->connections; i++)
    connections[i].fd = bench_connect (options->connect);
  run (POLLIN, receive_some);
  print_result (begin, matches);
}

static void
send_all (void)
{
  int listener = bench_listen (options->address);

  bench_print_listening (listener);
  for (uint32_t i = 0; i < options->connections; i++)
    connections[i].fd = bench_accept (listener);
  run (POLLOUT, send_some);
}

int
main (int argc, char **argv)
{
  BenchOptions parsed;
  size_t matches;

  bench_options_parse (&parsed, argc, argv);
  options = &parsed;
  if (options->count == 0)
    bench_die ("--count is missing");
  connections = allocate (options->connections * sizeof *connections);
  fds = allocate (options->connections * sizeof *fds);
  length = options->count;
  text = allocate (length);
  matches = bench_dense_fill (text, length);
  if (options->connect != NULL || options->in_process)
    {
      uint8_t *out = allocate (2 * length);

      length = bench_dense_replace (text, length, out);
      free (text);
      text = out;
    }

  if (options->connect != NULL)
    receive_all (matches);
  else if (options->address != NULL)
    send_all ();
  else if (fwrite (text, 1, length, stdout) != length || fflush (stdout) != 0)
    bench_die ("write: %s", strerror (errno));
  free (text);
  free (fds);
  free (connections);
  return 0;
}
