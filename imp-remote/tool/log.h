/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-log-kinds-private.h"

G_BEGIN_DECLS

/* Standard error or the journal, written by a thread of its own: who does not read it stops
 * nothing. What finds no place is dropped and counted. */

/* Everything that is logged goes there from now on, until the program ends; at the end it waits a
 * second at most for what is still to be written. */
void log_start (void);
/* "auto", "text", "json" or "journal"; FALSE if it is none of them. */
gboolean log_set_format (const char *name);
/* How many lines of each kind a second are written, 0 for all of them; so many as in ten seconds
 * may come at once. What is left out is counted, and that is said before the next line of that
 * kind, or soon, or at the end. */
void log_set_rate (guint rate);
/* Writes a line that comes from no library, which may have text of others in it. */
void log_print (ImpLogKind kind, const char *text);

G_END_DECLS
