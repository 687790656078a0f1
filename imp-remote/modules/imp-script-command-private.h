/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The descriptor at which a host finds its end of the socket. */
#define IMP_SCRIPT_HOST_FD 3
/* And that at which the launcher finds its end of the lifeline. */
#define IMP_SCRIPT_LIFELINE_FD 4

/* The path of a program that runs scripts, or helps with that. */
char *imp_script_command_find_program (const char *name, GError **error);

/* Which of two settings counts, or NULL: @interpreter is for any script, @python for one in
 * Python. */
const char *imp_script_command_choose (const char *path, const char *interpreter,
                                       const char *python);

/* The command line of the program that runs a script: an interpreter, its host program, the script,
 * and one argument for each of @settings (of ImpSetting). @interpreter: NULL for the usual one.
 * @settings: NULL to have it describe the script and end. */
GStrv imp_script_command_new (const char *path, const char *interpreter, GPtrArray *settings,
                              GError **error);

/* Adds to @errors (char *) what cannot be told to a script. */
void imp_script_command_check_settings (GPtrArray *settings, GPtrArray *errors);

G_END_DECLS
