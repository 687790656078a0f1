/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory-private.h"
#include "rpc/client/imp-channel-private.h"
#include "rpc/client/imp-remote-factory-private.h"
#include "rpc/imp-tls-credentials-private.h"

G_BEGIN_DECLS

/* For the files of the remote factory itself. */

struct _ImpRemoteFactory
{
  ImpFactory parent_instance;

  GMainContext *context;
  ImpChannel *channel; /* made at first use, when all properties are known */
  char *address;
  GIOStream *stream;
  char *name; /* for messages to people, where there is no address */
  char *codec_name;
  ImpCodec *codec;
  ImpInterface *interface;
  ImpChannelOptions options;
  ImpSoftBudget *budget; /* NULL: its own */
  ImpTlsCredentials *tls;
  char *tls_name;
  char *server_name; /* what that is in use */
  GError *unusable;  /* why it can never connect */
};

/* Makes it if there is none. A factory that can never connect closes at once, and says why to
 * everybody who asks. */
ImpChannel *imp_remote_factory_ensure_channel (ImpRemoteFactory *self);

G_END_DECLS
