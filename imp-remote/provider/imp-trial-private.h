/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "provider/imp-conversation-private.h"
#include "provider/imp-trace-private.h"

G_BEGIN_DECLS

/* A conversation on its way through an analyzer of its own. */
typedef struct _ImpTrial ImpTrial;

/* Takes @conversation. @context: may be NULL. */
ImpTrial *imp_trial_new (ImpFactory *factory, GHashTable *context, ImpConversation *conversation,
                         GError **error);
void imp_trial_free (ImpTrial *self);
/* A filter for a conversation that is there as a whole: all of it may wait for a verdict, and what
 * is put in is limited. */
void imp_trial_limit_filter (ImpFilter *filter);
const ImpConversation *imp_trial_get_conversation (const ImpTrial *self);
/* Feeds the next chunk. FALSE: there is none, or nobody takes it. */
gboolean imp_trial_feed (ImpTrial *self);
/* Whether there is a chunk, and the analyzer does not want a pause. */
gboolean imp_trial_can_feed (const ImpTrial *self);
/* Nothing more comes out, or so it seems as long as no main loop runs. */
gboolean imp_trial_is_over (const ImpTrial *self);
/* When it may be believed to be over, if nothing more happens until then; -1 if it is not. It is
 * @now, unless an analyzer elsewhere has passed what it still looks at: what that says may come
 * when all is over. Monotonic times. */
gint64 imp_trial_get_end (ImpTrial *self, gint64 now);
/* Makes it over, and says what came of it. */
const ImpTrace *imp_trial_end (ImpTrial *self);
/* The same, and frees @self. */
ImpTrace *imp_trial_finish (ImpTrial *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpTrial, imp_trial_free)

G_END_DECLS
