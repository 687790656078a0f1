/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "datagram-rig.h"

#include <string.h>

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"
#include "test-streams.h"

/* --- analyzers --- */

static gboolean
hold (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset, gint32 data_type,
      GError **error)
{
  return TRUE;
}

/* "drop" goes away, "answer" is answered, "deny", "vanish" and "fail" end it, all else passes. */
static gboolean
do_as_told (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (self);
  const char *text = g_bytes_get_data (data, NULL);
  gint64 end = self->position[direction];

  g_assert_cmpint (data_type, ==, IMP_DATA_TYPE_PACKET);
  if (memcmp (text, "drop", 4) == 0)
    imp_analyzer_replace_bytes (analyzer, direction, end, NULL, 0);
  else if (memcmp (text, "answ", 4) == 0)
    {
      imp_analyzer_replace_bytes (analyzer, direction, end, NULL, 0);
      imp_analyzer_send_back (analyzer, direction, (const guint8 *) "from here", 9);
    }
  else if (memcmp (text, "deny", 4) == 0)
    imp_analyzer_deny (analyzer, direction, "not that");
  else if (memcmp (text, "vani", 4) == 0)
    imp_analyzer_drop (analyzer);
  else if (memcmp (text, "fail", 4) == 0)
    imp_analyzer_fail (analyzer, "it broke");
  else if (memcmp (text, "wait", 4) == 0)
    imp_analyzer_pause (analyzer, direction);
  else
    imp_analyzer_pass_bytes (analyzer, direction, end);
  return TRUE;
}

/* --- what goes through --- */

/* Each as it was sent, up to the largest that there can be. */
static void
test_borders (void)
{
  static const gsize sizes[] = { 1, 2, 512, 1400, 9000, DATAGRAM_RIG_SIZE };
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) sent = test_bytes_pattern (sizes[i]);
      g_autoptr (GBytes) request = NULL, answer = NULL;
      g_autoptr (GSocketAddress) from = NULL;
      g_autoptr (GError) error = NULL;

      datagram_rig_send (client, g_bytes_get_data (sent, NULL), sizes[i]);
      request = datagram_rig_receive (rig.server, &from, 10000);
      g_assert_true (g_bytes_equal (sent, request));
      g_socket_send_to (rig.server, from, g_bytes_get_data (sent, NULL), sizes[i], NULL, &error);
      g_assert_no_error (error);
      answer = datagram_rig_receive (client, NULL, 10000);
      g_assert_true (g_bytes_equal (sent, answer));
    }
  g_assert_cmpuint (rig.analyzers->len, ==, 1);
  g_assert_cmpuint (datagram_rig_count (&rig, "packets-to-clients"), ==, G_N_ELEMENTS (sizes));
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 0);
  datagram_rig_clear (&rig);
}

static void
test_context (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  g_autoptr (GSocketAddress) own = NULL, upstream = NULL;
  g_autofree char *client_port = NULL, *server_port = NULL;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, "127.0.0.9");
  own = datagram_rig_get_address (client);
  datagram_rig_say (client, "x");
  upstream = datagram_rig_expect_request (&rig, "x");
  client_port = g_strdup_printf ("%u",
                                 g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (own)));
  server_port
    = g_strdup_printf ("%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (rig.target)));
  g_assert_cmpstr (g_hash_table_lookup (rig.context, "proto"), ==, "udp");
  g_assert_cmpstr (g_hash_table_lookup (rig.context, "caddr"), ==, "127.0.0.9");
  g_assert_cmpstr (g_hash_table_lookup (rig.context, "cport"), ==, client_port);
  g_assert_cmpstr (g_hash_table_lookup (rig.context, "saddr"), ==, "127.0.0.1");
  g_assert_cmpstr (g_hash_table_lookup (rig.context, "sport"), ==, server_port);
  datagram_rig_clear (&rig);
}

#define N_MANY 50

