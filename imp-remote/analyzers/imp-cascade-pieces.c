/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-cascade-pieces-private.h"

void
imp_pieces_init (ImpPieces *self)
{
  *self = (ImpPieces){ 0 };
  imp_piece_ring_init (&self->ring);
}

void
imp_pieces_clear (ImpPieces *self)
{
  imp_piece_ring_reset (&self->ring);
}

/* A stream may be cut and joined; packets are separate pieces since they are settled as wholes, and
 * whoever settles several of them takes several pieces. */
static gboolean
pieces_try_join (ImpPieces *self, const ImpPiece *piece)
{
  guint n = imp_pieces_get_n (self);
  ImpPiece *last;

  if (n == 0)
    return FALSE;
  last = imp_piece_ring_get (&self->ring, n - 1);
  if (last->state != piece->state || piece->state == IMP_PIECE_SENT)
    return FALSE;
  if (piece->state == IMP_PIECE_CHANGED && (last->length > 0 || piece->length > 0))
    return FALSE;
  last->length += piece->length;
  last->end = piece->end;
  return TRUE;
}

void
imp_pieces_add (ImpPieces *self, const ImpPiece *piece)
{
  if (self->same == self->tail && piece->state == IMP_PIECE_UNTOUCHED && piece->begin == self->tail)
    self->same += piece->length;
  self->tail += piece->length;
  self->end = piece->end;
  if (!pieces_try_join (self, piece))
    *imp_piece_ring_push (&self->ring) = *piece;
}

/* It has left the part. */
static void
pieces_note_gone (ImpPieces *self, const ImpPiece *piece)
{
  gboolean goes_on = self->run_origin + (self->front - self->run_begin) == piece->begin;

  if (piece->state == IMP_PIECE_UNTOUCHED && !goes_on)
    {
      self->run_begin = self->front;
      self->run_origin = piece->begin;
    }
  self->front += piece->length;
  if (piece->state != IMP_PIECE_UNTOUCHED)
    {
      self->run_begin = self->front;
      self->run_origin = piece->end;
    }
}

/* Of what was changed, the beginning counts as put in: the range goes with the last byte. */
static ImpPiece
piece_split (ImpPiece *self, gint64 length)
{
  ImpPiece first = *self;

  first.length = length;
  first.end = self->state == IMP_PIECE_UNTOUCHED ? self->begin + length : self->begin;
  self->length -= length;
  self->begin = first.end;
  return first;
}

ImpPiece
imp_pieces_take (ImpPieces *self, gint64 length)
{
  ImpPiece *first = imp_piece_ring_get (&self->ring, 0);
  ImpPiece taken;

  g_assert (imp_pieces_get_n (self) > 0);

  if (length < first->length)
    taken = piece_split (first, length);
  else
    {
      taken = *first;
      imp_piece_ring_drop_first (&self->ring);
    }
  pieces_note_gone (self, &taken);
  return taken;
}

ImpPiece
imp_pieces_take_changed (ImpPieces *self, gint64 length)
{
  gint64 begin = imp_pieces_get_n (self) > 0 ? imp_piece_ring_get (&self->ring, 0)->begin
                                             : self->end;
  ImpPiece all = { length, begin, begin, length > 0 ? IMP_PIECE_SENT : IMP_PIECE_CHANGED };

  while (length > 0)
    {
      ImpPiece taken = imp_pieces_take (self, length);

      length -= taken.length;
      all.end = taken.end;
      if (taken.state != IMP_PIECE_SENT)
        all.state = IMP_PIECE_CHANGED;
    }
  /* What was changed cannot be told from what stands before it any more. */
  self->run_begin = self->front;
  self->run_origin = all.end;
  return all;
}

gboolean
imp_pieces_has_empty (ImpPieces *self)
{
  return imp_pieces_get_n (self) > 0 && imp_piece_ring_get (&self->ring, 0)->length == 0;
}

void
imp_pieces_skip (ImpPieces *self, gint64 length)
{
  ImpPiece skipped = { length, self->end, self->end + length, IMP_PIECE_UNTOUCHED };

  g_assert (imp_pieces_get_n (self) == 0);

  imp_pieces_add (self, &skipped);
  imp_pieces_take (self, length);
}

static gint64
pieces_locate_gone (ImpPieces *self, gint64 offset, gboolean *is_exact)
{
  *is_exact = offset >= self->run_begin;
  return self->run_origin + (*is_exact ? offset - self->run_begin : 0);
}

gint64
imp_pieces_locate (ImpPieces *self, gint64 offset, gboolean *is_exact)
{
  gint64 position = self->front;

  *is_exact = TRUE;
  if (offset <= self->same)
    return offset;
  if (offset < self->front)
    return pieces_locate_gone (self, offset, is_exact);
  for (guint i = 0; i < imp_pieces_get_n (self); i++)
    {
      const ImpPiece *piece = imp_piece_ring_get (&self->ring, i);

      if (offset - position < piece->length)
        {
          *is_exact = piece->state == IMP_PIECE_UNTOUCHED || offset == position;
          return piece->begin + (piece->state == IMP_PIECE_UNTOUCHED ? offset - position : 0);
        }
      position += piece->length;
    }
  *is_exact = offset == position;
  return self->end;
}
