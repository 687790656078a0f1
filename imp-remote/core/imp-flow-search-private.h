/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-flow-held-private.h"
#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* What a PASS_PATTERN looks for in the chunks that a flow holds. It reads them, the flow moves
 * them: step by step it is told what may pass. */
typedef struct _ImpFlowSearch ImpFlowSearch;

typedef enum
{
  IMP_FLOW_SEARCH_IDLE,   /* all that is held was searched */
  IMP_FLOW_SEARCH_PASSED, /* nothing can match before *position: it passes */
  IMP_FLOW_SEARCH_FOUND,  /* at *position; all before passes */
  IMP_FLOW_SEARCH_FAILED, /* *error (IMP_ERROR_LIMIT) */
} ImpFlowSearchStep;

ImpFlowSearch *imp_flow_search_new (ImpMatcher *matcher);
void imp_flow_search_free (ImpFlowSearch *self);

/* Goes on with @held, the first of which begins at @begin. @final: nothing will follow. @effort is
 * where it is counted. *position lies before @begin where what is in doubt was held no longer. */
ImpFlowSearchStep imp_flow_search_step (ImpFlowSearch *self, ImpHeld *held, gint64 begin,
                                        gboolean final, ImpEffort *effort, gint64 *position,
                                        GError **error);
/* Nothing will follow for a while: what is a match whatever follows is taken as it stands. Only
 * where it is not busy. */
ImpFlowSearchStep imp_flow_search_pause (ImpFlowSearch *self, gint64 begin, ImpEffort *effort,
                                         gint64 *position, GError **error);
/* What was found at @position and is held no longer, up to @begin. */
GBytes *imp_flow_search_copy_gone (const ImpFlowSearch *self, gint64 position, gint64 begin,
                                   gint32 *data_type);
/* The last step has taken so long that others should have their turn before the next. */
gboolean imp_flow_search_is_busy (const ImpFlowSearch *self);
/* The first chunk is not held any more. */
void imp_flow_search_note_dropped (ImpFlowSearch *self);

G_END_DECLS
