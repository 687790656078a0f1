/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transport over TLS: all bytes, whoever is slow; the end, and what is none; no blocking. */
#include "test-certificates.h"
#include "test-peer.h"
#include "test-streams.h"

#include "io/imp-tls-base-input-private.h"
#include "io/imp-tls-base-output-private.h"
#include "io/imp-tls-base-private.h"
#include "io/imp-tls-stream-private.h"

#include <string.h>

#define TIMEOUT 20000
#define SIZE (3 * 1024 * 1024)

static char *folder;

static gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
                GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

typedef struct
{
  guint n_done;
} Handshakes;

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Handshakes *handshakes = user_data;
  g_autoptr (GError) error = NULL;

  g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error);
  g_assert_no_error (error);
  handshakes->n_done++;
}

static gboolean
both_done (gpointer data)
{
  return ((Handshakes *) data)->n_done == 2;
}

/* Whether what is below TLS reads ahead, and sends several records at once. */
static gboolean has_base;

static GIOStream *
make_below (GIOStream *stream)
{
  return has_base ? imp_tls_base_new (G_SOCKET_CONNECTION (stream)) : g_object_ref (stream);
}

/* Two ends of TLS over a socket pair, whose handshake is done. */
static void
make_pair (GIOStream **client, GIOStream **server)
{
  g_autoptr (GIOStream) near = NULL, far = NULL, one = NULL, other = NULL;
  g_autoptr (GTlsCertificate) certificate = test_certificates_load (folder, "server");
  g_autoptr (GError) error = NULL;
  Handshakes handshakes = { 0 };

  test_stream_pair (&near, &far);
  one = make_below (near);
  other = make_below (far);
  *client = g_tls_client_connection_new (one, NULL, &error);
  g_assert_no_error (error);
  *server = g_tls_server_connection_new (other, certificate, &error);
  g_assert_no_error (error);
  g_signal_connect (*client, "accept-certificate", G_CALLBACK (on_certificate), NULL);
  g_assert_null (imp_tls_stream_new (*client));
  g_tls_connection_handshake_async (G_TLS_CONNECTION (*client), G_PRIORITY_DEFAULT, NULL,
                                    on_handshake, &handshakes);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (*server), G_PRIORITY_DEFAULT, NULL,
                                    on_handshake, &handshakes);
  g_assert_true (test_run_until (both_done, &handshakes, TIMEOUT));
}

typedef struct
{
  const char *name;
  gsize write_most, read_most; /* 0: as much as there is */
} Pace;

static const Pace paces[] = {
  { "fast", 0, 0 },
  { "small-reads", 0, 1000 },
  { "records", 16384, 16384 },
  { "a-byte-more", 16385, 16383 },
  { "small-writes", 700, 0 },
};

/* More than the socket takes at once, so that records go out in parts. */
static void
test_bytes (const Pace *pace)
{
  GIOStream *client, *server;
  TestPeer *sender, *receiver;
  g_autoptr (GBytes) bytes = test_bytes_pattern (pace->write_most == 700 ? SIZE / 16 : SIZE);
  gsize size;
  gconstpointer sent = g_bytes_get_data (bytes, &size);

  make_pair (&client, &server);
  sender = test_peer_new (client);
  receiver = test_peer_new (server);
  if (pace->write_most > 0)
    sender->write_most = pace->write_most;
  if (pace->read_most > 0)
    receiver->read_most = pace->read_most;
  sender->ends = TRUE;
  test_peer_send (sender, sent, size);
  g_assert_true (test_run_until (test_peer_got_end, receiver, TIMEOUT));
  g_assert_no_error (receiver->error);
  test_peer_assert_received (receiver, sent, size);
  test_peer_free (sender);
  test_peer_free (receiver);
}

static gboolean
has_error (gpointer data)
{
  return ((TestPeer *) data)->error != NULL;
}

/* What is cut off does not look like all. */
static void
test_abortive (const Pace *unused)
{
  GIOStream *client, *server;
  TestPeer *sender, *receiver;

  make_pair (&client, &server);
  sender = test_peer_new (client);
  receiver = test_peer_new (server);
  test_peer_send (sender, "foo", 3);
  g_assert_true (test_run_until (test_peer_has_received, receiver, TIMEOUT));
  imp_transport_set_abortive (sender->transport, TRUE);
  test_peer_close (sender);
  g_assert_true (test_run_until (has_error, receiver, TIMEOUT));
  g_assert_error (receiver->error, G_TLS_ERROR, G_TLS_ERROR_EOF);
  test_peer_free (sender);
  test_peer_free (receiver);
}

