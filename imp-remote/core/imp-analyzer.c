/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-analyzer-object-private.h"

#include "core/imp-analyzer-input-private.h"
#include "core/imp-error.h"
#include "core/imp-interface-private.h"
#include "core/imp-watch-private.h"

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

ImpAnalyzerPrivate *
imp_analyzer_get_private (ImpAnalyzer *self)
{
  return PRIVATE (self);
}

static void
analyzer_clear_callback (ImpAnalyzerPrivate *priv)
{
  GDestroyNotify destroy = g_steal_pointer (&priv->destroy);
  gpointer user_data = g_steal_pointer (&priv->user_data);

  priv->sink = NULL;
  priv->run_sink = NULL;
  priv->callback = NULL;
  if (destroy != NULL)
    destroy (user_data);
}

/* Analyzers are made and ended with connections, and what GObject does here it does once more right
 * after this, if the last reference went. If not, somebody disposes of the object while it is in
 * use (g_object_run_dispose()). */
static void
imp_analyzer_dispose (GObject *object)
{
  if (g_atomic_int_get ((gint *) &object->ref_count) > 1)
    G_OBJECT_CLASS (imp_analyzer_parent_class)->dispose (object);
}

static void
imp_analyzer_finalize (GObject *object)
{
  ImpAnalyzerPrivate *priv = PRIVATE (IMP_ANALYZER (object));

  if (priv->gone != NULL)
    *priv->gone = TRUE;
  analyzer_clear_callback (priv);
  imp_pending_results_clear (&priv->pending);
  imp_mailbox_clear (&priv->mailbox);
  for (guint direction = 0; direction < 2; direction++)
    imp_marks_clear (&priv->marks[direction]);
  g_clear_pointer (&priv->metered, imp_metered_free);
  g_clear_pointer (&priv->context, imp_context_unref);
  g_clear_pointer (&priv->interface, imp_interface_unref);
  G_OBJECT_CLASS (imp_analyzer_parent_class)->finalize (object);
}

static void
imp_analyzer_class_init (ImpAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = imp_analyzer_dispose;
  G_OBJECT_CLASS (klass)->finalize = imp_analyzer_finalize;
}

static void
imp_analyzer_init (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  imp_mailbox_init (&priv->mailbox);
  priv->settles_end = TRUE;
  priv->allows_pass = TRUE;
}

gpointer imp_analyzer_known_class;

gboolean
imp_analyzer_check_type (gconstpointer self)
{
  if (!IMP_IS_ANALYZER ((gpointer) self))
    return FALSE;
  g_atomic_pointer_set (&imp_analyzer_known_class, ((const GTypeInstance *) self)->g_class);
  return TRUE;
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

/* Hands the results that are ready to the sink, in order. That may do anything: add results, make a
 * direction busy, close the analyzer, take itself away. */
static void
analyzer_deliver_pending (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  g_autoptr (ImpAnalyzer) used = g_object_ref (self);
  ImpResult *result;

  if (priv->delivering || priv->sink == NULL || priv->pending == NULL)
    return;

  priv->delivering = TRUE;
  while (priv->sink != NULL
         && (result = imp_pending_results_pop (&priv->pending, priv->busy)) != NULL)
    {
      const ImpVerdict verdict = imp_verdict_of_result (result);

      priv->sink (self, &verdict, priv->user_data);
      imp_result_unref (result);
    }
  priv->delivering = FALSE;
  analyzer_notify_busy (self);
}

/* Calls the sink. FALSE if it is gone. */
G_ALWAYS_INLINE static inline gboolean
analyzer_call_sink (ImpAnalyzer *self, ImpAnalyzerPrivate *priv, const ImpVerdict *verdicts,
                    guint n)
{
  ImpWatch watch;

  imp_watch_begin (&watch, &priv->gone);
  priv->delivering = TRUE;
  if (n == 1)
    priv->sink (self, verdicts, priv->user_data);
  else
    priv->run_sink (self, verdicts, n, priv->user_data);
  if (G_UNLIKELY (!imp_watch_end (&watch, &priv->gone)))
    return FALSE;
  priv->delivering = FALSE;
  return TRUE;
}

/* The common case first: somebody listens, nothing waits. The analyzer may be gone afterwards,
 * unless the caller has a reference. */
static void
analyzer_deliver (ImpAnalyzer *self, const ImpVerdict *verdict)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (priv->sink == NULL || priv->delivering
      || imp_pending_results_must_hold_back (priv->pending, priv->busy, verdict))
    {
      imp_pending_results_push (&priv->pending, priv->busy, imp_verdict_to_result (verdict));
      analyzer_deliver_pending (self);
    }
  else if (analyzer_call_sink (self, priv, verdict, 1) && priv->pending != NULL)
    analyzer_deliver_pending (self);
}

