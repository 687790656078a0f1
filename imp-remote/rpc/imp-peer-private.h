/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Who is at the other end of a connection, as far as limits go; those with the same name are one:
 * "uid 1000" at a unix socket, else "192.0.2.1", "2001:db8:0:1::/64" or "loopback". What anybody
 * can have as many of as they like tells nobody apart: processes, the addresses of an IPv6 network,
 * and those of 127.0.0.0/8. NULL: it is not known. */
char *imp_peer_get_name (GIOStream *stream);

/* The same of a TCP address. */
char *imp_peer_get_name_of_ip (GInetAddress *ip);

/* Whether it is a process of the user of this one, at a unix socket, as the kernel knows it. */
gboolean imp_peer_is_same_user (GIOStream *stream);

G_END_DECLS
