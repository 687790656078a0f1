/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a pump says of itself. */
#include "provider/imp-pump-object-private.h"

#include "provider/imp-filter-private.h"

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
