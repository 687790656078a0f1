/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS over time: how connections end, clients that stall, certificates that change, and whether all
 * bytes come. */
#include "test-outcome.h"
#include "test-peer.h"
#include "test-streams.h"
#include "tls-rig.h"

#include "core/imp-error.h"
#include "provider/imp-filter.h"
#include "rpc/client/imp-client-handshake-private.h"
#include "rpc/client/imp-remote-factory-private.h"

#include <string.h>

#define GREETING "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}\n"

/* --- ends at the server --- */

static TestPeer *
open_and_greet (TlsRig *rig)
{
  TestPeer *peer = test_peer_new (tls_rig_open_tls (rig, NULL));

  test_peer_send (peer, GREETING, strlen (GREETING));
  g_assert_true (test_run_until (test_peer_has_received, peer, TLS_RIG_TIMEOUT));
  return peer;
}

static void
test_regular_end (void)
{
  TlsRig rig;
  TestPeer *peer;

  tls_rig_init (&rig, "server", NULL);
  tls_rig_listen (&rig);
  peer = open_and_greet (&rig);
  peer->ends = TRUE;
  test_peer_update (peer);
  tls_rig_wait_for_reason (&rig, "The peer closed the connection\n");
  g_assert_true (test_run_until (test_peer_got_end, peer, TLS_RIG_TIMEOUT));
  g_assert_no_error (peer->error);
  test_peer_free (peer);
  tls_rig_clear (&rig);
}

/* Whoever is on the way can end a TCP connection, and cannot say that it is the end. */
static void
test_truncated (void)
{
  TlsRig rig;
  TestPeer *peer;
  g_autoptr (GIOStream) base = NULL;

  tls_rig_init (&rig, "server", NULL);
  tls_rig_listen (&rig);
  peer = open_and_greet (&rig);
  g_object_get (imp_transport_get_stream (peer->transport), "base-io-stream", &base, NULL);
  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (base)), FALSE, TRUE,
                     NULL);
  tls_rig_wait_for_reason (&rig, "TLS connection closed unexpectedly\n");
  test_peer_free (peer);
  tls_rig_clear (&rig);
}

/* --- ends at the client --- */

typedef struct
{
  GSocketListener *listener;
  GIOStream *tls;
  GTlsCertificate *certificate;
  GSocketConnection *base;
} FakeServer;

static void
fake_server_on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FakeServer *self = user_data;
  g_autoptr (GError) error = NULL;

  g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error);
  g_assert_no_error (error);
  self->tls = G_IO_STREAM (source);
}

static void
fake_server_on_accepted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FakeServer *self = user_data;
  g_autoptr (GError) error = NULL;
  GIOStream *tls;

  self->base = g_socket_listener_accept_finish (self->listener, result, NULL, &error);
  g_assert_no_error (error);
  tls = g_tls_server_connection_new (G_IO_STREAM (self->base), self->certificate, &error);
  g_assert_no_error (error);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, NULL,
                                    fake_server_on_handshake, self);
}

static gboolean
fake_server_has_client (gpointer data)
{
  return ((FakeServer *) data)->tls != NULL;
}

static gboolean
is_down (gpointer data)
{
  return imp_remote_factory_get_state (data) == IMP_REMOTE_STATE_DOWN;
}

/* Closes with or without a word, when a client has an analyzer there; gives what it heard. */
static char *
be_left (gboolean regularly)
{
  TlsRig rig;
  FakeServer fake = { g_socket_listener_new (), NULL, NULL, NULL };
  ImpRemoteFactory *client;
  TestOutcome *outcome;
  TestPeer *peer;
  char *reason;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", NULL);
  fake.certificate = test_certificates_load (rig.folder, "server");
  rig.address = g_strdup_printf ("tls://127.0.0.1:%u",
                                 g_socket_listener_add_any_inet_port (fake.listener, NULL, &error));
  g_assert_no_error (error);
  g_socket_listener_accept_async (fake.listener, NULL, fake_server_on_accepted, &fake);
  client = tls_rig_new_client (&rig, "ca.pem", NULL);
  g_object_set (client, "codec", "json", NULL);
  outcome = test_outcome_new (imp_factory_create_analyzer (IMP_FACTORY (client), NULL, NULL));
  g_assert_true (test_run_until (fake_server_has_client, &fake, TLS_RIG_TIMEOUT));
  peer = test_peer_new (fake.tls);
  test_peer_send (peer, GREETING, strlen (GREETING));
  test_run_until (test_never, NULL, 50);
  if (regularly)
    test_peer_close (peer);
  else
    g_io_stream_close (G_IO_STREAM (fake.base), NULL, NULL);
  g_assert_true (test_run_until (is_down, client, TLS_RIG_TIMEOUT));
  reason = g_strdup (imp_remote_factory_get_reason (client)->message);
  test_outcome_assert_hard (outcome);
  test_outcome_free (outcome);
  test_peer_free (peer);
  g_object_unref (fake.base);
  g_object_unref (fake.listener);
  g_object_unref (fake.certificate);
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
  return reason;
}

