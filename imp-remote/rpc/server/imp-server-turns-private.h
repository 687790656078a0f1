/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* Gives those who have something to do that has to wait their turns: round-robin, a few per
 * iteration of the main loop. */
typedef struct _ImpServerTurns ImpServerTurns;

/* TRUE if something was done. Whoever has nothing left to do leaves; any other may leave, too. */
typedef gboolean (*ImpServerTurnFunc) (gpointer owner);

ImpServerTurns *imp_server_turns_new (ImpServerTurnFunc take_turn);
void imp_server_turns_unref (ImpServerTurns *self);
/* Before that nobody has a turn. */
void imp_server_turns_start (ImpServerTurns *self, GMainContext *context);
/* Nobody has a turn any more; those who wait are to leave. */
void imp_server_turns_stop (ImpServerTurns *self);

/* @node: its data is the owner, and its place is the owner's. */
void imp_server_turns_join (ImpServerTurns *self, GList *node);
void imp_server_turns_leave (ImpServerTurns *self, GList *node);
/* Somebody can perhaps do something now. The turns end when nobody can. */
void imp_server_turns_resume (ImpServerTurns *self);

G_END_DECLS
