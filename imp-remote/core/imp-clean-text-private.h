/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text from elsewhere, fit for one line of a log: what ends lines, turns round the direction of
 * writing or cannot be seen is written as "\x1b" or "\u202e", and bytes that are no UTF-8 as
 * "\xff". @n_more: so many bytes followed that were left out, which it says then. */
char *imp_clean_text (const char *text, gsize length, gsize n_more);
/* The same of a string, of which no more than so many bytes are shown. */
char *imp_clean_line (const char *text, gsize max_length);
/* What an error says of what others said: so much of it. */
#define IMP_CLEAN_TEXT_MAX 1024

/* JSON, in which such characters are written as JSON can: it means the same. */
char *imp_clean_json (const char *json, gsize length);

G_END_DECLS
