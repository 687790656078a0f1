/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-pool-choice-private.h"

#include <string.h>

typedef struct
{
  char *name;
  guint failures; /* without anything in between */
  guint priority;
  gboolean is_absent;
  gboolean is_ejected;
  gint64 until;      /* while it is ejected: when that is over */
  gint64 returned;   /* when it was taken back last */
  guint strikes;     /* ejections that are not forgotten */
  guint n_ejections; /* all of them */
} PoolServer;

struct _ImpPoolChoice
{
  ImpPoolBalance balance;
  const ImpPoolChoiceFuncs *funcs;
  gpointer user_data;
  GRand *random;
  gint64 ejection_time;
  GArray *servers;    /* of PoolServer */
  GArray *candidates; /* of guint: room for a choice */
  int avoided;        /* in the one that is being made; or -1 */
};

static void
pool_server_clear (gpointer server)
{
  g_free (((PoolServer *) server)->name);
}

ImpPoolChoice *
imp_pool_choice_new (ImpPoolBalance balance, guint32 seed, const ImpPoolChoiceFuncs *funcs,
                     gpointer user_data)
{
  ImpPoolChoice *self = g_new0 (ImpPoolChoice, 1);

  self->balance = balance;
  self->funcs = funcs;
  self->user_data = user_data;
  self->random = g_rand_new_with_seed (seed);
  self->ejection_time = IMP_POOL_EJECTION_TIME;
  self->avoided = -1;
  self->servers = g_array_new (FALSE, TRUE, sizeof (PoolServer));
  g_array_set_clear_func (self->servers, pool_server_clear);
  self->candidates = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

void
imp_pool_choice_free (ImpPoolChoice *self)
{
  g_array_unref (self->candidates);
  g_array_unref (self->servers);
  g_rand_free (self->random);
  g_free (self);
}

void
imp_pool_choice_set_ejection_time (ImpPoolChoice *self, gint64 time)
{
  self->ejection_time = time;
}

guint
imp_pool_choice_add_server (ImpPoolChoice *self, const char *name)
{
  PoolServer server = { .name = g_strdup (name) };

  g_array_append_val (self->servers, server);
  return self->servers->len - 1;
}

static PoolServer *
pool_choice_get_server (ImpPoolChoice *self, guint server)
{
  g_assert (server < self->servers->len);
  return &g_array_index (self->servers, PoolServer, server);
}

void
imp_pool_choice_set_priority (ImpPoolChoice *self, guint server, guint priority)
{
  pool_choice_get_server (self, server)->priority = priority;
}

void
imp_pool_choice_set_present (ImpPoolChoice *self, guint server, gboolean present)
{
  PoolServer *one = pool_choice_get_server (self, server);

  one->is_absent = !present;
  /* Nobody asks it for an answer. */
  if (!present)
    one->is_ejected = FALSE;
}

void
imp_pool_choice_replace_server (ImpPoolChoice *self, guint server, const char *name)
{
  PoolServer *old = pool_choice_get_server (self, server);

  pool_server_clear (old);
  *old = (PoolServer){ .name = g_strdup (name) };
}

/* --- which of them --- */

/* Fowler/Noll/Vo, and then every bit of it depends on all of them: the same in every process. */
static guint64
pool_hash (const char *name, const char *key)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  for (gsize i = 0; i <= strlen (name); i++)
    hash = (hash ^ (guint8) name[i]) * G_GUINT64_CONSTANT (0x100000001b3);
  for (; *key != '\0'; key++)
    hash = (hash ^ (guint8) *key) * G_GUINT64_CONSTANT (0x100000001b3);
  hash = (hash ^ hash >> 33) * G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  hash = (hash ^ hash >> 33) * G_GUINT64_CONSTANT (0xc4ceb9fe1a85ec53);
  return hash ^ hash >> 33;
}

/* Each server draws a lot with each key: where one goes, only its own keys go elsewhere. */
static guint
pool_choice_pick_by_hash (ImpPoolChoice *self, const char *key)
{
  guint best = 0;
  guint64 best_hash = 0;

  for (guint i = 0; i < self->candidates->len; i++)
    {
      guint server = g_array_index (self->candidates, guint, i);
      guint64 hash = pool_hash (pool_choice_get_server (self, server)->name, key);

      if (i == 0 || hash > best_hash)
        {
          best = server;
          best_hash = hash;
        }
    }
  return best;
}

static guint
pool_choice_pick_of_two (ImpPoolChoice *self)
{
  guint n = self->candidates->len;
  guint at[2] = { g_rand_int_range (self->random, 0, n), 0 };
  guint servers[2];
  ImpPoolLoad loads[2];

  if (n == 1)
    return g_array_index (self->candidates, guint, 0);
  at[1] = (at[0] + g_rand_int_range (self->random, 1, n)) % n;
  for (guint i = 0; i < 2; i++)
    {
      servers[i] = g_array_index (self->candidates, guint, at[i]);
      self->funcs->get_load (servers[i], &loads[i], self->user_data);
    }
  if (loads[0].bytes != loads[1].bytes)
    return servers[loads[0].bytes < loads[1].bytes ? 0 : 1];
  return servers[loads[0].n_analyzers <= loads[1].n_analyzers ? 0 : 1];
}

