/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "provider/imp-filter.h"

#include "core/imp-property-private.h"

/**
 * imp_filter_get_held_bytes: (get-property held-bytes)
 * @self: a filter
 *
 * Gets how many bytes, of both directions together, wait for a verdict.
 *
 * Returns: the value of [property@Imp.Filter:held-bytes]
 *
 * Since: 0.2
 */
gint64
imp_filter_get_held_bytes (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return imp_property_get_int64 (self, "held-bytes");
}

/**
 * imp_filter_get_max_growth: (get-property max-growth)
 * @self: a filter
 *
 * Gets by how many bytes what leaves in a direction may be longer than what has come in it; 0 for
 * no limit.
 *
 * Returns: the value of [property@Imp.Filter:max-growth]
 *
 * Since: 0.2
 */
guint64
imp_filter_get_max_growth (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return imp_property_get_uint64 (self, "max-growth");
}

/**
 * imp_filter_set_max_growth: (set-property max-growth)
 * @self: a filter
 * @value: the new value of [property@Imp.Filter:max-growth]
 *
 * Sets by how many bytes what leaves in a direction may be longer than what has come in it; 0 for
 * no limit.
 *
 * Since: 0.2
 */
void
imp_filter_set_max_growth (ImpFilter *self, guint64 value)
{
  g_return_if_fail (IMP_IS_FILTER (self));

  g_object_set (self, "max-growth", value, NULL);
}

/**
 * imp_filter_get_max_log_rate: (get-property max-log-rate)
 * @self: a filter
 *
 * Gets how many results for logs, LOG and ACCOUNT_FIELD, the analyzer may give in a second on
 * average; ten times as many may come at once.
 *
 * Returns: the value of [property@Imp.Filter:max-log-rate]
 *
 * Since: 0.2
 */
guint
imp_filter_get_max_log_rate (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return imp_property_get_uint (self, "max-log-rate");
}

/**
 * imp_filter_set_max_log_rate: (set-property max-log-rate)
 * @self: a filter
 * @value: the new value of [property@Imp.Filter:max-log-rate]
 *
 * Sets how many results for logs, LOG and ACCOUNT_FIELD, the analyzer may give in a second on
 * average; ten times as many may come at once.
 *
 * Since: 0.2
 */
void
imp_filter_set_max_log_rate (ImpFilter *self, guint value)
{
  g_return_if_fail (IMP_IS_FILTER (self));

  g_object_set (self, "max-log-rate", value, NULL);
}

/**
 * imp_filter_get_max_log_size: (get-property max-log-size)
 * @self: a filter
 *
 * Gets how many bytes the text of a result for people may have: of a LOG, an ACCOUNT_FIELD, and the
 * reason of a DENY or FATAL, with all keys and values.
 *
 * Returns: the value of [property@Imp.Filter:max-log-size]
 *
 * Since: 0.2
 */
guint64
imp_filter_get_max_log_size (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return imp_property_get_uint64 (self, "max-log-size");
}

/**
 * imp_filter_set_max_log_size: (set-property max-log-size)
 * @self: a filter
 * @value: the new value of [property@Imp.Filter:max-log-size]
 *
 * Sets how many bytes the text of a result for people may have: of a LOG, an ACCOUNT_FIELD, and the
 * reason of a DENY or FATAL, with all keys and values.
 *
 * Since: 0.2
 */
void
imp_filter_set_max_log_size (ImpFilter *self, guint64 value)
{
  g_return_if_fail (IMP_IS_FILTER (self));

  g_object_set (self, "max-log-size", value, NULL);
}

/**
 * imp_filter_get_warn_silence: (get-property warn-silence)
 * @self: a filter
 *
 * Gets after how long, in milliseconds, it is logged that the analyzer gives no verdict while bytes
 * wait for one; 0 for never.
 *
 * Returns: the value of [property@Imp.Filter:warn-silence]
 *
 * Since: 0.2
 */
guint
imp_filter_get_warn_silence (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return imp_property_get_uint (self, "warn-silence");
}

/**
 * imp_filter_set_warn_silence: (set-property warn-silence)
 * @self: a filter
 * @value: the new value of [property@Imp.Filter:warn-silence]
 *
 * Sets after how long, in milliseconds, it is logged that the analyzer gives no verdict while bytes
 * wait for one; 0 for never.
 *
 * Since: 0.2
 */
void
imp_filter_set_warn_silence (ImpFilter *self, guint value)
{
  g_return_if_fail (IMP_IS_FILTER (self));

  g_object_set (self, "warn-silence", value, NULL);
}
