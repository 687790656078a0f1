/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-relay-private.h"

/**
 * imp_relay_get_client: (get-property client)
 * @self: a relay
 *
 * Gets the stream of the client.
 *
 * Returns: (transfer none): the stream
 *
 * Since: 0.1
 */
GIOStream *
imp_relay_get_client (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->client;
}

/**
 * imp_relay_get_server: (get-property server)
 * @self: a relay
 *
 * Gets the stream of the server.
 *
 * Returns: (transfer none): the stream
 *
 * Since: 0.1
 */
GIOStream *
imp_relay_get_server (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->server;
}

/**
 * imp_relay_get_analyzer: (get-property analyzer)
 * @self: a relay
 *
 * Gets the analyzer.
 *
 * Returns: (transfer none): the analyzer
 *
 * Since: 0.1
 */
ImpAnalyzer *
imp_relay_get_analyzer (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->analyzer;
}

/**
 * imp_relay_get_filter:
 * @self: a relay
 *
 * Gets the filter between both sides: for its limit, its ledger and its signals. The relay alone
 * feeds it and takes what it puts out.
 *
 * Returns: (transfer none): the filter
 *
 * Since: 0.1
 */
ImpFilter *
imp_relay_get_filter (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->filter;
}

/**
 * imp_relay_get_received:
 * @self: a relay
 * @direction: a direction
 *
 * Gets how much was read in a direction.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_relay_get_received (ImpRelay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_filter_get_input (self->filter, direction);
}

/**
 * imp_relay_get_sent:
 * @self: a relay
 * @direction: a direction
 *
 * Gets how much was written in a direction, including what the analyzer itself sent that way.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_relay_get_sent (ImpRelay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_pump_get_sent (self->pump, !direction);
}

/**
 * imp_relay_get_queued:
 * @self: a relay
 * @direction: a direction
 *
 * Gets how much waits to be written in a direction.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gsize
imp_relay_get_queued (ImpRelay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_pump_get_queued (self->pump, !direction);
}
