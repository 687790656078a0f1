/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-stream-private.h"

/* How much of a chunk is first joined to what stands before it; then twice as much, and so on. */
#define HEAD_MIN 256

void
imp_pattern_stream_init (ImpPatternStream *self, ImpMatcher *matcher, guint max_effort)
{
  self->matcher = matcher;
  self->whole = TRUE;
  imp_effort_init (&self->effort, max_effort);
}

static void
pattern_stream_forget (ImpPatternStream *self)
{
  g_clear_pointer (&self->tail, g_byte_array_unref);
  self->context = 0;
  self->whole = TRUE;
  self->chunk = NULL;
  self->in_tail = FALSE;
  self->base = self->fed;
  self->position = 0;
}

void
imp_pattern_stream_clear (ImpPatternStream *self)
{
  pattern_stream_forget (self);
}

void
imp_pattern_stream_skip_to (ImpPatternStream *self, gint64 offset)
{
  self->fed = offset;
  pattern_stream_forget (self);
}

/* Begins in what the tail has. */
static void
pattern_stream_enter_tail (ImpPatternStream *self, ImpMatchEnd end)
{
  self->in_tail = TRUE;
  self->n_old = self->tail->len;
  self->n_joined = 0;
  self->position = self->context;
  self->base = self->fed - self->tail->len;
  self->start = self->whole;
  self->end = end;
}

/* Goes on in the chunk itself. */
static void
pattern_stream_enter_chunk (ImpPatternStream *self, gsize position, gboolean start)
{
  self->in_tail = FALSE;
  self->position = position;
  self->base = self->fed - self->chunk_length;
  self->start = start;
}

static void
pattern_stream_join (ImpPatternStream *self, gsize n)
{
  n = MIN (n, self->chunk_length - self->n_joined);
  g_byte_array_append (self->tail, self->chunk + self->n_joined, n);
  self->n_joined += n;
}

void
imp_pattern_stream_push (ImpPatternStream *self, const guint8 *data, gsize length, gboolean packet)
{
  self->chunk = data;
  self->chunk_length = length;
  self->end = packet ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN;
  if (self->tail != NULL && self->tail->len > 0)
    {
      pattern_stream_enter_tail (self, self->end);
      pattern_stream_join (self, HEAD_MIN);
    }
  self->fed += length;
  if (!self->in_tail)
    pattern_stream_enter_chunk (self, 0, self->whole);
}

void
imp_pattern_stream_finish (ImpPatternStream *self)
{
  if (self->tail != NULL && self->tail->len > self->context)
    pattern_stream_enter_tail (self, IMP_MATCH_END_FINAL);
  else
    pattern_stream_forget (self);
}

void
imp_pattern_stream_pause (ImpPatternStream *self)
{
  if (self->tail != NULL && self->tail->len > self->context)
    pattern_stream_enter_tail (self, IMP_MATCH_END_PAUSE);
}

gboolean
imp_pattern_stream_is_busy (const ImpPatternStream *self)
{
  return self->in_tail || self->chunk != NULL;
}

gint64
imp_pattern_stream_get_decided (const ImpPatternStream *self)
{
  return self->base + (gint64) self->position;
}

void
imp_pattern_stream_get_match (const ImpPatternStream *self, gint64 *from, gint64 *to)
{
  *from = self->base + (gint64) self->found.from;
  *to = self->base + (gint64) self->found.to;
}

/* Keeps what is in doubt, and what the matcher wants to see before it. */
static void
pattern_stream_keep (ImpPatternStream *self)
{
  gsize context = MIN (self->position, imp_matcher_get_context (self->matcher));
  gsize begin = self->position - context;

  if (self->in_tail)
    {
      g_byte_array_remove_range (self->tail, 0, begin);
      if (self->chunk != NULL)
        pattern_stream_join (self, self->chunk_length);
    }
  else if (begin < self->chunk_length)
    {
      if (self->tail == NULL)
        self->tail = g_byte_array_new ();
      g_byte_array_append (self->tail, self->chunk + begin, self->chunk_length - begin);
    }
  self->whole = self->start && begin == 0;
  self->context = context;
  self->base += begin;
  self->position = context;
  self->chunk = NULL;
}

/* Enough of the chunk was joined to go on in itself, or more of it is. FALSE if nothing is left of
 * the input. */
static gboolean
pattern_stream_proceed (ImpPatternStream *self)
{
  gsize wanted = imp_matcher_get_context (self->matcher);

  if (self->chunk == NULL || !self->in_tail || self->n_joined == self->chunk_length)
    return FALSE;
  if (self->position < self->n_old + wanted)
    pattern_stream_join (self, self->n_joined);
  else
    {
      g_byte_array_set_size (self->tail, 0);
      pattern_stream_enter_chunk (self, self->position - self->n_old, FALSE);
    }
  return TRUE;
}

static ImpMatchStatus
pattern_stream_find (ImpPatternStream *self, GError **error)
{
  gboolean is_partial = self->in_tail && self->chunk != NULL && self->n_joined < self->chunk_length;
  ImpSearchRun *run = &self->found;
  ImpMatchStatus status;

  run->data = self->in_tail ? self->tail->data : self->chunk;
  run->length = self->in_tail ? self->tail->len : self->chunk_length;
  run->position = self->position;
  run->start = self->start;
  run->end = is_partial ? IMP_MATCH_END_OPEN : self->end;
  run->effort = &self->effort;
  run->memory = self->memory;
  run->base = self->base;
  status = imp_matcher_find (self->matcher, run, error);
  self->position = status == IMP_MATCH_FOUND ? run->to : run->from;
  return status;
}

ImpMatchStatus
imp_pattern_stream_next (ImpPatternStream *self, GError **error)
{
  ImpMatchStatus status;

  if (!imp_pattern_stream_is_busy (self))
    return IMP_MATCH_NONE;
  do
    status = pattern_stream_find (self, error);
  while ((status == IMP_MATCH_NONE || status == IMP_MATCH_MORE) && pattern_stream_proceed (self));

  switch (status)
    {
    case IMP_MATCH_FOUND:
      /* It counts as an answer to the pause. */
      if (self->end == IMP_MATCH_END_PAUSE)
        self->end = IMP_MATCH_END_OPEN;
      break;
    case IMP_MATCH_BUSY:
      pattern_stream_keep (self);
      self->in_tail = TRUE;
      self->start = self->whole;
      break;
    case IMP_MATCH_NONE:
    case IMP_MATCH_MORE:
      if (self->end == IMP_MATCH_END_FINAL)
        pattern_stream_forget (self);
      else
        pattern_stream_keep (self);
      self->in_tail = FALSE;
      break;
    case IMP_MATCH_OVER:
    case IMP_MATCH_FAILED:
      break;
    }
  return status;
}
