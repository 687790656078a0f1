/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-packet-private.h"
#include "analyzers/imp-pattern-private.h"
#include "analyzers/imp-pattern-stream-private.h"

#include "core/imp-data-type-private.h"
#include "core/imp-source-private.h"
#include "core/imp-input-queue-private.h"

#include <string.h>

/* A piece of input of which the end is held waits with it, if it has no more bytes: so a request
 * arrives whole, and what is refused later was not begun. */
#define TOGETHER_MAX 4096

/* One direction. */
typedef struct
{
  ImpDirection direction;
  ImpPatternStream stream;
  ImpPatternPacket packet; /* the one that is searched */
  ImpInputQueue queue;     /* input that came while something else was done */
  ImpInput postponed;      /* the one before that: its turn comes when a search is over */
  gint64 settled;          /* offset of the last verdict */
  gint64 begin;            /* offset of the last piece of input */
  gint64 mark;             /* what is held below this has been held since the timer was set */
  gint64 wanted;           /* offset of the last WANT */
  gint32 type;
  guint finished : 1; /* what was held for the type before has been decided */
  guint ended : 1;
  guint holding : 1;
  guint paused : 1;
} Side;

/* Verdicts on their way, and what they bring. */
typedef struct
{
  ImpVerdict verdicts[IMP_VERDICT_RUN_MAX];
  ImpEffort *effort; /* of the search */
  guint n;
  gsize n_bytes;
  guint8 bytes[4096];
} PatternRun;

/* Why a connection is refused. */
typedef enum
{
  CAUSE_FOUND,
  CAUSE_OVER,
  CAUSE_LATE,
  CAUSE_HELD,
} Cause;

struct _ImpPatternAnalyzer
{
  ImpAnalyzer parent_instance;

  GObject *owner;
  const ImpPattern *pattern;
  Side sides[2];
  GSource *timer;  /* while something is held */
  GSource *search; /* while a search is to go on */
  PatternRun *run; /* while a search gives verdicts */
  guint working : 1;
  guint closed : 1; /* or refused: nothing is looked at any more */
};

G_DEFINE_FINAL_TYPE (ImpPatternAnalyzer, imp_pattern_analyzer, IMP_TYPE_ANALYZER)

static void pattern_analyzer_update (ImpPatternAnalyzer *self);

static void
imp_pattern_analyzer_init (ImpPatternAnalyzer *self)
{
}

/* Forgets all that it would still have to look at. */
static void
pattern_analyzer_stop (ImpPatternAnalyzer *self)
{
  self->closed = TRUE;
  imp_source_clear (&self->timer);
  imp_source_clear (&self->search);
  for (guint i = 0; i < 2; i++)
    {
      Side *side = &self->sides[i];

      imp_input_queue_clear (&side->queue);
      g_clear_pointer (&side->postponed.data, g_bytes_unref);
    }
}

static void
imp_pattern_analyzer_finalize (GObject *object)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (object);

  pattern_analyzer_stop (self);
  for (guint i = 0; i < 2; i++)
    {
      imp_pattern_stream_clear (&self->sides[i].stream);
      imp_pattern_packet_clear (&self->sides[i].packet);
    }
  g_clear_object (&self->owner);
  G_OBJECT_CLASS (imp_pattern_analyzer_parent_class)->finalize (object);
}

/* ---- answers: whoever gets one may feed more, which waits, or close the analyzer ---- */

static void
pattern_analyzer_flush (ImpPatternAnalyzer *self)
{
  PatternRun *run = self->run;
  guint n = run != NULL ? run->n : 0;

  /* What whoever gets them does is no part of the search. */
  if (run != NULL)
    imp_effort_close (run->effort);
  if (n == 0)
    return;
  run->n = run->n_bytes = 0;
  if (!self->closed)
    imp_analyzer_take_run (IMP_ANALYZER (self), run->verdicts, n);
}

static void
pattern_analyzer_answer (ImpPatternAnalyzer *self, ImpResult *result)
{
  pattern_analyzer_flush (self);
  if (self->closed)
    imp_result_unref (result);
  else
    imp_analyzer_take_result (IMP_ANALYZER (self), result);
}

