/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a server's modules are, as a client hears of it: from servers of ours, from those that do not
 * tell, from those that lie, and from nobody at all. */
#include "test-raw-server.h"

#include "core/imp-analyzer-private.h"
#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "rpc/client/imp-pool-private.h"
#include "rpc/client/imp-pool-status-private.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"
#include "test-peer.h"
#include "test-streams.h"

#include <string.h>

/* A factory that says of itself what the test wants. */
typedef struct
{
  ImpFactory parent_instance;
  GList *statuses;
} Told;
typedef ImpFactoryClass ToldClass;

GType told_get_type (void);
G_DEFINE_TYPE (Told, told, IMP_TYPE_FACTORY)

static GList *
told_list_statuses (ImpFactory *factory)
{
  return g_list_copy_deep (((Told *) factory)->statuses,
                           (GCopyFunc) (void (*) (void)) imp_factory_status_ref, NULL);
}

static void
told_finalize (GObject *object)
{
  imp_factory_status_list_free (((Told *) object)->statuses);
  G_OBJECT_CLASS (told_parent_class)->finalize (object);
}

static void
told_class_init (ToldClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = told_finalize;
  klass->list_statuses = told_list_statuses;
}

static void
told_init (Told *self)
{
}

static void
told_add (ImpFactory *factory, const char *name, ImpFactoryState state, const char *reason,
          gint64 since, gint64 retry)
{
  Told *self = (Told *) factory;

  self->statuses = g_list_append (self->statuses,
                                  imp_factory_status_new (name, state, reason, since, retry));
}

/* Without the times, which are the machine's, and the addresses. */
static char *
format_statuses (GList *statuses, const char *address)
{
  GString *text = g_string_new (NULL);

  for (GList *l = statuses; l != NULL; l = l->next)
    {
      g_autoptr (ImpFactoryStatus) plain = imp_factory_status_new (
        imp_factory_status_get_name (l->data), imp_factory_status_get_state (l->data),
        imp_factory_status_get_reason (l->data), -1, -1);
      g_autofree char *line = imp_factory_status_to_string (plain);

      g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", line);
    }
  if (address != NULL)
    g_string_replace (text, address, "ADDRESS", 0);
  return g_string_free (text, FALSE);
}

typedef struct
{
  GList *statuses;
  gboolean answered;
} Answer;

static void
answer_clear (Answer *self)
{
  imp_factory_status_list_free (self->statuses);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  g_autoptr (GError) error = NULL;

  answer->statuses = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, &error);
  g_assert_no_error (error);
  answer->answered = TRUE;
}

static void
answer_wait (Answer *self)
{
  while (!self->answered)
    g_main_context_iteration (NULL, TRUE);
}

#define LONG 60000 /* ms that are never over */

static void
assert_statuses (ImpRemoteFactory *remote, const char *address, const char *expected)
{
  g_auto (Answer) answer = { NULL };
  g_autofree char *text = NULL;

  imp_factory_query_statuses_async (IMP_FACTORY (remote), LONG, NULL, on_statuses, &answer);
  answer_wait (&answer);
  text = format_statuses (answer.statuses, address);
  g_assert_cmpstr (text, ==, expected);
}

/* The same, as far as it is known without asking. */
static void
assert_listed (ImpRemoteFactory *remote, const char *address, const char *expected)
{
  g_auto (Answer) answer = { imp_factory_list_statuses (IMP_FACTORY (remote)), TRUE };
  g_autofree char *text = format_statuses (answer.statuses, address);

  g_assert_cmpstr (text, ==, expected);
}

