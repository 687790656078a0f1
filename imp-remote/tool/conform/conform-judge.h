/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* What must be true of everything that the other end says, whatever a case is about. It hears both
 * sides of one connection. */
typedef struct _ConformJudge ConformJudge;

/* @of_server: whether the other end is a server; else a provider. */
ConformJudge *conform_judge_new (gboolean of_server);
void conform_judge_free (ConformJudge *self);

/* We have sent that. */
void conform_judge_note_sent (ConformJudge *self, ImpMessage *message);
/* The other end has said that. @size: its bytes on the wire. NULL, or what is wrong with it. */
char *conform_judge_check (ConformJudge *self, ImpMessage *message, gsize size);
/* The version in force: 1 while one of both ends has not said its own. */
guint conform_judge_get_version (const ConformJudge *self);

/* Whether the analyzer has an id that is in use. */
gboolean conform_judge_is_live (const ConformJudge *self, gint64 id);
/* Whether it has been fed, so that it may fail at any time. */
gboolean conform_judge_was_fed (const ConformJudge *self, gint64 id);
/* How far its input has been settled, -1: indefinitely; and what has become of it. */
gint64 conform_judge_get_settled (const ConformJudge *self, gint64 id, guint direction);
const GString *conform_judge_get_output (const ConformJudge *self, gint64 id, guint direction);
/* How far it was fed. */
gint64 conform_judge_get_fed (const ConformJudge *self, gint64 id, guint direction);

/* What the other end has announced; NULL before. */
ImpMessage *conform_judge_get_greeting (const ConformJudge *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConformJudge, conform_judge_free)

G_END_DECLS
