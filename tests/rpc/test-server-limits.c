/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each limit of a server: what just fits works, one more is refused by the limit's name, its value
 * and nothing else, and whom it does not concern goes on. */
#include "json-rig.h"
#include "test-streams.h"

#include "core/imp-error.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

static void
assert_names (const char *text, const char *limit, guint value)
{
  g_autofree char *number = g_strdup_printf ("%u", value);

  g_test_message ("%s", text);
  g_assert_nonnull (strstr (text, limit));
  g_assert_nonnull (strstr (text, number));
}

/* One exception, for that id, which names the limit. */
static void
assert_exception (const char *answer, int id, const char *limit, guint value)
{
  g_autofree char *expected = g_strdup_printf ("{\"op\":\"exception\",\"id\":%d,", id);
  const char *exception = strstr (answer, "{\"op\":\"exception\"");

  g_assert_nonnull (exception);
  g_assert_true (g_str_has_prefix (exception, expected));
  g_assert_null (strstr (exception + 1, "{\"op\":\"exception\""));
  assert_names (exception, limit, value);
}

static void
assert_answer (char *answer, const char *expected)
{
  g_assert_cmpstr (answer, ==, expected);
  g_free (answer);
}

static void
new_analyzers (JsonRig *rig, guint n)
{
  for (guint id = 1; id <= n; id++)
    assert_answer (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":%u}", id), "");
}

static void
assert_lives (JsonRig *rig, guint id)
{
  g_autofree char *expected = g_strdup_printf (
    "{\"op\":\"result\",\"id\":%u,\"result\":\"pass\",\"dir\":1,\"offset\":1}\n", id);

  assert_answer (json_rig_ask (rig, "{\"op\":\"data\",\"id\":%u,\"dir\":1,\"text\":\"x\"}", id),
                 expected);
}

static char *
feed (JsonRig *rig, guint id, const char *word, guint length)
{
  g_autofree char *text = g_strnfill (length, '.');

  memcpy (text, word, strlen (word));
  return json_rig_ask (rig, "{\"op\":\"data\",\"id\":%u,\"dir\":0,\"text\":\"%s\"}", id, text);
}

static void
test_max_connections (void)
{
  JsonRig *rig = json_rig_new ("max-connections", 2);
  g_autoptr (GIOStream) one = NULL, other = NULL, third = NULL, fourth = NULL;
  g_autoptr (GError) error = NULL;

  test_stream_pair (&one, &other);
  test_stream_pair (&third, &fourth);
  g_assert_true (imp_server_add_stream (rig->server, other, &error));
  g_assert_no_error (error);
  g_assert_false (imp_server_add_stream (rig->server, fourth, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  assert_names (error->message, "max-connections", 2);
  new_analyzers (rig, 1);
  json_rig_free (rig);
}

static void
test_max_analyzers (void)
{
  JsonRig *rig = json_rig_new ("max-analyzers", 3);
  g_autofree char *answer = NULL;

  new_analyzers (rig, 3);
  answer = json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":4}");
  assert_exception (answer, 4, "max-analyzers", 3);
  assert_lives (rig, 3);
  assert_answer (json_rig_ask (rig, "{\"op\":\"delete_analyzer\",\"id\":2}"), "");
  assert_answer (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":5}"), "");
  json_rig_free (rig);
}

#define NEW_WITH_CONTEXT "{\"op\":\"new_analyzer\",\"id\":%d,\"context\":{\"key\":\"%s\"}}"

static void
test_max_context (void)
{
  JsonRig *rig = json_rig_new ("max-context", 20);
  g_autofree char *answer = NULL;

  assert_answer (json_rig_ask (rig, NEW_WITH_CONTEXT, 1, "123456789012345"), "");
  answer = json_rig_ask (rig, NEW_WITH_CONTEXT, 2, "1234567890123456");
  assert_exception (answer, 2, "max-context", 20);
  assert_lives (rig, 1);
  json_rig_free (rig);
}