/* Each gets its own answers, and has a port of its own towards the server. */
static void
test_many (void)
{
  DatagramRig rig;
  GSocket *clients[N_MANY];
  GSocketAddress *from[N_MANY];

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  for (guint i = 0; i < N_MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("request %u", i);

      clients[i] = datagram_rig_connect (&rig, NULL);
      datagram_rig_say (clients[i], text);
      from[i] = datagram_rig_expect_request (&rig, text);
    }
  for (guint i = 0; i < N_MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("answer %u", i);

      datagram_rig_answer (&rig, from[i], text);
      datagram_rig_expect (clients[i], text);
      for (guint j = 0; j < i; j++)
        g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (from[i])), !=,
                          g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (from[j])));
    }
  g_assert_cmpuint (rig.analyzers->len, ==, N_MANY);
  g_assert_cmpuint (imp_datagram_relay_get_n_clients (rig.relay), ==, N_MANY);
  for (guint i = 0; i < N_MANY; i++)
    {
      g_object_unref (clients[i]);
      g_object_unref (from[i]);
    }
  datagram_rig_clear (&rig);
}

/* They are no end of anything, and nobody is asked about them; but who was refused has none. */
static void
test_empty (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  g_autoptr (GSocketAddress) from = NULL;

  datagram_rig_init (&rig, do_as_told, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "");
  from = datagram_rig_expect_request (&rig, "");
  datagram_rig_answer (&rig, from, "");
  datagram_rig_expect (client, "");
  datagram_rig_say (client, "after");
  g_object_unref (datagram_rig_expect_request (&rig, "after"));
  mock_analyzer_expect (rig.analyzers->pdata[0], "0<after/1");
  g_assert_cmpuint (datagram_rig_count (&rig, "packets-empty"), ==, 2);
  datagram_rig_say (client, "deny");
  datagram_rig_say (client, "");
  datagram_rig_wait_count (&rig, "dropped-client", 1);
  datagram_rig_expect_nothing (rig.server);
  datagram_rig_clear (&rig);
}

/* A client hears from the address to which it has spoken, and is another one at another address. */
static void
test_wildcard (void)
{
  DatagramRig rig;
  guint16 port;

  datagram_rig_init (&rig, mock_pass, "0.0.0.0");
  datagram_rig_run (&rig, NULL);
  port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (rig.address));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GSocket) client = datagram_rig_bind ("127.0.0.1", 0);
      g_autoptr (GSocketAddress) to = NULL, from = NULL;

      to = g_inet_socket_address_new_from_string (i == 0 ? "127.0.0.5" : "127.0.0.6", port);
      /* What comes from anywhere else does not get through. */
      g_assert_true (g_socket_connect (client, to, NULL, NULL));
      datagram_rig_say (client, "x");
      from = datagram_rig_expect_request (&rig, "x");
      datagram_rig_answer (&rig, from, "y");
      datagram_rig_expect (client, "y");
    }
  g_assert_cmpuint (imp_datagram_relay_get_n_clients (rig.relay), ==, 2);
  datagram_rig_clear (&rig);
}

/* A socket of IPv6 has clients of both versions. */
static void
test_v6 (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) probe = datagram_rig_bind ("::1", 0);
  guint16 port;

  if (probe == NULL)
    {
      g_test_skip ("this machine has no IPv6");
      return;
    }
  datagram_rig_init (&rig, mock_pass, "::");
  datagram_rig_run (&rig, NULL);
  port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (rig.address));
  for (guint i = 0; i < 2; i++)
    {
      const char *ip = i == 0 ? "::1" : "127.0.0.1";
      g_autoptr (GSocket) client = datagram_rig_bind (ip, 0);
      g_autoptr (GSocketAddress) to = NULL, from = NULL;

      to = g_inet_socket_address_new_from_string (i == 0 ? "::1" : "127.0.0.7", port);
      g_assert_true (g_socket_connect (client, to, NULL, NULL));
      datagram_rig_say (client, "x");
      from = datagram_rig_expect_request (&rig, "x");
      g_assert_cmpstr (g_hash_table_lookup (rig.context, "caddr"), ==, ip);
      datagram_rig_answer (&rig, from, "y");
      datagram_rig_expect (client, "y");
    }
  datagram_rig_clear (&rig);
}

