/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-view-private.h"

/**
 * imp_view_to_bytes: (skip)
 * @self: a view
 *
 * Gets the bytes for keeps: a reference to the memory that they lie in where that is worth while, a
 * copy where they are few.
 *
 * Returns: (transfer full): the bytes
 *
 * Since: 0.1
 */
GBytes *
imp_view_to_bytes (const ImpView *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->bytes != NULL)
    return g_bytes_ref (self->bytes);
  if (self->slice != NULL && self->length > IMP_VIEW_COPY_MAX)
    return self->slice (self->owner, self->data, self->length);
  return g_bytes_new (self->data, self->length);
}
