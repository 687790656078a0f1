/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modules/imp-script-output-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a process that runs a script may have. */
typedef struct
{
  gboolean is_sandboxed; /* it is bwrap's, and ends as what runs in it does */
  gsize max_memory;      /* bytes that it can write to, 0: no limit */
  guint max_files;       /* descriptors */
} ImpScriptProcessLimits;

/* A process that runs a script, and all that it has started in its process group. */
typedef struct
{
  GPid pid;
  int output_fds[2]; /* to read its output from; see imp_script_output_new() */
  int lifeline;      /* once it is closed, they are killed; -1: it is */
} ImpScriptProcess;

/* Starts a host program (see imp_script_command_new()), in a sandbox if @limits say so, with
 * @environment, or this process's own (NULL). Gives the socket at whose other end the
 * script serves. It dies with this process, whatever that dies of. */
GSocket *imp_script_process_start (const char *const *argv, GStrv environment,
                                   const ImpScriptProcessLimits *limits, ImpScriptProcess *process,
                                   GError **error);

/* "ended with exit status 3", "was killed by signal 9 (Killed)" */
char *imp_script_process_describe (const ImpScriptProcessLimits *limits, int wait_status);

/* Has it killed, and what it has started, whether or not it is gone itself. */
void imp_script_process_cut (ImpScriptProcess *process);

/* Once its socket is closed and nobody watches it any more: waits until the process is gone, and
 * kills it if that takes too long. Meanwhile its output is read. */
void imp_script_process_end (ImpScriptProcess *process, ImpScriptOutput *output);

G_END_DECLS