/* Takes @result. */
static void
analyzer_deliver_result (ImpAnalyzer *self, ImpResult *result)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);

  analyzer_deliver (self, &verdict);
  imp_result_unref (result);
}

/* The sink of those who want objects. */
static void
analyzer_call_back (ImpAnalyzer *self, const ImpVerdict *verdict, gpointer user_data)
{
  ImpResult *result = imp_verdict_to_result (verdict);

  PRIVATE (self)->callback (self, result, user_data);
  imp_result_unref (result);
}

/* What no result can undo: the plugin is heard no more. What is held back for a busy direction
 * would be forwarded to a connection that is refused, so it goes. */
static void
analyzer_refuse (ImpAnalyzer *self, const ImpVerdict *last)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  analyzer_set_state (priv, ANALYZER_STATE_REFUSED);
  if (priv->metered != NULL)
    imp_metered_note_refusal (priv->metered, last);
  imp_pending_results_drop_held_back (priv->pending, priv->busy);
  analyzer_deliver (self, last);
}

static void
analyzer_refuse_fatal (ImpAnalyzer *self, const char *reason)
{
  g_autoptr (ImpResult) fatal = imp_result_new_fatal (reason);
  const ImpVerdict last = imp_verdict_of_result (fatal);

  analyzer_refuse (self, &last);
}

/* Something was fed: a PASS_PATTERN that waited for it may go. */
static void
analyzer_deliver_deferred (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (imp_marks_take_deferred (&priv->marks[direction]))
    analyzer_deliver_result (self, imp_pending_results_take_deferred (priv->pending, direction));
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
  const ImpVerdict pass = imp_verdict_of_offset (IMP_RESULT_PASS, direction, IMP_MAX_OFFSET);
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (!imp_marks_pass (&priv->marks[direction], IMP_MAX_OFFSET, NULL))
    g_assert_not_reached ();
  analyzer_drop_deferred (priv, direction);
  analyzer_deliver (self, &pass);
}

/* Settles the end of a stream for a plugin that has settled all before it. */
static void
analyzer_settle_end (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (priv->settles_end && priv->fed_by == 0 && priv->state == ANALYZER_STATE_OPEN
      && imp_marks_end_is_due (&priv->marks[direction]))
    analyzer_pass_indefinitely (self, direction);
}

/* What a plugin says while it is fed one direction may be about the other one. */
static void
analyzer_settle_ends (ImpAnalyzer *self)
{
  g_autoptr (ImpAnalyzer) used = g_object_ref (self);

  for (guint direction = 0; direction < 2; direction++)
    analyzer_settle_end (self, direction);
}

/* --- judging them --- */

static gboolean
analyzer_refuse_outside_interface (ImpAnalyzerPrivate *priv, const ImpVerdict *verdict,
                                   GError **error)
{
  g_autofree char *interface = imp_interface_to_string (priv->interface);

  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "answered %s, which the interface (%s) does not have",
               imp_result_type_to_string (verdict->type), interface);
  return FALSE;
}

static gboolean
analyzer_check_verdict (ImpAnalyzerPrivate *priv, const ImpVerdict *verdict, gboolean allowed,
                        GError **error)
{
  if (!allowed)
    return analyzer_refuse_outside_interface (priv, verdict, error);
  if (imp_marks_apply (&priv->marks[verdict->direction], verdict, error))
    return TRUE;
  g_prefix_error (error, "direction %d: ", verdict->direction);
  return FALSE;
}

/* What may have something else come of it: a search that cannot begin yet, one that is not needed
 * any more, or an end that is due. */
static void
analyzer_deliver_special (ImpAnalyzer *self, const ImpVerdict *verdict)
{
  g_autoptr (ImpAnalyzer) used = g_object_ref (self);
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpDirection direction = verdict->direction;

  if (verdict->type == IMP_RESULT_PASS_PATTERN && imp_marks_defer_search (&priv->marks[direction]))
    {
      imp_pending_results_defer (&priv->pending, imp_verdict_to_result (verdict));
      return;
    }
  analyzer_drop_deferred (priv, direction);
  analyzer_deliver (self, verdict);
  analyzer_settle_end (self, direction);
}

