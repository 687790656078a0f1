/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-reenactment-private.h"

#include "provider/imp-filter-object-private.h"
#include "provider/imp-trial-private.h"

/* Of one direction: which bytes of the conversation are in the part. */
typedef struct
{
  GArray *ranges; /* of ReenactRange, in their order */
  gint64 total;   /* bytes of the conversation */
  gint64 settled; /* up to where there was a verdict, as counted in the conversation */
} ReenactSide;

typedef struct
{
  gint64 begin;
  gint64 end;
  gint64 before; /* bytes of the part before it */
} ReenactRange;

typedef struct
{
  const ImpTranscript *transcript;
  const ImpConversation *part;
  ReenactSide sides[2];
  guint next;         /* chunk of the part */
  gboolean last_kept; /* some of the chunk that came last is in the part */
  ImpAnalyzer *analyzer;
  ImpFilter *filter;
  GMainContext *context;
  ImpTranscript *extract; /* or NULL */
  gboolean torn;          /* what there was one verdict on is there in part */
} Reenactment;

/* ---- the analyzer that was ---- */

#define IMP_TYPE_RECORDED_ANALYZER (imp_recorded_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ImpRecordedAnalyzer, imp_recorded_analyzer, IMP, RECORDED_ANALYZER,
                      ImpAnalyzer)

/* It looks at nothing, and is told what to say. */
struct _ImpRecordedAnalyzer
{
  ImpAnalyzer parent_instance;
};

G_DEFINE_FINAL_TYPE (ImpRecordedAnalyzer, imp_recorded_analyzer, IMP_TYPE_ANALYZER)

static gboolean
imp_recorded_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data,
                            gint64 offset, gint32 data_type, GError **error)
{
  return TRUE;
}

static void
imp_recorded_analyzer_class_init (ImpRecordedAnalyzerClass *klass)
{
  IMP_ANALYZER_CLASS (klass)->data = imp_recorded_analyzer_data;
}

static void
imp_recorded_analyzer_init (ImpRecordedAnalyzer *self)
{
  /* That was recorded, too. */
  imp_analyzer_set_settles_end (IMP_ANALYZER (self), FALSE);
}

/* ---- offsets ---- */

static void
reenact_side_add (ReenactSide *self, gint64 begin, gint64 length)
{
  ReenactRange range = { begin, begin + length, 0 };

  if (self->ranges->len > 0)
    {
      ReenactRange *last = &g_array_index (self->ranges, ReenactRange, self->ranges->len - 1);

      if (last->end == begin)
        {
          last->end += length;
          return;
        }
      range.before = last->before + last->end - last->begin;
    }
  g_array_append_val (self->ranges, range);
}

/* So many bytes of the part are before @offset of the conversation. */
static gint64
reenact_side_map (const ReenactSide *self, gint64 offset)
{
  guint low = 0, high = self->ranges->len;
  const ReenactRange *range;

  /* What has not come yet is as far ahead as it was. */
  if (offset > self->total)
    return reenact_side_map (self, self->total) + offset - self->total;
  while (low < high)
    {
      const guint middle = low + (high - low) / 2;

      if (g_array_index (self->ranges, ReenactRange, middle).begin < offset)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == 0)
    return 0;
  range = &g_array_index (self->ranges, ReenactRange, low - 1);
  return range->before + MIN (offset, range->end) - range->begin;
}

/* Whether nothing of what lies between is left, though there was something. */
static gboolean
reenact_side_lacks (const ReenactSide *self, gint64 begin, gint64 end)
{
  return begin < end && reenact_side_map (self, begin) == reenact_side_map (self, end);
}

/* Whether some of it is left, and some is not. */
static gboolean
reenact_side_is_torn (const ReenactSide *self, gint64 begin, gint64 end)
{
  const gint64 left = reenact_side_map (self, end) - reenact_side_map (self, begin);

  return left > 0 && left < end - begin;
}

/* Whether the byte before @offset is missing. */
static gboolean
reenact_side_lacks_before (const ReenactSide *self, gint64 offset)
{
  return offset > 0 && offset <= self->total && reenact_side_lacks (self, offset - 1, offset);
}

/* ---- verdicts ---- */

static ImpResult *
reenact_map_pass (ReenactSide *side, ImpResult *result)
{
  const ImpDirection direction = imp_result_get_direction (result);
  const gint64 offset = imp_result_get_offset (result);

  if (offset == IMP_MAX_OFFSET)
    return imp_result_ref (result);
  if (imp_result_get_result_type (result) == IMP_RESULT_PREPASS)
    return imp_result_new_prepass (direction, reenact_side_map (side, offset));
  side->settled = MAX (side->settled, offset);
  return imp_result_new_pass (direction, reenact_side_map (side, offset));
}

