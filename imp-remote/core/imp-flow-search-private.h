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
 * where it is counted. */
ImpFlowSearchStep imp_flow_search_step (ImpFlowSearch *self, ImpHeld *held, gint64 begin,
                                        gboolean final, ImpEffort *effort, gint64 *position,
                                        GError **error);
/* The last step has taken so long that others should have their turn before the next. */
gboolean imp_flow_search_is_busy (const ImpFlowSearch *self);
/* The first chunk is not held any more. */
void imp_flow_search_note_dropped (ImpFlowSearch *self);

G_END_DECLS
