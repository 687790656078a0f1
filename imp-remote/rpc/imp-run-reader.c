/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-run-reader-private.h"

static inline gboolean
run_reader_take (const ImpInputBuffer *input, const ImpHead *head, ImpVerdict *verdict)
{
  if (head->op != IMP_OP_RESULT)
    return FALSE;
  *verdict = imp_verdict_of_data (head->result, head->direction, head->offset,
                                  imp_run_reader_view_payload (input, head));
  return imp_verdict_can_run (verdict);
}

/* Whether the next message belongs to the run. One that does not is read again later, so that a
 * context which came with it goes. */
static inline gboolean
run_reader_continue (const ImpInputBuffer *input, const ImpHead *first, const ImpHead *head,
                     ImpVerdict *verdict)
{
  if (head->op == IMP_OP_NEW_ANALYZER)
    imp_context_unref (head->context);
  return head->id == first->id && head->direction == first->direction
         && run_reader_take (input, head, verdict);
}

guint
imp_run_reader_read (const ImpInputBuffer *input, const ImpWire *wire, const ImpWireLimits *limits,
                     const ImpHead *first, gsize *length, ImpVerdict *verdicts)
{
  gsize available, position = *length, more;
  const guint8 *data = imp_input_buffer_peek (input, &available);
  ImpHead head;
  guint n = 1;

  if (!run_reader_take (input, first, &verdicts[0]))
    return 0;
  while (n < IMP_VERDICT_RUN_MAX
         && (more = wire->decode_head (data + position, available - position, limits, &head)) > 0
         && run_reader_continue (input, first, &head, &verdicts[n]))
    {
      position += more;
      n++;
    }
  *length = position;
  return n;
}