/* What stands for bytes that are missing is missing, too. */
static ImpResult *
reenact_map_replace (Reenactment *self, ReenactSide *side, ImpResult *result)
{
  const gint64 offset = imp_result_get_offset (result), begin = side->settled;

  side->settled = MAX (side->settled, offset);
  self->torn |= reenact_side_is_torn (side, begin, offset);
  if (reenact_side_lacks (side, begin, offset)
      || (begin >= offset && reenact_side_lacks_before (side, offset)))
    return NULL;
  return imp_result_new_replace (imp_result_get_direction (result), reenact_side_map (side, offset),
                                 imp_result_get_data (result));
}

static ImpResult *
reenact_map_promise (ReenactSide *side, ImpResult *result)
{
  const gint64 offset = imp_result_get_offset (result);
  const gint64 end = imp_result_get_end_offset (result);

  if (reenact_side_lacks (side, offset, end))
    return NULL;
  return imp_result_new_replace_later (imp_result_get_direction (result),
                                       reenact_side_map (side, offset),
                                       reenact_side_map (side, end));
}

static ImpResult *
reenact_map_log (ReenactSide *side, ImpResult *result)
{
  const gint64 offset = imp_result_get_offset (result);
  const gint64 length = imp_result_get_length (result);
  const gint64 begin = reenact_side_map (side, MAX (offset, 0));
  gint64 end;

  if (length <= 0
        ? reenact_side_lacks_before (side, offset)
        : offset > G_MAXINT64 - length || reenact_side_lacks (side, offset, offset + length))
    return NULL;
  end = length <= 0 ? begin : reenact_side_map (side, offset + length);
  return imp_result_new_log (imp_result_get_direction (result), begin, end - begin,
                             imp_result_get_level (result), imp_result_get_message (result),
                             imp_result_get_details (result));
}

/* NULL: it is about what is missing. */
static ImpResult *
reenact_map (Reenactment *self, ImpResult *result)
{
  ReenactSide *side = &self->sides[imp_result_get_direction (result)];

  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
      return reenact_map_pass (side, result);
    case IMP_RESULT_REPLACE:
      return reenact_map_replace (self, side, result);
    case IMP_RESULT_REPLACE_LATER:
      return reenact_map_promise (side, result);
    case IMP_RESULT_LOG:
      return reenact_map_log (side, result);
    case IMP_RESULT_WANT:
      return NULL;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
    case IMP_RESULT_PASS_PATTERN:
      return imp_result_ref (result);
    default:
      /* It was said because of what had come last. */
      return self->last_kept ? imp_result_ref (result) : NULL;
    }
}

/* A search takes its time, and nothing else may be said meanwhile. */
static void
reenact_wait (Reenactment *self)
{
  while (self->filter->state == STATE_OPEN
         && ((self->filter->paused[0] | self->filter->paused[1]) & PAUSED_BY_SEARCH) != 0)
    g_main_context_iteration (self->context, TRUE);
}

static void
reenact_result (Reenactment *self, ImpResult *result, gint64 time)
{
  const gboolean is_whole = self->part == self->transcript->conversation;
  g_autoptr (ImpResult) mapped = is_whole ? imp_result_ref (result) : reenact_map (self, result);

  if (mapped == NULL)
    return;
  if (self->extract != NULL)
    imp_transcript_add_result (self->extract, time, imp_result_ref (mapped));
  imp_analyzer_add_result (self->analyzer, mapped);
  reenact_wait (self);
}

/* ---- the conversation ---- */

static gboolean
reenact_is_piece_of (const ImpChunk *piece, const ImpChunk *chunk)
{
  const gint64 size = g_bytes_get_size (chunk->data), begin = piece->origin - chunk->origin;

  if (piece->direction != chunk->direction)
    return FALSE;
  if (g_bytes_get_size (piece->data) == 0)
    return size == 0 && begin == 0;
  return begin >= 0 && begin < size;
}

/* Those pieces of the part that were in this chunk. */
static void
reenact_chunk (Reenactment *self, const ImpChunk *chunk, gint64 time)
{
  self->last_kept = FALSE;
  while (self->next < imp_conversation_get_length (self->part))
    {
      const ImpChunk *piece = imp_conversation_get (self->part, self->next);

      if (!reenact_is_piece_of (piece, chunk))
        break;
      self->next++;
      self->last_kept = TRUE;
      if (self->extract != NULL)
        imp_transcript_add_chunk (self->extract, time, piece->direction, g_bytes_ref (piece->data),
                                  piece->data_type);
      imp_filter_push (self->filter, piece->direction, piece->data, piece->data_type, NULL);
      reenact_wait (self);
    }
}

