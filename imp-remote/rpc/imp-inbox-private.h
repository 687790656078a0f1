/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-block-private.h"
#include "wire/imp-cursor-private.h"

G_BEGIN_DECLS

/* What has been read and not been understood yet: one piece of memory that is read into at the end
 * and consumed at the front. Slices of it are handed out as GBytes; as long as one is kept, that
 * memory stays, and the inbox goes on in another. */
typedef struct
{
  ImpBlock *block; /* NULL while there is nothing */
  gsize start;
  gsize end;
  gsize searched; /* see ImpCursor: kept between calls of a decoder that wants more */
} ImpInbox;

#define IMP_INBOX_READ_SIZE IMP_BLOCK_SIZE

void imp_inbox_clear (ImpInbox *self);

/* Room to read into, at least one byte. @need: bytes that the message at the front is known to
 * have, or 0. Memory is at most doubled per call, whatever @need says, so that a peer has to send
 * what it makes us allocate. */
guint8 *imp_inbox_reserve (ImpInbox *self, gsize need, gsize *room);
void imp_inbox_commit (ImpInbox *self, gsize length);

/* A cursor over what is there; then say how far it went. */
void imp_inbox_open (ImpInbox *self, ImpCursor *cursor);
void imp_inbox_close (ImpInbox *self, const ImpCursor *cursor);

static inline gsize
imp_inbox_get_size (const ImpInbox *self)
{
  return self->end - self->start;
}

G_END_DECLS
