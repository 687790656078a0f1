/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Standard error, written by a thread of its own: who does not read it stops nothing. What finds no
 * place is dropped and counted. */

/* Everything that is logged goes there from now on, until the program ends; at the end it waits a
 * second at most for what is still to be written. */
void log_start (void);
/* How many lines about connections a second are written, 0 for all of them; so many as in ten
 * seconds may come at once. */
void log_set_rate (guint rate);
/* Whether there is room for one. Those for which there is none are counted, and the next one for
 * which there is says how many. */
gboolean log_admit (void);
/* Writes a line: @prefix, and what may have text of others in it. */
void log_print (const char *prefix, const char *text);

G_END_DECLS
