/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-places.h"

struct _RelayPlaces
{
  guint n;
  RelayTally tally;
  GHashTable *peers; /* a peer's name -> how many of them it has */
  void (*func) (gpointer);
  gpointer user_data;
};

RelayPlaces *
relay_places_new (void)
{
  RelayPlaces *self = g_rc_box_new0 (RelayPlaces);

  self->peers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

RelayPlaces *
relay_places_ref (RelayPlaces *self)
{
  return g_rc_box_acquire (self);
}

static void
relay_places_clear (RelayPlaces *self)
{
  g_hash_table_unref (self->peers);
}

void
relay_places_unref (RelayPlaces *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) relay_places_clear);
}

void
relay_places_set_watcher (RelayPlaces *self, void (*func) (gpointer), gpointer user_data)
{
  self->func = func;
  self->user_data = user_data;
}

void
relay_places_drop_watcher (RelayPlaces *self, gpointer user_data)
{
  if (self->user_data == user_data)
    relay_places_set_watcher (self, NULL, NULL);
}

RelayTally *
relay_places_get_tally (RelayPlaces *self)
{
  return &self->tally;
}

guint
relay_places_get_n (const RelayPlaces *self)
{
  return self->n;
}

guint
relay_places_count (RelayPlaces *self, const char *peer)
{
  return peer != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (self->peers, peer)) : 0;
}

void
relay_places_add (RelayPlaces *self, const char *peer)
{
  self->n++;
  if (peer != NULL)
    g_hash_table_insert (self->peers, g_strdup (peer),
                         GUINT_TO_POINTER (relay_places_count (self, peer) + 1));
}

void
relay_places_remove (RelayPlaces *self, const char *peer)
{
  const guint n = relay_places_count (self, peer);

  g_assert (self->n > 0 && (peer == NULL || n > 0));
  self->n--;
  if (n > 1)
    g_hash_table_insert (self->peers, g_strdup (peer), GUINT_TO_POINTER (n - 1));
  else if (n == 1)
    g_hash_table_remove (self->peers, peer);
  if (self->func != NULL)
    self->func (self->user_data);
}