static ImpServer *
serve (ImpFactory *factory, char **address)
{
  ImpServer *server = imp_server_new (factory);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  imp_server_listen (server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (server);
  *address = g_strdup (addresses[0]);
  return server;
}

static ImpRemoteFactory *
reach (const char *address)
{
  g_autoptr (GError) error = NULL;
  ImpRemoteFactory *remote = imp_remote_factory_new (address, &error);

  g_assert_no_error (error);
  return remote;
}

static void
stop (ImpServer *server)
{
  imp_server_close (server);
  g_object_unref (server);
}

/* Everything that there is to say comes over the wire, in each format. */
static void
test_told (gconstpointer codec)
{
  g_autoptr (ImpFactory) factory = g_object_new (told_get_type (), NULL);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autofree char *address = NULL;
  g_auto (Answer) answer = { NULL };
  ImpServer *server = serve (factory, &address);
  ImpFactoryStatus *second;

  remote = reach (address);
  g_object_set (remote, "codec", codec, NULL);
  assert_listed (remote, address, "ADDRESS: restarting: there is no connection yet");
  assert_statuses (remote, address, "Told: up");
  assert_listed (remote, address, "ADDRESS: up");

  told_add (factory, "a", IMP_FACTORY_STATE_UP, NULL, 12345678901234, -1);
  told_add (factory, "b", IMP_FACTORY_STATE_RESTARTING, "gr\xc3\xbc\xc3\x9f\n\x1b[1m", 5, 0);
  told_add (factory, "c", IMP_FACTORY_STATE_UNUSABLE, "", -1, 700);
  imp_factory_query_statuses_async (IMP_FACTORY (remote), LONG, NULL, on_statuses, &answer);
  answer_wait (&answer);
  g_assert_cmpuint (g_list_length (answer.statuses), ==, 3);
  g_assert_cmpint (imp_factory_status_get_since (answer.statuses->data), ==, 12345678901234);
  g_assert_cmpint (imp_factory_status_get_retry (answer.statuses->data), ==, -1);
  g_assert_null (imp_factory_status_get_reason (answer.statuses->data));
  second = answer.statuses->next->data;
  g_assert_cmpint (imp_factory_status_get_state (second), ==, IMP_FACTORY_STATE_RESTARTING);
  g_assert_cmpstr (imp_factory_status_get_reason (second), ==, "gr\xc3\xbc\xc3\x9f\\x0a\\x1b[1m");
  g_assert_cmpint (imp_factory_status_get_retry (second), ==, 0);
  g_assert_cmpint (imp_factory_status_get_since (answer.statuses->next->next->data), ==, -1);
  g_assert_cmpint (imp_factory_status_get_retry (answer.statuses->next->next->data), ==, 700);
  stop (server);
}

/* Each question is answered by another state. */
typedef struct
{
  Told parent_instance;
  guint n_asked;
} Moody;
typedef ImpFactoryClass MoodyClass;

GType moody_get_type (void);
G_DEFINE_TYPE (Moody, moody, told_get_type ())

static GList *
moody_list_statuses (ImpFactory *factory)
{
  static const ImpFactoryState states[] = { IMP_FACTORY_STATE_UP, IMP_FACTORY_STATE_UNUSABLE,
                                            IMP_FACTORY_STATE_RESTARTING };
  guint n = ((Moody *) factory)->n_asked++;

  return imp_factory_status_list_new (
    imp_factory_status_new ("moody", states[n % G_N_ELEMENTS (states)], NULL, -1, -1));
}

static void
moody_class_init (MoodyClass *klass)
{
  klass->list_statuses = moody_list_statuses;
}

static void
moody_init (Moody *self)
{
}

/* All connections to a server are asked, and the worst answer counts. */
static void
test_connections (void)
{
  g_autoptr (ImpFactory) factory = g_object_new (moody_get_type (), NULL);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autofree char *address = NULL;
  ImpServer *server = serve (factory, &address);

  remote = reach (address);
  g_object_set (remote, "connections", 3, NULL);
  assert_statuses (remote, NULL, "moody: unusable");
  g_assert_cmpuint (((Moody *) factory)->n_asked, ==, 3);
  stop (server);
}

static void
on_pool_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  g_autoptr (GError) error = NULL;

  answer->statuses = g_task_propagate_pointer (G_TASK (result), &error);
  g_assert_no_error (error);
  answer->answered = TRUE;
}

/* Where all servers have gone, it is said at once that there is none. */
static void
test_all_gone (void)
{
  ImpPool *pool = imp_pool_new (g_main_context_default (), NULL, NULL, NULL, NULL);
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, "closed");

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GSocketConnectable) target = g_network_address_new ("localhost", 1 + i);
      g_autofree char *name = g_strdup_printf ("server-%u", i);
      const ImpPoolServer server = { .target = target, .name = name, .group = 1 };

      imp_pool_add_server (pool, &server, 1);
    }
  imp_pool_set_group (pool, 1, NULL, 0, 1);
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Answer) answer = { NULL };
      g_autofree char *text = NULL;

      if (i == 0)
        imp_pool_status_start (pool, g_main_context_default (), NULL, LONG,
                               g_task_new (NULL, NULL, on_pool_statuses, &answer));
      else
        answer = (Answer){ imp_pool_status_look (pool, NULL), TRUE };
      while (!answer.answered && g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_true (answer.answered);
      text = format_statuses (answer.statuses, NULL);
      g_assert_cmpstr (text, ==, "servers: unusable: there is no server any more");
    }
  imp_pool_close (pool, error);
  imp_pool_free (pool);
}

