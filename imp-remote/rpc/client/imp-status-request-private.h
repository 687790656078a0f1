/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory-private.h"
#include "rpc/client/imp-channel-private.h"

G_BEGIN_DECLS

/* How a server is that a channel leads to, as a list of ImpFactoryStatus. @name is what it is
 * called there. */

/* As far as the channel knows: one entry, whether there is a connection. */
GList *imp_status_request_look (ImpChannel *channel, const char *name);

/* As the server itself says, about each of its modules, if it can be asked; connects, if need be.
 * Before the modules' names comes @prefix. @task, which it takes, gets the list within @timeout_ms;
 * the channel has to last until then. */
void imp_status_request_start (ImpChannel *channel, GMainContext *context, const char *name,
                               const char *prefix, guint timeout_ms, GTask *task);

G_END_DECLS
