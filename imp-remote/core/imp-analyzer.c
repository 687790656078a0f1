/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-analyzer-private.h"

#include "core/imp-error.h"
#include "core/imp-interface-private.h"
#include "core/imp-mailbox-private.h"
#include "core/imp-pending-results-private.h"
#include "core/imp-result-private.h"

typedef enum
{
  ANALYZER_STATE_OPEN,
  ANALYZER_STATE_REFUSED, /* by DENY, DROP or FATAL: the plugin is heard no more */
  ANALYZER_STATE_CLOSED,  /* by the provider */
} AnalyzerState;

/* What every chunk touches stands together: where there are a hundred thousand analyzers, its time
 * is the number of cache lines. */
typedef struct
{
  ImpResultFunc callback;
  gpointer user_data;
  ImpInterface *interface;
  ImpPendingResults *pending; /* NULL if there are none */
  guint calls;                /* depth of calls into the plugin's data() */
  guint8 state;               /* AnalyzerState */
  guint8 busy;                /* bit per direction */
  guint8 notified;            /* the same, as the plugin knows it */
  guint8 delivering : 1;
  guint8 settles_end : 1;
  guint8 is_proxy : 1;
  guint8 is_lost : 1;       /* its FATAL is that it cannot be reached, and not its own */
  guint8 is_overloaded : 1; /* and traffic alone can have been the cause */
  ImpMailbox mailbox;       /* for answers from other threads */
  ImpMarks marks[2];
  GDestroyNotify destroy;
  ImpContext *context;
} ImpAnalyzerPrivate;

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
 * interface, backward, beyond the input) becomes a FATAL that says so. Once a plugin has been fed
 * the end of a stream and has settled everything before it, the end itself is settled for it by a
 * PASS indefinitely.
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

#define PRIVATE(self) ((ImpAnalyzerPrivate *) imp_analyzer_get_instance_private (self))

static void analyzer_refuse_fatal (ImpAnalyzer *self, const char *reason);

static void
analyzer_clear_callback (ImpAnalyzerPrivate *priv)
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

  analyzer_clear_callback (priv);
  imp_pending_results_clear (&priv->pending);
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

static void
imp_analyzer_init (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  imp_mailbox_init (&priv->mailbox);
  priv->settles_end = TRUE;
}

static inline gboolean
analyzer_is_busy (const ImpAnalyzerPrivate *priv, guint direction)
{
  return (priv->busy & (1 << direction)) != 0;
}

/* --- calling the plugin --- */

/* A vfunc of a script fails in two ways: with an error, or with FALSE and none. */
static void
analyzer_fail_plugin (ImpAnalyzer *self, const char *vfunc, const GError *error)
{
  g_autofree char *reason = NULL;

  if (PRIVATE (self)->state != ANALYZER_STATE_OPEN)
    return;
  if (error != NULL)
    reason = g_strdup (error->message);
  else
    reason = g_strdup_printf ("%s.%s() failed without saying why", G_OBJECT_TYPE_NAME (self),
                              vfunc);
  analyzer_refuse_fatal (self, reason);
}

static void
analyzer_call_busy (ImpAnalyzer *self, ImpDirection direction, gboolean busy)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpAnalyzerClass *klass = IMP_ANALYZER_GET_CLASS (self);
  g_autoptr (GError) error = NULL;

  priv->notified ^= 1 << direction;
  if (priv->state == ANALYZER_STATE_OPEN && klass->busy != NULL
      && (!klass->busy (self, direction, busy, &error) || error != NULL))
    analyzer_fail_plugin (self, "busy", error);
}

/* A direction that is free for a moment only, until it has got what was held back, stays busy for
 * the plugin: else whatever it has to say would come at each such moment. */
static void
analyzer_notify_busy (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  for (guint direction = 0; direction < 2; direction++)
    {
      gboolean busy = imp_pending_results_holds_back (priv->pending, priv->busy, direction);

      if (busy != ((priv->notified & (1 << direction)) != 0))
        analyzer_call_busy (self, direction, busy);
    }
}

