/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Adds members to an object: what imp_module_describe() says of the module @name, or only the name
 * and the summary. */
void modules_json_add_summary (JsonBuilder *builder, const char *name, const char *description);
void modules_json_add_all (JsonBuilder *builder, const char *name, const char *description);

void modules_json_add_text (JsonBuilder *builder, const char *name, const char *text);

G_END_DECLS
