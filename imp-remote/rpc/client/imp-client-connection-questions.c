/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions for the statuses of a server's modules. Who asks may want to know what becomes of an
 * analyzer, so that a question does not overtake those that wait to be announced. */
#include "rpc/client/imp-client-connection-object-private.h"

#include "core/imp-error.h"

typedef struct
{
  gint64 token;
  gint64 after; /* the last analyzer that was there before */
  guint timeout_ms;
} UnsentQuestion;

static void
client_connection_send_question (ImpClientConnection *self, const UnsentQuestion *question)
{
  const ImpMessage message
    = { .op = IMP_OP_GET_STATUS, .token = question->token, .offset = question->timeout_ms };
  g_autoptr (GError) error = NULL;

  if (!self->tells_status)
    {
      error = g_error_new_literal (IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                                   "the server does not tell of its modules");
      imp_client_questions_refuse_status (&self->questions, question->token, error);
      return;
    }
  imp_client_connection_send (self, &message);
}

void
imp_client_connection_send_questions (ImpClientConnection *self)
{
  UnsentQuestion *next;

  imp_client_connection_ref (self);
  while (self->ready && (next = g_queue_peek_head (&self->unsent_questions)) != NULL
         && next->after < imp_remote_analyzer_host_find_unannounced (&self->host))
    {
      g_autofree UnsentQuestion *question = g_queue_pop_head (&self->unsent_questions);

      client_connection_send_question (self, question);
    }
  imp_client_connection_unref (self);
}

void
imp_client_connection_query_statuses (ImpClientConnection *self, guint timeout_ms, GTask *task)
{
  UnsentQuestion *question;

  if (self->lost)
    {
      g_task_return_new_error (task, IMP_ERROR, IMP_ERROR_CLOSED, "the connection is over");
      g_object_unref (task);
      return;
    }
  question = g_new (UnsentQuestion, 1);
  *question = (UnsentQuestion){
    .token = imp_client_questions_add_statuses (&self->questions, timeout_ms, task),
    .after = self->last_id,
    .timeout_ms = timeout_ms,
  };
  g_queue_push_tail (&self->unsent_questions, question);
  imp_client_connection_send_questions (self);
}
