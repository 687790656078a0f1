/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-own.h"

#include "core/imp-error.h"
#include "rpc/imp-address-masks-private.h"
#include "rpc/imp-address-private.h"

/* Any would do. */
#define DISCARD_PORT 9

struct _RelayOwn
{
  GPtrArray *listeners;    /* of GInetSocketAddress */
  GHashTable *connections; /* an address as text -> how many have it */
};

RelayOwn *
relay_own_new (void)
{
  RelayOwn *self = g_new0 (RelayOwn, 1);

  self->listeners = g_ptr_array_new_with_free_func (g_object_unref);
  self->connections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
relay_own_free (RelayOwn *self)
{
  g_ptr_array_unref (self->listeners);
  g_hash_table_unref (self->connections);
  g_free (self);
}

void
relay_own_add_listener (RelayOwn *self, GSocketAddress *address)
{
  if (G_IS_INET_SOCKET_ADDRESS (address))
    g_ptr_array_add (self->listeners, g_object_ref (address));
}

/* Each was added once. */
void
relay_own_remove_listener (RelayOwn *self, GSocketAddress *address)
{
  g_autofree char *text = imp_address_of_socket (address);

  for (guint i = 0; i < self->listeners->len; i++)
    {
      g_autofree char *other = imp_address_of_socket (self->listeners->pdata[i]);

      if (!g_str_equal (text, other))
        continue;
      g_ptr_array_remove_index (self->listeners, i);
      return;
    }
}

/* A socket of IPv6 shows IPv4 in its own way. */
static char *
relay_own_get_text (GSocketAddress *address)
{
  GInetSocketAddress *inet;
  g_autoptr (GInetAddress) ip = NULL;
  g_autoptr (GSocketAddress) plain = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return imp_address_of_socket (address);
  inet = G_INET_SOCKET_ADDRESS (address);
  ip = imp_address_masks_unmap (g_inet_socket_address_get_address (inet));
  plain = g_inet_socket_address_new (ip, g_inet_socket_address_get_port (inet));
  return imp_address_of_socket (plain);
}

/* The kernel gives one port to several connections, as long as they lead to different places. */
static void
relay_own_count_connection (RelayOwn *self, GSocketAddress *address, int more)
{
  g_autofree char *text = relay_own_get_text (address);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->connections, text)) + more;

  if (n == 0)
    g_hash_table_remove (self->connections, text);
  else
    g_hash_table_replace (self->connections, g_steal_pointer (&text), GUINT_TO_POINTER (n));
}

void
relay_own_add_connection (RelayOwn *self, GSocketAddress *address)
{
  relay_own_count_connection (self, address, 1);
}

void
relay_own_remove_connection (RelayOwn *self, GSocketAddress *address)
{
  relay_own_count_connection (self, address, -1);
}

/* To its own addresses, and from no other one, a machine sends from the same. Nothing is sent here,
 * and unlike binding it does not depend on net.ipv4.ip_nonlocal_bind. */
gboolean
relay_own_is_local (GInetAddress *ip)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (ip, DISCARD_PORT);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) from = NULL;

  if (g_inet_address_get_is_loopback (ip))
    return TRUE;
  socket = g_socket_new (g_inet_address_get_family (ip), G_SOCKET_TYPE_DATAGRAM,
                         G_SOCKET_PROTOCOL_DEFAULT, NULL);
  if (socket == NULL || !g_socket_connect (socket, address, NULL, NULL))
    return FALSE;
  from = g_socket_get_local_address (socket, NULL);
  return from != NULL
         && g_inet_address_equal (ip,
                                  g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (from)));
}

static gboolean
relay_own_listens_at (GInetSocketAddress *listener, GInetSocketAddress *address)
{
  GInetAddress *own = g_inet_socket_address_get_address (listener);
  g_autoptr (GInetAddress) wanted = NULL;

  wanted = imp_address_masks_unmap (g_inet_socket_address_get_address (address));

  if (g_inet_socket_address_get_port (listener) != g_inet_socket_address_get_port (address))
    return FALSE;
  return g_inet_address_equal (own, wanted) || g_inet_address_get_is_any (wanted)
         || (g_inet_address_get_is_any (own) && relay_own_is_local (wanted));
}

gboolean
relay_own_check_destination (RelayOwn *self, GSocketAddress *address, GError **error)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      g_autofree char *shown = NULL;

      if (!relay_own_listens_at (self->listeners->pdata[i], G_INET_SOCKET_ADDRESS (address)))
        continue;
      shown = imp_address_of_socket (address);
      g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED,
                   "The destination %s is a --listen of this relay itself", shown);
      return FALSE;
    }
  return TRUE;
}

gboolean
relay_own_check_client (RelayOwn *self, GSocketAddress *address, GError **error)
{
  g_autofree char *text = relay_own_get_text (address);

  if (!g_hash_table_contains (self->connections, text))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED,
               "The client %s is this relay itself: what it sends to servers comes back to it; "
               "exempt its user or its addresses from the redirection",
               text);
  return FALSE;
}