/* --- verdicts --- */

static void
test_verdicts (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  g_autoptr (GSocketAddress) from = NULL;

  datagram_rig_init (&rig, do_as_told, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "drop this");
  datagram_rig_say (client, "answer this");
  datagram_rig_expect (client, "from here");
  datagram_rig_say (client, "pass this");
  from = datagram_rig_expect_request (&rig, "pass this");
  datagram_rig_answer (&rig, from, "drop that");
  datagram_rig_answer (&rig, from, "pass that");
  datagram_rig_expect (client, "pass that");
  g_assert_cmpuint (datagram_rig_count (&rig, "packets-to-server"), ==, 1);
  datagram_rig_clear (&rig);
}

static void
check_refused (const char *word, const char *reason)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL, other = NULL;
  g_autoptr (GSocketAddress) from = NULL;

  datagram_rig_init (&rig, do_as_told, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  other = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "before");
  from = datagram_rig_expect_request (&rig, "before");
  datagram_rig_say (client, word);
  datagram_rig_wait_count (&rig, "clients-denied", 1);
  datagram_rig_say (client, "after");
  datagram_rig_wait_count (&rig, "dropped-client", 1);
  datagram_rig_answer (&rig, from, "too late");
  datagram_rig_expect_nothing (client);
  datagram_rig_say (other, "another");
  g_object_unref (datagram_rig_expect_request (&rig, "another"));
  g_assert_cmpstr (rig.log->str, ==, reason);
  datagram_rig_clear (&rig);
}

static void
test_deny (void)
{
  check_refused ("deny", "Denied by the analyzer: not that");
}

static void
test_drop (void)
{
  check_refused ("vanish", "Dropped by the analyzer");
}

static gboolean
has_second (gpointer data)
{
  DatagramRig *rig = data;

  return rig->analyzers->len > 1;
}

static gboolean
say_again (gpointer socket)
{
  datagram_rig_say (socket, "again");
  return G_SOURCE_CONTINUE;
}

/* Who was denied is forgotten after a while, however much it says: the packet may not have been its
 * own. */
static void
test_denied_idle (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  gint64 began;
  guint timer;

  datagram_rig_init (&rig, do_as_told, "127.0.0.1");
  datagram_rig_run (&rig, "idle-timeout", 200, NULL);
  client = datagram_rig_connect (&rig, NULL);
  began = g_get_monotonic_time ();
  datagram_rig_say (client, "deny");
  timer = g_timeout_add (10, say_again, client);
  g_assert_true (test_run_until (has_second, &rig, 10000));
  g_source_remove (timer);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 200 * 1000);
  g_object_unref (datagram_rig_expect_request (&rig, "again"));
  datagram_rig_clear (&rig);
}

/* What counts is when it was denied, and not when it has sent something before that. */
static void
test_denied_late (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  gint64 denied;
  guint timer;

  datagram_rig_init (&rig, hold, "127.0.0.1");
  datagram_rig_run (&rig, "idle-timeout", 400, NULL);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "x");
  datagram_rig_wait_count (&rig, "packets-from-clients", 1);
  datagram_rig_expect_nothing (rig.server);
  denied = g_get_monotonic_time ();
  imp_analyzer_deny (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_CLIENT, "late");
  datagram_rig_wait_count (&rig, "clients-denied", 1);
  timer = g_timeout_add (10, say_again, client);
  g_assert_true (test_run_until (has_second, &rig, 10000));
  g_source_remove (timer);
  g_assert_cmpint (g_get_monotonic_time () - denied, >=, 400 * 1000);
  datagram_rig_clear (&rig);
}