static void
test_server_leaves (void)
{
  g_autofree char *regular = be_left (TRUE), *cut = be_left (FALSE);

  g_assert_cmpstr (regular, ==, "The peer closed the connection");
  g_assert_nonnull (strstr (cut, "TLS connection closed unexpectedly"));
}

/* --- bytes --- */

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (length > 0)
    g_byte_array_append (user_data, bytes, length);
}

static gboolean
is_finished (gpointer filter)
{
  return imp_filter_is_finished (filter, IMP_DIRECTION_FROM_CLIENT);
}

/* Frames of 1 MiB, and small ones between them. */
static void
test_all_bytes (void)
{
  TlsRig rig;
  ImpRemoteFactory *client;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (ImpFilter) filter = NULL;
  g_autoptr (GByteArray) sent = g_byte_array_new (), heard = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", "ca.pem");
  tls_rig_listen (&rig);
  client = tls_rig_new_client (&rig, "ca.pem", "client");
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (client), NULL, NULL);
  filter = imp_filter_new (analyzer);
  imp_filter_set_output (filter, on_output, heard, NULL);
  for (guint i = 0; i < 12; i++)
    {
      g_autoptr (GBytes) chunk = test_bytes_pattern (i % 3 == 0 ? 1024 * 1024 : 1 + i * 4093);
      gsize length;
      const guint8 *data = g_bytes_get_data (chunk, &length);

      g_byte_array_append (sent, data, length);
      imp_filter_push (filter, IMP_DIRECTION_FROM_CLIENT, chunk, IMP_DATA_TYPE_STREAM, &error);
      g_assert_no_error (error);
    }
  imp_filter_push_bytes (filter, IMP_DIRECTION_FROM_CLIENT, NULL, 0, IMP_DATA_TYPE_STREAM, &error);
  g_assert_no_error (error);
  g_assert_true (test_run_until (is_finished, filter, TLS_RIG_TIMEOUT));
  g_assert_cmpmem (sent->data, sent->len, heard->data, heard->len);
  imp_filter_close (filter);
  g_clear_object (&filter);
  g_clear_object (&analyzer);
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
}

/* A client that does not read costs the server no thread, and the others no time. */
static void
test_reads_nothing (void)
{
  TlsRig rig;
  TestPeer *peer;
  ImpRemoteFactory *client;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", NULL);
  tls_rig_listen (&rig);
  peer = open_and_greet (&rig);
  peer->read_limit = peer->n_received;
  test_peer_update (peer);
  for (guint i = 0; i < 40000; i++)
    test_peer_send (peer, "{\"op\":\"data\",\"id\":9,\"dir\":0,\"text\":\"x\"}\n", 41);
  test_run_until (test_never, NULL, 300);
  client = tls_rig_new_client (&rig, "ca.pem", NULL);
  error = tls_rig_connect (client);
  g_assert_no_error (error);
  g_assert_finalize_object (client);
  /* Nor does it when the server goes. */
  tls_rig_clear (&rig);
  test_peer_free (peer);
}

/* --- who stalls --- */

static GPtrArray *
open_many (TlsRig *rig, guint n, GBytes *hello, gsize part)
{
  GPtrArray *many = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      GSocketConnection *connection = tls_rig_open (rig);

      g_ptr_array_add (many, connection);
      if (part > 0)
        g_assert_cmpint (g_socket_send (g_socket_connection_get_socket (connection),
                                        g_bytes_get_data (hello, NULL), part, NULL, NULL),
                         ==, part);
    }
  return many;
}

static void
assert_is_let_in (TlsRig *rig)
{
  g_autoptr (ImpRemoteFactory) client = tls_rig_new_client (rig, "ca.pem", NULL);
  g_autoptr (GError) error = tls_rig_connect (client);

  g_assert_no_error (error);
  imp_remote_factory_close (client);
}

/* Clients that say nothing, a part of their first message, or all of it and nothing else. */
static void
test_stalled (void)
{
  g_autoptr (GBytes) hello = tls_rig_get_hello ();
  const gsize parts[] = { 0, 3, 5, 100, g_bytes_get_size (hello) };
  TlsRig rig;

  tls_rig_init (&rig, "server", NULL);
  g_object_set (rig.server, "max-handshakes", 64, NULL);
  tls_rig_listen (&rig);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr (GPtrArray) stalled = open_many (&rig, 100, hello, parts[i]);

      test_run_until (test_never, NULL, 100);
      assert_is_let_in (&rig);
    }
  g_assert_cmpuint (tls_rig_count_refusals (&rig, "max-handshakes"), >=, 36);
  tls_rig_clear (&rig);
}

