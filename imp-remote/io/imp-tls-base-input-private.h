/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define IMP_TYPE_TLS_BASE_INPUT (imp_tls_base_input_get_type ())
G_DECLARE_FINAL_TYPE (ImpTlsBaseInput, imp_tls_base_input, IMP, TLS_BASE_INPUT, GInputStream)

/* What TLS reads from: a socket, from which as much is read as there is, since TLS asks for the
 * head of a record and for the rest of it one after the other. */
GInputStream *imp_tls_base_input_new (GSocket *socket);

/* Only in a turn more is read than is asked for; and there the socket is not asked again once it
 * has given all: TLS hears that there is no more. What is left then comes first, whoever reads. */
void imp_tls_base_input_begin_turn (ImpTlsBaseInput *self);
void imp_tls_base_input_end_turn (ImpTlsBaseInput *self);
/* Whether there is something that the socket does not know of any more. */
gboolean imp_tls_base_input_is_empty (const ImpTlsBaseInput *self);
/* In a turn: whether there is nothing left to read, here and in the socket. */
gboolean imp_tls_base_input_is_drained (const ImpTlsBaseInput *self);

G_END_DECLS
