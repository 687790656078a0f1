/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has become of the bytes of a filter, and other ways to give it some. */
#include "provider/imp-filter-object-private.h"

#include "core/imp-error.h"

/**
 * imp_filter_get_input:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much was pushed: always the sum of what passed, was replaced, was denied and is held.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_input (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_input (self->flows[direction]);
}

/**
 * imp_filter_get_held:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input waits for a verdict.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_held (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_held (self->flows[direction]);
}

/**
 * imp_filter_get_passed:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input was let through as it came.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_passed (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_passed (self->flows[direction]);
}

/**
 * imp_filter_get_replaced:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input was replaced by other bytes, or none.
 *
 * Returns: a number of bytes of the input
 *
 * Since: 0.1
 */
gint64
imp_filter_get_replaced (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_replaced (self->flows[direction]);
}

/**
 * imp_filter_get_denied:
 * @self: a filter
 * @direction: a direction
 *
 * Gets how much input was held when the connection was refused or the filter closed.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_filter_get_denied (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_flow_get_denied (self->flows[direction]);
}

/**
 * imp_filter_get_n_verdicts:
 * @self: a filter
 *
 * Gets how many verdicts of its analyzer the filter has applied, in both directions: "verdicts" of
 * [method@Imp.Filter.get_statistics], without the rest.
 *
 * Returns: how many
 *
 * Since: 0.2
 */
guint64
imp_filter_get_n_verdicts (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return self->n_verdicts;
}

/**
 * imp_filter_is_finished:
 * @self: a filter
 * @direction: a direction
 *
 * Checks whether the end of a direction's stream has been given to the output. Nothing follows in
 * that direction.
 *
 * Returns: %TRUE if it has
 *
 * Since: 0.1
 */
gboolean
imp_filter_is_finished (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);

  return self->ended[direction];
}

gboolean
imp_filter_is_answered (ImpFilter *self, ImpDirection direction)
{
  return self->sent[direction] && imp_flow_get_held (self->flows[direction]) == 0
         && imp_flow_get_denied (self->flows[direction]) == 0;
}

gboolean
imp_filter_is_working (ImpFilter *self)
{
  return self->working;
}

ImpArena *
imp_filter_peek_arena (ImpFilter *self)
{
  return imp_proxy_peek_arena (self->analyzer);
}

gint64
imp_filter_get_unseen_room (ImpFilter *self, ImpDirection direction)
{
  /* At work, there may be something in the queue that comes first. */
  if (self->state != STATE_OPEN || self->output == NULL || self->working)
    return 0;
  if (self->taps != NULL && imp_filter_taps_want_input (self))
    return 0;
  return imp_flow_get_unseen_room (self->flows[direction]);
}

void
imp_filter_note_unseen (ImpFilter *self, ImpDirection direction, gint64 length)
{
  imp_flow_note_unseen (self->flows[direction], length, IMP_DATA_TYPE_STREAM);
  self->sent[direction] = FALSE;
}

/**
 * imp_filter_skip:
 * @self: a filter
 * @direction: a direction
 * @length: a number of bytes
 * @error: return location for an error
 *
 * Counts the next bytes of a stream as passed though they are not pushed: since they go another
 * way, or since a recording lacks them.
 *
 * That is possible only where the analyzer has said by a PASS that it need not see them, and
 * nothing before them waits for a verdict. Else it is an %IMP_ERROR_UNSUPPORTED, and the filter
 * stays as it was: there is no way to tell an analyzer that bytes are missing which it wants to
 * see. The errors of [method@Imp.Filter.check] are set if the filter is not open. Nothing is given
 * to the output.
 *
 * Returns: %TRUE if they were counted
 *
 * Since: 0.1
 */
gboolean
imp_filter_skip (ImpFilter *self, ImpDirection direction, gint64 length, GError **error)
{
  gint64 room;

  g_return_val_if_fail (IMP_IS_FILTER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);
  g_return_val_if_fail (length >= 0, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!imp_filter_is_open (self, error))
    return FALSE;
  room = imp_filter_get_unseen_room (self, direction);
  if (length <= room)
    {
      imp_filter_note_unseen (self, direction, length);
      return TRUE;
    }
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
               "%" G_GINT64_FORMAT " bytes cannot be left out at offset %" G_GINT64_FORMAT
               ": the analyzer has passed only %" G_GINT64_FORMAT " of them unseen",
               length, imp_filter_get_input (self, direction), room);
  return FALSE;
}

