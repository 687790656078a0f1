/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "core/imp-cursor-private.h"

G_BEGIN_DECLS

/* The header by which a proxy says whose connection it passes on (HAProxy's PROXY protocol, of
 * versions 1 and 2). Nothing here reads or writes. */

typedef struct
{
  GSocketAddress *source;      /* NULL: it does not say, so the connection speaks for itself */
  GSocketAddress *destination; /* set if the former is */
  char *name;                  /* that the client wanted to reach (SNI), or NULL */
} ImpProxyHeader;

/* More than any header that is decoded has. */
#define IMP_PROXY_HEADER_MAX 4096

/* @data: all that has come so far. DONE: the header is the first @used bytes. BAD: @error says what
 * is wrong. It never takes a cut header for a whole one. @header is to be cleared after DONE. */
ImpDecodeStatus imp_proxy_header_decode (const guint8 *data, gsize length, ImpProxyHeader *header,
                                         gsize *used, GError **error);
void imp_proxy_header_clear (ImpProxyHeader *header);

/* @version: 1 or 2. Addresses that are NULL, or no IP addresses, are not told. */
GBytes *imp_proxy_header_encode (guint version, GSocketAddress *source,
                                 GSocketAddress *destination);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImpProxyHeader, imp_proxy_header_clear)

G_END_DECLS
