/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"
#include "analyzers/imp-searcher-private.h"

#include "core/imp-source-private.h"

#include <string.h>

/* A piece of input of which the end is held waits with it, if it has no more bytes: so a request
 * arrives whole, and what is refused later was not begun. */
#define TOGETHER_MAX 4096

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
  ImpSearcher searcher;
  gint64 marks[2]; /* what is held below these has been held since the timer was set */
  GSource *timer;  /* while something is held */
  PatternRun *run; /* while a search gives verdicts */
};

G_DEFINE_FINAL_TYPE (ImpPatternAnalyzer, imp_pattern_analyzer, IMP_TYPE_ANALYZER)

static void
imp_pattern_analyzer_init (ImpPatternAnalyzer *self)
{
}

/* Forgets all that it would still have to look at. */
static void
pattern_analyzer_stop (ImpPatternAnalyzer *self)
{
  imp_source_clear (&self->timer);
  imp_searcher_stop (&self->searcher);
}

static void
imp_pattern_analyzer_finalize (GObject *object)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (object);

  pattern_analyzer_stop (self);
  imp_searcher_clear (&self->searcher);
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
  if (!self->searcher.closed)
    imp_analyzer_take_run (IMP_ANALYZER (self), run->verdicts, n);
}

static void
pattern_analyzer_answer (ImpPatternAnalyzer *self, ImpResult *result)
{
  pattern_analyzer_flush (self);
  if (self->searcher.closed)
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
  if (!self->searcher.closed)
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
pattern_analyzer_pass (ImpPatternAnalyzer *self, ImpSearchSide *side, gint64 offset)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, side->direction, offset);

  if (offset <= side->settled)
    return;
  side->settled = offset;
  pattern_analyzer_give (self, &verdict);
}

static void
pattern_analyzer_replace (ImpPatternAnalyzer *self, ImpSearchSide *side, gint64 offset,
                          ImpView data)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_REPLACE, side->direction, offset,
                                                  data);

  side->settled = offset;
  pattern_analyzer_give (self, &verdict);
}

static void
pattern_analyzer_send_back (ImpPatternAnalyzer *self, ImpSearchSide *side, GBytes *data)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_TO_SENDER, side->direction, 0,
                                                  imp_view_of_bytes (data));

  if (verdict.data.length > 0)
    pattern_analyzer_give (self, &verdict);
}