/* With its end, the line has as many bytes as are allowed, or one more. */
static void
test_max_message (void)
{
  JsonRig *rig = json_rig_new ("max-message", 100);
  g_autofree char *padding = g_strnfill (100 - strlen ("{\"op\":\"new_analyzer\",\"id\":1}") - 1,
                                         ' ');
  g_autofree char *last = NULL;

  assert_answer (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":1}%s", padding), "");
  assert_lives (rig, 1);
  json_rig_say (rig, "{\"op\":\"new_analyzer\",\"id\":2} %s", padding);
  last = json_rig_wait_for_end (rig);
  assert_exception (last, 0, "max-message", 100);
  json_rig_free (rig);
}

static void
test_max_held (void)
{
  JsonRig *rig = json_rig_new ("max-held", 1000);
  g_autofree char *fits = NULL, *too_much = NULL;

  new_analyzers (rig, 3);
  fits = feed (rig, 1, "hold", 1000);
  g_assert_null (strstr (fits, "exception"));
  too_much = feed (rig, 2, "hold", 1001);
  assert_exception (too_much, 2, "max-held", 1000);
  g_assert_cmpuint (imp_server_get_n_analyzers (rig->server), ==, 2);
  assert_lives (rig, 3);
  json_rig_free (rig);
}

/* The one that holds most is lost, and what it held is not counted any more. */
static void
test_max_held_all (void)
{
  JsonRig *rig = json_rig_new ("max-held-all", 1000);
  g_autofree char *too_much = NULL;

  new_analyzers (rig, 3);
  assert_answer (feed (rig, 1, "hold", 600), "");
  too_much = feed (rig, 2, "hold", 401);
  assert_exception (too_much, 1, "max-held-all", 1000);
  assert_answer (feed (rig, 3, "hold", 400), "");
  assert_lives (rig, 2);
  json_rig_free (rig);
}

static void
test_max_context_all (void)
{
  JsonRig *rig = json_rig_new ("max-context-all", 40);
  g_autofree char *answer = NULL;

  assert_answer (json_rig_ask (rig, NEW_WITH_CONTEXT, 1, "12345678901234567"), "");
  answer = json_rig_ask (rig, NEW_WITH_CONTEXT, 2, "123456789012345678");
  assert_exception (answer, 2, "max-context-all", 40);
  assert_answer (json_rig_ask (rig, NEW_WITH_CONTEXT, 3, "12345678901234567"), "");
  assert_answer (json_rig_ask (rig, "{\"op\":\"delete_analyzer\",\"id\":1}"), "");
  assert_answer (json_rig_ask (rig, NEW_WITH_CONTEXT, 4, "12345678901234567"), "");
  assert_lives (rig, 3);
  json_rig_free (rig);
}

static guint
count (const char *text, const char *word)
{
  guint n = 0;

  while ((text = strstr (text, word)) != NULL)
    {
      text += strlen (word);
      n++;
    }
  return n;
}

typedef struct
{
  JsonRig *rig;
  guint n;
} Replacements;

static char *
dup_received (TestPeer *peer)
{
  const GByteArray *received = peer->received;

  return received->len == 0 ? g_strdup ("")
                            : g_strndup ((const char *) received->data, received->len);
}

static gboolean
got_replacements (gpointer data)
{
  const Replacements *wanted = data;
  g_autofree char *text = dup_received (wanted->rig->client);

  return count (text, "\"replace\"") >= wanted->n && g_str_has_suffix (text, "}\n");
}

/* The answer to a ping overtakes results that wait. */
static char *
ask_for_replacements (JsonRig *rig, guint n, const char *lines)
{
  Replacements wanted = { rig, n };
  char *heard = NULL;

  g_byte_array_set_size (rig->client->received, 0);
  json_rig_say (rig, "%s", lines);
  g_assert_true (test_run_until (got_replacements, &wanted, 5000));
  heard = dup_received (rig->client);
  g_assert_cmpuint (count (heard, "\"replace\""), ==, n);
  g_assert_null (strstr (heard, "exception"));
  return heard;
}

