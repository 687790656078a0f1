/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Standard error, written by a thread of its own: who does not read it stops nothing. What finds no
 * place is dropped and counted. */

/* Everything that is logged goes there from now on, until the program ends; at the end it waits a
 * second at most for what is still to be written. */
void log_start (void);
/* Writes a line. */
void log_print (const char *line);

G_END_DECLS