/* Nothing passes in place of the analyzer; but it is tried again, and not for each packet. */
static void
check_failed (gboolean at_once)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  gint64 began;
  guint timer;

  datagram_rig_init (&rig, do_as_told, "127.0.0.1");
  rig.fails = at_once;
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  began = g_get_monotonic_time ();
  /* They come together. */
  datagram_rig_say (client, "fail");
  datagram_rig_say (client, "after");
  datagram_rig_wait_count (&rig, "clients-failed", 1);
  datagram_rig_wait_count (&rig, "dropped-client", at_once ? 2 : 1);
  g_assert_cmpstr (rig.log->str, ==, at_once ? "none today" : "The analyzer failed: it broke");
  rig.fails = FALSE;
  if (at_once)
    g_ptr_array_add (rig.analyzers, mock_analyzer_new (NULL, NULL));
  timer = g_timeout_add (20, say_again, client);
  g_assert_true (test_run_until (has_second, &rig, 10000));
  g_source_remove (timer);
  g_assert_cmpint (g_get_monotonic_time () - began, >, G_USEC_PER_SEC);
  g_object_unref (datagram_rig_expect_request (&rig, "again"));
  if (at_once)
    imp_analyzer_close (rig.analyzers->pdata[0]);
  datagram_rig_clear (&rig);
}

static void
test_failed (void)
{
  check_failed (FALSE);
}

static void
test_no_analyzer (void)
{
  check_failed (TRUE);
}

static void
test_deadline (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;

  datagram_rig_init (&rig, hold, "127.0.0.1");
  datagram_rig_run (&rig, "deadline", 40, NULL);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "x");
  datagram_rig_wait_count (&rig, "clients-failed", 1);
  g_assert_nonnull (strstr (rig.log->str, "deadline"));
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 0);
  datagram_rig_expect_nothing (rig.server);
  datagram_rig_clear (&rig);
}

/* What comes while the analyzer wants nothing is lost, as in a full buffer. */
static void
test_pause (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;

  datagram_rig_init (&rig, do_as_told, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "wait");
  datagram_rig_say (client, "lost");
  datagram_rig_wait_count (&rig, "dropped-paused", 1);
  imp_analyzer_pass_bytes (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_CLIENT, 4);
  imp_analyzer_resume (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_CLIENT);
  g_object_unref (datagram_rig_expect_request (&rig, "wait"));
  datagram_rig_say (client, "more");
  g_object_unref (datagram_rig_expect_request (&rig, "more"));
  datagram_rig_clear (&rig);
}

/* An answer that no datagram can carry is lost, and counted. */
static gboolean
answer_much (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  g_autofree guint8 *much = g_malloc0 (DATAGRAM_RIG_SIZE + 1);

  imp_analyzer_send_back (IMP_ANALYZER (self), direction, much, DATAGRAM_RIG_SIZE + 1);
  return mock_pass (self, direction, data, offset, data_type, error);
}

static void
test_too_large (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;

  datagram_rig_init (&rig, answer_much, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "x");
  g_object_unref (datagram_rig_expect_request (&rig, "x"));
  g_assert_cmpuint (datagram_rig_count (&rig, "dropped-sending"), ==, 1);
  datagram_rig_clear (&rig);
}

static void
on_result (ImpDatagramRelay *relay, GSocketAddress *client, ImpResult *result, GString *seen)
{
  g_assert_true (G_IS_INET_SOCKET_ADDRESS (client));
  g_string_append (seen, imp_result_get_message (result));
}

static gboolean
log_and_pass (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
              gint32 data_type, GError **error)
{
  imp_analyzer_log (IMP_ANALYZER (self), direction, 0, 1, IMP_LOG_LEVEL_INFO, "seen");
  return mock_pass (self, direction, data, offset, data_type, error);
}

static void
test_results (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  g_autoptr (GString) seen = g_string_new (NULL);
  ImpDatagramRelay *relay;

  datagram_rig_init (&rig, log_and_pass, "127.0.0.1");
  relay = imp_datagram_relay_new (rig.socket, G_SOCKET_CONNECTABLE (rig.target), rig.factory);
  g_signal_connect (relay, "result::log", G_CALLBACK (on_result), seen);
  datagram_rig_start (&rig, relay);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "x");
  g_object_unref (datagram_rig_expect_request (&rig, "x"));
  g_assert_cmpstr (seen->str, ==, "seen");
  datagram_rig_clear (&rig);
}

