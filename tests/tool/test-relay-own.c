/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a relay knows of its own sockets. */
#include "tool/relay/relay-own.h"

#include "core/imp-error.h"

static GSocketAddress *
make_address (const char *ip, guint16 port)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string (ip, port);

  g_assert_nonnull (address);
  return address;
}

static void
assert_refused (RelayOwn *own, GSocketAddress *client)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (relay_own_check_client (own, client, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
}

static void
assert_taken (RelayOwn *own, GSocketAddress *client)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (relay_own_check_client (own, client, &error));
  g_assert_no_error (error);
}

/* Connections to different places may have one address at this end: it is known until the last of
 * them has ended. */
static void
test_shared_port (void)
{
  RelayOwn *own = relay_own_new ();
  g_autoptr (GSocketAddress) address = make_address ("192.0.2.1", 40000);
  g_autoptr (GSocketAddress) other = make_address ("192.0.2.1", 40001);

  assert_taken (own, address);
  relay_own_add_connection (own, address);
  relay_own_add_connection (own, address);
  relay_own_add_connection (own, other);
  relay_own_remove_connection (own, address);
  assert_refused (own, address);
  relay_own_remove_connection (own, address);
  assert_taken (own, address);
  assert_refused (own, other);
  relay_own_free (own);
}

/* A socket of both families shows IPv4 otherwise. */
static void
test_mapped (void)
{
  RelayOwn *own = relay_own_new ();
  g_autoptr (GSocketAddress) plain = make_address ("192.0.2.1", 40000);
  g_autoptr (GSocketAddress) mapped = make_address ("::ffff:192.0.2.1", 40000);

  relay_own_add_connection (own, plain);
  relay_own_add_connection (own, mapped);
  relay_own_remove_connection (own, plain);
  assert_refused (own, mapped);
  assert_refused (own, plain);
  relay_own_remove_connection (own, mapped);
  assert_taken (own, plain);
  relay_own_free (own);
}

static void
test_local (void)
{
  static const struct
  {
    const char *ip;
    gboolean is_local;
  } cases[] = { { "127.0.0.1", TRUE },      { "127.1.2.3", TRUE },    { "::1", TRUE },
                { "192.0.2.1", FALSE },     { "2001:db8::1", FALSE }, { "255.255.255.255", FALSE },
                { "198.51.100.255", FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GInetAddress) ip = g_inet_address_new_from_string (cases[i].ip);

      g_assert_cmpint (relay_own_is_local (ip), ==, cases[i].is_local);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay-own/shared-port", test_shared_port);
  g_test_add_func ("/relay-own/mapped", test_mapped);
  g_test_add_func ("/relay-own/local", test_local);
  return g_test_run ();
}