/* Ten answers are more than may wait to be written, ten more than may wait for that. */
static void
test_max_output (void)
{
  JsonRig *rig = json_rig_new ("max-output", 10 * JSON_RIG_BURST);
  g_autofree char *fits = NULL, *too_much = NULL;

  new_analyzers (rig, 3);
  fits = ask_for_replacements (rig, 18,
                               "{\"op\":\"data\",\"id\":1,\"dir\":0,"
                               "\"text\":\"burst6789012345678\"}");
  too_much = feed (rig, 2, "burst", 25);
  assert_exception (too_much, 2, "max-output", 10 * JSON_RIG_BURST);
  g_assert_cmpuint (count (too_much, "\"replace\""), <, 20);
  assert_lives (rig, 1);
  assert_lives (rig, 3);
  g_assert_cmpuint (imp_server_get_n_analyzers (rig->server), ==, 2);
  json_rig_free (rig);
}

/* What many have to say waits apart for each of them, and nothing of it is left out. */
static void
test_output_of_many (void)
{
  JsonRig *rig = json_rig_new ("max-output", 10 * JSON_RIG_BURST);
  g_autofree char *heard = NULL;
  GString *lines = g_string_new (NULL);

  new_analyzers (rig, 8);
  for (guint id = 1; id <= 8; id++)
    g_string_append_printf (lines, "{\"op\":\"data\",\"id\":%u,\"dir\":0,\"text\":\"burst...\"}\n",
                            id);
  heard = ask_for_replacements (rig, 8 * 8, lines->str);
  for (guint id = 1; id <= 8; id++)
    {
      g_autofree char *mine = g_strdup_printf ("\"id\":%u,\"result\":\"replace\"", id);

      g_assert_cmpuint (count (heard, mine), ==, 8);
      assert_lives (rig, id);
    }
  g_string_free (lines, TRUE);
  json_rig_free (rig);
}

/* --- memory --- */

static guint64
get_refusals (JsonRig *rig, const char *reason)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (rig->server);
  g_autoptr (GVariant) refusals = g_variant_lookup_value (statistics, "refusals",
                                                          G_VARIANT_TYPE ("a{st}"));
  guint64 n;

  g_assert_true (g_variant_lookup (refusals, reason, "t", &n));
  return n;
}

static guint64
get_statistic (JsonRig *rig, const char *name)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (rig->server);
  guint64 n;

  g_assert_true (g_variant_lookup (statistics, name, "t", &n));
  return n;
}

static TestPeer *
add_peer (JsonRig *rig)
{
  GIOStream *near;
  g_autoptr (GIOStream) far = NULL;
  TestPeer *peer;

  test_stream_pair (&near, &far);
  g_assert_true (imp_server_add_stream (rig->server, far, NULL));
  peer = test_peer_new (near);
  return peer;
}

static void
say (TestPeer *peer, const char *text)
{
  test_peer_send (peer, text, strlen (text));
}

#define GREETING "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}\n"

/* Of a message that does not end. */
static void
say_much (TestPeer *peer, gsize length)
{
  g_autofree char *text = g_strnfill (length, ' ');

  say (peer, GREETING "{\"op\":\"data\",");
  say (peer, text);
}

static gboolean
got_end (gpointer data)
{
  return ((TestPeer *) data)->got_end;
}

static gboolean
is_refused (gpointer data)
{
  return get_refusals (data, "max-memory") > 0;
}

/* Three clients send messages that do not end: the one that makes it too much is told so. Whoever
 * has little does not notice. */
static void
test_unfinished_messages (void)
{
  const gsize limit = 5 * 1024 * 1024, size = 1536 * 1024;
  JsonRig *rig = json_rig_new ("max-memory", limit);
  TestPeer *peers[3];
  guint n_ended = 0;

  new_analyzers (rig, 1);
  for (guint i = 0; i < 3; i++)
    {
      peers[i] = add_peer (rig);
      say_much (peers[i], size);
    }
  g_assert_true (test_run_until (is_refused, rig, 10000));
  assert_lives (rig, 1);
  for (guint i = 0; i < 3; i++)
    {
      if (test_run_until (got_end, peers[i], 300))
        {
          g_autofree char *text = dup_received (peers[i]);

          assert_exception (text, 0, "max-memory", limit);
          n_ended++;
        }
      test_peer_free (peers[i]);
    }
  g_assert_cmpuint (n_ended, ==, get_refusals (rig, "max-memory"));
  g_assert_cmpuint (n_ended, <, 3);
  g_assert_cmpuint (get_statistic (rig, "memory"), <=, limit);
  json_rig_free (rig);
}

