/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* Listening sockets that this process has got from whoever has started it. */

/* The descriptors of a service manager: all of them for "systemd", those with one name for
 * "systemd:NAME"; at least one. An array of int. */
GArray *imp_inherited_socket_list (const char *address, GError **error);

/* Takes @fd, if it is one at which to listen; not twice, before it is forgotten. @tls: it is to be
 * for TLS. */
GSocket *imp_inherited_socket_open (int fd, gboolean tls, GError **error);
/* Before it is closed. */
void imp_inherited_socket_forget (int fd);

G_END_DECLS
