/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers that DNS has for a service (srv:). */
#include "json-rig.h"
#include "name-resolver.h"
#include "test-outcome.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "core/imp-type-factory.h"
#include "rpc/client/imp-pool-settings-private.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#include <string.h>

#define SERVICE "srv:" NAME_RESOLVER_SERVICE
#define TIMEOUT 10000

static ImpServer *
serve (char **address)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (imp_type_factory_new (
    json_rig_analyzer_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  ImpServer *server = imp_server_new (factory);
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;

  imp_server_listen (server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (server);
  *address = g_strdup (addresses[0]);
  return server;
}

static guint64
count_connections (ImpServer *server)
{
  g_autoptr (GVariant) all = imp_server_get_statistics (server);
  guint64 n;

  g_assert_true (g_variant_lookup (all, "live-connections", "t", &n));
  return n;
}

typedef struct
{
  ImpServer *server;
  guint64 wanted;
} Wanted;

static gboolean
has_connections (gpointer data)
{
  Wanted *wanted = data;

  return count_connections (wanted->server) == wanted->wanted;
}

static gboolean
look_again (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
expect_connections (ImpServer *server, guint64 n)
{
  Wanted wanted = { server, n };
  guint timer = g_timeout_add (5, look_again, NULL);

  g_assert_true (test_run_until (has_connections, &wanted, TIMEOUT));
  g_source_remove (timer);
}

static void
stop (ImpServer **server)
{
  imp_server_close (*server);
  g_assert_finalize_object (g_steal_pointer (server));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  imp_remote_factory_connect_finish (IMP_REMOTE_FACTORY (source), result, user_data);
}

static ImpRemoteFactory *
connect_to_service (guint connections)
{
  ImpRemoteFactory *remote = g_object_new (IMP_TYPE_REMOTE_FACTORY, "address", SERVICE, NULL);

  g_object_set (remote, "connections", connections, "refresh", 20, "reconnect-min", 10,
                "reconnect-max", 50, NULL);
  imp_remote_factory_connect_async (remote, NULL, on_connected, NULL);
  return remote;
}

static gint64
count_analyzers (ImpServer *server)
{
  g_autoptr (GVariant) all = imp_server_get_statistics (server);
  guint64 n;

  g_assert_true (g_variant_lookup (all, "analyzers", "t", &n));
  return n;
}

/* Waits for its verdict, or its outcome: a server that has just gone may not be known to have. */
static TestOutcome *
add (ImpRemoteFactory *remote)
{
  g_autoptr (GError) error = NULL;
  TestOutcome *outcome = test_outcome_new (
    imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, &error));

  g_assert_no_error (error);
  imp_analyzer_data_bytes (outcome->analyzer, 0, (const guint8 *) "hello", 5, 0,
                           IMP_DATA_TYPE_STREAM);
  while (strstr (outcome->text->str, "pass dir=0") == NULL && !test_outcome_is_resolved (outcome))
    g_main_context_iteration (NULL, TRUE);
  return outcome;
}

/* As many as it takes, until one comes to @server. */
static void
add_until (ImpRemoteFactory *remote, ImpServer *server)
{
  gint64 before = count_analyzers (server);
  guint timer = g_timeout_add (5, look_again, NULL);

  while (count_analyzers (server) == before)
    {
      test_outcome_free (add (remote));
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (timer);
}

/* What comes first waits for a connection to any of them, and then each is used. */
static void
test_all (void)
{
  g_autoptr (NameResolver) resolver = name_resolver_use ("");
  g_autofree char *first_address = NULL, *second_address = NULL, *servers = NULL;
  ImpServer *first = serve (&first_address), *second = serve (&second_address);
  ImpRemoteFactory *remote;

  servers = g_strjoin (" ", first_address, second_address, NULL);
  name_resolver_set_servers (resolver, servers);
  name_resolver_set_priority (resolver, 0);
  remote = connect_to_service (1);
  test_outcome_free (add (remote));
  add_until (remote, first);
  add_until (remote, second);
  expect_connections (first, 1);
  expect_connections (second, 1);
  g_assert_finalize_object (remote);
  stop (&first);
  stop (&second);
}

/* The first one that can be used; and when that goes, the next one, until it is back. */
static void
test_order (void)
{
  g_autoptr (NameResolver) resolver = name_resolver_use ("");
  g_autofree char *first_address = NULL, *second_address = NULL, *servers = NULL;
  ImpServer *first = serve (&first_address), *second = serve (&second_address);
  ImpRemoteFactory *remote;
  gint64 before;

  servers = g_strjoin (" ", first_address, second_address, NULL);
  name_resolver_set_servers (resolver, servers);
  remote = connect_to_service (2);
  expect_connections (first, 2);
  expect_connections (second, 2);
  before = count_analyzers (second);
  for (guint i = 0; i < 20; i++)
    test_outcome_free (add (remote));
  g_assert_cmpint (count_analyzers (second), ==, before);
  stop (&first);
  add_until (remote, second);
  g_assert_finalize_object (remote);
  stop (&second);
}

/* One that is not among them any more finishes what it has, and is left then. */
static void
test_moves (void)
{
  g_autoptr (NameResolver) resolver = name_resolver_use ("");
  g_autofree char *first_address = NULL, *second_address = NULL;
  ImpServer *first = serve (&first_address), *second = serve (&second_address);
  ImpRemoteFactory *remote;
  TestOutcome *outcome;
  guint timer = g_timeout_add (5, look_again, NULL);

  name_resolver_set_servers (resolver, first_address);
  remote = connect_to_service (3);
  expect_connections (first, 3);
  outcome = add (remote);
  for (guint i = 0; i < 3; i++)
    {
      name_resolver_set_servers (resolver, second_address);
      add_until (remote, second);
      expect_connections (second, 3);
      /* All three are kept for one. */
      g_assert_cmpuint (count_connections (first), >=, 1);
      imp_analyzer_data_bytes (outcome->analyzer, 0, (const guint8 *) "more", 4, 0,
                               IMP_DATA_TYPE_STREAM);
      g_assert_false (test_outcome_is_resolved (outcome));
      name_resolver_set_servers (resolver, first_address);
      expect_connections (second, 0);
      add_until (remote, first);
    }
  while (strstr (outcome->text->str, "pass dir=0 offset=17") == NULL)
    g_main_context_iteration (NULL, TRUE);
  name_resolver_set_servers (resolver, second_address);
  test_outcome_free (outcome);
  expect_connections (first, 0);
  g_source_remove (timer);
  g_assert_finalize_object (remote);
  stop (&first);
  stop (&second);
}

/* Where DNS is away, all stays as it was. */
static void
test_forgotten (void)
{
  g_autoptr (NameResolver) resolver = name_resolver_use ("");
  g_autofree char *address = NULL;
  ImpServer *server = serve (&address);
  ImpRemoteFactory *remote;

  name_resolver_set_servers (resolver, address);
  remote = connect_to_service (1);
  expect_connections (server, 1);
  name_resolver_set_servers (resolver, "");
  for (guint i = 0; i < 3; i++)
    add_until (remote, server);
  g_assert_finalize_object (remote);
  stop (&server);
}

static gboolean
is_down (gpointer remote)
{
  return imp_remote_factory_get_state (remote) == IMP_REMOTE_STATE_DOWN;
}

static void
test_none (void)
{
  g_autoptr (NameResolver) resolver = name_resolver_use ("");
  g_autofree char *address = NULL;
  ImpServer *server = serve (&address);
  ImpRemoteFactory *remote;
  g_autoptr (GError) error = NULL;

  remote = imp_remote_factory_new (SERVICE, &error);
  g_assert_no_error (error);
  g_object_set (remote, "refresh", 20, "reconnect-min", 10, "reconnect-max", 50, NULL);
  imp_remote_factory_connect_async (remote, NULL, on_connected, &error);
  g_assert_true (test_run_until (is_down, remote, TIMEOUT));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, SERVICE));
  name_resolver_set_servers (resolver, address);
  expect_connections (server, 1);
  g_assert_finalize_object (remote);
  stop (&server);
}

/* Whatever is wrong with what DNS says, the next connection may be right. */
static void
test_wrong (void)
{
  static const char *const wrong[] = {
    "127.0.0.1:1",
    "127.0.0.1:1 127.0.0.1:2",
    NAME_RESOLVER_NAME ":1",
    NAME_RESOLVER_NAME ":1 127.0.0.1:1",
    "127.0.0.1:1 " NAME_RESOLVER_NAME ":1 127.0.0.1:2",
    "127.0.0.1:0",
  };
  g_autoptr (NameResolver) resolver = name_resolver_use ("");
  g_autofree char *address = NULL;
  ImpServer *server = serve (&address);

  name_resolver_set (resolver, "");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *with_good = g_strjoin (" ", wrong[i], address, NULL);
      ImpRemoteFactory *remote;

      name_resolver_set_servers (resolver, wrong[i]);
      remote = connect_to_service (1);
      g_assert_true (test_run_until (is_down, remote, TIMEOUT));
      name_resolver_set_servers (resolver, with_good);
      expect_connections (server, 1);
      g_assert_finalize_object (remote);
      expect_connections (server, 0);
    }
  stop (&server);
}

