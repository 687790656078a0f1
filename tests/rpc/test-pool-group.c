/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The servers of a pool that come and go, up to as many as there may be. */
#include "rpc/client/imp-pool-private.h"
#include "rpc/client/imp-remote-analyzer-private.h"
#include "test-outcome.h"
#include "test-streams.h"

#include "core/imp-error.h"

#include <gio/gunixsocketaddress.h>

#define GROUP 1
#define TIMEOUT 10000

typedef struct
{
  ImpPool *pool;
  GSocketConnectable *target; /* that nobody listens at */
  GObject *owner;
  GPtrArray *outcomes; /* of TestOutcome */
  guint n_connections;
} Rig;

static void
rig_init (Rig *self, guint n_connections, ImpFailMode fail)
{
  ImpChannelOptions options = { .reconnect_min = 100, .reconnect_max = 100 };
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpCodec) codec = imp_codec_new_by_name ("json", &error);

  g_assert_no_error (error);
  self->pool = imp_pool_new (g_main_context_default (), NULL, NULL, NULL, NULL);
  self->target = G_SOCKET_CONNECTABLE (g_unix_socket_address_new ("/dev/null/none"));
  self->owner = g_object_new (G_TYPE_OBJECT, NULL);
  self->outcomes = g_ptr_array_new_with_free_func ((GDestroyNotify) test_outcome_free);
  self->n_connections = n_connections;
  options.connection.fail = fail;
  options.connect_timeout = TIMEOUT;
  imp_pool_set_options (self->pool, &options);
  imp_pool_set_codec (self->pool, codec);
}

static void
rig_clear (Rig *self)
{
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, "it is over");

  imp_pool_close (self->pool, error);
  g_ptr_array_unref (self->outcomes);
  imp_pool_free (self->pool);
  g_object_unref (self->target);
  g_assert_finalize_object (self->owner);
}

/* The servers are the @n from number @first on. */
static void
rig_set (Rig *self, guint first, guint n)
{
  g_autofree ImpPoolServer *servers = g_new0 (ImpPoolServer, MAX (n, 1));
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("server %u", first + i));
      servers[i].name = names->pdata[i];
      servers[i].target = self->target;
    }
  imp_pool_set_group (self->pool, GROUP, servers, n, self->n_connections);
}

static TestOutcome *
rig_add (Rig *self, ImpChannel *channel)
{
  ImpRemoteAnalyzer *analyzer = imp_remote_analyzer_new (self->owner);
  TestOutcome *outcome;

  imp_analyzer_bind (IMP_ANALYZER (analyzer), NULL, NULL);
  if (channel != NULL)
    imp_channel_add (channel, analyzer);
  else
    imp_pool_add (self->pool, analyzer);
  outcome = test_outcome_new (IMP_ANALYZER (analyzer));
  g_ptr_array_add (self->outcomes, outcome);
  return outcome;
}

/* One for each of the servers that are used. */
static void
rig_add_to_all (Rig *self)
{
  for (guint i = 0; i < imp_pool_get_n_servers (self->pool); i++)
    if (!imp_pool_is_gone (self->pool, i))
      rig_add (self, imp_pool_get_channel (self->pool, i, 0));
}