/* Stands alone, so that what comes with nearly every chunk saves no register for it. */
G_NO_INLINE static gboolean
analyzer_try_any (ImpAnalyzer *self, const ImpVerdict *verdict, GError **error)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpMarks *marks = &priv->marks[verdict->direction];
  gboolean allowed = priv->interface == NULL
                     || imp_interface_allows (priv->interface, verdict->type);

  if (priv->state != ANALYZER_STATE_OPEN || (!allowed && imp_verdict_is_hint (verdict))
      || imp_marks_is_repetition (marks, verdict))
    return TRUE;
  if (!analyzer_check_verdict (priv, verdict, allowed, error))
    return FALSE;

  if (G_UNLIKELY (priv->metered != NULL) && !imp_verdict_is_refusal (verdict))
    imp_metered_note_verdict (priv->metered, verdict, marks);
  if (imp_verdict_is_refusal (verdict))
    analyzer_refuse (self, verdict);
  else if (marks->ended || priv->pending != NULL || verdict->type == IMP_RESULT_PASS_PATTERN)
    analyzer_deliver_special (self, verdict);
  else
    analyzer_deliver (self, verdict);
  return TRUE;
}

gboolean
imp_analyzer_try_verdict (ImpAnalyzer *self, const ImpVerdict *verdict, GError **error)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  /* Nearly always it is a PASS that goes further, and somebody listens. */
  if (G_UNLIKELY (verdict->type != IMP_RESULT_PASS || !priv->allows_pass
                  || priv->state != ANALYZER_STATE_OPEN || priv->pending != NULL || priv->delivering
                  || priv->busy != 0 || priv->sink == NULL
                  || !imp_marks_pass_onward (&priv->marks[verdict->direction], verdict->offset)))
    return analyzer_try_any (self, verdict, error);
  if (G_UNLIKELY (priv->metered != NULL))
    imp_metered_note_pass (priv->metered, verdict->direction, verdict->offset);
  if (analyzer_call_sink (self, priv, verdict, 1) && priv->pending != NULL)
    analyzer_deliver_pending (self);
  return TRUE;
}

guint
imp_analyzer_try_run (ImpAnalyzer *self, const ImpVerdict *verdicts, guint n)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpDirection direction = verdicts->direction;
  guint done = 0;

  if (priv->run_sink == NULL || !priv->allows_pass || priv->state != ANALYZER_STATE_OPEN
      || priv->pending != NULL || priv->delivering || priv->busy != 0
      || !imp_mailbox_is_here (&priv->mailbox)
      || (priv->interface != NULL && !imp_interface_allows (priv->interface, IMP_RESULT_REPLACE)))
    return 0;
  while (done < n && imp_marks_go_onward (&priv->marks[direction], &verdicts[done]))
    done++;
  if (done == 0)
    return 0;
  for (guint i = 0; G_UNLIKELY (priv->metered != NULL) && i < done; i++)
    imp_metered_note_verdict (priv->metered, &verdicts[i], &priv->marks[direction]);
  g_object_ref (self);
  if (analyzer_call_sink (self, priv, verdicts, done) && priv->pending != NULL)
    analyzer_deliver_pending (self);
  analyzer_settle_end (self, direction);
  g_object_unref (self);
  return done;
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

/* Says by a FATAL what the model does not allow. */
static void
analyzer_refuse_verdict (ImpAnalyzer *self, const GError *error)
{
  g_autofree char *reason = g_strdup_printf ("%s: %s", G_OBJECT_TYPE_NAME (self), error->message);

  analyzer_refuse_fatal (self, reason);
}

void
imp_analyzer_take_verdict (ImpAnalyzer *self, const ImpVerdict *verdict)
{
  GError *error = NULL;

  if (G_UNLIKELY (!imp_mailbox_is_here (&PRIVATE (self)->mailbox)))
    {
      imp_mailbox_post (&PRIVATE (self)->mailbox, imp_verdict_to_result (verdict), self,
                        (GSourceOnceFunc) analyzer_collect);
      return;
    }
  if (G_LIKELY (imp_analyzer_try_verdict (self, verdict, &error)))
    return;
  analyzer_refuse_verdict (self, error);
  g_error_free (error);
}

