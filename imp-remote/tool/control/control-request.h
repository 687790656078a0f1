/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* One request at a control socket. Whoever has it answers it once, which frees it; the client may
 * have gone meanwhile. */
typedef struct _ControlRequest ControlRequest;

/* The longest request, without the end of its line, and the longest answer, in bytes. What JSON
 * nests is limited by the first one. */
#define CONTROL_REQUEST_MAX 4096
#define CONTROL_ANSWER_MAX (16 * 1024 * 1024)

/* All of the request; lives as long as it does. */
JsonObject *control_request_get_arguments (ControlRequest *self);
/* Of a member that may be missing: @fallback then. FALSE with an error if it is anything else than
 * a whole number from @min to @max. */
gboolean control_request_get_number (ControlRequest *self, const char *name, gint64 min, gint64 max,
                                     gint64 fallback, gint64 *value, GError **error);

/* Takes @answer. */
void control_request_answer (ControlRequest *self, JsonObject *answer);
void control_request_fail (ControlRequest *self, const char *message);

/* Where it has come from, without the socket being left; NULL: the client has gone. */
GSocketConnection *control_request_get_connection (ControlRequest *self);
/* Answers by taking the connection, which is the caller's from now on; nothing was read from it
 * behind the request. NULL with an error, and nothing has changed: the client has gone, or has sent
 * more. */
GSocketConnection *control_request_take_connection (ControlRequest *self, GError **error);

/* For the connection that it comes from. */
typedef struct
{
  void (*answered) (const char *line, gpointer user_data);
  gboolean (*taken) (gpointer user_data); /* FALSE: more was read */
} ControlRequestFuncs;

/* NULL with an error if @line is no request. */
ControlRequest *control_request_new (GSocketConnection *connection, const char *line, gsize length,
                                     const ControlRequestFuncs *funcs, gpointer user_data,
                                     GError **error);
const char *control_request_get_command (ControlRequest *self);
/* There is nobody any more who waits for it. */
void control_request_detach (ControlRequest *self);

/* The line of a failure. */
char *control_make_error_line (const char *message);

G_END_DECLS
