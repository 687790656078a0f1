/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-analyzer-state-private.h"

#include "core/imp-result-private.h"

/**
 * ImpAnalyzer:
 *
 * Inspects one connection, both directions.
 *
 * A plugin derives from it, implements [vfunc@Imp.Analyzer.data], and answers with results, at once
 * or later: [method@Imp.Analyzer.pass_bytes] and its siblings, or
 * [method@Imp.Analyzer.add_result].
 *
 * A provider feeds it with [method@Imp.Analyzer.data] and takes the results by one callback
 * ([method@Imp.Analyzer.set_callback]) or by [method@Imp.Analyzer.poll_results]; they wait until
 * somebody takes them. It calls [method@Imp.Analyzer.close] when the connection is over.
 *
 * The base class sees to it that the plugin keeps to the model: no result comes after a DENY, DROP
 * or FATAL; while a direction is busy only urgent ones are delivered; hints that the chosen
 * interface lacks are dropped; any other result that the model does not allow (outside the
 * interface, backward, beyond the input) becomes a FATAL that says so. Once a plugin has been told
 * of the end of a stream and has settled everything before it, the end itself is settled for it by
 * a PASS indefinitely.
 *
 * All calls belong into one thread: the one that has set the callback, or has polled, last, or else
 * made the analyzer. Only the plugin's answers may come from other threads. They are handed over to
 * the main context that is the default of the analyzer's own thread, and delivered there in the
 * order in which they were given; where that thread runs no main loop, with the next call of
 * [method@Imp.Analyzer.data] or [method@Imp.Analyzer.poll_results].
 *
 * Since: 0.1
 */
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ImpAnalyzer, imp_analyzer, G_TYPE_OBJECT)

ImpAnalyzerPrivate *
imp_analyzer_private (ImpAnalyzer *self)
{
  return imp_analyzer_get_instance_private (self);
}

#define PRIVATE(self) ((ImpAnalyzerPrivate *) imp_analyzer_get_instance_private (self))

static void
imp_analyzer_init (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  imp_mailbox_init (&priv->mailbox);
  priv->settles_end = TRUE;
}

static void
clear_callback (ImpAnalyzerPrivate *priv)
{
  GDestroyNotify destroy = g_steal_pointer (&priv->destroy);
  gpointer user_data = g_steal_pointer (&priv->user_data);

  priv->callback = NULL;
  if (destroy != NULL)
    destroy (user_data);
}

static void
imp_analyzer_finalize (GObject *object)
{
  ImpAnalyzerPrivate *priv = PRIVATE (IMP_ANALYZER (object));

  clear_callback (priv);
  imp_analyzer_clear_stock (priv);
  imp_mailbox_clear (&priv->mailbox);
  for (guint direction = 0; direction < 2; direction++)
    imp_marks_clear (&priv->marks[direction]);
  g_clear_pointer (&priv->context, imp_context_unref);
  g_clear_pointer (&priv->interface, imp_interface_unref);
  G_OBJECT_CLASS (imp_analyzer_parent_class)->finalize (object);
}

static void
imp_analyzer_class_init (ImpAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_analyzer_finalize;
}

/* A vfunc of a script fails in two ways: with an error, or with FALSE and none. */
static void
plugin_failed (ImpAnalyzer *self, const char *vfunc, const GError *error)
{
  g_autofree char *reason = NULL;

  if (PRIVATE (self)->state != IMP_ANALYZER_STATE_OPEN)
    return;
  if (error != NULL)
    reason = g_strdup (error->message);
  else
    reason = g_strdup_printf ("%s.%s() failed without saying why", G_OBJECT_TYPE_NAME (self),
                              vfunc);
  imp_analyzer_refuse_fatal (self, reason);
}

void
imp_analyzer_feed (ImpAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                   gint32 data_type)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpAnalyzerClass *klass = IMP_ANALYZER_GET_CLASS (self);
  GError *error = NULL;

  if (G_UNLIKELY (imp_mailbox_is_used (&priv->mailbox)))
    imp_analyzer_collect (self);
  if (priv->state != IMP_ANALYZER_STATE_OPEN)
    return;
  if (!imp_marks_feed (&priv->marks[direction], g_bytes_get_size (data), offset, data_type))
    {
      if (priv->marks[direction].deferred)
        imp_analyzer_take_deferred (self, direction);
      return;
    }

  if (!priv->is_proxy)
    offset = imp_explicit_offset (offset);
  priv->calls++;
  if (klass->data == NULL)
    plugin_failed (self, "data", NULL);
  else if (!klass->data (self, direction, data, offset, data_type, &error) || error != NULL)
    plugin_failed (self, "data", error);
  priv->calls--;
  if (priv->marks[direction].ended)
    imp_analyzer_settle_end (self, direction);
  g_clear_error (&error);
}

