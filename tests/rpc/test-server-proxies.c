/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server whose clients come through a proxy that says whose each connection is. */
#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"
#include "rpc/server/imp-server-headers-private.h"
#include "rpc/server/imp-server.h"
#include "test-streams.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define V1 "PROXY TCP4 192.0.2.7 198.51.100.2 4711 443\r\n"
#define V2 "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x02\x12\x67\x01\xbb"
#define LOCAL "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"
#define GREETING "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}\n"

typedef struct
{
  ImpServer *server;
  char *address;
  GString *seen; /* who was let in */
} Rig;

static gboolean
on_authorize (ImpServer *server, ImpPeer *peer, gpointer user_data, GError **error)
{
  Rig *rig = user_data;

  g_string_append_printf (rig->seen, "%s %s;", imp_peer_get_name (peer),
                          imp_peer_get_address (peer));
  return TRUE;
}

static void
rig_init (Rig *rig, const char *proxy, const char *property, guint value)
{
  const char *proxies[] = { proxy, NULL };
  g_autoptr (ImpFactory) factory = imp_type_factory_new (IMP_TYPE_PASS_ANALYZER,
                                                         IMP_DATA_TYPE_STREAM, 0);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  rig->server = imp_server_new (factory);
  rig->seen = g_string_new (NULL);
  g_object_set (rig->server, "proxy-from", proxies, NULL);
  if (property != NULL)
    g_object_set (rig->server, property, value, NULL);
  imp_server_set_authorize_func (rig->server, on_authorize, rig, NULL);
  imp_server_listen (rig->server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (rig->server);
  rig->address = g_strdup (addresses[0]);
}

static void
rig_clear (Rig *rig)
{
  imp_server_close (rig->server);
  g_assert_finalize_object (rig->server);
  g_string_free (rig->seen, TRUE);
  g_free (rig->address);
}

static GSocketConnection *
rig_connect (Rig *rig)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_host (client, rig->address, 0, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1,
                       NULL);
  g_socket_set_blocking (g_socket_connection_get_socket (connection), FALSE);
  return connection;
}

static void
say (GSocketConnection *connection, const char *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_socket_send (g_socket_connection_get_socket (connection), bytes, length, NULL,
                                  &error),
                   ==, length);
}

static gboolean
is_readable (gpointer connection)
{
  return g_socket_condition_check (g_socket_connection_get_socket (connection), G_IO_IN) != 0;
}

/* What it hears first: of a server's greeting, 1; of an end, or a reset, 0. */
static gboolean
hears (GSocketConnection *connection)
{
  char byte;

  g_assert_true (test_run_until (is_readable, connection, 10000));
  return g_socket_receive (g_socket_connection_get_socket (connection), &byte, 1, NULL, NULL) == 1;
}

static void
check_accepted (const char *header, gsize length, gsize step, const char *wanted)
{
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) all = g_string_new_len (header, length);
  Rig rig;

  rig_init (&rig, "127.0.0.0/8", NULL, 0);
  connection = rig_connect (&rig);
  g_string_append (all, GREETING);
  for (gsize at = 0; at < all->len; at += step)
    {
      say (connection, all->str + at, MIN (step, all->len - at));
      if (step < all->len)
        g_main_context_iteration (NULL, FALSE);
    }
  g_assert_true (hears (connection));
  g_assert_true (g_str_has_prefix (rig.seen->str, wanted));
  rig_clear (&rig);
}

static void
test_accepted (void)
{
  const gsize steps[] = { 1000, 7, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      check_accepted (V1, sizeof V1 - 1, steps[i], "192.0.2.7 192.0.2.7:4711;");
      check_accepted (V2, sizeof V2 - 1, steps[i], "192.0.2.7 192.0.2.7:4711;");
      /* The proxy's own, as to see whether the server is alive. */
      check_accepted (LOCAL, sizeof LOCAL - 1, steps[i], "loopback 127.0.0.1:");
      check_accepted ("PROXY UNKNOWN\r\n", 15, steps[i], "loopback 127.0.0.1:");
    }
}

/* Closed without a word, and nobody is asked. */
static void
check_refused (const char *proxy, const char *said, gboolean ends)
{
  g_autoptr (GSocketConnection) connection = NULL;
  Rig rig;

  rig_init (&rig, proxy, "handshake-timeout", 200);
  connection = rig_connect (&rig);
  say (connection, said, strlen (said));
  if (ends)
    g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
  g_assert_false (hears (connection));
  g_assert_cmpstr (rig.seen->str, ==, "");
  rig_clear (&rig);
}

static void
test_refused (void)
{
  check_refused ("192.0.2.0/24", V1 GREETING, FALSE);    /* not from there */
  check_refused ("127.0.0.1", GREETING, FALSE);          /* no header */
  check_refused ("127.0.0.1", "PROXY TCP4 \r\n", FALSE); /* a malformed one */
  check_refused ("127.0.0.1", "PROXY TC", TRUE);         /* that ends */
  check_refused ("127.0.0.1", "PROXY TC", FALSE);        /* that takes too long */
}

