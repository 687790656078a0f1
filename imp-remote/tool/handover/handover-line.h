/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What a program and the one that replaces it say to each other, at the control socket of the
 * first:
 *
 *   new: {"command": "take-over", "versions": [1], "program": "relay"}
 *   old: {"version": 1, "pid": N, "addresses": N}
 *   old: {"address": TEXT, "id": N, "sockets": N, "device": N, "inode": N}
 *        for each address, with its sockets beside it (SCM_RIGHTS); the last two for a file
 *   new: {"left": ID}, for each address that it has no use for
 *   new: {"accepting": true}
 *   old: {"stopped": true}
 *
 * or {"error": TEXT} from either, which ends it. Until "accepting" the old one goes on as if
 * nothing had been. */
#define HANDOVER_VERSION 1

/* Of a line, without its end; what JSON nests is limited by it. */
#define HANDOVER_LINE_MAX 4096

/* How long the new one waits for an answer of the old one. */
#define HANDOVER_ANSWER_SECONDS 10

/* Sends @object, which is taken, with @fds, of int, or NULL. FALSE if not all of it can be sent. */
gboolean handover_send (GSocket *socket, JsonObject *object, GArray *fds, GError **error);
/* The same with an error, as far as that is possible. */
void handover_send_error (GSocket *socket, const char *message);

/* What comes. */
typedef struct
{
  GSocket *socket;
  GString *input;
  GArray *fds; /* of int: those that have come and were not taken */
} HandoverReader;

void handover_reader_init (HandoverReader *self, GSocket *socket);
void handover_reader_clear (HandoverReader *self);
/* Reads once; FALSE with an error, which is %IMP_ERROR_CLOSED at the end. */
gboolean handover_reader_read (HandoverReader *self, GError **error);
/* The next line that is there as a whole. NULL without an error: there is none; with
 * %IMP_ERROR_FAILED: the other one has sent an error. */
JsonObject *handover_reader_next (HandoverReader *self, GError **error);
/* The first @n descriptors; FALSE with an error if there are fewer. */
gboolean handover_reader_take_fds (HandoverReader *self, guint n, GArray *fds, GError **error);

/* A whole number of at least 0 in @object; FALSE with an error if there is none. */
gboolean handover_get_number (JsonObject *object, const char *name, gint64 max, gint64 *number,
                              GError **error);

G_END_DECLS
