/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-object-private.h"

#include "core/imp-error.h"

#include <string.h>

ImpFlow *
imp_flow_new (ImpFlowEventQueue *queue, ImpDirection direction)
{
  ImpFlow *self = g_new0 (ImpFlow, 1);

  g_assert (queue != NULL);

  self->queue = queue;
  self->direction = direction;
  self->gathered = -1;
  imp_held_init (&self->held);
  imp_effort_init (&self->effort, IMP_EFFORT_LIMIT_DEFAULT);
  return self;
}

void
imp_flow_free (ImpFlow *self)
{
  g_clear_pointer (&self->search, imp_flow_search_free);
  imp_held_clear (&self->held);
  imp_marks_clear (&self->marks);
  g_free (self);
}

/* --- moving bytes --- */

static void
flow_forward (ImpFlow *self, GBytes *bytes, gint32 data_type)
{
  imp_flow_event_queue_push (self->queue, IMP_FLOW_EVENT_FORWARD, self->direction, bytes, 0,
                             data_type);
}

/* Takes @bytes, which begin at @position. */
static void
flow_feed (ImpFlow *self, GBytes *bytes, gint64 position, gint32 data_type)
{
  gint64 offset = 0;

  /* What was left out is said. After a PASS_PATTERN even the very beginning is: there it is
   * spelled so. */
  if (self->marks.searching || position != self->marks.fed)
    offset = position == 0 ? IMP_MAX_OFFSET : position;
  imp_marks_feed (&self->marks, g_bytes_get_size (bytes), offset, data_type);
  imp_flow_event_queue_push (self->queue, IMP_FLOW_EVENT_FEED, self->direction, bytes, offset,
                             data_type);
}

static void
flow_feed_end (ImpFlow *self)
{
  flow_feed (self, g_bytes_new_static (NULL, 0), self->input, self->last_type);
}

/* What is held from @position on, as one piece. */
static GBytes *
flow_join_held (ImpFlow *self, gint64 position)
{
  gint64 begin = self->settled;
  gsize length = self->input - position, done = 0;
  guint8 *joined = NULL;

  for (guint i = 0; i < imp_held_get_n (&self->held); i++)
    {
      ImpChunk *chunk = imp_held_get (&self->held, i);
      gsize skip = MAX (position - begin, 0);

      begin += chunk->length;
      if (begin <= position)
        continue;
      if (skip == 0 && chunk->length == length)
        return imp_chunk_dup (chunk);
      if (joined == NULL)
        joined = g_malloc (length);
      memcpy (joined + done, imp_chunk_get_data (chunk) + skip, chunk->length - skip);
      done += chunk->length - skip;
    }
  return g_bytes_new_take (joined, length);
}

/* Feeds what was gathered, as far as it has not passed meanwhile. */
static void
flow_feed_gathered (ImpFlow *self)
{
  gint64 position = MAX (self->gathered, self->settled);
  gboolean any = self->gathered >= 0 && position < self->input;

  self->gathered = -1;
  if (any)
    flow_feed (self, flow_join_held (self, position), position, self->last_type);
}

/* New input from @begin on, all of which is held: can it wait until what is wanted is there? What
 * was gathered before goes with it, or is fed first. */
static gboolean
flow_try_gather (ImpFlow *self, gint64 begin, gint64 unseen, gint64 ahead)
{
  gboolean fits = unseen == begin && ahead == begin && self->input < self->wanted
                  && imp_data_type_is_streaming (self->last_type)
                  && !imp_marks_has_promise (&self->marks);
  gint64 from = self->gathered >= 0 ? MAX (self->gathered, self->settled) : begin;

  if (fits && self->input - from < IMP_FLOW_GATHER_MAX)
    {
      self->gathered = from;
      return TRUE;
    }
  if (self->input >= self->wanted)
    self->wanted = 0;
  return FALSE;
}

/* Takes the first @length bytes, at most a chunk, out of what is held: now they are settled. Gives
 * them if they are wanted. */
