/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "provider/imp-conversation-private.h"
#include "provider/imp-trace-private.h"

G_BEGIN_DECLS

/* A conversation on its way through an analyzer of its own. */
typedef struct _ImpTrial ImpTrial;

/* Takes @conversation. */
ImpTrial *imp_trial_new (ImpFactory *factory, GHashTable *context, ImpConversation *conversation,
                         GError **error);
void imp_trial_free (ImpTrial *self);

const ImpConversation *imp_trial_get_conversation (const ImpTrial *self);
/* Feeds the next chunk. FALSE: there is none, or nobody takes it. */
gboolean imp_trial_feed (ImpTrial *self);
/* Nothing more comes out, or so it seems as long as no main loop runs. */
gboolean imp_trial_is_over (const ImpTrial *self);
/* Makes it over, and says what came of it. */
const ImpTrace *imp_trial_end (ImpTrial *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpTrial, imp_trial_free)

G_END_DECLS
