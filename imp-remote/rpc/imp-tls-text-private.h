/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Which checks a certificate has failed: %G_TLS_ERROR_BAD_CERTIFICATE. @whose: "the server's";
 * @name: what it should have been for, or NULL. */
GError *imp_tls_text_refuse (GTlsCertificate *certificate, GTlsCertificateFlags flags,
                             const char *whose, const char *name);
/* What went wrong in a handshake, for people: @error is GIO's. */
GError *imp_tls_text_explain (const GError *error, gboolean at_server);
/* TLS older than 1.2 is refused, whatever the system allows. */
gboolean imp_tls_text_check_version (GTlsConnection *connection, const char *whose, GError **error);

G_END_DECLS