static void
check_address (const char *text, const char *host, gboolean tls)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnectable) target = NULL;
  g_autoptr (ImpAddress) address = imp_pool_settings_parse (text, &target, &error);
  g_autofree char *shown = NULL, *wanted = NULL;

  if (host == NULL)
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
      g_assert_nonnull (strstr (error->message, text));
      return;
    }
  g_assert_no_error (error);
  shown = g_socket_connectable_to_string (target);
  wanted = g_strconcat ("srv:_imp._tcp.", host, NULL);
  g_assert_cmpstr (shown, ==, wanted);
  g_assert_cmpstr (address->host, ==, host);
  g_assert_cmpint (address->tls, ==, tls);
}

static void
test_addresses (void)
{
  static const char *const bad[] = {
    "srv:",
    "srv:imp._tcp.example.org",
    "srv:_imp",
    "srv:_imp._tcp",
    "srv:_imp._tcp.",
    "srv:_imp._udp.example.org",
    "srv:_._tcp.example.org",
    "srv:_imp._tcp.example.org:9000",
    "srv:_imp._tcp.exa mple.org",
    "tls://srv:_imp.example.org",
  };

  check_address ("srv:_imp._tcp.example.org", "example.org", FALSE);
  check_address ("tls://srv:_imp._tcp.example.org", "example.org", TRUE);
  check_address ("TLS://srv:_imp._tcp.a.b", "a.b", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    check_address (bad[i], NULL, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/all", test_all);
  g_test_add_func ("/service/order", test_order);
  g_test_add_func ("/service/forgotten", test_forgotten);
  g_test_add_func ("/service/moves", test_moves);
  g_test_add_func ("/service/none", test_none);
  g_test_add_func ("/service/wrong", test_wrong);
  g_test_add_func ("/service/addresses", test_addresses);
  return g_test_run ();
}
