/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server/imp-server-handshakes-private.h"
#include "rpc/server/imp-server-totals-private.h"

G_BEGIN_DECLS

/* A few for errors, and one for each thing that can be wrong with a certificate, so that no kind of
 * refusal hides another one in the log. */
#define IMP_SERVER_TLS_ERRORS 10
#define IMP_SERVER_TLS_LOGS (IMP_SERVER_TLS_ERRORS + 8)

/* Properties of a server; those of files are as ImpTlsFile has them. */
enum
{
  IMP_SERVER_TLS_CERT = IMP_TLS_FILE_CERTIFICATE,
  IMP_SERVER_TLS_KEY = IMP_TLS_FILE_KEY,
  IMP_SERVER_TLS_CLIENT_CA = IMP_TLS_FILE_CA,
  IMP_SERVER_TLS_CERTIFICATE,
  IMP_SERVER_TLS_CLIENT_DATABASE,
  IMP_N_SERVER_TLS_PROPERTIES,
};

/* What a server has to do with TLS. */
typedef struct
{
  ImpServerHandshakesLimits limits;
  ImpTlsCredentials *credentials;
  ImpServerHandshakes *handshakes;
  ImpServerTotals *totals;
  ImpLogLimit logs[IMP_SERVER_TLS_LOGS];
} ImpServerTls;

/* All must live as long as this. */
void imp_server_tls_init (ImpServerTls *self, GMainContext *context, ImpServerTotals *totals,
                          const ImpServerHandshakesFuncs *funcs, gpointer user_data);
void imp_server_tls_clear (ImpServerTls *self);

void imp_server_tls_make_specs (GParamFlags flags, GParamSpec **specs);
void imp_server_tls_get_property (ImpServerTls *self, guint property, GValue *value);
/* FALSE if it had that value already. */
gboolean imp_server_tls_set_property (ImpServerTls *self, guint property, const GValue *value);

/* Whether the files that are set can be used; else %IMP_ERROR_SETTINGS, which names one. */
gboolean imp_server_tls_check_files (ImpServerTls *self, GError **error);
/* Before it listens for TLS: %IMP_ERROR_SETTINGS if it cannot be used. */
gboolean imp_server_tls_prepare (ImpServerTls *self, GError **error);
/* For the funcs: counts and logs that a client is refused. */
void imp_server_tls_note_refused (ImpServerTls *self, const char *peer, const GError *error,
                                  ImpServerHandshakesReason reason, GTlsCertificateFlags flags);
/* The same of one that has said something that is not TLS; gives what to tell it. */
GError *imp_server_tls_note_plain (ImpServerTls *self);

G_END_DECLS
