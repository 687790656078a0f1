/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "raw-socket.h"

#include "core/imp-error.h"
#include "io/imp-transport-private.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  ImpTransport *transport;
  GString *received;
  guint n_calls;
  gboolean ended;
  gboolean writable;
  void (*hook) (gpointer fixture);
} Fixture;

/* Two ends of one socket: a transport, and a bare descriptor. */
static GIOStream *
make_stream (gboolean plain, int *other)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  *other = fds[1];
  if (plain)
    {
      g_autoptr (GSocket) socket = g_socket_new_from_fd (fds[0], NULL);

      return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
    }
  else
    {
      g_autoptr (GInputStream) input = g_unix_input_stream_new (fds[0], TRUE);
      g_autoptr (GOutputStream) output = g_unix_output_stream_new (dup (fds[0]), TRUE);

      return g_simple_io_stream_new (input, output);
    }
}

static void
on_ready (ImpTransport *transport, GIOCondition conditions, gpointer user_data)
{
  Fixture *fixture = user_data;
  char buffer[64];

  fixture->n_calls++;
  if ((conditions & G_IO_OUT) != 0)
    fixture->writable = TRUE;
  if ((conditions & G_IO_IN) != 0)
    {
      g_autoptr (GError) error = NULL;
      gssize n = imp_transport_read (transport, buffer, sizeof buffer, &error);

      if (n > 0)
        g_string_append_len (fixture->received, buffer, n);
      else if (n == 0)
        fixture->ended = TRUE;
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    }
  if (fixture->hook != NULL)
    fixture->hook (fixture);
}

static void
set_up (Fixture *fixture, gboolean plain, int *other)
{
  g_autoptr (GIOStream) stream = make_stream (plain, other);
  g_autoptr (GError) error = NULL;

  memset (fixture, 0, sizeof *fixture);
  fixture->received = g_string_new (NULL);
  fixture->transport = imp_transport_new (stream, &error);
  g_assert_no_error (error);
  g_assert_true ((imp_transport_get_fd (fixture->transport) >= 0) == plain);
  imp_transport_attach (fixture->transport, NULL, G_PRIORITY_DEFAULT, on_ready, fixture);
}

static void
tear_down (Fixture *fixture, int other)
{
  g_clear_pointer (&fixture->transport, imp_transport_unref);
  g_string_free (fixture->received, TRUE);
  close (other);
}

static void
run_until_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_read_write (gconstpointer plain)
{
  Fixture fixture;
  int other;
  char buffer[16];
  GOutputVector vectors[] = { { "ab", 2 }, { "cd", 2 } };

  set_up (&fixture, GPOINTER_TO_INT (plain), &other);
  g_assert_cmpint (write (other, "hello", 5), ==, 5);
  run_until_idle ();
  g_assert_cmpstr (fixture.received->str, ==, ""); /* nothing was asked for */
  imp_transport_set_interest (fixture.transport, G_IO_IN);
  run_until_idle ();
  g_assert_cmpstr (fixture.received->str, ==, "hello");
  g_assert_false (fixture.writable);

  g_assert_cmpint (imp_transport_writev (fixture.transport, vectors, 2, NULL), ==, 4);
  g_assert_cmpint (read (other, buffer, sizeof buffer), ==, 4);
  g_assert_cmpint (memcmp (buffer, "abcd", 4), ==, 0);

  g_assert_cmpint (write (other, "x", 1), ==, 1);
  shutdown (other, SHUT_WR);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (fixture.received->str, ==, "hellox");
  g_assert_true (fixture.ended);
  tear_down (&fixture, other);
}

