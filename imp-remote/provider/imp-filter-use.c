/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-filter-private.h"

/**
 * imp_filter_new:
 * @analyzer: (transfer none): an analyzer that nobody else feeds
 *
 * Makes a filter, which from now on is the one that feeds, hears and finally closes @analyzer.
 *
 * Connect to the signals first, then call [method@Imp.Filter.set_output]: from then on it works.
 *
 * Returns: (transfer full): a new filter
 *
 * Since: 0.1
 */
ImpFilter *
imp_filter_new (ImpAnalyzer *analyzer)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (analyzer), NULL);

  return g_object_new (IMP_TYPE_FILTER, "analyzer", analyzer, NULL);
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
 * imp_filter_set_max_held: (set-property max-held)
 * @self: a filter
 * @max_held: a number of bytes
 *
 * Sets how many bytes, of both directions together, may wait for a verdict.
 *
 * A limit below what is held already takes effect with the next push.
 *
 * Since: 0.1
 */
void
imp_filter_set_max_held (ImpFilter *self, guint64 max_held)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (max_held <= G_MAXINT64);

  if (self->max_held == max_held)
    return;
  self->max_held = max_held;
  g_object_notify (G_OBJECT (self), "max-held");
}

/**
 * imp_filter_get_max_held: (get-property max-held)
 * @self: a filter
 *
 * Gets how many bytes, of both directions together, may wait for a verdict.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
guint64
imp_filter_get_max_held (ImpFilter *self)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), 0);

  return self->max_held;
}

/**
 * imp_filter_set_output:
 * @self: a filter
 * @output: (scope notified) (closure user_data) (destroy destroy): the function that takes what
 *   comes out
 * @user_data: data for @output
 * @destroy: (nullable): frees @user_data when it is needed no more
 *
 * Sets where the output goes.
 *
 * The filter works from the first call on: what the analyzer has said already is obeyed at once.
 *
 * Since: 0.1
 */
void
imp_filter_set_output (ImpFilter *self, ImpOutputFunc output, gpointer user_data,
                       GDestroyNotify destroy)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (output != NULL);

  g_object_ref (self);
  imp_filter_release_output (self);
  self->output = output;
  self->output_data = user_data;
  self->output_destroy = destroy;
  if (self->closed)
    imp_filter_release_output (self);
  else
    imp_filter_listen (self);
  g_object_unref (self);
}

/**
 * imp_filter_check:
 * @self: a filter
 * @error: return location for an error
 *
 * Tells whether the filter is open, and if not, why: %IMP_ERROR_DENIED with the analyzer's reason,
 * %IMP_ERROR_CLOSED if the analyzer dropped the connection or the filter was closed,
 * %IMP_ERROR_FATAL if the analyzer failed, %IMP_ERROR_LIMIT if too much was left unsettled. Once it
 * has an error it keeps it.
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

  if (self->state == IMP_FILTER_OPEN)
    return TRUE;
  if (error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}

/* The flow takes input unless the caller is wrong, or it cannot go on. */
static gboolean
push_to_flow (ImpFilter *self, ImpDirection direction, GBytes *data, gint32 data_type,
              GError **error)
{
  g_autoptr (GError) local = NULL;

  if (imp_flow_push (self->flows[direction], data, data_type, &local))
    return TRUE;
  if (local->code == IMP_ERROR_LIMIT)
    {
      imp_filter_fail (self, IMP_ERROR_LIMIT, local->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/**
 * imp_filter_push:
 * @self: a filter
 * @direction: where it comes from
 * @data: (transfer none): what has arrived; empty: the end of that direction's stream
 * @data_type: its type
 * @error: return location for an error
 *
 * Gives the filter what has arrived. It keeps a reference to @data, and does not copy it.
 *
 * An analyzer in this process mostly answers at once, so that the output function is called from
 * here. When this function is called by the output function or a signal handler, it returns first,
 * and the analyzer is fed afterwards.
 *
 * If the filter is not open, or is not open any more because of this push, the errors of
 * [method@Imp.Filter.check] are set. Input after the end of the stream is an
 * %IMP_ERROR_PROTOCOL, and the filter stays open; and so it does with %IMP_ERROR_FAILED if no
 * output function was set.
 *
 * Returns: %TRUE if it was taken
 *
 * Since: 0.1
 */
gboolean
imp_filter_push (ImpFilter *self, ImpDirection direction, GBytes *data, gint32 data_type,
                 GError **error)
{
  gboolean is_open;

  g_return_val_if_fail (IMP_IS_FILTER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);
  g_return_val_if_fail (data != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!imp_filter_check (self, error))
    return FALSE;
  if (self->output == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED,
                           "The filter has no output function: call imp_filter_set_output()");
      return FALSE;
    }
  if (!push_to_flow (self, direction, data, data_type, error))
    return FALSE;

  g_object_ref (self);
  imp_filter_work (self);
  is_open = imp_filter_check (self, error);
  g_object_unref (self);
  return is_open;
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
 * As [method@Imp.Filter.push], and copies the bytes.
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
 * imp_filter_set_busy:
 * @self: a filter
 * @direction: a direction
 * @busy: whether no more output can be taken in that direction for now
 *
 * Makes the analyzer's verdicts for a direction wait; see [method@Imp.Analyzer.set_busy]. What
 * comes in is still taken.
 *
 * Since: 0.1
 */
void
imp_filter_set_busy (ImpFilter *self, ImpDirection direction, gboolean busy)
{
  g_return_if_fail (IMP_IS_FILTER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);

  if (self->state == IMP_FILTER_OPEN)
    imp_analyzer_set_busy (self->analyzer, direction, busy);
}

/**
 * imp_filter_is_paused:
 * @self: a filter
 * @direction: a direction
 *
 * Tells whether the analyzer has asked not to be fed in a direction for now. That is a hint:
 * the filter still feeds what is pushed.
 *
 * Returns: %TRUE if it has
 *
 * Since: 0.1
 */
gboolean
imp_filter_is_paused (ImpFilter *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_FILTER (self), FALSE);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, FALSE);

  return self->paused[direction];
}

/**
 * imp_filter_is_finished:
 * @self: a filter
 * @direction: a direction
 *
 * Tells whether the end of a direction's stream has been given to the output. Nothing follows in
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

/**
 * imp_filter_close:
 * @self: a filter
 *
 * Ends it: the analyzer is closed, what is held is denied, nothing more is put out and no signal
 * comes. Can be called at any time, and more than once.
 *
 * Since: 0.1
 */
void
imp_filter_close (ImpFilter *self)
{
  g_return_if_fail (IMP_IS_FILTER (self));

  if (self->closed)
    return;

  g_object_ref (self);
  self->closed = TRUE;
  self->told = TRUE;
  imp_filter_refuse (self, IMP_FILTER_CLOSED, IMP_ERROR_CLOSED, "The filter is closed", NULL);
  imp_flow_event_queue_clear (&self->queue);
  if (self->analyzer != NULL)
    imp_analyzer_close (self->analyzer);
  /* The output function may be the one that calls; its data must outlive it. */
  if (!self->working)
    imp_filter_release_output (self);
  g_object_unref (self);
}
