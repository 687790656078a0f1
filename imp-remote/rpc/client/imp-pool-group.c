/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers of a pool that come and go. */
#include "rpc/client/imp-pool-object-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"

static void
pool_close_member (PoolMember *member)
{
  g_autoptr (GError) error = g_error_new (IMP_ERROR, IMP_ERROR_CLOSED, "%s is no server any more",
                                          member->name);

  member->is_closed = TRUE;
  for (guint i = 0; i < member->places->len; i++)
    imp_channel_close (((PoolPlace *) member->places->pdata[i])->channel, error);
}

static guint
pool_member_count (PoolMember *member)
{
  guint n = 0;

  for (guint i = 0; i < member->places->len; i++)
    n += imp_channel_get_n_analyzers (((PoolPlace *) member->places->pdata[i])->channel);
  return n;
}

void
imp_pool_sweep (ImpPool *self)
{
  g_autoptr (ImpPool) guard = imp_pool_ref (self);

  for (guint i = 0; i < self->members->len; i++)
    {
      PoolMember *member = self->members->pdata[i];

      if (member->is_gone && !member->is_closed && pool_member_count (member) == 0)
        pool_close_member (member);
    }
}

static gboolean
pool_is_among (const ImpPoolServer *servers, guint n_servers, const char *name)
{
  for (guint i = 0; i < n_servers; i++)
    if (g_str_equal (servers[i].name, name))
      return TRUE;
  return FALSE;
}

/* Its channels were closed. */
static void
pool_renew_member (ImpPool *self, guint index, const ImpPoolServer *server, guint n_connections)
{
  PoolMember *member = self->members->pdata[index];

  for (guint i = 0; i < member->places->len; i++)
    {
      PoolPlace *place = member->places->pdata[i];

      imp_channel_add_counters (place->channel, &self->past);
      g_ptr_array_remove (self->places, place);
    }
  g_ptr_array_set_size (member->places, 0);
  g_free (member->name);
  member->name = g_strdup (server->name);
  member->group = server->group;
  member->is_closed = FALSE;
  member->probed = 0;
  imp_pool_choice_replace_server (self->choice, index, server->name);
  imp_pool_connect_member (self, index, server, n_connections);
}

/* Where this one is, or another one was of which nothing is left; else behind all of them. */
static guint
pool_find_slot (ImpPool *self, guint group, const char *name)
{
  guint slot = self->members->len;

  for (guint i = 0; i < self->members->len; i++)
    {
      PoolMember *member = self->members->pdata[i];

      if (member->group == group && g_str_equal (member->name, name))
        return i;
      if (member->is_closed)
        slot = i;
    }
  return slot;
}

/* For one more of those that are used; or, with those that only finish what they have, of all: a
 * service may have as many of these as it may have of others. */
static gboolean
pool_has_room (ImpPool *self, guint n_connections, gboolean of_all)
{
  guint times = of_all ? 2 : 1, n_servers = 0, n_channels = n_connections;

  for (guint i = 0; i < self->members->len; i++)
    {
      PoolMember *member = self->members->pdata[i];

      if (member->is_closed || (member->is_gone && !of_all))
        continue;
      n_servers++;
      n_channels += member->places->len;
    }
  return n_servers < times * IMP_POOL_SERVERS_MAX && n_channels <= times * IMP_POOL_CHANNELS_MAX;
}

/* Those that have just gone may still give a connection to who waits for one: they are closed
 * before it is time only where they are in the way. */
static gboolean
pool_make_room (ImpPool *self, guint n_connections)
{
  if (!pool_has_room (self, n_connections, FALSE))
    return FALSE;
  if (pool_has_room (self, n_connections, TRUE))
    return TRUE;
  imp_pool_sweep (self);
  return !self->is_closed && pool_has_room (self, n_connections, TRUE);
}

static void
pool_set_gone (ImpPool *self, guint slot, gboolean gone)
{
  ((PoolMember *) self->members->pdata[slot])->is_gone = gone;
  imp_pool_choice_set_present (self->choice, slot, !gone);
}

/* Where it is now; -1 if it is left out. */
static int
pool_find_place (ImpPool *self, const ImpPoolServer *server, guint n_connections)
{
  guint slot = pool_find_slot (self, server->group, server->name);
  PoolMember *member = slot < self->members->len ? self->members->pdata[slot] : NULL;

  if (member != NULL && !member->is_closed)
    return !member->is_gone || pool_has_room (self, n_connections, FALSE) ? (int) slot : -1;
  if (!pool_make_room (self, n_connections))
    return -1;
  slot = pool_find_slot (self, server->group, server->name);
  if (slot == self->members->len)
    imp_pool_add_server (self, server, n_connections);
  else
    pool_renew_member (self, slot, server, n_connections);
  return slot;
}

static gboolean
pool_take_in (ImpPool *self, const ImpPoolServer *server, guint n_connections)
{
  int slot = pool_find_place (self, server, n_connections);
  PoolMember *member;

  if (slot < 0)
    {
      imp_log_message ("There are more servers than can be used: %s is left out", server->name);
      return FALSE;
    }
  member = self->members->pdata[slot];
  pool_set_gone (self, slot, FALSE);
  imp_pool_choice_set_priority (self->choice, slot, server->priority);
  for (guint i = 0; i < member->places->len && self->started; i++)
    imp_channel_start (((PoolPlace *) member->places->pdata[i])->channel);
  return TRUE;
}

/* The slots of those that were there until now. */
static GArray *
pool_let_go (ImpPool *self, guint group, const ImpPoolServer *servers, guint n_servers)
{
  GArray *slots = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->members->len; i++)
    {
      PoolMember *member = self->members->pdata[i];

      if (member->group != group || member->is_gone
          || pool_is_among (servers, n_servers, member->name))
        continue;
      pool_set_gone (self, i, TRUE);
      g_array_append_val (slots, i);
    }
  return slots;
}

/* Better those that are no servers any more than none at all. */
static void
pool_take_back (ImpPool *self, const GArray *slots)
{
  for (guint i = 0; i < slots->len; i++)
    {
      guint slot = g_array_index (slots, guint, i);

      if (!((PoolMember *) self->members->pdata[slot])->is_closed)
        pool_set_gone (self, slot, FALSE);
    }
}

void
imp_pool_set_group (ImpPool *self, guint group, const ImpPoolServer *servers, guint n_servers,
                    guint n_connections)
{
  g_autoptr (ImpPool) guard = imp_pool_ref (self);
  g_autoptr (GArray) slots = NULL;
  guint n_taken = 0;

  /* Those that went before: who waits for a connection to one that goes now may still get it. */
  if (!self->is_closed)
    imp_pool_sweep (self);
  if (self->is_closed)
    return;
  slots = pool_let_go (self, group, servers, n_servers);
  for (guint i = 0; i < n_servers && !self->is_closed; i++)
    {
      ImpPoolServer one = servers[i];

      one.group = group;
      n_taken += pool_take_in (self, &one, n_connections);
    }
  if (n_taken == 0 && n_servers > 0)
    pool_take_back (self, slots);
}
