/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-errors.h"
#include "tool/config/config-options.h"
#include "tool/relay/relay-parts.h"

G_BEGIN_DECLS

/* The section [relay]; what is wrong is added to the file's errors. */
void relay_config_apply_options (ConfigFile *file, const ToolOptions *options);
/* Adds the group of a section, which is the same as long as @fingerprint is. NULL: there is nothing
 * to be made, as there is one already. */
typedef RelayGroup *(*RelayAddSectionFunc) (const char *name, const char *fingerprint,
                                            gpointer user_data);
/* A group of each [listener NAME]; the same. @user_data: for @add_section. */
void relay_config_make_groups (ConfigFile *file, RelayAddSectionFunc add_section,
                               gpointer user_data);
/* Says which keys of [relay] are other ones in @file than in @before, and cannot be applied while
 * it runs. */
void relay_config_log_later (const ConfigFile *before, const ConfigFile *file);

G_END_DECLS
