/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-datagram-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- paths --- */

static void
set_remote (ImpDatagramPath *path, const char *ip, guint32 scope)
{
  memset (path, 0, sizeof *path);
  g_assert_cmpint (inet_pton (AF_INET6, ip, path->remote), ==, 1);
  path->scope = scope;
  path->port = htons (53);
}

static void
check_host (const char *ip, guint32 scope, const char *host, const char *address)
{
  g_autoptr (GSocketAddress) remote = NULL;
  g_autofree char *shown = NULL, *text = NULL;
  ImpDatagramPath path;

  set_remote (&path, ip, scope);
  shown = imp_datagram_path_get_host (&path);
  g_assert_cmpstr (shown, ==, host);
  remote = imp_datagram_path_get_remote (&path);
  text = g_inet_address_to_string (
    g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
  g_assert_cmpstr (text, ==, address);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (remote)), ==, 53);
}

static void
test_host (void)
{
  check_host ("::ffff:192.0.2.1", 0, "192.0.2.1", "192.0.2.1");
  check_host ("2001:db8::1", 0, "2001:db8::1", "2001:db8::1");
  /* The loopback interface is the first one everywhere. */
  check_host ("fe80::1", 1, "fe80::1%lo", "fe80::1");
  check_host ("fe80::1", 4000000, "fe80::1%4000000", "fe80::1");
}

/* Whatever is different makes another path, and most of them another hash. */
static void
test_hash (void)
{
  g_autoptr (GHashTable) hashes = g_hash_table_new (NULL, NULL);
  ImpDatagramPath one, other;

  set_remote (&one, "::ffff:192.0.2.1", 0);
  other = one;
  g_assert_true (imp_datagram_path_equal (&one, &other));
  g_assert_cmpuint (imp_datagram_path_hash (&one), ==, imp_datagram_path_hash (&other));
  other.local[15] = 1;
  g_assert_false (imp_datagram_path_equal (&one, &other));
  for (guint i = 0; i < 60000; i++)
    {
      other.port = i;
      g_hash_table_add (hashes, GUINT_TO_POINTER (imp_datagram_path_hash (&other)));
    }
  /* One pair in this many may meet by chance, and some more, since the factor is a random one. */
  g_assert_cmpuint (g_hash_table_size (hashes), >, 59000);
}

/* --- reading --- */

/* More than any datagram of UDP has comes from another kind of socket. */
static void
test_cut (void)
{
  g_autoptr (ImpDatagramReader) reader = imp_datagram_reader_new ();
  g_autofree guint8 *data = g_malloc0 (IMP_DATAGRAM_SIZE_MAX + 1);
  int sockets[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets), ==, 0);
  data[0] = 1;
  for (guint i = 0; i < 2; i++)
    {
      const gsize size = IMP_DATAGRAM_SIZE_MAX + i;
      const ImpDatagram *datagram;

      g_assert_cmpint (imp_datagram_send (sockets[0], NULL, data, size), ==, 0);
      g_assert_cmpint (imp_datagram_reader_read (reader, sockets[1]), ==, 1);
      datagram = imp_datagram_reader_get (reader, 0);
      g_assert_cmpint (datagram->truncated, ==, i);
      g_assert_cmpuint (datagram->length, ==, IMP_DATAGRAM_SIZE_MAX);
      g_assert_cmpuint (datagram->data[0], ==, 1);
    }
  close (sockets[0]);
  close (sockets[1]);
}

/* As many as come, in their order, and then it would block. */
static void
test_batch (void)
{
  g_autoptr (ImpDatagramReader) reader = imp_datagram_reader_new ();
  guint seen = 0;
  int sockets[2], n;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets), ==, 0);
  do
    {
      for (guint8 i = 0; i < 10; i++)
        g_assert_cmpint (imp_datagram_send (sockets[0], NULL, &i, i > 0), ==, 0);
      while ((n = imp_datagram_reader_read (reader, sockets[1])) > 0)
        for (int i = 0; i < n; i++, seen++)
          {
            const ImpDatagram *datagram = imp_datagram_reader_get (reader, i);

            g_assert_cmpuint (datagram->length, ==, seen % 10 > 0);
            g_assert_true (datagram->length == 0 || datagram->data[0] == seen % 10);
          }
      g_assert_cmpint (errno, ==, EAGAIN);
    }
  while (seen < 2 * IMP_DATAGRAM_BATCH);
  close (sockets[0]);
  close (sockets[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/datagram/host", test_host);
  g_test_add_func ("/datagram/hash", test_hash);
  g_test_add_func ("/datagram/cut", test_cut);
  g_test_add_func ("/datagram/batch", test_batch);
  return g_test_run ();
}
