/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties by functions. Each of these does what g_object_get() and g_object_set() do. */
#include "provider/imp-io-stream.h"

#include "core/imp-property-private.h"

/**
 * imp_io_stream_get_buffer_size: (get-property buffer-size)
 * @self: a stream
 *
 * Gets how many bytes may wait, in each direction, before what brings them is not read any more.
 *
 * Returns: the value of [property@Imp.IOStream:buffer-size]
 *
 * Since: 0.2
 */
guint
imp_io_stream_get_buffer_size (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), 0);

  return imp_property_get_uint (self, "buffer-size");
}

/**
 * imp_io_stream_get_deadline: (get-property deadline)
 * @self: a stream
 *
 * Gets how long, in milliseconds, a byte or the end of a stream may wait for the analyzer's
 * verdict; 0 for no limit.
 *
 * Returns: the value of [property@Imp.IOStream:deadline]
 *
 * Since: 0.2
 */
guint
imp_io_stream_get_deadline (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), 0);

  return imp_property_get_uint (self, "deadline");
}

/**
 * imp_io_stream_get_held_bytes: (get-property held-bytes)
 * @self: a stream
 *
 * Gets how many bytes, of both directions together, wait for a verdict; for the thread of the
 * stream's main context.
 *
 * Returns: the value of [property@Imp.IOStream:held-bytes]
 *
 * Since: 0.2
 */
gint64
imp_io_stream_get_held_bytes (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), 0);

  return imp_property_get_int64 (self, "held-bytes");
}

/**
 * imp_io_stream_get_linger: (get-property linger)
 * @self: a stream
 *
 * Gets how long, in milliseconds, what was let through may take to leave once the stream is closed,
 * or the connection refused.
 *
 * Returns: the value of [property@Imp.IOStream:linger]
 *
 * Since: 0.2
 */
guint
imp_io_stream_get_linger (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), 0);

  return imp_property_get_uint (self, "linger");
}

/**
 * imp_io_stream_get_max_held: (get-property max-held)
 * @self: a stream
 *
 * Gets how many bytes, of both directions together, may wait for a verdict.
 *
 * Returns: the value of [property@Imp.IOStream:max-held]
 *
 * Since: 0.2
 */
guint64
imp_io_stream_get_max_held (ImpIOStream *self)
{
  g_return_val_if_fail (IMP_IS_IO_STREAM (self), 0);

  return imp_property_get_uint64 (self, "max-held");
}
