/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a server may listen: what other machines can reach only if it is told so; all addresses of
 * a name; and at a path only one of those who come to it. */
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

/* A resolver that knows one name, and what it stands for just now. */
#define NAME "up.example"

typedef struct
{
  GResolver parent_instance;
  GStrv ips;
} NameResolver;

typedef GResolverClass NameResolverClass;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NameResolver, g_object_unref)

static GType name_resolver_get_type (void);
G_DEFINE_TYPE (NameResolver, name_resolver, G_TYPE_RESOLVER)

static GList *
name_resolver_lookup (GResolver *resolver, const char *name, GResolverNameLookupFlags flags,
                      GCancellable *cancellable, GError **error)
{
  NameResolver *self = (NameResolver *) resolver;
  GList *found = NULL;

  g_assert_cmpstr (name, ==, NAME);
  for (guint i = 0; self->ips[i] != NULL; i++)
    found = g_list_append (found, g_inet_address_new_from_string (self->ips[i]));
  return found;
}

static GList *
name_resolver_lookup_by_name (GResolver *resolver, const char *name, GCancellable *cancellable,
                              GError **error)
{
  return name_resolver_lookup (resolver, name, 0, cancellable, error);
}

static void
name_resolver_lookup_async (GResolver *resolver, const char *name, GResolverNameLookupFlags flags,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);

  g_task_return_pointer (task, name_resolver_lookup (resolver, name, flags, NULL, NULL),
                         (GDestroyNotify) g_resolver_free_addresses);
}

static GList *
name_resolver_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
name_resolver_finalize (GObject *object)
{
  g_strfreev (((NameResolver *) object)->ips);
  G_OBJECT_CLASS (name_resolver_parent_class)->finalize (object);
}

static void
name_resolver_class_init (NameResolverClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = name_resolver_finalize;
  klass->lookup_by_name = name_resolver_lookup_by_name;
  klass->lookup_by_name_with_flags = name_resolver_lookup;
  klass->lookup_by_name_with_flags_async = name_resolver_lookup_async;
  klass->lookup_by_name_with_flags_finish = name_resolver_lookup_finish;
}

static void
name_resolver_init (NameResolver *self)
{
}

static NameResolver *
use_resolver (const char *ips)
{
  NameResolver *self = g_object_new (name_resolver_get_type (), NULL);

  self->ips = g_strsplit (ips, " ", -1);
  g_resolver_set_default (G_RESOLVER (self));
  return self;
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
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  g_assert_false (imp_server_listen (server, address, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, address));
  g_assert_nonnull (strstr (error->message, "(insecure)"));
  addresses = imp_server_list_addresses (server);
  g_assert_cmpuint (g_strv_length (addresses), ==, 0);
}

static void
assert_allowed (ImpServer *server, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  g_assert_true (imp_server_listen (server, address, &error));
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (server);
  g_assert_cmpuint (g_strv_length (addresses), >=, 1);
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
  ImpServer *server = make_server ();

  assert_refused (server, address);
  g_object_set (server, "insecure", TRUE, NULL);
  assert_allowed (server, address);
  imp_server_close (server);
  g_assert_finalize_object (server);
}

static void
test_private (gconstpointer address)
{
  ImpServer *server = make_server ();

  assert_allowed (server, address);
  imp_server_close (server);
  g_assert_finalize_object (server);
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
  g_autofree char *exposed = open_socket ("0.0.0.0"), *again = NULL, *private = NULL;

  assert_refused (server, exposed);
  private = open_socket ("127.0.0.1");
  assert_allowed (server, private);
  g_object_set (server, "insecure", TRUE, NULL);
  again = open_socket ("0.0.0.0");
  assert_allowed (server, again);
  imp_server_close (server);
  g_assert_finalize_object (server);
}

/* --- names with several addresses --- */

static guint
count_listeners (const char *ips, const char *address, GError **error)
{
  g_autoptr (NameResolver) resolver = use_resolver (ips);
  g_autoptr (ImpServer) server = make_server ();
  g_auto (GStrv) addresses = NULL;
  guint n;

  if (!imp_server_listen (server, address, error))
    return 0;
  addresses = imp_server_list_addresses (server);
  n = g_strv_length (addresses);
  for (guint i = 1; i < n; i++)
    g_assert_cmpstr (strrchr (addresses[i], ':'), ==, strrchr (addresses[0], ':'));
  imp_server_close (server);
  return n;
}

static void
test_all_addresses (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count_listeners ("127.0.0.1", NAME ":0", &error), ==, 1);
  g_assert_cmpuint (count_listeners ("127.0.0.1 127.0.0.2 127.0.0.3", NAME ":0", &error), ==, 3);
  /* Some of them this machine does not have. */
  g_assert_cmpuint (count_listeners ("192.0.2.1 127.0.0.1", NAME ":0", &error), ==, 1);
  g_assert_cmpuint (count_listeners ("127.0.0.1 192.0.2.1 127.0.0.2", NAME ":0", &error), ==, 2);
  g_assert_no_error (error);
  g_assert_cmpuint (count_listeners ("192.0.2.1 192.0.2.2", NAME ":0", &error), ==, 0);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, NAME));
}

/* All of the addresses or none: else some clients would reach another server. */
static void
test_address_in_use (void)
{
  ImpServer *first = make_server ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;
  g_autofree char *address = NULL;

  g_assert_true (imp_server_listen (first, "127.0.0.2:0", &error));
  addresses = imp_server_list_addresses (first);
  address = g_strconcat (NAME, strrchr (addresses[0], ':'), NULL);
  g_assert_cmpuint (count_listeners ("127.0.0.1 127.0.0.2", address, &error), ==, 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  imp_server_close (first);
  g_assert_finalize_object (first);
}

static void
test_exposed_name (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count_listeners ("192.0.2.1 0.0.0.0", NAME ":0", &error), ==, 0);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
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
  g_autoptr (NameResolver) resolver = use_resolver ("127.0.0.1 127.0.0.2 127.0.0.3");
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

      g_strfreev (resolver->ips);
      resolver->ips = g_strsplit (ip, " ", -1);
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

  claimant->socket = imp_socket_path_listen (claimant->path, FALSE, 10, &claimant->claim,
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
  g_assert_null (imp_socket_path_listen (path, FALSE, 10, &claim, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  close (fd);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
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
  g_test_add_func ("/listen/name/all", test_all_addresses);
  g_test_add_func ("/listen/name/in-use", test_address_in_use);
  g_test_add_func ("/listen/name/exposed", test_exposed_name);
  g_test_add_func ("/listen/name/changes", test_address_that_changes);
  g_test_add_func ("/listen/path/one-of-many", test_one_of_many);
  g_test_add_func ("/listen/path/locked", test_locked_folder);
  g_test_add_func ("/listen/handed-over", test_handed_over);
  return g_test_run ();
}