/* One that says too much has failed. */
static void
check_too_much_said (DatagramRig *rig, const char *limit, guint n)
{
  g_autoptr (GSocket) client = datagram_rig_connect (rig, NULL);

  for (guint i = 0; i < n; i++)
    datagram_rig_say (client, "x");
  datagram_rig_wait_count (rig, "clients-failed", 1);
  g_assert_nonnull (strstr (rig->log->str, limit));
  datagram_rig_clear (rig);
}

static void
test_max_log (void)
{
  DatagramRig rig;

  datagram_rig_init (&rig, log_and_pass, "127.0.0.1");
  datagram_rig_run (&rig, "max-log-size", (guint64) 3, NULL);
  check_too_much_said (&rig, "max-log-size", 1);
  /* Ten times as many may come at once. */
  datagram_rig_init (&rig, log_and_pass, "127.0.0.1");
  datagram_rig_run (&rig, "max-log-rate", 1, NULL);
  check_too_much_said (&rig, "max-log-rate", 12);
}

/* --- ends --- */

static void
test_idle (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, "idle-timeout", 40, NULL);
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "x");
  g_object_unref (datagram_rig_expect_request (&rig, "x"));
  datagram_rig_wait_count (&rig, "clients", 0);
  g_assert_cmpstr (rig.log->str, ==, "idle");
  mock_analyzer_expect (rig.analyzers->pdata[0], "0<x/1 close");
  datagram_rig_clear (&rig);
}

/* Nobody listens; and then somebody does. */
static void
test_unreachable (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL;
  guint16 port;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (rig.target));
  g_clear_object (&rig.server);
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  for (guint i = 1; i <= 3; i++)
    {
      datagram_rig_say (client, "x");
      datagram_rig_wait_count (&rig, "server-unreachable", i);
    }
  rig.server = datagram_rig_bind ("127.0.0.1", port);
  g_assert_nonnull (rig.server);
  datagram_rig_say (client, "y");
  g_object_unref (datagram_rig_expect_request (&rig, "y"));
  g_assert_cmpstr (rig.log->str, ==, "");
  datagram_rig_clear (&rig);
}

/* A name is looked up, and of its addresses the one is found at which somebody listens: nothing is
 * lost by that. */
static void
test_name (void)
{
  g_autoptr (GSocketConnectable) name = NULL;
  g_autoptr (GSocket) client = NULL;
  g_autoptr (GSocketAddress) from = NULL;
  DatagramRig rig;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  name = g_network_address_new_loopback (
    g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (rig.target)));
  datagram_rig_start (&rig, imp_datagram_relay_new (rig.socket, name, rig.factory));
  client = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "x");
  from = datagram_rig_expect_request (&rig, "x");
  datagram_rig_answer (&rig, from, "X");
  datagram_rig_expect (client, "X");
  g_assert_cmpuint (datagram_rig_count (&rig, "server-unreachable"), <=, 1);
  g_assert_cmpuint (datagram_rig_count (&rig, "held-bytes"), ==, 0);
  datagram_rig_say (client, "y");
  g_object_unref (datagram_rig_expect_request (&rig, "y"));
  datagram_rig_clear (&rig);
}

