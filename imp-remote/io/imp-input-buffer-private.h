/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-block-private.h"
#include "io/imp-transport-private.h"

G_BEGIN_DECLS

/* What has been read and not been understood yet: one piece of memory that is read into at the end
 * and consumed at the front. Slices of it are handed out as GBytes (imp_block_slice()); as long as
 * one is kept, that memory stays, and the buffer goes on in another. */
typedef struct
{
  ImpBlock *block; /* NULL while there is nothing */
  gsize start;
  gsize end;
} ImpInputBuffer;

#define IMP_INPUT_BUFFER_READ_SIZE IMP_BLOCK_SIZE

void imp_input_buffer_clear (ImpInputBuffer *self);

/* Room to read into, at least one byte. @need: bytes that the message at the front is known to
 * have, or 0. Memory is at most doubled per call, whatever @need says, so that a peer has to send
 * what it makes us allocate. */
guint8 *imp_input_buffer_reserve (ImpInputBuffer *self, gsize need, gsize *room);
void imp_input_buffer_commit (ImpInputBuffer *self, gsize length);
/* One read, into such room. As imp_transport_read(). */
gssize imp_input_buffer_read (ImpInputBuffer *self, ImpTransport *transport, gsize need,
                              GError **error);

static inline gsize
imp_input_buffer_get_size (const ImpInputBuffer *self)
{
  return self->end - self->start;
}

/* How much memory it takes, in bytes. */
static inline gsize
imp_input_buffer_get_memory (const ImpInputBuffer *self)
{
  return self->block == NULL ? 0 : self->block->size;
}

/* What is there; NULL if there never was anything. Valid until the next call. */
static inline const guint8 *
imp_input_buffer_peek (const ImpInputBuffer *self, gsize *length)
{
  *length = imp_input_buffer_get_size (self);
  return self->block == NULL ? NULL : self->block->data + self->start;
}

/* The memory that peek() shows is a part of: the owner of slices. */
static inline ImpBlock *
imp_input_buffer_get_block (const ImpInputBuffer *self)
{
  return self->block;
}

void imp_input_buffer_consume (ImpInputBuffer *self, gsize length);
/* Keeps what peek() shows where it is, whatever is consumed or cleared, until it is released. NULL
 * if there is nothing. */
ImpBlock *imp_input_buffer_hold (ImpInputBuffer *self);
void imp_input_buffer_release (ImpInputBuffer *self, ImpBlock *held);
/* Takes out all there is. A large piece is handed on in the memory that it was read into; a small
 * one is copied, so that it cannot pin that memory. */
GBytes *imp_input_buffer_take (ImpInputBuffer *self);

G_END_DECLS