/**
 * imp_analyzer_data:
 * @self: an analyzer
 * @direction: a direction
 * @data: input; empty at the end of the stream
 * @offset: 0, or the true position of @data, in bytes, if input was left out since the last call
 * @data_type: the type of @data
 *
 * Feeds the analyzer.
 *
 * After a PASS_PATTERN the next piece always says its true position; should that be 0, it is
 * spelled %IMP_MAX_OFFSET here, and the plugin sees 0.
 *
 * There is no error to look at: a plugin that fails answers with a FATAL result.
 *
 * Since: 0.1
 */
void
imp_analyzer_data (ImpAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                   gint32 data_type)
{
  g_return_if_fail (IMP_IS_ANALYZER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);
  g_return_if_fail (data != NULL);

  g_object_ref (self);
  imp_analyzer_feed (self, direction, data, offset, data_type);
  g_object_unref (self);
}

/**
 * imp_analyzer_data_bytes:
 * @self: an analyzer
 * @direction: a direction
 * @data: (array length=length): input; empty at the end of the stream
 * @length: how many bytes
 * @offset: 0, or the true position of @data, in bytes, if input was left out since the last call
 * @data_type: the type of @data
 *
 * Feeds the analyzer, as [method@Imp.Analyzer.data], with a copy of @data.
 *
 * Since: 0.1
 */
void
imp_analyzer_data_bytes (ImpAnalyzer *self, ImpDirection direction, const guint8 *data,
                         gsize length, gint64 offset, gint32 data_type)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);

  imp_analyzer_data (self, direction, bytes, offset, data_type);
}

static void
tell_busy (ImpAnalyzer *self, ImpDirection direction, gboolean busy)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpAnalyzerClass *klass = IMP_ANALYZER_GET_CLASS (self);
  GError *error = NULL;

  priv->told ^= 1 << direction;
  if (priv->state == IMP_ANALYZER_STATE_OPEN && klass->busy != NULL
      && (!klass->busy (self, direction, busy, &error) || error != NULL))
    plugin_failed (self, "busy", error);
  g_clear_error (&error);
}

/* A direction that is free for a moment only, until it has got what waited, stays busy for the
 * plugin: else whatever it has in store would come at each such moment. */
void
imp_analyzer_tell_busy (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  for (guint direction = 0; direction < 2; direction++)
    {
      guint8 bit = 1 << direction;
      gboolean busy = imp_analyzer_is_detained (priv, direction);

      if (busy != ((priv->told & bit) != 0))
        tell_busy (self, direction, busy);
    }
}

/**
 * imp_analyzer_set_busy:
 * @self: an analyzer
 * @direction: a direction
 * @busy: whether the provider cannot take output for it
 *
 * Tells whether the provider can take more output in a direction.
 *
 * While it cannot, only FATAL, DENY, DROP, PAUSE, CONTINUE and ACCOUNT_FIELD are delivered for it;
 * the rest waits. The plugin hears that the direction is free again once all that waited for it has
 * been taken.
 *
 * Since: 0.1
 */
void
imp_analyzer_set_busy (ImpAnalyzer *self, ImpDirection direction, gboolean busy)
{
  ImpAnalyzerPrivate *priv;

  g_return_if_fail (IMP_IS_ANALYZER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);

  priv = PRIVATE (self);
  if (priv->state == IMP_ANALYZER_STATE_CLOSED
      || ((priv->busy & (1 << direction)) != 0) == (busy != FALSE))
    return;
  priv->busy ^= 1 << direction;

  g_object_ref (self);
  if (busy)
    imp_analyzer_detain (priv);
  else
    imp_analyzer_deliver (self);
  imp_analyzer_tell_busy (self);
  g_object_unref (self);
}

/**
 * imp_analyzer_set_callback:
 * @self: an analyzer
 * @callback: (nullable) (scope notified) (closure user_data) (destroy destroy): takes the results,
 *   or %NULL
 * @user_data: data for @callback
 * @destroy: (nullable): frees @user_data
 *
 * Sets what takes the results.
 *
 * Those that wait are delivered at once, before this returns. Without a callback they queue until
 * one is set or [method@Imp.Analyzer.poll_results] takes them.
 *
 * Since: 0.1
 */
void
imp_analyzer_set_callback (ImpAnalyzer *self, ImpResultFunc callback, gpointer user_data,
                           GDestroyNotify destroy)
{
  ImpAnalyzerPrivate *priv;

  g_return_if_fail (IMP_IS_ANALYZER (self));

  priv = PRIVATE (self);
  imp_mailbox_move_here (&priv->mailbox);
  clear_callback (priv);
  if (priv->state == IMP_ANALYZER_STATE_CLOSED)
    {
      if (destroy != NULL)
        destroy (user_data);
      return;
    }
  priv->callback = callback;
  priv->user_data = user_data;
  priv->destroy = destroy;
  imp_analyzer_deliver (self);
}