static gboolean
got_exception (gpointer data)
{
  g_autofree char *text = dup_received (data);

  return strstr (text, "\"exception\"") != NULL && g_str_has_suffix (text, "}\n");
}

#define ANNOUNCE(limit)                                                                            \
  "{\"op\":\"set_version\",\"version\":2,\"minimum\":1,\"limits\":{\"max-message\":" #limit "}}\n"

/* What a client does not take is not sent: that ends the analyzer that has said it, and only
 * that. */
static void
test_max_message_of_client (gconstpointer word)
{
  JsonRig *rig = json_rig_new (NULL, 0);
  TestPeer *peer = add_peer (rig);
  g_autofree char *text = g_strnfill (1000, '.');
  g_autofree char *heard = NULL, *line = NULL;

  line = g_strdup_printf ("{\"op\":\"data\",\"id\":7,\"dir\":0,\"text\":\"%s%s\"}\n",
                          (const char *) word, text);
  say (peer, ANNOUNCE (900) "{\"op\":\"new_analyzer\",\"id\":7}\n");
  say (peer, "{\"op\":\"new_analyzer\",\"id\":8}\n");
  say (peer, line);
  g_assert_true (test_run_until (got_exception, peer, 5000));
  heard = dup_received (peer);
  assert_exception (heard, 7, "max-message", 900);
  g_assert_nonnull (strstr (heard, "\"overload\":true"));
  g_assert_null (strstr (heard, "\"replace\""));
  g_assert_cmpuint (imp_server_get_n_analyzers (rig->server), ==, 1);
  g_assert_cmpuint (imp_server_get_n_connections (rig->server), ==, 2);
  test_peer_free (peer);
  json_rig_free (rig);
}

static void
test_min_message_of_client (void)
{
  JsonRig *rig = json_rig_new (NULL, 0);
  TestPeer *fits = add_peer (rig), *too_small = add_peer (rig);
  g_autofree char *heard = NULL;

  say (fits, ANNOUNCE (256));
  say (too_small, ANNOUNCE (255));
  g_assert_true (test_run_until (got_end, too_small, 5000));
  heard = dup_received (too_small);
  assert_exception (heard, 0, "max-message", 255);
  test_peer_free (too_small);
  g_assert_false (fits->got_end);
  test_peer_free (fits);
  json_rig_free (rig);
}

static gboolean
holds_much (gpointer data)
{
  return get_statistic (data, "memory") > 700 * 1024;
}

/* A client whose analyzer hoards pays for another one that wants a little, with that analyzer. */
static void
test_max_memory (void)
{
  const guint limit = 1024 * 1024, piece = 50 * 1024;
  JsonRig *rig = json_rig_new ("max-memory", limit);
  TestPeer *hoarder = add_peer (rig);
  g_autofree char *text = g_strnfill (piece, '.');
  g_autofree char *heard = NULL;

  new_analyzers (rig, 8);
  say (hoarder, GREETING "{\"op\":\"new_analyzer\",\"id\":7}\n");
  say (hoarder, "{\"op\":\"new_analyzer\",\"id\":8}\n");
  for (guint i = 0; i < 14; i++)
    {
      say (hoarder, "{\"op\":\"data\",\"id\":7,\"dir\":0,\"text\":\"hold");
      say (hoarder, text);
      say (hoarder, "\"}\n");
    }
  g_assert_true (test_run_until (holds_much, rig, 5000));
  g_assert_cmpuint (get_refusals (rig, "max-memory"), ==, 0);
  for (guint id = 1; id <= 7; id++)
    assert_answer (feed (rig, id, "hold", piece), "");
  g_assert_true (test_run_until (got_exception, hoarder, 5000));
  heard = dup_received (hoarder);
  assert_exception (heard, 7, "max-memory", limit);
  g_assert_cmpuint (get_refusals (rig, "max-memory"), ==, 1);
  assert_lives (rig, 8);
  g_assert_cmpuint (imp_server_get_n_analyzers (rig->server), ==, 9);
  g_assert_cmpuint (get_statistic (rig, "memory"), <=, limit);
  test_peer_free (hoarder);
  json_rig_free (rig);
}

