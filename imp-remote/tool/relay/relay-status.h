/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/control/control.h"

G_BEGIN_DECLS

/* What a relay tells at its control socket of its connections. @groups: of RelayGroup; they outlive
 * the socket. */
void relay_status_add_commands (Control *control, GPtrArray *groups);
/* The same in the log, whenever SIGUSR1 comes; once per process. */
void relay_status_log_on_signal (GPtrArray *groups);

G_END_DECLS
