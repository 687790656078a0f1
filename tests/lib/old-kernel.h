/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Whether the kernel knows, from now on, no way to refuse descriptors (SO_PASSRIGHTS). */
void old_kernel_set (gboolean old);
/* Whether sockets keep their SO_LINGER, from now on, whoever sets another one. */
void old_kernel_set_keeps_linger (gboolean keeps);
/* Whether this kernel can refuse descriptors. */
gboolean old_kernel_is_new (void);
