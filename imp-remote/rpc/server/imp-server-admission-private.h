/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-log-limit-private.h"
#include "rpc/server/imp-server-access-private.h"
#include "rpc/server/imp-server-connection-private.h"
#include "rpc/server/imp-server-headers-private.h"
#include "rpc/server/imp-server-room-private.h"
#include "rpc/server/imp-server-tls-private.h"
#include "rpc/server/imp-server.h"

G_BEGIN_DECLS

/* What is between a client that has connected and one that is served: the header that says whose
 * connection it is where a proxy has passed it on, its TLS handshake where it
 * has to begin with one, who may use the server, whether there is a place, and a word to those who
 * are turned away. Part of a server. */

typedef struct
{
  /* The client is to be served. FALSE with an error if it cannot be. */
  gboolean (*admitted) (ImpServer *server, GIOStream *stream, ImpPeer *peer, GError **error);
  /* How many are served. */
  guint (*count) (ImpServer *server);
  /* One of those who are not served has left its place. */
  void (*freed) (ImpServer *server);
} ImpServerAdmissionFuncs;

typedef enum
{
  IMP_SERVER_ADMISSION_OPEN,
  IMP_SERVER_ADMISSION_STOPPED, /* for those who have not waited yet */
  IMP_SERVER_ADMISSION_CLOSED,
} ImpServerAdmissionState;

typedef struct
{
  ImpServer *server; /* whom this is part of */
  const ImpServerAdmissionFuncs *funcs;
  GMainContext *context;
  const ImpServerConnectionOptions *options;
  ImpCodec *const *codec; /* NULL is there while it is recognized */
  ImpServerTotals *totals;
  ImpServerAdmissionState state;
  ImpServerRoom room;
  ImpServerHeaders *headers;
  ImpServerTls tls;
  ImpServerAccess access;
  ImpAuthorizeFunc authorize;
  gpointer authorize_data;
  GDestroyNotify authorize_destroy;
  GQueue refused; /* of ImpServerRefused */
  ImpLogLimit failure_log;
  ImpLogLimit refusal_log;
} ImpServerAdmission;

/* Of @self, all but the limits. What it is given must live as long as it. */
void imp_server_admission_init (ImpServerAdmission *self, ImpServer *server,
                                const ImpServerAdmissionFuncs *funcs, GMainContext *context,
                                const ImpServerConnectionOptions *options, ImpCodec *const *codec,
                                ImpServerTotals *totals);
void imp_server_admission_clear (ImpServerAdmission *self);

/* Asked besides the server's class; @func may be NULL. */
void imp_server_admission_set_func (ImpServerAdmission *self, ImpAuthorizeFunc func,
                                    gpointer user_data, GDestroyNotify destroy);

/* Before it listens there: %IMP_ERROR_SETTINGS if clients at @address could not be judged. */
gboolean imp_server_admission_prepare (ImpServerAdmission *self, const ImpAddress *address,
                                       GError **error);

/* For how many more there is room. */
guint imp_server_admission_get_room (ImpServerAdmission *self);
/* Whether there is room for one more; others may have to make it. */
gboolean imp_server_admission_may_accept (ImpServerAdmission *self);

/* A client has connected at a listener, perhaps one where it has to begin with TLS. */
void imp_server_admission_arrive (ImpServerAdmission *self, GSocketConnection *connection,
                                  gboolean tls);
/* It is known who is at the other end. It is admitted, or turned away. */
void imp_server_admission_consider (ImpServerAdmission *self, GIOStream *stream);
/* The same of one that has to begin with TLS. */
void imp_server_admission_consider_tls (ImpServerAdmission *self, GSocketConnection *connection);
/* Whether one that somebody else would tell may come in. */
gboolean imp_server_admission_decide (ImpServerAdmission *self, ImpPeer *peer, GError **error);

/* FALSE with %IMP_ERROR_CLOSED if it is stopped. */
gboolean imp_server_admission_check_open (const ImpServerAdmission *self, GError **error);
/* After the listeners: nobody is told anything any more. Those who are accepted while it is stopped
 * have waited, and are admitted. */
void imp_server_admission_set_state (ImpServerAdmission *self, ImpServerAdmissionState state);
void imp_server_admission_drop_all (ImpServerAdmission *self);

G_END_DECLS