/* Those that are at least so ready, of the lowest priority that has such. */
static void
pool_choice_collect (ImpPoolChoice *self, ImpPoolReadiness readiness, gboolean ejected)
{
  guint lowest = G_MAXUINT;

  g_array_set_size (self->candidates, 0);
  for (guint i = 0; i < self->servers->len; i++)
    {
      PoolServer *server = pool_choice_get_server (self, i);

      if ((int) i == self->avoided || server->is_absent || server->is_ejected != ejected
          || server->priority > lowest
          || self->funcs->get_readiness (i, self->user_data) < readiness)
        continue;
      if (server->priority < lowest)
        g_array_set_size (self->candidates, 0);
      lowest = server->priority;
      g_array_append_val (self->candidates, i);
    }
}

int
imp_pool_choice_pick (ImpPoolChoice *self, const char *key)
{
  gboolean by_hash = self->balance == IMP_POOL_HASH && key != NULL;

  /* A key waits for its server: others would know nothing of what belongs to it. */
  pool_choice_collect (self, by_hash ? IMP_POOL_COMING : IMP_POOL_READY, FALSE);
  if (self->candidates->len == 0)
    pool_choice_collect (self, IMP_POOL_COMING, FALSE);
  /* One that has failed is better than none. */
  if (self->candidates->len == 0)
    pool_choice_collect (self, IMP_POOL_READY, TRUE);
  if (self->candidates->len == 0)
    return -1;
  if (by_hash)
    return pool_choice_pick_by_hash (self, key);
  if (self->balance == IMP_POOL_FIRST)
    return g_array_index (self->candidates, guint, 0);
  return pool_choice_pick_of_two (self);
}

int
imp_pool_choice_pick_other (ImpPoolChoice *self, const char *key, guint avoided)
{
  int server;

  self->avoided = avoided;
  server = imp_pool_choice_pick (self, key);
  self->avoided = -1;
  return server >= 0 ? server : imp_pool_choice_pick (self, key);
}

/* --- ejection --- */

/* Would at most half of those that are present be ejected then? */
static gboolean
pool_choice_may_eject (ImpPoolChoice *self)
{
  guint n_ejected = 1, n = 0;

  for (guint i = 0; i < self->servers->len; i++)
    {
      PoolServer *server = pool_choice_get_server (self, i);

      n += !server->is_absent;
      n_ejected += !server->is_absent && server->is_ejected;
    }
  return n_ejected <= n / 2;
}

static void
pool_choice_forgive (PoolServer *server, gint64 now)
{
  gint64 forgiven = server->strikes > 0 ? (now - server->returned) / IMP_POOL_FORGIVING_TIME : 0;

  server->strikes -= (guint) CLAMP (forgiven, 0, server->strikes);
}

static void
pool_choice_eject (ImpPoolChoice *self, PoolServer *server, gint64 now)
{
  pool_choice_forgive (server, now);
  server->is_ejected = TRUE;
  server->failures = 0;
  server->strikes++;
  server->n_ejections++;
  server->until = now + (gint64) server->strikes * self->ejection_time;
  server->returned = server->until;
}

gboolean
imp_pool_choice_note_failure (ImpPoolChoice *self, guint index, gint64 now)
{
  PoolServer *server = pool_choice_get_server (self, index);

  if (server->is_ejected || server->is_absent)
    return FALSE;
  server->failures++;
  /* Where more than half of them fail, it is hardly the servers' fault, and the rest could not do
   * the work of all. */
  if (server->failures < IMP_POOL_FAILURES_MAX || !pool_choice_may_eject (self))
    return FALSE;
  pool_choice_eject (self, server, now);
  return TRUE;
}

void
imp_pool_choice_note_success (ImpPoolChoice *self, guint server)
{
  pool_choice_get_server (self, server)->failures = 0;
}

gboolean
imp_pool_choice_wants_probe (ImpPoolChoice *self, guint index, gint64 now)
{
  PoolServer *server = pool_choice_get_server (self, index);

  return server->is_ejected && now >= server->until;
}

void
imp_pool_choice_note_probe (ImpPoolChoice *self, guint index, gboolean answered, gint64 now)
{
  PoolServer *server = pool_choice_get_server (self, index);

  if (!server->is_ejected)
    return;
  if (!answered)
    {
      pool_choice_eject (self, server, now);
      return;
    }
  server->is_ejected = FALSE;
  server->returned = now;
}

gboolean
imp_pool_choice_is_ejected (ImpPoolChoice *self, guint server)
{
  return pool_choice_get_server (self, server)->is_ejected;
}

gint64
imp_pool_choice_get_ejected_until (ImpPoolChoice *self, guint server)
{
  return pool_choice_get_server (self, server)->until;
}

guint
imp_pool_choice_get_failures (ImpPoolChoice *self, guint server)
{
  return pool_choice_get_server (self, server)->failures;
}

guint
imp_pool_choice_get_n_ejections (ImpPoolChoice *self, guint server)
{
  return pool_choice_get_server (self, server)->n_ejections;
}
