/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has become of the bytes of a filter. */
#include "provider/imp-filter-object-private.h"

/**
 * imp_filter_get_input:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much was pushed: always the sum of what passed, was replaced, was denied and is held.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_input (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_input (self->flows[direction]);
}

/**
 * imp_filter_get_held:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input waits for a verdict.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_held (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_held (self->flows[direction]);
}

/**
 * imp_filter_get_passed:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input was let through as it came.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_passed (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_passed (self->flows[direction]);
}

/**
 * imp_filter_get_replaced:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input was replaced by other bytes, or none.
 *
 * Returns: a number of bytes of the input
 *
 * Since: 0.1
 */
gint64
imp_filter_get_replaced (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_replaced (self->flows[direction]);
}

/**
 * imp_filter_get_denied:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input was held when the connection was refused or the filter closed.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_denied (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_denied (self->flows[direction]);
}
