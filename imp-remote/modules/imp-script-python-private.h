/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The program that runs a script in Python, where nobody has named one: that of its own virtual
 * environment, which lies beside it; or of the one that is active; or Debian's. NULL with an error:
 * it has an environment of its own, which is broken. */
char *imp_script_python_find (const char *script, GError **error);

/* @path, or the program in it, if it is the folder of a virtual environment. */
char *imp_script_python_complete (const char *path);

G_END_DECLS
