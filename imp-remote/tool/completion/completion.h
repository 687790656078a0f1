/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/tool.h"

G_BEGIN_DECLS

/* What there is to be completed; ends with NULL. */
void completion_set_commands (const ToolCommand *const *commands);

G_END_DECLS
