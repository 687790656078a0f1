/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* GAsyncInitable for classes whose GInitable does no input or output that is worth a thread: what
 * they check belongs to the thread that makes them, so that GIO's own default, which initializes in
 * another one, is not for them. */
void imp_initable_init_async_interface (gpointer iface, gpointer unused);

G_END_DECLS
