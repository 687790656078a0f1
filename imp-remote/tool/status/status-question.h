/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What is asked at a control socket by those who show the answer. */
typedef struct
{
  const char *address;
  guint timeout;    /* seconds */
  gint64 limit;     /* of connections */
  gint64 id;        /* of the only one, or 0 */
  const char *sort; /* "wait", "age" or "held" */
} StatusQuestion;

/* Blocks; may be called in any thread. NULL with an error. */
JsonObject *status_question_ask (const StatusQuestion *self, GError **error);
/* Prints the answer as lines of text. */
void status_question_print (JsonObject *answer);

G_END_DECLS
