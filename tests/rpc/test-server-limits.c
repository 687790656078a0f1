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

/* What a lost analyzer held is not counted any more. */
static void
test_max_held_all (void)
{
  JsonRig *rig = json_rig_new ("max-held-all", 1000);
  g_autofree char *too_much = NULL;

  new_analyzers (rig, 3);
  assert_answer (feed (rig, 1, "hold", 600), "");
  too_much = feed (rig, 2, "hold", 401);
  assert_exception (too_much, 2, "max-held-all", 1000);
  assert_answer (feed (rig, 3, "hold", 400), "");
  assert_lives (rig, 1);
  json_rig_free (rig);
}

static gboolean
has_line (gpointer data)
{
  TestPeer *client = data;

  return client->received->len > 0 && client->received->data[client->received->len - 1] == '\n';
}

#define ECHO "{\"op\":\"data\",\"id\":1,\"dir\":0,\"text\":\"echo%0400d\"}", 0

/* How long the answer is. */
static guint
measure_echo (void)
{
  JsonRig *rig = json_rig_new (NULL, 0);
  g_autofree char *answer = NULL;

  new_analyzers (rig, 1);
  answer = json_rig_ask (rig, ECHO);
  json_rig_free (rig);
  return strlen (answer);
}

/* What one answer takes may just wait; one byte more ends the connection. */
static void
test_max_output (void)
{
  guint length = measure_echo ();
  JsonRig *fits = json_rig_new ("max-output", length);
  JsonRig *too_small = json_rig_new ("max-output", length - 1);
  g_autofree char *nothing = NULL;

  new_analyzers (fits, 1);
  g_byte_array_set_size (fits->client->received, 0);
  json_rig_say (fits, ECHO);
  g_assert_true (test_run_until (has_line, fits->client, 10000));
  g_assert_cmpuint (fits->client->received->len, ==, length);

  new_analyzers (too_small, 1);
  g_byte_array_set_size (too_small->client->received, 0);
  json_rig_say (too_small, ECHO);
  nothing = json_rig_wait_for_end (too_small);
  g_assert_cmpstr (nothing, ==, "");
  assert_names (too_small->reason->str, "max-output", length - 1);
  json_rig_free (fits);
  json_rig_free (too_small);
}

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
  g_test_add_func ("/server-limits/max-held", test_max_held);
  g_test_add_func ("/server-limits/max-held-all", test_max_held_all);
  g_test_add_func ("/server-limits/max-output", test_max_output);
  g_test_add_data_func ("/server-limits/handshake-timeout/nothing", "", test_handshake_timeout);
  g_test_add_data_func ("/server-limits/handshake-timeout/half", "{\"op\":\"set_ver",
                        test_handshake_timeout);
  g_test_add_data_func ("/server-limits/keepalive/on", GINT_TO_POINTER (20), test_keepalive);
  g_test_add_data_func ("/server-limits/keepalive/off", GINT_TO_POINTER (0), test_keepalive);
  g_test_add_func ("/server-limits/grace", test_grace);
  return g_test_run ();
}
