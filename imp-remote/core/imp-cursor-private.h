/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-view-private.h"

#include <string.h>

G_BEGIN_DECLS

/* What a decoder says of the input that it has seen: how much of it was used is for it to tell. */
typedef enum
{
  IMP_DECODE_DONE,
  IMP_DECODE_MORE,
  IMP_DECODE_BAD,
} ImpDecodeStatus;

/* A position in bounded input. Decoders read through nothing else: every read tells whether there
 * was that much, and a failed one leaves the position alone. */
typedef struct
{
  const guint8 *data;
  gsize length;
  gsize position;
  /* Bytes from the position on that are known to hold no end of a line: a note of the decoder of
   * lines, so that a long one that comes in small pieces is not searched from its beginning each
   * time. A caller that asks again with more of the same input may keep it; 0 is always right. */
  gsize searched;
  /* Makes a GBytes of @length bytes at @data, which lie inside the input; NULL: copy. It lets a
   * payload be a slice of the read buffer. */
  GBytes *(*slice) (gpointer owner, const guint8 *data, gsize length);
  gpointer owner;
} ImpCursor;

static inline gsize
imp_cursor_left (const ImpCursor *self)
{
  return self->length - self->position;
}

static inline const guint8 *
imp_cursor_here (const ImpCursor *self)
{
  return self->data + self->position;
}

static inline gboolean
imp_cursor_skip (ImpCursor *self, gsize length)
{
  if (length > imp_cursor_left (self))
    return FALSE;
  self->position += length;
  return TRUE;
}

static inline gboolean
imp_cursor_u8 (ImpCursor *self, guint8 *value)
{
  if (imp_cursor_left (self) < 1)
    return FALSE;
  *value = self->data[self->position++];
  return TRUE;
}

/* A pointer to the next @length bytes, which are then behind the position; NULL if there are
 * fewer. */
static inline const guint8 *
imp_cursor_take (ImpCursor *self, gsize length)
{
  const guint8 *here = imp_cursor_here (self);

  if (length > imp_cursor_left (self))
    return NULL;
  self->position += length;
  return here;
}

#define IMP_CURSOR_DEFINE_READ(name, type, from_wire)                                              \
  static inline gboolean name (ImpCursor *self, type *value)                                       \
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

IMP_CURSOR_DEFINE_READ (imp_cursor_u16_be, guint16, GUINT16_FROM_BE)
IMP_CURSOR_DEFINE_READ (imp_cursor_u16_le, guint16, GUINT16_FROM_LE)
IMP_CURSOR_DEFINE_READ (imp_cursor_u32_be, guint32, GUINT32_FROM_BE)
IMP_CURSOR_DEFINE_READ (imp_cursor_u32_le, guint32, GUINT32_FROM_LE)
IMP_CURSOR_DEFINE_READ (imp_cursor_u64_be, guint64, GUINT64_FROM_BE)
IMP_CURSOR_DEFINE_READ (imp_cursor_u64_le, guint64, GUINT64_FROM_LE)

#undef IMP_CURSOR_DEFINE_READ

/* The next @length bytes as GBytes: a slice where it pays, else a copy. */
GBytes *imp_cursor_take_bytes (ImpCursor *self, gsize length);
/* A cursor over the next @length bytes, which are then behind the position of @self. */
gboolean imp_cursor_take_cursor (ImpCursor *self, gsize length, ImpCursor *sub);

/* Over a GBytes, whose slices are g_bytes_new_from_bytes(). */
void imp_cursor_init_bytes (ImpCursor *self, GBytes *bytes);

G_END_DECLS
