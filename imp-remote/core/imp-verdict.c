/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-verdict-private.h"

#include "core/imp-interface-private.h"

gboolean
imp_verdict_is_hint (const ImpVerdict *self)
{
  return (imp_result_type_to_flag (self->type) & IMP_RESULT_FLAGS_HINTS) != 0;
}

ImpResult *
imp_verdict_to_result (const ImpVerdict *self)
{
  if (self->result != NULL)
    return imp_result_ref (self->result);
  switch ((ImpResultType) self->type)
    {
    case IMP_RESULT_PASS:
      return imp_result_new_pass (self->direction, self->offset);
    case IMP_RESULT_PREPASS:
      return imp_result_new_prepass (self->direction, self->offset);
    case IMP_RESULT_REPLACE:
      return imp_result_new_replace_take (self->direction, self->offset,
                                          imp_view_ref_bytes (&self->data));
    case IMP_RESULT_TO_SENDER:
      return imp_result_new_to_sender_take (self->direction, imp_view_ref_bytes (&self->data));
    case IMP_RESULT_PAUSE:
      return imp_result_new_pause (self->direction);
    case IMP_RESULT_CONTINUE:
      return imp_result_new_continue (self->direction);
    default:
      g_assert_not_reached ();
    }
}