/* --- delivering results --- */

/* Hands the results that are ready to the callback, in order. The callback may do anything: add
 * results, make a direction busy, close the analyzer, take itself away. */
static void
analyzer_deliver_pending (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpResult *result;

  if (priv->delivering || priv->callback == NULL || priv->pending == NULL)
    return;

  g_object_ref (self);
  priv->delivering = TRUE;
  while (priv->callback != NULL
         && (result = imp_pending_results_pop (&priv->pending, priv->busy)) != NULL)
    {
      priv->callback (self, result, priv->user_data);
      imp_result_unref (result);
    }
  priv->delivering = FALSE;
  analyzer_notify_busy (self);
  g_object_unref (self);
}

/* The common case first: somebody listens, nothing waits. */
static void
analyzer_deliver (ImpAnalyzer *self, ImpResult *result)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  gboolean needs_reference = priv->calls == 0; /* else imp_analyzer_data() has one */

  if (priv->callback == NULL || priv->delivering
      || imp_pending_results_must_hold_back (priv->pending, priv->busy, result))
    {
      imp_pending_results_push (&priv->pending, priv->busy, result);
      analyzer_deliver_pending (self);
      return;
    }

  if (needs_reference)
    g_object_ref (self);
  priv->delivering = TRUE;
  priv->callback (self, result, priv->user_data);
  priv->delivering = FALSE;
  imp_result_unref (result);
  if (priv->pending != NULL)
    analyzer_deliver_pending (self);
  if (needs_reference)
    g_object_unref (self);
}

/* What no result can undo: the plugin is heard no more. What is held back for a busy direction
 * would be forwarded to a connection that is refused, so it goes. */
static void
analyzer_refuse (ImpAnalyzer *self, ImpResult *last)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  priv->state = ANALYZER_STATE_REFUSED;
  imp_pending_results_drop_held_back (priv->pending, priv->busy);
  analyzer_deliver (self, last);
}

static void
analyzer_refuse_fatal (ImpAnalyzer *self, const char *reason)
{
  analyzer_refuse (self, imp_result_new_fatal (reason));
}

/* Something was fed: a PASS_PATTERN that waited for it may go. */
static void
analyzer_deliver_deferred (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (imp_marks_take_deferred (&priv->marks[direction]))
    analyzer_deliver (self, imp_pending_results_take_deferred (priv->pending, direction));
}

/* A PASS indefinitely, and the end, make a search needless. */
static void
analyzer_drop_deferred (ImpAnalyzerPrivate *priv, ImpDirection direction)
{
  g_autoptr (ImpResult) pattern = NULL;

  if (priv->pending != NULL && !priv->marks[direction].searching)
    pattern = imp_pending_results_take_deferred (priv->pending, direction);
}

static void
analyzer_pass_indefinitely (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (!imp_marks_pass (&priv->marks[direction], IMP_MAX_OFFSET, NULL))
    g_assert_not_reached ();
  analyzer_drop_deferred (priv, direction);
  analyzer_deliver (self, imp_result_new_pass (direction, IMP_MAX_OFFSET));
}

/* Settles the end of a stream for a plugin that has settled all before it. */
static void
analyzer_settle_end (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (priv->settles_end && priv->calls == 0 && priv->state == ANALYZER_STATE_OPEN
      && imp_marks_end_is_due (&priv->marks[direction]))
    analyzer_pass_indefinitely (self, direction);
}

/* --- judging them --- */

/* A hint that the interface lacks is dropped; it is no error. */
static gboolean
result_is_hint (const ImpResult *result)
{
  return (imp_result_type_to_flag (result->type) & IMP_RESULT_FLAGS_HINTS) != 0;
}

