/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-filter-clock-private.h"

#include "core/imp-deadline-private.h"
#include "core/imp-proxy-private.h"
#include "core/imp-source-private.h"

/* Two deadlines, of which seldom one runs: an analyzer that mostly answers at once leaves nothing
 * behind to wait, and a search that holds bytes keeps its direction from the analyzer. */
struct _ImpFilterClock
{
  ImpAnalyzer *analyzer;
  ImpFlow *const *flows;
  const ImpFilterClockFuncs *funcs;
  gpointer user_data;
  ImpDeadline *verdicts;
  ImpDeadline *searches;
  ImpDeadlineEntry verdict;
  ImpDeadlineEntry search;
  ImpMarks held[2]; /* what the searches hold, as it was last asked for */
  gboolean has_deadline, has_hold_timeout;
  GMainContext *context;
  GSource *turn; /* of a search that is not finished, or NULL */
};

/* --- what waits for the analyzer --- */

static ImpFilterClock *
filter_clock_of_verdict (ImpDeadlineEntry *entry)
{
  return (gpointer) ((char *) entry - G_STRUCT_OFFSET (ImpFilterClock, verdict));
}

/* The analyzer's own know what it has said that it waits for; but one that somebody has closed
 * takes nothing more in, and what is held for it then waits as well. */
static const ImpMarks *
filter_clock_get_verdict_marks (ImpDeadlineEntry *entry, ImpDirection direction)
{
  ImpFilterClock *self = filter_clock_of_verdict (entry);

  return imp_analyzer_is_closed (self->analyzer)
           ? imp_flow_peek_marks (self->flows[direction])
           : imp_analyzer_peek_marks (self->analyzer, direction);
}

static gboolean
filter_clock_is_verdict_suspended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  ImpFilterClock *self = filter_clock_of_verdict (entry);

  return imp_analyzer_is_busy (self->analyzer, direction)
         || imp_proxy_has_deadline (self->analyzer);
}

/* One that is not fed any more need not be spared. */
static gboolean
filter_clock_is_verdict_paused (ImpDeadlineEntry *entry, ImpDirection direction)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (filter_clock_of_verdict (entry)->analyzer,
                                                   direction);

  return marks->paused && !imp_marks_is_passed (marks);
}

static gboolean
filter_clock_is_verdict_extended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return filter_clock_is_verdict_paused (entry, direction)
         || imp_marks_has_promise (filter_clock_get_verdict_marks (entry, direction));
}

static void
filter_clock_on_late (ImpDeadlineEntry *entry, ImpDirection direction, gboolean is_silent,
                      const char *reason, gpointer user_data)
{
  ImpFilterClock *self = user_data;
  g_autofree char *text = g_strdup_printf ("The analyzer %s %s",
                                           imp_proxy_peek_name (self->analyzer), reason);

  self->funcs->late (text, self->user_data);
}

static const ImpDeadlineFuncs filter_clock_verdict_funcs = {
  .get_marks = filter_clock_get_verdict_marks,
  .is_suspended = filter_clock_is_verdict_suspended,
  .is_paused = filter_clock_is_verdict_paused,
  .is_extended = filter_clock_is_verdict_extended,
  .expired = filter_clock_on_late,
  .setting = "property deadline of ImpFilter",
};

/* --- what a search holds --- */

static ImpFilterClock *
filter_clock_of_search (ImpDeadlineEntry *entry)
{
  return (gpointer) ((char *) entry - G_STRUCT_OFFSET (ImpFilterClock, search));
}

static gboolean
filter_clock_is_held (ImpFlow *flow)
{
  return imp_flow_is_searching (flow) && !imp_flow_is_busy (flow) && imp_flow_get_held (flow) > 0;
}

/* As if the search were an analyzer that has been fed all, and has passed what is decided. */
static const ImpMarks *
filter_clock_get_search_marks (ImpDeadlineEntry *entry, ImpDirection direction)
{
  ImpFilterClock *self = filter_clock_of_search (entry);
  ImpFlow *flow = self->flows[direction];

  self->held[direction] = (ImpMarks){ 0 };
  if (filter_clock_is_held (flow))
    {
      self->held[direction].fed = imp_flow_get_input (flow);
      self->held[direction].final = imp_flow_get_settled (flow);
    }
  return &self->held[direction];
}

