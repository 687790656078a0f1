/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those who look at a filter: handlers of its signal `result`, the one who has it, and taps. */
#include "provider/imp-filter-object-private.h"

static guint signal_result;

void
imp_filter_class_add_result (GObjectClass *klass)
{
  /**
   * ImpFilter::result:
   * @self: the filter
   * @result: the result
   *
   * Emitted for each result of the analyzer, before it is applied: for logs and accounts, and for
   * observers.
   *
   * The detail is the name of the result's type: who connects to `result::log` is not called for
   * each chunk. A handler that is connected later than the input was pushed to which a result is
   * the answer may miss that result.
   *
   * Since: 0.1
   */
  signal_result = g_signal_new ("result", G_TYPE_FROM_CLASS (klass),
                                G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 1, IMP_TYPE_RESULT);
}

static gboolean
filter_taps_want_verdicts (ImpFilter *self)
{
  for (ImpFilterTap *tap = self->taps; tap != NULL; tap = tap->next)
    if (tap->funcs->verdict != NULL)
      return TRUE;
  return FALSE;
}

GQuark
imp_filter_get_detail (ImpResultType type)
{
  return g_quark_from_static_string (imp_result_type_to_string (type));
}

/* Whoever looks at verdicts sees each as it comes. */
void
imp_filter_update_run_sink (ImpFilter *self)
{
  gboolean shows = self->watched || filter_taps_want_verdicts (self)
                   || (self->observed & (IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE)) != 0;

  if (self->listening)
    imp_analyzer_set_run_sink (self->analyzer, shows ? NULL : self->on_run);
}

/* Emissions are dear, and so is it to ask for handlers: that is done once for each push. */
void
imp_filter_update_watched (ImpFilter *self)
{
  gboolean watched = self->watched;

  self->watched
    = g_signal_handler_find (self, G_SIGNAL_MATCH_ID, signal_result, 0, NULL, NULL, NULL) != 0;
  if (self->watched != watched)
    imp_filter_update_run_sink (self);
}

/* An object is made for those who look at it. */
static void
filter_emit_result (ImpFilter *self, const ImpVerdict *verdict)
{
  g_autoptr (ImpResult) result = imp_verdict_to_result (verdict);

  g_signal_emit (self, signal_result, imp_filter_get_detail (verdict->type), result);
}

/* Which taps there are, to be gone through: whoever is called may remove some, or end them all. */
static GPtrArray *
filter_list_taps (ImpFilter *self)
{
  GPtrArray *taps = g_ptr_array_new ();

  for (ImpFilterTap *tap = self->taps; tap != NULL; tap = tap->next)
    g_ptr_array_add (taps, tap);
  return taps;
}

/* The @i-th of them, if it is still there. */
static ImpFilterTap *
filter_get_tap (ImpFilter *self, GPtrArray *taps, guint i)
{
  for (ImpFilterTap *tap = self->taps; tap != NULL; tap = tap->next)
    if (tap == taps->pdata[i])
      return tap;
  return NULL;
}

static void
filter_taps_show_verdict (ImpFilter *self, const ImpVerdict *verdict)
{
  g_autoptr (GPtrArray) taps = filter_list_taps (self);

  for (guint i = 0; i < taps->len; i++)
    {
      ImpFilterTap *tap = filter_get_tap (self, taps, i);

      if (tap != NULL && tap->funcs->verdict != NULL)
        tap->funcs->verdict (tap->user_data, verdict);
    }
}

static inline gboolean
filter_is_observed (ImpFilter *self, ImpResultType type)
{
  guint flag = type == IMP_RESULT_PASS ? IMP_RESULT_FLAGS_PASS : imp_result_type_to_flag (type);

  return (self->observed & flag) != 0;
}

void
imp_filter_show_verdict (ImpFilter *self, const ImpVerdict *verdict)
{
  if (filter_is_observed (self, verdict->type))
    self->observer (self->analyzer, verdict, self->observer_data);
  if (self->taps != NULL)
    filter_taps_show_verdict (self, verdict);
  if (self->watched && self->state == STATE_OPEN)
    filter_emit_result (self, verdict);
}

