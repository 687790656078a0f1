/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that disconnects a client: the client hears why, though it was still speaking, and does
 * not stay indefinitely. */
#include "raw-socket.h"
#include "test-peer.h"
#include "test-streams.h"

#include "core/imp-type-factory.h"
#include "io/imp-lingering-close-private.h"
#include "rpc/imp-link-private.h"
#include "rpc/server/imp-server.h"

#include <string.h>
#include <sys/socket.h>

/* Answers with what it sees. */
typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 seen;
} Mirror;
typedef ImpAnalyzerClass MirrorClass;

GType mirror_get_type (void);
G_DEFINE_TYPE (Mirror, mirror, IMP_TYPE_ANALYZER)

static gboolean
mirror_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  ((Mirror *) analyzer)->seen += size;
  imp_analyzer_replace_bytes (analyzer, direction, ((Mirror *) analyzer)->seen, bytes, size);
  return TRUE;
}

static void
mirror_init (Mirror *self)
{
}

static void
mirror_class_init (MirrorClass *klass)
{
  klass->data = mirror_data;
}

#define HELLO                                                                                      \
  "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}\n"                                         \
  "{\"op\":\"new_analyzer\",\"id\":1}\n"
/* A line that is longer than any message may be: it is not known where the next one begins. */
#define MAX_MESSAGE 40000
#define ENDLESS_LENGTH (MAX_MESSAGE + 1)
#define N_ANSWERS 40
#define ANSWER_LENGTH 16384

static ImpServer *
make_server (void)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (mirror_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));

  return g_object_new (IMP_TYPE_SERVER, "factory", factory, "max-message", (guint64) MAX_MESSAGE,
                       NULL);
}

/* Its receive buffer is small, so that most of what it is told waits at the server's end. */
static TestPeer *
connect_by_tcp (ImpServer *server)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;
  int port;

  imp_server_listen (server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (server);
  port = atoi (strrchr (addresses[0], ':') + 1);
  address = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, &error);
  g_assert_no_error (error);
  g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, 4096, &error);
  g_assert_no_error (error);
  g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);
  return test_peer_new (G_IO_STREAM (g_socket_connection_factory_create_connection (socket)));
}

/* What is answered with much, and then what ends it. */
static void
provoke (TestPeer *client)
{
  g_autofree char *payload = g_strnfill (ANSWER_LENGTH, 'a');
  g_autofree char *line = g_strdup_printf ("{\"op\":\"data\",\"id\":1,\"dir\":0,\"text\":\"%s\"}\n",
                                           payload);
  g_autofree char *endless = g_strnfill (ENDLESS_LENGTH, 'x');

  test_peer_send (client, HELLO, strlen (HELLO));
  for (guint i = 0; i < N_ANSWERS; i++)
    test_peer_send (client, line, strlen (line));
  test_peer_send (client, endless, ENDLESS_LENGTH);
}

static void
send_more (TestPeer *client, gsize length)
{
  g_autofree char *more = g_strnfill (length, 'x');

  test_peer_send (client, more, length);
}

static gboolean
has_sent_all (gpointer data)
{
  TestPeer *client = data;

  return client->sent == client->to_send->len;
}

static gboolean
is_alone (gpointer data)
{
  return imp_server_get_n_connections (data) == 0;
}

static void
clear (ImpServer *server, TestPeer *client)
{
  test_peer_free (client);
  imp_server_close (server);
  g_assert_finalize_object (server);
}

static guint
count_lines (const TestPeer *client)
{
  guint n = 0;

  for (guint i = 0; i < client->received->len; i++)
    n += client->received->data[i] == '\n';
  return n;
}

