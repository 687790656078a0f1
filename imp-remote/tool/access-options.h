/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-access-private.h"
#include "rpc/imp-address-private.h"
#include "tool/config/option-table.h"

G_BEGIN_DECLS

/* Who may connect to the unix sockets at which the program listens: --socket-mode, --allow-uid and
 * --allow-gid. */
void access_options_add_to_table (OptionTable *table);
/* For each of the addresses at which the program listens. */
void access_options_note_address (const ImpAddress *address);
/* After them: prints what is wrong on standard error if there is an option that none of them has a
 * use for, and returns the program's status. */
int access_options_check (void);
guint access_options_get_mode (void);
const ImpAccess *access_options_get_lists (void);
/* From now on all but the next one sees new options, which are as if none had been given, until
 * they are adopted, or forgotten again. */
void access_options_begin_draft (void);
void access_options_end_draft (gboolean adopt);
/* FALSE with %IMP_ERROR_DENIED for a client of a unix socket that may not connect. */
gboolean access_options_admit (GIOStream *client, GError **error);

G_END_DECLS
