/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pair.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define NS_PER_LOOK 100
/* More turns than anything takes that has an effect on the other end. */
#define IDLE_TURNS_MAX 1000

static GMainContext *server_context, *client_context;
static ImpServer *server;
static guint idle_turns;
static gboolean worked;

/* Takes the place of the C library's for all of the process. */
int
clock_gettime (clockid_t id, struct timespec *time)
{
  static guint64 now = G_GUINT64_CONSTANT (1000000000000);

  now += NS_PER_LOOK;
  time->tv_sec = (time_t) (now / 1000000000);
  time->tv_nsec = (long) (now % 1000000000);
  return 0;
}

void
bench_pair_init (void)
{
  gint64 begin = g_get_monotonic_time ();

  g_random_set_seed (1);
  for (guint i = 0; i < 2000 / NS_PER_LOOK; i++)
    (void) g_get_monotonic_time ();
  if (g_get_monotonic_time () - begin > 10)
    bench_die ("the library does not see the clock of this program");
  server_context = g_main_context_new ();
  client_context = g_main_context_new ();
  g_main_context_push_thread_default (client_context);
}

static GIOStream *
make_stream (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);

  if (socket == NULL)
    bench_die ("%s", error->message);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static void
make_sockets (int fds[2])
{
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
    bench_die ("socketpair: %s", strerror (errno));
}

void
bench_pair_make_streams (GIOStream *streams[2])
{
  int fds[2];

  make_sockets (fds);
  streams[0] = make_stream (fds[0]);
  streams[1] = make_stream (fds[1]);
}

GIOStream *
bench_pair_make_stream (int *other_fd)
{
  int size = BENCH_SEND_BUFFER;
  int fds[2];

  make_sockets (fds);
  if (setsockopt (fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0)
    bench_die ("SO_SNDBUF: %s", strerror (errno));
  *other_fd = fds[1];
  return make_stream (fds[0]);
}

ImpRemoteFactory *
bench_pair_serve (ImpFactory *factory)
{
  g_autoptr (GIOStream) client_end = NULL;
  g_autoptr (GIOStream) server_end = NULL;
  g_autoptr (GError) error = NULL;
  GIOStream *streams[2];

  bench_pair_make_streams (streams);
  client_end = streams[0];
  server_end = streams[1];

  g_main_context_push_thread_default (server_context);
  server = imp_server_new (factory);
  if (!imp_server_add_stream (server, server_end, &error))
    bench_die ("%s", error->message);
  g_main_context_pop_thread_default (server_context);
  return imp_remote_factory_new_for_stream (client_end);
}

__attribute__ ((noinline)) void
bench_server_turn (void)
{
  worked |= g_main_context_iteration (server_context, FALSE);
}

__attribute__ ((noinline)) void
bench_client_turn (void)
{
  worked |= g_main_context_iteration (client_context, FALSE);
}

void
bench_pair_turn (void)
{
  worked = FALSE;
  bench_client_turn ();
  g_main_context_push_thread_default (server_context);
  bench_server_turn ();
  g_main_context_pop_thread_default (server_context);
  idle_turns = worked ? 0 : idle_turns + 1;
  if (idle_turns > IDLE_TURNS_MAX)
    bench_die ("neither end has anything to do any more, and yet it is not over");
}

void
bench_pair_close (void)
{
  if (server != NULL)
    imp_server_close (server);
  g_clear_object (&server);
}
