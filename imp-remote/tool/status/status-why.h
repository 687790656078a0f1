/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What one connection waits for, and what can be done, in sentences: lines of text. */
char *status_why_explain (JsonObject *row);

G_END_DECLS
