/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS over an ImpIOStream, whose analyzer sees ciphertext, and an ImpIOStream over TLS, whose
 * analyzer sees plain text. */
#include "io-mover.h"
#include "scripted-analyzer.h"
#include "test-certificates.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "provider/imp-io-stream.h"

#include <string.h>

#define TIMEOUT 60000 /* ms */
/* Each way; a tenth where every access to memory is checked. */
#ifdef __SANITIZE_ADDRESS__
#define MUCH (10 * 1024 * 1024)
#else
#define MUCH (100 * 1024 * 1024)
#endif

/* Occurs again and again in what is sent. */
#define MARKER "this is plain text"

static char *folder;

/* What the analyzers have seen. */
static gboolean seen_marker;
static gboolean seen_handshake;

static int n_sides_over; /* atomic */

static void
look_and_pass (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (length > 0 && self->fed[direction] == (gint64) length)
    seen_handshake |= bytes[0] == 0x16;
  if (!seen_marker && length > 0)
    seen_marker = memmem (bytes, length, MARKER, strlen (MARKER)) != NULL;
  scripted_analyzer_pass_all (self, direction, data);
}

static gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
                GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

/* Takes @base. */
static GIOStream *
add_tls (GIOStream *base, gboolean is_server)
{
  g_autoptr (GTlsCertificate) own = test_certificates_load (folder, "server");
  g_autoptr (GError) error = NULL;
  GIOStream *tls = is_server ? g_tls_server_connection_new (base, own, &error)
                             : g_tls_client_connection_new (base, NULL, &error);

  g_assert_no_error (error);
  if (!is_server)
    g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_certificate), NULL);
  g_object_unref (base);
  return tls;
}

static GIOStream *
add_imp (GIOStream *base, gboolean is_server)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (look_and_pass);
  GIOStream *stream = imp_io_stream_new (base, analyzer,
                                         is_server ? IMP_DIRECTION_FROM_CLIENT
                                                   : IMP_DIRECTION_FROM_SERVER);

  g_object_unref (analyzer);
  g_object_unref (base);
  return stream;
}

static void
on_handshake (GObject *object, GAsyncResult *result, gpointer user_data)
{
  guint *n = user_data;
  g_autoptr (GError) error = NULL;

  g_tls_connection_handshake_finish (G_TLS_CONNECTION (object), result, &error);
  g_assert_no_error (error);
  *n += 1;
}

static gboolean
are_two (gpointer data)
{
  return *(guint *) data == 2;
}

static void
shake_hands (GIOStream *one, GIOStream *other)
{
  guint n = 0;

  g_tls_connection_handshake_async (G_TLS_CONNECTION (one), G_PRIORITY_DEFAULT, NULL, on_handshake,
                                    &n);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (other), G_PRIORITY_DEFAULT, NULL,
                                    on_handshake, &n);
  g_assert_true (test_run_until (are_two, &n, TIMEOUT));
}

static GBytes *
make_data (void)
{
  g_autoptr (GBytes) pattern = test_bytes_pattern (1000003);
  guint8 *data = g_memdup2 (g_bytes_get_data (pattern, NULL), 1000003);

  for (gsize at = 0; at + 100 < 1000003; at += 5000)
    memcpy (data + at, MARKER, strlen (MARKER));
  return g_bytes_new_take (data, 1000003);
}

/* Both ways at once, and to both ends. */
static void
exchange (GIOStream *streams[2], gsize length, IOMoverMode mode)
{
  g_autoptr (GBytes) data = make_data ();
  IOMover *movers[2];

  for (guint i = 0; i < 2; i++)
    {
      movers[i] = io_mover_new (streams[i], mode, data, length);
      movers[i]->ends = TRUE;
      io_mover_start (movers[i]);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (test_run_until (io_mover_is_over, movers[i], TIMEOUT));
      g_assert_no_error (movers[i]->write_error);
      g_assert_no_error (movers[i]->read_error);
      g_assert_cmpuint (movers[i]->n_received, ==, length);
      io_mover_free (movers[i]);
    }
}

static void
check_orders (gboolean tls_above, gsize length, IOMoverMode mode)
{
  GIOStream *streams[2];

  seen_marker = seen_handshake = FALSE;
  test_stream_pair (&streams[0], &streams[1]);
  if (tls_above)
    for (guint i = 0; i < 2; i++)
      streams[i] = add_tls (add_imp (streams[i], i), i);
  else
    for (guint i = 0; i < 2; i++)
      streams[i] = add_tls (streams[i], i);
  shake_hands (streams[0], streams[1]);
  if (!tls_above)
    for (guint i = 0; i < 2; i++)
      streams[i] = add_imp (streams[i], i);
  exchange (streams, length, mode);
  g_assert_true (seen_handshake == tls_above);
  g_assert_true (seen_marker == !tls_above);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      g_io_stream_close (streams[i], NULL, &error);
      g_assert_no_error (error);
      g_assert_finalize_object (streams[i]);
    }
}

static void
test_ciphertext (void)
{
  check_orders (TRUE, 300000, IO_MOVER_ASYNC);
  check_orders (TRUE, 300000, IO_MOVER_POLLABLE);
  check_orders (TRUE, 300000, IO_MOVER_MIXED);
}