static GBytes *
flow_take_held (ImpFlow *self, gsize length, gboolean wanted)
{
  guint n = imp_held_get_n (&self->held);
  GBytes *bytes = imp_held_take (&self->held, length, wanted);

  self->settled += length;
  if (self->search != NULL && imp_held_get_n (&self->held) < n)
    imp_flow_search_note_dropped (self->search);
  return bytes;
}

static void
flow_forward_held (ImpFlow *self, gint64 target)
{
  while (self->settled < target && imp_held_get_n (&self->held) > 0)
    {
      ImpChunk *first = imp_held_get (&self->held, 0);
      gsize length = MIN ((gint64) first->length, target - self->settled);
      gint32 data_type = first->data_type;

      self->passed += length;
      flow_forward (self, flow_take_held (self, length, TRUE), data_type);
    }
}

/* Forwards the end of the stream once nothing stands before it. */
static void
flow_forward_end (ImpFlow *self)
{
  if (self->end != FLOW_END_RECEIVED || !imp_flow_is_passed (self) || self->settled < self->input)
    return;
  self->end = FLOW_END_FORWARDED;
  flow_forward (self, g_bytes_new_static (NULL, 0), self->last_type);
}

/* --- a search: what is held is unseen; before a match it passes, from there on it is fed --- */

/* @target may have gone already. */
static void
flow_pass_unseen (ImpFlow *self, gint64 target)
{
  flow_forward_held (self, target);
  imp_marks_pass_unseen (&self->marks, MIN (target, self->settled));
}

static void
flow_end_search (ImpFlow *self, gint64 position)
{
  g_autoptr (GBytes) gone = NULL;
  gint32 data_type = 0;

  flow_pass_unseen (self, position);
  if (position < self->settled)
    gone = imp_flow_search_copy_gone (self->search, position, self->settled, &data_type);
  g_clear_pointer (&self->search, imp_flow_search_free);
  if (gone != NULL)
    flow_feed (self, g_steal_pointer (&gone), position, data_type);
  position = self->settled;
  for (guint i = 0; i < imp_held_get_n (&self->held); i++)
    {
      ImpChunk *chunk = imp_held_get (&self->held, i);

      flow_feed (self, imp_chunk_dup (chunk), position, chunk->data_type);
      position += chunk->length;
    }
}

/* Looks at what is held and not yet searched, until others should have their turn. */
static gboolean
flow_search (ImpFlow *self, GError **error)
{
  gboolean final = self->end != FLOW_END_UNKNOWN;

  imp_effort_begin_slice (&self->effort);
  do
    {
      gint64 position = self->settled;

      switch (imp_flow_search_step (self->search, &self->held, self->settled, final, &self->effort,
                                    &position, error))
        {
        case IMP_FLOW_SEARCH_FAILED:
          return FALSE;
        case IMP_FLOW_SEARCH_PASSED:
          flow_pass_unseen (self, position);
          break;
        case IMP_FLOW_SEARCH_FOUND:
          flow_end_search (self, position);
          return TRUE;
        case IMP_FLOW_SEARCH_IDLE:
          if (final)
            flow_end_search (self, self->settled);
          return TRUE;
        }
    }
  while (!imp_flow_search_is_busy (self->search));
  return TRUE;
}

/* The same; the end of the stream has waited, if it has come. */
static gboolean
flow_search_on (ImpFlow *self, GError **error)
{
  if (!flow_search (self, error))
    return FALSE;
  if (self->end != FLOW_END_UNKNOWN && self->search == NULL)
    flow_feed_end (self);
  return TRUE;
}

gboolean
imp_flow_go_on (ImpFlow *self, GError **error)
{
  return !imp_flow_is_busy (self) || flow_search_on (self, error);
}

/* What is held may be needed by somebody to get something. */
static void
flow_forward_doubt (ImpFlow *self)
{
  flow_forward_held (self, self->input);
  imp_marks_prepass_unseen (&self->marks, self->settled);
  self->released = self->settled;
}

