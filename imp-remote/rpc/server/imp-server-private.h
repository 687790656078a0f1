/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server/imp-server.h"
#include "rpc/server/imp-server-connection-private.h"

G_BEGIN_DECLS

/* Shared by imp-server.c, which acts, and imp-server-properties.c. */
struct _ImpServer
{
  GObject parent_instance;

  GMainContext *context;
  ImpFactory *factory;
  char *codec_name;
  ImpCodec *codec;
  ImpServerConnectionOptions options;
  guint max_connections;
  guint grace;
  gboolean replace;
  gboolean insecure;
  GPtrArray *listeners;
  GHashTable *connections; /* a set of ImpServerConnection */
  GQueue stopping;         /* of GTask: stop_async() */
  GSource *grace_timer;
  gboolean stopped;
};

/* Installs all properties, with what reads and writes them. */
void imp_server_install_properties (GObjectClass *klass);
/* Gives them their defaults. */
void imp_server_init_options (ImpServer *self);

G_END_DECLS
