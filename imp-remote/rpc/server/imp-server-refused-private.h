/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-link-private.h"

G_BEGIN_DECLS

/* A connection that is one too many: as soon as the client has said anything, so that its wire
 * format is known, it is told why, and disconnected. */
typedef struct _ImpServerRefused ImpServerRefused;

typedef void (*ImpServerRefusedFunc) (ImpServerRefused *refused, gpointer user_data);

/* @codec: NULL to recognize it. NULL with an error if the stream cannot be used. @ended: it is
 * over, and to be freed; comes from the main loop. */
ImpServerRefused *imp_server_refused_new (GIOStream *stream, ImpCodec *codec,
                                          const ImpWireLimits *limits, GMainContext *context,
                                          const char *reason, ImpServerRefusedFunc ended,
                                          gpointer user_data, GError **error);
void imp_server_refused_free (ImpServerRefused *self);

G_END_DECLS
