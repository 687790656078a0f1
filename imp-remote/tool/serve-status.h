/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/control/control.h"
#include "tool/tool.h"

G_BEGIN_DECLS

/* What a server tells at its control socket. @server outlives it. */
void serve_status_add_commands (Control *control, ImpServer *server);
/* The same in the log, whenever SIGUSR1 comes; once per process. */
void serve_status_log_on_signal (ImpServer *server);

G_END_DECLS