/* The same through what GIO makes of TLS with a proxy. */
static void
test_abortive_wrapper (const Pace *unused)
{
  GIOStream *client, *server;
  g_autoptr (GIOStream) wrapper = NULL;
  TestPeer *sender, *receiver;
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_TCP, NULL);

  make_pair (&client, &server);
  /* It wants one of TCP, and says of it where it leads to; it is not used otherwise. */
  wrapper = G_IO_STREAM (g_tcp_wrapper_connection_new (client, socket));
  g_object_unref (client);
  sender = test_peer_new (g_object_ref (wrapper));
  receiver = test_peer_new (server);
  g_assert_true (imp_transport_get_stream (sender->transport) == wrapper);
  test_peer_send (sender, "foo", 3);
  g_assert_true (test_run_until (test_peer_has_received, receiver, TIMEOUT));
  imp_transport_set_abortive (sender->transport, TRUE);
  test_peer_close (sender);
  g_assert_true (test_run_until (has_error, receiver, TIMEOUT));
  g_assert_error (receiver->error, G_TLS_ERROR, G_TLS_ERROR_EOF);
  test_peer_free (sender);
  test_peer_free (receiver);
}

/* A regular close says so, where there is room for it. */
static void
test_close (const Pace *unused)
{
  GIOStream *client, *server;
  TestPeer *sender, *receiver;

  make_pair (&client, &server);
  sender = test_peer_new (client);
  receiver = test_peer_new (server);
  test_peer_close (sender);
  g_assert_true (test_run_until (test_peer_got_end, receiver, TIMEOUT));
  g_assert_no_error (receiver->error);
  test_peer_free (sender);
  test_peer_free (receiver);
}

/* Where there is no room for an end, to say it waits, and to close does not. */
static void
test_full (const Pace *unused)
{
  GIOStream *client, *server;
  g_autoptr (ImpTransport) transport = NULL;
  g_autofree char *data = g_malloc0 (100000);
  const GOutputVector vector = { data, 100000 };
  g_autoptr (GError) error = NULL;
  gssize n;

  make_pair (&client, &server);
  transport = imp_transport_new (client, &error);
  g_assert_no_error (error);
  do
    n = imp_transport_writev (transport, &vector, 1, &error);
  while (n > 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_true (imp_transport_shutdown_write (transport, NULL));
  imp_transport_close (transport);
  g_object_unref (client);
  g_object_unref (server);
}

/* --- what is below --- */

typedef struct
{
  GIOStream *near, *far, *base;
  ImpTlsBaseInput *input;
  ImpTlsBaseOutput *output;
  GPollableInputStream *pollable;
} Base;

static void
base_init (Base *self)
{
  test_stream_pair (&self->near, &self->far);
  self->base = imp_tls_base_new (G_SOCKET_CONNECTION (self->near));
  self->input = IMP_TLS_BASE_INPUT (g_io_stream_get_input_stream (self->base));
  self->output = IMP_TLS_BASE_OUTPUT (g_io_stream_get_output_stream (self->base));
  self->pollable = G_POLLABLE_INPUT_STREAM (self->input);
  g_socket_set_blocking (g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->near)), FALSE);
}

static void
base_clear (Base *self)
{
  g_object_unref (self->base);
  g_object_unref (self->near);
  g_object_unref (self->far);
}