/* All places are taken by those who stall. */
static void
test_stalled_takes_all_places (void)
{
  TlsRig rig;
  g_autoptr (GPtrArray) stalled = NULL;

  tls_rig_init (&rig, "server", NULL);
  g_object_set (rig.server, "max-connections", 8, NULL);
  tls_rig_listen (&rig);
  stalled = open_many (&rig, 20, NULL, 0);
  assert_is_let_in (&rig);
  g_assert_cmpuint (tls_rig_count_refusals (&rig, "max-handshakes"), >=, 1);
  tls_rig_clear (&rig);
}

static void
test_timeout (void)
{
  g_autoptr (GBytes) hello = tls_rig_get_hello ();
  TlsRig rig;
  g_autoptr (GPtrArray) silent = NULL, stalled = NULL;

  tls_rig_init (&rig, "server", NULL);
  g_object_set (rig.server, "handshake-timeout", 200, NULL);
  tls_rig_listen (&rig);
  silent = open_many (&rig, 2, hello, 0);
  stalled = open_many (&rig, 2, hello, g_bytes_get_size (hello));
  tls_rig_wait_for_log (&rig, "the TLS handshake took more than 200 ms (handshake-timeout)");
  while (tls_rig_count_refusals (&rig, "handshake-timeout") < 4)
    g_main_context_iteration (NULL, TRUE);
  tls_rig_clear (&rig);
}

/* The server goes while handshakes are under way. */
static void
test_closed_meanwhile (void)
{
  g_autoptr (GBytes) hello = tls_rig_get_hello ();

  for (guint ms = 0; ms < 20; ms += 4)
    {
      TlsRig rig;
      g_autoptr (GPtrArray) stalled = NULL;

      tls_rig_init (&rig, "server", NULL);
      tls_rig_listen (&rig);
      stalled = open_many (&rig, 20, hello, g_bytes_get_size (hello));
      test_run_until (test_never, NULL, ms);
      tls_rig_clear (&rig);
    }
}

static void
test_client_timeout (void)
{
  TlsRig rig;
  g_autoptr (GSocketListener) mute = g_socket_listener_new ();
  ImpRemoteFactory *client;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", NULL);
  rig.address = g_strdup_printf ("tls://127.0.0.1:%u",
                                 g_socket_listener_add_any_inet_port (mute, NULL, &error));
  g_assert_no_error (error);
  client = tls_rig_new_client (&rig, "ca.pem", NULL);
  g_object_set (client, "connect-timeout", 200, NULL);
  error = tls_rig_connect (client);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  g_assert_nonnull (strstr (error->message, "the TLS handshake took more than 200 ms"));
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
}

typedef struct
{
  GSocket *socket;
  gboolean told;
} LateHandshake;

static void
on_handshake_failed (GIOStream *stream, const GError *error, gpointer user_data)
{
  LateHandshake *late = user_data;

  g_assert_null (stream);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  g_assert_false (g_socket_is_closed (late->socket));
  late->told = TRUE;
}

static gboolean
is_over (gpointer data)
{
  return g_socket_is_closed (((LateHandshake *) data)->socket);
}

/* GIO's thread uses the descriptor until it says that it is done: whoever closed it before would
 * let that thread read from what has the same number next. */
static void
test_closed_when_done (gconstpointer gives_up)
{
  static const char *const names[] = { "tls-cert", "tls-key", "tls-ca" };
  ImpTlsCredentials *credentials = imp_tls_credentials_new (g_main_context_default (), names);
  const ImpClientTls tls = { credentials, "127.0.0.1", 1 };
  g_autoptr (GIOStream) near = NULL, far = NULL;
  g_autoptr (GError) error = NULL;
  ImpClientHandshake *handshake;
  LateHandshake late = { 0 };

  test_stream_pair (&near, &far);
  late.socket = g_object_ref (g_socket_connection_get_socket (G_SOCKET_CONNECTION (near)));
  handshake = imp_client_handshake_start (g_main_context_default (), near, &tls, "a server",
                                          gives_up != NULL ? TLS_RIG_TIMEOUT : 50,
                                          on_handshake_failed, &late, &error);
  g_assert_no_error (error);
  if (gives_up != NULL)
    {
      imp_client_handshake_cancel (handshake);
      g_assert_false (g_socket_is_closed (late.socket));
    }
  g_assert_true (test_run_until (is_over, &late, TLS_RIG_TIMEOUT));
  g_assert_true (late.told == (gives_up == NULL));
  g_object_unref (late.socket);
  imp_tls_credentials_free (credentials);
}

/* --- files that change --- */

