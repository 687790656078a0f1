/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Has urgent bytes read at their place among the others: else they would be left out of what is
 * read, unseen. Unix sockets have them as well. To be called before the first byte can come: a
 * listener hands it on to what it accepts. */
void imp_socket_take_urgent_inline (GSocket *socket);
/* Lets TCP itself find out, after so many milliseconds of silence and within as many again, that
 * the other side's machine is gone; 0 for not at all. Ignored where it is no TCP. */
void imp_socket_set_keepalive (GSocket *socket, guint milliseconds);

G_END_DECLS
