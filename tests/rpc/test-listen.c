/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a server may listen: what other machines can reach only if it is told so; all addresses of
 * a name; and at a path only one of those who come to it. With and without blocking. */
#include "name-resolver.h"

#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-connector-private.h"
#include "rpc/imp-socket-path-private.h"
#include "rpc/server/imp-server.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NAME NAME_RESOLVER_NAME

/* --- listening, in either way --- */

static const gboolean blocking = FALSE, async = TRUE;

static gboolean
is_async (gconstpointer data)
{
  return *(const gboolean *) data;
}

typedef struct
{
  gboolean done, listens;
  guint order; /* when it was done, among others */
  GError *error;
} Outcome;

static void
on_listening (GObject *source, GAsyncResult *result, gpointer user_data)
{
  static guint n_done;
  Outcome *outcome = user_data;

  g_assert_false (outcome->done);
  outcome->order = ++n_done;
  outcome->listens = imp_server_listen_finish (IMP_SERVER (source), result, &outcome->error);
  g_assert_true (outcome->listens == (outcome->error == NULL));
  outcome->done = TRUE;
}

static void
wait_for (Outcome *outcome)
{
  while (!outcome->done)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
listen_at (ImpServer *server, const char *address, gboolean async_way, GError **error)
{
  Outcome outcome = { FALSE };

  if (!async_way)
    return imp_server_listen (server, address, error);
  imp_server_listen_async (server, address, NULL, on_listening, &outcome);
  g_assert_false (outcome.done);
  wait_for (&outcome);
  if (!outcome.listens)
    g_propagate_error (error, outcome.error);
  return outcome.listens;
}

static guint
get_n_addresses (ImpServer *server)
{
  g_auto (GStrv) addresses = imp_server_list_addresses (server);

  return g_strv_length (addresses);
}

static ImpServer *
make_server (void)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));

  return imp_server_new (factory);
}

static void
assert_refused (ImpServer *server, const char *address)
{
  for (gboolean way = FALSE; way <= TRUE; way++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (listen_at (server, address, way, &error));
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
      g_assert_nonnull (strstr (error->message, address));
      g_assert_nonnull (strstr (error->message, "(insecure)"));
      g_assert_cmpuint (get_n_addresses (server), ==, 0);
    }
}

static void
assert_allowed (ImpServer *server, const char *address, gboolean way)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (listen_at (server, address, way, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (get_n_addresses (server), >=, 1);
}

static gboolean
has_ipv6 (void)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("::1", 0);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, NULL);

  return socket != NULL && g_socket_bind (socket, address, FALSE, NULL);
}

static void
test_exposed (gconstpointer address)
{
  for (gboolean way = FALSE; way <= TRUE; way++)
    {
      ImpServer *server = make_server ();

      assert_refused (server, address);
      g_object_set (server, "insecure", TRUE, NULL);
      assert_allowed (server, address, way);
      imp_server_close (server);
      g_assert_finalize_object (server);
    }
}

static void
test_private (gconstpointer address)
{
  for (gboolean way = FALSE; way <= TRUE; way++)
    {
      ImpServer *server = make_server ();

      assert_allowed (server, address, way);
      imp_server_close (server);
      g_assert_finalize_object (server);
    }
}

/* A socket that listens already, as a service manager hands it over. */
static char *
open_socket (const char *host)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (host, 0);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                         &error);
  g_assert_no_error (error);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_listen (socket, &error);
  g_assert_no_error (error);
  return g_strdup_printf ("fd:%d", dup (g_socket_get_fd (socket)));
}

static void
test_handed_over (void)
{
  ImpServer *server = make_server ();
  g_autofree char *exposed = NULL, *private = NULL;

  for (gboolean way = FALSE; way <= TRUE; way++)
    {
      g_autofree char *refused = open_socket ("0.0.0.0");
      g_autoptr (GError) error = NULL;

      g_assert_false (listen_at (server, refused, way, &error));
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
    }
  private = open_socket ("127.0.0.1");
  assert_allowed (server, private, blocking);
  g_object_set (server, "insecure", TRUE, NULL);
  exposed = open_socket ("0.0.0.0");
  assert_allowed (server, exposed, async);
  imp_server_close (server);
  g_assert_finalize_object (server);
}

/* --- names with several addresses --- */

static guint
count_listeners (const char *ips, const char *address, gboolean way, GError **error)
{
  g_autoptr (NameResolver) resolver = name_resolver_use (ips);
  g_autoptr (ImpServer) server = make_server ();
  g_auto (GStrv) addresses = NULL;
  guint n;

  if (!listen_at (server, address, way, error))
    {
      g_assert_cmpuint (get_n_addresses (server), ==, 0);
      return 0;
    }
  addresses = imp_server_list_addresses (server);
  n = g_strv_length (addresses);
  for (guint i = 1; i < n; i++)
    g_assert_cmpstr (strrchr (addresses[i], ':'), ==, strrchr (addresses[0], ':'));
  imp_server_close (server);
  return n;
}

