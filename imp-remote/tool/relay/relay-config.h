/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-errors.h"
#include "tool/config/config-options.h"
#include "tool/relay/relay-parts.h"

G_BEGIN_DECLS

/* The section [relay]; what is wrong is added to the file's errors. */
void relay_config_apply_options (ConfigFile *file, const ToolOptions *options);
/* A group of each [listener NAME]; the same. @user_data: for @add_group. */
void relay_config_make_groups (ConfigFile *file, RelayAddGroupFunc add_group, gpointer user_data);

G_END_DECLS
