/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those who look at a filter. */
#include "provider/imp-filter-object-private.h"

void
imp_filter_taps_add (ImpFilter *self, ImpFilterTap *tap)
{
  tap->next = self->taps;
  self->taps = tap;
}

void
imp_filter_remove_tap (ImpFilter *self, ImpFilterTap *tap)
{
  for (ImpFilterTap **link = &self->taps; *link != NULL; link = &(*link)->next)
    if (*link == tap)
      {
        *link = tap->next;
        tap->funcs = NULL;
        return;
      }
}

void
imp_filter_taps_show_input (ImpFilter *self, ImpDirection direction, GBytes *data, gint32 data_type)
{
  for (ImpFilterTap *tap = self->taps, *next; tap != NULL; tap = next)
    {
      next = tap->next;
      if (tap->funcs->input != NULL && !tap->blind)
        tap->funcs->input (tap->user_data, direction, data, data_type);
    }
}

void
imp_filter_taps_show_verdict (ImpFilter *self, const ImpVerdict *verdict)
{
  for (ImpFilterTap *tap = self->taps, *next; tap != NULL; tap = next)
    {
      next = tap->next;
      if (tap->funcs->verdict != NULL)
        tap->funcs->verdict (tap->user_data, verdict);
    }
}

void
imp_filter_taps_show_output (ImpFilter *self, ImpDirection direction, GBytes *data,
                             gint32 data_type)
{
  for (ImpFilterTap *tap = self->taps, *next; tap != NULL; tap = next)
    {
      next = tap->next;
      if (tap->funcs->output != NULL)
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
imp_filter_taps_want_verdicts (ImpFilter *self)
{
  for (ImpFilterTap *tap = self->taps; tap != NULL; tap = tap->next)
    if (tap->funcs->verdict != NULL)
      return TRUE;
  return FALSE;
}

gboolean
imp_filter_taps_want_input (ImpFilter *self)
{
  for (ImpFilterTap *tap = self->taps; tap != NULL; tap = tap->next)
    if (tap->funcs->input != NULL && !tap->blind)
      return TRUE;
  return FALSE;
}