/* The loop has nothing to do, perhaps after a turn or two for its own book-keeping. */
static void
assert_quiet (void)
{
  for (guint i = 0; i < 3; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
}

/* Once nothing is wanted, a hang-up must not keep the loop awake. */
static void
test_no_interest_no_wake_up (gconstpointer plain)
{
  Fixture fixture;
  int other;

  set_up (&fixture, GPOINTER_TO_INT (plain), &other);
  imp_transport_set_interest (fixture.transport, G_IO_IN | G_IO_OUT);
  imp_transport_set_interest (fixture.transport, 0);
  shutdown (other, SHUT_RDWR);
  assert_quiet ();
  g_assert_cmpuint (fixture.n_calls, ==, 0);
  tear_down (&fixture, other);
}

static void
test_kick (gconstpointer plain)
{
  Fixture fixture;
  int other;

  set_up (&fixture, GPOINTER_TO_INT (plain), &other);
  imp_transport_kick (fixture.transport);
  run_until_idle ();
  g_assert_cmpuint (fixture.n_calls, ==, 1);
  tear_down (&fixture, other);
}

static void
test_full_socket (gconstpointer plain)
{
  Fixture fixture;
  int other;
  g_autofree char *block = g_malloc0 (65536);
  GOutputVector vector = { block, 65536 };
  g_autoptr (GError) error = NULL;

  set_up (&fixture, GPOINTER_TO_INT (plain), &other);
  while (imp_transport_writev (fixture.transport, &vector, 1, &error) > 0)
    ;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  imp_transport_set_interest (fixture.transport, G_IO_OUT);
  g_assert_false (fixture.writable);
  while (!fixture.writable)
    {
      g_assert_cmpint (read (other, block, 65536), >, 0);
      g_main_context_iteration (NULL, FALSE);
    }
  tear_down (&fixture, other);
}

static void
run_nested (gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->hook = NULL;
  assert_quiet (); /* does not spin either */
}

static void
test_nested_loop (gconstpointer plain)
{
  Fixture fixture;
  int other;

  set_up (&fixture, GPOINTER_TO_INT (plain), &other);
  imp_transport_set_interest (fixture.transport, G_IO_IN);
  fixture.hook = run_nested;
  g_assert_cmpint (write (other, "a", 1), ==, 1);
  while (fixture.received->len < 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (fixture.received->str, ==, "a");
  g_assert_cmpint (write (other, "b", 1), ==, 1);
  while (fixture.received->len < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (fixture.received->str, ==, "ab");
  tear_down (&fixture, other);
}

static void
drop_transport (gpointer user_data)
{
  Fixture *fixture = user_data;

  imp_transport_close (fixture->transport);
  g_clear_pointer (&fixture->transport, imp_transport_unref);
}

static void
test_closed_from_callback (gconstpointer plain)
{
  Fixture fixture;
  int other;

  set_up (&fixture, GPOINTER_TO_INT (plain), &other);
  imp_transport_set_interest (fixture.transport, G_IO_IN);
  fixture.hook = drop_transport;
  g_assert_cmpint (write (other, "a", 1), ==, 1);
  while (fixture.transport != NULL)
    g_main_context_iteration (NULL, TRUE);
  run_until_idle ();
  g_assert_cmpuint (fixture.n_calls, ==, 1);
  tear_down (&fixture, other);
}

/* They stand among the others; none is left out. */
static void
test_urgent_bytes (void)
{
  Fixture fixture;
  int other;

  set_up (&fixture, TRUE, &other);
  imp_transport_set_interest (fixture.transport, G_IO_IN);
  g_assert_cmpint (send (other, "urg", 3, 0), ==, 3);
  if (send (other, "e", 1, MSG_OOB) != 1)
    g_test_skip ("unix sockets have no urgent bytes here");
  else
    {
      g_assert_cmpint (send (other, "nt", 2, 0), ==, 2);
      while (fixture.received->len < 6)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpstr (fixture.received->str, ==, "urgent");
    }
  tear_down (&fixture, other);
}

static void
test_refuses_blocking_streams (void)
{
  g_autoptr (GInputStream) input = g_memory_input_stream_new ();
  g_autoptr (GInputStream) buffered = g_buffered_input_stream_new (input);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) stream = g_simple_io_stream_new (buffered, output);
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_transport_new (stream, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "GBufferedInputStream"));
}

static void
add (const char *name, GTestDataFunc func)
{
  g_autofree char *plain = g_strconcat ("/transport/socket/", name, NULL);
  g_autofree char *pollable = g_strconcat ("/transport/pollable/", name, NULL);

  g_test_add_data_func (plain, GINT_TO_POINTER (TRUE), func);
  g_test_add_data_func (pollable, GINT_TO_POINTER (FALSE), func);
}

static void
send_descriptors (int socket, const int *fds, guint n)
{
  union
  {
    struct cmsghdr header;
    char data[CMSG_SPACE (8 * sizeof (int))];
  } control = { 0 };
  struct iovec vector = { (gpointer) "x", 1 };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control };

  message.msg_controllen = CMSG_SPACE (n * sizeof (int));
  CMSG_FIRSTHDR (&message)->cmsg_level = SOL_SOCKET;
  CMSG_FIRSTHDR (&message)->cmsg_type = SCM_RIGHTS;
  CMSG_FIRSTHDR (&message)->cmsg_len = CMSG_LEN (n * sizeof (int));
  memcpy (CMSG_DATA (CMSG_FIRSTHDR (&message)), fds, n * sizeof (int));
  g_assert_cmpint (sendmsg (socket, &message, 0), ==, 1);
}