static gboolean
result_is_refusal (const ImpResult *result)
{
  return result->type == IMP_RESULT_DENY || result->type == IMP_RESULT_DROP
         || result->type == IMP_RESULT_FATAL;
}

/* Who has passed indefinitely already may say so again, as plugins like to do at the end of a
 * stream that was settled for them; the provider need not hear it twice. */
static gboolean
result_is_repetition (const ImpResult *result, const ImpMarks *marks)
{
  return imp_marks_is_passed (marks)
         && (result->type == IMP_RESULT_PASS || result->type == IMP_RESULT_PREPASS)
         && result->offset >= IMP_MAX_OFFSET;
}

static gboolean
analyzer_refuse_outside_interface (ImpAnalyzerPrivate *priv, ImpResult *result, GError **error)
{
  g_autofree char *interface = imp_interface_to_string (priv->interface);

  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "answered %s, which the interface (%s) does not have",
               imp_result_type_to_string (result->type), interface);
  return FALSE;
}

static gboolean
analyzer_check_result (ImpAnalyzerPrivate *priv, ImpResult *result, gboolean allowed,
                       GError **error)
{
  if (!allowed)
    return analyzer_refuse_outside_interface (priv, result, error);
  if (imp_marks_apply (&priv->marks[result->direction], result, error))
    return TRUE;
  g_prefix_error (error, "direction %d: ", result->direction);
  return FALSE;
}

/* What may have something else come of it: a search that cannot begin yet, one that is not needed
 * any more, or an end that is due. */
static void
analyzer_deliver_special (ImpAnalyzer *self, ImpResult *result)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpDirection direction = result->direction;

  if (result->type == IMP_RESULT_PASS_PATTERN && imp_marks_defer_search (&priv->marks[direction]))
    {
      imp_pending_results_defer (&priv->pending, result);
      return;
    }
  g_object_ref (self);
  analyzer_drop_deferred (priv, direction);
  analyzer_deliver (self, result);
  analyzer_settle_end (self, direction);
  g_object_unref (self);
}

gboolean
imp_analyzer_try_result (ImpAnalyzer *self, ImpResult *result, GError **error)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpMarks *marks = &priv->marks[result->direction];
  gboolean allowed = priv->interface == NULL
                     || imp_interface_allows (priv->interface, result->type);

  if (priv->state != ANALYZER_STATE_OPEN || (!allowed && result_is_hint (result))
      || result_is_repetition (result, marks))
    {
      imp_result_unref (result);
      return TRUE;
    }
  if (!analyzer_check_result (priv, result, allowed, error))
    {
      imp_result_unref (result);
      return FALSE;
    }

  if (result_is_refusal (result))
    analyzer_refuse (self, result);
  else if (marks->ended || priv->pending != NULL || result->type == IMP_RESULT_PASS_PATTERN)
    analyzer_deliver_special (self, result);
  else
    analyzer_deliver (self, result);
  return TRUE;
}

/* What other threads have answered meanwhile. */
static void
analyzer_collect (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  gboolean has_lost = FALSE;
  ImpResult *result;

  while ((result = imp_mailbox_take (&priv->mailbox, &has_lost)) != NULL)
    imp_analyzer_take_result (self, result);
  if (has_lost && priv->state == ANALYZER_STATE_OPEN)
    analyzer_refuse_fatal (self, "more results came from other threads than could be taken");
}

/* What the model does not allow becomes a FATAL that says so. */
void
imp_analyzer_take_result (ImpAnalyzer *self, ImpResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;

  if (G_UNLIKELY (!imp_mailbox_is_here (&PRIVATE (self)->mailbox)))
    {
      imp_mailbox_post (&PRIVATE (self)->mailbox, result, self, (GSourceOnceFunc) analyzer_collect);
      return;
    }
  if (imp_analyzer_try_result (self, result, &error))
    return;
  reason = g_strdup_printf ("%s: %s", G_OBJECT_TYPE_NAME (self), error->message);
  analyzer_refuse_fatal (self, reason);
}

