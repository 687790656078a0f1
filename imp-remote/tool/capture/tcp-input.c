/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/tcp-input.h"

#include <string.h>

/* Acknowledgments may be missing in the capture. */
#define WINDOW_SLACK (1024 * 1024)

/* What came before its turn. */
typedef struct
{
  gint64 offset;
  gsize length;
  guint8 *data; /* NULL: not recorded */
  gint64 time;  /* in ns */
} TcpInputSegment;

struct _TcpInput
{
  const TcpInputFuncs *funcs;
  gpointer user_data;
  TcpBudget *budget;

  gboolean started;
  guint32 first; /* sequence number of the first byte */
  gint64 next;
  gint64 end; /* -1: not known */
  gboolean ended;
  gint64 acked;
  gint64 limit; /* the receiver takes nothing from here on; -1: not known */

  GPtrArray *waiting; /* of TcpInputSegment, sorted, without overlaps */
  gsize waiting_bytes;
  gsize max_waiting;
  gint64 waiting_since;

  GByteArray *history; /* the last bytes before next */
  gint64 repeated, unchecked;
};

static void
tcp_input_segment_free (TcpInputSegment *segment)
{
  g_free (segment->data);
  g_free (segment);
}

TcpInput *
tcp_input_new (gsize max_waiting, TcpBudget *budget, const TcpInputFuncs *funcs, gpointer user_data)
{
  TcpInput *self = g_new0 (TcpInput, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  self->budget = budget;
  self->max_waiting = max_waiting;
  self->end = self->limit = -1;
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) tcp_input_segment_free);
  self->history = g_byte_array_new ();
  return self;
}

void
tcp_input_free (TcpInput *self)
{
  self->budget->used -= self->waiting_bytes + self->history->len;
  g_ptr_array_unref (self->waiting);
  g_byte_array_unref (self->history);
  g_free (self);
}

void
tcp_input_start (TcpInput *self, guint32 sequence)
{
  g_assert (!self->started);
  self->started = TRUE;
  self->first = sequence;
}

gboolean
tcp_input_is_started (const TcpInput *self)
{
  return self->started;
}

guint32
tcp_input_get_first_sequence (const TcpInput *self)
{
  return self->first;
}

gint64
tcp_input_get_offset (const TcpInput *self, guint32 sequence)
{
  return self->next + (gint32) (sequence - self->first - (guint32) self->next);
}

gint64
tcp_input_get_next (const TcpInput *self)
{
  return self->next;
}

gint64
tcp_input_get_acked (const TcpInput *self)
{
  return self->acked;
}

gboolean
tcp_input_has_ended (const TcpInput *self)
{
  return self->ended;
}

gint64
tcp_input_get_repeated (const TcpInput *self)
{
  return self->repeated;
}

gint64
tcp_input_get_unchecked (const TcpInput *self)
{
  return self->unchecked;
}

/* ---- what was there already ---- */

static void
tcp_input_trim_history (TcpInput *self, gsize n)
{
  g_byte_array_remove_range (self->history, 0, n);
  self->budget->used -= n;
}

/* Only what comes before it is acknowledged can take the place of other bytes. */
static void
tcp_input_keep_history (TcpInput *self, const guint8 *data, gsize length)
{
  const gsize kept = MIN (length, TCP_INPUT_HISTORY_MAX);

  if (self->next <= self->acked)
    return;
  if (self->budget->used > self->budget->max)
    {
      tcp_input_trim_history (self, self->history->len);
      return;
    }
  /* Half of it at least, since moving the rest costs as much as that is. */
  if (self->history->len > TCP_INPUT_HISTORY_MAX - kept)
    tcp_input_trim_history (self, MAX (self->history->len - (TCP_INPUT_HISTORY_MAX - kept),
                                       self->history->len / 2));
  g_byte_array_append (self->history, data + length - kept, kept);
  self->budget->used += kept;
}

/* For the same reason, when most has gone. */
static void
tcp_input_forget_acked (TcpInput *self)
{
  const gint64 begin = self->next - self->history->len;

  if (self->acked >= self->next)
    tcp_input_trim_history (self, self->history->len);
  else if (self->acked - begin > self->history->len / 2)
    tcp_input_trim_history (self, self->acked - begin);
}

