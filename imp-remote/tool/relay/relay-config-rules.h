/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-errors.h"
#include "tool/relay/relay-group.h"

G_BEGIN_DECLS

/* The sections [rule NAME] of a file; what is wrong with all of them is added to its errors. */
void relay_config_check_rules (ConfigFile *file);
/* What "rule=NAME" says of a listener, whose section @errors has. */
void relay_config_add_rule (ConfigErrors *errors, RelayGroup *group, const ConfigKey *key);

G_END_DECLS
