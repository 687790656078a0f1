/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-certificates.h"

#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

/* A server at a tls:// address, what it logs, and clients of it; all in one main loop. Analyzers
 * pass what they are fed, and account for the key of their context that "tell" names. */
typedef struct
{
  char *folder; /* of the certificates */
  ImpServer *server;
  char *address; /* tls://127.0.0.1:PORT */
  guint16 port;
  GString *log;     /* messages of the room rpc */
  GString *reasons; /* of connections that have ended */
} TlsRig;

#define TLS_RIG_TIMEOUT 20000

/* @certificate: of the server; @client_ca: or NULL. */
void tls_rig_init (TlsRig *self, const char *certificate, const char *client_ca);
void tls_rig_listen (TlsRig *self);
void tls_rig_clear (TlsRig *self);

guint64 tls_rig_count_refusals (TlsRig *self, const char *reason);
/* Runs the loop until that has been logged, or a connection has ended for it. */
void tls_rig_wait_for_log (TlsRig *self, const char *text);
void tls_rig_wait_for_reason (TlsRig *self, const char *text);

/* A factory for the server; NULL for what is not set. */
ImpRemoteFactory *tls_rig_new_client (TlsRig *self, const char *ca, const char *certificate);
/* NULL if it is connected, else why not. */
GError *tls_rig_connect (ImpRemoteFactory *client);

/* What an analyzer of the server finds in its context under @key, of which the client says @said
 * (NULL: nothing); "-" if that is nothing. */
char *tls_rig_ask (ImpRemoteFactory *client, const char *key, const char *said);

/* A plain TCP connection to the server. */
GSocketConnection *tls_rig_open (TlsRig *self);
/* TLS over it, that trusts everybody, once the handshake is done. */
GIOStream *tls_rig_open_tls (TlsRig *self, const char *certificate);
/* Takes no part in anything: the first message of a TLS client. */
GBytes *tls_rig_get_hello (void);
/* The handshake of one end, while the loop runs for the other. */
gboolean tls_rig_handshake (GTlsConnection *connection, GError **error);