/* Many analyzers, each with a little: no more of them. */
static void
test_max_memory_of_many (void)
{
  JsonRig *rig = json_rig_new ("max-memory", 16 * 1024);
  g_autofree char *context = g_strnfill (1000, 'x');
  g_autofree char *answer = NULL;

  for (guint id = 1; id <= 8; id++)
    assert_answer (json_rig_ask (rig, NEW_WITH_CONTEXT, id, context), "");
  answer = json_rig_ask (rig, NEW_WITH_CONTEXT, 9, context);
  assert_exception (answer, 9, "max-memory", 16 * 1024);
  assert_answer (json_rig_ask (rig, "{\"op\":\"delete_analyzer\",\"id\":1}"), "");
  assert_answer (json_rig_ask (rig, NEW_WITH_CONTEXT, 10, context), "");
  assert_lives (rig, 10);
  json_rig_free (rig);
}

/* --- times --- */

static gboolean
has_reason (gpointer data)
{
  return ((JsonRig *) data)->reason->len > 0;
}

/* The beginning of a message is not enough. */
static void
test_handshake_timeout (gconstpointer beginning)
{
  JsonRig *rig = json_rig_new ("handshake-timeout", 100);
  g_autoptr (GIOStream) near = NULL, far = NULL;
  gint64 begin = g_get_monotonic_time ();

  test_stream_pair (&near, &far);
  g_assert_true (imp_server_add_stream (rig->server, far, NULL));
  test_stream_write (near, beginning, strlen (beginning));
  g_assert_true (test_run_until (has_reason, rig, 5000));
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 99 * 1000);
  assert_names (rig->reason->str, "handshake-timeout", 100);
  /* A client that has said something may be silent for longer. */
  g_assert_cmpuint (imp_server_get_n_connections (rig->server), ==, 1);
  new_analyzers (rig, 1);
  json_rig_free (rig);
}

/* Also one that comes byte by byte is late. */
static gboolean
drip (gpointer data)
{
  say (data, "x");
  return G_SOURCE_CONTINUE;
}

static void
test_message_timeout (gconstpointer data)
{
  const char *beginning = data;
  JsonRig *rig = json_rig_new ("message-timeout", 200);
  gint64 begin = g_get_monotonic_time ();
  g_autofree char *last = NULL;
  guint source = g_timeout_add (20, drip, rig->client);

  new_analyzers (rig, 1);
  say (rig->client, beginning);
  last = json_rig_wait_for_end (rig);
  g_source_remove (source);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 199 * 1000);
  assert_exception (last, 0, "message-timeout", 200);
  g_assert_cmpuint (get_refusals (rig, "message-timeout"), ==, 1);
  json_rig_free (rig);
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* Silence between messages is no lateness, nor are many messages that are each cut once. */
static void
test_message_in_time (void)
{
  JsonRig *rig = json_rig_new ("message-timeout", 100);
  gboolean over = FALSE;

  new_analyzers (rig, 1);
  for (guint i = 0; i < 12; i++)
    {
      say (rig->client, "{\"op\":");
      over = FALSE;
      g_timeout_add (20, on_timeout, &over);
      g_assert_true (test_run_until (is_true, &over, 5000));
      say (rig->client, "\"pong\",\"token\":1}\n");
    }
  over = FALSE;
  g_timeout_add (250, on_timeout, &over);
  g_assert_true (test_run_until (is_true, &over, 5000));
  assert_lives (rig, 1);
  json_rig_free (rig);
}

