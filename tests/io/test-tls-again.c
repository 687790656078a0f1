/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A peer that wants another handshake within a connection, which TLS 1.2 knows, while data flows in
 * both directions: it is refused, and nobody waits for it by looking again and again. OpenSSL is
 * the peer, since GnuTLS leaves it to GIO, which never asks for it. */
#include "test-certificates.h"
#include "test-peer.h"
#include "test-streams.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define TIMEOUT 10000
/* No more often does anything wake up here. */
#define CALLS_MAX 200

typedef struct
{
  const char *name;
  gboolean peer_is_server;
  gboolean writes; /* we have more to say than the peer reads */
  gboolean stops;  /* and do not read meanwhile */
} Case;

static const Case cases[] = {
  { "by-client", FALSE, FALSE, FALSE },
  { "by-client-while-full", FALSE, TRUE, FALSE },
  { "by-client-while-full-and-not-read", FALSE, TRUE, TRUE },
  { "by-server", TRUE, FALSE, FALSE },
  { "by-server-while-full", TRUE, TRUE, FALSE },
  { "by-server-while-full-and-not-read", TRUE, TRUE, TRUE },
};

typedef struct
{
  const Case *test;
  SSL_CTX *context;
  SSL *ssl;
  int fd; /* of the peer */
  GIOStream *near, *far;
  GIOStream *tls;
  gboolean handshake_done;
  ImpTransport *transport;
  GIOCondition interest;
  GString *received;
  guint n_calls;
  GError *error;
} Fixture;

static char *folder;

static gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
                GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;
  g_autoptr (GError) error = NULL;

  g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error);
  g_assert_no_error (error);
  self->handshake_done = TRUE;
}

/* --- the peer --- */

static void
peer_init (Fixture *self)
{
  g_autofree char *certificate = test_certificates_path (folder, "server.pem");
  g_autofree char *key = test_certificates_path (folder, "server.key");

  self->context = SSL_CTX_new (self->test->peer_is_server ? TLS_server_method ()
                                                          : TLS_client_method ());
  g_assert_cmpint (SSL_CTX_set_max_proto_version (self->context, TLS1_2_VERSION), ==, 1);
  g_assert_cmpint (SSL_CTX_use_certificate_chain_file (self->context, certificate), ==, 1);
  g_assert_cmpint (SSL_CTX_use_PrivateKey_file (self->context, key, SSL_FILETYPE_PEM), ==, 1);
  self->ssl = SSL_new (self->context);
  g_assert_cmpint (SSL_set_fd (self->ssl, self->fd), ==, 1);
  if (self->test->peer_is_server)
    SSL_set_accept_state (self->ssl);
  else
    SSL_set_connect_state (self->ssl);
}

/* The first handshake, step by step, since nothing in the loop waits for the peer's socket. */
static void
peer_shake_hands (Fixture *self)
{
  gint64 until = g_get_monotonic_time () + TIMEOUT * 1000;

  while (SSL_do_handshake (self->ssl) != 1 || !self->handshake_done)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, until);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (200);
    }
}

/* Something to read, and the wish, one right after the other. It reads nothing any more, as data in
 * place of an answer would end it. */
static void
peer_ask (Fixture *self)
{
  BIO *nothing = BIO_new (BIO_s_mem ());

  BIO_set_mem_eof_return (nothing, -1);
  SSL_set0_rbio (self->ssl, nothing);
  g_assert_cmpint (SSL_write (self->ssl, "hello", 5), ==, 5);
  g_assert_cmpint (SSL_renegotiate (self->ssl), ==, 1);
  SSL_do_handshake (self->ssl);
}

/* --- our end --- */

