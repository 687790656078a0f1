/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-pool-object-private.h"

#include "core/imp-context-private.h"
#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "core/imp-source-private.h"

/* Milliseconds between looks at servers that were ejected. */
#define PROBE_INTERVAL 1000
/* Microseconds within which such a server has to answer. */
#define PROBE_TIME (5 * G_USEC_PER_SEC)
#define NO_SERVER "there is no server"

ImpPool *
imp_pool_ref (ImpPool *self)
{
  self->ref_count++;
  return self;
}

void
imp_pool_unref (ImpPool *self)
{
  if (--self->ref_count > 0)
    return;
  g_ptr_array_unref (self->watchers);
  g_ptr_array_unref (self->places);
  g_ptr_array_unref (self->members);
  g_clear_object (&self->codec);
  imp_pool_choice_free (self->choice);
  g_clear_pointer (&self->interface, imp_interface_unref);
  g_main_context_unref (self->context);
  g_rc_box_release (self->budget);
  g_free (self->key);
  g_free (self);
}

static void
pool_place_free (PoolPlace *place)
{
  imp_channel_free (place->channel);
  g_free (place);
}

typedef struct
{
  gpointer watcher;
  GDestroyNotify destroy;
} PoolWatcher;

static void
pool_watcher_free (PoolWatcher *watcher)
{
  watcher->destroy (watcher->watcher);
  g_free (watcher);
}

static void
pool_member_free (PoolMember *member)
{
  g_ptr_array_unref (member->places);
  g_free (member->name);
  g_free (member->tls_name);
  g_free (member);
}

/* --- what they say --- */

static void
pool_on_changed (gpointer user_data)
{
  PoolPlace *place = user_data;
  g_autoptr (ImpPool) self = imp_pool_ref (place->pool);
  ImpRemoteState state = imp_pool_get_state (self);

  if (state == self->state)
    return;
  self->state = state;
  if (self->changed != NULL)
    self->changed (self->user_data);
}

static gboolean
pool_on_rescue (gpointer user_data)
{
  g_autoptr (ImpPool) self = imp_pool_ref (user_data);

  imp_source_clear (&self->rescue);
  for (guint i = 0; i < self->members->len; i++)
    {
      PoolMember *member = self->members->pdata[i];

      for (guint j = 0; member->wants_rescue && j < member->places->len; j++)
        imp_channel_hand_over (((PoolPlace *) member->places->pdata[j])->channel);
      member->wants_rescue = FALSE;
    }
  return G_SOURCE_REMOVE;
}

static void
pool_rescue (ImpPool *self, PoolMember *member)
{
  member->wants_rescue = TRUE;
  if (self->rescue == NULL)
    self->rescue = imp_source_add_idle (self->context, "imp pool: rescue", pool_on_rescue, self);
}

static void pool_watch_ejected (ImpPool *self);

static void
pool_on_failed (gboolean judged, gpointer user_data)
{
  PoolPlace *place = user_data;
  ImpPool *self = place->pool;
  PoolMember *member = self->members->pdata[place->server];
  gint64 now = g_get_monotonic_time ();

  if (judged)
    imp_pool_choice_note_success (self->choice, place->server);
  if (!imp_pool_choice_note_failure (self->choice, place->server, now))
    return;
  imp_log_kind (IMP_LOG_SERVER_LEFT_OUT,
                "%s has failed %u times in a row: others are asked for %.0f s", member->name,
                IMP_POOL_FAILURES_MAX,
                (imp_pool_choice_get_ejected_until (self->choice, place->server) - now)
                  / (double) G_USEC_PER_SEC);
  member->probed = 0;
  pool_watch_ejected (self);
  pool_rescue (self, member);
}

static void
pool_note_probe (ImpPool *self, guint server, gboolean answered)
{
  PoolMember *member = self->members->pdata[server];

  member->probed = 0;
  imp_pool_choice_note_probe (self->choice, server, answered, g_get_monotonic_time ());
  if (answered)
    imp_log_kind (IMP_LOG_SERVER_BACK, "%s answers: it gets analyzers again", member->name);
  else
    imp_log_kind (IMP_LOG_SERVER_LEFT_OUT, "%s still does not answer", member->name);
}