/* Through two servers to a third one, and what is said where one of them is gone. */
static void
test_chain (void)
{
  g_autoptr (ImpFactory) last = g_object_new (told_get_type (), NULL);
  g_autoptr (ImpRemoteFactory) inner = NULL, outer = NULL, remote = NULL;
  g_autofree char *inner_address = NULL, *outer_address = NULL, *address = NULL;
  g_autofree char *expected = NULL, *gone = NULL;
  ImpServer *servers[3];

  servers[0] = serve (last, &inner_address);
  inner = reach (inner_address);
  imp_factory_set_name (IMP_FACTORY (inner), "remote");
  g_object_set (inner, "reconnect", FALSE, NULL);
  servers[1] = serve (IMP_FACTORY (inner), &outer_address);
  outer = reach (outer_address);
  imp_factory_set_name (IMP_FACTORY (outer), "remote");
  servers[2] = serve (IMP_FACTORY (outer), &address);
  remote = reach (address);

  told_add (last, "x", IMP_FACTORY_STATE_UNUSABLE, "out of luck", -1, -1);
  told_add (last, "y", IMP_FACTORY_STATE_UP, NULL, -1, -1);
  expected = g_strdup_printf ("remote %s: remote %s: x: unusable: out of luck; "
                              "remote %s: remote %s: y: up",
                              outer_address, inner_address, outer_address, inner_address);
  assert_statuses (remote, NULL, expected);

  /* The last one is gone, and nobody tries to reach it again by itself. */
  stop (servers[0]);
  while (imp_remote_factory_get_state (inner) == IMP_REMOTE_STATE_READY)
    g_main_context_iteration (NULL, TRUE);
  gone = g_strdup_printf ("remote %s: remote %s: unusable: ", outer_address, inner_address);
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Answer) answer = { NULL };
      g_autofree char *text = NULL;

      imp_factory_query_statuses_async (IMP_FACTORY (remote), LONG, NULL, on_statuses, &answer);
      answer_wait (&answer);
      text = format_statuses (answer.statuses, NULL);
      g_assert_true (g_str_has_prefix (text, gone));
    }
  stop (servers[1]);
  stop (servers[2]);
}

/* One that is away is being looked for; once it is back, the next question finds it. */
static void
test_away (void)
{
  g_autoptr (ImpFactory) factory = g_object_new (told_get_type (), NULL);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;
  ImpServer *server = serve (factory, &address);
  g_auto (Answer) away = { NULL }, closed = { NULL };
  ImpFactoryStatus *status;

  remote = reach (address);
  g_object_set (remote, "reconnect-min", 3600000, "reconnect-max", 3600000, NULL);
  assert_statuses (remote, address, "Told: up");
  stop (server);
  while (imp_remote_factory_get_state (remote) != IMP_REMOTE_STATE_DOWN)
    g_main_context_iteration (NULL, TRUE);
  /* The last attempt is too recent for another one. */
  imp_factory_query_statuses_async (IMP_FACTORY (remote), LONG, NULL, on_statuses, &away);
  answer_wait (&away);
  status = away.statuses->data;
  g_assert_cmpstr (imp_factory_status_get_name (status), ==, address);
  g_assert_cmpint (imp_factory_status_get_state (status), ==, IMP_FACTORY_STATE_RESTARTING);
  g_assert_nonnull (imp_factory_status_get_reason (status));
  g_assert_cmpint (imp_factory_status_get_since (status), >=, 0);
  g_assert_cmpint (imp_factory_status_get_retry (status), >=, 0);

  server = imp_server_new (factory);
  imp_server_listen (server, address, &error);
  g_assert_no_error (error);
  g_object_set (remote, "reconnect-min", 1, NULL);
  g_usleep (2000);
  assert_statuses (remote, address, "Told: up");

  imp_remote_factory_close (remote);
  imp_factory_query_statuses_async (IMP_FACTORY (remote), LONG, NULL, on_statuses, &closed);
  answer_wait (&closed);
  status = closed.statuses->data;
  g_assert_cmpint (imp_factory_status_get_state (status), ==, IMP_FACTORY_STATE_UNUSABLE);
  g_assert_cmpstr (imp_factory_status_get_reason (status), ==, "the remote factory was closed");
  g_assert_cmpint (imp_factory_status_get_retry (status), ==, -1);
  stop (server);
}

