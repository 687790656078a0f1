/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/tool.h"

G_BEGIN_DECLS

/* One provider's connection, into which faults are injected, and the one to the server behind it.
 * */
typedef struct _RehearseConnection RehearseConnection;

/* Called once, from the main loop, when it has ended. */
typedef void (*RehearseConnectionFunc) (RehearseConnection *self, gpointer user_data);

/* @provider: an ImpFaultStream. */
RehearseConnection *rehearse_connection_new (GIOStream *provider, GSocketConnectable *target,
                                             const char *target_text, guint connect_timeout_ms,
                                             RehearseConnectionFunc over, gpointer user_data);
void rehearse_connection_free (RehearseConnection *self);

/* The faults that have happened so far; see imp_fault_stream_get_statistics(). */
GVariant *rehearse_connection_get_statistics (RehearseConnection *self);

G_END_DECLS