static void
pool_on_answered (gpointer user_data)
{
  PoolPlace *place = user_data;
  PoolMember *member = place->pool->members->pdata[place->server];

  if (member->probed != 0)
    pool_note_probe (place->pool, place->server, TRUE);
}

static void
pool_probe (ImpPool *self, guint server, gint64 now)
{
  PoolMember *member = self->members->pdata[server];
  PoolPlace *place = imp_pool_member_pick (member);

  if (member->probed != 0)
    {
      if (now - member->probed > PROBE_TIME)
        pool_note_probe (self, server, FALSE);
      return;
    }
  /* One that cannot be reached is not chosen anyway. */
  if (imp_pool_place_get_readiness (place) != IMP_POOL_READY)
    return;
  member->probed = now;
  /* With version 1 there is no question: that it is connected has to do. */
  if (!imp_channel_ping (place->channel) && member->probed != 0)
    pool_note_probe (self, server, TRUE);
}

static gboolean
pool_on_prober (gpointer user_data)
{
  g_autoptr (ImpPool) self = imp_pool_ref (user_data);
  gint64 now = g_get_monotonic_time ();
  guint n_ejected = 0;

  for (guint i = 0; i < self->members->len; i++)
    {
      if (imp_pool_choice_wants_probe (self->choice, i, now))
        pool_probe (self, i, now);
      n_ejected += imp_pool_choice_is_ejected (self->choice, i);
    }
  if (n_ejected == 0)
    imp_source_clear (&self->prober);
  return G_SOURCE_CONTINUE;
}

static void
pool_watch_ejected (ImpPool *self)
{
  if (self->prober == NULL)
    self->prober = imp_source_add_timeout (self->context, PROBE_INTERVAL, "imp pool: probes",
                                           pool_on_prober, self);
}

static void
pool_on_stranded (GPtrArray *analyzers, ImpClientConnection *connection, gpointer user_data)
{
  PoolPlace *place = user_data;
  g_autoptr (ImpPool) self = imp_pool_ref (place->pool);

  imp_pool_hand_on (self, place->server, analyzers, connection);
}

static const ImpChannelFuncs pool_channel_funcs = {
  .changed = pool_on_changed,
  .failed = pool_on_failed,
  .answered = pool_on_answered,
  .stranded = pool_on_stranded,
};

/* --- making it --- */

