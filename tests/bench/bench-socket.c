/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets, tuned alike for all systems: large send buffers on unix sockets, no delay on TCP. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef union
{
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_un un;
} SocketAddress;

static socklen_t
parse_address (const char *text, SocketAddress *address)
{
  const char *colon = strrchr (text, ':');
  char host[INET_ADDRSTRLEN] = "";

  memset (address, 0, sizeof *address);
  if (strchr (text, '/') != NULL)
    {
      if (strlen (text) >= sizeof address->un.sun_path)
        bench_die ("the path %s is too long for a socket", text);
      address->un.sun_family = AF_UNIX;
      strcpy (address->un.sun_path, text);
      return sizeof address->un;
    }

  if (colon == NULL || (size_t) (colon - text) >= sizeof host)
    bench_die ("\"%s\" is neither a path nor HOST:PORT", text);
  memcpy (host, text, (size_t) (colon - text));
  address->in.sin_family = AF_INET;
  address->in.sin_port = htons ((uint16_t) atoi (colon + 1));
  if (inet_pton (AF_INET, host, &address->in.sin_addr) != 1)
    bench_die ("\"%s\" is not an IPv4 address", host);
  return sizeof address->in;
}

static void
tune (int fd, int family)
{
  int size = BENCH_SEND_BUFFER;
  int on = 1;

  if (family == AF_UNIX && setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0)
    bench_die ("SO_SNDBUF: %s", strerror (errno));
  if (family == AF_INET && setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    bench_die ("TCP_NODELAY: %s", strerror (errno));
  if (fcntl (fd, F_SETFL, O_NONBLOCK) != 0)
    bench_die ("O_NONBLOCK: %s", strerror (errno));
}

int
bench_listen (const char *text)
{
  SocketAddress address;
  socklen_t length = parse_address (text, &address);
  int fd = socket (address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;

  if (fd < 0)
    bench_die ("socket: %s", strerror (errno));
  if (address.any.sa_family == AF_INET)
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind (fd, &address.any, length) != 0 || listen (fd, 128) != 0)
    bench_die ("cannot listen at %s: %s", text, strerror (errno));
  return fd;
}

int
bench_accept (int listener)
{
  SocketAddress address;
  socklen_t length = sizeof address;
  int fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);

  if (fd < 0 || getsockname (fd, &address.any, &length) != 0)
    bench_die ("accept: %s", strerror (errno));
  tune (fd, address.any.sa_family);
  return fd;
}

int
bench_connect (const char *text)
{
  SocketAddress address;
  socklen_t length = parse_address (text, &address);
  int fd = socket (address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    bench_die ("socket: %s", strerror (errno));
  if (connect (fd, &address.any, length) != 0)
    bench_die ("cannot connect to %s: %s", text, strerror (errno));
  tune (fd, address.any.sa_family);
  return fd;
}

/* In the form that `imp-remote serve` uses, so that one driver can start either. */
void
bench_print_listening (int listener)
{
  SocketAddress address;
  socklen_t length = sizeof address;
  char host[INET_ADDRSTRLEN];

  memset (&address, 0, sizeof address);
  if (getsockname (listener, &address.any, &length) != 0)
    bench_die ("getsockname: %s", strerror (errno));
  if (address.any.sa_family == AF_UNIX)
    printf ("listening %s\n", address.un.sun_path);
  else
    printf ("listening %s:%d\n", inet_ntop (AF_INET, &address.in.sin_addr, host, sizeof host),
            ntohs (address.in.sin_port));
  fflush (stdout);
}
