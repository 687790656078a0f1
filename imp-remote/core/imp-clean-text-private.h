/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text from elsewhere, fit for one line of a log: what ends lines, turns round the direction of
 * writing or cannot be seen is written as "\x1b" or "\u202e", and bytes that are no UTF-8 as
 * "\xff". @n_more: so many bytes followed that were left out, which it says then. */
char *imp_clean_text (const char *text, gsize length, gsize n_more);

G_END_DECLS