static gboolean
on_readable (GObject *stream, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_set (gpointer data)
{
  return *(gboolean *) data;
}

/* What a loop is told of the stream, within a little while. */
static gboolean
wakes_up (Base *self)
{
  g_autoptr (GSource) source = g_pollable_input_stream_create_source (self->pollable, NULL);
  gboolean readable = FALSE;

  g_source_set_callback (source, G_SOURCE_FUNC (on_readable), &readable, NULL);
  g_source_attach (source, NULL);
  test_run_until (is_set, &readable, 20);
  g_source_destroy (source);
  g_assert_true (readable == g_pollable_input_stream_is_readable (self->pollable));
  return readable;
}

static void
base_expect (Base *self, const char *text)
{
  char buffer[16];
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (self->pollable, buffer, strlen (text), NULL,
                                                       &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, text, strlen (text));
}

static void
base_expect_nothing (Base *self)
{
  char buffer[16];
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (
    g_pollable_input_stream_read_nonblocking (self->pollable, buffer, 16, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* The socket has nothing left, and whoever waits for the stream hears of what was read ahead. */
static void
test_read_ahead (void)
{
  char buffer[16];
  Base base;

  base_init (&base);
  test_stream_write (base.far, "0123456789", 10);
  base_expect (&base, "01");
  g_assert_true (imp_tls_base_input_is_empty (base.input));
  imp_tls_base_input_begin_turn (base.input);
  base_expect (&base, "23");
  g_assert_false (imp_tls_base_input_is_empty (base.input));
  g_assert_false (imp_tls_base_input_is_drained (base.input));
  imp_tls_base_input_end_turn (base.input);
  g_assert_cmpint (g_socket_condition_check (
                     g_socket_connection_get_socket (G_SOCKET_CONNECTION (base.near)), G_IO_IN),
                   ==, 0);
  g_assert_true (wakes_up (&base));
  base_expect (&base, "45");
  g_assert_true (wakes_up (&base));
  /* Also who reads without a turn, and may block, gets it. */
  g_assert_cmpint (g_input_stream_read (G_INPUT_STREAM (base.input), buffer, 2, NULL, NULL), ==, 2);
  g_assert_cmpmem (buffer, 2, "67", 2);
  imp_tls_base_input_begin_turn (base.input);
  base_expect (&base, "89");
  g_assert_true (imp_tls_base_input_is_empty (base.input));
  g_assert_false (imp_tls_base_input_is_drained (base.input));
  imp_tls_base_input_end_turn (base.input);
  g_assert_false (wakes_up (&base));
  base_expect_nothing (&base);
  base_clear (&base);
}

/* In a turn the socket is asked until it has less than there is room for; then no more. */
static void
test_drained (void)
{
  Base base;

  base_init (&base);
  test_stream_write (base.far, "abc", 3);
  imp_tls_base_input_begin_turn (base.input);
  base_expect (&base, "abc");
  g_assert_true (imp_tls_base_input_is_drained (base.input));
  test_stream_write (base.far, "def", 3);
  base_expect_nothing (&base);
  imp_tls_base_input_end_turn (base.input);
  g_assert_true (wakes_up (&base));
  imp_tls_base_input_begin_turn (base.input);
  base_expect (&base, "def");
  imp_tls_base_input_end_turn (base.input);
  g_assert_true (g_io_stream_close (base.far, NULL, NULL));
  imp_tls_base_input_begin_turn (base.input);
  base_expect (&base, "");
  imp_tls_base_input_end_turn (base.input);
  base_clear (&base);
}

static gsize
read_all (GIOStream *stream)
{
  GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  static char buffer[65536];
  gsize total = 0;
  gssize n;

  while ((n = g_socket_receive_with_blocking (socket, buffer, sizeof buffer, FALSE, NULL, NULL))
         > 0)
    total += n;
  return total;
}

static void
base_expect_full (Base *self, const char *data, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (
                     G_POLLABLE_OUTPUT_STREAM (self->output), data, length, NULL, &error),
                   ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* What was kept goes out at once, and before anything else; what the socket does not take stays. */
static void
test_kept (void)
{
  g_autofree char *record = g_strnfill (16000, 'r');
  g_autoptr (GError) error = NULL;
  GPollableOutputStream *output;
  gsize n_written = 0, n_read;
  Base base;

  base_init (&base);
  output = G_POLLABLE_OUTPUT_STREAM (base.output);
  imp_tls_base_output_cork (base.output);
  for (; imp_tls_base_output_has_room (base.output); n_written += 16000)
    g_assert_cmpint (g_pollable_output_stream_write_nonblocking (output, record, 16000, NULL, NULL),
                     ==, 16000);
  g_assert_cmpuint (n_written, ==, 4 * 16000);
  base_expect_full (&base, record, 16000);
  g_assert_cmpuint (read_all (base.far), ==, 0);
  n_written += test_stream_fill (base.near);
  g_assert_true (imp_tls_base_output_send (base.output, &error));
  g_assert_no_error (error);
  base_expect_full (&base, "end", 3);
  g_assert_false (imp_tls_base_output_is_empty (base.output));
  n_read = read_all (base.far);
  g_assert_true (imp_tls_base_output_send (base.output, &error));
  g_assert_true (imp_tls_base_output_is_empty (base.output));
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (output, "end", 3, NULL, NULL), ==,
                   3);
  n_read += read_all (base.far);
  g_assert_cmpuint (n_read, ==, n_written + 3);
  base_clear (&base);
}

/* What nobody takes any more is lost, and is not tried again and again. */
static void
test_lost (void)
{
  g_autoptr (GError) error = NULL;
  Base base;

  base_init (&base);
  imp_tls_base_output_cork (base.output);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (
                     G_POLLABLE_OUTPUT_STREAM (base.output), "x", 1, NULL, NULL),
                   ==, 1);
  g_assert_true (g_io_stream_close (base.far, NULL, NULL));
  g_assert_false (imp_tls_base_output_send (base.output, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_assert_true (imp_tls_base_output_is_empty (base.output));
  base_clear (&base);
}

typedef struct
{
  void (*run) (const Pace *pace);
  const Pace *pace;
  gboolean has_base;
} Case;

static void
run_case (gconstpointer data)
{
  const Case *test = data;

  has_base = test->has_base;
  test->run (test->pace);
}

static void
add_case (const char *name, void (*run) (const Pace *pace), const Pace *pace)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *path = g_strdup_printf ("/tls-stream/%s/%s", name, i ? "base" : "plain");
      Case *test = g_new0 (Case, 1);

      *test = (Case){ run, pace, i == 1 };
      g_test_add_data_func_full (path, test, run_case, g_free);
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = test_certificates_new ();
  for (guint i = 0; i < G_N_ELEMENTS (paces); i++)
    {
      g_autofree char *name = g_strconcat ("bytes/", paces[i].name, NULL);

      add_case (name, test_bytes, &paces[i]);
    }
  add_case ("abortive", test_abortive, NULL);
  add_case ("abortive-wrapper", test_abortive_wrapper, NULL);
  add_case ("close", test_close, NULL);
  add_case ("full", test_full, NULL);
  g_test_add_func ("/tls-stream/base/read-ahead", test_read_ahead);
  g_test_add_func ("/tls-stream/base/drained", test_drained);
  g_test_add_func ("/tls-stream/base/kept", test_kept);
  g_test_add_func ("/tls-stream/base/lost", test_lost);
  status = g_test_run ();
  test_certificates_free (folder);
  return status;
}
