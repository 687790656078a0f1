/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-cursor-private.h"

#include <string.h>

const guint8 *
imp_cursor_take (ImpCursor *self, gsize length)
{
  const guint8 *here = imp_cursor_here (self);

  if (length > imp_cursor_left (self))
    return NULL;
  self->position += length;
  return here;
}

#define DEFINE_READ(name, type, from_wire)                                                         \
  gboolean name (ImpCursor *self, type *value)                                                     \
  {                                                                                                \
    const guint8 *here = imp_cursor_take (self, sizeof (type));                                    \
    type raw;                                                                                      \
                                                                                                   \
    if (here == NULL)                                                                              \
      return FALSE;                                                                                \
    memcpy (&raw, here, sizeof (type));                                                            \
    *value = from_wire (raw);                                                                      \
    return TRUE;                                                                                   \
  }

DEFINE_READ (imp_cursor_u16_be, guint16, GUINT16_FROM_BE)
DEFINE_READ (imp_cursor_u16_le, guint16, GUINT16_FROM_LE)
DEFINE_READ (imp_cursor_u32_be, guint32, GUINT32_FROM_BE)
DEFINE_READ (imp_cursor_u32_le, guint32, GUINT32_FROM_LE)
DEFINE_READ (imp_cursor_u64_be, guint64, GUINT64_FROM_BE)
DEFINE_READ (imp_cursor_u64_le, guint64, GUINT64_FROM_LE)

GBytes *
imp_cursor_take_bytes (ImpCursor *self, gsize length)
{
  const guint8 *data = imp_cursor_take (self, length);

  if (data == NULL)
    return NULL;
  if (length <= IMP_CURSOR_COPY_MAX || self->slice == NULL)
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
slice_of_bytes (gpointer owner, const guint8 *data, gsize length)
{
  const guint8 *begin = g_bytes_get_data (owner, NULL);

  return g_bytes_new_from_bytes (owner, data - begin, length);
}

void
imp_cursor_init_bytes (ImpCursor *self, GBytes *bytes)
{
  memset (self, 0, sizeof *self);
  self->data = g_bytes_get_data (bytes, &self->length);
  self->slice = slice_of_bytes;
  self->owner = bytes;
}