gboolean
imp_flow_release (ImpFlow *self, GError **error)
{
  gint64 position = self->settled;

  if (self->search == NULL || imp_flow_is_busy (self) || imp_flow_get_held (self) == 0)
    return TRUE;
  imp_effort_begin_slice (&self->effort);
  switch (imp_flow_search_pause (self->search, self->settled, &self->effort, &position, error))
    {
    case IMP_FLOW_SEARCH_FAILED:
      return FALSE;
    case IMP_FLOW_SEARCH_FOUND:
      flow_end_search (self, position);
      return TRUE;
    case IMP_FLOW_SEARCH_PASSED:
    case IMP_FLOW_SEARCH_IDLE:
      flow_forward_doubt (self);
      return TRUE;
    }
  g_assert_not_reached ();
}

/* --- input --- */

static gboolean
flow_push_end (ImpFlow *self, gint32 data_type, GError **error)
{
  flow_feed_gathered (self);
  self->end = FLOW_END_RECEIVED;
  self->last_type = data_type;
  if (imp_flow_is_busy (self))
    return TRUE;
  if (self->search != NULL)
    return flow_search_on (self, error);
  flow_forward_end (self);
  if (!imp_marks_is_passed (&self->marks))
    flow_feed_end (self);
  return TRUE;
}

static GBytes *
flow_slice_rest (GBytes *bytes, gsize from)
{
  gsize size = g_bytes_get_size (bytes);

  return from == 0 ? g_bytes_ref (bytes) : g_bytes_new_from_bytes (bytes, from, size - from);
}

/* Keeps the last @length bytes. What is promised to be replaced needs no memory. */
static void
flow_hold (ImpFlow *self, GBytes *bytes, gsize length, gint32 data_type)
{
  gboolean promised = imp_promises_covers (imp_marks_get_promises (&self->marks),
                                           self->input - (gint64) length, self->input);

  imp_held_append (&self->held, promised ? NULL : g_bytes_ref (bytes),
                   promised ? 0 : g_bytes_get_size (bytes) - length, length, data_type,
                   self->search == NULL);
}

/* Forwards the first @length bytes of new input. */
static void
flow_forward_new (ImpFlow *self, GBytes *bytes, gsize length, gint32 data_type)
{
  self->settled += length;
  self->passed += length;
  if (length == g_bytes_get_size (bytes))
    flow_forward (self, g_bytes_ref (bytes), data_type);
  else
    flow_forward (self, g_bytes_new_from_bytes (bytes, 0, length), data_type);
}

/* The new input is [begin, input): [begin, ahead) is forwarded, the rest is held; all but what was
 * passed already, [begin, unseen), is fed, unless a pattern has to be found first. */
static gboolean
flow_distribute (ImpFlow *self, GBytes *bytes, gint64 begin, gint32 data_type, GError **error)
{
  gint64 unseen = CLAMP (self->marks.final, begin, self->input);
  gint64 ahead = CLAMP (imp_marks_get_settled (&self->marks), begin, self->input);

  /* A packet is fed whole, even if a PASS ends inside of it since it was prepassed. */
  if (unseen < self->input && !imp_data_type_is_streaming (data_type))
    unseen = begin;
  if (ahead > begin)
    flow_forward_new (self, bytes, ahead - begin, data_type);
  if (ahead < self->input)
    flow_hold (self, bytes, self->input - ahead, data_type);

  if (self->search != NULL)
    return imp_flow_is_busy (self) || flow_search (self, error);
  if (unseen == self->input)
    return TRUE;
  if (G_UNLIKELY (self->wanted > 0) && flow_try_gather (self, begin, unseen, ahead))
    return TRUE;
  if (G_UNLIKELY (self->gathered >= 0))
    flow_feed_gathered (self);
  else
    flow_feed (self, flow_slice_rest (bytes, unseen - begin), unseen, data_type);
  return TRUE;
}

