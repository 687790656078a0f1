/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "wire/imp-message-private.h"

G_BEGIN_DECLS

/* What a client asks a server's factory, which may have to ask others. */

/* @answers (of ImpMessage) are to be sent, in this order; then @error is to be told, unless it is
 * NULL. */
typedef void (*ImpServerQuestionFunc) (GPtrArray *answers, const GError *error, gpointer user_data);

/* @question: get_interface or get_status. @done is called once, in the loop of @context. */
void imp_server_question_ask (ImpFactory *factory, GMainContext *context,
                              const ImpMessage *question, ImpServerQuestionFunc done,
                              gpointer user_data);

/* FALSE with an error if it cannot be sent. */
typedef gboolean (*ImpServerQuestionSend) (gpointer user_data, const ImpMessage *answer,
                                           GError **error);

/* Sends the answers; one that the client does not take, since it is too long, becomes shorter, if
 * that can be. */
gboolean imp_server_question_send (GPtrArray *answers, ImpServerQuestionSend send,
                                   gpointer user_data, GError **error);

G_END_DECLS