/* Where the provider can take a LOG; it is never demanded. */
static void
pattern_analyzer_warn (ImpPatternAnalyzer *self, ImpSearchSide *side, gint64 from, gint64 to,
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
pattern_analyzer_refuse (ImpPatternAnalyzer *self, ImpSearchSide *side, Cause cause,
                         const ImpSearchRun *run, GError **error)
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
pattern_analyzer_change_packet (ImpPatternAnalyzer *self, ImpSearchSide *side, GBytes *data,
                                gint64 from, gint64 to, GError **error)
{
  gint64 base = imp_search_side_get_packet_base (side);
  gboolean is_answer = self->pattern->action == IMP_PATTERN_ANSWER;

  if (is_answer)
    imp_pattern_packet_add_answer (&side->packet, g_bytes_ref (data));
  return imp_pattern_packet_replace (&side->packet, from - base, to - base, is_answer ? NULL : data,
                                     error);
}

/* Its beginning has passed, so that it cannot be changed any more. */
static gboolean
pattern_analyzer_settle_late (ImpPatternAnalyzer *self, ImpSearchSide *side, gint64 from, gint64 to,
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
pattern_analyzer_change (ImpPatternAnalyzer *self, ImpSearchSide *side, gint64 from, gint64 to,
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
pattern_analyzer_settle_match (ImpPatternAnalyzer *self, ImpSearchSide *side, GError **error)
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
pattern_analyzer_settle_packet (ImpPatternAnalyzer *self, ImpSearchSide *side, GError **error)
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
pattern_analyzer_pass_decided (ImpPatternAnalyzer *self, ImpSearchSide *side, ImpMatchStatus status)
{
  gint64 decided = imp_pattern_stream_get_decided (&side->stream);

  if (status == IMP_MATCH_MORE && self->pattern->hold_timeout > 0
      && decided - side->begin <= TOGETHER_MAX)
    decided = MIN (decided, side->begin);
  pattern_analyzer_pass (self, side, decided);
}

/* Goes on with the search of a side until it is over, or busy. */
static gboolean
pattern_analyzer_look (ImpPatternAnalyzer *self, ImpSearchSide *side, GError **error)
{
  ImpMatchStatus status = IMP_MATCH_FOUND;

  while (status == IMP_MATCH_FOUND && !self->searcher.closed)
    {
      imp_effort_open (&side->stream.effort);
      status = imp_pattern_stream_next (&side->stream, error);
      if (status == IMP_MATCH_FAILED)
        return FALSE;
      if (status == IMP_MATCH_FOUND && !pattern_analyzer_settle_match (self, side, error))
        return FALSE;
    }
  if (self->searcher.closed)
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
pattern_analyzer_search (ImpAnalyzer *analyzer, ImpSearchSide *side, GError **error)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (analyzer);
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

/* ---- input, and what is not done at once ---- */

static gboolean
imp_pattern_analyzer_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *bytes,
                           gint64 offset, gint32 type, GError **error)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (analyzer);
  const ImpInput input = { bytes, offset, type, direction };

  if (self->pattern->direction >= 0 && self->pattern->direction != (int) direction)
    return TRUE;
  return imp_searcher_take (&self->searcher, &input, error);
}

/* Is some of this side held? */
static gboolean
pattern_analyzer_holds (ImpPatternAnalyzer *self, const ImpSearchSide *side)
{
  return !self->searcher.closed && !side->ended && side->settled < side->stream.fed;
}

static gboolean
pattern_analyzer_holds_any (ImpPatternAnalyzer *self)
{
  return pattern_analyzer_holds (self, &self->searcher.sides[0])
         || pattern_analyzer_holds (self, &self->searcher.sides[1]);
}

/* Nothing has come for a while, and what is held may be needed to get something. What is a match
 * whatever comes is taken for one. */
static gboolean
pattern_analyzer_release (ImpPatternAnalyzer *self, ImpSearchSide *side, GError **error)
{
  imp_effort_begin_slice (&side->stream.effort);
  imp_pattern_stream_pause (&side->stream);
  if (!pattern_analyzer_search (IMP_ANALYZER (self), side, error))
    return FALSE;
  if (self->searcher.closed || side->settled == side->stream.fed)
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

  imp_searcher_begin_work (&self->searcher);
  for (guint i = 0; i < 2 && error == NULL; i++)
    {
      ImpSearchSide *side = &self->searcher.sides[i];

      if (pattern_analyzer_holds (self, side) && !imp_search_side_is_behind (side)
          && side->settled < self->marks[i])
        pattern_analyzer_release (self, side, &error);
      self->marks[i] = side->stream.fed;
    }
  imp_searcher_finish_work (&self->searcher, error);
  if (!pattern_analyzer_holds_any (self))
    imp_source_clear (&self->timer);
  return G_SOURCE_CONTINUE;
}

/* A timer that has been set rings: to clear it each time would be dear. */
static void
pattern_analyzer_update (ImpAnalyzer *analyzer)
{
  ImpPatternAnalyzer *self = IMP_PATTERN_ANALYZER (analyzer);

  if (self->searcher.closed)
    imp_source_clear (&self->timer);
  if (self->timer != NULL || self->pattern->hold_timeout == 0 || !pattern_analyzer_holds_any (self))
    return;
  for (guint i = 0; i < 2; i++)
    self->marks[i] = self->searcher.sides[i].stream.fed;
  self->timer = imp_source_add_timeout (imp_analyzer_peek_main_context (analyzer),
                                        self->pattern->hold_timeout,
                                        "ImpPatternAnalyzer: hold-timeout",
                                        pattern_analyzer_on_timeout, self);
}

static void
pattern_analyzer_pass_side (ImpAnalyzer *analyzer, ImpSearchSide *side, gint64 offset)
{
  pattern_analyzer_pass (IMP_PATTERN_ANALYZER (analyzer), side, offset);
}

static void
pattern_analyzer_take_answer (ImpAnalyzer *analyzer, ImpResult *result)
{
  pattern_analyzer_answer (IMP_PATTERN_ANALYZER (analyzer), result);
}

static const ImpSearcherFuncs pattern_analyzer_funcs = {
  .search = pattern_analyzer_search,
  .pass = pattern_analyzer_pass_side,
  .answer = pattern_analyzer_take_answer,
  .update = pattern_analyzer_update,
};

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
  imp_searcher_init (&self->searcher, IMP_ANALYZER (self), &pattern_analyzer_funcs);
  for (guint i = 0; i < 2; i++)
    imp_pattern_stream_init (&self->searcher.sides[i].stream, pattern->matcher,
                             pattern->max_effort);
  if (pattern->direction >= 0)
    imp_analyzer_pass_bytes (IMP_ANALYZER (self), !pattern->direction, IMP_MAX_OFFSET);
  return IMP_ANALYZER (self);
}
