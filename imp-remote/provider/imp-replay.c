/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-replay-private.h"

/**
 * ImpReplay:
 *
 * What came of a conversation that was played to an analyzer: see
 * [method@Imp.Recording.replay_async].
 *
 * When something came of it, it does not tell, since that is chance.
 *
 * Since: 0.1
 */
struct _ImpReplay
{
  GObject parent_instance;

  ImpTrace *trace;
  gboolean rechunked;
};

G_DEFINE_FINAL_TYPE (ImpReplay, imp_replay, G_TYPE_OBJECT)

static void
imp_replay_finalize (GObject *object)
{
  ImpReplay *self = IMP_REPLAY (object);

  g_clear_pointer (&self->trace, imp_trace_free);
  G_OBJECT_CLASS (imp_replay_parent_class)->finalize (object);
}

static void
imp_replay_init (ImpReplay *self)
{
}

static void
imp_replay_class_init (ImpReplayClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_replay_finalize;
}

ImpReplay *
imp_replay_new (ImpTrace *trace, gboolean rechunked)
{
  ImpReplay *self = g_object_new (IMP_TYPE_REPLAY, NULL);

  self->trace = trace;
  self->rechunked = rechunked;
  return self;
}

gboolean
imp_replay_is_rechunked (ImpReplay *self)
{
  return self->rechunked;
}

const ImpTrace *
imp_replay_get_trace (ImpReplay *self)
{
  return self->trace;
}

GList *
imp_replay_list_differences (GPtrArray *differences)
{
  g_autoptr (GPtrArray) owned = differences;
  GList *list = NULL;

  for (guint i = differences->len; i > 0; i--)
    list = g_list_prepend (list, imp_difference_ref (differences->pdata[i - 1]));
  return list;
}

/**
 * imp_replay_get_outcome:
 * @self: a replay
 *
 * Gets what became of the conversation: %IMP_OUTCOME_UNSETTLED as well if it has no end.
 *
 * Returns: the outcome
 *
 * Since: 0.1
 */
ImpOutcome
imp_replay_get_outcome (ImpReplay *self)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), IMP_OUTCOME_UNSETTLED);

  return imp_trace_get_outcome (self->trace);
}

/**
 * imp_replay_get_reason:
 * @self: a replay
 *
 * Gets why the conversation was refused, or has failed.
 *
 * Returns: text, "" if there is none
 *
 * Since: 0.1
 */
const char *
imp_replay_get_reason (ImpReplay *self)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), NULL);

  return imp_trace_get_reason (self->trace);
}

/**
 * imp_replay_describe:
 * @self: a replay
 *
 * Describes the outcome in a few words.
 *
 * Returns: (transfer full): text for people
 *
 * Since: 0.1
 */
char *
imp_replay_describe (ImpReplay *self)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), NULL);

  return imp_trace_describe (self->trace);
}

/**
 * imp_replay_get_output:
 * @self: a replay
 * @direction: which way
 *
 * Gets what came out in a direction, without what the analyzer itself has sent.
 *
 * Returns: (transfer full): bytes
 *
 * Since: 0.1
 */
GBytes *
imp_replay_get_output (ImpReplay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), NULL);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, NULL);

  return imp_trace_copy_output (self->trace, direction);
}

/**
 * imp_replay_get_sent:
 * @self: a replay
 * @direction: which way
 *
 * Gets what the analyzer itself has sent in a direction (TO_SENDER).
 *
 * Returns: (transfer full): bytes
 *
 * Since: 0.1
 */
GBytes *
imp_replay_get_sent (ImpReplay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), NULL);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, NULL);

  return imp_trace_copy_sent (self->trace, direction);
}

/**
 * imp_replay_list_log:
 * @self: a replay
 * @direction: a direction
 *
 * Gets what the analyzer has logged about a direction, in words and in its order.
 *
 * Returns: (transfer full) (array zero-terminated=1): texts
 *
 * Since: 0.1
 */
char **
imp_replay_list_log (ImpReplay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), NULL);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, NULL);

  return g_strdupv (imp_trace_peek_log (self->trace, direction));
}

/**
 * imp_replay_list_accounts:
 * @self: a replay
 *
 * Gets what the analyzer has accounted, in words.
 *
 * Returns: (transfer full) (array zero-terminated=1): texts, sorted
 *
 * Since: 0.1
 */
char **
imp_replay_list_accounts (ImpReplay *self)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), NULL);

  return g_strdupv (imp_trace_peek_accounts (self->trace));
}

/**
 * imp_replay_compare:
 * @self: a replay
 * @other: another one, of the same conversation
 *
 * Compares what came of a conversation with two analyzers, or in other chunks: the outcome, and for
 * each direction the output, what the analyzer itself has sent and what it has logged, and what was
 * accounted. Of each of them the first difference is told, as what @other has instead of what @self
 * has. Where one of them was refused, the other one may have more.
 *
 * Returns: (transfer full) (element-type ImpDifference): the differences, none if there is none
 *
 * Since: 0.1
 */
GList *
imp_replay_compare (ImpReplay *self, ImpReplay *other)
{
  g_return_val_if_fail (IMP_IS_REPLAY (self), NULL);
  g_return_val_if_fail (IMP_IS_REPLAY (other), NULL);

  return imp_replay_list_differences (
    imp_trace_list_differences (self->trace, other->trace, IMP_TRACE_ALL));
}
