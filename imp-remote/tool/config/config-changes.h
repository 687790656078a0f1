/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-file.h"

G_BEGIN_DECLS

/* Says which keys of the sections [KIND] are other ones in @file than in @before, and not among
 * @live: those are for the next start. */
void config_changes_log (const ConfigFile *before, const ConfigFile *file, const char *kind,
                         const char *const *live);
/* Whether the file at @path counts from now on. */
void config_changes_log_outcome (const char *path, gboolean good);

G_END_DECLS
