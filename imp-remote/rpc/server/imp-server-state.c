/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server says of itself, and whom it asks. */
#include "rpc/server/imp-server-object-private.h"

/**
 * imp_server_list_addresses:
 * @self: a server
 *
 * Gets the addresses at which the server listens: instead of a port 0, the one that the system has
 * chosen.
 *
 * Returns: (transfer full) (array zero-terminated=1): the addresses, as clients write them
 *
 * Since: 0.1
 */
char **
imp_server_list_addresses (ImpServer *self)
{
  ImpServerPrivate *priv = imp_server_get_private (self);

  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  return imp_server_listeners_list (&priv->listeners);
}

/**
 * imp_server_get_n_connections:
 * @self: a server
 *
 * Gets the number of connections.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
imp_server_get_n_connections (ImpServer *self)
{
  ImpServerPrivate *priv = imp_server_get_private (self);

  g_return_val_if_fail (IMP_IS_SERVER (self), 0);

  return g_hash_table_size (priv->connections);
}

/**
 * imp_server_get_n_analyzers:
 * @self: a server
 *
 * Gets the number of analyzers of all connections.
 *
 * Returns: the number of analyzers
 *
 * Since: 0.1
 */
guint
imp_server_get_n_analyzers (ImpServer *self)
{
  ImpServerPrivate *priv = imp_server_get_private (self);
  GHashTableIter iter;
  gpointer connection;
  guint n = 0;

  g_return_val_if_fail (IMP_IS_SERVER (self), 0);

  g_hash_table_iter_init (&iter, priv->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    n += imp_server_connection_get_n_analyzers (connection);
  return n;
}

static void
server_describe_counters (ImpServer *self, GVariantDict *dictionary)
{
  ImpServerPrivate *priv = imp_server_get_private (self);
  ImpLinkCounters sum = priv->totals.past;
  GHashTableIter iter;
  gpointer connection;

  g_hash_table_iter_init (&iter, priv->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    imp_server_connection_add_counters (connection, &sum);
  g_variant_dict_insert (dictionary, "messages-in", "t", sum.messages_in);
  g_variant_dict_insert (dictionary, "messages-out", "t", sum.messages_out);
  g_variant_dict_insert (dictionary, "bytes-in", "t", sum.bytes_in);
  g_variant_dict_insert (dictionary, "bytes-out", "t", sum.bytes_out);
}

/**
 * imp_server_get_statistics:
 * @self: a server
 *
 * Gets what the server keeps now and what it has counted since it was created, as a dictionary
 * (a{sv}). Unsigned 64-bit numbers are "live-connections", "live-analyzers", "live-handshakes" (TLS
 * clients that are no connections yet), "held" (bytes that wait for verdicts, or to be read by
 * clients) and "memory" (see [property@Imp.Server:max-memory]) for now, "connections", "analyzers",
 * "handshakes", "messages-in", "messages-out", "bytes-in" and "bytes-out" for all that there were.
 * "refusals" is a dictionary (a{st}) of how often connections or analyzers were refused or ended:
 * by the limits' names, "denied" for clients that may not use the server, "malformed" for messages
 * that make no sense, and "tls" for handshakes that have failed.
 *
 * Returns: (transfer full): the dictionary
 *
 * Since: 0.1
 */
GVariant *
imp_server_get_statistics (ImpServer *self)
{
  ImpServerPrivate *priv = imp_server_get_private (self);
  const ImpServerTotals *totals = &priv->totals;
  GVariantDict dictionary;

  g_return_val_if_fail (IMP_IS_SERVER (self), NULL);

  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "live-connections", "t",
                         (guint64) imp_server_get_n_connections (self));
  g_variant_dict_insert (&dictionary, "live-analyzers", "t",
                         (guint64) imp_server_get_n_analyzers (self));
  g_variant_dict_insert (&dictionary, "live-handshakes", "t",
                         (guint64) imp_server_handshakes_get_n (priv->admission.tls.handshakes));
  g_variant_dict_insert (&dictionary, "held", "t", imp_server_totals_count_held (totals));
  g_variant_dict_insert (&dictionary, "memory", "t", (guint64) totals->memory);
  g_variant_dict_insert (&dictionary, "handshakes", "t", totals->n_handshakes);
  g_variant_dict_insert (&dictionary, "connections", "t", totals->n_connections);
  g_variant_dict_insert (&dictionary, "analyzers", "t", totals->n_analyzers);
  server_describe_counters (self, &dictionary);
  g_variant_dict_insert_value (&dictionary, "refusals",
                               imp_server_totals_describe_refusals (totals));
  return g_variant_ref_sink (g_variant_dict_end (&dictionary));
}

/**
 * imp_server_set_authorize_func:
 * @self: a server
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): asked about each client
 * @user_data: data for @func
 * @destroy: (nullable): frees @user_data
 *
 * Sets a function that decides about each client, before anything that it says is read. It is asked
 * about those whom [property@Imp.Server:allow-uids] and [property@Imp.Server:allow-gids] allow, or
 * the server's class, if that overrides `authorize`; so it can refuse more of them, and not less.
 * The client is told the error. What is known of a client is in its [class@Imp.Peer]: a user, an
 * address, or the names in its certificate.
 *
 * It is called in the server's main context, and must not block. JavaScript cannot give an
 * error here: what it throws is printed, and nobody is let in. In a class of its own it can.
 *
 * Since: 0.1
 */
void
imp_server_set_authorize_func (ImpServer *self, ImpAuthorizeFunc func, gpointer user_data,
                               GDestroyNotify destroy)
{
  g_return_if_fail (IMP_IS_SERVER (self));

  imp_server_admission_set_func (&imp_server_get_private (self)->admission, func, user_data,
                                 destroy);
}