static void
test_all_addresses (gconstpointer data)
{
  const gboolean way = is_async (data);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count_listeners ("127.0.0.1", NAME ":0", way, &error), ==, 1);
  g_assert_cmpuint (count_listeners ("127.0.0.1 127.0.0.2 127.0.0.3", NAME ":0", way, &error), ==,
                    3);
  /* Some of them this machine does not have. */
  g_assert_cmpuint (count_listeners ("192.0.2.1 127.0.0.1", NAME ":0", way, &error), ==, 1);
  g_assert_cmpuint (count_listeners ("127.0.0.1 192.0.2.1 127.0.0.2", NAME ":0", way, &error), ==,
                    2);
  g_assert_no_error (error);
  g_assert_cmpuint (count_listeners ("192.0.2.1 192.0.2.2", NAME ":0", way, &error), ==, 0);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, NAME));
}

static void
test_no_such_name (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count_listeners ("", NAME ":0", is_async (data), &error), ==, 0);
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  g_assert_true (g_str_has_prefix (error->message, "Cannot listen at " NAME ":0: "));
}

/* All of the addresses or none: else some clients would reach another server. */
static void
test_address_in_use (gconstpointer data)
{
  ImpServer *first = make_server ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;
  g_autofree char *address = NULL;

  g_assert_true (imp_server_listen (first, "127.0.0.2:0", &error));
  addresses = imp_server_list_addresses (first);
  address = g_strconcat (NAME, strrchr (addresses[0], ':'), NULL);
  g_assert_cmpuint (count_listeners ("127.0.0.1 127.0.0.2", address, is_async (data), &error), ==,
                    0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_clear_error (&error);
  /* What it had before the error, it has given back. */
  g_assert_cmpuint (count_listeners ("127.0.0.1", address, is_async (data), &error), ==, 1);
  g_assert_no_error (error);
  imp_server_close (first);
  g_assert_finalize_object (first);
}

static void
test_exposed_name (gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count_listeners ("192.0.2.1 0.0.0.0", NAME ":0", is_async (data), &error), ==,
                    0);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

/* --- what happens while a name is looked up --- */

typedef struct
{
  NameResolver *resolver;
  ImpServer *server;
  GCancellable *cancellable;
  Outcome outcome;
} Lookup;

static void
lookup_start (Lookup *lookup)
{
  lookup->resolver = name_resolver_use ("127.0.0.1 127.0.0.2");
  name_resolver_hold (lookup->resolver);
  lookup->server = make_server ();
  lookup->cancellable = g_cancellable_new ();
  imp_server_listen_async (lookup->server, NAME ":0", lookup->cancellable, on_listening,
                           &lookup->outcome);
  while (name_resolver_get_n_waiting (lookup->resolver) == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
lookup_finish (Lookup *lookup)
{
  imp_server_close (lookup->server);
  g_assert_finalize_object (lookup->server);
  g_clear_error (&lookup->outcome.error);
  g_object_unref (lookup->cancellable);
  g_assert_cmpuint (name_resolver_get_n_waiting (lookup->resolver), ==, 0);
  g_object_unref (lookup->resolver);
}

/* The loop goes on, and others need not wait. */
static void
test_slow_name (void)
{
  Lookup lookup = { NULL };
  Outcome other = { FALSE };

  lookup_start (&lookup);
  imp_server_listen_async (lookup.server, "127.0.0.1:0", NULL, on_listening, &other);
  wait_for (&other);
  g_assert_true (other.listens);
  g_assert_cmpuint (get_n_addresses (lookup.server), ==, 1);
  g_assert_false (lookup.outcome.done);

  name_resolver_release (lookup.resolver);
  wait_for (&lookup.outcome);
  g_assert_no_error (lookup.outcome.error);
  g_assert_cmpuint (get_n_addresses (lookup.server), ==, 3);
  /* It listens, so that this comes too late. */
  g_cancellable_cancel (lookup.cancellable);
  g_assert_cmpuint (get_n_addresses (lookup.server), ==, 3);
  lookup_finish (&lookup);
}

static void
test_cancelled (void)
{
  Lookup lookup = { NULL };
  Outcome again = { FALSE };

  lookup_start (&lookup);
  g_cancellable_cancel (lookup.cancellable);
  wait_for (&lookup.outcome);
  g_assert_error (lookup.outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  imp_server_listen_async (lookup.server, "127.0.0.1:0", lookup.cancellable, on_listening, &again);
  wait_for (&again);
  g_assert_error (again.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&again.error);
  g_assert_cmpuint (get_n_addresses (lookup.server), ==, 0);
  lookup_finish (&lookup);
}

/* The name is found, and then it is cancelled, before anybody has heard of it. */
static void
test_cancelled_at_last (void)
{
  Lookup lookup = { NULL };

  lookup_start (&lookup);
  name_resolver_release (lookup.resolver);
  g_cancellable_cancel (lookup.cancellable);
  wait_for (&lookup.outcome);
  g_assert_error (lookup.outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (get_n_addresses (lookup.server), ==, 0);
  lookup_finish (&lookup);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_true (imp_server_stop_finish (IMP_SERVER (source), result, NULL));
  *(gboolean *) user_data = TRUE;
}

static void
test_stopped (void)
{
  Lookup lookup = { NULL };
  gboolean stopped = FALSE;

  lookup_start (&lookup);
  imp_server_stop_async (lookup.server, NULL, on_stopped, &stopped);
  wait_for (&lookup.outcome);
  g_assert_error (lookup.outcome.error, IMP_ERROR, IMP_ERROR_CLOSED);
  while (!stopped)
    g_main_context_iteration (NULL, TRUE);
  lookup_finish (&lookup);
}

static void
test_closed (void)
{
  Lookup lookup = { NULL };
  g_autoptr (GError) error = NULL;

  lookup_start (&lookup);
  imp_server_close (lookup.server);
  wait_for (&lookup.outcome);
  g_assert_error (lookup.outcome.error, IMP_ERROR, IMP_ERROR_CLOSED);
  g_assert_false (listen_at (lookup.server, "127.0.0.1:0", async, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_CLOSED);
  lookup_finish (&lookup);
}

static void
test_invalid (void)
{
  g_autoptr (ImpServer) server = make_server ();

  for (gboolean way = FALSE; way <= TRUE; way++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (listen_at (server, "no address", way, &error));
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
    }
}

static void
on_connected (GIOStream *stream, const GError *error, gpointer user_data)
{
  char **reached = user_data;
  g_autoptr (GSocketAddress) address = NULL;

  g_assert_no_error (error);
  address = g_socket_connection_get_remote_address (G_SOCKET_CONNECTION (stream), NULL);
  *reached = imp_address_of_socket (address);
}

static void
assert_reaches (GSocketConnectable *target, const char *ip)
{
  g_autofree char *reached = NULL;

  imp_connector_start (g_main_context_default (), target, NAME, 10000, on_connected, &reached);
  while (reached == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (reached, ip));
}

/* Each attempt looks the name up anew. */
static void
test_address_that_changes (void)
{
  g_autoptr (NameResolver) resolver = name_resolver_use ("127.0.0.1 127.0.0.2 127.0.0.3");
  ImpServer *server = make_server ();
  g_autoptr (GSocketConnectable) target = NULL;
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (imp_server_listen (server, NAME ":0", &error));
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (server);
  target = g_network_address_new (NAME, atoi (strrchr (addresses[0], ':') + 1));
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *ip = g_strdup_printf ("127.0.0.%u", i % 3 + 1);

      name_resolver_set (resolver, ip);
      assert_reaches (target, ip);
    }
  imp_server_close (server);
  g_assert_finalize_object (server);
}

/* --- several servers at one path --- */

#define N_SERVERS 8

typedef struct
{
  const char *path;
  GSocket *socket;
  ImpSocketPath *claim;
  GError *error;
} Claimant;

static gpointer
run_claimant (gpointer data)
{
  Claimant *claimant = data;

  claimant->socket = imp_socket_path_listen (claimant->path, FALSE, 0600, 10, &claimant->claim,
                                             &claimant->error);
  return NULL;
}

static gboolean
can_connect (const char *path)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocketConnection) connection = NULL;

  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);
  return connection != NULL;
}

/* A dead socket lies there, or nothing; all come at once; one gets it, and the others are told. */
static void
claim_at_once (const char *path)
{
  Claimant claimants[N_SERVERS] = { { NULL } };
  GThread *threads[N_SERVERS];
  guint n_claimed = 0;

  for (guint i = 0; i < N_SERVERS; i++)
    {
      claimants[i].path = path;
      threads[i] = g_thread_new ("claimant", run_claimant, &claimants[i]);
    }
  for (guint i = 0; i < N_SERVERS; i++)
    {
      g_thread_join (threads[i]);
      if (claimants[i].socket != NULL)
        n_claimed++;
      else
        g_assert_error (claimants[i].error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
    }
  g_assert_cmpuint (n_claimed, ==, 1);
  g_assert_true (can_connect (path));
  for (guint i = 0; i < N_SERVERS; i++)
    {
      g_clear_error (&claimants[i].error);
      g_clear_object (&claimants[i].socket);
      if (claimants[i].claim != NULL)
        imp_socket_path_release (claimants[i].claim);
    }
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

static void
leave_dead_socket (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
}

static void
test_one_of_many (void)
{
  g_autofree char *folder = g_dir_make_tmp ("imp-listen-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);

  for (guint i = 0; i < 50; i++)
    {
      claim_at_once (path);
      leave_dead_socket (path);
      claim_at_once (path);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* The lock is somebody else's: an error, in time. */
static void
test_locked_folder (void)
{
  g_autofree char *folder = g_dir_make_tmp ("imp-listen-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autoptr (GError) error = NULL;
  ImpSocketPath *claim = NULL;
  int fd = open (folder, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  g_assert_null (imp_socket_path_listen (path, FALSE, 0600, 10, &claim, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  close (fd);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* Without blocking it waits for the lock beside the loop, in which something else is done first. */
static void
test_locked_folder_async (void)
{
  g_autofree char *folder = g_dir_make_tmp ("imp-listen-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  ImpServer *server = make_server ();
  Outcome outcome = { FALSE }, other = { FALSE };
  int fd = open (folder, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (flock (fd, LOCK_EX), ==, 0);
  imp_server_listen_async (server, path, NULL, on_listening, &outcome);
  imp_server_listen_async (server, "127.0.0.1:0", NULL, on_listening, &other);
  wait_for (&other);
  g_assert_true (other.listens);
  wait_for (&outcome);
  g_assert_cmpuint (other.order, <, outcome.order);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&outcome.error);
  close (fd);

  outcome.done = FALSE;
  imp_server_listen_async (server, path, NULL, on_listening, &outcome);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_true (can_connect (path));
  imp_server_close (server);
  g_assert_finalize_object (server);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* Nothing of it is left behind. */
static void
test_closed_path (void)
{
  g_autofree char *folder = g_dir_make_tmp ("imp-listen-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  ImpServer *server = make_server ();
  Outcome outcome = { FALSE };

  imp_server_listen_async (server, path, NULL, on_listening, &outcome);
  imp_server_close (server);
  wait_for (&outcome);
  g_assert_error (outcome.error, IMP_ERROR, IMP_ERROR_CLOSED);
  g_clear_error (&outcome.error);
  g_assert_finalize_object (server);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* Adds it for both ways. */
static void
add_both (const char *path, GTestDataFunc func)
{
  g_autofree char *sync_path = g_strconcat (path, "/sync", NULL);
  g_autofree char *async_path = g_strconcat (path, "/async", NULL);

  g_test_add_data_func (sync_path, &blocking, func);
  g_test_add_data_func (async_path, &async, func);
}

int
main (int argc, char **argv)
{
  g_autofree char *abstract = g_strdup_printf ("@imp-listen-%d", (int) getpid ());

  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/listen/exposed/4", "0.0.0.0:0", test_exposed);
  g_test_add_data_func ("/listen/private/4", "127.0.0.1:0", test_private);
  g_test_add_data_func ("/listen/private/name", "localhost:0", test_private);
  g_test_add_data_func ("/listen/private/abstract", abstract, test_private);
  if (has_ipv6 ())
    {
      g_test_add_data_func ("/listen/exposed/6", "[::]:0", test_exposed);
      g_test_add_data_func ("/listen/private/6", "[::1]:0", test_private);
    }
  add_both ("/listen/name/all", test_all_addresses);
  add_both ("/listen/name/none", test_no_such_name);
  add_both ("/listen/name/in-use", test_address_in_use);
  add_both ("/listen/name/exposed", test_exposed_name);
  g_test_add_func ("/listen/name/slow", test_slow_name);
  g_test_add_func ("/listen/name/cancelled", test_cancelled);
  g_test_add_func ("/listen/name/cancelled-at-last", test_cancelled_at_last);
  g_test_add_func ("/listen/name/stopped", test_stopped);
  g_test_add_func ("/listen/name/closed", test_closed);
  g_test_add_func ("/listen/invalid", test_invalid);
  g_test_add_func ("/listen/name/changes", test_address_that_changes);
  g_test_add_func ("/listen/path/one-of-many", test_one_of_many);
  g_test_add_func ("/listen/path/locked/sync", test_locked_folder);
  g_test_add_func ("/listen/path/locked/async", test_locked_folder_async);
  g_test_add_func ("/listen/path/closed", test_closed_path);
  g_test_add_func ("/listen/handed-over", test_handed_over);
  return g_test_run ();
}
