/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  IMP_TLS_FILE_CERTIFICATE,
  IMP_TLS_FILE_KEY,
  IMP_TLS_FILE_CA,
  IMP_N_TLS_FILES,
} ImpTlsFile;

/* What one side of TLS shows, and whom it trusts: as files, which are read again when they change,
 * or as objects that the application has.
 *
 * New files are tried before they are used. What cannot be used is said loudly, and the old ones
 * stay. Connections that exist keep what they have begun with. */
typedef struct _ImpTlsCredentials ImpTlsCredentials;

/* @names: of the properties, for errors. */
ImpTlsCredentials *imp_tls_credentials_new (GMainContext *context,
                                            const char *const names[IMP_N_TLS_FILES]);
void imp_tls_credentials_free (ImpTlsCredentials *self);

/* Each returns whether it is another one now. They count until imp_tls_credentials_load(). */
gboolean imp_tls_credentials_set_file (ImpTlsCredentials *self, ImpTlsFile file, const char *path);
gboolean imp_tls_credentials_set_certificate (ImpTlsCredentials *self,
                                              GTlsCertificate *certificate);
gboolean imp_tls_credentials_set_database (ImpTlsCredentials *self, GTlsDatabase *database);
const char *imp_tls_credentials_get_file (const ImpTlsCredentials *self, ImpTlsFile file);
/* The same as another one has. */
void imp_tls_credentials_copy (ImpTlsCredentials *self, const ImpTlsCredentials *other);

/* Reads the files, and again when they change from now on. %IMP_ERROR_SETTINGS naming the property
 * and the file. Does nothing if that is done already. */
gboolean imp_tls_credentials_load (ImpTlsCredentials *self, GError **error);
/* A change that nobody has told of (a link elsewhere, a file system of another machine) is noticed
 * here; to be called before they are used. */
void imp_tls_credentials_check (ImpTlsCredentials *self);

/* What counts now; NULL: none. */
GTlsCertificate *imp_tls_credentials_get_certificate (const ImpTlsCredentials *self);
GTlsDatabase *imp_tls_credentials_get_database (const ImpTlsCredentials *self);

G_END_DECLS