/* No client comes any more, but the one that is there gets its answer. */
static void
test_stop (void)
{
  DatagramRig rig;
  g_autoptr (GSocket) client = NULL, late = NULL;
  g_autoptr (GSocketAddress) from = NULL;

  datagram_rig_init (&rig, hold, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  client = datagram_rig_connect (&rig, NULL);
  late = datagram_rig_connect (&rig, NULL);
  datagram_rig_say (client, "x");
  datagram_rig_wait_count (&rig, "packets-from-clients", 1);
  imp_datagram_relay_stop (rig.relay);
  datagram_rig_say (late, "no");
  datagram_rig_wait_count (&rig, "dropped-client", 1);
  imp_analyzer_pass_bytes (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_CLIENT, 1);
  from = datagram_rig_expect_request (&rig, "x");
  datagram_rig_answer (&rig, from, "y");
  datagram_rig_wait_count (&rig, "packets-from-server", 1);
  imp_analyzer_pass_bytes (rig.analyzers->pdata[0], IMP_DIRECTION_FROM_SERVER, 1);
  datagram_rig_expect (client, "y");
  g_assert_false (rig.done);
  datagram_rig_wait_done (&rig);
  g_assert_no_error (rig.error);
  g_assert_true (g_socket_is_closed (rig.socket));
  datagram_rig_clear (&rig);
}

static void
test_stop_empty (void)
{
  DatagramRig rig;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  datagram_rig_run (&rig, NULL);
  imp_datagram_relay_stop (rig.relay);
  datagram_rig_wait_done (&rig);
  g_assert_no_error (rig.error);
  datagram_rig_clear (&rig);
}

/* --- what cannot be --- */

static void
check_error (DatagramRig *rig, GQuark domain, int code)
{
  datagram_rig_wait_done (rig);
  g_assert_error (rig->error, domain, code);
  datagram_rig_clear (rig);
}

static void
test_socket_errors (void)
{
  g_autoptr (GSocket) unbound = NULL, stream = NULL;
  DatagramRig rig;

  unbound = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT,
                          NULL);
  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  g_set_object (&rig.socket, unbound);
  datagram_rig_run (&rig, NULL);
  check_error (&rig, IMP_ERROR, IMP_ERROR_FAILED);

  stream = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                         NULL);
  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  g_set_object (&rig.socket, stream);
  datagram_rig_run (&rig, NULL);
  check_error (&rig, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
}

static void
test_factory_errors (void)
{
  DatagramRig rig;

  datagram_rig_init (&rig, mock_pass, "127.0.0.1");
  ((void) g_object_unref (rig.factory));
  rig.factory = IMP_FACTORY (
    imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS));
  datagram_rig_run (&rig, NULL);
  check_error (&rig, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/datagram-relay/borders", test_borders);
  g_test_add_func ("/datagram-relay/context", test_context);
  g_test_add_func ("/datagram-relay/many", test_many);
  g_test_add_func ("/datagram-relay/empty", test_empty);
  g_test_add_func ("/datagram-relay/wildcard", test_wildcard);
  g_test_add_func ("/datagram-relay/v6", test_v6);
  g_test_add_func ("/datagram-relay/verdicts", test_verdicts);
  g_test_add_func ("/datagram-relay/deny", test_deny);
  g_test_add_func ("/datagram-relay/drop", test_drop);
  g_test_add_func ("/datagram-relay/denied-idle", test_denied_idle);
  g_test_add_func ("/datagram-relay/denied-late", test_denied_late);
  g_test_add_func ("/datagram-relay/failed", test_failed);
  g_test_add_func ("/datagram-relay/no-analyzer", test_no_analyzer);
  g_test_add_func ("/datagram-relay/deadline", test_deadline);
  g_test_add_func ("/datagram-relay/pause", test_pause);
  g_test_add_func ("/datagram-relay/too-large", test_too_large);
  g_test_add_func ("/datagram-relay/results", test_results);
  g_test_add_func ("/datagram-relay/max-log", test_max_log);
  g_test_add_func ("/datagram-relay/idle", test_idle);
  g_test_add_func ("/datagram-relay/unreachable", test_unreachable);
  g_test_add_func ("/datagram-relay/name", test_name);
  g_test_add_func ("/datagram-relay/stop", test_stop);
  g_test_add_func ("/datagram-relay/stop-empty", test_stop_empty);
  g_test_add_func ("/datagram-relay/socket-errors", test_socket_errors);
  g_test_add_func ("/datagram-relay/factory-errors", test_factory_errors);
  return g_test_run ();
}