/* A client that first says all it has to say, and only then reads. */
static void
test_last_words (void)
{
  ImpServer *server = make_server ();
  TestPeer *client = connect_by_tcp (server);
  const char *end, *last;

  client->read_limit = 0;
  provoke (client);
  send_more (client, 8 * 1024 * 1024);
  g_assert_true (test_run_until (has_sent_all, client, 10000));
  client->read_limit = G_MAXSIZE;
  test_peer_update (client);
  g_assert_true (test_run_until (test_peer_got_end, client, 10000));
  g_assert_no_error (client->error);

  /* set_version, the answers, and why. */
  g_assert_cmpuint (count_lines (client), ==, 1 + N_ANSWERS + 1);
  end = (const char *) client->received->data + client->received->len - 1;
  last = (const char *) memrchr (client->received->data, '\n', client->received->len - 1) + 1;
  g_test_message ("%.*s", (int) (end - last), last);
  g_assert_true (g_str_has_prefix (last, "{\"op\":\"exception\",\"id\":0,"));
  test_peer_close (client);
  g_assert_true (test_run_until (is_alone, server, 10000));
  clear (server, client);
}

/* One that neither reads nor closes. */
static void
test_limited_time (gconstpointer reads)
{
  ImpServer *server = make_server ();
  TestPeer *client = connect_by_tcp (server);
  gint64 begin = g_get_monotonic_time (), passed;

  client->read_limit = reads != NULL ? G_MAXSIZE : 0;
  provoke (client);
  send_more (client, 1000);
  g_assert_true (test_run_until (has_sent_all, client, 10000));
  g_assert_true (test_run_until (is_alone, server, 3 * IMP_LINK_LINGER_TIMEOUT));
  passed = (g_get_monotonic_time () - begin) / 1000;
  g_test_message ("%" G_GINT64_FORMAT " ms", passed);
  g_assert_cmpint (passed, >=, IMP_LINK_LINGER_TIMEOUT);
  clear (server, client);
}

/* One that never stops talking. */
static void
test_limited_bytes (void)
{
  ImpServer *server = make_server ();
  g_autoptr (GIOStream) near = NULL, far = NULL;
  g_autofree char *block = g_strnfill (256 * 1024, ' ');
  GSocket *socket;
  gsize sent = 0;
  gssize n;

  test_stream_pair (&near, &far);
  g_assert_true (imp_server_add_stream (server, far, NULL));
  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (near));
  test_stream_write (near, HELLO, strlen (HELLO));
  g_socket_set_blocking (socket, FALSE);
  while (imp_server_get_n_connections (server) > 0)
    {
      n = g_socket_send (socket, block, 256 * 1024, NULL, NULL);
      sent += MAX (n, 0);
      g_main_context_iteration (NULL, FALSE);
    }
  g_test_message ("%" G_GSIZE_FORMAT " bytes", sent);
  g_assert_cmpuint (sent, >=, IMP_LINGERING_CLOSE_MAX_BYTES);
  g_assert_cmpuint (sent, <, IMP_LINGERING_CLOSE_MAX_BYTES + 8 * 1024 * 1024);
  g_assert_finalize_object (server);
}

static gboolean
has_an_analyzer (gpointer data)
{
  return imp_server_get_n_analyzers (data) == 1;
}

/* In version 1 a server that stops closes with the last analyzer, which hears of its end first. */
static void
test_last_analyzer (void)
{
  const char *wrong = "{\"op\":\"data\",\"id\":1,\"dir\":9,\"text\":\"x\"}\n";
  const char *new_analyzer = "{\"op\":\"new_analyzer\",\"id\":1}\n";
  ImpServer *server = make_server ();
  TestPeer *client = connect_by_tcp (server);

  test_peer_send (client, new_analyzer, strlen (new_analyzer));
  g_assert_true (test_run_until (has_an_analyzer, server, 5000));
  imp_server_stop_async (server, NULL, NULL, NULL);
  test_peer_send (client, wrong, strlen (wrong));
  g_assert_true (test_run_until (test_peer_got_end, client, 5000));
  g_assert_no_error (client->error);
  g_assert_nonnull (g_strstr_len ((const char *) client->received->data, client->received->len,
                                  "{\"op\":\"exception\",\"id\":1,"));
  test_peer_close (client);
  g_assert_true (test_run_until (is_alone, server, 5000));
  clear (server, client);
}

