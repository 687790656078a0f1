/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "provider/imp-datagram-relay.h"

#include "core/imp-property-private.h"

/**
 * imp_datagram_relay_get_deadline: (get-property deadline)
 * @self: a relay
 *
 * Gets how long, in milliseconds, a packet may wait for the analyzer's verdict; 0 for no limit.
 *
 * Returns: the value of [property@Imp.DatagramRelay:deadline]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_deadline (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "deadline");
}

/**
 * imp_datagram_relay_get_evict: (get-property evict)
 * @self: a relay
 *
 * Gets what becomes of a new client when there are [property@Imp.DatagramRelay:max-clients]:
 * %FALSE, its packets are dropped; %TRUE, it takes the place of the one that was not heard of for
 * longest.
 *
 * Returns: the value of [property@Imp.DatagramRelay:evict]
 *
 * Since: 0.2
 */
gboolean
imp_datagram_relay_get_evict (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), FALSE);

  return imp_property_get_boolean (self, "evict");
}

/**
 * imp_datagram_relay_get_hold_timeout: (get-property hold-timeout)
 * @self: a relay
 *
 * Gets how long, in milliseconds, packets are held since they may be the beginning of what an
 * analyzer has asked to look for (PASS_PATTERN); 0: until that is decided.
 *
 * Returns: the value of [property@Imp.DatagramRelay:hold-timeout]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_hold_timeout (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "hold-timeout");
}

/**
 * imp_datagram_relay_get_idle_timeout: (get-property idle-timeout)
 * @self: a relay
 *
 * Gets after how many milliseconds in which nothing came from it or for it a client is forgotten;
 * for one that was refused, it is so long since that.
 *
 * Returns: the value of [property@Imp.DatagramRelay:idle-timeout]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_idle_timeout (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "idle-timeout");
}

/**
 * imp_datagram_relay_get_max_clients: (get-property max-clients)
 * @self: a relay
 *
 * Gets how many clients there may be at once.
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-clients]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_max_clients (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "max-clients");
}

/**
 * imp_datagram_relay_get_max_clients_per_peer: (get-property max-clients-per-peer)
 * @self: a relay
 *
 * Gets how many clients may be of one peer.
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-clients-per-peer]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_max_clients_per_peer (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "max-clients-per-peer");
}

/**
 * imp_datagram_relay_get_max_extensions: (get-property max-extensions)
 * @self: a relay
 *
 * Gets how often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another
 * [property@Imp.DatagramRelay:deadline].
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-extensions]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_max_extensions (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "max-extensions");
}

/**
 * imp_datagram_relay_get_max_growth: (get-property max-growth)
 * @self: a relay
 *
 * Gets by how many bytes what leaves in a direction of a client may be longer than what has come in
 * it; 0 for no limit.
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-growth]
 *
 * Since: 0.2
 */
guint64
imp_datagram_relay_get_max_growth (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint64 (self, "max-growth");
}

/**
 * imp_datagram_relay_get_max_held: (get-property max-held)
 * @self: a relay
 *
 * Gets how many bytes, of both directions of a client together, may wait for a verdict; a packet
 * counts as 192 bytes more than it has.
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-held]
 *
 * Since: 0.2
 */
guint64
imp_datagram_relay_get_max_held (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint64 (self, "max-held");
}

/**
 * imp_datagram_relay_get_max_held_total: (get-property max-held-total)
 * @self: a relay
 *
 * Gets how many bytes, of all clients together, may wait for a verdict.
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-held-total]
 *
 * Since: 0.2
 */
guint64
imp_datagram_relay_get_max_held_total (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint64 (self, "max-held-total");
}

/**
 * imp_datagram_relay_get_max_log_rate: (get-property max-log-rate)
 * @self: a relay
 *
 * Gets how many results for logs an analyzer may give in a second on average; 0 for any number.
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-log-rate]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_max_log_rate (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "max-log-rate");
}

/**
 * imp_datagram_relay_get_max_log_size: (get-property max-log-size)
 * @self: a relay
 *
 * Gets how many bytes the text of a result for people may have.
 *
 * Returns: the value of [property@Imp.DatagramRelay:max-log-size]
 *
 * Since: 0.2
 */
guint64
imp_datagram_relay_get_max_log_size (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint64 (self, "max-log-size");
}

/**
 * imp_datagram_relay_get_warn_silence: (get-property warn-silence)
 * @self: a relay
 *
 * Gets after how long, in milliseconds, it is logged that an analyzer gives no verdict; 0 for
 * never.
 *
 * Returns: the value of [property@Imp.DatagramRelay:warn-silence]
 *
 * Since: 0.2
 */
guint
imp_datagram_relay_get_warn_silence (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return imp_property_get_uint (self, "warn-silence");
}
