/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-question-private.h"

#include "core/imp-factory-private.h"
#include "rpc/imp-protocol-private.h"

typedef struct
{
  gint64 token;
  ImpServerQuestionFunc done;
  gpointer user_data;
} ServerQuestion;

/* Who has asked gets the answer in time if those behind have less of it. */
#define SHARE_OF_TIME(timeout) ((timeout) - (timeout) / 4)
/* For so long a client can have its question wait, in milliseconds. */
#define MAX_TIMEOUT 60000

static void
server_question_answer (ServerQuestion *self, GPtrArray *answers, const GError *error)
{
  self->done (answers, error, self->user_data);
  g_free (self);
}

static void
server_question_on_interfaces (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func (
    (GDestroyNotify) imp_message_unref);
  g_autoptr (GError) error = NULL;
  ImpMessage answer = { .op = IMP_OP_INTERFACE };

  answer.interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);
  if (error == NULL)
    g_ptr_array_add (answers, imp_message_steal (&answer));
  server_question_answer (user_data, answers, error);
}

static void
server_question_on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ServerQuestion *self = user_data;
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func (
    (GDestroyNotify) imp_message_unref);
  g_autoptr (GError) error = NULL;
  GList *statuses = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, &error);

  for (GList *l = statuses; l != NULL; l = l->next)
    {
      ImpMessage answer = { .op = IMP_OP_STATUS, .token = self->token };

      answer.context = imp_protocol_pack_status (l->data);
      answer.busy = l->next != NULL;
      g_ptr_array_add (answers, imp_message_steal (&answer));
    }
  imp_factory_status_list_free (statuses);
  server_question_answer (self, answers, error);
}

void
imp_server_question_ask (ImpFactory *factory, GMainContext *context, const ImpMessage *question,
                         ImpServerQuestionFunc done, gpointer user_data)
{
  ServerQuestion *self = g_new (ServerQuestion, 1);

  *self = (ServerQuestion){ question->token, done, user_data };
  g_main_context_push_thread_default (context);
  if (question->op == IMP_OP_GET_INTERFACE)
    imp_factory_query_interfaces_async (factory, question->interfaces, NULL,
                                        server_question_on_interfaces, self);
  else
    imp_factory_query_statuses_async (factory, SHARE_OF_TIME (MIN (question->offset, MAX_TIMEOUT)),
                                      NULL, server_question_on_statuses, self);
  g_main_context_pop_thread_default (context);
}

/* To what matters of a status: whether the module can be used. */
static void
server_question_shorten (ImpMessage *answer)
{
  const char *state = imp_context_lookup (answer->context, "state");
  ImpContextBuilder builder;
  ImpContext *shorter;

  if (answer->op != IMP_OP_STATUS)
    return;
  imp_context_builder_init (&builder);
  imp_context_builder_add (&builder, "state", strlen ("state"), state, strlen (state));
  shorter = imp_context_builder_finish (&builder);
  imp_context_unref (answer->context);
  answer->context = shorter;
}

gboolean
imp_server_question_send (GPtrArray *answers, ImpServerQuestionSend send, gpointer user_data,
                          GError **error)
{
  for (guint i = 0; i < answers->len; i++)
    {
      ImpMessage *answer = answers->pdata[i];

      if (send (user_data, answer, NULL))
        continue;
      server_question_shorten (answer);
      if (!send (user_data, answer, error))
        return FALSE;
    }
  return TRUE;
}
