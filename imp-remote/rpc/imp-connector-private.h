/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* One attempt to connect, which never blocks and always ends within its timeout. */
typedef struct _ImpConnector ImpConnector;

/* @stream: (transfer none); NULL with @error. Called once, from the main loop. */
typedef void (*ImpConnectorFunc) (GIOStream *stream, const GError *error, gpointer user_data);

ImpConnector *imp_connector_start (GMainContext *context, GSocketConnectable *target,
                                   const char *name, guint timeout_ms, ImpConnectorFunc func,
                                   gpointer user_data);
/* The same, but @target is asked for proxies as well: g_socket_connectable_proxy_enumerate(). */
ImpConnector *imp_connector_start_with_proxies (GMainContext *context, GSocketConnectable *target,
                                                const char *name, guint timeout_ms,
                                                ImpConnectorFunc func, gpointer user_data);
/* Cancels and frees it; @func is not called any more. Not after @func was called. */
void imp_connector_cancel (ImpConnector *self);

G_END_DECLS
