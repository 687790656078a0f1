/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"
#include "tool/relay/relay-shadow-process.h"
#include "tool/tool.h"

G_BEGIN_DECLS

/* What the --shadow and --canary options of a group say: a second set of modules, in a process of
 * its own, that is asked about the same connections. Its verdicts are not applied, but for the
 * connections that it decides. */
typedef struct _RelayShadow RelayShadow;

/* FALSE: not from 0 to 100. */
gboolean relay_shadow_parse_percent (const char *text, double *percent);

/* @modules: ends with NULL. @percent: of connections that the shadow decides. @max_shadows: how
 * many connections are compared at a time. */
RelayShadow *relay_shadow_new (const char *const *modules, double percent, guint max_shadows,
                               const char *target_text);
/* Says what came of it. */
void relay_shadow_free (RelayShadow *self);
/* Returns when the modules can be used, @stopped says so, or with the program's status. */
int relay_shadow_start (RelayShadow *self, const gboolean *stopped);

/* Throws the dice: the factory for a connection that the shadow decides, else NULL. @self may be
 * NULL, as for the next one. */
ImpFactory *relay_shadow_take_canary (RelayShadow *self);
/* What the user wrote for it. */
const char *const *relay_shadow_get_modules (RelayShadow *self);
/* Compares what the relay does, which does not run yet. @name: of the client, for the log. */
void relay_shadow_follow (RelayShadow *self, ImpRelay *relay, GHashTable *context, const char *name,
                          gboolean verbose);
/* Adds what it has counted. */
void relay_shadow_describe (RelayShadow *self, MetricsText *text, const MetricsLabels *labels);

G_END_DECLS
