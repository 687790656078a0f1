/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modules/imp-module-private.h"

G_BEGIN_DECLS

/* Starts the host program for a script, and returns the socket at whose other end the script will
 * serve. */
GIOStream *imp_script_process_start (const char *path, const char *settings, GSubprocess **process,
                                     GError **error);

/* Once the socket is closed: waits until the process is gone, and kills it if that takes too long.
 * Takes @process. */
void imp_script_process_end (GSubprocess *process);

G_END_DECLS
