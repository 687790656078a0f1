/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-log-limit-private.h"
#include "rpc/server/imp-server-access-private.h"
#include "rpc/server/imp-server-connection-private.h"
#include "rpc/server/imp-server-listeners-private.h"
#include "rpc/server/imp-server-refused-private.h"
#include "rpc/server/imp-server-room-private.h"
#include "rpc/server/imp-server-tls-private.h"
#include "rpc/server/imp-server.h"

G_BEGIN_DECLS

/* For the files of the server itself. */

typedef struct
{
  GMainContext *context;
  ImpFactory *factory;
  char *codec_name;
  ImpCodec *codec;
  ImpServerConnectionOptions options;
  ImpServerTotals totals;
  ImpServerRoom room;
  guint grace; /* milliseconds */
  ImpServerListenersOptions listening;
  ImpServerListeners listeners;
  ImpServerTls tls;
  ImpServerAccess access;
  ImpAuthorizeFunc authorize;
  gpointer authorize_data;
  GDestroyNotify authorize_destroy;
  GHashTable *connections; /* a set of ImpServerConnection */
  GQueue refused;          /* of ImpServerRefused */
  GQueue stopping;         /* of GTask: stop_async() */
  GSource *grace_timer;
  gboolean stopped;
  gboolean closed; /* at once */
  ImpLogLimit failure_log;
  ImpLogLimit refusal_log;
} ImpServerPrivate;

ImpServerPrivate *imp_server_get_private (ImpServer *self);

G_END_DECLS