void
imp_analyzer_take_result (ImpAnalyzer *self, ImpResult *result)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);

  imp_analyzer_take_verdict (self, &verdict);
  imp_result_unref (result);
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
  priv->allows_pass = imp_interface_allows (interface, IMP_RESULT_PASS);
  if (priv->pending != NULL && priv->state == ANALYZER_STATE_OPEN)
    analyzer_judge_again (self);
}

/* From here on the plugin is not heard. */
static void
analyzer_resolve_soft (ImpAnalyzer *self, const char *reason)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  analyzer_set_state (priv, ANALYZER_STATE_REFUSED);
  analyzer_deliver_result (self, imp_result_new_log (0, 0, 0, IMP_LOG_LEVEL_ERROR, reason, NULL));
  for (guint direction = 0; direction < 2; direction++)
    {
      if (!imp_marks_is_passed (&priv->marks[direction]))
        analyzer_pass_indefinitely (self, direction);
      /* Nobody else will say it. */
      if (priv->marks[direction].paused)
        analyzer_deliver_result (self, imp_result_new_continue (direction));
    }
}

gboolean
imp_analyzer_resolve (ImpAnalyzer *self, ImpFailMode mode, const char *reason)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  gboolean soft = mode == IMP_FAIL_SOFT && !imp_marks_has_promise (&priv->marks[0])
                  && !imp_marks_has_promise (&priv->marks[1]);
  g_autoptr (ImpAnalyzer) used = g_object_ref (self);

  if (priv->state != ANALYZER_STATE_OPEN)
    return FALSE;
  priv->loss.is_lost = !soft;
  if (soft)
    analyzer_resolve_soft (self, reason);
  else
    analyzer_refuse_fatal (self, reason);
  return soft;
}

/* --- what a provider calls --- */

/* FALSE: nobody sees what comes. */
G_NO_INLINE static gboolean
analyzer_pass_gate (ImpAnalyzerPrivate *priv, ImpDirection direction, gsize length, gint64 offset)
{
  if (priv->state != ANALYZER_STATE_OPEN)
    return FALSE;
  imp_metered_begin (priv->metered, direction, &priv->marks[direction], length, offset);
  return TRUE;
}

/* @watch: tells whether the analyzer is gone, where nobody has a reference; else NULL. */
G_ALWAYS_INLINE static inline void
analyzer_feed (ImpAnalyzer *self, ImpAnalyzerPrivate *priv, ImpDirection direction,
               const ImpView *view, gint64 offset, gint32 data_type, ImpWatch *watch)
{
  ImpAnalyzerClass *klass = IMP_ANALYZER_GET_CLASS (self);
  const guint8 outer = priv->fed_by;
  GError *error = NULL;

  if (G_UNLIKELY (priv->gate != 0) && !analyzer_pass_gate (priv, direction, view->length, offset))
    return;
  if (!imp_marks_feed (&priv->marks[direction], view->length, offset, data_type))
    {
      if (priv->marks[direction].deferred)
        analyzer_deliver_deferred (self, direction);
      return;
    }
  if (priv->pending != NULL)
    analyzer_drop_deferred (priv, direction);

  if (!priv->is_proxy)
    offset = imp_explicit_offset (offset);
  if (watch != NULL)
    imp_watch_begin (watch, &priv->gone);
  priv->fed_by = direction + 1;
  if (!imp_analyzer_call_input (self, klass, direction, view, offset, data_type, &error)
      || error != NULL)
    analyzer_fail_plugin (self, imp_analyzer_name_input (klass), error);
  if (G_UNLIKELY (error != NULL))
    g_error_free (error);
  if (watch != NULL && !imp_watch_end (watch, &priv->gone))
    return;
  priv->fed_by = outer;
  if (G_UNLIKELY (priv->marks[0].ended | priv->marks[1].ended))
    analyzer_settle_ends (self);
}

void
imp_analyzer_feed (ImpAnalyzer *self, ImpDirection direction, const ImpView *view, gint64 offset,
                   gint32 data_type)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (G_UNLIKELY (imp_mailbox_is_used (&priv->mailbox)))
    analyzer_collect (self);
  analyzer_feed (self, priv, direction, view, offset, data_type, NULL);
}

