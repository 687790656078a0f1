/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-context-private.h"
#include "rpc/imp-access-private.h"
#include "rpc/server/imp-peer.h"
#include "rpc/server/imp-server-listeners-private.h"

G_BEGIN_DECLS

/* Who may use a server, and what its analyzers learn of them: part of it. */
typedef struct
{
  ImpAccess lists;
  gboolean trust_context; /* clients may say who their own peers are */
  char **proxy_texts;     /* who passes connections on, as it was given; NULL: nobody */
  GPtrArray *proxies;     /* the same, as GInetAddressMask */
  GError *proxy_error;    /* of a text that is none; with it, nobody may connect */
} ImpServerAccess;

/* The properties about it, in the order in which they are installed. */
enum
{
  IMP_SERVER_ACCESS_SOCKET_MODE,
  IMP_SERVER_ACCESS_ALLOW_UIDS,
  IMP_SERVER_ACCESS_ALLOW_GIDS,
  IMP_SERVER_ACCESS_TRUST_CONTEXT,
  IMP_SERVER_ACCESS_PROXY_FROM,
  IMP_N_SERVER_ACCESS_PROPERTIES,
};

void imp_server_access_clear (ImpServerAccess *self);
void imp_server_access_make_specs (GParamFlags flags, GParamSpec **specs);
void imp_server_access_get_property (const ImpServerAccess *self, const ImpListenerOptions *options,
                                     guint property, GValue *value);
/* Whether it has changed. */
gboolean imp_server_access_set_property (ImpServerAccess *self, ImpListenerOptions *options,
                                         guint property, const GValue *value);

/* Before a server listens: %IMP_ERROR_SETTINGS for what is set wrongly. */
gboolean imp_server_access_check (const ImpServerAccess *self, GError **error);
/* Whether connections of TCP begin with a header that says whose they are. */
gboolean imp_server_access_has_proxies (const ImpServerAccess *self);
/* FALSE with %IMP_ERROR_DENIED if @connection is of nobody who may say so. */
gboolean imp_server_access_admit_proxy (const ImpServerAccess *self, GSocketConnection *connection,
                                        GError **error);

/* The default policy. FALSE with %IMP_ERROR_DENIED. */
gboolean imp_server_access_admit (const ImpServerAccess *self, ImpPeer *peer, GError **error);

/* @established: the application has brought the connection. */
ImpPeer *imp_peer_new (GIOStream *stream, gboolean established);
/* What analyzers learn of it; NULL if that is nothing. */
ImpContext *imp_peer_get_context (ImpPeer *self);
gboolean imp_peer_is_established (ImpPeer *self);
/* NULL: it has not come through a unix socket. */
const ImpCredentials *imp_peer_get_credentials (ImpPeer *self);

G_END_DECLS
