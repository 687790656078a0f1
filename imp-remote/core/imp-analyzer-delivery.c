/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of a result from the plugin to the provider. */
#include "core/imp-analyzer-state-private.h"
#include "core/imp-error.h"
#include "core/imp-interface-private.h"
#include "core/imp-result-private.h"

#include <string.h>

#define PRIVATE(self) imp_analyzer_private (self)

/* While a direction is busy, only what is urgent is delivered for it; this is the order of it. */
static int
urgency (ImpResultType type)
{
  static const ImpResultType order[] = {
    IMP_RESULT_FATAL, IMP_RESULT_DENY,     IMP_RESULT_DROP,
    IMP_RESULT_PAUSE, IMP_RESULT_CONTINUE, IMP_RESULT_ACCOUNT_FIELD,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    if (order[i] == type)
      return i;
  return G_N_ELEMENTS (order);
}

int
imp_analyzer_compare_urgency (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const ImpResult *first = a, *second = b;

  return urgency (first->type) - urgency (second->type);
}

static gboolean
has_to_wait (const ImpAnalyzerPrivate *priv, const ImpResult *result)
{
  return imp_analyzer_is_detained (priv, result->direction)
         && imp_result_type_has_direction (result->type) && result->type != IMP_RESULT_DENY
         && result->type != IMP_RESULT_PAUSE && result->type != IMP_RESULT_CONTINUE;
}

static void
ensure_stock (ImpAnalyzerPrivate *priv)
{
  if (priv->stock == NULL)
    priv->stock = g_new0 (ImpAnalyzerStock, 1);
}

static void
enqueue (ImpAnalyzerPrivate *priv, ImpResult *result)
{
  gboolean waits = has_to_wait (priv, result);

  ensure_stock (priv);
  imp_result_queue_push (waits ? &priv->stock->held[result->direction] : &priv->stock->ready,
                         result);
}

void
imp_analyzer_clear_stock (ImpAnalyzerPrivate *priv)
{
  g_autofree ImpAnalyzerStock *stock = g_steal_pointer (&priv->stock);

  if (stock == NULL)
    return;
  imp_result_queue_clear (&stock->ready);
  imp_result_queue_clear (&stock->held[0]);
  imp_result_queue_clear (&stock->held[1]);
  g_clear_pointer (&stock->deferred[0], imp_result_unref);
  g_clear_pointer (&stock->deferred[1], imp_result_unref);
}

/* What waited for a direction was given before what is ready of it, such as a PAUSE. */
ImpResult *
imp_analyzer_take_ready (ImpAnalyzerPrivate *priv)
{
  ImpAnalyzerStock *stock = priv->stock;

  if (stock == NULL)
    return NULL;
  for (guint direction = 0; direction < 2; direction++)
    if ((priv->busy & (1 << direction)) == 0
        && !imp_result_queue_is_empty (&stock->held[direction]))
      return imp_result_queue_pop (&stock->held[direction]);
  if (!imp_result_queue_is_empty (&stock->ready))
    return imp_result_queue_pop (&stock->ready);
  if (imp_result_queue_is_empty (&stock->held[0]) && imp_result_queue_is_empty (&stock->held[1])
      && stock->deferred[0] == NULL && stock->deferred[1] == NULL)
    g_clear_pointer (&priv->stock, g_free);
  return NULL;
}

void
imp_analyzer_detain (ImpAnalyzerPrivate *priv)
{
  ImpResultQueue ready;
  ImpResult *result;

  if (priv->stock == NULL)
    return;
  ready = priv->stock->ready;
  priv->stock->ready = (ImpResultQueue) IMP_RESULT_QUEUE_INIT;
  while ((result = imp_result_queue_pop (&ready)) != NULL)
    enqueue (priv, result);
}

char *
imp_analyzer_dup_failure (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  char *reason = NULL;
  ImpResultQueue ready;
  ImpResult *result;

  if (priv->state != IMP_ANALYZER_STATE_REFUSED || priv->is_lost || priv->stock == NULL)
    return NULL;
  ready = priv->stock->ready;
  priv->stock->ready = (ImpResultQueue) IMP_RESULT_QUEUE_INIT;
  while ((result = imp_result_queue_pop (&ready)) != NULL)
    {
      if (result->type == IMP_RESULT_FATAL)
        reason = g_strdup (result->text != NULL ? result->text : "");
      enqueue (priv, result);
    }
  return reason;
}

gsize
imp_analyzer_get_waiting (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerStock *stock = PRIVATE (self)->stock;

  return stock == NULL ? 0
                       : imp_result_queue_get_size (&stock->ready)
                           + imp_result_queue_get_size (&stock->held[direction]);
}

gsize
imp_analyzer_get_held (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  gsize held = 0;

  for (guint direction = 0; direction < 2; direction++)
    held += imp_marks_get_held (&priv->marks[direction])
            + (priv->stock == NULL ? 0 : imp_analyzer_get_waiting (self, direction));
  return held;
}

/* Hands the results that are ready to the callback, in order. The callback may do anything: add
 * results, make a direction busy, close the analyzer, take itself away. */
void
imp_analyzer_deliver (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpResult *result;

  if (priv->delivering || priv->callback == NULL || priv->stock == NULL)
    return;

  g_object_ref (self);
  priv->delivering = TRUE;
  while (priv->callback != NULL && (result = imp_analyzer_take_ready (priv)) != NULL)
    {
      priv->callback (self, result, priv->user_data);
      imp_result_unref (result);
    }
  priv->delivering = FALSE;
  imp_analyzer_tell_busy (self);
  g_object_unref (self);
}

/* The common case first: somebody listens, nothing waits. */
static void
deliver_or_queue (ImpAnalyzer *self, ImpResult *result)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  gboolean needs_reference = priv->calls == 0; /* else imp_analyzer_data() has one */

  if (priv->callback == NULL || priv->delivering || has_to_wait (priv, result))
    {
      enqueue (priv, result);
      imp_analyzer_deliver (self);
      return;
    }

  if (needs_reference)
    g_object_ref (self);
  priv->delivering = TRUE;
  priv->callback (self, result, priv->user_data);
  priv->delivering = FALSE;
  imp_result_unref (result);
  if (priv->stock != NULL)
    imp_analyzer_deliver (self);
  if (needs_reference)
    g_object_unref (self);
}

