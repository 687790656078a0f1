/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server/imp-server.h"

G_BEGIN_DECLS

/* What has to fit together before a server starts. Each may be NULL but @addresses and @label. */
typedef struct
{
  char **addresses;
  const char *label; /* of an address, for errors */
  const char *codec;
  const char *proxy_protocol;
  char **proxy_from;
  const char *tls_cert;
  const char *tls_key;
  const char *tls_client_ca;
} ServeChecks;

/* Prints what is wrong, and returns the program's status. */
int serve_checks_run (const ServeChecks *self);
/* The same: whether the files of TLS can be used, which a server that runs would find too late. */
int serve_checks_try_tls (const ServeChecks *self);
/* Prints what is wrong with the modules, of which scripts are only looked for. */
void serve_checks_load_modules (const char *const *modules);

G_END_DECLS