/* The same for those that come often. */
static void
pattern_analyzer_give (ImpPatternAnalyzer *self, const ImpVerdict *verdict)
{
  PatternRun *run = self->run;

  if (run != NULL && imp_verdict_can_run (verdict))
    {
      run->verdicts[run->n++] = *verdict;
      if (run->n == IMP_VERDICT_RUN_MAX)
        pattern_analyzer_flush (self);
      return;
    }
  pattern_analyzer_flush (self);
  if (!self->closed)
    imp_analyzer_take_verdict (IMP_ANALYZER (self), verdict);
}

/* For what is gone before the verdict is given. */
static ImpView
pattern_analyzer_keep (ImpPatternAnalyzer *self, ImpView data)
{
  PatternRun *run = self->run;
  guint8 *kept;

  if (run == NULL || data.length == 0 || data.length > IMP_VERDICT_RUN_DATA_MAX)
    return data;
  if (data.length > sizeof run->bytes - run->n_bytes)
    pattern_analyzer_flush (self);
  kept = run->bytes + run->n_bytes;
  memcpy (kept, data.data, data.length);
  run->n_bytes += data.length;
  return imp_view_of_data (kept, data.length);
}

static void
pattern_analyzer_pass (ImpPatternAnalyzer *self, Side *side, gint64 offset)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, side->direction, offset);

  if (offset <= side->settled)
    return;
  side->settled = offset;
  pattern_analyzer_give (self, &verdict);
}

static void
pattern_analyzer_replace (ImpPatternAnalyzer *self, Side *side, gint64 offset, ImpView data)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_REPLACE, side->direction, offset,
                                                  data);

  side->settled = offset;
  pattern_analyzer_give (self, &verdict);
}

static void
pattern_analyzer_send_back (ImpPatternAnalyzer *self, Side *side, GBytes *data)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_TO_SENDER, side->direction, 0,
                                                  imp_view_of_bytes (data));

  if (verdict.data.length > 0)
    pattern_analyzer_give (self, &verdict);
}

/* Where the provider can take a LOG; it is never demanded. */
static void
pattern_analyzer_warn (ImpPatternAnalyzer *self, Side *side, gint64 from, gint64 to,
                       const char *message)
{
  ImpInterface *interface = imp_analyzer_get_interface (IMP_ANALYZER (self));

  if (interface == NULL || imp_interface_allows (interface, IMP_RESULT_LOG))
    pattern_analyzer_answer (self, imp_result_new_log (side->direction, from, to - from,
                                                       IMP_LOG_LEVEL_WARNING, message, NULL));
}

static const char *
pattern_analyzer_describe_cause (Cause cause)
{
  switch (cause)
    {
    case CAUSE_OVER:
      return "what may be a match of the pattern is longer than rxlen";
    case CAUSE_LATE:
      return "the pattern was found, but its beginning had passed after hold-timeout";
    case CAUSE_HELD:
      return "what may be a match of the pattern was held for hold-timeout";
    case CAUSE_FOUND:
    default:
      return "the pattern was found";
    }
}

/* Refuses the connection. @run: the match, if there is one. */
static gboolean
pattern_analyzer_refuse (ImpPatternAnalyzer *self, Side *side, Cause cause, const ImpSearchRun *run,
                         GError **error)
{
  const char *reason = pattern_analyzer_describe_cause (cause);
  ImpPatternAction action = self->pattern->action;
  g_autofree char *text = NULL;
  g_autoptr (GBytes) data = imp_pattern_template_expand (self->pattern->data, run, error);

  if (data == NULL)
    return FALSE;
  if (action == IMP_PATTERN_REJECT)
    pattern_analyzer_send_back (self, side, data);
  else if (action == IMP_PATTERN_DENY && g_bytes_get_size (data) > 0)
    reason = text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  pattern_analyzer_answer (self, imp_result_new_deny (side->direction, reason, NULL));
  pattern_analyzer_stop (self);
  return TRUE;
}

/* ---- what becomes of matches ---- */

