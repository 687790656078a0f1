/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"
#include "tool/opening.h"
#include "tool/relay/relay-cases.h"
#include "tool/relay/relay-connection.h"
#include "tool/relay/relay-datagrams.h"
#include "tool/relay/relay-options.h"
#include "tool/relay/relay-route.h"

G_BEGIN_DECLS

/* One --listen ... --connect: where connections come from, where they go, and through what. */
typedef struct _RelayGroup RelayGroup;

/* @stopped is called when a group that is being stopped has no connection any more. */
RelayGroup *relay_group_new (const RelayOptions *options, void (*stopped) (gpointer),
                             gpointer user_data);
RelayGroup *relay_group_ref (RelayGroup *self);
void relay_group_unref (RelayGroup *self);

/* The section of a file that it is made of, and all that the file says of it. */
void relay_group_set_name (RelayGroup *self, const char *name, const char *fingerprint);
/* NULL without a file, as the next one. */
const char *relay_group_get_name (RelayGroup *self);
const char *relay_group_get_fingerprint (RelayGroup *self);

/* Each prints what is wrong on standard error, and returns the program's status for it. */
int relay_group_add_listen (RelayGroup *self, const char *address);
int relay_group_add_module (RelayGroup *self, const char *spec);
int relay_group_add_shadow (RelayGroup *self, const char *spec);
int relay_group_set_canary (RelayGroup *self, const char *percent);
int relay_group_set_target (RelayGroup *self, const char *address);
/* Takes @rule, which stands behind those that were added before. */
void relay_group_add_case (RelayGroup *self, RelayCase *rule);
/* Once all is said: with it the factory is made. */
int relay_group_complete (RelayGroup *self);
/* Instead of it, where something else is wrong: only says what is wrong with the modules. */
void relay_group_check_modules (RelayGroup *self);
/* Once its listeners are open, before it is started. */
int relay_group_check_listeners (RelayGroup *self);

/* For all that options say of where clients come from and go to. */
RelayRoute *relay_group_get_route (RelayGroup *self);

/* Has the shadow modules started, unless *@stopped is set meanwhile. */
int relay_group_start_shadow (RelayGroup *self, const gboolean *stopped);

gboolean relay_group_has_listeners (RelayGroup *self);
gboolean relay_group_is_idle (RelayGroup *self);

const char *const *relay_group_get_modules (RelayGroup *self);
guint relay_group_get_n_connections (RelayGroup *self);
/* Calls @func with each connection there is, in no order; it may not end any. */
void relay_group_foreach (RelayGroup *self, RelayConnectionFunc func, gpointer user_data);

/* How many connections there are room for; at first as many as the options say. */
void relay_group_set_max_connections (RelayGroup *self, guint max_connections);
/* For the options about who may connect, if they are new. */
void relay_group_note_addresses (RelayGroup *self);
/* Takes the listeners that @before has for the same addresses, once it is started. */
void relay_group_claim_ports (RelayGroup *self, RelayGroup *before);
/* Whether both have one of the addresses for datagrams. */
gboolean relay_group_has_same_datagrams (RelayGroup *self, RelayGroup *other);
/* Goes on counting where @before is. */
void relay_group_continue (RelayGroup *self, RelayGroup *before);
/* Has its listeners opened, before it is started. FALSE if there is nothing to be opened. */
gboolean relay_group_open (RelayGroup *self, Opening *opening);
/* Its part that passes datagrams, which is to be opened as well; NULL if it has none. */
RelayDatagrams *relay_group_get_datagrams (RelayGroup *self);
/* Starts to accept, and prints where, unless it was open. */
void relay_group_start (RelayGroup *self);
gboolean relay_group_is_started (RelayGroup *self);
/* Accepts no more connections; those that exist go on. Once, after it was started. */
void relay_group_stop (RelayGroup *self);

/* Adds what it has counted. @number: which one it is, from 1 on. */
void relay_group_describe (RelayGroup *self, guint number, const GPtrArray *former,
                           MetricsText *text);

G_END_DECLS
