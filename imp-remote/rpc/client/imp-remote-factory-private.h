/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-remote-factory.h"
#include "rpc/client/imp-channel-private.h"

G_BEGIN_DECLS

/* Shared by imp-remote-factory.c, which acts, and imp-remote-factory-properties.c. */
struct _ImpRemoteFactory
{
  ImpFactory parent_instance;

  GMainContext *context;
  ImpChannel *channel; /* made at first use, when all properties are known */
  char *address;
  GIOStream *stream;
  char *codec_name;
  ImpCodec *codec;
  ImpInterface *interface;
  ImpChannelOptions options;
  GError *unusable; /* why it can never connect */
};

/* Installs all properties, with what reads and writes them. */
void imp_remote_factory_install_properties (GObjectClass *klass);
/* Gives the options their defaults. */
void imp_remote_factory_init_options (ImpRemoteFactory *self);
void imp_remote_factory_notify_state (ImpRemoteFactory *self);

G_END_DECLS
