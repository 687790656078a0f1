/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/config-errors.h"
#include "tool/tool.h"

G_BEGIN_DECLS

/* The sections [serve] of a file; what is wrong is added to its errors. */
void serve_config_apply (ConfigFile *file, const ToolOptions *options);
/* The same as a command line, for other processes. */
GStrv serve_config_make_arguments (const ConfigFile *file, OptionTable *table);
/* Says which keys are other ones in @file than in @before, and cannot be applied while it runs. */
void serve_config_log_later (const ConfigFile *before, const ConfigFile *file);

G_END_DECLS