/**
 * imp_analyzer_poll_results:
 * @self: an analyzer
 *
 * Takes the results that have queued, in order. While a direction is busy, its urgent results come
 * first and the rest of them stays in the queue.
 *
 * Returns: (transfer full) (element-type ImpResult): the results, perhaps none
 *
 * Since: 0.1
 */
GList *
imp_analyzer_poll_results (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv;
  GQueue taken = G_QUEUE_INIT;
  ImpResult *result;
  guint n_taken;

  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);

  priv = PRIVATE (self);
  g_object_ref (self);
  imp_mailbox_move_here (&priv->mailbox);
  imp_analyzer_collect (self);
  /* A plugin that hears that it may go on can have something to say. */
  do
    {
      n_taken = taken.length;
      while ((result = imp_analyzer_take_ready (priv)) != NULL)
        g_queue_push_tail (&taken, result);
      imp_analyzer_tell_busy (self);
    }
  while (taken.length > n_taken);
  if (priv->busy != 0)
    g_queue_sort (&taken, imp_analyzer_compare_urgency, NULL);
  g_object_unref (self);
  return taken.head;
}

/**
 * imp_analyzer_close:
 * @self: an analyzer
 *
 * Ends the analyzer: it is fed no more, no result comes any more, and the callback is gone.
 *
 * Every provider calls this when the connection is over; it does not happen by itself when the last
 * reference goes. To call it again does no harm.
 *
 * Since: 0.1
 */
void
imp_analyzer_close (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv;
  ImpAnalyzerClass *klass;

  g_return_if_fail (IMP_IS_ANALYZER (self));

  priv = PRIVATE (self);
  klass = IMP_ANALYZER_GET_CLASS (self);
  if (priv->state == IMP_ANALYZER_STATE_CLOSED)
    return;

  g_object_ref (self);
  priv->state = IMP_ANALYZER_STATE_CLOSED;
  imp_analyzer_clear_stock (priv);
  if (klass->close != NULL)
    klass->close (self);
  clear_callback (priv);
  g_object_unref (self);
}

/**
 * imp_analyzer_is_closed:
 * @self: an analyzer
 *
 * Tells whether the analyzer is over: closed by the provider, or by its own DENY, DROP or FATAL.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.1
 */
gboolean
imp_analyzer_is_closed (ImpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), TRUE);

  return PRIVATE (self)->state != IMP_ANALYZER_STATE_OPEN;
}

/**
 * imp_analyzer_get_context:
 * @self: an analyzer
 *
 * Gets what the provider has said of the connection.
 *
 * Returns: (transfer full) (element-type utf8 utf8): keys and values
 *
 * Since: 0.1
 */
GHashTable *
imp_analyzer_get_context (ImpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);

  return imp_context_to_table (PRIVATE (self)->context);
}

/**
 * imp_analyzer_lookup_context:
 * @self: an analyzer
 * @key: a key, e.g. "caddr"
 *
 * Gets one thing that the provider has said of the connection.
 *
 * Returns: (nullable): its value
 *
 * Since: 0.1
 */
const char *
imp_analyzer_lookup_context (ImpAnalyzer *self, const char *key)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return imp_context_lookup (PRIVATE (self)->context, key);
}

/**
 * imp_analyzer_get_interface:
 * @self: an analyzer
 *
 * Gets the interface that the provider has chosen.
 *
 * Returns: (transfer none) (nullable): the interface, or %NULL if he has chosen none: then all
 *   types of data may come and all results may be given
 *
 * Since: 0.1
 */
ImpInterface *
imp_analyzer_get_interface (ImpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);

  return PRIVATE (self)->interface;
}

ImpContext *
imp_analyzer_peek_context (ImpAnalyzer *self)
{
  return PRIVATE (self)->context;
}

const ImpMarks *
imp_analyzer_peek_marks (ImpAnalyzer *self, ImpDirection direction)
{
  return &PRIVATE (self)->marks[direction];
}

gboolean
imp_analyzer_is_busy (ImpAnalyzer *self, ImpDirection direction)
{
  return (PRIVATE (self)->busy & (1 << direction)) != 0;
}

void
imp_analyzer_set_is_proxy (ImpAnalyzer *self)
{
  PRIVATE (self)->is_proxy = TRUE;
}

void
imp_analyzer_set_settles_end (ImpAnalyzer *self, gboolean settles_end)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  priv->settles_end = settles_end != FALSE;
  for (guint direction = 0; settles_end && direction < 2; direction++)
    imp_analyzer_settle_end (self, direction);
}
