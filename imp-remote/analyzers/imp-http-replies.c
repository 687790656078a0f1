/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the client hears from here, in its turn, and how a conversation ends. */
#include "analyzers/imp-http-conversation-private.h"

#include "core/imp-analyzer-private.h"

#define SERVER(self) (&(self)->sides[IMP_DIRECTION_FROM_SERVER])

void
imp_http_conversation_stop (ImpHttpConversation *self)
{
  self->closed = TRUE;
  for (guint i = 0; i < 2; i++)
    imp_http_side_stop (&self->sides[i]);
}

/* The subclass may have refused the connection, or whoever gets a verdict closed the analyzer. */
gboolean
imp_http_conversation_is_over (ImpHttpConversation *self)
{
  if (!self->closed && imp_analyzer_is_closed (self->analyzer))
    imp_http_conversation_stop (self);
  return self->closed;
}

static void
http_conversation_send (ImpHttpConversation *self, GBytes *data)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_TO_SENDER, IMP_DIRECTION_FROM_CLIENT,
                                                  0, imp_view_of_bytes (data));

  /* What the server has said before comes before. */
  imp_http_side_flush (SERVER (self));
  if (!imp_http_conversation_is_over (self))
    imp_analyzer_take_verdict (self->analyzer, &verdict);
}

/* Answers of our own whose turn it is. The client hears nothing any more once the server has ended
 * its stream. */
void
imp_http_conversation_send_answers (ImpHttpConversation *self)
{
  ImpHttpExchange *first;

  while (!imp_http_conversation_is_over (self) && !SERVER (self)->ended
         && (first = g_queue_peek_head (&self->exchanges)) != NULL && first->answer != NULL)
    {
      g_queue_pop_head (&self->exchanges);
      first->responded = TRUE;
      http_conversation_send (self, first->answer);
      imp_http_exchange_unref (first);
    }
  first = g_queue_peek_head (&self->exchanges);
  if (first != NULL && first->wants_continue && !imp_http_conversation_is_over (self))
    {
      g_autoptr (GBytes) text = g_bytes_new_static ("HTTP/1.1 100 Continue\r\n\r\n", 25);

      first->wants_continue = FALSE;
      http_conversation_send (self, text);
    }
}

/* May the client be told why, in place of the response that it waits for? */
static gboolean
http_conversation_may_explain (const ImpHttpConversation *self, const ImpHttpSide *side)
{
  const ImpHttpSide *server = &self->sides[IMP_DIRECTION_FROM_SERVER];
  const ImpHttpExchange *first = self->exchanges.head != NULL ? self->exchanges.head->data : NULL;

  if (!self->explains || server->ended || server->resting)
    return FALSE;
  if (server->head != NULL && server->head->is_sealed && !server->interim)
    return FALSE;
  if (side == server)
    return first != NULL;
  return first == NULL || (first == side->exchange && server->head == NULL);
}

void
imp_http_conversation_end (ImpHttpConversation *self, ImpHttpSide *side, guint status,
                           const char *reason)
{
  const ImpHttpExchange *first = g_queue_peek_head (&self->exchanges);
  g_autofree char *text
    = g_strdup_printf ("data from the %s: %s",
                       side->direction == IMP_DIRECTION_FROM_CLIENT ? "client" : "server", reason);

  if (http_conversation_may_explain (self, side))
    {
      g_autoptr (GBytes) page = imp_http_exchange_write_page (first != NULL ? first->request : NULL,
                                                              status, reason);

      http_conversation_send (self, page);
    }
  imp_http_side_flush (side);
  if (!imp_http_conversation_is_over (self))
    imp_analyzer_deny (self->analyzer, side->direction, text);
  imp_http_conversation_stop (self);
}

/* Takes what is in @problem. */
void
imp_http_conversation_refuse_problem (ImpHttpConversation *self, ImpHttpSide *side,
                                      ImpHttpProblem *problem)
{
  g_autofree char *reason = g_steal_pointer (&problem->reason);

  imp_http_conversation_end (self, side,
                             side->direction == IMP_DIRECTION_FROM_CLIENT ? problem->status : 502,
                             reason);
}