static gboolean
pattern_analyzer_change_packet (ImpPatternAnalyzer *self, Side *side, GBytes *data, gint64 from,
                                gint64 to, GError **error)
{
  gint64 base = side->stream.fed - (gint64) g_bytes_get_size (side->packet.bytes);
  gboolean is_answer = self->pattern->action == IMP_PATTERN_ANSWER;

  if (is_answer)
    imp_pattern_packet_add_answer (&side->packet, g_bytes_ref (data));
  return imp_pattern_packet_replace (&side->packet, from - base, to - base, is_answer ? NULL : data,
                                     error);
}

/* Its beginning has passed, so that it cannot be changed any more. */
static gboolean
pattern_analyzer_settle_late (ImpPatternAnalyzer *self, Side *side, gint64 from, gint64 to,
                              GError **error)
{
  if (self->pattern->denies_over)
    return pattern_analyzer_refuse (self, side, CAUSE_LATE, &side->stream.found, error);
  pattern_analyzer_warn (self, side, from, to,
                         "a match of the pattern began in what had passed after hold-timeout, and "
                         "passes");
  return TRUE;
}

static gboolean
pattern_analyzer_change (ImpPatternAnalyzer *self, Side *side, gint64 from, gint64 to,
                         GError **error)
{
  GBytes *constant = imp_pattern_template_peek_constant (self->pattern->data);
  g_autoptr (GBytes) data = NULL;

  if (from < side->settled)
    return pattern_analyzer_settle_late (self, side, from, to, error);
  if (constant != NULL && self->pattern->action == IMP_PATTERN_REPLACE
      && side->packet.bytes == NULL)
    {
      pattern_analyzer_pass (self, side, from);
      pattern_analyzer_replace (self, side, to, imp_view_of_bytes (constant));
      return TRUE;
    }
  imp_effort_close (&side->stream.effort);
  data = imp_pattern_template_expand (self->pattern->data, &side->stream.found, error);
  if (data == NULL)
    return FALSE;
  if (side->packet.bytes != NULL)
    return pattern_analyzer_change_packet (self, side, data, from, to, error);

  pattern_analyzer_pass (self, side, from);
  if (self->pattern->action == IMP_PATTERN_REPLACE)
    {
      pattern_analyzer_replace (self, side, to,
                                pattern_analyzer_keep (self, imp_view_of_bytes (data)));
      return TRUE;
    }
  pattern_analyzer_replace (self, side, to, imp_view_of_data (NULL, 0));
  pattern_analyzer_send_back (self, side, data);
  return TRUE;
}

static gboolean
pattern_analyzer_settle_match (ImpPatternAnalyzer *self, Side *side, GError **error)
{
  gint64 from, to;

  imp_pattern_stream_get_match (&side->stream, &from, &to);
  if (self->pattern->action == IMP_PATTERN_REPLACE || self->pattern->action == IMP_PATTERN_ANSWER)
    return pattern_analyzer_change (self, side, from, to, error);
  if (side->packet.bytes == NULL)
    pattern_analyzer_pass (self, side, from);
  return pattern_analyzer_refuse (self, side, CAUSE_FOUND, &side->stream.found, error);
}

static gboolean
pattern_analyzer_settle_packet (ImpPatternAnalyzer *self, Side *side, GError **error)
{
  g_autoptr (GBytes) changed = NULL;
  g_autoptr (GPtrArray) answers = NULL;

  if (!imp_pattern_packet_finish (&side->packet, &changed, error))
    return FALSE;
  answers = g_steal_pointer (&side->packet.answers);
  imp_pattern_packet_clear (&side->packet);
  if (changed != NULL)
    pattern_analyzer_replace (self, side, side->stream.fed,
                              pattern_analyzer_keep (self, imp_view_of_bytes (changed)));
  else
    pattern_analyzer_pass (self, side, side->stream.fed);
  for (guint i = 0; answers != NULL && i < answers->len; i++)
    pattern_analyzer_send_back (self, side, answers->pdata[i]);
  return TRUE;
}

/* No match begins before what is in doubt now. */
static void
pattern_analyzer_pass_decided (ImpPatternAnalyzer *self, Side *side, ImpMatchStatus status)
{
  gint64 decided = imp_pattern_stream_get_decided (&side->stream);

  if (status == IMP_MATCH_MORE && self->pattern->hold_timeout > 0
      && decided - side->begin <= TOGETHER_MAX)
    decided = MIN (decided, side->begin);
  pattern_analyzer_pass (self, side, decided);
}