/* --- a peer that cannot be told any more --- */

typedef struct
{
  RawSocket *peer;
  ImpLink *link;
  GString *tokens; /* of the pings that have come */
  guint depth;
  gboolean in_loop; /* finds out from a main loop within the first message */
  char *reason;
} Listener;

/* The peer goes on speaking, and is gone before it is answered. */
static void
find_out (Listener *self)
{
  const ImpMessage pong = { .op = IMP_OP_PONG, .token = 1 };
  g_autoptr (GError) error = NULL;

  imp_link_send (self->link, &pong, &error);
  g_assert_no_error (error);
  raw_socket_say (self->peer, "{\"op\":\"ping\",\"token\":2}", -1, 0);
  raw_socket_say (self->peer, "{\"op\":\"ping\",\"token\":3}", -1, 0);
  raw_socket_hang_up (self->peer);
  imp_link_flush (self->link);
}

static gboolean
on_idle (gpointer user_data)
{
  find_out (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_message (ImpLink *link, ImpMessage *message, gpointer user_data)
{
  Listener *self = user_data;

  g_assert_cmpuint (self->depth++, ==, 0);
  g_string_append_printf (self->tokens, "%" G_GINT64_FORMAT " ", message->token);
  if (message->token == 1 && self->in_loop)
    {
      g_idle_add (on_idle, self);
      while (self->peer->fd >= 0)
        g_main_context_iteration (NULL, TRUE);
      for (guint i = 0; i < 3; i++)
        g_main_context_iteration (NULL, FALSE);
    }
  else if (message->token == 1)
    find_out (self);
  self->depth--;
}

static void
on_closed (ImpLink *link, const GError *error, gpointer user_data)
{
  Listener *self = user_data;

  g_assert_cmpuint (self->depth, ==, 0);
  g_assert_null (self->reason);
  self->reason = g_strdup (error->message);
}

static gboolean
is_closed (gpointer data)
{
  return ((Listener *) data)->reason != NULL;
}

/* What it has said comes in its turn, and not within the message during which that is found out. */
static void
test_found_out_within (gconstpointer in_loop)
{
  static const ImpLinkFuncs funcs = { .message = on_message, .closed = on_closed };
  const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  g_autoptr (GIOStream) stream = NULL;
  Listener listener = { .tokens = g_string_new (NULL), .in_loop = in_loop != NULL };

  listener.peer = raw_socket_new (&stream);
  listener.link = imp_link_new (stream, NULL, &limits, NULL);
  imp_link_set_version (listener.link, 2);
  imp_link_start (listener.link, g_main_context_default (), &funcs, &listener);
  raw_socket_say (listener.peer, "{\"op\":\"ping\",\"token\":1}", -1, 0);
  g_assert_true (test_run_until (is_closed, &listener, 5000));
  g_assert_cmpstr (listener.tokens->str, ==, "1 2 3 ");
  imp_link_unref (listener.link);
  raw_socket_free (listener.peer);
  g_string_free (listener.tokens, TRUE);
  g_free (listener.reason);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/last-words/all-arrive", test_last_words);
  g_test_add_data_func ("/last-words/limited-time/reader", "reads", test_limited_time);
  g_test_add_data_func ("/last-words/limited-time/deaf", NULL, test_limited_time);
  g_test_add_func ("/last-words/last-analyzer", test_last_analyzer);
  g_test_add_func ("/last-words/limited-bytes", test_limited_bytes);
  g_test_add_data_func ("/last-words/found-out-within/message", NULL, test_found_out_within);
  g_test_add_data_func ("/last-words/found-out-within/loop", "loop", test_found_out_within);
  return g_test_run ();
}
