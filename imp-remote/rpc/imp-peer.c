/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-peer-private.h"

#include "rpc/imp-address-private.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of IPv6, one customer or machine has a network of so many bits. */
#define NETWORK_BYTES 8
/* ::ffff:0:0/96 holds IPv4. */
#define MAPPED_BYTES 12

static G_DEFINE_QUARK (imp - peer - source, peer_source)

  /* What is below TLS, which has a reference to it; NULL if that is no socket. */
  static GSocketConnection *peer_find_connection (GIOStream *stream)
{
  g_autoptr (GIOStream) base = NULL;

  if (G_IS_SOCKET_CONNECTION (stream))
    return G_SOCKET_CONNECTION (stream);
  if (!G_IS_TLS_CONNECTION (stream))
    return NULL;
  g_object_get (stream, "base-io-stream", &base, NULL);
  return base != NULL ? peer_find_connection (base) : NULL;
}

static GSocket *
peer_find_socket (GIOStream *stream)
{
  GSocketConnection *connection = peer_find_connection (stream);

  return connection != NULL ? g_socket_connection_get_socket (connection) : NULL;
}

void
imp_peer_set_source (GSocketConnection *connection, GSocketAddress *source)
{
  g_object_set_qdata_full (G_OBJECT (connection), peer_source_quark (), g_object_ref (source),
                           g_object_unref);
}

/* What a proxy has said, or else the address at the other end; NULL if it is not known. */
static GSocketAddress *
peer_get_source (GIOStream *stream)
{
  GSocketConnection *connection = peer_find_connection (stream);
  GSocketAddress *source = NULL;

  if (connection == NULL)
    return NULL;
  source = g_object_get_qdata (G_OBJECT (connection), peer_source_quark ());
  return source != NULL ? g_object_ref (source)
                        : g_socket_connection_get_remote_address (connection, NULL);
}

/* The kernel knows, whatever the process says; (uid_t) -1 if it does not. */
static uid_t
peer_get_uid (GSocket *socket)
{
  g_autoptr (GCredentials) credentials = g_socket_get_credentials (socket, NULL);

  return credentials != NULL ? g_credentials_get_unix_user (credentials, NULL) : (uid_t) -1;
}

static char *
peer_get_user (GSocket *socket)
{
  uid_t uid = peer_get_uid (socket);

  return uid != (uid_t) -1 ? g_strdup_printf ("uid %u", (guint) uid) : NULL;
}

static char *
peer_get_network (const guint8 *bytes)
{
  guint8 network[16] = { 0 };
  g_autoptr (GInetAddress) address = NULL;
  g_autofree char *text = NULL;

  memcpy (network, bytes, NETWORK_BYTES);
  address = g_inet_address_new_from_bytes (network, G_SOCKET_FAMILY_IPV6);
  text = g_inet_address_to_string (address);
  return g_strdup_printf ("%s/%d", text, NETWORK_BYTES * 8);
}

static gboolean
peer_is_mapped (const guint8 *bytes)
{
  static const guint8 prefix[MAPPED_BYTES] = { [10] = 0xff, [11] = 0xff };

  return memcmp (bytes, prefix, sizeof prefix) == 0;
}

char *
imp_peer_get_name_of_ip (GInetAddress *ip)
{
  const guint8 *bytes = g_inet_address_to_bytes (ip);

  if (g_inet_address_get_is_loopback (ip))
    return g_strdup ("loopback");
  if (g_inet_address_get_family (ip) == G_SOCKET_FAMILY_IPV4)
    return g_inet_address_to_string (ip);
  if (peer_is_mapped (bytes))
    {
      g_autoptr (GInetAddress) inner = NULL;

      inner = g_inet_address_new_from_bytes (bytes + MAPPED_BYTES, G_SOCKET_FAMILY_IPV4);
      return imp_peer_get_name_of_ip (inner);
    }
  return peer_get_network (bytes);
}

char *
imp_peer_name_of_stream (GIOStream *stream)
{
  GSocket *socket = peer_find_socket (stream);
  g_autoptr (GSocketAddress) remote = NULL;

  if (socket == NULL)
    return NULL;
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return peer_get_user (socket);
  remote = peer_get_source (stream);
  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    return NULL;
  return imp_peer_get_name_of_ip (
    g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
}

gboolean
imp_peer_is_same_user (GIOStream *stream)
{
  GSocket *socket = peer_find_socket (stream);

  return socket != NULL && g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX
         && peer_get_uid (socket) == geteuid ();
}

/* --- credentials --- */

/* So many fit at first; the kernel says how many there are. */
#define GROUPS_GUESS 64

/* Linux 4.13 and later. A process may not change those that it had when it connected. */
static GArray *
peer_get_groups (GSocket *socket)
{
#ifdef SO_PEERGROUPS
  g_autoptr (GArray) groups = g_array_sized_new (FALSE, FALSE, sizeof (gid_t), GROUPS_GUESS);
  socklen_t length = GROUPS_GUESS * sizeof (gid_t);

  for (guint attempt = 0; attempt < 2; attempt++)
    {
      g_array_set_size (groups, length / sizeof (gid_t));
      if (getsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_PEERGROUPS, groups->data, &length)
          == 0)
        {
          g_array_set_size (groups, length / sizeof (gid_t));
          return g_steal_pointer (&groups);
        }
    }
#endif
  return NULL;
}

gboolean
imp_credentials_get (GIOStream *stream, ImpCredentials *credentials)
{
  GSocket *socket = peer_find_socket (stream);
  struct ucred kernel = { .pid = 0, .uid = (uid_t) -1, .gid = (gid_t) -1 };
  socklen_t length = sizeof kernel;

  *credentials = (ImpCredentials){ .pid = -1, .uid = -1, .gid = -1 };
  if (socket == NULL || g_socket_get_family (socket) != G_SOCKET_FAMILY_UNIX)
    return FALSE;
  if (getsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_PEERCRED, &kernel, &length) != 0
      || length != sizeof kernel)
    return TRUE;
  /* A process of another name space has no number here. */
  credentials->pid = kernel.pid > 0 ? kernel.pid : -1;
  credentials->uid = kernel.uid != (uid_t) -1 ? (gint64) kernel.uid : -1;
  credentials->gid = kernel.gid != (gid_t) -1 ? (gint64) kernel.gid : -1;
  credentials->groups = peer_get_groups (socket);
  return TRUE;
}

void
imp_credentials_clear (ImpCredentials *self)
{
  g_clear_pointer (&self->groups, g_array_unref);
}

char *
imp_peer_address_of_stream (GIOStream *stream)
{
  GSocket *socket = peer_find_socket (stream);
  g_autoptr (GSocketAddress) remote = NULL;

  if (socket == NULL || g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return NULL;
  remote = peer_get_source (stream);
  return G_IS_INET_SOCKET_ADDRESS (remote) ? imp_address_of_socket (remote) : NULL;
}
