/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a pump says of itself. */
#include "provider/imp-pump-object-private.h"

#include "provider/imp-filter-private.h"

/* When bytes came is known to an eighth of this, in microseconds. */
#define ARRIVALS_SPAN (16 * G_USEC_PER_SEC)

gboolean
imp_pump_is_inside (ImpPump *self)
{
  return self->inside > 0;
}

const GError *
imp_pump_peek_refusal (ImpPump *self)
{
  return self->state > STATE_RUNNING ? self->error : NULL;
}

const GError *
imp_pump_peek_output_error (ImpPump *self, guint side)
{
  return self->sides[side].output_error;
}

gboolean
imp_pump_has_ended_output (ImpPump *self, guint side)
{
  return self->sides[side].output_shut && self->sides[side].output_error == NULL
         && !imp_pump_is_output_pending (self, side)
         && imp_filter_is_finished (self->filter, !side);
}

gboolean
imp_pump_is_output_pending (ImpPump *self, guint side)
{
  return imp_transport_is_output_pending (self->sides[side].transport);
}

gsize
imp_pump_get_queued (ImpPump *self, guint side)
{
  return imp_pump_side_get_queued (&self->sides[side]);
}

gint64
imp_pump_get_sent (ImpPump *self, guint side)
{
  return self->sides[side].sent;
}

/* ---- what waits, and since when ---- */

static gint64
pump_side_get_settled (const PumpSide *side)
{
  ImpFilter *filter = side->pump->filter;

  return imp_filter_get_input (filter, side->direction)
         - imp_filter_get_held (filter, side->direction);
}

void
imp_pump_side_note_arrival (PumpSide *side)
{
  ImpPump *self = side->pump;

  if (side->arrivals == NULL)
    side->arrivals = g_new0 (ImpArrivals, 1);
  imp_arrivals_trim (side->arrivals, pump_side_get_settled (side));
  imp_arrivals_add (side->arrivals, imp_filter_get_input (self->filter, side->direction),
                    self->last_progress, ARRIVALS_SPAN);
}

/* Mostly they have set something free, so that the time is known. */
void
imp_pump_note_turn (ImpPump *self)
{
  imp_filter_note_turn (self->filter,
                        self->last_progress != self->last_turn ? self->last_progress : 0);
  self->last_turn = self->last_progress;
}

static gint64
pump_side_get_held_since (PumpSide *side)
{
  if (side->arrivals == NULL || imp_filter_get_held (side->pump->filter, side->direction) == 0)
    return 0;
  imp_arrivals_trim (side->arrivals, pump_side_get_settled (side));
  return imp_arrivals_is_empty (side->arrivals) ? 0 : side->arrivals->entries[0].time;
}

void
imp_pump_get_facts (ImpPump *self, guint side_number, ImpPumpFacts *facts)
{
  PumpSide *side = &self->sides[side_number];

  *facts = (ImpPumpFacts){
    .held_since = pump_side_get_held_since (side),
    .is_busy = (self->busy & (1 << side_number)) != 0,
    .is_full = side->output_full && imp_pump_side_get_queued (side) > 0,
    .has_ended = side->input_ended,
    .is_pending = side->transport != NULL && imp_transport_is_output_pending (side->transport),
  };
}

gint64
imp_pump_get_last_progress (ImpPump *self)
{
  return self->last_progress;
}

const char *
imp_pump_get_state_name (ImpPump *self)
{
  switch (self->state)
    {
    case STATE_NEW:
      return "new";
    case STATE_RUNNING:
      return "running";
    case STATE_FLUSHING:
    case STATE_DRAINING:
      return "ending";
    case STATE_DONE:
    default:
      return "over";
    }
}
