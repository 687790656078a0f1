/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-pool-private.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-tls-credentials-private.h"

G_BEGIN_DECLS

/* What is set about the servers of a pool, as people write it. */
typedef struct
{
  char *address;   /* or NULL */
  GStrv addresses; /* besides; or NULL */
  char *balance;
  guint n_connections; /* to each of them */
  guint refresh;       /* milliseconds, of services */
  ImpTlsCredentials *tls;
  char *tls_name;                    /* what certificates are for, or NULL: for the host */
  const char *const *tls_file_names; /* of the settings, as ImpTlsFile has them */
} ImpPoolSettings;

/* A server's address, or a service that DNS has servers of: srv:_SERVICE._tcp.DOMAIN, with or
 * without tls:// in front; then the host is the domain. NULL with an error if that is neither, or
 * for listening only. */
ImpAddress *imp_pool_settings_parse (const char *text, GSocketConnectable **target, GError **error);

/* Adds all servers to an empty pool; FALSE with an error if one of them can never be reached, for
 * what it is called, or the pool cannot be as it is set. */
gboolean imp_pool_settings_fill (const ImpPoolSettings *self, ImpPool *pool, GMainContext *context,
                                 GError **error);
/* Adds what is wrong. */
void imp_pool_settings_validate (const ImpPoolSettings *self, GPtrArray *errors);

G_END_DECLS
