/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-log-limit-private.h"
#include "rpc/imp-tls-credentials-private.h"

G_BEGIN_DECLS

/* TLS clients that have been accepted, and are not known yet.
 *
 * GIO makes a handshake in a thread of a pool that the whole process shares and that hardly grows:
 * clients that stall would keep all others out. So a handshake is given to it only once the client
 * has said the whole of its first message; a few are at it at once; and where others wait, one
 * that takes long gives way. Those that have said nothing cost a descriptor each, and where there
 * are too many the oldest goes: of the peer that has most of them. */
typedef struct _ImpServerHandshakes ImpServerHandshakes;

typedef enum
{
  IMP_SERVER_HANDSHAKES_FAILED,
  IMP_SERVER_HANDSHAKES_TIMED_OUT,
  IMP_SERVER_HANDSHAKES_GAVE_WAY, /* there were too many */
} ImpServerHandshakesReason;

typedef struct
{
  /* @stream: of a client that has shown what it has to. @peer: see imp_peer_get_name(). */
  void (*done) (GIOStream *stream, const char *peer, gpointer user_data);
  /* What came is not TLS, and nothing was taken of it. */
  void (*plain) (GIOStream *stream, gpointer user_data);
  /* It is over with one of them, in whatever way: there is room. */
  void (*freed) (gpointer user_data);
  /* A client is refused, and disconnected. @flags: what is wrong with its certificate, or 0. */
  void (*refused) (const char *peer, const GError *error, ImpServerHandshakesReason reason,
                   GTlsCertificateFlags flags, gpointer user_data);
} ImpServerHandshakesFuncs;

typedef struct
{
  guint max_handshakes;
  guint timeout; /* milliseconds */
} ImpServerHandshakesLimits;

/* @credentials, @limits and @funcs must live as long as this. */
ImpServerHandshakes *imp_server_handshakes_new (GMainContext *context,
                                                const ImpServerHandshakesLimits *limits,
                                                ImpTlsCredentials *credentials,
                                                const ImpServerHandshakesFuncs *funcs,
                                                gpointer user_data);
/* None of @funcs is called any more; what is under way ends. */
void imp_server_handshakes_free (ImpServerHandshakes *self);

/* A client has come. */
void imp_server_handshakes_add (ImpServerHandshakes *self, GSocketConnection *connection);
guint imp_server_handshakes_get_n (const ImpServerHandshakes *self);
/* So long, in milliseconds, one may take while others wait; a client that is older than that is
 * hardly one that goes on. */
#define IMP_SERVER_HANDSHAKES_OLD 1000

/* One of them gives way, if there is one that is so old. */
void imp_server_handshakes_make_room (ImpServerHandshakes *self, guint milliseconds);
/* All end. */
void imp_server_handshakes_drop_all (ImpServerHandshakes *self);

G_END_DECLS
