/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result.h"

G_BEGIN_DECLS

/* What has to wait, in order, in as little memory as it can be said in. A verdict is an object of
 * some hundred bytes, and an analyzer may give one for every few bytes of input; here it takes
 * two, and a small replacement three more than its data. What comes out equals what was put in, one
 * for one.
 *
 * Results and input never stand in the same shelf. */
typedef struct
{
  struct _ImpShelfBlock *first, *last; /* NULL: empty */
  gsize size;                          /* bytes that what is in it takes */
  gint64 put, took; /* the last offsets: only the steps between them are written */
} ImpShelf;

/* Streams are put in, and so come out, in pieces of this many bytes at most. */
#define IMP_SHELF_PIECE_SIZE (64 * 1024)

#define IMP_SHELF_INIT                                                                             \
  {                                                                                                \
    NULL, NULL, 0, 0, 0                                                                            \
  }

static inline gboolean
imp_shelf_is_empty (const ImpShelf *self)
{
  return self->first == NULL;
}

/* Takes @result. */
void imp_shelf_put_result (ImpShelf *self, ImpResult *result);
/* NULL if there is none. */
ImpResult *imp_shelf_take_result (ImpShelf *self);

void imp_shelf_put_input (ImpShelf *self, GBytes *data, gint64 offset, gint32 data_type);
/* NULL if there is none. */
GBytes *imp_shelf_take_input (ImpShelf *self, gint64 *offset, gint32 *data_type);

void imp_shelf_clear (ImpShelf *self);

G_END_DECLS
