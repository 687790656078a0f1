/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes of a common name, and of all DNS names together. */
#define IMP_COMMON_NAME_MAX 256
#define IMP_DNS_NAMES_MAX 1024

/* The common name of a certificate in DER. NULL where there is none, or several, or one that people
 * or programs could take for another: longer than %IMP_COMMON_NAME_MAX, with spaces around it, with
 * characters that cannot be seen or that imp_clean_text() would write in another way, or in an
 * encoding other than UTF-8 and ASCII. It is never cut or changed. */
char *imp_certificate_read_common_name (const guint8 *der, gsize length);

/* The same of a certificate. */
char *imp_certificate_get_common_name (GTlsCertificate *certificate);

/* All DNS names, in lower case. NULL where there are none, or more than %IMP_DNS_NAMES_MAX bytes of
 * them, or one that does not consist of letters, digits, "-", "_", "." and "*": then none of them
 * is told. */
char **imp_certificate_get_dns_names (GTlsCertificate *certificate);

G_END_DECLS
