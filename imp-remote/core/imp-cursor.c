/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-cursor-private.h"

GBytes *
imp_cursor_take_bytes (ImpCursor *self, gsize length)
{
  const guint8 *data = imp_cursor_take (self, length);

  if (data == NULL)
    return NULL;
  if (length <= IMP_VIEW_COPY_MAX || self->slice == NULL)
    return g_bytes_new (data, length);
  return self->slice (self->owner, data, length);
}

gboolean
imp_cursor_take_cursor (ImpCursor *self, gsize length, ImpCursor *sub)
{
  const guint8 *data = imp_cursor_take (self, length);

  if (data == NULL)
    return FALSE;
  *sub = *self;
  sub->data = data;
  sub->length = length;
  sub->position = 0;
  sub->searched = 0;
  return TRUE;
}

static GBytes *
cursor_slice_bytes (gpointer owner, const guint8 *data, gsize length)
{
  const guint8 *begin = g_bytes_get_data (owner, NULL);

  return g_bytes_new_from_bytes (owner, data - begin, length);
}

void
imp_cursor_init_bytes (ImpCursor *self, GBytes *bytes)
{
  memset (self, 0, sizeof *self);
  self->data = g_bytes_get_data (bytes, &self->length);
  /* Empty bytes have no address, and NULL must not be computed with. */
  if (self->data == NULL)
    self->data = (const guint8 *) "";
  self->slice = cursor_slice_bytes;
  self->owner = bytes;
}
