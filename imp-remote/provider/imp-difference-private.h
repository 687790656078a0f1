/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-difference.h"

G_BEGIN_DECLS

/* Takes @text. @offset: -1 where there is none. */
ImpDifference *imp_difference_new (ImpDifferenceKind kind, ImpDirection direction, gint64 offset,
                                   char *text);

/* "to the server" */
const char *imp_difference_name_direction (guint direction);

/* The bytes from @position on, as far as they are shown: `"abc"`, or `nothing`. */
char *imp_difference_show_bytes (const guint8 *data, gsize length, gsize position);
/* ` after "abc"`: those before it; or "". */
char *imp_difference_show_before (const guint8 *data, gsize position);

G_END_DECLS