ImpPool *
imp_pool_new (GMainContext *context, ImpInterface *interface, ImpSoftBudget *budget,
              void (*changed) (gpointer user_data), gpointer user_data)
{
  ImpPool *self = g_new0 (ImpPool, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->interface = interface != NULL ? imp_interface_ref (interface) : NULL;
  self->changed = changed;
  self->user_data = user_data;
  self->budget = budget != NULL ? g_rc_box_acquire (budget) : g_rc_box_new0 (ImpSoftBudget);
  self->places = g_ptr_array_new_with_free_func ((GDestroyNotify) pool_place_free);
  self->members = g_ptr_array_new_with_free_func ((GDestroyNotify) pool_member_free);
  self->watchers = g_ptr_array_new_with_free_func ((GDestroyNotify) pool_watcher_free);
  imp_pool_set_balance (self, IMP_POOL_TWO_CHOICES, NULL);
  return self;
}

void
imp_pool_set_balance (ImpPool *self, ImpPoolBalance balance, const char *key)
{
  g_assert (self->members->len == 0);

  g_clear_pointer (&self->choice, imp_pool_choice_free);
  self->choice = imp_pool_choice_new (balance, g_random_int (), &imp_pool_choice_funcs, self);
  g_free (self->key);
  self->key = g_strdup (key);
}

/* Where there is nobody else, nothing is kept for others. */
static void
pool_set_channel_options (ImpPool *self, ImpChannel *channel)
{
  ImpChannelOptions options = self->options;

  if (channel == self->only)
    options.connection.max_replay = 0;
  imp_channel_set_options (channel, &options);
}

static void
pool_apply_options (ImpPool *self)
{
  for (guint i = 0; i < self->places->len; i++)
    pool_set_channel_options (self, ((PoolPlace *) self->places->pdata[i])->channel);
}

void
imp_pool_connect_member (ImpPool *self, guint index, const ImpPoolServer *server,
                         guint n_connections)
{
  PoolMember *member = self->members->pdata[index];

  g_free (member->tls_name);
  member->tls_name = server->tls != NULL ? g_strdup (server->tls->name) : NULL;
  for (guint i = 0; i < n_connections; i++)
    {
      PoolPlace *place = g_new0 (PoolPlace, 1);

      place->pool = self;
      place->server = index;
      place->channel = imp_channel_new (self->context, server->target, server->stream, server->name,
                                        self->interface, self->budget, &pool_channel_funcs, place);
      if (server->tls != NULL)
        imp_channel_set_tls (place->channel,
                             &(ImpClientTls){ server->tls->credentials, member->tls_name,
                                              server->tls->port });
      pool_set_channel_options (self, place->channel);
      imp_channel_set_codec (place->channel, self->codec);
      g_ptr_array_add (self->places, place);
      g_ptr_array_add (member->places, place);
    }
}

void
imp_pool_add_server (ImpPool *self, const ImpPoolServer *server, guint n_connections)
{
  PoolMember *member = g_new0 (PoolMember, 1);
  guint index = imp_pool_choice_add_server (self->choice, server->name);

  g_assert (n_connections > 0);

  imp_pool_choice_set_priority (self->choice, index, server->priority);
  member->name = g_strdup (server->name);
  member->group = server->group;
  member->places = g_ptr_array_new ();
  g_ptr_array_add (self->members, member);
  imp_pool_connect_member (self, index, server, n_connections);
  self->only = self->places->len == 1 && server->group == 0
                 ? ((PoolPlace *) self->places->pdata[0])->channel
                 : NULL;
  pool_apply_options (self);
}

void
imp_pool_add_watcher (ImpPool *self, gpointer watcher, GDestroyNotify destroy)
{
  PoolWatcher *one = g_new0 (PoolWatcher, 1);

  *one = (PoolWatcher){ watcher, destroy };
  g_ptr_array_add (self->watchers, one);
}

void
imp_pool_set_codec (ImpPool *self, ImpCodec *codec)
{
  g_set_object (&self->codec, codec);
  for (guint i = 0; i < self->places->len; i++)
    imp_channel_set_codec (((PoolPlace *) self->places->pdata[i])->channel, codec);
}

void
imp_pool_set_options (ImpPool *self, const ImpChannelOptions *options)
{
  self->options = *options;
  self->budget->limit = options->connection.soft_limit;
  pool_apply_options (self);
}

/* --- its end --- */

void
imp_pool_close (ImpPool *self, const GError *error)
{
  g_autoptr (ImpPool) guard = imp_pool_ref (self);

  self->is_closed = TRUE;
  imp_source_clear (&self->prober);
  imp_source_clear (&self->rescue);
  for (guint i = 0; i < self->places->len; i++)
    imp_channel_close (((PoolPlace *) self->places->pdata[i])->channel, error);
}

void
imp_pool_free (ImpPool *self)
{
  self->changed = NULL;
  imp_source_clear (&self->prober);
  imp_source_clear (&self->rescue);
  g_ptr_array_set_size (self->watchers, 0);
  imp_pool_unref (self);
}

/* --- using it --- */

/* Whoever is not connected yet may be wanted next. */
static void
pool_start (ImpPool *self)
{
  if (self->started)
    return;
  self->started = TRUE;
  for (guint i = 0; i < self->places->len; i++)
    imp_channel_start (((PoolPlace *) self->places->pdata[i])->channel);
}

/* For what cannot wait, when no server can be used: the one to which there is an attempt first.
 * NULL if all of them are gone. */
static ImpChannel *
pool_find_nearest (ImpPool *self)
{
  ImpChannel *nearest = NULL;
  gint64 least = -1;

  for (guint i = 0; i < self->places->len; i++)
    {
      PoolPlace *place = self->places->pdata[i];
      ImpChannel *channel = place->channel;
      gint64 retry = imp_channel_get_retry (channel);

      if (imp_pool_is_gone (self, place->server))
        continue;
      if (nearest != NULL && (retry < 0 || (least >= 0 && retry >= least)))
        continue;
      nearest = channel;
      least = retry;
    }
  return nearest;
}

static ImpChannel *
pool_pick (ImpPool *self, const char *key)
{
  int server = imp_pool_choice_pick (self->choice, key);

  if (server < 0)
    return pool_find_nearest (self);
  return imp_pool_member_pick (self->members->pdata[server])->channel;
}

static void
pool_resolve (ImpPool *self, ImpRemoteAnalyzer *analyzer)
{
  self->past.analyzers++;
  if (imp_remote_analyzer_resolve_within (IMP_ANALYZER (analyzer), self->budget,
                                          self->options.connection.fail, NO_SERVER))
    self->past.connection.resolved_soft++;
  else
    self->past.connection.resolved_hard++;
}

static void
pool_add_picked (ImpPool *self, ImpRemoteAnalyzer *analyzer)
{
  g_autoptr (ImpPool) guard = imp_pool_ref (self);
  ImpChannel *channel;
  const char *key = NULL;

  if (self->key != NULL)
    key = imp_context_lookup (imp_analyzer_peek_context (IMP_ANALYZER (analyzer)), self->key);
  pool_start (self);
  channel = pool_pick (self, key);
  if (channel != NULL)
    imp_channel_add (channel, analyzer);
  else
    pool_resolve (self, analyzer);
}

void
imp_pool_add (ImpPool *self, ImpRemoteAnalyzer *analyzer)
{
  if (G_LIKELY (self->only != NULL))
    imp_channel_add (self->only, analyzer);
  else
    pool_add_picked (self, analyzer);
}

void
imp_pool_query (ImpPool *self, GList *wanted, GTask *task)
{
  g_autoptr (ImpPool) guard = imp_pool_ref (self);
  ImpChannel *channel = self->only != NULL ? self->only : pool_pick (self, NULL);

  if (channel != NULL)
    {
      imp_channel_query (channel, wanted, task);
      return;
    }
  g_task_return_new_error (task, IMP_ERROR, IMP_ERROR_CLOSED, NO_SERVER);
  g_object_unref (task);
}

/* A question to all of them, which the first one answers that can. */
typedef struct
{
  GTask *task; /* NULL: answered */
  guint n_open;
  GError *error; /* of the first one that cannot */
} PoolConnecting;

static void
pool_connecting_on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  PoolConnecting *connecting = user_data;
  g_autoptr (GError) error = NULL;
  gboolean connected = g_task_propagate_boolean (G_TASK (result), &error);

  connecting->n_open--;
  if (connecting->error == NULL)
    connecting->error = g_steal_pointer (&error);
  if (connecting->task != NULL && (connected || connecting->n_open == 0))
    {
      g_autoptr (GTask) task = g_steal_pointer (&connecting->task);

      if (connected)
        g_task_return_boolean (task, TRUE);
      else
        g_task_return_error (task, g_error_copy (connecting->error));
    }
  if (connecting->n_open > 0)
    return;
  g_clear_error (&connecting->error);
  g_free (connecting);
}

void
imp_pool_connect (ImpPool *self, GTask *task)
{
  g_autoptr (ImpPool) guard = imp_pool_ref (self);
  PoolConnecting *connecting;

  if (self->only != NULL)
    {
      imp_channel_connect (self->only, task);
      return;
    }
  self->started = TRUE;
  connecting = g_new0 (PoolConnecting, 1);
  connecting->task = task;
  connecting->n_open = self->places->len;
  for (guint i = 0; i < self->places->len; i++)
    imp_channel_connect (((PoolPlace *) self->places->pdata[i])->channel,
                         g_task_new (NULL, NULL, pool_connecting_on_done, connecting));
}

void
imp_pool_set_ejection_time (ImpPool *self, gint64 time)
{
  imp_pool_choice_set_ejection_time (self->choice, time);
}