/* --- servers that are not ours --- */

typedef struct
{
  TestRaw *server;
  ImpRemoteFactory *remote;
  Answer answer;
} RawRig;

/* @features: as they stand in set_version. */
static RawRig *
raw_rig_new (guint version, const char *features)
{
  RawRig *self = g_new0 (RawRig, 1);

  self->server = test_raw_new ();
  self->remote = reach (self->server->address);
  g_object_set (self->remote, "codec", "json", NULL);
  imp_factory_query_statuses_async (IMP_FACTORY (self->remote), LONG, NULL, on_statuses,
                                    &self->answer);
  test_raw_accept (self->server);
  test_raw_expect (self->server, "set_version", 1);
  test_raw_say (self->server, "{\"op\":\"set_version\",\"version\":%u,\"features\":[%s]}", version,
                features);
  return self;
}

static void
raw_rig_assert (RawRig *self, const char *expected)
{
  g_autofree char *text = NULL;

  answer_wait (&self->answer);
  text = format_statuses (self->answer.statuses, self->server->address);
  g_assert_cmpstr (text, ==, expected);
}

static void
raw_rig_free (RawRig *self)
{
  g_object_unref (self->remote);
  test_raw_free (self->server);
  answer_clear (&self->answer);
  g_free (self);
}

/* Nobody is asked that would not understand it. */
static void
test_not_told (void)
{
  static const struct
  {
    guint version;
    const char *features;
  } cases[] = { { 1, "" }, { 1, "\"status\"" }, { 2, "" }, { 2, "\"end\",\"statuses\"" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      RawRig *rig = raw_rig_new (cases[i].version, cases[i].features);

      raw_rig_assert (rig, "ADDRESS: up: the server does not tell of its modules");
      g_assert_null (strstr (rig->server->heard->str, "get_status"));
      raw_rig_free (rig);
    }
}

static void
test_answers (void)
{
  RawRig *rig = raw_rig_new (2, "\"status\"");

  test_raw_expect (rig->server, "{\"op\":\"get_status\",\"token\":1,\"timeout\":", 1);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"status\":{\"name\":\"a\","
                             "\"state\":\"up\",\"since\":\"soon\",\"later\":\"x\"},\"more\":true}");
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"status\":{\"name\":\"b\","
                             "\"state\":\"dizzy\",\"reason\":\"r\"},\"more\":true}");
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"more\":false}");
  raw_rig_assert (rig, "a: up; b: unusable: its state is \"dizzy\", which is not known here; "
                       ": unusable: its state is \"\", which is not known here");
  raw_rig_free (rig);
}

/* A question goes behind the analyzers that were there before, also where these wait for others,
 * and does not wait for those that come later. */
static void
test_behind_analyzers (void)
{
  RawRig *rig = raw_rig_new (2, "\"status\"");
  g_autoptr (GBytes) piece = test_bytes_pattern (100000);
  ImpAnalyzer *analyzers[3] = { NULL };
  g_auto (Answer) second = { NULL };
  const char *asked;

  test_raw_expect (rig->server, "get_status", 1);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"status\":{\"state\":\"up\"}}");
  raw_rig_assert (rig, ": up");
  for (guint i = 0; i < 3; i++)
    {
      analyzers[i] = imp_factory_create_analyzer (IMP_FACTORY (rig->remote), NULL, NULL);
      g_assert_nonnull (analyzers[i]);
      while (i == 0 && !imp_analyzer_peek_marks (analyzers[0], 0)->paused)
        imp_analyzer_data (analyzers[0], IMP_DIRECTION_FROM_CLIENT, piece, 0, IMP_DATA_TYPE_STREAM);
      if (i == 1)
        imp_factory_query_statuses_async (IMP_FACTORY (rig->remote), LONG, NULL, on_statuses,
                                          &second);
    }
  test_raw_expect (rig->server, "{\"op\":\"new_analyzer\"", 3);
  asked = g_strrstr (rig->server->heard->str, "get_status");
  g_assert_nonnull (strstr (rig->server->heard->str, "\"id\":2"));
  g_assert_true (strstr (rig->server->heard->str, "\"id\":2") < asked);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":2,\"status\":{\"state\":\"up\"}}");
  answer_wait (&second);
  for (guint i = 0; i < 3; i++)
    {
      imp_analyzer_close (analyzers[i]);
      g_object_unref (analyzers[i]);
    }
  raw_rig_free (rig);
}