static void
write_more (Fixture *self)
{
  static const guint8 zeros[65536];
  const GOutputVector vector = { zeros, sizeof zeros };
  if (imp_transport_writev (self->transport, &vector, 1, &self->error) < 0
      && g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_clear_error (&self->error);
}

static void
read_more (Fixture *self)
{
  char buffer[100];
  gssize n = imp_transport_read (self->transport, buffer, sizeof buffer, &self->error);

  g_assert_cmpint (n, !=, 0);
  if (n > 0)
    g_string_append_len (self->received, buffer, n);
  else if (g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_clear_error (&self->error);
}

static void
on_ready (ImpTransport *transport, GIOCondition conditions, gpointer user_data)
{
  Fixture *self = user_data;

  self->n_calls++;
  if ((conditions & G_IO_OUT) != 0 && self->error == NULL)
    write_more (self);
  if ((conditions & G_IO_IN) != 0 && self->error == NULL)
    read_more (self);
  if (self->error != NULL)
    imp_transport_set_interest (transport, 0);
}

static void
make_tls (Fixture *self)
{
  g_autoptr (GTlsCertificate) certificate = test_certificates_load (folder, "server");
  g_autoptr (GError) error = NULL;

  self->tls = self->test->peer_is_server
                ? g_tls_client_connection_new (self->near, NULL, &error)
                : g_tls_server_connection_new (self->near, certificate, &error);
  g_assert_no_error (error);
  g_signal_connect (self->tls, "accept-certificate", G_CALLBACK (on_certificate), NULL);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (self->tls), G_PRIORITY_DEFAULT, NULL,
                                    on_handshake, self);
}

static void
set_up (Fixture *self, gconstpointer test)
{
  g_autoptr (GError) error = NULL;

  self->test = test;
  test_stream_pair (&self->near, &self->far);
  self->fd = g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->far)));
  g_socket_set_blocking (g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->far)), FALSE);
  self->received = g_string_new (NULL);
  peer_init (self);
  make_tls (self);
  peer_shake_hands (self);
  self->transport = imp_transport_new (self->tls, &error);
  g_assert_no_error (error);
  imp_transport_attach (self->transport, NULL, G_PRIORITY_DEFAULT, on_ready, self);
}

static void
tear_down (Fixture *self, gconstpointer test)
{
  imp_transport_close (self->transport);
  imp_transport_unref (self->transport);
  SSL_free (self->ssl);
  SSL_CTX_free (self->context);
  g_object_unref (self->tls);
  g_object_unref (self->near);
  g_object_unref (self->far);
  g_string_free (self->received, TRUE);
  g_clear_error (&self->error);
}

/* What is written waits in the transport, so that the next is not even asked for. */
static gboolean
is_full (gpointer data)
{
  struct pollfd entry = { .events = POLLOUT };

  entry.fd = g_socket_get_fd (
    g_socket_connection_get_socket (G_SOCKET_CONNECTION (((Fixture *) data)->near)));
  return poll (&entry, 1, 0) == 0;
}

static gboolean
has_received (gpointer data)
{
  return ((Fixture *) data)->received->len == 5;
}

static gboolean
has_failed_or_spins (gpointer data)
{
  Fixture *self = data;

  return self->error != NULL || self->n_calls > CALLS_MAX;
}

/* The socket has room again, and TLS does not. */
static void
make_room (Fixture *self)
{
  static char buffer[4 * 1024 * 1024];

  while (recv (self->fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0)
    ;
}

static void
test_refused (Fixture *self, gconstpointer test)
{
  GIOCondition interest = G_IO_IN;

  if (self->test->writes)
    {
      imp_transport_set_interest (self->transport, G_IO_IN | G_IO_OUT);
      g_assert_true (test_run_until (is_full, self, TIMEOUT));
      interest |= G_IO_OUT;
    }
  peer_ask (self);
  imp_transport_set_interest (self->transport, interest);
  g_assert_true (test_run_until (has_received, self, TIMEOUT));
  /* GIO has heard of it by then, and its thread waits for the peer. */
  if (self->test->writes)
    test_run_until (test_never, NULL, 50);
  if (self->test->stops)
    imp_transport_set_interest (self->transport, G_IO_OUT);
  self->n_calls = 0;
  make_room (self);
  g_assert_true (test_run_until (has_failed_or_spins, self, TIMEOUT));
  g_assert_cmpuint (self->n_calls, <=, CALLS_MAX);
  g_assert_error (self->error, G_TLS_ERROR, G_TLS_ERROR_HANDSHAKE);
  g_assert_nonnull (strstr (self->error->message, "negotiate TLS once more, which is refused"));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = test_certificates_new ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/tls-again/", cases[i].name, NULL);

      g_test_add (path, Fixture, &cases[i], set_up, test_refused, tear_down);
    }
  status = g_test_run ();
  test_certificates_free (folder);
  return status;
}
