/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-client-questions-private.h"

#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-source-private.h"
#include "rpc/imp-protocol-private.h"

/* More modules than a server may have. */
#define MAX_STATUSES 256

typedef struct
{
  ImpClientQuestions *questions;
  gint64 token;
  guint timeout_ms;
  GTask *task;
  GSource *timer;
  GQueue answers; /* of ImpFactoryStatus */
} StatusQuestion;

void
imp_client_questions_init (ImpClientQuestions *self, GMainContext *context)
{
  self->context = g_main_context_ref (context);
  g_queue_init (&self->interfaces);
  g_queue_init (&self->statuses);
}

void
imp_client_questions_clear (ImpClientQuestions *self)
{
  g_assert (self->interfaces.length == 0 && self->statuses.length == 0);

  g_main_context_unref (self->context);
}

void
imp_client_questions_add_interfaces (ImpClientQuestions *self, GTask *task)
{
  g_queue_push_tail (&self->interfaces, task);
}

gboolean
imp_client_questions_take_interfaces (ImpClientQuestions *self, ImpMessage *answer, GError **error)
{
  g_autoptr (GTask) task = g_queue_pop_head (&self->interfaces);

  if (task == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "the server answered get_interface, which nobody had asked");
      return FALSE;
    }
  g_task_return_pointer (task, g_steal_pointer (&answer->interfaces), imp_protocol_free_interfaces);
  return TRUE;
}

/* --- statuses --- */

/* It is no question any more. Gives its task, which has to be answered. */
static GTask *
status_question_end (StatusQuestion *self)
{
  GTask *task = self->task;

  g_queue_remove (&self->questions->statuses, self);
  imp_source_clear (&self->timer);
  g_queue_clear_full (&self->answers, (GDestroyNotify) imp_factory_status_unref);
  g_free (self);
  return task;
}

static gboolean
status_question_on_timeout (gpointer user_data)
{
  StatusQuestion *self = user_data;
  guint timeout_ms = self->timeout_ms;
  g_autoptr (GTask) task = status_question_end (self);

  g_task_return_new_error (task, IMP_ERROR, IMP_ERROR_TIMEOUT,
                           "no answer to the question for its status within %u ms", timeout_ms);
  return G_SOURCE_REMOVE;
}

gint64
imp_client_questions_add_statuses (ImpClientQuestions *self, guint timeout_ms, GTask *task)
{
  StatusQuestion *question = g_new0 (StatusQuestion, 1);

  question->questions = self;
  question->token = ++self->last_token;
  question->timeout_ms = timeout_ms;
  question->task = task;
  question->timer = imp_source_add_timeout (self->context, timeout_ms, "imp status",
                                            status_question_on_timeout, question);
  g_queue_push_tail (&self->statuses, question);
  return question->token;
}

static StatusQuestion *
client_questions_find (ImpClientQuestions *self, gint64 token)
{
  for (GList *l = self->statuses.head; l != NULL; l = l->next)
    if (((StatusQuestion *) l->data)->token == token)
      return l->data;
  return NULL;
}

gboolean
imp_client_questions_take_status (ImpClientQuestions *self, const ImpMessage *answer,
                                  GError **error)
{
  StatusQuestion *question = client_questions_find (self, answer->token);
  g_autoptr (GTask) task = NULL;
  GList *statuses;

  if (question == NULL)
    {
      /* One that came too late is not worth a word. */
      if (answer->token > 0 && answer->token <= self->last_token)
        return TRUE;
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "the server answered a get_status with the token %" G_GINT64_FORMAT
                   ", which never was",
                   answer->token);
      return FALSE;
    }
  if (question->answers.length == MAX_STATUSES)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "the server told the status of more than %d modules", MAX_STATUSES);
      return FALSE;
    }
  g_queue_push_tail (&question->answers, imp_protocol_unpack_status (answer->context));
  if (answer->busy)
    return TRUE;
  statuses = question->answers.head;
  g_queue_init (&question->answers);
  task = status_question_end (question);
  g_task_return_pointer (task, statuses, imp_factory_status_list_free);
  return TRUE;
}

void
imp_client_questions_refuse_status (ImpClientQuestions *self, gint64 token, const GError *error)
{
  StatusQuestion *question = client_questions_find (self, token);
  g_autoptr (GTask) task = question != NULL ? status_question_end (question) : NULL;

  if (task != NULL)
    g_task_return_error (task, g_error_copy (error));
}

void
imp_client_questions_fail (ImpClientQuestions *self, const GError *error)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  GTask *task;

  while ((task = g_queue_pop_head (&self->interfaces)) != NULL)
    g_ptr_array_add (tasks, task);
  while (self->statuses.length > 0)
    g_ptr_array_add (tasks, status_question_end (self->statuses.head->data));
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_error (tasks->pdata[i], g_error_copy (error));
}
