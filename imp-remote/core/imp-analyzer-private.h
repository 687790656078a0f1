/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer.h"
#include "core/imp-context-private.h"

G_BEGIN_DECLS

/* For those who host or proxy analyzers: factories, the server's session, the remote factory. */

void        imp_analyzer_bind             (ImpAnalyzer *self, ImpContext *context,
                                           ImpInterface *interface);
ImpContext *imp_analyzer_peek_context     (ImpAnalyzer *self);

/* As imp_analyzer_add_result(), and takes @result. */
void        imp_analyzer_take_result      (ImpAnalyzer *self, ImpResult *result);

/* Input octets that were fed and have no verdict yet. */
gint64      imp_analyzer_get_unsettled    (ImpAnalyzer *self, ImpDirection direction);
/* Is there a promise (REPLACE_LATER) that the provider may have relied on? */
gboolean    imp_analyzer_has_promise      (ImpAnalyzer *self, ImpDirection direction);
gboolean    imp_analyzer_is_paused        (ImpAnalyzer *self, ImpDirection direction);
gboolean    imp_analyzer_is_busy          (ImpAnalyzer *self, ImpDirection direction);
/* Has this direction been passed for ever? */
gboolean    imp_analyzer_is_passed        (ImpAnalyzer *self, ImpDirection direction);

/* The end of a stream needs an answer as bytes do: PASS for ever. A plugin need not give it: once
 * it has been told of the end and all is settled, the base class gives it. A proxy switches this
 * off while the other end does the same. */
void        imp_analyzer_set_settles_end  (ImpAnalyzer *self, gboolean settles_end);

G_END_DECLS