/* What no result can undo: the plugin is heard no more. What waits for a busy direction would be
 * forwarded to a connection that is refused, so it goes. */
static void
refuse (ImpAnalyzer *self, ImpResult *last)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  priv->state = IMP_ANALYZER_STATE_REFUSED;
  for (guint direction = 0; priv->stock != NULL && direction < 2; direction++)
    if ((priv->busy & (1 << direction)) != 0)
      imp_result_queue_clear (&priv->stock->held[direction]);
  deliver_or_queue (self, last);
}

/* See imp_marks_defer_search(). */
static void
defer (ImpAnalyzerPrivate *priv, ImpResult *pattern)
{
  ensure_stock (priv);
  priv->stock->deferred[pattern->direction] = pattern;
}

void
imp_analyzer_take_deferred (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerPrivate *priv = imp_analyzer_private (self);

  if (imp_marks_take_deferred (&priv->marks[direction]))
    deliver_or_queue (self, g_steal_pointer (&priv->stock->deferred[direction]));
}

/* A PASS indefinitely makes a search needless. */
static void
drop_deferred (ImpAnalyzerPrivate *priv, ImpDirection direction)
{
  if (priv->stock != NULL && !priv->marks[direction].searching)
    g_clear_pointer (&priv->stock->deferred[direction], imp_result_unref);
}

void
imp_analyzer_refuse_fatal (ImpAnalyzer *self, const char *reason)
{
  refuse (self, imp_result_new_fatal (reason));
}

