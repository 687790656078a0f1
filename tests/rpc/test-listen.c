/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a server may listen: what other machines can reach only if it is told so. */
#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"
#include "rpc/server/imp-server.h"

#include <string.h>
#include <unistd.h>

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
  g_test_add_func ("/listen/handed-over", test_handed_over);
  return g_test_run ();
}
