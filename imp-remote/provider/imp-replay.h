/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/provider/imp-difference.h"
#include "imp-remote/provider/imp-outcome.h"

G_BEGIN_DECLS

#define IMP_TYPE_REPLAY (imp_replay_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpReplay, imp_replay, IMP, REPLAY, GObject)

IMP_AVAILABLE_IN_0_1
ImpOutcome  imp_replay_get_outcome   (ImpReplay *self);
IMP_AVAILABLE_IN_0_1
const char *imp_replay_get_reason    (ImpReplay *self);
IMP_AVAILABLE_IN_0_1
char       *imp_replay_describe      (ImpReplay *self);
IMP_AVAILABLE_IN_0_1
GBytes     *imp_replay_get_output    (ImpReplay *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
GBytes     *imp_replay_get_sent      (ImpReplay *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
char      **imp_replay_list_log      (ImpReplay *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
char      **imp_replay_list_accounts (ImpReplay *self);
IMP_AVAILABLE_IN_0_1
GList      *imp_replay_compare       (ImpReplay *self, ImpReplay *other);

G_END_DECLS