static void
note_keepalive (ImpServer *server, GIOStream *stream, gpointer user_data)
{
  GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  int *idle = user_data;

  *idle = 0;
  if (g_socket_get_keepalive (socket))
    g_assert_true (g_socket_get_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, idle, NULL));
}

static gboolean
is_noted (gpointer data)
{
  return *(int *) data >= 0;
}

/* A machine that vanishes says nothing; TCP has to ask. */
static void
test_keepalive (gconstpointer data)
{
  int seconds = GPOINTER_TO_INT (data), idle = -1;
  JsonRig *rig = json_rig_new ("keepalive", seconds * 1000);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  g_signal_connect (rig->server, "connected", G_CALLBACK (note_keepalive), &idle);
  imp_server_listen (rig->server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (rig->server);
  connection = g_socket_client_connect_to_host (client, addresses[0], 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (test_run_until (is_noted, &idle, 5000));
  g_assert_cmpint (idle, ==, seconds);
  json_rig_free (rig);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_true (imp_server_stop_finish (IMP_SERVER (source), result, NULL));
  *(gint64 *) user_data = g_get_monotonic_time ();
}

static gboolean
is_set (gpointer data)
{
  return *(gint64 *) data != 0;
}

static void
test_grace (void)
{
  JsonRig *rig = json_rig_new ("grace", 150);
  gint64 begin = g_get_monotonic_time (), end = 0;

  new_analyzers (rig, 1);
  imp_server_stop_async (rig->server, NULL, on_stopped, &end);
  assert_answer (json_rig_ask (rig, " "), "{\"op\":\"goodbye\",\"message\":\"\"}\n");
  assert_lives (rig, 1);
  g_assert_true (test_run_until (is_set, &end, 5000));
  g_assert_cmpint (end - begin, >=, 149 * 1000);
  assert_names (rig->reason->str, "grace", 150);
  json_rig_free (rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-limits/max-connections", test_max_connections);
  g_test_add_func ("/server-limits/max-analyzers", test_max_analyzers);
  g_test_add_func ("/server-limits/max-context", test_max_context);
  g_test_add_func ("/server-limits/max-message", test_max_message);
  g_test_add_data_func ("/server-limits/max-message/of-client/echo", "echo",
                        test_max_message_of_client);
  g_test_add_data_func ("/server-limits/max-message/of-client/burst", "burst",
                        test_max_message_of_client);
  g_test_add_func ("/server-limits/max-message/of-client/least", test_min_message_of_client);
  g_test_add_func ("/server-limits/max-held", test_max_held);
  g_test_add_func ("/server-limits/max-held-all", test_max_held_all);
  g_test_add_func ("/server-limits/max-context-all", test_max_context_all);
  g_test_add_func ("/server-limits/max-output", test_max_output);
  g_test_add_func ("/server-limits/max-output/many", test_output_of_many);
  g_test_add_func ("/server-limits/max-memory", test_max_memory);
  g_test_add_func ("/server-limits/max-memory/many", test_max_memory_of_many);
  g_test_add_func ("/server-limits/max-memory/unfinished", test_unfinished_messages);
  g_test_add_data_func ("/server-limits/message-timeout/line", "{\"op\":\"pi",
                        test_message_timeout);
  g_test_add_data_func ("/server-limits/message-timeout/behind", "{\"op\":\"pong\"}\n{\"op",
                        test_message_timeout);
  g_test_add_func ("/server-limits/message-timeout/in-time", test_message_in_time);
  g_test_add_data_func ("/server-limits/handshake-timeout/nothing", "", test_handshake_timeout);
  g_test_add_data_func ("/server-limits/handshake-timeout/half", "{\"op\":\"set_ver",
                        test_handshake_timeout);
  g_test_add_data_func ("/server-limits/keepalive/on", GINT_TO_POINTER (20), test_keepalive);
  g_test_add_data_func ("/server-limits/keepalive/off", GINT_TO_POINTER (0), test_keepalive);
  g_test_add_func ("/server-limits/grace", test_grace);
  return g_test_run ();
}
