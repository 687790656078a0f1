/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory-private.h"
#include "rpc/client/imp-pool-private.h"
#include "rpc/client/imp-pool-settings-private.h"
#include "rpc/client/imp-remote-factory-private.h"

G_BEGIN_DECLS

/* For the files of the remote factory itself. */

struct _ImpRemoteFactory
{
  ImpFactory parent_instance;

  GMainContext *context;
  ImpPool *pool; /* made at first use, when all properties are known */
  ImpPoolSettings servers;
  GIOStream *stream;
  char *name; /* for messages to people, where there is no address */
  char *codec_name;
  ImpCodec *codec;
  ImpInterface *interface;
  ImpChannelOptions options;
  ImpSoftBudget *budget; /* NULL: its own */
  GError *unusable;      /* why it can never connect */
};

/* Makes it if there is none. A factory that can never connect closes at once, and says why to
 * everybody who asks. */
ImpPool *imp_remote_factory_ensure_pool (ImpRemoteFactory *self);

G_END_DECLS