static void
pass_for_ever (ImpAnalyzer *self, ImpDirection direction)
{
  ImpResult *result = imp_result_new_pass (direction, IMP_MAX_OFFSET);

  imp_marks_apply (&imp_analyzer_private (self)->marks[direction], result, NULL);
  drop_deferred (imp_analyzer_private (self), direction);
  deliver_or_queue (self, result);
}

/* Settles the end of a stream for a plugin that has settled all before it. */
void
imp_analyzer_settle_end (ImpAnalyzer *self, ImpDirection direction)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (!priv->settles_end || priv->calls > 0 || priv->state != IMP_ANALYZER_STATE_OPEN
      || !imp_marks_end_is_due (&priv->marks[direction]))
    return;

  pass_for_ever (self, direction);
}

/* A hint that the interface lacks is dropped; it is no error. */
static gboolean
is_hint (const ImpResult *result)
{
  return (imp_result_type_to_flag (result->type) & IMP_RESULT_FLAGS_HINTS) != 0;
}

static gboolean
set_outside_interface (ImpAnalyzerPrivate *priv, ImpResult *result, GError **error)
{
  g_autofree char *interface = imp_interface_to_string (priv->interface);

  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "answered %s, which the interface (%s) does not have",
               imp_result_type_to_string (result->type), interface);
  return FALSE;
}

static gboolean
check_result (ImpAnalyzerPrivate *priv, ImpResult *result, gboolean allowed, GError **error)
{
  if (!allowed)
    return set_outside_interface (priv, result, error);
  if (imp_marks_apply (&priv->marks[result->direction], result, error))
    return TRUE;
  g_prefix_error (error, "direction %d: ", result->direction);
  return FALSE;
}

/* Who has passed indefinitely already may say so again, as plugins like to do at the end of a
 * stream that was settled for them; the provider need not hear it twice. */
static gboolean
is_repetition (const ImpMarks *marks, const ImpResult *result)
{
  return imp_marks_is_passed (marks)
         && (result->type == IMP_RESULT_PASS || result->type == IMP_RESULT_PREPASS)
         && result->offset >= IMP_MAX_OFFSET;
}

static gboolean
is_refusal (const ImpResult *result)
{
  return result->type == IMP_RESULT_DENY || result->type == IMP_RESULT_DROP
         || result->type == IMP_RESULT_FATAL;
}

/* What may have something else come of it: a search that cannot begin yet, one that is not needed
 * any more, or an end that is due. */
static void
deliver_special (ImpAnalyzer *self, ImpResult *result)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpDirection direction = result->direction;

  if (result->type == IMP_RESULT_PASS_PATTERN && imp_marks_defer_search (&priv->marks[direction]))
    {
      defer (priv, result);
      return;
    }
  g_object_ref (self);
  drop_deferred (priv, direction);
  deliver_or_queue (self, result);
  imp_analyzer_settle_end (self, direction);
  g_object_unref (self);
}

gboolean
imp_analyzer_try_result (ImpAnalyzer *self, ImpResult *result, GError **error)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpMarks *marks = &priv->marks[result->direction];
  gboolean allowed = priv->interface == NULL
                     || imp_interface_allows (priv->interface, result->type);

  if (priv->state != IMP_ANALYZER_STATE_OPEN || (!allowed && is_hint (result))
      || is_repetition (marks, result))
    {
      imp_result_unref (result);
      return TRUE;
    }
  if (!check_result (priv, result, allowed, error))
    {
      imp_result_unref (result);
      return FALSE;
    }

  if (is_refusal (result))
    refuse (self, result);
  else if (marks->ended || priv->stock != NULL || result->type == IMP_RESULT_PASS_PATTERN)
    deliver_special (self, result);
  else
    deliver_or_queue (self, result);
  return TRUE;
}

static void
analyzer_on_mail (gpointer analyzer)
{
  ImpAnalyzer *self = analyzer;

  if (imp_mailbox_is_here (&PRIVATE (self)->mailbox))
    imp_analyzer_collect (self);
  else if (!imp_mailbox_is_empty (&PRIVATE (self)->mailbox))
    g_warning ("%s has answered in a thread that is not its own, and its own runs no main loop: "
               "the answer waits until the analyzer is called there",
               G_OBJECT_TYPE_NAME (self));
}