/* In any order; each has its own. */
static void
test_mixed (void)
{
  RawRig *rig = raw_rig_new (2, "\"status\"");
  g_auto (Answer) second = { NULL };
  g_autofree char *text = NULL;

  test_raw_expect (rig->server, "get_status", 1);
  imp_factory_query_statuses_async (IMP_FACTORY (rig->remote), LONG, NULL, on_statuses, &second);
  test_raw_expect (rig->server, "get_status", 2);
  for (guint token = 2; token > 0; token--)
    test_raw_say (rig->server,
                  "{\"op\":\"status\",\"token\":%u,\"status\":{\"name\":\"%u\",\"state\":\"up\"},"
                  "\"more\":true}",
                  token, token);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":2,\"status\":{\"state\":\"up\"}}");
  answer_wait (&second);
  g_assert_false (rig->answer.answered);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"status\":{\"state\":\"up\"}}");
  raw_rig_assert (rig, "1: up; : up");
  text = format_statuses (second.statuses, NULL);
  g_assert_cmpstr (text, ==, "2: up; : up");
  raw_rig_free (rig);
}

/* What was never asked for, and what has no end, cost the connection. */
static void
test_malformed (void)
{
  for (guint i = 0; i < 3; i++)
    {
      RawRig *rig = raw_rig_new (2, "\"status\"");

      test_raw_expect (rig->server, "get_status", 1);
      if (i < 2)
        test_raw_say (rig->server, "{\"op\":\"status\",\"token\":%u}", i == 0 ? 0 : 2);
      for (guint n = 0; i == 2 && n < 257; n++)
        test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"more\":true}");
      answer_wait (&rig->answer);
      g_assert_cmpint (imp_factory_status_get_state (rig->answer.statuses->data), ==,
                       IMP_FACTORY_STATE_RESTARTING);
      g_assert_nonnull (strstr (imp_factory_status_get_reason (rig->answer.statuses->data),
                                i < 2 ? "which never was" : "more than 256"));
      raw_rig_free (rig);
    }
}

/* A server that says nothing, and says it too late; it is still of use for all else. */
static void
test_late (void)
{
  RawRig *rig = raw_rig_new (2, "\"status\"");
  g_auto (Answer) late = { NULL }, last = { NULL };
  g_autofree char *late_text = NULL, *last_text = NULL;

  test_raw_expect (rig->server, "get_status", 1);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"status\":{\"state\":\"up\"}}");
  raw_rig_assert (rig, ": up");

  imp_factory_query_statuses_async (IMP_FACTORY (rig->remote), 50, NULL, on_statuses, &late);
  answer_wait (&late);
  late_text = format_statuses (late.statuses, rig->server->address);
  g_assert_cmpstr (late_text, ==,
                   "ADDRESS: unusable: no answer to the question for its status within 50 ms");
  test_raw_expect (rig->server, "\"token\":2,\"timeout\":50}", 1);

  imp_factory_query_statuses_async (IMP_FACTORY (rig->remote), LONG, NULL, on_statuses, &last);
  test_raw_expect (rig->server, "get_status", 3);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":2,\"status\":{\"state\":\"up\"}}");
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":3,\"status\":{\"state\":\"up\"}}");
  answer_wait (&last);
  last_text = format_statuses (last.statuses, NULL);
  g_assert_cmpstr (last_text, ==, ": up");
  raw_rig_free (rig);
}

/* There is a connection, or none, and nothing comes. */
static void
test_no_greeting (void)
{
  TestBlackHole *hole = test_black_hole_new (TRUE);
  TestRaw *mute = test_raw_new ();
  const char *addresses[] = { hole->address, mute->address };

  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (ImpRemoteFactory) remote = reach (addresses[i]);
      g_auto (Answer) answer = { NULL };
      g_autofree char *text = NULL;

      imp_factory_query_statuses_async (IMP_FACTORY (remote), 100, NULL, on_statuses, &answer);
      answer_wait (&answer);
      text = format_statuses (answer.statuses, addresses[i]);
      g_assert_cmpstr (text, ==, "ADDRESS: restarting: no connection within 100 ms");
    }
  test_raw_free (mute);
  test_black_hole_free (hole);
}