/* Goes on with the search of a side until it is over, or busy. */
static gboolean
pattern_analyzer_look (ImpPatternAnalyzer *self, Side *side, GError **error)
{
  ImpMatchStatus status = IMP_MATCH_FOUND;

  while (status == IMP_MATCH_FOUND && !self->closed)
    {
      imp_effort_open (&side->stream.effort);
      status = imp_pattern_stream_next (&side->stream, error);
      if (status == IMP_MATCH_FAILED)
        return FALSE;
      if (status == IMP_MATCH_FOUND && !pattern_analyzer_settle_match (self, side, error))
        return FALSE;
    }
  if (self->closed)
    return TRUE;
  if (status == IMP_MATCH_OVER)
    {
      if (side->packet.bytes == NULL)
        pattern_analyzer_pass (self, side, imp_pattern_stream_get_decided (&side->stream));
      return pattern_analyzer_refuse (self, side, CAUSE_OVER, NULL, error);
    }
  if (side->packet.bytes != NULL && status != IMP_MATCH_BUSY)
    return pattern_analyzer_settle_packet (self, side, error);
  /* What comes after the end of a type says more. */
  if (side->packet.bytes == NULL && !side->finished)
    pattern_analyzer_pass_decided (self, side, status);
  return TRUE;
}

/* The same; what it answers goes together. */
static gboolean
pattern_analyzer_search (ImpPatternAnalyzer *self, Side *side, GError **error)
{
  PatternRun run;
  gboolean good;

  run.n = run.n_bytes = 0;
  run.effort = &side->stream.effort;
  self->run = &run;
  good = pattern_analyzer_look (self, side, error);
  pattern_analyzer_flush (self);
  self->run = NULL;
  return good;
}

/* ---- input ---- */

static void
pattern_side_postpone (Side *side, const ImpInput *input)
{
  side->postponed = *input;
  g_bytes_ref (input->data);
}

/* Decides about what was held for a type of data of which there is no more. FALSE where that is
 * not done yet: then the input will come again. */
static gboolean
pattern_analyzer_finish_type (ImpPatternAnalyzer *self, Side *side, const ImpInput *input,
                              gboolean *done, GError **error)
{
  if (!side->finished)
    {
      side->finished = TRUE;
      imp_pattern_stream_finish (&side->stream);
      if (!pattern_analyzer_search (self, side, error))
        return FALSE;
    }
  *done = !imp_pattern_stream_is_busy (&side->stream);
  if (*done)
    side->finished = FALSE;
  else if (!self->closed)
    pattern_side_postpone (side, input);
  return TRUE;
}

static gboolean
pattern_analyzer_take_data (ImpPatternAnalyzer *self, Side *side, const ImpInput *input,
                            GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (input->data, &length);
  gboolean is_packet = !imp_data_type_is_streaming (input->data_type);

  side->begin = side->stream.fed;
  if (is_packet)
    imp_pattern_packet_begin (&side->packet, input->data);
  imp_pattern_stream_push (&side->stream, data, length, is_packet);
  return pattern_analyzer_search (self, side, error);
}

static gboolean
pattern_analyzer_take (ImpPatternAnalyzer *self, Side *side, const ImpInput *input, GError **error)
{
  gsize length = g_bytes_get_size (input->data);
  gboolean done = TRUE;

  if (side->ended)
    return TRUE;
  /* Input was left out: what was held has passed, and no match can span the gap. */
  if (input->offset > side->stream.fed)
    {
      imp_pattern_stream_skip_to (&side->stream, input->offset);
      side->settled = MAX (side->settled, input->offset);
    }
  if ((length == 0 || input->data_type != side->type)
      && !pattern_analyzer_finish_type (self, side, input, &done, error))
    return FALSE;
  if (!done || self->closed)
    return TRUE;

  if (length == 0)
    {
      side->ended = TRUE;
      pattern_analyzer_answer (self, imp_result_new_pass (side->direction, IMP_MAX_OFFSET));
      return TRUE;
    }
  if (input->data_type != side->type)
    {
      pattern_analyzer_pass (self, side, side->stream.fed);
      side->type = input->data_type;
    }
  return pattern_analyzer_take_data (self, side, input, error);
}