static void
reenact_run (Reenactment *self)
{
  const ImpTranscript *transcript = self->transcript;
  guint n_chunks = 0;

  for (guint i = 0; i < transcript->steps->len; i++)
    {
      const ImpTranscriptStep *step = &g_array_index (transcript->steps, ImpTranscriptStep, i);

      if (step->result != NULL)
        reenact_result (self, step->result, step->time);
      else
        reenact_chunk (self, imp_conversation_get (transcript->conversation, n_chunks++),
                       step->time);
    }
  /* It was late, say, or left too much without a verdict. */
  if (transcript->outcome == IMP_OUTCOME_FAILED)
    imp_filter_fail (self->filter, transcript->reason);
}

static void
reenact_find_ranges (Reenactment *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      self->sides[direction].ranges = g_array_new (FALSE, FALSE, sizeof (ReenactRange));
      self->sides[direction].total = self->transcript->conversation->said[direction];
    }
  for (guint i = 0; i < imp_conversation_get_length (self->part); i++)
    {
      const ImpChunk *chunk = imp_conversation_get (self->part, i);

      if (g_bytes_get_size (chunk->data) > 0)
        reenact_side_add (&self->sides[chunk->direction], chunk->origin,
                          g_bytes_get_size (chunk->data));
    }
}

/* @extract: see imp_reenact_extract(), or NULL. */
static ImpTrace *
reenact_into (const ImpTranscript *transcript, const ImpConversation *part, ImpTranscript *extract)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Reenactment self = {
    .transcript = transcript,
    .part = part,
    .context = context,
    .extract = extract,
  };
  ImpTrace *trace;

  g_main_context_push_thread_default (context);
  self.analyzer = g_object_new (IMP_TYPE_RECORDED_ANALYZER, NULL);
  self.filter = imp_filter_new (self.analyzer);
  imp_trial_limit_filter (self.filter);
  trace = imp_trace_new (self.filter);
  reenact_find_ranges (&self);
  reenact_run (&self);
  imp_trace_end (trace, self.filter);
  imp_filter_observe (self.filter, 0, NULL, NULL);
  imp_filter_close (self.filter);
  g_object_unref (self.filter);
  g_object_unref (self.analyzer);
  for (guint direction = 0; direction < 2; direction++)
    g_array_unref (self.sides[direction].ranges);
  g_main_context_pop_thread_default (context);
  if (self.torn && extract == NULL)
    g_clear_pointer (&trace, imp_trace_free);
  return trace;
}

ImpTrace *
imp_reenact (const ImpTranscript *transcript, const ImpConversation *part)
{
  return reenact_into (transcript, part, NULL);
}

ImpTranscript *
imp_reenact_extract (const ImpTranscript *transcript, const ImpConversation *part)
{
  const ImpRecordingHead *from = &transcript->head;
  ImpRecordingHead head = {
    .started = from->started,
    .context = g_hash_table_ref (from->context),
    .interface = from->interface != NULL ? imp_interface_ref (from->interface) : NULL,
    .modules = g_strdupv (from->modules),
  };
  ImpTranscript *extract = imp_transcript_new (&head);

  imp_trace_free (reenact_into (transcript, part, extract));
  extract->outcome = transcript->outcome;
  g_free (extract->reason);
  extract->reason = g_strdup (transcript->reason);
  extract->is_whole = transcript->is_whole;
  extract->missing = g_strdup (transcript->missing);
  return extract;
}

/* ---- where verdicts end ---- */

static void
reenact_note_place (GArray *places, gint64 offset)
{
  if (offset > 0)
    g_array_append_val (places, offset);
}

static void
reenact_note_places (GArray *const places[2], ImpResult *result)
{
  GArray *side = places[imp_result_get_direction (result)];

  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
    case IMP_RESULT_REPLACE:
      reenact_note_place (side, imp_result_get_offset (result));
      break;
    case IMP_RESULT_REPLACE_LATER:
      reenact_note_place (side, imp_result_get_offset (result));
      reenact_note_place (side, imp_result_get_end_offset (result));
      break;
    default:
      break;
    }
}

static int
reenact_compare_places (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;

  return *x < *y ? -1 : *x > *y;
}

ImpConversation *
imp_reenact_cut (const ImpTranscript *transcript)
{
  g_autoptr (GArray) from_client = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) from_server = g_array_new (FALSE, FALSE, sizeof (gint64));
  GArray *const places[2] = { from_client, from_server };

  for (guint i = 0; i < transcript->steps->len; i++)
    {
      ImpResult *result = g_array_index (transcript->steps, ImpTranscriptStep, i).result;

      if (result != NULL)
        reenact_note_places (places, result);
    }
  for (guint direction = 0; direction < 2; direction++)
    g_array_sort (places[direction], reenact_compare_places);
  return imp_conversation_cut_at (transcript->conversation, places);
}
