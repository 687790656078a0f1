/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "analyzers/imp-framer.h"

#include "core/imp-property-private.h"

/**
 * imp_framer_get_max_record: (get-property max-record)
 * @self: a framer
 *
 * Gets the greatest length of a record, in bytes, delimiter or prefix included.
 *
 * Returns: the value of [property@Imp.Framer:max-record]
 *
 * Since: 0.2
 */
guint
imp_framer_get_max_record (ImpFramer *self)
{
  g_return_val_if_fail (IMP_IS_FRAMER (self), 0);

  return imp_property_get_uint (self, "max-record");
}

/**
 * imp_framer_set_max_record: (set-property max-record)
 * @self: a framer
 * @value: the new value of [property@Imp.Framer:max-record]
 *
 * Sets the greatest length of a record, in bytes, delimiter or prefix included.
 *
 * Since: 0.2
 */
void
imp_framer_set_max_record (ImpFramer *self, guint value)
{
  g_return_if_fail (IMP_IS_FRAMER (self));

  g_object_set (self, "max-record", value, NULL);
}