static void
test_plain_text (void)
{
  check_orders (FALSE, 300000, IO_MOVER_ASYNC);
  check_orders (FALSE, 300000, IO_MOVER_POLLABLE);
  check_orders (FALSE, 300000, IO_MOVER_MIXED);
}

static void
test_ciphertext_much (void)
{
  check_orders (TRUE, MUCH, IO_MOVER_ASYNC);
}

static void
test_plain_text_much (void)
{
  check_orders (FALSE, MUCH, IO_MOVER_ASYNC);
}

static void
on_closed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_io_stream_close_finish (G_IO_STREAM (object), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* What TLS has taken and the socket has not leaves as well before the end. */
static void
test_slow_peer (void)
{
  GIOStream *streams[2];
  g_autoptr (GBytes) data = make_data ();
  gboolean closed = FALSE;
  gsize filled;
  IOMover *mover;

  test_stream_pair (&streams[0], &streams[1]);
  for (guint i = 0; i < 2; i++)
    streams[i] = add_tls (streams[i], i);
  shake_hands (streams[0], streams[1]);
  streams[0] = add_imp (streams[0], 0);
  filled = test_stream_fill (streams[0]);
  g_io_stream_close_async (streams[0], G_PRIORITY_DEFAULT, NULL, on_closed, &closed);
  test_run_until (is_true, &closed, 50);
  g_assert_false (closed);
  mover = io_mover_new (streams[1], IO_MOVER_ASYNC, data, 0);
  io_mover_keep (mover);
  io_mover_start (mover);
  g_assert_true (test_run_until (io_mover_is_over, mover, TIMEOUT));
  g_assert_no_error (mover->read_error);
  g_assert_cmpuint (mover->n_received, ==, filled);
  g_assert_true (test_run_until (is_true, &closed, TIMEOUT));
  io_mover_free (mover);
  for (guint i = 0; i < 2; i++)
    g_object_unref (streams[i]);
}

/* A TLS connection whose handshake nobody has made yet. */
static void
test_implicit_handshake (void)
{
  GIOStream *streams[2];

  test_stream_pair (&streams[0], &streams[1]);
  for (guint i = 0; i < 2; i++)
    streams[i] = add_imp (add_tls (streams[i], i), i);
  exchange (streams, 300000, IO_MOVER_ASYNC);
  for (guint i = 0; i < 2; i++)
    g_object_unref (streams[i]);
}

/* With blocking, each side in a thread of its own: both streams belong to a third one. */
static gpointer
run_blocking_side (gpointer user_data)
{
  g_autoptr (GIOStream) tls = user_data;
  gboolean is_server = G_IS_TLS_SERVER_CONNECTION (tls);
  g_autoptr (GBytes) read = NULL;
  g_autoptr (GError) error = NULL;

  g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, &error);
  g_assert_no_error (error);
  test_stream_write (tls, is_server ? "from server" : "from client", 11);
  read = test_stream_read (tls, 11);
  g_assert_cmpmem (g_bytes_get_data (read, NULL), 11, is_server ? "from client" : "from server",
                   11);
  /* So that each has heard all when it closes. */
  g_output_stream_close (g_io_stream_get_output_stream (tls), NULL, &error);
  g_assert_no_error (error);
  g_bytes_unref (test_stream_read_all (tls));
  g_io_stream_close (tls, NULL, &error);
  g_assert_no_error (error);
  g_atomic_int_inc (&n_sides_over);
  g_main_context_wakeup (NULL);
  return NULL;
}

static gboolean
are_sides_over (gpointer data)
{
  return g_atomic_int_get (&n_sides_over) == 2;
}

static void
test_blocking (void)
{
  GIOStream *streams[2];
  GThread *threads[2];

  n_sides_over = 0;
  test_stream_pair (&streams[0], &streams[1]);
  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("side", run_blocking_side, add_tls (add_imp (streams[i], i), i));
  g_assert_true (test_run_until (are_sides_over, NULL, TIMEOUT));
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
}

/* A handshake in a thread that waits for this one would wait in vain, but it does not. */
static void
test_own_thread (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (look_and_pass);
  GIOStream *base, *other;
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GError) error = NULL;

  test_stream_pair (&base, &other);
  tls = add_tls (g_object_new (IMP_TYPE_IO_STREAM, "base-stream", base, "analyzer", analyzer,
                               "deadline", 100, NULL),
                 FALSE);
  g_assert_false (g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  g_object_unref (analyzer);
  g_object_unref (base);
  g_object_unref (other);
}

int
main (int argc, char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);
  folder = test_certificates_new ();
  g_test_add_func ("/io-stream-tls/ciphertext", test_ciphertext);
  g_test_add_func ("/io-stream-tls/plain-text", test_plain_text);
  g_test_add_func ("/io-stream-tls/ciphertext/much", test_ciphertext_much);
  g_test_add_func ("/io-stream-tls/plain-text/much", test_plain_text_much);
  g_test_add_func ("/io-stream-tls/slow-peer", test_slow_peer);
  g_test_add_func ("/io-stream-tls/implicit-handshake", test_implicit_handshake);
  g_test_add_func ("/io-stream-tls/blocking", test_blocking);
  g_test_add_func ("/io-stream-tls/own-thread", test_own_thread);
  result = g_test_run ();
  test_certificates_free (folder);
  return result;
}
