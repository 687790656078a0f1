/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-raw-server.h"

#include "test-streams.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/socket.h>

#define TIMEOUT 10000

static GSocket *
open_listener (GSocketAddress *address, int backlog)
{
  g_autoptr (GError) error = NULL;
  GSocketFamily family = g_socket_address_get_family (address);
  GSocket *socket = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, backlog);
  g_socket_bind (socket, address, TRUE, &error);
  g_assert_no_error (error);
  g_socket_listen (socket, &error);
  g_assert_no_error (error);
  return socket;
}

static GSocket *
open_tcp_listener (int backlog, char **name)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  GSocket *socket = open_listener (any, backlog);
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  *name = g_strdup_printf ("127.0.0.1:%u",
                           g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  return socket;
}

TestRaw *
test_raw_new (void)
{
  TestRaw *self = g_new0 (TestRaw, 1);

  self->listener = open_tcp_listener (10, &self->address);
  self->heard = g_string_new (NULL);
  return self;
}

void
test_raw_free (TestRaw *self)
{
  test_raw_stop_listening (self);
  test_raw_hang_up (self, FALSE);
  g_string_free (self->heard, TRUE);
  g_free (self->address);
  g_free (self);
}

void
test_raw_stop_listening (TestRaw *self)
{
  if (self->listener != NULL)
    g_socket_close (self->listener, NULL);
  g_clear_object (&self->listener);
}

static gboolean
try_accept (gpointer data)
{
  TestRaw *self = data;

  self->socket = g_socket_accept (self->listener, NULL, NULL);
  if (self->socket == NULL)
    return FALSE;
  g_socket_set_blocking (self->socket, FALSE);
  return TRUE;
}

/* The loop has to turn although the test's own sockets are not in it. */
static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
run_until (gboolean (*done) (gpointer data), gpointer data, const char *what)
{
  guint ticker = g_timeout_add (2, tick, NULL);

  if (!test_run_until (done, data, TIMEOUT))
    g_error ("Waited in vain for %s", what);
  g_source_remove (ticker);
}

void
test_raw_accept (TestRaw *self)
{
  run_until (try_accept, self, "a connection");
}

typedef struct
{
  TestRaw *peer;
  const char *text;
  guint times;
} Expectation;

static gboolean
has_heard (gpointer data)
{
  Expectation *expectation = data;
  TestRaw *self = expectation->peer;
  char buffer[4096];
  gssize n;
  guint times = 0;

  while ((n = g_socket_receive (self->socket, buffer, sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (self->heard, buffer, n);
  for (const char *p = self->heard->str; (p = strstr (p, expectation->text)) != NULL; p++)
    times++;
  return times >= expectation->times;
}

void
test_raw_expect (TestRaw *self, const char *text, guint times)
{
  Expectation expectation = { self, text, times };

  run_until (has_heard, &expectation, text);
}

void
test_raw_say_bytes (TestRaw *self, gconstpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_socket_send (self->socket, data, length, NULL, &error), ==, (gssize) length);
  g_assert_no_error (error);
}

void
test_raw_say (TestRaw *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list arguments;

  va_start (arguments, format);
  line = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  test_raw_say_bytes (self, line, strlen (line));
  test_raw_say_bytes (self, "\n", 1);
}

void
test_raw_hang_up (TestRaw *self, gboolean reset)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  if (self->socket == NULL)
    return;
  if (reset)
    g_assert_cmpint (setsockopt (g_socket_get_fd (self->socket), SOL_SOCKET, SO_LINGER, &linger,
                                 sizeof linger),
                     ==, 0);
  g_socket_close (self->socket, NULL);
  g_clear_object (&self->socket);
}

static GSocket *
open_unix_listener (char **name)
{
  static guint number;
  g_autofree char *plain = g_strdup_printf ("imp-test-%d-%u", (int) getpid (), number++);
  g_autoptr (GSocketAddress) address
    = g_unix_socket_address_new_with_type (plain, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);

  *name = g_strdup_printf ("@%s", plain);
  return open_listener (address, 0);
}

/* Connections until one has to wait. */
static void
fill_backlog (TestBlackHole *self, GSocket *listener)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (listener, NULL);

  for (int i = 0; i < 16; i++)
    {
      g_autoptr (GError) error = NULL;
      GSocket *socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, &error);

      g_assert_no_error (error);
      g_socket_set_blocking (socket, FALSE);
      g_ptr_array_add (self->sockets, socket);
      if (g_socket_connect (socket, address, NULL, &error))
        continue;
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return;
      /* TCP says that it is on its way, whether there is room or not; a few are enough. */
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
    }
}

TestBlackHole *
test_black_hole_new (gboolean tcp)
{
  TestBlackHole *self = g_new0 (TestBlackHole, 1);
  GSocket *listener = tcp ? open_tcp_listener (0, &self->address)
                          : open_unix_listener (&self->address);

  self->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->sockets, listener);
  fill_backlog (self, listener);
  return self;
}

void
test_black_hole_free (TestBlackHole *self)
{
  g_ptr_array_unref (self->sockets);
  g_free (self->address);
  g_free (self);
}
