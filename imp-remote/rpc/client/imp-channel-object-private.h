/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-channel-private.h"
#include "rpc/imp-connector-private.h"

G_BEGIN_DECLS

/* For the files of the channel itself. */

struct _ImpChannel
{
  guint ref_count; /* of one thread; callbacks may drop the last one, so each entry holds one */
  GMainContext *context;
  GSocketConnectable *target;
  GIOStream *stream; /* until it is used */
  char *name;
  ImpInterface *interface;
  ImpCodec *codec;
  ImpChannelOptions options;
  const ImpChannelFuncs *funcs; /* NULL once it is freed */
  gpointer user_data;

  ImpRemoteState state;
  gint64 since;                    /* when that began, on the monotonic clock */
  GError *reason;                  /* why it is down or closed */
  ImpClientConnection *connection; /* for new analyzers; may still be without a stream */
  ImpClientConnection *aged;       /* is used until that one, which is to replace it, is ready */
  GPtrArray *leaving;              /* of ImpClientConnection: servers that have said goodbye */
  ImpConnector *connector;
  ImpClientTls tls; /* without credentials: none */
  ImpClientHandshake *handshake;
  GSource *timer;                   /* for the greeting, or until the next attempt */
  GSource *aging;                   /* until the connection is too old, or NULL */
  gint64 attempted;                 /* when the last attempt began, on the monotonic clock */
  guint attempts;                   /* in vain, since a connection was of use */
  GQueue waiting;                   /* of GTask: connect_async() */
  ImpClientConnectionCounters past; /* of connections that are gone */
  guint64 connections, analyzers;
  ImpSoftBudget *budget;
};

/* The one that is in use. */
static inline ImpClientConnection *
imp_channel_get_current (ImpChannel *self)
{
  return self->aged != NULL ? self->aged : self->connection;
}

G_END_DECLS