/* The connection is lost while the question is under way. */
static void
test_lost (void)
{
  RawRig *rig = raw_rig_new (2, "\"status\"");

  test_raw_expect (rig->server, "get_status", 1);
  test_raw_stop_listening (rig->server);
  test_raw_say (rig->server, "{\"op\":\"status\",\"token\":1,\"more\":true}");
  test_raw_hang_up (rig->server, FALSE);
  raw_rig_assert (rig, "ADDRESS: restarting: The peer closed the connection");
  raw_rig_free (rig);
}

/* --- clients that are not ours --- */

static char *
ask_server (ImpFactory *factory, guint max_message, const char *question)
{
  g_autofree char *address = NULL;
  ImpServer *server = serve (factory, &address);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) stream = NULL;
  g_autoptr (TestPeer) peer = NULL;
  g_autofree char *text = NULL;
  char *answer;

  stream = g_socket_client_connect_to_host (client, address, 0, NULL, &error);
  g_assert_no_error (error);
  peer = test_peer_new (G_IO_STREAM (g_steal_pointer (&stream)));
  text = g_strdup_printf ("{\"op\":\"set_version\",\"version\":2,\"limits\":{\"max-message\":%u}}\n"
                          "%s\n",
                          max_message, question);
  test_peer_send (peer, text, strlen (text));
  do
    {
      g_main_context_iteration (NULL, TRUE);
      g_byte_array_append (peer->received, (const guint8 *) "", 1);
      answer = strstr ((const char *) peer->received->data, "{\"op\":\"status\"");
      g_byte_array_set_size (peer->received, peer->received->len - 1);
    }
  while (answer == NULL || strstr (answer, "\"more\":false}\n") == NULL);
  answer = g_strndup (answer,
                      peer->received->len - (answer - (const char *) peer->received->data) - 1);
  test_peer_close (peer);
  stop (server);
  return answer;
}

/* A client that does not take much hears what matters, and loses nothing else. */
static void
test_small_client (void)
{
  g_autoptr (ImpFactory) factory = g_object_new (told_get_type (), NULL);
  g_autofree char *reason = g_strnfill (10000, 'r'), *shown = g_strnfill (512, 'r');
  g_autofree char *small = NULL, *large = NULL, *expected = NULL;

  told_add (factory, "a", IMP_FACTORY_STATE_UNUSABLE, reason, 1, 2);
  told_add (factory, "b", IMP_FACTORY_STATE_UP, NULL, -1, -1);
  small = ask_server (factory, 256, "{\"op\":\"get_status\",\"token\":9007199254740991}");
  g_assert_cmpstr (small, ==,
                   "{\"op\":\"status\",\"token\":9007199254740991,\"status\":{\"state\":"
                   "\"unusable\"},\"more\":true}\n"
                   "{\"op\":\"status\",\"token\":9007199254740991,\"status\":{\"name\":\"b\","
                   "\"state\":\"up\"},\"more\":false}");
  large = ask_server (factory, 65536, "{\"op\":\"get_status\"}");
  expected = g_strdup_printf ("{\"op\":\"status\",\"token\":0,\"status\":{\"name\":\"a\",\"state\":"
                              "\"unusable\",\"reason\":\"%s... (9488 bytes more)\",\"since\":\"1\","
                              "\"retry\":\"2\"},\"more\":true}\n"
                              "{\"op\":\"status\",\"token\":0,\"status\":{\"name\":\"b\","
                              "\"state\":\"up\"},\"more\":false}",
                              shown);
  g_assert_cmpstr (large, ==, expected);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/status/told/cbor", "cbor", test_told);
  g_test_add_data_func ("/status/told/json", "json", test_told);
  g_test_add_func ("/status/chain", test_chain);
  g_test_add_func ("/status/connections", test_connections);
  g_test_add_func ("/status/all-gone", test_all_gone);
  g_test_add_func ("/status/away", test_away);
  g_test_add_func ("/status/not-told", test_not_told);
  g_test_add_func ("/status/answers", test_answers);
  g_test_add_func ("/status/behind-analyzers", test_behind_analyzers);
  g_test_add_func ("/status/mixed", test_mixed);
  g_test_add_func ("/status/malformed", test_malformed);
  g_test_add_func ("/status/late", test_late);
  g_test_add_func ("/status/no-greeting", test_no_greeting);
  g_test_add_func ("/status/lost", test_lost);
  g_test_add_func ("/status/small-client", test_small_client);
  return g_test_run ();
}
