/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-question.h"

#include "core/imp-proxy-private.h"

/* Those who are asked get more time than there is: here is measured. */
#define MORE_TIME 1000
/* An analyzer whose module cannot be used has its outcome soon, if it has one. */
#define OUTCOME_TIME 1000

typedef enum
{
  QUESTION_OPEN,
  QUESTION_ANSWERED, /* but a direction may be paused */
  QUESTION_OVER,
} RelayQuestionState;

struct _RelayQuestion
{
  ImpRelay *relay;
  ImpFilter *filter;
  GCancellable *cancellable;
  guint timeout_ms;
  guint timer;
  guint turn;         /* the source in which it is looked at again, or 0 */
  char *failure;      /* why the module cannot be asked, or NULL */
  gboolean passed[2]; /* that direction is of no more interest to the analyzer */
  RelayQuestionState state;
  RelayQuestionFunc func;
  gpointer user_data;
};

static void
relay_question_answer (RelayQuestion *self, const GError *error)
{
  if (self->state == QUESTION_OVER)
    return;
  self->state = QUESTION_OVER;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->func (error, self->user_data);
}

static gboolean
relay_question_on_turn (gpointer user_data)
{
  RelayQuestion *self = user_data;
  g_autoptr (GError) error = NULL;

  self->turn = 0;
  if (!imp_filter_check (self->filter, &error))
    relay_question_answer (self, error);
  else if (self->passed[0] && self->passed[1])
    relay_question_answer (self, NULL);
  else if (self->state == QUESTION_ANSWERED && !imp_filter_is_paused (self->filter, 0)
           && !imp_filter_is_paused (self->filter, 1))
    relay_question_answer (self, NULL);
  return G_SOURCE_REMOVE;
}

/* Not at once: the analyzer may be about to say more, and the filter is further up the stack. */
static void
relay_question_look (RelayQuestion *self)
{
  if (self->turn == 0 && self->state != QUESTION_OVER)
    self->turn = g_idle_add_full (G_PRIORITY_DEFAULT, relay_question_on_turn, self, NULL);
}

static void
relay_question_on_pass (ImpRelay *relay, ImpResult *result, gpointer user_data)
{
  RelayQuestion *self = user_data;

  if (imp_result_get_offset (result) != IMP_MAX_OFFSET)
    return;
  self->passed[imp_result_get_direction (result)] = TRUE;
  relay_question_look (self);
}

static gboolean
relay_question_on_timeout (gpointer user_data)
{
  RelayQuestion *self = user_data;
  g_autoptr (GError) error = NULL;

  self->timer = 0;
  if (self->failure != NULL)
    error = g_error_new (IMP_ERROR, IMP_ERROR_FATAL, "The analyzer cannot be asked: %s",
                         self->failure);
  else
    error = g_error_new (IMP_ERROR, IMP_ERROR_TIMEOUT,
                         "The analyzer cannot be asked: no answer within %u ms (--deadline)",
                         self->timeout_ms);
  relay_question_answer (self, error);
  return G_SOURCE_REMOVE;
}

/* Why the first of them cannot be used, or NULL. That there is none is no answer. */
static char *
relay_question_describe_failure (GList *statuses, const GError *error)
{
  if (statuses == NULL)
    return g_strdup (error != NULL ? error->message : "nothing is said of its module");
  for (GList *l = statuses; l != NULL; l = l->next)
    if (imp_factory_status_get_state (l->data) != IMP_FACTORY_STATE_UP)
      return imp_factory_status_to_string (l->data);
  return NULL;
}

/* Who cannot be asked has not agreed. */
static void
relay_question_take_statuses (RelayQuestion *self, GList *statuses, const GError *error)
{
  self->failure = relay_question_describe_failure (statuses, error);
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->failure == NULL)
    {
      self->state = QUESTION_ANSWERED;
      relay_question_look (self);
      return;
    }
  self->timer = g_timeout_add (OUTCOME_TIME, relay_question_on_timeout, self);
}

static void
relay_question_on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RelayQuestion *self = user_data;
  g_autoptr (GError) error = NULL;
  GList *statuses = imp_proxy_query_statuses_finish (IMP_ANALYZER (source), result, &error);

  /* @self has been freed already. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (self->state == QUESTION_OPEN && self->failure == NULL)
    relay_question_take_statuses (self, statuses, error);
  g_list_free_full (statuses, (GDestroyNotify) imp_factory_status_unref);
}

RelayQuestion *
relay_question_new (ImpRelay *relay, ImpFactory *factory, guint timeout_ms, RelayQuestionFunc func,
                    gpointer user_data)
{
  RelayQuestion *self = g_new0 (RelayQuestion, 1);

  self->relay = g_object_ref (relay);
  self->filter = g_object_ref (imp_relay_get_filter (relay));
  self->cancellable = g_cancellable_new ();
  self->timeout_ms = timeout_ms;
  self->func = func;
  self->user_data = user_data;
  if (timeout_ms > 0)
    self->timer = g_timeout_add (timeout_ms, relay_question_on_timeout, self);
  g_signal_connect (relay, "result::pass", G_CALLBACK (relay_question_on_pass), self);
  g_signal_connect_swapped (self->filter, "denied", G_CALLBACK (relay_question_look), self);
  g_signal_connect_swapped (self->filter, "dropped", G_CALLBACK (relay_question_look), self);
  g_signal_connect_swapped (self->filter, "failed", G_CALLBACK (relay_question_look), self);
  g_signal_connect_swapped (self->filter, "paused-changed", G_CALLBACK (relay_question_look), self);
  imp_relay_prepare (relay);
  imp_proxy_query_statuses (imp_relay_get_analyzer (relay), factory,
                            timeout_ms > 0 ? timeout_ms + MORE_TIME : TOOL_MAX_SECONDS * 1000,
                            self->cancellable, relay_question_on_statuses, self);
  return self;
}

void
relay_question_free (RelayQuestion *self)
{
  self->state = QUESTION_OVER;
  g_cancellable_cancel (self->cancellable);
  g_signal_handlers_disconnect_by_data (self->relay, self);
  g_signal_handlers_disconnect_by_data (self->filter, self);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->turn, g_source_remove);
  g_free (self->failure);
  g_object_unref (self->cancellable);
  g_object_unref (self->filter);
  g_object_unref (self->relay);
  g_free (self);
}
