/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define IMP_TYPE_TLS_BASE_OUTPUT (imp_tls_base_output_get_type ())
G_DECLARE_FINAL_TYPE (ImpTlsBaseOutput, imp_tls_base_output, IMP, TLS_BASE_OUTPUT, GOutputStream)

/* What TLS writes to: a socket. Records that are written in a row can go out by one call. */
GOutputStream *imp_tls_base_output_new (GSocket *socket);

/* What is written from now on is kept, as long as there is room for a record. */
void imp_tls_base_output_cork (ImpTlsBaseOutput *self);
gboolean imp_tls_base_output_has_room (const ImpTlsBaseOutput *self);
/* Sends what was kept, as far as the socket takes it. FALSE with an error, which is never that it
 * would block: then what is left is to be sent by this again, and nothing is written before it. */
gboolean imp_tls_base_output_send (ImpTlsBaseOutput *self, GError **error);
gboolean imp_tls_base_output_is_empty (const ImpTlsBaseOutput *self);

G_END_DECLS