gboolean
imp_flow_push (ImpFlow *self, GBytes *bytes, gint32 data_type, GError **error)
{
  gsize length = g_bytes_get_size (bytes);
  gint64 begin = self->input;

  if (self->end != FLOW_END_UNKNOWN || data_type == 0)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           data_type == 0 ? "Input has data type 0, which is none"
                                          : "Input after the end of the stream");
      return FALSE;
    }
  if (length > (gsize) (G_MAXINT64 - 1 - begin))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT, "More input than can be counted");
      return FALSE;
    }
  if (self->is_denied)
    {
      self->input += length;
      self->settled += length;
      self->denied += length;
      if (length == 0)
        self->end = FLOW_END_RECEIVED;
      return TRUE;
    }
  if (length == 0)
    return flow_push_end (self, data_type, error);

  /* It belongs to what came before. */
  if (G_UNLIKELY (self->gathered >= 0) && data_type != self->last_type)
    flow_feed_gathered (self);
  self->input += length;
  self->last_type = data_type;
  if (!imp_data_type_is_streaming (data_type))
    imp_marks_spare_packet (&self->marks, begin, self->input);
  return flow_distribute (self, bytes, begin, data_type, error);
}

static gint64
flow_get_room (const ImpFlow *self, gint64 mark)
{
  gint64 end = MIN (mark, G_MAXINT64 - 1); /* what can be counted */

  if (self->is_denied || self->end != FLOW_END_UNKNOWN || self->search != NULL
      || self->settled < self->input)
    return 0;
  return MAX (end - self->input, 0);
}

gint64
imp_flow_get_unseen_room (const ImpFlow *self)
{
  return flow_get_room (self, self->marks.final);
}

gint64
imp_flow_get_open_room (const ImpFlow *self)
{
  return flow_get_room (self, imp_marks_get_settled (&self->marks));
}

void
imp_flow_note_unseen (ImpFlow *self, gint64 length, gint32 data_type)
{
  g_assert (length >= 0 && length <= imp_flow_get_unseen_room (self));

  self->input += length;
  self->settled += length;
  self->passed += length;
  self->last_type = data_type;
}

/* --- verdicts: the marks say whether they may be, here the bytes follow --- */

static gboolean
flow_check_open (ImpFlow *self, const char *verdict, GError **error)
{
  if (!self->is_denied)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_CLOSED, "%s: the direction is denied already", verdict);
  return FALSE;
}

gboolean
imp_flow_pass (ImpFlow *self, gint64 offset, GError **error)
{
  if (!flow_check_open (self, "pass", error) || !imp_marks_pass (&self->marks, offset, error))
    return FALSE;
  g_clear_pointer (&self->search, imp_flow_search_free);
  flow_forward_held (self, self->marks.final);
  flow_forward_end (self);
  return TRUE;
}

/* Does a verdict at @offset speak of what has gone before it was fed? */
static gboolean
flow_is_released (ImpFlow *self, gint64 offset)
{
  return G_UNLIKELY (offset < self->released && self->marks.final < self->released)
         && offset >= self->marks.final && !self->marks.searching;
}

static gboolean
flow_refuse_released (ImpFlow *self, const char *verdict, GError **error)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "%s: what lies between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
               " was forwarded before the rest of the match came (hold-timeout)",
               verdict, self->marks.final, self->released);
  return FALSE;
}

gboolean
imp_flow_prepass (ImpFlow *self, gint64 offset, GError **error)
{
  if (!flow_check_open (self, "prepass", error))
    return FALSE;
  /* The analyzer cannot know that it says nothing. */
  if (flow_is_released (self, offset))
    return TRUE;
  if (!imp_marks_prepass (&self->marks, offset, error))
    return FALSE;
  self->released = 0;
  flow_feed_gathered (self);
  flow_forward_held (self, self->marks.prepassed);
  flow_forward_end (self);
  return TRUE;
}

/* The type that a replacement of what comes next has. */
static gint32
flow_get_output_type (ImpFlow *self)
{
  if (imp_held_get_n (&self->held) > 0)
    return imp_held_get (&self->held, 0)->data_type;
  return self->last_type != 0 ? self->last_type : IMP_DATA_TYPE_STREAM;
}

