/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-rig.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "test-streams.h"

/* --- servers --- */

typedef struct
{
  ImpFactory parent;
  PoolServer *server;
} Stand;
typedef ImpFactoryClass StandClass;

typedef struct
{
  ImpAnalyzer parent;
  gint64 fed[2];
} Usher;
typedef ImpAnalyzerClass UsherClass;

static GType stand_get_type (void);
G_DEFINE_TYPE (Stand, stand, IMP_TYPE_FACTORY)
static GType usher_get_type (void);
G_DEFINE_TYPE (Usher, usher, IMP_TYPE_ANALYZER)

static gboolean
usher_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  Usher *self = (Usher *) analyzer;
  const char *holds = imp_analyzer_lookup_context (analyzer, "holds");

  self->fed[direction] += g_bytes_get_size (data);
  if (holds == NULL)
    imp_analyzer_pass_bytes (analyzer, direction, self->fed[direction]);
  return TRUE;
}

static void
usher_init (Usher *self)
{
}

static void
usher_class_init (UsherClass *klass)
{
  klass->data = usher_data;
}

/* Says one thing, if its context has that, and nothing of its input. */
static gboolean
mute_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  const char *says = imp_analyzer_lookup_context (analyzer, "says");

  if (g_strcmp0 (says, "pause") == 0)
    imp_analyzer_pause (analyzer, direction);
  else if (g_strcmp0 (says, "want") == 0)
    imp_analyzer_want (analyzer, direction, 1000);
  else if (g_strcmp0 (says, "prepass") == 0)
    imp_analyzer_prepass_bytes (analyzer, direction, 1);
  else if (g_strcmp0 (says, "account") == 0)
    imp_analyzer_account (analyzer, "key", "value");
  return TRUE;
}

typedef ImpAnalyzer Mute;
typedef ImpAnalyzerClass MuteClass;
static GType mute_get_type (void);
G_DEFINE_TYPE (Mute, mute, IMP_TYPE_ANALYZER)

static void
mute_init (Mute *self)
{
}

static void
mute_class_init (MuteClass *klass)
{
  klass->data = mute_data;
}

static ImpAnalyzer *
stand_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  PoolServer *server = ((Stand *) factory)->server;

  server->n_analyzers++;
  if (server->fails)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED, "none today");
      return NULL;
    }
  return g_object_new (server->holds ? mute_get_type () : usher_get_type (), NULL);
}

static void
stand_init (Stand *self)
{
}

static void
stand_class_init (StandClass *klass)
{
  klass->create_analyzer = stand_create_analyzer;
}

void
pool_server_start (PoolServer *self)
{
  g_autoptr (GError) error = NULL;

  self->server = imp_server_new (self->factory);
  imp_server_listen (self->server, self->path, &error);
  g_assert_no_error (error);
}

void
pool_server_close (PoolServer *self)
{
  imp_server_close (self->server);
  g_assert_finalize_object (g_steal_pointer (&self->server));
}

static void
pool_server_on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *stopped = user_data;

  imp_server_stop_finish (IMP_SERVER (source), result, NULL);
  if (stopped != NULL)
    *stopped = TRUE;
}

void
pool_server_stop (PoolServer *self, gboolean *stopped)
{
  imp_server_stop_async (self->server, NULL, pool_server_on_stopped, stopped);
}

/* --- the rig --- */

/* @mask: which of the servers are there. */
void
pool_rig_init (PoolRig *self, const char *balance, guint connections, guint mask)
{
  *self = (PoolRig){ .folder = g_dir_make_tmp ("imp-XXXXXX", NULL) };
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    {
      PoolServer *server = &self->servers[i];

      server->path = g_strdup_printf ("%s/%u", self->folder, i);
      server->factory = g_object_new (stand_get_type (), NULL);
      ((Stand *) server->factory)->server = server;
      self->addresses[i] = server->path;
      if ((mask & (1 << i)) != 0)
        pool_server_start (server);
    }
  self->remote = g_object_new (IMP_TYPE_REMOTE_FACTORY, "addresses", self->addresses, "balance",
                               balance, NULL);
  g_object_set (self->remote, "connections", connections, "reconnect-min", 10, "reconnect-max", 50,
                NULL);
  self->outcomes = g_ptr_array_new_with_free_func ((GDestroyNotify) test_outcome_free);
}