static gboolean
filter_clock_is_search_never (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return FALSE;
}

static void
filter_clock_on_held (ImpDeadlineEntry *entry, ImpDirection direction, gboolean is_silent,
                      const char *reason, gpointer user_data)
{
  ImpFilterClock *self = user_data;

  self->funcs->held (direction, self->user_data);
}

static const ImpDeadlineFuncs filter_clock_search_funcs = {
  .get_marks = filter_clock_get_search_marks,
  .is_suspended = filter_clock_is_search_never,
  .is_paused = filter_clock_is_search_never,
  .is_extended = filter_clock_is_search_never,
  .expired = filter_clock_on_held,
  .setting = "property hold-timeout of ImpFilter",
};

static gboolean
filter_clock_on_turn (gpointer user_data)
{
  ImpFilterClock *self = user_data;

  self->funcs->turn (self->user_data);
  return G_SOURCE_CONTINUE;
}

static void
filter_clock_update_turn (ImpFilterClock *self)
{
  gboolean is_busy = imp_flow_is_busy (self->flows[0]) || imp_flow_is_busy (self->flows[1]);

  if (!is_busy)
    imp_source_clear (&self->turn);
  else if (self->turn == NULL)
    {
      self->turn = g_idle_source_new ();
      g_source_set_priority (self->turn, G_PRIORITY_DEFAULT);
      g_source_set_static_name (self->turn, "ImpFilter: search");
      g_source_set_callback (self->turn, filter_clock_on_turn, self, NULL);
      g_source_attach (self->turn, self->context);
    }
}

/* --- for the filter --- */

ImpFilterClock *
imp_filter_clock_new (GMainContext *context, ImpAnalyzer *analyzer, ImpFlow *const *flows,
                      const ImpFilterClockFuncs *funcs, gpointer user_data)
{
  ImpFilterClock *self = g_new0 (ImpFilterClock, 1);

  self->analyzer = analyzer;
  self->flows = flows;
  self->funcs = funcs;
  self->user_data = user_data;
  self->context = g_main_context_ref (context);
  self->verdicts = imp_deadline_new (context, &filter_clock_verdict_funcs, self);
  self->searches = imp_deadline_new (context, &filter_clock_search_funcs, self);
  return self;
}

void
imp_filter_clock_free (ImpFilterClock *self)
{
  imp_deadline_free (self->verdicts);
  imp_deadline_free (self->searches);
  imp_source_clear (&self->turn);
  g_main_context_unref (self->context);
  g_free (self);
}

void
imp_filter_clock_set (ImpFilterClock *self, const guint64 *limits)
{
  self->has_deadline = limits[IMP_FILTER_DEADLINE] > 0;
  self->has_hold_timeout = limits[IMP_FILTER_HOLD_TIMEOUT] > 0;
  imp_deadline_set (self->verdicts, limits[IMP_FILTER_DEADLINE], limits[IMP_FILTER_MAX_EXTENSIONS]);
  imp_deadline_set (self->searches, limits[IMP_FILTER_HOLD_TIMEOUT], 0);
}

static gboolean
filter_clock_is_waiting (ImpFilterClock *self, ImpDirection direction)
{
  return imp_marks_is_waiting (filter_clock_get_verdict_marks (&self->verdict, direction))
         || filter_clock_is_verdict_paused (&self->verdict, direction);
}

static void
filter_clock_check_searches (ImpFilterClock *self)
{
  filter_clock_update_turn (self);
  if (!self->search.watched && self->has_hold_timeout
      && (filter_clock_is_held (self->flows[0]) || filter_clock_is_held (self->flows[1])))
    imp_deadline_watch (self->searches, &self->search);
}

void
imp_filter_clock_check (ImpFilterClock *self)
{
  if (!self->verdict.watched && self->has_deadline && !imp_proxy_keeps_deadline (self->analyzer)
      && (filter_clock_is_waiting (self, 0) || filter_clock_is_waiting (self, 1)))
    imp_deadline_watch (self->verdicts, &self->verdict);
  if (self->turn != NULL || imp_flow_is_searching (self->flows[0])
      || imp_flow_is_searching (self->flows[1]))
    filter_clock_check_searches (self);
}
