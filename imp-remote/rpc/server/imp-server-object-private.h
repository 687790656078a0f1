/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server/imp-server-admission-private.h"
#include "rpc/server/imp-server-listeners-private.h"

G_BEGIN_DECLS

/* What a server keeps: for itself, and for what it says of itself. */
typedef struct
{
  GMainContext *context;
  ImpFactory *factory;
  char *codec_name;
  ImpCodec *codec;
  ImpServerConnectionOptions options;
  ImpServerTotals totals;
  guint grace; /* milliseconds */
  ImpServerListenersOptions listening;
  ImpServerListeners listeners;
  ImpServerAdmission admission;
  GHashTable *connections; /* a set of ImpServerConnection */
  gboolean draining;       /* clients are to look for another server */
  GQueue stopping;         /* of GTask: stop_async() */
  GSource *grace_timer;
} ImpServerPrivate;

ImpServerPrivate *imp_server_get_private (ImpServer *self);

G_END_DECLS
