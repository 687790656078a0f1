/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a full record of TLS 1.3 takes on its way. */
#define IMP_TLS_BASE_RECORD_MAX (16384 + 22)
/* So much is read or sent by one call. */
#define IMP_TLS_BASE_SIZE (4 * IMP_TLS_BASE_RECORD_MAX)

#define IMP_TYPE_TLS_BASE (imp_tls_base_get_type ())
G_DECLARE_FINAL_TYPE (ImpTlsBase, imp_tls_base, IMP, TLS_BASE, GTcpConnection)

/* What is below a TLS connection: the socket of @connection, read and written as is good for TLS.
 * ImpTlsStream makes use of it. */
GIOStream *imp_tls_base_new (GSocketConnection *connection);

G_END_DECLS