gboolean
imp_flow_replace (ImpFlow *self, gint64 offset, const ImpView *data, GError **error)
{
  gint32 data_type = flow_get_output_type (self);

  if (!flow_check_open (self, "replace", error))
    return FALSE;
  /* It begins where the last verdict ended, wherever it ends. */
  if (flow_is_released (self, self->marks.final))
    return flow_refuse_released (self, "replace", error);
  if (!imp_marks_replace (&self->marks, offset, error))
    return FALSE;

  self->replaced += offset - self->settled;
  while (self->settled < offset)
    {
      gint64 left = offset - self->settled;

      flow_take_held (self, MIN ((gint64) imp_held_get (&self->held, 0)->length, left), FALSE);
    }
  if (data->length > 0)
    flow_forward (self, imp_view_ref_bytes (data), data_type);
  return TRUE;
}

/* Drops the memory of the held chunks between @from and @to that are promised as a whole. */
static void
flow_forget (ImpFlow *self, gint64 from, gint64 to)
{
  gint64 begin = self->settled;

  for (guint i = 0; i < imp_held_get_n (&self->held) && begin < to; i++)
    {
      ImpChunk *chunk = imp_held_get (&self->held, i);
      gint64 end = begin + chunk->length;

      if (end > from && chunk->bytes != NULL
          && imp_promises_covers (imp_marks_get_promises (&self->marks), begin, end))
        g_clear_pointer (&chunk->bytes, g_bytes_unref);
      begin = end;
    }
}

gboolean
imp_flow_replace_later (ImpFlow *self, gint64 offset, gint64 end_offset, GError **error)
{
  if (!flow_check_open (self, "replace_later", error))
    return FALSE;
  if (flow_is_released (self, MAX (offset, self->marks.final)))
    return flow_refuse_released (self, "replace_later", error);
  if (!imp_marks_replace_later (&self->marks, offset, end_offset, error))
    return FALSE;
  flow_feed_gathered (self);
  flow_forget (self, offset, end_offset);
  return TRUE;
}

/* To make a matcher is work that counts, or many could be asked for. */
static gboolean
flow_charge_matcher (ImpFlow *self, ImpMatcher *matcher, GError **error)
{
  gint64 began = imp_effort_begin (&self->effort) - imp_matcher_get_cost (matcher);

  if (imp_effort_charge (&self->effort, &began, 0))
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT,
                       "The regular expressions of this connection take too much time");
  return FALSE;
}

static gboolean
flow_begin_search (ImpFlow *self, ImpResult *pattern, GError **error)
{
  ImpMatcher *matcher;

  if (!flow_check_open (self, "pass_pattern", error)
      || !imp_marks_check_search (&self->marks, error))
    return FALSE;
  matcher = imp_result_ensure_matcher (pattern, error);
  if (matcher == NULL || !flow_charge_matcher (self, matcher, error))
    return FALSE;

  flow_feed_gathered (self);
  imp_marks_begin_search (&self->marks);
  self->search = imp_flow_search_new (matcher);
  return flow_search_on (self, error);
}

gboolean
imp_flow_pass_pattern (ImpFlow *self, const char *regex, guint max_length, GError **error)
{
  g_autoptr (ImpResult) pattern = imp_result_new_pass_pattern (self->direction, regex, max_length);

  return flow_begin_search (self, pattern, error);
}

void
imp_flow_want (ImpFlow *self, gint64 offset)
{
  self->wanted = offset > self->input ? offset : 0;
  if (self->wanted == 0)
    flow_feed_gathered (self);
}

void
imp_flow_deny (ImpFlow *self)
{
  if (self->is_denied)
    return;
  self->is_denied = TRUE;
  self->denied += self->input - self->settled;
  self->settled = self->input;
  self->gathered = -1;
  g_clear_pointer (&self->search, imp_flow_search_free);
  imp_held_clear (&self->held);
  imp_marks_clear (&self->marks);
  imp_flow_event_queue_cancel (self->queue, IMP_FLOW_EVENT_FEED, self->direction);
}