/* Those who share a proxy share nothing else. */
static void
test_peers (void)
{
  g_autoptr (GSocketConnection) one = NULL, other = NULL, third = NULL;
  g_autofree char *heard = g_malloc0 (1000);
  Rig rig;

  rig_init (&rig, "127.0.0.1", "max-connections-per-peer", 1);
  one = rig_connect (&rig);
  say (one, V1 GREETING, strlen (V1 GREETING));
  g_assert_true (hears (one));
  other = rig_connect (&rig);
  say (other, "PROXY TCP4 192.0.2.8 198.51.100.2 4711 443\r\n" GREETING,
       strlen (V1) + strlen (GREETING));
  g_assert_true (hears (other));
  third = rig_connect (&rig);
  say (third, V1 GREETING, strlen (V1 GREETING));
  g_assert_true (test_run_until (is_readable, third, 10000));
  while (strstr (heard, "max-connections-per-peer") == NULL)
    {
      gsize n = strlen (heard);

      g_assert_true (test_run_until (is_readable, third, 10000));
      g_assert_cmpint (g_socket_receive (g_socket_connection_get_socket (third), heard + n, 999 - n,
                                         NULL, NULL),
                       >, 0);
    }
  rig_clear (&rig);
}

/* The oldest of those who have not said it makes room. */
static void
test_many (void)
{
  GSocketConnection *connections[IMP_SERVER_HEADERS_MAX + 1];
  Rig rig;

  rig_init (&rig, "127.0.0.1", NULL, 0);
  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    connections[i] = rig_connect (&rig);
  g_assert_false (hears (connections[0]));
  say (connections[1], V1 GREETING, strlen (V1 GREETING));
  g_assert_true (hears (connections[1]));
  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    g_object_unref (connections[i]);
  rig_clear (&rig);
}

/* At a unix socket the kernel says who it is. */
static void
test_unix (void)
{
  g_autofree char *folder = g_dir_make_tmp ("imp-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  Rig rig;

  rig_init (&rig, "127.0.0.1", NULL, 0);
  imp_server_listen (rig.server, path, &error);
  g_assert_no_error (error);
  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, &error);
  g_assert_no_error (error);
  say (connection, GREETING, strlen (GREETING));
  g_assert_true (hears (connection));
  g_assert_true (g_str_has_prefix (rig.seen->str, "uid "));
  rig_clear (&rig);
  g_rmdir (folder);
}

static void
test_property (void)
{
  const char *wrong[] = { "192.0.2.0/24", "localhost", NULL }, *right[] = { "::1", NULL };
  g_autoptr (ImpFactory) factory = imp_type_factory_new (IMP_TYPE_PASS_ANALYZER,
                                                         IMP_DATA_TYPE_STREAM, 0);
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) texts = NULL;

  g_object_get (server, "proxy-from", &texts, NULL);
  g_assert_null (texts);
  g_object_set (server, "proxy-from", wrong, NULL);
  g_assert_false (imp_server_listen (server, "127.0.0.1:0", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "\"localhost\""));
  g_clear_error (&error);
  g_object_set (server, "proxy-from", right, NULL);
  g_object_get (server, "proxy-from", &texts, NULL);
  g_assert_true (g_strv_equal ((const char *const *) texts, right));
  g_assert_true (imp_server_listen (server, "127.0.0.1:0", &error));
  g_assert_no_error (error);
  g_object_set (server, "proxy-from", NULL, NULL);
  imp_server_close (server);
}

/* A server that listens already cannot refuse what is set then; it lets nobody in. */
static void
check_wrong_later (const char *first, const char *second)
{
  const char *wrong[] = { first, second, NULL };
  g_autoptr (GSocketConnection) plain = NULL, with_header = NULL;
  Rig rig;

  rig_init (&rig, "127.0.0.0/8", NULL, 0);
  g_object_set (rig.server, "proxy-from", wrong, NULL);
  plain = rig_connect (&rig);
  say (plain, GREETING, strlen (GREETING));
  g_assert_false (hears (plain));
  with_header = rig_connect (&rig);
  say (with_header, V1 GREETING, strlen (V1 GREETING));
  g_assert_false (hears (with_header));
  g_assert_cmpstr (rig.seen->str, ==, "");
  rig_clear (&rig);
}

static void
test_wrong_later (void)
{
  check_wrong_later ("192.0.2.300", NULL);
  check_wrong_later ("192.0.2.300", "127.0.0.1");
  check_wrong_later ("127.0.0.1", "192.0.2.300");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-proxies/accepted", test_accepted);
  g_test_add_func ("/server-proxies/refused", test_refused);
  g_test_add_func ("/server-proxies/peers", test_peers);
  g_test_add_func ("/server-proxies/many", test_many);
  g_test_add_func ("/server-proxies/unix", test_unix);
  g_test_add_func ("/server-proxies/property", test_property);
  g_test_add_func ("/server-proxies/wrong-later", test_wrong_later);
  return g_test_run ();
}