static void
tcp_input_compare (TcpInput *self, gint64 offset, const guint8 *data, const guint8 *first,
                   gsize length)
{
  if (memcmp (data, first, length) != 0)
    self->funcs->conflict (offset, length, self->user_data);
}

/* @length bytes that all come before the next one. */
static void
tcp_input_check_repeated (TcpInput *self, gint64 offset, const guint8 *data, gsize length)
{
  const gint64 begin = self->next - self->history->len;
  const gsize before = CLAMP (begin - offset, 0, (gint64) length);

  self->repeated += length;
  self->unchecked += before;
  if (before < length)
    tcp_input_compare (self, offset + before, data + before,
                       self->history->data + (offset + (gint64) before - begin), length - before);
}

/* ---- the next bytes ---- */

static void
tcp_input_deliver (TcpInput *self, const guint8 *data, gsize length)
{
  const gint64 offset = self->next;

  self->next += length;
  tcp_input_keep_history (self, data, length);
  self->funcs->data (offset, data, length, self->user_data);
}

static void
tcp_input_deliver_gap (TcpInput *self, gint64 length)
{
  const gint64 offset = self->next;

  self->next += length;
  tcp_input_trim_history (self, self->history->len);
  self->funcs->gap (offset, length, self->user_data);
}

static void
tcp_input_check_end (TcpInput *self)
{
  if (self->ended || self->next != self->end)
    return;
  self->ended = TRUE;
  self->funcs->end (self->user_data);
}

/* ---- what waits ---- */

static TcpInputSegment *
tcp_input_peek (const TcpInput *self, guint i)
{
  return self->waiting->pdata[i];
}

