/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transport over TLS: all bytes, whoever is slow; the end, and what is none; no blocking. */
#include "test-certificates.h"
#include "test-peer.h"
#include "test-streams.h"

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

/* Two ends of TLS over a socket pair, whose handshake is done. */
static void
make_pair (GIOStream **client, GIOStream **server)
{
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (GTlsCertificate) certificate = test_certificates_load (folder, "server");
  g_autoptr (GError) error = NULL;
  Handshakes handshakes = { 0 };

  test_stream_pair (&one, &other);
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
test_bytes (gconstpointer data)
{
  const Pace *pace = data;
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
test_abortive (void)
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

/* A regular close says so, where there is room for it. */
static void
test_close (void)
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
test_full (void)
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

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = test_certificates_new ();
  for (guint i = 0; i < G_N_ELEMENTS (paces); i++)
    {
      g_autofree char *path = g_strconcat ("/tls-stream/bytes/", paces[i].name, NULL);

      g_test_add_data_func (path, &paces[i], test_bytes);
    }
  g_test_add_func ("/tls-stream/abortive", test_abortive);
  g_test_add_func ("/tls-stream/close", test_close);
  g_test_add_func ("/tls-stream/full", test_full);
  status = g_test_run ();
  test_certificates_free (folder);
  return status;
}
