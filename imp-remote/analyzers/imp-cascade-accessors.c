/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "analyzers/imp-cascade.h"

#include "core/imp-property-private.h"

/**
 * imp_cascade_get_hold_timeout: (get-property hold-timeout)
 * @self: a cascade
 *
 * Gets how long a search (pass pattern) of a part may hold what may be the beginning of a match, in
 * milliseconds; 0: until it is decided.
 *
 * Returns: the value of [property@Imp.Cascade:hold-timeout]
 *
 * Since: 0.2
 */
guint
imp_cascade_get_hold_timeout (ImpCascade *self)
{
  g_return_val_if_fail (IMP_IS_CASCADE (self), 0);

  return imp_property_get_uint (self, "hold-timeout");
}

/**
 * imp_cascade_set_hold_timeout: (set-property hold-timeout)
 * @self: a cascade
 * @value: the new value of [property@Imp.Cascade:hold-timeout]
 *
 * Sets how long a search (pass pattern) of a part may hold what may be the beginning of a match, in
 * milliseconds; 0: until it is decided.
 *
 * Since: 0.2
 */
void
imp_cascade_set_hold_timeout (ImpCascade *self, guint value)
{
  g_return_if_fail (IMP_IS_CASCADE (self));

  g_object_set (self, "hold-timeout", value, NULL);
}

/**
 * imp_cascade_get_max_held: (get-property max-held)
 * @self: a cascade
 *
 * Gets how many bytes one part may leave unsettled, in both directions of a connection together.
 *
 * Returns: the value of [property@Imp.Cascade:max-held]
 *
 * Since: 0.2
 */
guint64
imp_cascade_get_max_held (ImpCascade *self)
{
  g_return_val_if_fail (IMP_IS_CASCADE (self), 0);

  return imp_property_get_uint64 (self, "max-held");
}

/**
 * imp_cascade_set_max_held: (set-property max-held)
 * @self: a cascade
 * @value: the new value of [property@Imp.Cascade:max-held]
 *
 * Sets how many bytes one part may leave unsettled, in both directions of a connection together.
 *
 * Since: 0.2
 */
void
imp_cascade_set_max_held (ImpCascade *self, guint64 value)
{
  g_return_if_fail (IMP_IS_CASCADE (self));

  g_object_set (self, "max-held", value, NULL);
}
