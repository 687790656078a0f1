/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "naive-flow.h"

#include <string.h>

NaiveFlow *
naive_flow_new (void)
{
  NaiveFlow *self = g_new0 (NaiveFlow, 1);

  self->refed = -1;
  self->output = g_array_new (FALSE, TRUE, sizeof (NaiveToken));
  self->fed = g_array_new (FALSE, TRUE, sizeof (NaiveToken));
  return self;
}

void
naive_flow_free (NaiveFlow *self)
{
  g_array_unref (self->output);
  g_array_unref (self->fed);
  g_free (self->pattern);
  g_free (self);
}

static void
append_token (GArray *tokens, gint16 value, gint32 type, gboolean first, gint64 offset)
{
  NaiveToken token;

  memset (&token, 0, sizeof token);
  token.offset = offset;
  token.type = type;
  token.value = value;
  token.first = type > 0 && first;
  g_array_append_val (tokens, token);
}

void
naive_append (GArray *tokens, const guint8 *data, gsize length, gint32 type, gint64 offset)
{
  if (length == 0)
    append_token (tokens, -1, type, FALSE, offset);
  for (gsize i = 0; i < length; i++)
    append_token (tokens, data[i], type, i == 0, i == 0 ? offset : 0);
}

gint64
naive_flow_settled (NaiveFlow *self)
{
  gint64 i = 0;

  while (i < self->input && self->bytes[i].state != NAIVE_HELD)
    i++;
  return i;
}

gint64
naive_flow_count (NaiveFlow *self, NaiveState state)
{
  gint64 n = 0;

  for (gint64 i = 0; i < self->input; i++)
    if (self->bytes[i].state == state)
      n++;
  return n;
}

gboolean
naive_flow_has_promise (NaiveFlow *self)
{
  for (gint64 i = naive_flow_settled (self); i < NAIVE_POSITIONS; i++)
    if (self->promised[i])
      return TRUE;
  return FALSE;
}

static gboolean
begins_piece (NaiveFlow *self, gint64 i)
{
  return i == 0 || self->bytes[i].piece != self->bytes[i - 1].piece;
}

static gboolean
is_packet_at (NaiveFlow *self, gint64 i)
{
  return self->bytes[i].type > 0;
}

static void
pass_byte (NaiveFlow *self, gint64 i)
{
  NaiveByte *byte = &self->bytes[i];

  g_assert (byte->state == NAIVE_HELD);
  byte->state = NAIVE_PASSED;
  append_token (self->output, byte->value, byte->type, begins_piece (self, i), 0);
}

/* The offset that has to be said before something at @position is fed. */
static gint64
offset_to_say (NaiveFlow *self, gint64 position)
{
  gboolean gap = self->gap;

  self->gap = FALSE;
  if (!gap)
    return 0;
  return position > 0 ? position : -1;
}

static void
feed_byte (NaiveFlow *self, gint64 i)
{
  NaiveByte *byte = &self->bytes[i];

  append_token (self->fed, byte->value, byte->type, begins_piece (self, i),
                offset_to_say (self, i));
  self->shown = i + 1;
}

static void
feed_end (NaiveFlow *self)
{
  append_token (self->fed, -1, self->last_type, FALSE, offset_to_say (self, self->input));
  self->shown = self->input;
}

static void
forward_end_if_due (NaiveFlow *self)
{
  if (self->ended && !self->end_forwarded && !self->denied
      && naive_flow_count (self, NAIVE_HELD) == 0
      && (self->verdict == NAIVE_INDEFINITE || self->prepass == NAIVE_INDEFINITE))
    {
      self->end_forwarded = TRUE;
      append_token (self->output, -1, self->last_type, FALSE, 0);
    }
}

/* --- looking for a pattern --- */

/* Bytes from @i on that the pattern could span: one packet, or one run of one streaming type. */
static gint64
run_end (NaiveFlow *self, gint64 i)
{
  gint64 end = i + 1;

  while (end < self->input && self->bytes[end].type == self->bytes[i].type
         && (!is_packet_at (self, i) || self->bytes[end].piece == self->bytes[i].piece))
    end++;
  return end;
}

/* How many bytes of the pattern stand at @i; those that would come after the input do not count
 * as different. */
static gboolean
matches (NaiveFlow *self, gint64 i, gboolean whole)
{
  gint64 end = run_end (self, i);
  gint64 length = strlen (self->pattern);

  if (whole && length > end - i)
    return FALSE;
  for (gint64 k = 0; k < length && i + k < end; k++)
    if (self->bytes[i + k].value != (guint8) self->pattern[k])
      return FALSE;
  return TRUE;
}

static void
end_search (NaiveFlow *self, gint64 position)
{
  g_clear_pointer (&self->pattern, g_free);
  self->gap = TRUE;
  self->refed = position;
  self->verdict = MAX (self->verdict, self->refed);
}

