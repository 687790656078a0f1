/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-splice-private.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test-streams.h"

#define WAIT 10000 /* ms */

/* source -> from, a splice, to -> sink: bare descriptors at both ends. */
typedef struct
{
  gboolean tcp;
  int source;
  int sink;
  ImpTransport *from;
  ImpTransport *to;
  ImpSplice splice;
} Fixture;

static void
connect_tcp (int fds[2])
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, length), ==, 0);
  g_assert_cmpint (listen (listener, 1), ==, 0);
  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &address, &length), ==, 0);
  fds[0] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (connect (fds[0], (struct sockaddr *) &address, length), ==, 0);
  fds[1] = accept (listener, NULL, NULL);
  g_assert_cmpint (fds[1], >=, 0);
  close (listener);
}

static ImpTransport *
make_transport (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (socket);
  ImpTransport *transport = imp_transport_new (G_IO_STREAM (stream), &error);

  g_assert_no_error (error);
  return transport;
}

static void
set_up (Fixture *self, gconstpointer tcp)
{
  int fds[2];

  imp_splice_use ();
  self->tcp = tcp != NULL;
  for (guint i = 0; i < 2; i++)
    {
      if (self->tcp)
        connect_tcp (fds);
      else
        g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
      *(i == 0 ? &self->source : &self->sink) = fds[0];
      *(i == 0 ? &self->from : &self->to) = make_transport (fds[1]);
    }
  g_assert_true (imp_splice_is_possible (self->from, self->to));
}

/* Whatever has happened, no descriptor is left. */
static void
tear_down (Fixture *self, gconstpointer data)
{
  imp_splice_clear (&self->splice);
  imp_transport_unref (self->from);
  imp_transport_unref (self->to);
  if (self->source >= 0)
    close (self->source);
  if (self->sink >= 0)
    close (self->sink);
  imp_splice_unuse ();
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 0);
}

static void
wait_readable (ImpTransport *transport)
{
  struct pollfd entry = { .fd = imp_transport_get_fd (transport), .events = POLLIN };

  g_assert_cmpint (poll (&entry, 1, WAIT), ==, 1);
}

static void
send_all (int fd, const guint8 *data, gsize length)
{
  g_assert_cmpint (send (fd, data, length, MSG_NOSIGNAL), ==, (gssize) length);
}

static gsize
fill (Fixture *self, gsize most)
{
  g_autoptr (GError) error = NULL;
  gssize n = imp_splice_fill (&self->splice, self->from, most, &error);

  g_assert_no_error (error);
  g_assert_cmpint (n, >=, 0);
  g_assert_cmpuint (n, <=, most);
  g_assert_cmpuint (imp_splice_get_held (&self->splice), ==, n);
  return n;
}

static gsize
drain (Fixture *self, gboolean *full)
{
  gsize held = imp_splice_get_held (&self->splice);
  g_autoptr (GError) error = NULL;
  gssize n = imp_splice_drain (&self->splice, self->to, full, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (imp_splice_get_held (&self->splice), ==, held - n);
  g_assert_true (*full == ((gsize) n < held));
  return n;
}

static void
receive (Fixture *self, gsize length, const guint8 *expected)
{
  g_autofree guint8 *got = g_malloc (length);

  g_assert_cmpint (recv (self->sink, got, length, MSG_WAITALL), ==, (gssize) length);
  g_assert_cmpmem (got, length, expected, length);
}

/* Any size of what is there and of what may be moved: never more than that, and all of it. */
static void
test_sizes (Fixture *self, gconstpointer data)
{
  static const gsize sizes[] = { 1, 2, 4095, 4096, 4097, 60000 };
  g_autoptr (GBytes) pattern = test_bytes_pattern (60000);
  const guint8 *bytes = g_bytes_get_data (pattern, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        gsize moved = 0;

        send_all (self->source, bytes, sizes[i]);
        while (moved < MIN (sizes[i], 20 * sizes[j]))
          {
            gboolean full;

            wait_readable (self->from);
            moved += fill (self, sizes[j]);
            while (imp_splice_get_held (&self->splice) > 0)
              drain (self, &full);
          }
        receive (self, moved, bytes);
        while (moved < sizes[i])
          {
            guint8 rest[4096];
            gssize n = imp_transport_read (self->from, rest, sizeof rest, NULL);

            g_assert_cmpint (n, >, 0);
            g_assert_cmpmem (rest, n, bytes + moved, n);
            moved += n;
          }
      }
}

/* Many small pieces fill a pipe long before its size in bytes: the rest waits in the socket. */
static void
test_single_bytes (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) pattern = test_bytes_pattern (200);
  const guint8 *bytes = g_bytes_get_data (pattern, NULL);
  gsize moved = 0;
  gboolean full;

  for (guint i = 0; i < 200; i++)
    send_all (self->source, bytes + i, 1);
  while (moved < 200)
    {
      wait_readable (self->from);
      moved += fill (self, 100000);
      while (imp_splice_get_held (&self->splice) > 0)
        drain (self, &full);
    }
  receive (self, 200, bytes);
}

