/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modules/imp-script-output-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Starts a host program (see imp_script_command_new()). Gives the socket at whose other end the
 * script serves, and two descriptors to read its output from; see imp_script_output_new(). */
GSocket *imp_script_process_start (const char *const *argv, GPid *pid, int output_fds[2],
                                   GError **error);

/* "ended with exit status 3", "was killed by signal 9 (Killed)" */
char *imp_script_process_describe (int wait_status);

/* Once its socket is closed and nobody watches it any more: waits until the process is gone, and
 * kills it if that takes too long. Meanwhile its output is read. */
void imp_script_process_end (GPid pid, ImpScriptOutput *output);

G_END_DECLS
