/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-context.h"

#include "rpc/imp-address-private.h"

/* The keys that analyzers know: caddr and cport, saddr and sport. */
static void
relay_context_add_address (GHashTable *context, char side, GSocketAddress *address)
{
  char *key = g_strdup_printf ("%caddr", side);

  if (G_IS_INET_SOCKET_ADDRESS (address))
    {
      GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);

      g_hash_table_insert (context, key,
                           g_inet_address_to_string (g_inet_socket_address_get_address (inet)));
      g_hash_table_insert (context, g_strdup_printf ("%cport", side),
                           g_strdup_printf ("%u", g_inet_socket_address_get_port (inet)));
    }
  else
    g_hash_table_insert (context, key, imp_address_of_socket (address));
}

static void
relay_context_add_text (GHashTable *context, const char *key, const char *text)
{
  g_hash_table_insert (context, g_strdup (key), g_strdup (text));
}

void
relay_knowledge_init (RelayKnowledge *self, GSocketAddress *client, GIOStream *server,
                      GSocketConnectable *target)
{
  *self = (RelayKnowledge){ .client = client };
  if (G_IS_SOCKET_CONNECTION (server))
    self->server = g_socket_connection_get_remote_address (G_SOCKET_CONNECTION (server), NULL);
  else if (G_IS_SOCKET_ADDRESS (target))
    self->server = g_object_ref (G_SOCKET_ADDRESS (target));
  if (G_IS_INET_SOCKET_ADDRESS (target))
    self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (target));
  if (!G_IS_NETWORK_ADDRESS (target))
    return;
  self->port = g_network_address_get_port (G_NETWORK_ADDRESS (target));
  self->name = g_network_address_get_hostname (G_NETWORK_ADDRESS (target));
}

void
relay_knowledge_clear (RelayKnowledge *self)
{
  g_clear_object (&self->server);
}

GHashTable *
relay_context_new (const RelayKnowledge *known)
{
  GHashTable *context = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  if (known->client != NULL)
    relay_context_add_address (context, 'c', known->client);
  if (known->server != NULL)
    relay_context_add_address (context, 's', known->server);
  else if (known->port != 0)
    g_hash_table_insert (context, g_strdup ("sport"), g_strdup_printf ("%u", known->port));
  if (known->name != NULL)
    relay_context_add_text (context, "name", known->name);
  if (known->sni != NULL)
    relay_context_add_text (context, "sni", known->sni);
  return context;
}
