/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "provider/imp-recorder.h"

#include "core/imp-property-private.h"

/**
 * imp_recorder_get_max_buffered: (get-property max-buffered)
 * @self: a recorder
 *
 * Gets how many bytes may wait for the disk, in all recordings together.
 *
 * Returns: the value of [property@Imp.Recorder:max-buffered]
 *
 * Since: 0.2
 */
guint64
imp_recorder_get_max_buffered (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), 0);

  return imp_property_get_uint64 (self, "max-buffered");
}

/**
 * imp_recorder_set_max_buffered: (set-property max-buffered)
 * @self: a recorder
 * @value: the new value of [property@Imp.Recorder:max-buffered]
 *
 * Sets how many bytes may wait for the disk, in all recordings together.
 *
 * Since: 0.2
 */
void
imp_recorder_set_max_buffered (ImpRecorder *self, guint64 value)
{
  g_return_if_fail (IMP_IS_RECORDER (self));

  g_object_set (self, "max-buffered", value, NULL);
}

/**
 * imp_recorder_set_max_size: (set-property max-size)
 * @self: a recorder
 * @value: the new value of [property@Imp.Recorder:max-size]
 *
 * Sets how many bytes one recording may have, but for the few that say how it ends.
 *
 * Since: 0.2
 */
void
imp_recorder_set_max_size (ImpRecorder *self, guint64 value)
{
  g_return_if_fail (IMP_IS_RECORDER (self));

  g_object_set (self, "max-size", value, NULL);
}

/**
 * imp_recorder_get_max_total: (get-property max-total)
 * @self: a recorder
 *
 * Gets how many bytes all recordings together may have that this recorder writes.
 *
 * Returns: the value of [property@Imp.Recorder:max-total]
 *
 * Since: 0.2
 */
guint64
imp_recorder_get_max_total (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), 0);

  return imp_property_get_uint64 (self, "max-total");
}

/**
 * imp_recorder_set_max_total: (set-property max-total)
 * @self: a recorder
 * @value: the new value of [property@Imp.Recorder:max-total]
 *
 * Sets how many bytes all recordings together may have that this recorder writes.
 *
 * Since: 0.2
 */
void
imp_recorder_set_max_total (ImpRecorder *self, guint64 value)
{
  g_return_if_fail (IMP_IS_RECORDER (self));

  g_object_set (self, "max-total", value, NULL);
}

/**
 * imp_recorder_get_may_wait: (get-property may-wait)
 * @self: a recorder
 *
 * Gets whether a recording waits for the disk where too much waits for it already, instead of
 * leaving something out: for programs that have nothing more urgent to do.
 *
 * Returns: the value of [property@Imp.Recorder:may-wait]
 *
 * Since: 0.2
 */
gboolean
imp_recorder_get_may_wait (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), FALSE);

  return imp_property_get_boolean (self, "may-wait");
}

/**
 * imp_recorder_set_may_wait: (set-property may-wait)
 * @self: a recorder
 * @value: the new value of [property@Imp.Recorder:may-wait]
 *
 * Sets whether a recording waits for the disk where too much waits for it already, instead of
 * leaving something out: for programs that have nothing more urgent to do.
 *
 * Since: 0.2
 */
void
imp_recorder_set_may_wait (ImpRecorder *self, gboolean value)
{
  g_return_if_fail (IMP_IS_RECORDER (self));

  g_object_set (self, "may-wait", value, NULL);
}