/* The first segment that ends behind @offset. */
static guint
tcp_input_find (const TcpInput *self, gint64 offset)
{
  guint low = 0, high = self->waiting->len;

  while (low < high)
    {
      const guint middle = low + (high - low) / 2;
      const TcpInputSegment *segment = tcp_input_peek (self, middle);

      if (segment->offset + (gint64) segment->length <= offset)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* What comes in turn; TRUE if there was something. */
static gboolean
tcp_input_take_first (TcpInput *self)
{
  TcpInputSegment *segment;

  if (self->waiting->len == 0 || tcp_input_peek (self, 0)->offset > self->next)
    return FALSE;
  segment = g_ptr_array_steal_index (self->waiting, 0);
  if (segment->data != NULL)
    {
      self->waiting_bytes -= segment->length;
      self->budget->used -= segment->length;
      tcp_input_deliver (self, segment->data, segment->length);
    }
  else
    tcp_input_deliver_gap (self, segment->length);
  tcp_input_segment_free (segment);
  return TRUE;
}

static void
tcp_input_take_all (TcpInput *self)
{
  while (tcp_input_take_first (self))
    if (self->waiting->len > 0)
      self->waiting_since = tcp_input_peek (self, 0)->time;
  tcp_input_check_end (self);
}

static void
tcp_input_give_up_first (TcpInput *self)
{
  tcp_input_deliver_gap (self, tcp_input_peek (self, 0)->offset - self->next);
  tcp_input_take_all (self);
}

/* @data: NULL if it was not recorded. */
static void
tcp_input_insert (TcpInput *self, guint index, gint64 offset, const guint8 *data, gsize length,
                  gint64 time)
{
  TcpInputSegment *segment = g_new0 (TcpInputSegment, 1);

  segment->offset = offset;
  segment->length = length;
  segment->time = time;
  if (self->waiting->len == 0)
    self->waiting_since = time;
  if (data != NULL)
    {
      segment->data = g_memdup2 (data, length);
      self->waiting_bytes += length;
      self->budget->used += length;
    }
  g_ptr_array_insert (self->waiting, index, segment);
}

/* Keeps the parts of it that were not there yet. */
static void
tcp_input_keep (TcpInput *self, gint64 offset, const guint8 *data, gsize length, gint64 time)
{
  const gint64 end = offset + length;
  gint64 position = offset;

  for (guint i = tcp_input_find (self, offset); position < end; i++)
    {
      const TcpInputSegment *next = i < self->waiting->len ? tcp_input_peek (self, i) : NULL;
      const gint64 free_end = next != NULL ? MIN (next->offset, end) : end;
      gint64 overlap_end;

      if (position < free_end)
        {
          tcp_input_insert (self, i++, position, data != NULL ? data + (position - offset) : NULL,
                            free_end - position, time);
          position = free_end;
        }
      if (position == end)
        break;
      overlap_end = MIN (next->offset + (gint64) next->length, end);
      if (data != NULL)
        self->repeated += overlap_end - position;
      if (data != NULL && next->data != NULL)
        tcp_input_compare (self, position, data + (position - offset),
                           next->data + (position - next->offset), overlap_end - position);
      position = overlap_end;
    }
}

static gboolean
tcp_input_is_over_limit (const TcpInput *self)
{
  return self->waiting_bytes > self->max_waiting || self->waiting->len > TCP_INPUT_SEGMENTS_MAX
         || (self->waiting->len > 0 && self->budget->used > self->budget->max);
}

/* Where the receiver takes nothing any more. */
static gint64
tcp_input_get_limit (const TcpInput *self)
{
  gint64 limit = self->next + TCP_INPUT_AHEAD_MAX;

  if (self->limit >= 0)
    limit = MIN (limit, MAX (self->limit, self->next) + WINDOW_SLACK);
  if (self->end >= 0)
    limit = MIN (limit, self->end);
  return limit;
}

/* The part of it that is before @limit, which lets something be left of it. */
static void
tcp_input_push_part (TcpInput *self, gint64 offset, const guint8 *data, gsize length, gsize missing,
                     gint64 time)
{
  if (self->waiting->len == 0 && offset == self->next)
    {
      if (length > 0)
        tcp_input_deliver (self, data, length);
      if (missing > 0)
        tcp_input_deliver_gap (self, missing);
      tcp_input_check_end (self);
      return;
    }
  if (length > 0)
    tcp_input_keep (self, offset, data, length, time);
  if (missing > 0)
    tcp_input_keep (self, offset + length, NULL, missing, time);
  tcp_input_take_all (self);
  while (tcp_input_is_over_limit (self))
    tcp_input_give_up_first (self);
}

gboolean
tcp_input_push (TcpInput *self, gint64 offset, const guint8 *data, gsize length, gsize missing,
                gint64 time)
{
  const gint64 limit = tcp_input_get_limit (self);
  const gint64 given = offset + (gint64) length + (gint64) missing;
  const gint64 end = MIN (given, limit);
  gint64 data_end = MIN (offset + (gint64) length, limit);

  if (offset < self->next)
    {
      const gsize old = MIN (self->next, data_end) - MIN (offset, data_end);

      if (old > 0)
        tcp_input_check_repeated (self, offset, data, old);
      data += old;
      offset = self->next;
      data_end = MAX (data_end, offset);
    }
  if (offset < end)
    tcp_input_push_part (self, offset, data, MAX (data_end - offset, 0),
                         end - MAX (data_end, offset), time);
  return given <= limit;
}

gboolean
tcp_input_set_end (TcpInput *self, gint64 offset)
{
  if (self->end >= 0 || offset < self->next || offset > tcp_input_get_limit (self)
      || (self->waiting->len > 0 && tcp_input_find (self, offset) < self->waiting->len))
    return self->end == offset;
  self->end = offset;
  tcp_input_check_end (self);
  return TRUE;
}

void
tcp_input_note_acked (TcpInput *self, gint64 offset, guint32 window)
{
  if (offset < self->acked || offset - self->next > TCP_INPUT_AHEAD_MAX)
    return;
  self->acked = offset;
  self->limit = MAX (self->limit, offset + window);
  tcp_input_forget_acked (self);
}

gint64
tcp_input_get_waiting_since (const TcpInput *self)
{
  return self->waiting->len > 0 ? self->waiting_since : -1;
}

void
tcp_input_flush (TcpInput *self)
{
  while (self->waiting->len > 0)
    tcp_input_give_up_first (self);
  if (self->end > self->next)
    tcp_input_deliver_gap (self, self->end - self->next);
  tcp_input_check_end (self);
}