void
imp_filter_observe (ImpFilter *self, guint types, ImpVerdictFunc func, gpointer user_data)
{
  self->observed = types;
  self->observer = func;
  self->observer_data = user_data;
  imp_filter_update_run_sink (self);
}

guint
imp_filter_find_observed (gpointer instance, guint signal)
{
  g_autoptr (GEnumClass) types = NULL;
  guint observed = 0;

  if (g_signal_handler_find (instance, G_SIGNAL_MATCH_ID, signal, 0, NULL, NULL, NULL) == 0)
    return 0;
  if (g_signal_has_handler_pending (instance, signal, 0, TRUE))
    return G_MAXUINT;
  types = g_type_class_ref (IMP_TYPE_RESULT_TYPE);
  for (guint i = 0; i < types->n_values; i++)
    if (g_signal_has_handler_pending (instance, signal,
                                      imp_filter_get_detail (types->values[i].value), TRUE))
      observed |= imp_result_type_to_flag (types->values[i].value);
  return observed;
}

void
imp_filter_add_tap (ImpFilter *self, ImpFilterTap *tap)
{
  tap->next = self->taps;
  self->taps = tap;
  imp_filter_update_run_sink (self);
}

void
imp_filter_remove_tap (ImpFilter *self, ImpFilterTap *tap)
{
  for (ImpFilterTap **link = &self->taps; *link != NULL; link = &(*link)->next)
    if (*link == tap)
      {
        *link = tap->next;
        tap->funcs = NULL;
        imp_filter_update_run_sink (self);
        return;
      }
}

void
imp_filter_taps_show_input (ImpFilter *self, ImpDirection direction, GBytes *data, gint32 data_type)
{
  g_autoptr (GPtrArray) taps = filter_list_taps (self);

  for (guint i = 0; i < taps->len; i++)
    {
      ImpFilterTap *tap = filter_get_tap (self, taps, i);

      if (tap != NULL && tap->funcs->input != NULL && !tap->blind)
        tap->funcs->input (tap->user_data, direction, data, data_type);
    }
}

void
imp_filter_taps_show_output (ImpFilter *self, ImpDirection direction, GBytes *data,
                             gint32 data_type)
{
  g_autoptr (GPtrArray) taps = filter_list_taps (self);

  for (guint i = 0; i < taps->len; i++)
    {
      ImpFilterTap *tap = filter_get_tap (self, taps, i);

      if (tap != NULL && tap->funcs->output != NULL)
        tap->funcs->output (tap->user_data, direction, data, data_type, self->sent[direction]);
    }
}

ImpOutcome
imp_filter_get_outcome (ImpFilter *self)
{
  switch (self->state)
    {
    case STATE_DENIED:
      return IMP_OUTCOME_DENIED;
    case STATE_DROPPED:
      return IMP_OUTCOME_DROPPED;
    case STATE_FAILED:
      return IMP_OUTCOME_FAILED;
    case STATE_OPEN:
    case STATE_CLOSED:
    default:
      return self->ended[0] && self->ended[1] ? IMP_OUTCOME_PASSED : IMP_OUTCOME_UNSETTLED;
    }
}

void
imp_filter_taps_end (ImpFilter *self)
{
  const ImpOutcome outcome = imp_filter_get_outcome (self);
  const gboolean refused = self->state != STATE_CLOSED;

  while (self->taps != NULL)
    {
      ImpFilterTap *tap = self->taps;
      const ImpFilterTapFuncs *funcs = tap->funcs;

      self->taps = tap->next;
      tap->funcs = NULL;
      if (funcs->over != NULL)
        funcs->over (tap->user_data, outcome, refused ? self->reason : "");
    }
}

gboolean
imp_filter_taps_want_input (ImpFilter *self)
{
  for (ImpFilterTap *tap = self->taps; tap != NULL; tap = tap->next)
    if (tap->funcs->input != NULL && !tap->blind)
      return TRUE;
  return FALSE;
}
