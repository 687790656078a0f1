/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-trial-private.h"

G_BEGIN_DECLS

/* Has trials run, to their ends or for some time. */
typedef struct
{
  ImpFactory *factory; /* borrowed, as the next two */
  GHashTable *context;
  GMainContext *main_context; /* iterated where an analyzer does not answer at once */
  gint64 timeout;             /* microseconds for those that do not */

  guint64 n_trials;
  gint64 longest; /* microseconds, of trials that came to an end by themselves */
  gboolean waits; /* its analyzers do not answer at once */
} ImpTrialRunner;

/* Together: of ImpTrial. */
void imp_trial_runner_run (ImpTrialRunner *self, GPtrArray *trials);
/* One, with @conversation, which is taken. NULL: the factory's error. */
ImpTrial *imp_trial_runner_try (ImpTrialRunner *self, ImpConversation *conversation,
                                GError **error);
/* From here on there will be many more: none of them gets much more time than the others took. */
void imp_trial_runner_hurry (ImpTrialRunner *self);

G_END_DECLS