static void
found_at (NaiveFlow *self, gint64 position)
{
  while (is_packet_at (self, position) && !begins_piece (self, position))
    position--;
  for (gint64 i = naive_flow_settled (self); i < position; i++)
    pass_byte (self, i);
  self->n_late += position < naive_flow_settled (self);
  end_search (self, position);
  for (gint64 i = position; i < self->input; i++)
    feed_byte (self, i);
}

static void
search (NaiveFlow *self)
{
  if (self->pattern == NULL)
    return;
  for (gint64 i = self->doubt; i < self->input; i++)
    if (matches (self, i, TRUE))
      {
        found_at (self, i);
        return;
      }
  if (!self->ended)
    return;
  for (gint64 i = naive_flow_settled (self); i < self->input; i++)
    pass_byte (self, i);
  end_search (self, self->input);
}

/* May a match begin here of which a part has not come yet? Only the last run, of a stream, can have
 * one. */
static gboolean
is_in_doubt (NaiveFlow *self, gint64 i)
{
  return !is_packet_at (self, i) && run_end (self, i) == self->input && matches (self, i, FALSE);
}

gboolean
naive_flow_search_settled (NaiveFlow *self, gint64 settled)
{
  gint64 begin = naive_flow_settled (self);
  gint64 upper = begin;
  gint64 lower = self->input;

  if (self->pattern == NULL)
    return settled == begin;

  /* What may belong to a match must be kept. */
  for (gint64 i = self->doubt; i < begin && upper == begin; i++)
    if (is_in_doubt (self, i))
      upper = -1;
  while (upper >= 0 && upper < self->input && !is_in_doubt (self, upper))
    upper++;
  upper = MAX (upper, begin);
  while (lower > begin && self->input - lower < (gint64) self->pattern_max + 1
         && !is_packet_at (self, lower - 1) && run_end (self, lower - 1) == self->input)
    lower--;
  if (settled < lower || settled > upper)
    return FALSE;

  for (gint64 i = begin; i < settled; i++)
    pass_byte (self, i);
  if (settled > self->verdict && settled > self->released)
    self->verdict = settled;
  return TRUE;
}

void
naive_flow_release (NaiveFlow *self)
{
  if (self->pattern == NULL || naive_flow_settled (self) == self->input)
    return;
  for (gint64 i = naive_flow_settled (self); i < self->input; i++)
    pass_byte (self, i);
  self->prepass = MAX (self->prepass, self->input);
  self->released = self->input;
}

/* --- input --- */

static void
shrink_before_packet (gint64 *limit, gint64 begin, gint64 end)
{
  if (*limit > begin && *limit < end)
    *limit = begin;
}

static void
push_bytes (NaiveFlow *self, const guint8 *data, gsize length, gint32 type)
{
  gint64 begin = self->input;

  self->n_pieces++;
  g_assert (begin + (gint64) length <= NAIVE_POSITIONS);
  for (gsize i = 0; i < length; i++)
    self->bytes[begin + i] = (NaiveByte){ data[i], type, self->n_pieces, NAIVE_HELD };
  self->input += length;
  if (type > 0)
    {
      shrink_before_packet (&self->prepass, begin, self->input);
      if (self->prepass < self->input)
        shrink_before_packet (&self->verdict, begin, self->input);
    }

  for (gint64 i = begin; i < self->input; i++)
    if (i < self->verdict || i < self->prepass)
      {
        pass_byte (self, i);
        self->doubt = i + 1;
      }
  for (gint64 i = begin; i < self->input; i++)
    {
      if (self->verdict >= self->input || (i < self->verdict && type < 0))
        self->gap = TRUE;
      else if (self->pattern == NULL)
        feed_byte (self, i);
    }
}

gboolean
naive_flow_push (NaiveFlow *self, const guint8 *data, gsize length, gint32 type)
{
  if (self->ended)
    return FALSE;
  if (self->denied)
    {
      for (gsize i = 0; i < length; i++)
        self->bytes[self->input++].state = NAIVE_DENIED;
      self->ended = length == 0;
      return TRUE;
    }

  self->last_type = type;
  if (length > 0)
    {
      push_bytes (self, data, length, type);
      search (self);
      return TRUE;
    }
  self->ended = TRUE;
  search (self);
  if (self->verdict != NAIVE_INDEFINITE)
    feed_end (self);
  forward_end_if_due (self);
  return TRUE;
}

/* --- verdicts --- */

static gint64
without_cut_packet (NaiveFlow *self, gint64 offset)
{
  gint64 begin = offset;

  if (offset <= naive_flow_settled (self) || offset >= self->input || !is_packet_at (self, offset))
    return offset;
  while (!begins_piece (self, begin))
    begin--;
  return begin;
}

