/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a filter may hold, and for how long. */
#include "provider/imp-filter-object-private.h"

/**
 * imp_filter_set_max_held: (set-property max-held)
 * @self: a filter
 * @max_held: a number of bytes
 *
 * Sets how many bytes, of both directions together, may wait for a verdict.
 *
 * A limit below what is held already takes effect with the next push.
 *
 * Since: 0.1
 */
void
imp_filter_set_max_held (ImpFilter *self, guint64 max_held)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (max_held <= G_MAXINT64);

  imp_filter_set_limit (self, IMP_FILTER_MAX_HELD, max_held);
}

/**
 * imp_filter_get_max_held: (get-property max-held)
 * @self: a filter
 *
 * Gets how many bytes, of both directions together, may wait for a verdict.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
guint64
imp_filter_get_max_held (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return self->limits[IMP_FILTER_MAX_HELD];
}

/**
 * imp_filter_set_deadline: (set-property deadline)
 * @self: a filter
 * @deadline: a time in milliseconds, or 0 for no limit
 *
 * Sets how long a byte, or the end of a stream, may wait for the analyzer's verdict. See
 * [property@Imp.Filter:deadline].
 *
 * Since: 0.1
 */
void
imp_filter_set_deadline (ImpFilter *self, guint deadline)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (deadline <= G_MAXINT32);

  imp_filter_set_limit (self, IMP_FILTER_DEADLINE, deadline);
}

/**
 * imp_filter_get_deadline: (get-property deadline)
 * @self: a filter
 *
 * Gets how long a byte, or the end of a stream, may wait for the analyzer's verdict.
 *
 * Returns: a time in milliseconds, or 0 for no limit
 *
 * Since: 0.1
 */
guint
imp_filter_get_deadline (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return self->limits[IMP_FILTER_DEADLINE];
}

/**
 * imp_filter_set_max_extensions: (set-property max-extensions)
 * @self: a filter
 * @max_extensions: a number of deadlines
 *
 * Sets how often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another
 * [property@Imp.Filter:deadline].
 *
 * Since: 0.1
 */
void
imp_filter_set_max_extensions (ImpFilter *self, guint max_extensions)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (max_extensions <= G_MAXINT32);

  imp_filter_set_limit (self, IMP_FILTER_MAX_EXTENSIONS, max_extensions);
}

/**
 * imp_filter_get_max_extensions: (get-property max-extensions)
 * @self: a filter
 *
 * Gets how often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another deadline.
 *
 * Returns: a number of deadlines
 *
 * Since: 0.1
 */
guint
imp_filter_get_max_extensions (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return self->limits[IMP_FILTER_MAX_EXTENSIONS];
}

/**
 * imp_filter_set_hold_timeout: (set-property hold-timeout)
 * @self: a filter
 * @hold_timeout: a time in milliseconds, or 0 for no limit
 *
 * Sets how long bytes are held since they may be the beginning of what an analyzer has asked to
 * look for. See [property@Imp.Filter:hold-timeout].
 *
 * Since: 0.1
 */
void
imp_filter_set_hold_timeout (ImpFilter *self, guint hold_timeout)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (hold_timeout <= G_MAXINT32);

  imp_filter_set_limit (self, IMP_FILTER_HOLD_TIMEOUT, hold_timeout);
}

/**
 * imp_filter_get_hold_timeout: (get-property hold-timeout)
 * @self: a filter
 *
 * Gets how long bytes are held since they may be the beginning of what an analyzer has asked to
 * look for.
 *
 * Returns: a time in milliseconds, or 0 for no limit
 *
 * Since: 0.1
 */
guint
imp_filter_get_hold_timeout (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return self->limits[IMP_FILTER_HOLD_TIMEOUT];
}
