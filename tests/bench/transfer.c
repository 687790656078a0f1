/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two ends of a bulk transfer, --count times --chunk bytes.
 *
 * With --connect it reads them from there, to the end, and prints how long that took;
 * else it listens at --address and sends them to the one connection that comes. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t *
make_buffer (size_t size)
{
  uint8_t *buffer = malloc (size);

  if (buffer == NULL)
    bench_die ("out of memory");
  for (size_t i = 0; i < size; i++)
    buffer[i] = (uint8_t) (i * 31);
  return buffer;
}

static void
make_blocking (int fd)
{
  if (fcntl (fd, F_SETFL, 0) != 0)
    bench_die ("fcntl: %s", strerror (errno));
}

static void
send_all (int fd, uint64_t total, size_t chunk)
{
  uint8_t *buffer = make_buffer (chunk);
  char nothing;

  while (total > 0)
    {
      ssize_t sent = send (fd, buffer, total < chunk ? total : chunk, MSG_NOSIGNAL);

      if (sent < 0 && errno != EINTR)
        bench_die ("send: %s", strerror (errno));
      total -= sent > 0 ? (uint64_t) sent : 0;
    }
  shutdown (fd, SHUT_WR);
  if (recv (fd, &nothing, 1, 0) > 0) /* waits for the other side's end */
    bench_die ("bytes came back that nobody sent");
  free (buffer);
}

static void
receive_all (int fd, uint64_t total, size_t chunk)
{
  uint64_t start = bench_now (), received = 0;
  uint8_t *buffer = make_buffer (chunk);
  ssize_t got;

  while ((got = recv (fd, buffer, chunk, 0)) != 0)
    {
      if (got < 0 && errno != EINTR)
        bench_die ("receive: %s", strerror (errno));
      received += got > 0 ? (uint64_t) got : 0;
    }
  if (received != total)
    bench_die ("%" PRIu64 " bytes arrived instead of %" PRIu64, received, total);
  printf ("{\"bytes\": %" PRIu64 ", \"seconds\": %.6f}\n", received,
          (double) (bench_now () - start) / 1e9);
  free (buffer);
}

int
main (int argc, char **argv)
{
  BenchOptions options;
  int fd;

  bench_options_parse (&options, argc, argv);
  if (options.count == 0)
    bench_die ("--count is missing");
  if (options.connect != NULL)
    {
      fd = bench_connect (options.connect);
      make_blocking (fd);
      receive_all (fd, options.count * options.chunk, options.chunk);
    }
  else
    {
      int listener = bench_listen (bench_options_address (&options));

      bench_print_listening (listener);
      fd = bench_accept (listener);
      make_blocking (fd);
      send_all (fd, options.count * options.chunk, options.chunk);
    }
  close (fd);
  return 0;
}
