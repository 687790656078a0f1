/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a script's process prints, read from two pipes and logged line by line. The process never
 * waits for long until it is read, however much it prints: what is too much is counted. */
typedef struct _ImpScriptOutput ImpScriptOutput;

/* Bytes of a line that are shown. */
#define IMP_SCRIPT_OUTPUT_MAX_LINE 4096

/* Takes the descriptors: ends of pipes for standard output and standard error. @path is that of the
 * script; @rate: how many lines a second are logged, 0 all. */
ImpScriptOutput *imp_script_output_new (const char *path, GPid pid, const int fds[2], guint rate);
/* From now on it is read in the loop of @context. */
void imp_script_output_attach (ImpScriptOutput *self, GMainContext *context);
/* The process is gone: logs what it has left and reads no more, though others may have the pipes
 * open still. */
void imp_script_output_finish (ImpScriptOutput *self);
void imp_script_output_free (ImpScriptOutput *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpScriptOutput, imp_script_output_free)

G_END_DECLS
