/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a filter is at this moment, for those who look into what does not go on. */
#include "provider/imp-filter-object-private.h"

void
imp_filter_note_turn (ImpFilter *self, gint64 now)
{
  if (self->n_verdicts == self->n_noted)
    return;
  self->n_noted = self->n_verdicts;
  self->verdict_time = now != 0 ? now : g_get_monotonic_time ();
}

/* As the analyzer knows it, while it is asked. */
static const ImpMarks *
filter_peek_marks (ImpFilter *self, ImpDirection direction)
{
  return imp_analyzer_is_closed (self->analyzer)
           ? imp_flow_peek_marks (self->flows[direction])
           : imp_analyzer_peek_marks (self->analyzer, direction);
}

void
imp_filter_get_facts (ImpFilter *self, ImpDirection direction, ImpFilterFacts *facts)
{
  const ImpFlow *flow = self->flows[direction];
  const ImpMarks *marks = filter_peek_marks (self, direction);
  const gboolean is_waiting = self->state == STATE_OPEN && imp_marks_is_waiting (marks);
  const gint64 held = imp_flow_get_held (flow);

  *facts = (ImpFilterFacts){
    .input = imp_flow_get_input (flow),
    .passed = imp_flow_get_passed (flow),
    .replaced = imp_flow_get_replaced (flow),
    .held = held,
    .is_waiting = is_waiting,
    .wants_more = held > 0 && !is_waiting,
    .is_paused = (self->paused[direction] & PAUSED_BY_ANALYZER) != 0,
    .is_searching = (self->paused[direction] & PAUSED_BY_SEARCH) != 0,
    .has_promise = imp_flow_has_promise (flow),
    .has_ended = imp_flow_has_ended (flow),
    .is_finished = self->ended[direction],
  };
}

int
imp_filter_get_last_verdict (ImpFilter *self, gint64 *time)
{
  *time = self->n_verdicts == self->n_noted ? self->verdict_time : 0;
  return self->n_verdicts > 0 ? self->verdict_type : -1;
}

guint
imp_filter_get_own_deadline (ImpFilter *self)
{
  return imp_proxy_has_deadline (self->analyzer) ? 0 : self->limits[IMP_FILTER_DEADLINE];
}
