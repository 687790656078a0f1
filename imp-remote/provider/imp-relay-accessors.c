/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "provider/imp-relay.h"

#include "core/imp-property-private.h"

/**
 * imp_relay_get_buffer_size: (get-property buffer-size)
 * @self: a relay
 *
 * Gets how many bytes may wait to be written to a side before the other one is not read any more,
 * which it is again once a quarter of them waits.
 *
 * Returns: the value of [property@Imp.Relay:buffer-size]
 *
 * Since: 0.2
 */
guint
imp_relay_get_buffer_size (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint (self, "buffer-size");
}

/**
 * imp_relay_get_deadline: (get-property deadline)
 * @self: a relay
 *
 * Gets how long, in milliseconds, a byte or the end of a stream may wait for the analyzer's
 * verdict; 0 for no limit.
 *
 * Returns: the value of [property@Imp.Relay:deadline]
 *
 * Since: 0.2
 */
guint
imp_relay_get_deadline (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint (self, "deadline");
}

/**
 * imp_relay_get_hold_timeout: (get-property hold-timeout)
 * @self: a relay
 *
 * Gets how long, in milliseconds, bytes are held since they may be the beginning of what an
 * analyzer has asked to look for (PASS_PATTERN); 0: until that is decided.
 *
 * Returns: the value of [property@Imp.Relay:hold-timeout]
 *
 * Since: 0.2
 */
guint
imp_relay_get_hold_timeout (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint (self, "hold-timeout");
}

/**
 * imp_relay_get_idle_timeout: (get-property idle-timeout)
 * @self: a relay
 *
 * Gets after how many milliseconds in which nothing was read and nothing written the connection is
 * ended, with %IMP_ERROR_TIMEOUT; 0 for never.
 *
 * Returns: the value of [property@Imp.Relay:idle-timeout]
 *
 * Since: 0.2
 */
guint
imp_relay_get_idle_timeout (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint (self, "idle-timeout");
}

/**
 * imp_relay_get_linger: (get-property linger)
 * @self: a relay
 *
 * Gets how long, in milliseconds, peers may take to read what was let through before the connection
 * was refused.
 *
 * Returns: the value of [property@Imp.Relay:linger]
 *
 * Since: 0.2
 */
guint
imp_relay_get_linger (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint (self, "linger");
}

/**
 * imp_relay_get_max_extensions: (get-property max-extensions)
 * @self: a relay
 *
 * Gets how often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another
 * [property@Imp.Relay:deadline].
 *
 * Returns: the value of [property@Imp.Relay:max-extensions]
 *
 * Since: 0.2
 */
guint
imp_relay_get_max_extensions (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint (self, "max-extensions");
}

/**
 * imp_relay_get_max_growth: (get-property max-growth)
 * @self: a relay
 *
 * Gets by how many bytes what leaves in a direction may be longer than what has come in it; 0 for
 * no limit.
 *
 * Returns: the value of [property@Imp.Relay:max-growth]
 *
 * Since: 0.2
 */
guint64
imp_relay_get_max_growth (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint64 (self, "max-growth");
}

/**
 * imp_relay_get_max_held: (get-property max-held)
 * @self: a relay
 *
 * Gets how many bytes, of both directions together, may wait for a verdict.
 *
 * Returns: the value of [property@Imp.Relay:max-held]
 *
 * Since: 0.2
 */
guint64
imp_relay_get_max_held (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint64 (self, "max-held");
}

/**
 * imp_relay_get_max_log_rate: (get-property max-log-rate)
 * @self: a relay
 *
 * Gets how many results for logs the analyzer may give in a second on average; 0 for any number.
 *
 * Returns: the value of [property@Imp.Relay:max-log-rate]
 *
 * Since: 0.2
 */
guint
imp_relay_get_max_log_rate (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint (self, "max-log-rate");
}

/**
 * imp_relay_get_max_log_size: (get-property max-log-size)
 * @self: a relay
 *
 * Gets how many bytes the text of a result for people may have.
 *
 * Returns: the value of [property@Imp.Relay:max-log-size]
 *
 * Since: 0.2
 */
guint64
imp_relay_get_max_log_size (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);

  return imp_property_get_uint64 (self, "max-log-size");
}