/* Results that the plugin gave while it was made are judged again under the interface. */
static void
analyzer_judge_again (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpPendingResults *early = g_steal_pointer (&priv->pending);
  ImpResult *result;

  for (guint direction = 0; direction < 2; direction++)
    imp_marks_clear (&priv->marks[direction]);
  while ((result = imp_pending_results_pop (&early, 0)) != NULL)
    imp_analyzer_take_result (self, result);
  for (guint direction = 0; early != NULL && direction < 2; direction++)
    if ((result = imp_pending_results_take_deferred (early, direction)) != NULL)
      imp_analyzer_take_result (self, result);
  imp_pending_results_clear (&early);
}

void
imp_analyzer_bind (ImpAnalyzer *self, ImpContext *context, ImpInterface *interface)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (context != NULL && priv->context == NULL)
    priv->context = imp_context_ref (context);
  if (interface == NULL || interface == priv->interface)
    return;

  g_clear_pointer (&priv->interface, imp_interface_unref);
  priv->interface = imp_interface_ref (interface);
  if (priv->state == ANALYZER_STATE_OPEN)
    analyzer_judge_again (self);
}

/* From here on the plugin is not heard. */
static void
analyzer_resolve_soft (ImpAnalyzer *self, const char *reason)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  priv->state = ANALYZER_STATE_REFUSED;
  analyzer_deliver (self, imp_result_new_log (0, 0, 0, IMP_LOG_LEVEL_ERROR, reason, NULL));
  for (guint direction = 0; direction < 2; direction++)
    {
      if (!imp_marks_is_passed (&priv->marks[direction]))
        analyzer_pass_indefinitely (self, direction);
      /* Nobody else will say it. */
      if (priv->marks[direction].paused)
        analyzer_deliver (self, imp_result_new_continue (direction));
    }
}

gboolean
imp_analyzer_resolve (ImpAnalyzer *self, ImpFailMode mode, const char *reason)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  gboolean soft = mode == IMP_FAIL_SOFT && !imp_marks_has_promise (&priv->marks[0])
                  && !imp_marks_has_promise (&priv->marks[1]);

  if (priv->state != ANALYZER_STATE_OPEN)
    return FALSE;
  g_object_ref (self);
  priv->is_lost = !soft;
  if (soft)
    analyzer_resolve_soft (self, reason);
  else
    analyzer_refuse_fatal (self, reason);
  g_object_unref (self);
  return soft;
}

/* --- what a provider calls --- */

void
imp_analyzer_feed (ImpAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                   gint32 data_type)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpAnalyzerClass *klass = IMP_ANALYZER_GET_CLASS (self);
  GError *error = NULL;

  if (G_UNLIKELY (imp_mailbox_is_used (&priv->mailbox)))
    analyzer_collect (self);
  if (priv->state != ANALYZER_STATE_OPEN)
    return;
  if (!imp_marks_feed (&priv->marks[direction], g_bytes_get_size (data), offset, data_type))
    {
      if (priv->marks[direction].deferred)
        analyzer_deliver_deferred (self, direction);
      return;
    }
  if (priv->pending != NULL)
    analyzer_drop_deferred (priv, direction);

  if (!priv->is_proxy)
    offset = imp_explicit_offset (offset);
  priv->calls++;
  if (klass->data == NULL)
    analyzer_fail_plugin (self, "data", NULL);
  else if (!klass->data (self, direction, data, offset, data_type, &error) || error != NULL)
    analyzer_fail_plugin (self, "data", error);
  priv->calls--;
  if (priv->marks[direction].ended)
    analyzer_settle_end (self, direction);
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