/* One descriptor is taken, and goes with its byte. */
static void
test_descriptor (void)
{
  g_autoptr (GIOStream) one = NULL;
  g_autoptr (ImpTransport) transport = NULL, sender = NULL;
  g_autoptr (GIOStream) other_stream = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  const GOutputVector vector = { "hello", 5 };
  guint before = raw_count_descriptors ();
  int other, pipes[2], fd;
  char buffer[16];

  one = make_stream (TRUE, &other);
  socket = g_socket_new_from_fd (other, NULL);
  other_stream = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  transport = imp_transport_new (one, NULL);
  sender = imp_transport_new (other_stream, NULL);
  g_assert_cmpint (pipe (pipes), ==, 0);
  g_assert_true (imp_transport_can_pass_descriptors (sender));

  imp_transport_set_takes_descriptors (transport, TRUE);
  g_assert_cmpint (imp_transport_write_descriptor (sender, &vector, 1, pipes[1], &error), ==, 5);
  close (pipes[1]);
  g_assert_cmpint (imp_transport_read (transport, buffer, 1, &error), ==, 1);
  g_assert_cmpint (imp_transport_read (transport, buffer, sizeof buffer, &error), ==, 4);
  g_assert_true (imp_transport_has_descriptor (transport));
  fd = imp_transport_steal_descriptor (transport);
  g_assert_cmpint (imp_transport_steal_descriptor (transport), ==, -1);
  g_assert_cmpint (write (fd, "y", 1), ==, 1);
  g_assert_cmpint (read (pipes[0], buffer, 1), ==, 1);
  close (fd);
  close (pipes[0]);

  imp_transport_close (transport);
  imp_transport_close (sender);
  g_assert_cmpuint (raw_count_descriptors (), ==, before);
}

/* More than one, at once or one after the other, is an error; all are closed in the end. */
static void
test_descriptor_flood (void)
{
  guint before = raw_count_descriptors ();

  for (guint n = 1; n <= 8; n++)
    {
      g_autoptr (GIOStream) one = NULL;
      g_autoptr (ImpTransport) transport = NULL;
      g_autoptr (GError) error = NULL;
      int other, fds[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
      char buffer[16];

      one = make_stream (TRUE, &other);
      transport = imp_transport_new (one, NULL);
      imp_transport_set_takes_descriptors (transport, TRUE);
      send_descriptors (other, fds, n);
      send_descriptors (other, fds, n);
      if (n == 1)
        g_assert_cmpint (imp_transport_read (transport, buffer, sizeof buffer, &error), ==, 1);
      g_assert_cmpint (imp_transport_read (transport, buffer, sizeof buffer, &error), ==, -1);
      g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
      close (other);
      imp_transport_close (transport);
      g_assert_cmpuint (raw_count_descriptors (), ==, before);
    }
}

/* Only the plain unix socket can. */
static void
test_no_descriptor (void)
{
  g_autoptr (GIOStream) one = NULL;
  g_autoptr (ImpTransport) transport = NULL;
  int other;

  one = make_stream (FALSE, &other);
  transport = imp_transport_new (one, NULL);
  g_assert_false (imp_transport_can_pass_descriptors (transport));
  imp_transport_set_takes_descriptors (transport, TRUE);
  g_assert_cmpint (imp_transport_steal_descriptor (transport), ==, -1);
  close (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("read-write", test_read_write);
  add ("no-interest", test_no_interest_no_wake_up);
  add ("kick", test_kick);
  add ("full", test_full_socket);
  add ("nested-loop", test_nested_loop);
  add ("closed-from-callback", test_closed_from_callback);
  g_test_add_func ("/transport/urgent-bytes", test_urgent_bytes);
  g_test_add_func ("/transport/refuses-blocking-streams", test_refuses_blocking_streams);
  g_test_add_func ("/transport/descriptor", test_descriptor);
  g_test_add_func ("/transport/descriptor-flood", test_descriptor_flood);
  g_test_add_func ("/transport/no-descriptor", test_no_descriptor);
  return g_test_run ();
}
