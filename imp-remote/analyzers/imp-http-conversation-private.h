/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-side-private.h"

G_BEGIN_DECLS

/* What the subclass is being asked. */
typedef enum
{
  IMP_HTTP_ASKED_NOTHING,
  IMP_HTTP_ASKED_HEAD,
  IMP_HTTP_ASKED_BODY,
  IMP_HTTP_ASKED_OTHER,
} ImpHttpAsked;

/* What an analyzer knows of its connection: both directions, and which response belongs to which
 * request. */
typedef struct
{
  ImpAnalyzer *analyzer; /* whose it is; one of ImpHttpAnalyzer */
  ImpHttpSide sides[2];
  GQueue exchanges; /* of ImpHttpExchange: requests without a final response, in order */

  ImpHttpRules rules;
  guint max_body;
  guint max_pipeline;
  guint on_large; /* ImpHttpLarge */
  guint explains; /* gboolean */

  /* While it is asked: of which side, and what it has answered. */
  ImpHttpAsked asked;
  ImpHttpSide *asked_side;
  ImpHttpMode mode;
  GBytes *replacement;
  GBytes *answer;
  gboolean answer_closes;

  guint pauses : 1;   /* the client was said to wait */
  guint releases : 1; /* the client, which has waited and comes first */
  guint working : 1;
  guint closed : 1; /* or refused */
} ImpHttpConversation;

void imp_http_conversation_init (ImpHttpConversation *self, ImpAnalyzer *analyzer);
void imp_http_conversation_clear (ImpHttpConversation *self);
/* Reads what has come. */
gboolean imp_http_conversation_work (ImpHttpConversation *self, GError **error);
void imp_http_conversation_stop (ImpHttpConversation *self);
/* The subclass may have refused the connection, or whoever gets a verdict closed the analyzer. */
gboolean imp_http_conversation_is_over (ImpHttpConversation *self);
/* Refuses the connection, with a response to the client if nothing stands before that, and it is
 * wanted. */
void imp_http_conversation_end (ImpHttpConversation *self, ImpHttpSide *side, guint status,
                                const char *reason);

/* Takes what is in @problem, and refuses with that. */
void imp_http_conversation_refuse_problem (ImpHttpConversation *self, ImpHttpSide *side,
                                           ImpHttpProblem *problem);
/* Answers of our own whose turn it is. */
void imp_http_conversation_send_answers (ImpHttpConversation *self);

/* Ask the subclass; its answers are in mode, replacement and answer then. FALSE: it failed. */
gboolean imp_http_conversation_ask_head (ImpHttpConversation *self, ImpHttpSide *side,
                                         GError **error);
gboolean imp_http_conversation_ask_body (ImpHttpConversation *self, ImpHttpSide *side,
                                         GBytes *piece, gboolean is_last, GError **error);
gboolean imp_http_conversation_tell_end (ImpHttpConversation *self, ImpHttpSide *side,
                                         GError **error);
gboolean imp_http_conversation_tell_opaque (ImpHttpConversation *self, ImpHttpSide *side,
                                            GError **error);

G_END_DECLS
