/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-remote-factory.h"
#include "rpc/client/imp-soft-budget-private.h"

G_BEGIN_DECLS

/* For a program of our own at the other end of @stream. Messages to people call it @name. Once
 * somebody has given up waiting for one of its analyzers, it is asked for a response; if nothing
 * comes from it within @hang_timeout milliseconds (0: ever), the factory is closed. */
ImpRemoteFactory *imp_remote_factory_new_for_program (GIOStream *stream, const char *name,
                                                      guint hang_timeout);

/* Before it is used: its soft outcomes count together with those of others that have this one, and
 * its limit is what soft-limit has to be. */
void imp_remote_factory_set_budget (ImpRemoteFactory *self, ImpSoftBudget *budget);
/* For tests: milliseconds instead of 30 s. From the first use on. */
void imp_remote_factory_set_ejection_time (ImpRemoteFactory *self, guint milliseconds);

/* How many analyzers there are. */
guint imp_remote_factory_get_n_analyzers (ImpRemoteFactory *self);

/* Why it is down or closed, or NULL. */
const GError *imp_remote_factory_get_reason (ImpRemoteFactory *self);

G_END_DECLS