gboolean
imp_flow_apply (ImpFlow *self, const ImpVerdict *verdict, GError **error)
{
  switch ((ImpResultType) verdict->type)
    {
    case IMP_RESULT_PASS:
      return imp_flow_pass (self, verdict->offset, error);
    case IMP_RESULT_PREPASS:
      return imp_flow_prepass (self, verdict->offset, error);
    case IMP_RESULT_REPLACE:
      return imp_flow_replace (self, verdict->offset, &verdict->data, error);
    case IMP_RESULT_REPLACE_LATER:
      return imp_flow_replace_later (self, verdict->offset, verdict->result->extra, error);
    case IMP_RESULT_PASS_PATTERN:
      return flow_begin_search (self, verdict->result, error);
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
    case IMP_RESULT_FATAL:
      imp_flow_deny (self);
      return TRUE;
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
    case IMP_RESULT_ACCOUNT_FIELD:
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
    case IMP_RESULT_TO_SENDER:
      return TRUE;
    case IMP_RESULT_WANT:
      imp_flow_want (self, verdict->offset);
      return TRUE;
    }
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "There is no result type 0x%x", verdict->type);
  return FALSE;
}

/* --- runs of verdicts --- */

/* Pieces of more bytes are not copied. */
#define JOINED_PIECE_MAX 1024
#define JOINED_SIZE 4096

/* What several verdicts set free, put together. */
typedef struct
{
  guint8 *data;
  gsize length;
  gint32 data_type;
} FlowJoin;

static void
flow_join_end (ImpFlow *self, FlowJoin *join)
{
  gsize length = join->length;

  if (length == 0)
    return;
  join->length = 0;
  if (length < JOINED_SIZE / 2)
    join->data = g_realloc (join->data, length);
  flow_forward (self, g_bytes_new_take (g_steal_pointer (&join->data), length), join->data_type);
}

static void
flow_join_append (ImpFlow *self, FlowJoin *join, const guint8 *data, gsize length, gint32 data_type)
{
  if (length > JOINED_SIZE - join->length || join->data_type != data_type)
    flow_join_end (self, join);
  if (join->data == NULL)
    join->data = g_malloc (JOINED_SIZE);
  if (length > 0)
    memcpy (join->data + join->length, data, length);
  join->length += length;
  join->data_type = data_type;
}

/* A verdict up to a place in the first chunk that is held, or its end: TRUE. FALSE, and nothing has
 * changed, where there is more to be looked at. */
static gboolean
flow_join_verdict (ImpFlow *self, FlowJoin *join, const ImpVerdict *verdict)
{
  gboolean passes = verdict->type == IMP_RESULT_PASS;
  ImpChunk *first;
  gint64 length;

  if (self->is_denied || self->search != NULL || self->released > 0
      || imp_held_get_n (&self->held) == 0)
    return FALSE;
  /* Nobody has looked at the offset yet. */
  if (verdict->offset < self->settled)
    return FALSE;
  first = imp_held_get (&self->held, 0);
  length = verdict->offset - self->settled;
  if (first->bytes == NULL || !imp_data_type_is_streaming (first->data_type)
      || (gsize) length > first->length || (passes && length > JOINED_PIECE_MAX)
      || !imp_marks_go_onward (&self->marks, verdict))
    return FALSE;

  if (passes)
    flow_join_append (self, join, imp_chunk_get_data (first), length, first->data_type);
  else
    flow_join_append (self, join, verdict->data.data, verdict->data.length, first->data_type);
  *(passes ? &self->passed : &self->replaced) += length;
  flow_take_held (self, length, FALSE);
  return TRUE;
}

gboolean
imp_flow_apply_run (ImpFlow *self, const ImpVerdict *verdicts, guint n, GError **error)
{
  FlowJoin join = { 0 };
  gboolean good = TRUE;

  for (guint i = 0; i < n && good; i++)
    if (!flow_join_verdict (self, &join, &verdicts[i]))
      {
        flow_join_end (self, &join);
        good = imp_flow_apply (self, &verdicts[i], error);
      }
  flow_join_end (self, &join);
  g_free (join.data);
  return good;
}