static gboolean
is_promised_before (NaiveFlow *self, gint64 offset)
{
  for (gint64 i = naive_flow_settled (self); i < MIN (offset, NAIVE_POSITIONS); i++)
    if (self->promised[i])
      return TRUE;
  return FALSE;
}

static void
pass_held (NaiveFlow *self, gint64 offset)
{
  for (gint64 i = naive_flow_settled (self); i < MIN (offset, self->input); i++)
    pass_byte (self, i);
  forward_end_if_due (self);
}

gboolean
naive_flow_pass (NaiveFlow *self, gint64 offset)
{
  offset = offset == -1 ? NAIVE_INDEFINITE : offset;
  if (self->denied || offset < 0)
    return FALSE;
  if (self->verdict == NAIVE_INDEFINITE)
    return TRUE;
  if (self->pattern != NULL && offset != NAIVE_INDEFINITE)
    return FALSE;
  if (offset < self->verdict)
    return FALSE;
  offset = without_cut_packet (self, offset);
  if (is_promised_before (self, offset))
    return FALSE;
  g_clear_pointer (&self->pattern, g_free);
  self->verdict = offset;
  pass_held (self, offset);
  return TRUE;
}

gboolean
naive_flow_prepass (NaiveFlow *self, gint64 offset)
{
  offset = offset == -1 ? NAIVE_INDEFINITE : offset;
  if (self->denied || offset < 0)
    return FALSE;
  if (self->verdict == NAIVE_INDEFINITE || self->prepass == NAIVE_INDEFINITE)
    return TRUE;
  if (self->pattern != NULL || offset < self->verdict)
    return FALSE;
  if (offset < self->released)
    return TRUE;
  if (offset < self->prepass)
    return FALSE;
  offset = without_cut_packet (self, offset);
  if (is_promised_before (self, offset))
    return FALSE;
  self->prepass = offset;
  self->released = 0;
  pass_held (self, offset);
  return TRUE;
}

gboolean
naive_flow_replace (NaiveFlow *self, gint64 offset, const guint8 *data, gsize length)
{
  gint64 settled = naive_flow_settled (self);
  gint32 type = settled < self->input ? self->bytes[settled].type : self->last_type;

  if (self->denied || self->pattern != NULL || offset < settled || offset > self->shown
      || self->verdict < self->released || self->verdict > settled || self->prepass > settled
      || without_cut_packet (self, offset) != offset)
    return FALSE;
  for (gint64 i = settled; i < offset; i++)
    self->bytes[i].state = NAIVE_REPLACED;
  self->verdict = offset;
  if (length > 0)
    naive_append (self->output, data, length, type == 0 ? -1 : type, 0);
  return TRUE;
}

static guint
count_promises (NaiveFlow *self)
{
  guint n = 0;

  for (gint64 i = naive_flow_settled (self); i < NAIVE_POSITIONS; i++)
    if (self->promised[i] && (i == naive_flow_settled (self) || !self->promised[i - 1]))
      n++;
  return n;
}

gboolean
naive_flow_replace_later (NaiveFlow *self, gint64 offset, gint64 end_offset)
{
  gint64 begin = MAX (MAX (offset, naive_flow_settled (self)), MAX (self->verdict, self->prepass));
  gboolean touches = FALSE;

  if (self->denied || self->pattern != NULL || offset < 0 || end_offset <= begin
      || MAX (offset, self->verdict) < self->released)
    return FALSE;
  for (gint64 i = MAX (begin - 1, naive_flow_settled (self)); i <= end_offset; i++)
    touches = touches || self->promised[i];
  if (!touches && count_promises (self) >= 32)
    return TRUE;
  for (gint64 i = begin; i < end_offset; i++)
    self->promised[i] = TRUE;
  return TRUE;
}

gboolean
naive_flow_pass_pattern (NaiveFlow *self, const char *pattern, guint max_length)
{
  if (self->denied || self->pattern != NULL || max_length < strlen (pattern) || max_length > 65536
      || self->verdict == NAIVE_INDEFINITE || self->prepass == NAIVE_INDEFINITE
      || naive_flow_has_promise (self) || naive_flow_settled (self) == self->refed)
    return FALSE;
  self->pattern = g_strdup (pattern);
  self->pattern_max = max_length;
  self->doubt = naive_flow_settled (self);
  search (self);
  if (self->ended)
    feed_end (self);
  return TRUE;
}

void
naive_flow_deny (NaiveFlow *self)
{
  self->denied = TRUE;
  g_clear_pointer (&self->pattern, g_free);
  for (gint64 i = 0; i < self->input; i++)
    if (self->bytes[i].state == NAIVE_HELD)
      self->bytes[i].state = NAIVE_DENIED;
  memset (self->promised, 0, sizeof self->promised);
}
