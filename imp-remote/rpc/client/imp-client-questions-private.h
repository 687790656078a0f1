/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-message-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a server has been asked on one connection and has not answered yet: for interfaces, which
 * are answered in the order of the questions, and for the statuses of its modules, which come by
 * their tokens. */
typedef struct
{
  GMainContext *context;
  GQueue interfaces; /* of GTask */
  GQueue statuses;   /* of questions with their timers */
  gint64 last_token;
} ImpClientQuestions;

void imp_client_questions_init (ImpClientQuestions *self, GMainContext *context);
/* Once there are no questions. */
void imp_client_questions_clear (ImpClientQuestions *self);

/* Both take @task, which gets a GList of ImpInterface or ImpFactoryStatus. */
void imp_client_questions_add_interfaces (ImpClientQuestions *self, GTask *task);
/* Gives the token. If no answer comes within @timeout_ms, the error is an %IMP_ERROR_TIMEOUT. */
gint64 imp_client_questions_add_statuses (ImpClientQuestions *self, guint timeout_ms, GTask *task);

/* An answer has come. FALSE with %IMP_ERROR_PROTOCOL if nobody has asked for it. */
gboolean imp_client_questions_take_interfaces (ImpClientQuestions *self, ImpMessage *answer,
                                               GError **error);
gboolean imp_client_questions_take_status (ImpClientQuestions *self, const ImpMessage *answer,
                                           GError **error);

/* There will be no answer to this one, for that reason. */
void imp_client_questions_refuse_status (ImpClientQuestions *self, gint64 token,
                                         const GError *error);

/* There will be no answers. */
void imp_client_questions_fail (ImpClientQuestions *self, const GError *error);

G_END_DECLS
