/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-cascade-pieces-private.h"
#include "analyzers/imp-cascade-tasks-private.h"
#include "core/imp-flow-private.h"

G_BEGIN_DECLS

/* One direction through all parts of a cascade: a flow for each, and what each piece of data
   between
 * them stands for. Parts are counted as this direction meets them. Nothing is called from here:
 * what is to be done goes to the tasks. */
typedef struct _ImpCascadePath ImpCascadePath;

/* @tasks must live as long as the path. */
ImpCascadePath *imp_cascade_path_new (ImpCascadeTasks *tasks, ImpDirection direction,
                                      guint n_parts);
void imp_cascade_path_free (ImpCascadePath *self);

/* Input; no bytes: its end. @offset: 0, or where it begins if some was left out. An error is that
   of
 * the flow of the part that imp_cascade_path_get_failed() names, or %IMP_ERROR_PROTOCOL if what was
 * left out had not passed. */
gboolean imp_cascade_path_push (ImpCascadePath *self, GBytes *bytes, gint64 offset,
                                gint32 data_type, GError **error);
/* A verdict of a part. */
gboolean imp_cascade_path_apply (ImpCascadePath *self, guint position, const ImpVerdict *verdict,
                                 GError **error);
/* Puts in what comes neither from the input nor in the place of some, in front of the part. FALSE
 * with no error: the end has gone there already, so that nothing can follow. */
gboolean imp_cascade_path_send (ImpCascadePath *self, guint position, GBytes *bytes,
                                gint32 data_type, GError **error);

/* The provider has been told that all up to these offsets passes, unseen or not; or
 * %IMP_MARK_INDEFINITE. What is put in meanwhile must not make that wrong. */
void imp_cascade_path_set_promised (ImpCascadePath *self, gint64 passed, gint64 prepassed);

gint64 imp_cascade_path_get_input (const ImpCascadePath *self);
/* At which part was it that something failed? */
guint imp_cascade_path_get_failed (const ImpCascadePath *self);
/* Is there no part that has only prepassed something? */
gboolean imp_cascade_path_is_final (const ImpCascadePath *self);
/* How many of the next bytes pass through all parts whatever they are, unseen or not, with nothing
 * before them that waits; IMP_MARK_INDEFINITE: all. */
gint64 imp_cascade_path_get_unseen_room (const ImpCascadePath *self);
gint64 imp_cascade_path_get_open_room (const ImpCascadePath *self);
/* The first part that has not passed the direction indefinitely; or the number of parts. */
guint imp_cascade_path_get_first (const ImpCascadePath *self);
gboolean imp_cascade_path_is_finished (const ImpCascadePath *self, guint position);
ImpFlow *imp_cascade_path_peek_flow (const ImpCascadePath *self, guint position);
/* Of how many pieces is known what they stand for? */
guint imp_cascade_path_get_n_pieces (const ImpCascadePath *self, guint position);
/* Where is that in the cascade's input? As imp_pieces_locate(). */
gint64 imp_cascade_path_locate (ImpCascadePath *self, guint position, gint64 offset,
                                gboolean *is_exact);

/* --- searches --- */

/* Is there a costly one, to be continued once others had their turn? */
gboolean imp_cascade_path_is_busy (const ImpCascadePath *self);
/* Is something held by one? */
gboolean imp_cascade_path_is_holding (const ImpCascadePath *self);
gboolean imp_cascade_path_go_on (ImpCascadePath *self, GError **error);
/* What searches have held since the last time is released. */
gboolean imp_cascade_path_release (ImpCascadePath *self, GError **error);

G_END_DECLS
