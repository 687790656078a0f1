/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "tool/metrics/metrics-text.h"
#include "tool/relay/relay-options.h"

G_BEGIN_DECLS

/* The part of a group that passes datagrams instead of connections: --listen udp:ADDRESS... and
 * --connect udp:ADDRESS. */
typedef struct _RelayDatagrams RelayDatagrams;

/* The end of opening: %TOOL_DONE, or what the program ends with. */
typedef void (*RelayDatagramsFunc) (int status, gpointer user_data);

/* Whether an address is one of these, by how it begins. */
gboolean relay_datagrams_is_address (const char *address);

/* @stopped is called when it is being stopped and no client is left. */
RelayDatagrams *relay_datagrams_new (void (*stopped) (gpointer), gpointer user_data);
void relay_datagrams_free (RelayDatagrams *self);

/* As those of a group. */
int relay_datagrams_add_listen (RelayDatagrams *self, const char *address);
int relay_datagrams_set_target (RelayDatagrams *self, const char *address);

/* Whether both have the same address to listen at, as it was written. */
gboolean relay_datagrams_share (const RelayDatagrams *self, const RelayDatagrams *other);

/* Binds its sockets, while the main loop runs; once. */
void relay_datagrams_open (RelayDatagrams *self, RelayDatagramsFunc done, gpointer user_data);
/* Gives that up: @done comes with %TOOL_FAILED, and nothing is printed. */
void relay_datagrams_cancel (RelayDatagrams *self);
/* Starts all of them, and prints where. Its sockets share the clients that there may be. */
void relay_datagrams_start (RelayDatagrams *self, ImpFactory *factory, const RelayOptions *options);
/* Takes no new clients; those that there are go on until they are silent. What another process has
 * taken over is not read any more. */
void relay_datagrams_stop (RelayDatagrams *self);
gboolean relay_datagrams_is_idle (RelayDatagrams *self);

/* Those that run, of ImpDatagramRelay; the array is its own. */
GPtrArray *relay_datagrams_peek_relays (RelayDatagrams *self);
/* Where their clients' datagrams go. */
const char *relay_datagrams_get_target (RelayDatagrams *self);

/* What the user wrote. */
char *relay_datagrams_list_listen (RelayDatagrams *self);
const char *relay_datagrams_get_target_text (RelayDatagrams *self);
/* Adds what it has counted. */
void relay_datagrams_describe (RelayDatagrams *self, MetricsText *text,
                               const MetricsLabels *labels);

G_END_DECLS