void
pool_rig_clear (PoolRig *self)
{
  g_ptr_array_unref (self->outcomes);
  g_assert_finalize_object (self->remote);
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    {
      if (self->servers[i].server != NULL)
        pool_server_close (&self->servers[i]);
      g_assert_finalize_object (self->servers[i].factory);
      g_free (self->servers[i].path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
}

gboolean
pool_rig_is_true (gpointer data)
{
  return *(gboolean *) data;
}

/* All of these, not only the first one. */
guint
pool_rig_count_ready (PoolRig *self)
{
  g_autoptr (GVariant) all = imp_remote_factory_get_statistics (self->remote);
  g_autoptr (GVariant) servers = g_variant_lookup_value (all, "servers", NULL);
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (servers); i++)
    {
      g_autoptr (GVariant) server = g_variant_get_child_value (servers, i);
      const char *state;

      g_assert_true (g_variant_lookup (server, "state", "&s", &state));
      n += g_str_equal (state, "ready");
    }
  return n;
}

typedef struct
{
  PoolRig *rig;
  guint n;
} Ready;

static gboolean
is_ready (gpointer data)
{
  Ready *ready = data;

  return pool_rig_count_ready (ready->rig) == ready->n;
}

void
pool_rig_wait_ready (PoolRig *self, guint n)
{
  Ready ready = { self, n };

  g_assert_true (test_run_until (is_ready, &ready, POOL_RIG_TIMEOUT));
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  imp_remote_factory_connect_finish (IMP_REMOTE_FACTORY (source), result, &error);
  *(gboolean *) user_data = TRUE;
}

void
pool_rig_connect (PoolRig *self, guint n_ready)
{
  gboolean done = FALSE;

  imp_remote_factory_connect_async (self->remote, NULL, on_connected, &done);
  g_assert_true (test_run_until (pool_rig_is_true, &done, POOL_RIG_TIMEOUT));
  pool_rig_wait_ready (self, n_ready);
}

TestOutcome *
pool_rig_add (PoolRig *self, const char *key, const char *value)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  TestOutcome *outcome;

  if (key != NULL)
    g_hash_table_insert (context, (gpointer) key, (gpointer) value);
  outcome = test_outcome_new (
    imp_factory_create_analyzer (IMP_FACTORY (self->remote), context, &error));
  g_assert_no_error (error);
  g_ptr_array_add (self->outcomes, outcome);
  imp_analyzer_data_bytes (outcome->analyzer, 0, (const guint8 *) "hello", 5, 0,
                           IMP_DATA_TYPE_STREAM);
  return outcome;
}

static gboolean
has_passed (gpointer data)
{
  return strstr (((TestOutcome *) data)->text->str, "pass dir=0 offset=5") != NULL;
}

gboolean
pool_rig_is_resolved (gpointer data)
{
  return test_outcome_is_resolved (data);
}

void
pool_rig_expect_passed (TestOutcome *outcome)
{
  if (!test_run_until (has_passed, outcome, POOL_RIG_TIMEOUT))
    g_error ("it did not pass: %s", outcome->text->str);
  g_assert_false (test_outcome_is_resolved (outcome));
}

guint64
pool_rig_get_total (PoolRig *self, const char *name)
{
  g_autoptr (GVariant) all = imp_remote_factory_get_statistics (self->remote);
  guint64 value;

  g_assert_true (g_variant_lookup (all, name, "t", &value));
  return value;
}

guint64
pool_rig_get (PoolRig *self, guint server, const char *name)
{
  g_autoptr (GVariant) all = imp_remote_factory_get_statistics (self->remote);
  g_autoptr (GVariant) servers = g_variant_lookup_value (all, "servers", NULL);
  g_autoptr (GVariant) one = g_variant_get_child_value (servers, server);
  guint64 value;

  g_assert_true (g_variant_lookup (one, name, "t", &value));
  return value;
}

gboolean
pool_rig_is_ejected (PoolRig *self, guint server)
{
  g_autoptr (GVariant) all = imp_remote_factory_get_statistics (self->remote);
  g_autoptr (GVariant) servers = g_variant_lookup_value (all, "servers", NULL);
  g_autoptr (GVariant) one = g_variant_get_child_value (servers, server);
  gboolean ejected;

  g_assert_true (g_variant_lookup (one, "ejected", "b", &ejected));
  return ejected;
}
