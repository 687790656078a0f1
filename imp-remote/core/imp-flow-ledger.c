/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a flow answers when it is asked: how far it is, and what has become of its bytes. */
#include "core/imp-flow-object-private.h"

const ImpMarks *
imp_flow_peek_marks (const ImpFlow *self)
{
  return &self->marks;
}

gint64
imp_flow_get_input (const ImpFlow *self)
{
  return self->input;
}

gint64
imp_flow_get_settled (const ImpFlow *self)
{
  return self->settled;
}

gint64
imp_flow_get_held (const ImpFlow *self)
{
  return self->input - self->settled;
}

gint64
imp_flow_get_gathered (const ImpFlow *self)
{
  return self->gathered >= 0 ? self->input - MAX (self->gathered, self->settled) : 0;
}

guint
imp_flow_get_n_held (const ImpFlow *self)
{
  return imp_held_get_n (&self->held);
}

gint64
imp_flow_get_passed (const ImpFlow *self)
{
  return self->passed;
}

gint64
imp_flow_get_replaced (const ImpFlow *self)
{
  return self->replaced;
}

gint64
imp_flow_get_denied (const ImpFlow *self)
{
  return self->denied;
}

gint32
imp_flow_get_data_type (const ImpFlow *self)
{
  return self->last_type;
}

gboolean
imp_flow_has_promise (const ImpFlow *self)
{
  return imp_marks_has_promise (&self->marks);
}

gboolean
imp_flow_is_searching (const ImpFlow *self)
{
  return self->search != NULL;
}

gboolean
imp_flow_is_busy (const ImpFlow *self)
{
  return self->search != NULL && imp_flow_search_is_busy (self->search);
}

gboolean
imp_flow_is_passed (const ImpFlow *self)
{
  return !self->is_denied && imp_marks_get_settled (&self->marks) == IMP_MARK_INDEFINITE;
}

gboolean
imp_flow_is_denied (const ImpFlow *self)
{
  return self->is_denied;
}

gboolean
imp_flow_has_ended (const ImpFlow *self)
{
  return self->end != FLOW_END_UNKNOWN;
}

gboolean
imp_flow_is_finished (const ImpFlow *self)
{
  return self->end == FLOW_END_FORWARDED;
}

gboolean
imp_flow_is_balanced (const ImpFlow *self)
{
  gint64 held = 0;

  for (guint i = 0; i < imp_held_get_n (&self->held); i++)
    held += imp_held_get ((ImpHeld *) &self->held, i)->length;
  return held == self->input - self->settled
         && self->input == self->passed + self->replaced + self->denied + held;
}
