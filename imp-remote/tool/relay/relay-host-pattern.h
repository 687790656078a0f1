/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Hosts by their names: "NAME" alone, ".NAME" with all below it, "*.NAME" for what is below it, and
 * "*" for any. Names are compared as DNS does, whatever the case, with or without the dot at their
 * end, and with other letters than those of ASCII in the form that DNS has for them. */

/* The pattern in the form in which it is compared; NULL if it is none. */
char *relay_host_pattern_new (const char *text);
/* @name: of whoever it is; what is no name matches nothing. */
gboolean relay_host_pattern_match (const char *pattern, const char *name);

G_END_DECLS
