/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-ring-private.h"

G_BEGIN_DECLS

/* What became of a piece of data on its way; the later, the more counts if pieces are put together
 * with others. */
typedef enum
{
  IMP_PIECE_UNTOUCHED,
  IMP_PIECE_SENT, /* by a part, to the sender of the other direction: no input stands behind it */
  IMP_PIECE_CHANGED, /* or put in */
} ImpPieceState;

/* A piece of data between two parts of a cascade: so many bytes, which stand for that range of the
 * cascade's own input. Where bytes were taken away, a piece has none; where some were put in, the
 * range is empty. */
typedef struct
{
  gint64 length;
  gint64 begin;
  gint64 end;
  guint8 state; /* ImpPieceState */
} ImpPiece;

IMP_RING_DEFINE (ImpPieceRing, imp_piece_ring, ImpPiece, 2, 16)

/* What a part has been given in one direction and has not settled yet, in order. Their ranges
   follow
 * each other without a gap, and the first piece has bytes. */
typedef struct
{
  ImpPieceRing ring;
  gint64 front; /* in the part's own input: where the first piece begins */
  gint64 tail;  /* and where the last one ends */
  gint64 end;   /* the same in the cascade's input */
  gint64 same;  /* up to here an offset is the same in both */
  /* What has gone last without a change, up to the front. */
  gint64 run_begin;
  gint64 run_origin;
} ImpPieces;

void imp_pieces_init (ImpPieces *self);
void imp_pieces_clear (ImpPieces *self);
void imp_pieces_add (ImpPieces *self, const ImpPiece *piece);
/* The first piece, or at most @length bytes of it. There must be one. */
ImpPiece imp_pieces_take (ImpPieces *self, gint64 length);
/* The first @length bytes, of which all must be there, as one piece that was changed. */
ImpPiece imp_pieces_take_changed (ImpPieces *self, gint64 length);
/* Does the first one have no bytes? */
gboolean imp_pieces_has_empty (ImpPieces *self);
/* While there is none: so many bytes have gone elsewhere. */
void imp_pieces_skip (ImpPieces *self, gint64 length);
/* Where in the cascade's input is an offset of the part's? If there is no exact answer, it is the
 * beginning of what it lies in, or the end of all. */
gint64 imp_pieces_locate (ImpPieces *self, gint64 offset, gboolean *is_exact);

static inline guint
imp_pieces_get_n (const ImpPieces *self)
{
  return imp_piece_ring_get_n (&self->ring);
}

G_END_DECLS
