/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-tls-credentials-private.h"

G_BEGIN_DECLS

/* The provider's end of one TLS handshake, which always ends within its timeout. */
typedef struct _ImpClientHandshake ImpClientHandshake;

/* Whom to connect to by TLS, and what to show there. */
typedef struct
{
  ImpTlsCredentials *credentials;
  const char *name; /* what the server's certificate has to be for */
  guint16 port;
} ImpClientTls;

/* @stream: (transfer none); NULL with @error, which says "Cannot connect to ...". Called once, from
 * the main loop. */
typedef void (*ImpClientHandshakeFunc) (GIOStream *stream, const GError *error, gpointer user_data);

/* @server: for messages to people. What fails closes @base, when GIO has let go of it. NULL with an
 * error if it cannot even begin. */
ImpClientHandshake *imp_client_handshake_start (GMainContext *context, GIOStream *base,
                                                const ImpClientTls *tls, const char *server,
                                                guint timeout_ms, ImpClientHandshakeFunc func,
                                                gpointer user_data, GError **error);
/* @func is not called any more. Not after it was called. */
void imp_client_handshake_cancel (ImpClientHandshake *self);

G_END_DECLS