void
imp_analyzer_feed_any (ImpAnalyzer *self, ImpDirection direction, const ImpView *view,
                       gint64 offset, gint32 data_type)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpWatch watch;

  if (G_LIKELY (priv->is_proxy && !imp_mailbox_is_used (&priv->mailbox)))
    analyzer_feed (self, priv, direction, view, offset, data_type, &watch);
  else
    {
      g_autoptr (ImpAnalyzer) used = g_object_ref (self);

      imp_analyzer_feed (used, direction, view, offset, data_type);
    }
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

  g_return_if_fail (imp_analyzer_is_valid (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);

  priv = PRIVATE (self);
  if (priv->state == ANALYZER_STATE_CLOSED
      || imp_analyzer_is_busy (self, direction) == (busy != FALSE))
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

  g_return_if_fail (imp_analyzer_is_valid (self));

  priv = PRIVATE (self);
  imp_mailbox_move_here (&priv->mailbox);
  analyzer_clear_callback (priv);
  if (priv->state == ANALYZER_STATE_CLOSED)
    {
      if (destroy != NULL)
        destroy (user_data);
      return;
    }
  priv->sink = callback != NULL ? analyzer_call_back : NULL;
  priv->callback = callback;
  priv->user_data = user_data;
  priv->destroy = destroy;
  analyzer_deliver_pending (self);
}

void
imp_analyzer_set_sink (ImpAnalyzer *self, ImpVerdictFunc sink, gpointer user_data)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  imp_mailbox_move_here (&priv->mailbox);
  analyzer_clear_callback (priv);
  if (priv->state == ANALYZER_STATE_CLOSED)
    return;
  priv->sink = sink;
  priv->user_data = user_data;
  analyzer_deliver_pending (self);
}

void
imp_analyzer_set_run_sink (ImpAnalyzer *self, ImpVerdictRunFunc sink)
{
  PRIVATE (self)->run_sink = PRIVATE (self)->callback == NULL ? sink : NULL;
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
  g_autoptr (ImpAnalyzer) used = NULL;
  GQueue taken = G_QUEUE_INIT;
  ImpResult *result;
  guint n_taken;

  g_return_val_if_fail (IMP_IS_ANALYZER (self), NULL);

  used = g_object_ref (self);
  priv = PRIVATE (self);
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
    imp_pending_results_sort (&taken);
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
  ImpWatch watch;

  g_return_if_fail (imp_analyzer_is_valid (self));

  priv = PRIVATE (self);
  if (priv->state == ANALYZER_STATE_CLOSED)
    return;

  imp_watch_begin (&watch, &priv->gone);
  analyzer_set_state (priv, ANALYZER_STATE_CLOSED);
  imp_pending_results_clear (&priv->pending);
  if (IMP_ANALYZER_GET_CLASS (self)->close != NULL)
    IMP_ANALYZER_GET_CLASS (self)->close (self);
  /* The callback's data can have the last reference. */
  if (imp_watch_end (&watch, &priv->gone))
    analyzer_clear_callback (priv);
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
  g_return_val_if_fail (imp_analyzer_is_valid (self), TRUE);

  return PRIVATE (self)->state != ANALYZER_STATE_OPEN;
}

gsize
imp_analyzer_get_waiting (ImpAnalyzer *self, ImpDirection direction)
{
  return imp_pending_results_get_size (PRIVATE (self)->pending, direction);
}

ImpInterface *
imp_analyzer_peek_interface (ImpAnalyzer *self)
{
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

GMainContext *
imp_analyzer_peek_main_context (ImpAnalyzer *self)
{
  return PRIVATE (self)->mailbox.context;
}

void
imp_analyzer_set_meter (ImpAnalyzer *self, ImpMeter *meter)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  const AnalyzerState state = priv->state;

  g_clear_pointer (&priv->metered, imp_metered_free);
  priv->metered = imp_metered_new (meter, &priv->gate);
  if (priv->pending == NULL || state == ANALYZER_STATE_CLOSED)
    return;
  /* What it has answered while it was made counts as well. */
  analyzer_set_state (priv, ANALYZER_STATE_OPEN);
  analyzer_judge_again (self);
  analyzer_set_state (priv, state);
}

ImpAnalyzerLoss *
imp_analyzer_peek_loss (ImpAnalyzer *self)
{
  return &PRIVATE (self)->loss;
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
