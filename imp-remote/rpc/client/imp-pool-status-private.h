/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-pool-private.h"

G_BEGIN_DECLS

/* How the servers of a pool are, as lists of ImpFactoryStatus, in their order. @module: what it is
 * called as a module, or NULL. See imp_status_request_look() and imp_status_request_start(). */
GList *imp_pool_status_look (ImpPool *pool, const char *module);
void imp_pool_status_start (ImpPool *pool, GMainContext *context, const char *module,
                            guint timeout_ms, GTask *task);

G_END_DECLS
