/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* JSON as a line: it has no other line end than the one behind it. */
char *json_line_new (JsonNode *root);
char *json_line_new_for_object (JsonObject *object);

G_END_DECLS
