/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/tool.h"

G_BEGIN_DECLS

/* Asks an analyzer, before there is a server, whether the connection may be: gives it the time that
 * a refusal takes to come here. Behind the making of the analyzer its module is asked how it is,
 * also in another process, and what that answers comes behind what the analyzer has said at once.
 * An analyzer that needs longer pauses a direction for so long. */
typedef struct _RelayQuestion RelayQuestion;

/* Once, from the main loop: @error: NULL: it has nothing against it. The question may be freed from
 * here. */
typedef void (*RelayQuestionFunc) (const GError *error, gpointer user_data);

/* Prepares @relay. @timeout_ms: for the answer, 0: as long as it takes; how long a direction may be
 * paused is for the relay's own deadline to say. */
RelayQuestion *relay_question_new (ImpRelay *relay, ImpFactory *factory, guint timeout_ms,
                                   RelayQuestionFunc func, gpointer user_data);
void relay_question_free (RelayQuestion *self);

G_END_DECLS
