/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* For the program in the build folder, which is never installed: the environment in which the
 * programs that it starts for scripts find the library and its bindings there. Changes nothing if
 * this program lies elsewhere, as a copy would. Before there are threads. */
void in_place_set_up_environment (void);

G_END_DECLS
