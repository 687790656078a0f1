/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-cascade-emitter-private.h"

#include "core/imp-analyzer-private.h"
#include "core/imp-interface-private.h"

static void
emitter_emit (ImpCascadeEmitter *self, const ImpVerdict *verdict)
{
  if (!self->is_over)
    imp_analyzer_take_verdict (self->analyzer, verdict);
  /* By it, or by whom it was said to. */
  if (imp_analyzer_is_closed (self->analyzer))
    self->is_over = TRUE;
}

static gboolean
emitter_may_emit (ImpCascadeEmitter *self, ImpResultType type)
{
  ImpInterface *interface = imp_analyzer_peek_interface (self->analyzer);

  return interface == NULL || imp_interface_allows (interface, type);
}

gint64
imp_cascade_add_room (gint64 offset, gint64 room)
{
  if (room == IMP_MARK_INDEFINITE)
    return IMP_MARK_INDEFINITE;
  return room > IMP_MARK_INDEFINITE - 1 - offset ? IMP_MARK_INDEFINITE - 1 : offset + room;
}

static void
emitter_emit_offset (ImpCascadeEmitter *self, ImpResultType type, ImpDirection direction,
                     gint64 offset, gint64 *said)
{
  const ImpVerdict verdict = imp_verdict_of_offset (type, direction,
                                                    offset == IMP_MARK_INDEFINITE ? IMP_MAX_OFFSET
                                                                                  : offset);
  ImpCascadeEmitterSide *side = &self->sides[direction];

  if (offset <= *said)
    return;
  *said = offset;
  imp_cascade_path_set_promised (side->path, side->passed, side->prepassed);
  emitter_emit (self, &verdict);
}

/* Says how far a direction has come out as it was. @ahead: and how far it will, which is known only
 * if nothing is on its way. Who has prepassed may still be heard of, so that no more than a PREPASS
 * comes of it until that is over. */
static void
emitter_emit_passed (ImpCascadeEmitter *self, ImpDirection direction, gboolean ahead)
{
  ImpCascadeEmitterSide *side = &self->sides[direction];
  gint64 open = side->out;
  gint64 final = side->passed;

  if (ahead)
    open = imp_cascade_add_room (open, imp_cascade_path_get_open_room (side->path));
  if (imp_cascade_path_is_final (side->path))
    final = !ahead
              ? side->out
              : imp_cascade_add_room (side->out, imp_cascade_path_get_unseen_room (side->path));
  if (!emitter_may_emit (self, IMP_RESULT_PASS))
    {
      open = MAX (open, final);
      final = side->passed;
    }
  emitter_emit_offset (self, IMP_RESULT_PASS, direction, final, &side->passed);
  if (open > side->passed)
    emitter_emit_offset (self, IMP_RESULT_PREPASS, direction, open, &side->prepassed);
}

static void
emitter_emit_changed (ImpCascadeEmitter *self, const ImpCascadeTask *task)
{
  ImpCascadeEmitterSide *side = &self->sides[task->direction];
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_REPLACE, task->direction, task->offset,
                                                  imp_view_of_bytes (task->bytes));

  emitter_emit_passed (self, task->direction, FALSE);
  side->out = task->offset;
  side->passed = MAX (side->passed, task->offset);
  emitter_emit (self, &verdict);
}

static void
emitter_emit_sent (ImpCascadeEmitter *self, const ImpCascadeTask *task)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_TO_SENDER, !task->direction, 0,
                                                  imp_view_of_bytes (task->bytes));

  emitter_emit_passed (self, task->direction, FALSE);
  emitter_emit (self, &verdict);
}

static void
emitter_emit_end (ImpCascadeEmitter *self, ImpDirection direction)
{
  ImpCascadeEmitterSide *side = &self->sides[direction];

  emitter_emit_passed (self, direction, FALSE);
  side->is_ended = TRUE;
  if (emitter_may_emit (self, IMP_RESULT_PASS))
    emitter_emit_offset (self, IMP_RESULT_PASS, direction, IMP_MARK_INDEFINITE, &side->passed);
  else if (emitter_may_emit (self, IMP_RESULT_PREPASS))
    emitter_emit_offset (self, IMP_RESULT_PREPASS, direction, IMP_MARK_INDEFINITE,
                         &side->prepassed);
  else if (self->sides[!direction].is_ended)
    imp_analyzer_set_settles_end (self->analyzer, TRUE);
}

/* What was let through before comes first. */
static void
emitter_emit_refusal (ImpCascadeEmitter *self, const ImpVerdict *verdict)
{
  for (guint direction = 0; direction < 2; direction++)
    emitter_emit_passed (self, direction, FALSE);
  if (self->is_over)
    return;
  *imp_analyzer_peek_loss (self->analyzer) = self->loss;
  if (self->loss.is_lost)
    imp_analyzer_resolve (self->analyzer, IMP_FAIL_HARD, verdict->result->text);
  else
    emitter_emit (self, verdict);
  self->is_over = TRUE;
}

static void
emitter_emit_result (ImpCascadeEmitter *self, ImpResult *result)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);
  ImpCascadeEmitterSide *side = &self->sides[verdict.direction];

  if (imp_verdict_is_refusal (&verdict))
    emitter_emit_refusal (self, &verdict);
  /* A promise that is kept already need not be made. */
  else if (verdict.type != IMP_RESULT_REPLACE_LATER
           || result->extra > MAX (side->passed, side->prepassed))
    emitter_emit (self, &verdict);
}

void
imp_cascade_emitter_do (ImpCascadeEmitter *self, const ImpCascadeTask *task)
{
  switch ((ImpCascadeTaskKind) task->kind)
    {
    case IMP_CASCADE_FEED:
      g_assert_not_reached ();
    case IMP_CASCADE_PASSED:
      self->sides[task->direction].out = task->offset;
      break;
    case IMP_CASCADE_CHANGED:
      emitter_emit_changed (self, task);
      break;
    case IMP_CASCADE_SENT:
      emitter_emit_sent (self, task);
      break;
    case IMP_CASCADE_ENDED:
      emitter_emit_end (self, task->direction);
      break;
    case IMP_CASCADE_RESULT:
      emitter_emit_result (self, task->result);
      break;
    }
}

void
imp_cascade_emitter_pass_ahead (ImpCascadeEmitter *self, ImpDirection direction)
{
  emitter_emit_passed (self, direction, TRUE);
}
