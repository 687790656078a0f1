/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Addresses as people name many of them: "192.0.2.0/24", in an array of GInetAddressMask. */

GPtrArray *imp_address_masks_new (void);
/* "ADDRESS[/BITS]". NULL if @text is none; @why then gets what is wrong, which is to be freed. */
GInetAddressMask *imp_address_mask_new (const char *text, char **why);
/* The same. FALSE with %IMP_ERROR_SETTINGS if @text is none. */
gboolean imp_address_masks_add (GPtrArray *masks, const char *text, GError **error);
gboolean imp_address_masks_match (const GPtrArray *masks, GInetAddress *ip);
/* The same of a socket's address; one that is no IP address is in none of them. */
gboolean imp_address_masks_contain (const GPtrArray *masks, GSocketAddress *address);
/* IPv4 that is written as IPv6 (::ffff:0:0/96), as IPv4; all else as it is. */
GInetAddress *imp_address_masks_unmap (GInetAddress *ip);

G_END_DECLS