static char *
get_subject (TlsRig *rig)
{
  g_autoptr (GIOStream) tls = tls_rig_open_tls (rig, NULL);
  GTlsCertificate *certificate = g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (tls));

  return g_tls_certificate_get_subject_name (certificate);
}

static void
assert_subject (TlsRig *rig, const char *subject)
{
  g_autofree char *shown = get_subject (rig);

  g_assert_cmpstr (shown, ==, subject);
}

static void
wait_for_warning (const char *pattern)
{
  g_test_expect_message ("Imp-rpc", G_LOG_LEVEL_WARNING, pattern);
  test_run_until (test_never, NULL, 1500);
  g_test_assert_expected_messages ();
}

static void
test_reload (void)
{
  TlsRig rig;
  ImpRemoteFactory *client;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", "ca.pem");
  g_object_set (rig.server, "tls-client-ca", NULL, NULL);
  tls_rig_listen (&rig);
  client = tls_rig_new_client (&rig, "ca.pem", NULL);
  error = tls_rig_connect (client);
  g_assert_no_error (error);
  assert_subject (&rig, "CN=server");

  /* One after the other: for a while they do not belong together. */
  test_certificates_replace (rig.folder, "renewed.pem", "server.pem");
  wait_for_warning ("*cannot be used, and the old ones stay*do not belong together*");
  assert_subject (&rig, "CN=server");
  test_certificates_replace (rig.folder, "renewed.key", "server.key");
  tls_rig_wait_for_log (&rig, "new connections use the new ones (CN=renewed)");
  assert_subject (&rig, "CN=renewed");

  /* Written in place, and broken. */
  test_certificates_replace (rig.folder, "openssl.cnf", "server.pem");
  wait_for_warning ("*cannot be used, and the old ones stay*tls-cert*");
  assert_subject (&rig, "CN=renewed");
  g_string_truncate (rig.log, 0);
  test_certificates_replace (rig.folder, "wrong.key", "server.key");
  test_certificates_replace (rig.folder, "wrong.pem", "server.pem");
  tls_rig_wait_for_log (&rig, "new connections use the new ones (CN=wrong)");
  assert_subject (&rig, "CN=wrong");

  /* Who was there all the time still is. */
  g_assert_cmpint (imp_remote_factory_get_state (client), ==, IMP_REMOTE_STATE_READY);
  g_assert_finalize_object (client);
  tls_rig_clear (&rig);
}

/* Those who vouch for clients change: who comes from now on is judged by the new ones. */
static void
test_reload_ca (void)
{
  TlsRig rig;
  ImpRemoteFactory *early, *late;
  g_autoptr (GError) error = NULL;

  tls_rig_init (&rig, "server", "trusted.pem");
  test_certificates_replace (rig.folder, "ca.pem", "trusted.pem");
  tls_rig_listen (&rig);
  early = tls_rig_new_client (&rig, "ca.pem", "client");
  error = tls_rig_connect (early);
  g_assert_no_error (error);
  test_certificates_replace (rig.folder, "other.pem", "trusted.pem");
  tls_rig_wait_for_log (&rig, "The TLS files have changed");
  late = tls_rig_new_client (&rig, "ca.pem", "client");
  error = tls_rig_connect (late);
  g_assert_nonnull (error);
  tls_rig_wait_for_log (&rig, "its issuer \"CN=ca\" is unknown here");
  g_assert_cmpint (imp_remote_factory_get_state (early), ==, IMP_REMOTE_STATE_READY);
  g_assert_finalize_object (late);
  g_assert_finalize_object (early);
  tls_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tls-ends/regular-end", test_regular_end);
  g_test_add_func ("/tls-ends/truncated", test_truncated);
  g_test_add_func ("/tls-ends/server-leaves", test_server_leaves);
  g_test_add_func ("/tls-ends/all-bytes", test_all_bytes);
  g_test_add_func ("/tls-ends/reads-nothing", test_reads_nothing);
  g_test_add_func ("/tls-ends/stalled", test_stalled);
  g_test_add_func ("/tls-ends/stalled-takes-all-places", test_stalled_takes_all_places);
  g_test_add_func ("/tls-ends/timeout", test_timeout);
  g_test_add_func ("/tls-ends/closed-meanwhile", test_closed_meanwhile);
  g_test_add_func ("/tls-ends/client-timeout", test_client_timeout);
  g_test_add_data_func ("/tls-ends/closed-when-done/timeout", NULL, test_closed_when_done);
  g_test_add_data_func ("/tls-ends/closed-when-done/given-up", "given up", test_closed_when_done);
  g_test_add_func ("/tls-ends/reload", test_reload);
  g_test_add_func ("/tls-ends/reload-ca", test_reload_ca);
  return g_test_run ();
}
