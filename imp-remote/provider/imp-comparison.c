/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-comparison-private.h"

#include "provider/imp-difference-private.h"

#include <string.h>

typedef struct
{
  GBytes *data;
  gint64 time;
} ComparisonPiece;

static void
comparison_piece_free (ComparisonPiece *piece)
{
  g_bytes_unref (piece->data);
  g_free (piece);
}

void
imp_comparison_init (ImpComparison *self, ImpDifferenceKind kind, ImpDirection direction)
{
  memset (self, 0, sizeof *self);
  self->kind = kind;
  self->direction = direction;
  g_queue_init (&self->pieces);
}

static void
comparison_clear_pieces (ImpComparison *self)
{
  g_queue_clear_full (&self->pieces, (GDestroyNotify) comparison_piece_free);
  self->consumed = 0;
  self->cost = 0;
}

void
imp_comparison_forget_first (ImpComparison *self)
{
  if (!self->is_second)
    comparison_clear_pieces (self);
}

void
imp_comparison_clear (ImpComparison *self)
{
  comparison_clear_pieces (self);
  self->differs = TRUE;
}

/* What is left of the first piece. */
static const guint8 *
comparison_peek (const ImpComparison *self, gsize *length, gint64 *time)
{
  const ComparisonPiece *piece = g_queue_peek_head ((GQueue *) &self->pieces);
  gsize size;
  const guint8 *bytes = g_bytes_get_data (piece->data, &size);

  *length = size - self->consumed;
  *time = piece->time;
  return bytes + self->consumed;
}

static void
comparison_consume (ImpComparison *self, gsize length)
{
  const ComparisonPiece *piece = g_queue_peek_head (&self->pieces);
  const gsize size = g_bytes_get_size (piece->data);

  self->consumed += length;
  if (self->consumed < size)
    return;
  self->cost -= size + IMP_COMPARISON_PIECE_COST;
  self->consumed = 0;
  comparison_piece_free (g_queue_pop_head (&self->pieces));
}

static void
comparison_keep (ImpComparison *self, gboolean is_second, GBytes *data, gsize start, gint64 now)
{
  ComparisonPiece *piece = g_new (ComparisonPiece, 1);
  const gsize length = g_bytes_get_size (data) - start;

  piece->data = start == 0 ? g_bytes_ref (data) : g_bytes_new_from_bytes (data, start, length);
  piece->time = now;
  self->is_second = is_second;
  self->cost += length + IMP_COMPARISON_PIECE_COST;
  g_queue_push_tail (&self->pieces, piece);
}

static void
comparison_note_lag (ImpComparison *self, gsize length, gint64 lag)
{
  self->lag_sum += (double) lag * length;
  if (self->compared == 0 || lag > self->lag_max)
    self->lag_max = lag;
  self->compared += length;
}

static ImpDifference *
comparison_make_difference (ImpComparison *self, const guint8 *first, gsize first_length,
                            const guint8 *second, gsize second_length)
{
  const char *what = self->kind == IMP_DIFFERENCE_SENT ? "what the analyzer itself sends"
                                                       : "the output";
  g_autofree char *shown_first = imp_difference_show_bytes (first, first_length, 0);
  g_autofree char *shown_second = imp_difference_show_bytes (second, second_length, 0);
  ImpDifference *difference = imp_difference_new (
    self->kind, self->direction, self->compared,
    g_strdup_printf ("%s %s differs at byte %" G_GINT64_FORMAT ": %s, and not %s", what,
                     imp_difference_name_direction (self->direction), self->compared, shown_second,
                     shown_first));

  imp_comparison_clear (self);
  return difference;
}

static gsize
comparison_count_same (const guint8 *a, const guint8 *b, gsize length)
{
  gsize n = 0;

  if (memcmp (a, b, length) == 0)
    return length;
  while (a[n] == b[n])
    n++;
  return n;
}

ImpDifference *
imp_comparison_add (ImpComparison *self, gboolean is_second, GBytes *data, gint64 now)
{
  gsize size, at = 0;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  while (!self->differs && at < size && self->pieces.length > 0 && self->is_second != is_second)
    {
      gsize length, n, same;
      gint64 time;
      const guint8 *other = comparison_peek (self, &length, &time);

      n = MIN (length, size - at);
      same = comparison_count_same (other, bytes + at, n);
      if (same > 0)
        comparison_note_lag (self, same, is_second ? now - time : time - now);
      if (same < n && is_second)
        return comparison_make_difference (self, other + same, length - same, bytes + at + same,
                                           size - at - same);
      if (same < n)
        return comparison_make_difference (self, bytes + at + same, size - at - same, other + same,
                                           length - same);
      comparison_consume (self, n);
      at += n;
    }
  if (!self->differs && at < size)
    comparison_keep (self, is_second, data, at, now);
  return NULL;
}

ImpDifference *
imp_comparison_end (ImpComparison *self)
{
  const guint8 *bytes;
  gsize length;
  gint64 time;

  if (self->differs || self->pieces.length == 0)
    return NULL;
  bytes = comparison_peek (self, &length, &time);
  return self->is_second ? comparison_make_difference (self, NULL, 0, bytes, length)
                         : comparison_make_difference (self, bytes, length, NULL, 0);
}
