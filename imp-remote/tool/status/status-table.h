/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a relay or a server has answered to "status", as lines of text. */

/* FALSE with an error if it is none: whoever listens there may say anything. */
gboolean status_table_check (JsonObject *answer, GError **error);

/* What there is of all: one line. */
char *status_table_make_summary (JsonObject *answer);
/* The line of names above the rows. */
char *status_table_make_head (void);
char *status_table_make_row (JsonObject *row);

/* "12 KiB", "41 s", in words for people. */
char *status_table_make_size (gint64 bytes);
char *status_table_make_time (gint64 milliseconds);

/* Members that may be missing, or of another type: then the fallback. */
const char *status_table_get_text (JsonObject *object, const char *name, const char *fallback);
gint64 status_table_get_number (JsonObject *object, const char *name, gint64 fallback);
/* NULL: there is none. */
JsonObject *status_table_get_object (JsonObject *object, const char *name);
gboolean status_table_get_flag (JsonObject *object, const char *name);

G_END_DECLS
