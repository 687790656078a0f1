/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/relay/relay-setup.h"

G_BEGIN_DECLS

/* What is about to run: groups that are made, checked and opened before the first of them accepts a
 * connection, so that all of it can still be dropped. Those that run already stay as they are
 * meanwhile. */
typedef struct _RelayDraft RelayDraft;

/* What there is once, whatever a file says, and outlives all groups. */
typedef struct
{
  RelayOwn *own;
  RelayRecorder *recorder;    /* or NULL */
  void (*stopped) (gpointer); /* see relay_group_new() */
  gpointer user_data;
} RelayCommon;

/* @status: %TOOL_DONE, or what the program ends with. */
typedef void (*RelayDraftFunc) (int status, gpointer user_data);

/* Takes @setup. @before: of RelayGroup: those that run, of which the ones that a file says the same
 * of are kept, and the others give their sockets to those that take their places. */
RelayDraft *relay_draft_new (RelaySetup *setup, RelayCommon *common, GPtrArray *before);
/* Not while it is being opened. */
void relay_draft_free (RelayDraft *self);

/* Makes the groups, of the file if there is one. Prints what is wrong, and returns the program's
 * status, as the next one. */
int relay_draft_make (RelayDraft *self);
/* What is wrong from now on is an error of the file, if there is one, and is said in the end;
 * returns @status. */
void relay_draft_begin_errors (RelayDraft *self);
int relay_draft_end_errors (RelayDraft *self, int status);
/* Has the shadow modules started, unless *@stopped is set meanwhile. */
int relay_draft_start_shadows (RelayDraft *self, const gboolean *stopped);
/* Has all sockets opened that are not open yet. @done comes once, and later. */
void relay_draft_open (RelayDraft *self, RelayDraftFunc done, gpointer user_data);
/* Gives that up: @done comes with %TOOL_FAILED, and nothing is printed. */
void relay_draft_cancel (RelayDraft *self);

/* All of it, in the order of the command line or the file. */
GPtrArray *relay_draft_get_groups (RelayDraft *self);
RelaySetup *relay_draft_steal_setup (RelayDraft *self);
/* NULL if there is none. */
const ConfigFile *relay_draft_get_file (RelayDraft *self);
ConfigFile *relay_draft_steal_file (RelayDraft *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RelayDraft, relay_draft_free)

G_END_DECLS
