/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/relay/relay-tally.h"

G_BEGIN_DECLS

/* How many connections there are, of all and of each peer, and what has become of the others. A
 * group that takes the place of another goes on counting where that one was. */
typedef struct _RelayPlaces RelayPlaces;

RelayPlaces *relay_places_new (void);
RelayPlaces *relay_places_ref (RelayPlaces *self);
void relay_places_unref (RelayPlaces *self);

/* Who is told when there is one less; NULL for nobody. */
void relay_places_set_watcher (RelayPlaces *self, void (*func) (gpointer), gpointer user_data);
/* Nobody is, if that was @user_data. */
void relay_places_drop_watcher (RelayPlaces *self, gpointer user_data);

/* @peer: its name, see imp_peer_name_of_stream(); or NULL. */
void relay_places_add (RelayPlaces *self, const char *peer);
void relay_places_remove (RelayPlaces *self, const char *peer);
guint relay_places_get_n (const RelayPlaces *self);
guint relay_places_count (RelayPlaces *self, const char *peer);
/* For those who tell others. */
RelayTally *relay_places_get_tally (RelayPlaces *self);

G_END_DECLS