/**
 * imp_filter_push_bytes:
 * @self: a filter
 * @direction: where it comes from
 * @data: (array length=length) (nullable): what has arrived
 * @length: the number of bytes; 0: the end of that direction's stream
 * @data_type: its type
 * @error: return location for an error
 *
 * Gives the filter a copy of what has arrived; see [method@Imp.Filter.push].
 *
 * Returns: %TRUE if it was taken
 *
 * Since: 0.1
 */
gboolean
imp_filter_push_bytes (ImpFilter *self, ImpDirection direction, const guint8 *data, gsize length,
                       gint32 data_type, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (data != NULL || length == 0, FALSE);

  bytes = g_bytes_new (data, length);
  return imp_filter_push (self, direction, bytes, data_type, error);
}

/**
 * imp_filter_get_analyzer: (get-property analyzer)
 * @self: a filter
 *
 * Gets the analyzer.
 *
 * Returns: (transfer none): the analyzer
 *
 * Since: 0.1
 */
ImpAnalyzer *
imp_filter_get_analyzer (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), NULL);

  return self->analyzer;
}

/**
 * imp_filter_is_paused:
 * @self: a filter
 * @direction: a direction
 *
 * Checks whether the analyzer has asked not to be fed in a direction for now, or a search there is
 * not finished. That is a hint: the filter still takes what is pushed.
 *
 * Returns: %TRUE if it should be pushed nothing for now
 *
 * Since: 0.1
 */
gboolean
imp_filter_is_paused (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);

  return self->paused[direction] != 0;
}

void
imp_filter_move_here (ImpFilter *self)
{
  g_main_context_unref (self->context);
  self->context = g_main_context_ref_thread_default ();
}

/**
 * imp_filter_check:
 * @self: a filter
 * @error: return location for an error
 *
 * Checks whether the filter is open, and if not, why: %IMP_ERROR_DENIED with the analyzer's reason,
 * %IMP_ERROR_CLOSED if the analyzer dropped the connection or the filter was closed,
 * %IMP_ERROR_FATAL if the analyzer failed, %IMP_ERROR_FAILED if the application did
 * ([method@Imp.Filter.fail]), %IMP_ERROR_LIMIT if too much was left unsettled, %IMP_ERROR_TIMEOUT
 * if that was so for too long ([property@Imp.Filter:deadline], [property@Imp.Filter:hold-timeout]).
 * Once it has an error it keeps it.
 *
 * Returns: %TRUE if it is open
 *
 * Since: 0.1
 */
gboolean
imp_filter_check (ImpFilter *self, GError **error)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return imp_filter_is_open (self, error);
}

static gint64
filter_get_growth (ImpFilter *self, ImpDirection direction)
{
  const ImpFlow *flow = self->flows[direction];
  const gint64 left = imp_flow_get_input (flow) - self->balance[direction];

  return left - imp_flow_get_passed (flow) - imp_flow_get_replaced (flow);
}

/**
 * imp_filter_get_statistics:
 * @self: a filter
 *
 * Gets what the filter has counted, as a dictionary (a{sv}): "verdicts" (an unsigned 64-bit number;
 * results of all types), "logs" and "log-bytes" (the same; results for logs, LOG and ACCOUNT_FIELD,
 * and the bytes of their texts), "growth" (an array (ax) of two 64-bit numbers, one for each
 * direction: by how many bytes what has left it is longer than what passed or was replaced in it,
 * or shorter, if that is below 0) and "exceeded" (a string: the property that is the limit for
 * which the connection is refused, such as "max-log-rate"; empty if it is not, or for something
 * else).
 *
 * Returns: (transfer full): the dictionary
 *
 * Since: 0.1
 */
GVariant *
imp_filter_get_statistics (ImpFilter *self)
{
  gint64 growth[2];
  GVariantDict dictionary;

  g_return_val_if_fail (IMP_IS_FILTER (self), NULL);

  for (guint direction = 0; direction < 2; direction++)
    growth[direction] = filter_get_growth (self, direction);
  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "verdicts", "t", self->n_verdicts);
  g_variant_dict_insert (&dictionary, "logs", "t", self->notes.n_notes);
  g_variant_dict_insert (&dictionary, "log-bytes", "t", self->notes.n_bytes);
  g_variant_dict_insert_value (&dictionary, "growth",
                               g_variant_new_fixed_array (G_VARIANT_TYPE_INT64, growth, 2,
                                                          sizeof growth[0]));
  g_variant_dict_insert (&dictionary, "exceeded", "s",
                         self->exceeded != NULL ? self->exceeded : "");
  return g_variant_ref_sink (g_variant_dict_end (&dictionary));
}

guint
imp_filter_get_n_held (ImpFilter *self)
{
  return imp_flow_get_n_held (self->flows[0]) + imp_flow_get_n_held (self->flows[1]);
}
