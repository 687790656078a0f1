/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/option-table.h"

G_BEGIN_DECLS

/* Options that are settings of all scripts which do not say otherwise: --reload, --workers, ... */
void script_options_add_to_table (OptionTable *table);
/* From now on they are as if none had been given; those before come back unless the new ones are
 * adopted. */
void script_options_begin_draft (void);
void script_options_end_draft (gboolean adopt);
/* As in SETTINGS of a module; "" if none was given. */
const char *script_options_get_settings (void);
/* How many processes there are to be (--workers), 1 if nothing was said. */
guint script_options_get_workers (void);
/* It is none of the settings any more: others have been started in their place. */
void script_options_unset_workers (void);
/* The same as options, for another command line. */
GStrv script_options_list_arguments (void);

G_END_DECLS
