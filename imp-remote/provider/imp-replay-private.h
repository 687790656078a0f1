/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-replay.h"
#include "provider/imp-trace-private.h"

G_BEGIN_DECLS

/* Takes @trace. @rechunked: the conversation came in other chunks than those that it has. */
ImpReplay *imp_replay_new (ImpTrace *trace, gboolean rechunked);
gboolean imp_replay_is_rechunked (ImpReplay *self);
const ImpTrace *imp_replay_get_trace (ImpReplay *self);

/* Takes what imp_trace_list_differences() gives. */
GList *imp_replay_list_differences (GPtrArray *differences);

G_END_DECLS
