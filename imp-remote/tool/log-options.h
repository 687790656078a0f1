/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/option-table.h"

G_BEGIN_DECLS

/* --log-format of what runs for long. */
void log_options_add_to_table (OptionTable *table);

G_END_DECLS