/* Is there something to be done before new input of this side? */
static gboolean
pattern_side_is_behind (Side *side)
{
  return imp_pattern_stream_is_busy (&side->stream) || side->postponed.data != NULL
         || !imp_input_queue_is_empty (&side->queue);
}

/* Does what is left, as far as the time goes. */
static gboolean
pattern_analyzer_catch_up (ImpPatternAnalyzer *self, Side *side, GError **error)
{
  gboolean good = TRUE;

  if (imp_pattern_stream_is_busy (&side->stream))
    good = pattern_analyzer_search (self, side, error);
  while (good && !self->closed && !imp_pattern_stream_is_busy (&side->stream)
         && !imp_effort_slice_is_over (&side->stream.effort))
    {
      ImpInput input = side->postponed;

      side->postponed.data = NULL;
      if (input.data == NULL && !imp_input_queue_take (&side->queue, G_MAXSIZE, &input))
        break;
      good = pattern_analyzer_take (self, side, &input, error);
      g_bytes_unref (input.data);
    }
  return good;
}

/* All sides, until none has more that can be done now. */
static gboolean
pattern_analyzer_catch_up_all (ImpPatternAnalyzer *self, GError **error)
{
  for (guint i = 0; i < 2 && !self->closed; i++)
    if (pattern_side_is_behind (&self->sides[i])
        && !pattern_analyzer_catch_up (self, &self->sides[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
imp_pattern_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *bytes,
                           gint64 offset, gint32 type, GError **error)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (analyzer);
  Side *side = &self->sides[direction];
  ImpInput input = { bytes, offset, type, direction };
  gboolean good;

  if (self->closed || side->ended
      || (self->pattern->direction >= 0 && self->pattern->direction != (int) direction))
    return TRUE;
  if (self->working || pattern_side_is_behind (side))
    {
      imp_input_queue_push (&side->queue, &input);
      return TRUE;
    }

  self->working = TRUE;
  imp_effort_begin_slice (&side->stream.effort);
  good = pattern_analyzer_take (self, side, &input, error)
         && pattern_analyzer_catch_up_all (self, error);
  self->working = FALSE;
  if (!good)
    pattern_analyzer_stop (self);
  pattern_analyzer_update (self);
  return good;
}

/* ---- what is not done at once ---- */

static void
pattern_analyzer_finish_work (ImpPatternAnalyzer *self, const GError *error)
{
  self->working = FALSE;
  if (error != NULL)
    {
      pattern_analyzer_stop (self);
      imp_analyzer_fail (IMP_ANALYZER (self), error->message);
    }
  pattern_analyzer_update (self);
}

static gboolean
pattern_analyzer_on_search (gpointer user_data)
{
  g_autoptr (ImpPatternAnalyzer) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;

  self->working = TRUE;
  for (guint i = 0; i < 2; i++)
    imp_effort_begin_slice (&self->sides[i].stream.effort);
  pattern_analyzer_catch_up_all (self, &error);
  pattern_analyzer_finish_work (self, error);
  return G_SOURCE_CONTINUE;
}

/* Nothing has come for a while, and what is held may be needed to get something. What is a match
 * whatever comes is taken for one. */
static gboolean
pattern_analyzer_release (ImpPatternAnalyzer *self, Side *side, GError **error)
{
  imp_effort_begin_slice (&side->stream.effort);
  imp_pattern_stream_pause (&side->stream);
  if (!pattern_analyzer_search (self, side, error))
    return FALSE;
  if (self->closed || side->settled == side->stream.fed)
    return TRUE;
  if (self->pattern->hold_action == IMP_PATTERN_HOLD_DENY)
    return pattern_analyzer_refuse (self, side, CAUSE_HELD, NULL, error);
  pattern_analyzer_pass (self, side, side->stream.fed);
  return TRUE;
}

static gboolean
pattern_analyzer_on_timeout (gpointer user_data)
{
  g_autoptr (ImpPatternAnalyzer) self = g_object_ref (user_data);
  g_autoptr (GError) error = NULL;

  self->working = TRUE;
  for (guint i = 0; i < 2 && error == NULL && !self->closed; i++)
    {
      Side *side = &self->sides[i];

      if (side->holding && !pattern_side_is_behind (side) && side->settled < side->mark)
        pattern_analyzer_release (self, side, &error);
      side->mark = side->stream.fed;
    }
  if (error == NULL)
    pattern_analyzer_catch_up_all (self, &error);
  pattern_analyzer_finish_work (self, error);
  if (!self->sides[0].holding && !self->sides[1].holding)
    imp_source_clear (&self->timer);
  return G_SOURCE_CONTINUE;
}

static GSource *
pattern_analyzer_attach (ImpPatternAnalyzer *self, GSource *source, GSourceFunc func,
                         const char *name)
{
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, imp_analyzer_peek_main_context (IMP_ANALYZER (self)));
  return source;
}

static void
pattern_analyzer_update_holding (ImpPatternAnalyzer *self, Side *side)
{
  gboolean holding = !self->closed && !side->ended && side->settled < side->stream.fed;

  side->holding = holding;
  if (holding && side->wanted <= side->stream.fed && !pattern_side_is_behind (side))
    {
      side->wanted = side->stream.fed + 1;
      pattern_analyzer_answer (self, imp_result_new_want (side->direction, side->wanted));
    }
  if (!holding || self->timer != NULL || self->pattern->hold_timeout == 0)
    return;
  for (guint i = 0; i < 2; i++)
    self->sides[i].mark = self->sides[i].stream.fed;
  self->timer = pattern_analyzer_attach (self, g_timeout_source_new (self->pattern->hold_timeout),
                                         pattern_analyzer_on_timeout,
                                         "ImpPatternAnalyzer: hold-timeout");
}

/* There should be no more input while there is some left to be searched. */
static gboolean
pattern_analyzer_update_paused (ImpPatternAnalyzer *self, Side *side)
{
  gboolean behind = !self->closed && pattern_side_is_behind (side);

  if (behind != side->paused && !self->closed)
    {
      side->paused = behind;
      pattern_analyzer_answer (self, behind ? imp_result_new_pause (side->direction)
                                            : imp_result_new_continue (side->direction));
    }
  return behind;
}

static void
pattern_analyzer_update (ImpPatternAnalyzer *self)
{
  gboolean behind = FALSE;

  for (guint i = 0; i < 2; i++)
    {
      pattern_analyzer_update_holding (self, &self->sides[i]);
      behind |= pattern_analyzer_update_paused (self, &self->sides[i]);
    }
  if (!behind)
    imp_source_clear (&self->search);
  else if (self->search == NULL)
    self->search = pattern_analyzer_attach (self, g_idle_source_new (), pattern_analyzer_on_search,
                                            "ImpPatternAnalyzer: search");
}

static void
imp_pattern_analyzer_close (ImpAnalyzer *analyzer)
{
  pattern_analyzer_stop (IMP_PATTERN_ANALYZER (analyzer));
}

static void
imp_pattern_analyzer_class_init (ImpPatternAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_pattern_analyzer_finalize;
  IMP_ANALYZER_CLASS (klass)->data = imp_pattern_analyzer_data;
  IMP_ANALYZER_CLASS (klass)->close = imp_pattern_analyzer_close;
  /* PCRE2 may rely on what it has looked at before, such as that it is UTF-8. */
  IMP_ANALYZER_CLASS (klass)->wants_stable_input = TRUE;
}

ImpAnalyzer *
imp_pattern_analyzer_new (GObject *owner, const ImpPattern *pattern)
{
  ImpPatternAnalyzer *self = g_object_new (IMP_TYPE_PATTERN_ANALYZER, NULL);

  self->owner = g_object_ref (owner);
  self->pattern = pattern;
  for (guint i = 0; i < 2; i++)
    {
      self->sides[i].direction = i;
      imp_input_queue_init (&self->sides[i].queue, 0);
      imp_pattern_stream_init (&self->sides[i].stream, pattern->matcher, pattern->max_effort);
    }
  if (pattern->direction >= 0)
    imp_analyzer_pass_bytes (IMP_ANALYZER (self), !pattern->direction, IMP_MAX_OFFSET);
  return IMP_ANALYZER (self);
}