/* Those that are used are the @n from number @first on. */
static void
rig_expect (Rig *self, guint first, guint n)
{
  guint n_used = 0;

  for (guint i = 0; i < imp_pool_get_n_servers (self->pool); i++)
    {
      guint64 number;

      if (imp_pool_is_gone (self->pool, i))
        continue;
      n_used++;
      g_assert_true (
        g_ascii_string_to_unsigned (imp_pool_get_name (self->pool, i) + strlen ("server "), 10,
                                    first, first + n - 1, &number, NULL));
    }
  g_assert_cmpuint (n_used, ==, n);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
is_set (gpointer error)
{
  return *(GError **) error != NULL;
}

static gboolean
is_resolved (gpointer outcome)
{
  return test_outcome_is_resolved (outcome);
}

/* As many as there may be, all of which are others later, and then others again. */
static void
check_replaced (guint n_servers, guint n_connections, gboolean busy)
{
  Rig rig;

  rig_init (&rig, n_connections, IMP_FAIL_HARD);
  for (guint round = 0; round < 5; round++)
    {
      rig_set (&rig, round * n_servers, n_servers);
      rig_expect (&rig, round * n_servers, n_servers);
      rig_add (&rig, NULL);
      if (busy && round == 0)
        rig_add_to_all (&rig);
      g_assert_cmpuint (imp_pool_get_n_servers (rig.pool), <=, 2 * n_servers + 1);
      /* What is left of the one before is over. */
      for (guint i = 0; i < rig.outcomes->len && round > 0; i++)
        imp_analyzer_close (((TestOutcome *) rig.outcomes->pdata[i])->analyzer);
    }
  rig_clear (&rig);
}

static void
test_replaced (void)
{
  for (guint busy = 0; busy < 2; busy++)
    {
      check_replaced (IMP_POOL_SERVERS_MAX, 1, busy);
      check_replaced (4, IMP_POOL_CHANNELS_MAX / 4, busy);
    }
}

/* While those of twice are still busy, there is no room for a third: the second ones stay, until
 * the first ones have nothing left. */
static void
test_no_room (void)
{
  Rig rig;
  guint n_first;

  rig_init (&rig, 64, IMP_FAIL_HARD);
  rig_set (&rig, 0, 4);
  rig_add_to_all (&rig);
  n_first = rig.outcomes->len;
  rig_set (&rig, 10, 4);
  rig_add_to_all (&rig);
  g_test_expect_message ("Imp-rpc", G_LOG_LEVEL_MESSAGE, "*server 20 is left out*");
  for (guint i = 1; i < 4; i++)
    g_test_expect_message ("Imp-rpc", G_LOG_LEVEL_MESSAGE, "*is left out*");
  rig_set (&rig, 20, 4);
  g_test_assert_expected_messages ();
  rig_expect (&rig, 10, 4);
  rig_add (&rig, NULL);
  /* Those of the first time may come back, in place of the others. */
  rig_set (&rig, 0, 4);
  rig_expect (&rig, 0, 4);
  rig_set (&rig, 10, 4);
  rig_expect (&rig, 10, 4);
  for (guint i = 0; i < n_first; i++)
    imp_analyzer_close (((TestOutcome *) rig.outcomes->pdata[i])->analyzer);
  rig_set (&rig, 20, 4);
  rig_expect (&rig, 20, 4);
  rig_clear (&rig);
}

/* Of more than there may be, the last ones are left out. */
static void
test_too_many (void)
{
  Rig rig;

  rig_init (&rig, 1, IMP_FAIL_HARD);
  g_test_expect_message ("Imp-rpc", G_LOG_LEVEL_MESSAGE, "*server 64 is left out*");
  rig_set (&rig, 0, IMP_POOL_SERVERS_MAX + 1);
  g_test_assert_expected_messages ();
  rig_expect (&rig, 0, IMP_POOL_SERVERS_MAX);
  rig_set (&rig, 64, 1);
  rig_expect (&rig, 64, 1);
  rig_clear (&rig);
}

/* Whoever asks a pool without servers hears so. */
static void
check_none (ImpFailMode fail)
{
  Rig rig;
  TestOutcome *outcome;
  g_autoptr (GError) error = NULL;

  rig_init (&rig, 2, fail);
  rig_set (&rig, 0, 2);
  rig_set (&rig, 0, 0);
  outcome = rig_add (&rig, NULL);
  g_assert_true (test_run_until (is_resolved, outcome, TIMEOUT));
  if (fail == IMP_FAIL_HARD)
    test_outcome_assert_hard (outcome);
  else
    test_outcome_assert_soft (outcome);
  g_assert_cmpstr (outcome->reason, ==, "there is no server");
  imp_pool_query (rig.pool, NULL, g_task_new (NULL, NULL, on_answered, &error));
  g_assert_true (test_run_until (is_set, &error, TIMEOUT));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_CLOSED);
  rig_clear (&rig);
}

static void
test_none (void)
{
  check_none (IMP_FAIL_HARD);
  check_none (IMP_FAIL_SOFT);
}

static guint64
count_analyzers (ImpPool *pool)
{
  g_autoptr (GVariant) all = NULL;
  GVariantBuilder builder;
  guint64 n;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  imp_pool_describe (pool, &builder);
  all = g_variant_ref_sink (g_variant_builder_end (&builder));
  g_assert_true (g_variant_lookup (all, "analyzers", "t", &n));
  return n;
}

/* What cannot move, since the other one fails at once (its stream cannot be polled), is counted
 * once, where it is. */
static void
test_not_moved (void)
{
  g_autoptr (GInputStream) base = g_memory_input_stream_new ();
  g_autoptr (GInputStream) input = g_buffered_input_stream_new (base);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) stream = g_simple_io_stream_new (input, output);
  Rig rig;
  TestOutcome *outcome;

  rig_init (&rig, 1, IMP_FAIL_HARD);
  rig_set (&rig, 0, 1);
  outcome = rig_add (&rig, NULL);
  imp_pool_add_server (rig.pool, &(ImpPoolServer){ .name = "broken", .stream = stream }, 1);
  g_assert_true (test_run_until (is_resolved, outcome, TIMEOUT));
  test_outcome_assert_hard (outcome);
  g_assert_cmpuint (count_analyzers (rig.pool), ==, 1);
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool-group/replaced", test_replaced);
  g_test_add_func ("/pool-group/no-room", test_no_room);
  g_test_add_func ("/pool-group/too-many", test_too_many);
  g_test_add_func ("/pool-group/none", test_none);
  g_test_add_func ("/pool-group/not-moved", test_not_moved);
  return g_test_run ();
}