/* Nothing there, and the end: nothing is moved, a read says which. */
static void
test_nothing (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_assert_cmpuint (fill (self, 1000), ==, 0);
  g_assert_cmpint (imp_transport_read (self->from, &byte, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  shutdown (self->source, SHUT_WR);
  wait_readable (self->from);
  g_assert_cmpuint (fill (self, 1000), ==, 0);
  g_assert_cmpint (imp_transport_read (self->from, &byte, 1, NULL), ==, 0);
  g_assert_false (imp_transport_was_reset (self->from));
}

/* A peer that does not read: what has no room stays, in order. */
static void
test_full (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) pattern = test_bytes_pattern (50000);
  const guint8 *bytes = g_bytes_get_data (pattern, NULL);
  gsize moved = 0, received = 0;
  gboolean full = FALSE;

  while (!full)
    {
      send_all (self->source, bytes, 50000);
      for (gsize left = 50000; left > 0 && !full;)
        {
          gsize n;

          wait_readable (self->from);
          n = fill (self, left);
          left -= n;
          moved += n;
          while (imp_splice_get_held (&self->splice) > 0 && !full)
            drain (self, &full);
        }
    }
  g_assert_cmpuint (imp_splice_get_held (&self->splice), >, 0);
  while (received < moved)
    {
      guint8 buffer[777];
      gsize most = MIN (sizeof buffer, moved - received);
      gssize n;

      if (imp_splice_get_held (&self->splice) > 0)
        drain (self, &full);
      n = recv (self->sink, buffer, MIN (most, 50000 - received % 50000), 0);
      g_assert_cmpint (n, >, 0);
      g_assert_cmpmem (buffer, n, bytes + received % 50000, n);
      received += n;
    }
  g_assert_cmpuint (imp_splice_get_held (&self->splice), ==, 0);
}

/* The kernel tells a reset once: who splices hears it, and it is kept for others. */
static void
test_reset (Fixture *self, gconstpointer data)
{
  struct linger linger = { .l_onoff = 1 };
  g_autoptr (GError) error = NULL;

  setsockopt (self->source, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (self->source);
  self->source = -1;
  wait_readable (self->from);
  g_assert_cmpint (imp_splice_fill (&self->splice, self->from, 1000, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_true (imp_transport_was_reset (self->from));
}

/* A peer that is gone is an error, also where a program wants to be killed by SIGPIPE. */
static void
test_broken (Fixture *self, gconstpointer data)
{
  void (*before) (int) = signal (SIGPIPE, SIG_DFL);
  g_autoptr (GError) error = NULL;
  gboolean full;

  close (self->sink);
  self->sink = -1;
  for (guint i = 0; i < 1000 && error == NULL; i++)
    {
      if (imp_splice_get_held (&self->splice) == 0)
        {
          send_all (self->source, (const guint8 *) "text", 4);
          wait_readable (self->from);
          fill (self, 4);
        }
      imp_splice_drain (&self->splice, self->to, &full, &error);
      g_usleep (1000);
    }
  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
  signal (SIGPIPE, before);
}

/* An urgent byte is one of the stream, and its place is kept; it is no end, either. */
static void
test_urgent (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) got = g_string_new (NULL);

  send_all (self->source, (const guint8 *) "ab", 2);
  g_assert_cmpint (send (self->source, "!", 1, MSG_OOB), ==, 1);
  send_all (self->source, (const guint8 *) "cd", 2);
  shutdown (self->source, SHUT_WR);
  for (;;)
    {
      char buffer[16];
      gsize n;

      wait_readable (self->from);
      n = fill (self, 1000);
      if (n > 0)
        {
          gboolean full;

          drain (self, &full);
          g_assert_cmpint (recv (self->sink, buffer, n, MSG_WAITALL), ==, n);
        }
      else
        {
          n = imp_transport_read (self->from, buffer, sizeof buffer, NULL);
        }
      if (n == 0)
        break;
      g_string_append_len (got, buffer, n);
    }
  g_assert_cmpstr (got->str, ==, "ab!cd");
}

/* Without a pipe nothing is moved, and nothing is lost. */
static void
test_no_pipes (Fixture *self, gconstpointer data)
{
  struct rlimit limit, none;
  guint8 buffer[8];

  send_all (self->source, (const guint8 *) "text", 4);
  wait_readable (self->from);
  imp_splice_set_pipes_max (0);
  g_assert_cmpuint (fill (self, 4), ==, 0);
  imp_splice_set_pipes_max (IMP_SPLICE_PIPES_MAX);

  getrlimit (RLIMIT_NOFILE, &limit);
  none = limit;
  none.rlim_cur = 0;
  setrlimit (RLIMIT_NOFILE, &none);
  g_assert_cmpuint (fill (self, 4), ==, 0);
  setrlimit (RLIMIT_NOFILE, &limit);
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 0);
  g_assert_cmpint (imp_transport_read (self->from, buffer, sizeof buffer, NULL), ==, 4);
  imp_splice_set_pipes_max (IMP_SPLICE_PIPES_MAX);
}

/* A pipe is used again when it is empty, and by nobody when it is not. */
static void
test_reuse (Fixture *self, gconstpointer data)
{
  ImpSplice other = { 0 };
  gboolean full;

  send_all (self->source, (const guint8 *) "text", 4);
  wait_readable (self->from);
  g_assert_cmpuint (fill (self, 1), ==, 1);
  g_assert_cmpint (imp_splice_fill (&other, self->from, 1, NULL), ==, 1);
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 2);
  imp_splice_clear (&other);
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 1);
  drain (self, &full);
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 1);
  g_assert_cmpuint (fill (self, 2), ==, 2);
  g_assert_cmpuint (imp_splice_get_n_pipes (), ==, 1);
  drain (self, &full);
  receive (self, 3, (const guint8 *) "txt");
}

