/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/log-format.h"

G_BEGIN_DECLS

/* Where lines go: standard error, or the journal's socket. Both wait for their readers; so it is
 * for a thread of its own. */

/* One record for the journal. Where it does not take it, @line is written instead. FALSE if nothing
 * can be written any more. */
gboolean log_sink_send (const GString *record, const char *line);
/* FALSE if nothing can be written any more. */
gboolean log_sink_write (const char *text, gsize length);

G_END_DECLS