/**
 * imp_analyzer_set_busy:
 * @self: an analyzer
 * @direction: a direction
 * @busy: whether the provider cannot take output for it
 *
 * Checks whether the provider can take more output in a direction.
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
  if (priv->state == ANALYZER_STATE_CLOSED || analyzer_is_busy (priv, direction) == (busy != FALSE))
    return;
  priv->busy ^= 1 << direction;

  g_object_ref (self);
  if (busy)
    imp_pending_results_hold_back (priv->pending, priv->busy);
  else
    analyzer_deliver_pending (self);
  analyzer_notify_busy (self);
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
  analyzer_clear_callback (priv);
  if (priv->state == ANALYZER_STATE_CLOSED)
    {
      if (destroy != NULL)
        destroy (user_data);
      return;
    }
  priv->callback = callback;
  priv->user_data = user_data;
  priv->destroy = destroy;
  analyzer_deliver_pending (self);
}

/* While a direction is busy, only what is urgent is delivered for it; this is the order of it. */
static int
result_get_urgency (const ImpResult *result)
{
  static const ImpResultType order[] = {
    IMP_RESULT_FATAL, IMP_RESULT_DENY,     IMP_RESULT_DROP,
    IMP_RESULT_PAUSE, IMP_RESULT_CONTINUE, IMP_RESULT_ACCOUNT_FIELD,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    if (order[i] == result->type)
      return i;
  return G_N_ELEMENTS (order);
}

static int
result_compare_urgency (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return result_get_urgency (a) - result_get_urgency (b);
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
  analyzer_collect (self);
  /* A plugin that hears that it may go on can have something to say. */
  do
    {
      n_taken = taken.length;
      while ((result = imp_pending_results_pop (&priv->pending, priv->busy)) != NULL)
        g_queue_push_tail (&taken, result);
      analyzer_notify_busy (self);
    }
  while (taken.length > n_taken);
  if (priv->busy != 0)
    g_queue_sort (&taken, result_compare_urgency, NULL);
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
  if (priv->state == ANALYZER_STATE_CLOSED)
    return;

  g_object_ref (self);
  priv->state = ANALYZER_STATE_CLOSED;
  imp_pending_results_clear (&priv->pending);
  if (klass->close != NULL)
    klass->close (self);
  analyzer_clear_callback (priv);
  g_object_unref (self);
}

/**
 * imp_analyzer_is_closed:
 * @self: an analyzer
 *
 * Checks whether the analyzer is over: closed by the provider, or by its own DENY, DROP or FATAL.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.1
 */
gboolean
imp_analyzer_is_closed (ImpAnalyzer *self)
{
  g_return_val_if_fail (IMP_IS_ANALYZER (self), TRUE);

  return PRIVATE (self)->state != ANALYZER_STATE_OPEN;
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
 * Returns: (transfer none) (nullable): the interface, or %NULL if it has chosen none: then all
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

gsize
imp_analyzer_get_waiting (ImpAnalyzer *self, ImpDirection direction)
{
  return imp_pending_results_get_size (PRIVATE (self)->pending, direction);
}

gsize
imp_analyzer_get_held (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  return imp_marks_get_held (&priv->marks[0]) + imp_marks_get_held (&priv->marks[1])
         + imp_analyzer_get_waiting (self, 0) + imp_analyzer_get_waiting (self, 1);
}

char *
imp_analyzer_dup_failure (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (priv->state != ANALYZER_STATE_REFUSED || priv->is_lost)
    return NULL;
  return imp_pending_results_dup_failure (priv->pending);
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
  return analyzer_is_busy (PRIVATE (self), direction);
}

GMainContext *
imp_analyzer_peek_main_context (ImpAnalyzer *self)
{
  return PRIVATE (self)->mailbox.context;
}

gboolean
imp_analyzer_is_lost (ImpAnalyzer *self, gboolean *overload)
{
  *overload = PRIVATE (self)->is_overloaded;
  return PRIVATE (self)->is_lost;
}

void
imp_analyzer_set_overloaded (ImpAnalyzer *self)
{
  PRIVATE (self)->is_overloaded = TRUE;
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
    analyzer_settle_end (self, direction);
}