/* Packets keep their borders, and what is between a stream and its socket is not left out. */
static void
test_impossible (void)
{
  g_autoptr (GIOStream) faulty = NULL;
  g_autoptr (GIOStream) plain = NULL;
  g_autoptr (ImpTransport) packets = NULL;
  g_autoptr (ImpTransport) between = NULL;
  g_autoptr (ImpTransport) stream = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
  packets = make_transport (fds[0]);
  test_stream_pair_faulty ("chunk=1", &faulty, &plain);
  between = imp_transport_new (faulty, NULL);
  stream = imp_transport_new (plain, NULL);
  g_assert_false (imp_splice_is_possible (packets, stream));
  g_assert_false (imp_splice_is_possible (stream, packets));
  g_assert_false (imp_splice_is_possible (between, stream));
  g_assert_false (imp_splice_is_possible (stream, between));
  g_assert_true (imp_splice_is_possible (stream, stream));
  imp_transport_close (stream);
  g_assert_false (imp_splice_is_possible (stream, stream));
  close (fds[1]);
}

int
main (int argc, char *argv[])
{
  gpointer tcp = GINT_TO_POINTER (TRUE);

  g_test_init (&argc, &argv, NULL);
#define ADD(name, kind, func) g_test_add ("/splice/" name, Fixture, kind, set_up, func, tear_down)
  ADD ("sizes/unix", NULL, test_sizes);
  ADD ("sizes/tcp", tcp, test_sizes);
  ADD ("single-bytes/unix", NULL, test_single_bytes);
  ADD ("single-bytes/tcp", tcp, test_single_bytes);
  ADD ("nothing/unix", NULL, test_nothing);
  ADD ("nothing/tcp", tcp, test_nothing);
  ADD ("full/unix", NULL, test_full);
  ADD ("full/tcp", tcp, test_full);
  ADD ("broken/unix", NULL, test_broken);
  ADD ("broken/tcp", tcp, test_broken);
  ADD ("reset", tcp, test_reset);
  ADD ("urgent", tcp, test_urgent);
  ADD ("no-pipes", NULL, test_no_pipes);
  ADD ("reuse", NULL, test_reuse);
  g_test_add_func ("/splice/impossible", test_impossible);
  return g_test_run ();
}
