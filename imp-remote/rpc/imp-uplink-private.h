/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-peer-private.h"
#include "rpc/imp-remote-factory.h"

G_BEGIN_DECLS

/* Keeps a provider connected: one peer for new analyzers, older ones that are being finished, and
 * in between the attempts to get another. */
typedef struct _ImpUplink ImpUplink;

typedef struct
{
  ImpPeerOptions peer;
  guint connect_timeout; /* milliseconds, for the connection and again for the server's greeting */
  gboolean reconnect;
  guint reconnect_min;   /* milliseconds */
  guint reconnect_max;
} ImpUplinkOptions;

/* Either @target (to connect to, and again) or @stream (used once). @changed: the state is another
 * now. */
ImpUplink *imp_uplink_new  (GMainContext *context, GSocketConnectable *target, GIOStream *stream,
                            const char *name, ImpInterface *interface,
                            void (*changed) (gpointer user_data), gpointer user_data);
/* Every analyzer that lives gets its outcome. */
void       imp_uplink_close (ImpUplink *self, const GError *error);
void       imp_uplink_free  (ImpUplink *self);

void imp_uplink_set_options (ImpUplink *self, const ImpUplinkOptions *options);
void imp_uplink_set_codec   (ImpUplink *self, ImpCodec *codec);

/* Adds an analyzer; if there is nobody to serve it, it has its outcome at once. */
void imp_uplink_add     (ImpUplink *self, ImpRemoteAnalyzer *analyzer);
/* Both take @task. */
void imp_uplink_query   (ImpUplink *self, GList *wanted, GTask *task);
void imp_uplink_connect (ImpUplink *self, GTask *task);

/* How many milliseconds to wait before another attempt, after so many in vain. */
guint      imp_uplink_draw_delay (const ImpUplinkOptions *options, guint attempts);

ImpRemoteState imp_uplink_get_state       (ImpUplink *self);
ImpPeer       *imp_uplink_get_peer        (ImpUplink *self); /* NULL where there is none */
guint64        imp_uplink_get_messages_in (ImpUplink *self);
/* A stream that has not been used: to be used by another one. NULL where there is none. */
GIOStream     *imp_uplink_steal_stream    (ImpUplink *self);
void           imp_uplink_describe        (ImpUplink *self, GVariantBuilder *builder);

G_END_DECLS
