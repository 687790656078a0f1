/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Who is at the other end of a connection, as far as limits go; those with the same name are one:
 * "uid 1000" at a unix socket, else "192.0.2.1", "2001:db8:0:1::/64" or "loopback". What anybody
 * can have as many of as they like tells nobody apart: processes, the addresses of an IPv6 network,
 * and those of 127.0.0.0/8. NULL: it is not known. */
char *imp_peer_name_of_stream (GIOStream *stream);

/* Says who is behind a proxy, to whom the connection leads: for the name and the address. */
void imp_peer_set_source (GSocketConnection *connection, GSocketAddress *source);

/* The same of a TCP address. */
char *imp_peer_get_name_of_ip (GInetAddress *ip);

/* Whether it is a process of the user of this one, at a unix socket, as the kernel knows it. */
gboolean imp_peer_is_same_user (GIOStream *stream);

/* Who is at the other end of a unix socket: the process that has connected, or made the pair, as
 * the kernel says it. -1: it does not say. */
typedef struct
{
  gint64 pid, uid, gid;
  GArray *groups; /* of gid_t: the supplementary ones; NULL: not known */
} ImpCredentials;

/* FALSE if it is no unix socket: nothing is known then, and nothing is to be cleared. */
gboolean imp_credentials_get (GIOStream *stream, ImpCredentials *credentials);
void imp_credentials_clear (ImpCredentials *self);
/* The address at the other end, as clients would write it; NULL where it has none. */
char *imp_peer_address_of_stream (GIOStream *stream);

G_END_DECLS
