/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where a client wanted to go before it was redirected here: by REDIRECT or DNAT (netfilter
 * remembers it), or by TPROXY (the socket has that address). NULL with an error if that cannot be
 * known. */
GSocketAddress *relay_original_destination (GSocket *client, GError **error);

G_END_DECLS