void
imp_analyzer_collect (ImpAnalyzer *self)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  gboolean has_lost = FALSE;
  ImpResult *result;

  while ((result = imp_mailbox_take (&priv->mailbox, &has_lost)) != NULL)
    imp_analyzer_take_result (self, result);
  if (has_lost && priv->state == IMP_ANALYZER_STATE_OPEN)
    imp_analyzer_refuse_fatal (self, "more results came from other threads than could be taken");
}

/* What the model does not allow becomes a FATAL that says so. */
void
imp_analyzer_take_result (ImpAnalyzer *self, ImpResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;

  if (G_UNLIKELY (!imp_mailbox_is_here (&PRIVATE (self)->mailbox)))
    {
      imp_mailbox_post (&PRIVATE (self)->mailbox, result, self, analyzer_on_mail);
      return;
    }
  if (imp_analyzer_try_result (self, result, &error))
    return;
  reason = g_strdup_printf ("%s: %s", G_OBJECT_TYPE_NAME (self), error->message);
  imp_analyzer_refuse_fatal (self, reason);
}

/* Results that the plugin gave while it was made are looked at again under the interface. */
void
imp_analyzer_bind (ImpAnalyzer *self, ImpContext *context, ImpInterface *interface)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);
  ImpResultQueue early = IMP_RESULT_QUEUE_INIT;
  ImpResult *deferred[2] = { NULL, NULL };
  ImpResult *result;

  if (context != NULL && priv->context == NULL)
    priv->context = imp_context_ref (context);
  if (interface == NULL || interface == priv->interface)
    return;

  g_clear_pointer (&priv->interface, imp_interface_unref);
  priv->interface = imp_interface_ref (interface);
  if (priv->state != IMP_ANALYZER_STATE_OPEN)
    return;

  if (priv->stock != NULL)
    {
      early = priv->stock->ready;
      priv->stock->ready = (ImpResultQueue) IMP_RESULT_QUEUE_INIT;
      memcpy (deferred, priv->stock->deferred, sizeof deferred);
      memset (priv->stock->deferred, 0, sizeof deferred);
    }
  for (guint direction = 0; direction < 2; direction++)
    imp_marks_clear (&priv->marks[direction]);
  while ((result = imp_result_queue_pop (&early)) != NULL)
    imp_analyzer_take_result (self, result);
  for (guint direction = 0; direction < 2; direction++)
    if (deferred[direction] != NULL)
      imp_analyzer_take_result (self, deferred[direction]);
}

gboolean
imp_analyzer_settle (ImpAnalyzer *self, ImpFailMode mode, const char *reason)
{
  ImpAnalyzerPrivate *priv = PRIVATE (self);

  if (priv->state != IMP_ANALYZER_STATE_OPEN)
    return FALSE;
  g_object_ref (self);
  if (mode == IMP_FAIL_HARD || imp_marks_has_promise (&priv->marks[0])
      || imp_marks_has_promise (&priv->marks[1]))
    {
      priv->is_lost = TRUE;
      imp_analyzer_refuse_fatal (self, reason);
      g_object_unref (self);
      return FALSE;
    }

  /* From here on the plugin is not heard. */
  priv->state = IMP_ANALYZER_STATE_REFUSED;
  deliver_or_queue (self, imp_result_new_log (0, 0, 0, IMP_LOG_LEVEL_ERROR, reason, NULL));
  for (guint direction = 0; direction < 2; direction++)
    {
      if (!imp_marks_is_passed (&priv->marks[direction]))
        pass_for_ever (self, direction);
      /* Nobody else will say it. */
      if (priv->marks[direction].paused)
        deliver_or_queue (self, imp_result_new_continue (direction));
    }
  g_object_unref (self);
  return TRUE;
}
