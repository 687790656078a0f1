/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* While there is no server everybody has an outcome, and once there is one again, all goes on. */
#include "test-outcome.h"
#include "test-raw-server.h"
#include "test-streams.h"
#include "usher.h"

#include "core/imp-error.h"
#include "core/imp-type-factory.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"
#include "rpc/client/imp-channel-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_ANALYZERS 1000

typedef struct
{
  char *directory, *path;
  ImpRemoteFactory *remote; /* what set_interface returned */
  ImpServer *server;
  GString *states;
} Rig;

static void
on_state (ImpRemoteFactory *remote, GParamSpec *pspec, gpointer user_data)
{
  g_string_append_c (user_data, "icrdx"[imp_remote_factory_get_state (remote)]);
}

static void
rig_init (Rig *rig, ImpFailMode fail)
{
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (GError) error = NULL;

  *rig = (Rig){ .directory = g_dir_make_tmp ("imp-XXXXXX", NULL) };
  rig->path = g_build_filename (rig->directory, "socket", NULL);
  rig->states = g_string_new (NULL);
  remote = imp_remote_factory_new (rig->path, &error);
  g_assert_no_error (error);
  g_object_set (remote, "fail", fail, "reconnect-min", 10, "reconnect-max", 50, NULL);
  rig->remote = IMP_REMOTE_FACTORY (
    imp_factory_set_interface (IMP_FACTORY (remote), interface, &error));
  g_assert_no_error (error);
  g_signal_connect (rig->remote, "notify::state", G_CALLBACK (on_state), rig->states);
}

static void
rig_serve (Rig *rig)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (usher_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS));
  g_autoptr (GError) error = NULL;

  rig->server = imp_server_new (factory);
  imp_server_listen (rig->server, rig->path, &error);
  g_assert_no_error (error);
}

static void
rig_stop_serving (Rig *rig)
{
  imp_server_close (rig->server);
  g_assert_finalize_object (rig->server);
  rig->server = NULL;
}

static void
rig_clear (Rig *rig)
{
  g_assert_finalize_object (rig->remote);
  if (rig->server != NULL)
    rig_stop_serving (rig);
  g_rmdir (rig->directory);
  g_string_free (rig->states, TRUE);
  g_free (rig->directory);
  g_free (rig->path);
}

static TestOutcome *
add (ImpRemoteFactory *remote)
{
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, &error);

  g_assert_no_error (error);
  return test_outcome_new (analyzer);
}

static void
feed (TestOutcome *outcome)
{
  imp_analyzer_data_bytes (outcome->analyzer, 0, (const guint8 *) "hello", 5, 0,
                           IMP_DATA_TYPE_STREAM);
}

static gboolean
is_ready (gpointer data)
{
  return imp_remote_factory_get_state (((Rig *) data)->remote) == IMP_REMOTE_STATE_READY;
}

static gboolean
is_down (gpointer data)
{
  return imp_remote_factory_get_state (((Rig *) data)->remote) == IMP_REMOTE_STATE_DOWN;
}

static gboolean
is_settled (gpointer data)
{
  return test_outcome_is_resolved (data);
}

static gboolean
is_passed (gpointer data)
{
  return strstr (((TestOutcome *) data)->text->str, "pass dir=0 offset=5") != NULL;
}

/* Without anybody's doing. */
static void
assert_works_again (Rig *rig)
{
  TestOutcome *outcome;

  g_assert_true (test_run_until (is_ready, rig, 5000));
  outcome = add (rig->remote);
  feed (outcome);
  g_assert_true (test_run_until (is_passed, outcome, 5000));
  g_assert_false (test_outcome_is_resolved (outcome));
  test_outcome_free (outcome);
}

static void
assert_outcomes (TestOutcome **outcomes, ImpFailMode fail)
{
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      g_assert_true (test_run_until (is_settled, outcomes[i], 5000));
      if (fail == IMP_FAIL_HARD)
        test_outcome_assert_hard (outcomes[i]);
      else
        test_outcome_assert_soft (outcomes[i]);
      test_outcome_free (outcomes[i]);
    }
}

static void
assert_counted (Rig *rig, ImpFailMode fail, guint64 expected)
{
  g_autoptr (GVariant) numbers = imp_remote_factory_get_statistics (rig->remote);
  guint64 n;

  g_assert_true (
    g_variant_lookup (numbers, fail == IMP_FAIL_HARD ? "settled-hard" : "settled-soft", "t", &n));
  g_assert_cmpuint (n, ==, expected);
}

/* A thousand come while there is no server; then there is one. */
static void
test_many_while_down (gconstpointer mode)
{
  ImpFailMode fail = GPOINTER_TO_UINT (mode);
  TestOutcome *outcomes[N_ANALYZERS];
  gint64 begin;
  Rig rig;

  rig_init (&rig, fail);
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      outcomes[i] = add (rig.remote);
      feed (outcomes[i]);
    }
  assert_outcomes (outcomes, fail);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
  assert_counted (&rig, fail, N_ANALYZERS);
  rig_serve (&rig);
  assert_works_again (&rig);
  assert_counted (&rig, fail, N_ANALYZERS);
  rig_clear (&rig);
}

/* The same for a server that goes while they live, again and again. */
static void
test_again_and_again (void)
{
  Rig rig;

  rig_init (&rig, IMP_FAIL_SOFT);
  for (int i = 0; i < 5; i++)
    {
      TestOutcome *outcome;

      rig_serve (&rig);
      if (i == 0)
        test_outcome_free (add (rig.remote));
      assert_works_again (&rig);
      outcome = add (rig.remote);
      rig_stop_serving (&rig);
      g_assert_true (test_run_until (is_down, &rig, 5000));
      test_outcome_assert_soft (outcome);
      test_outcome_free (outcome);
    }
  /* Connecting, ready, down: each change was notified. What is tried in the background is none. */
  g_test_message ("%s", rig.states->str);
  g_assert_cmpstr (rig.states->str, ==, "crdrdrdrdrd");
  rig_clear (&rig);
}

static void
test_not_if_unwanted (void)
{
  TestOutcome *outcome;
  Rig rig;

  rig_init (&rig, IMP_FAIL_HARD);
  g_object_set (rig.remote, "reconnect", FALSE, NULL);
  outcome = add (rig.remote);
  g_assert_true (test_run_until (is_settled, outcome, 5000));
  test_outcome_free (outcome);
  rig_serve (&rig);
  g_assert_false (test_run_until (is_ready, &rig, 300));
  rig_clear (&rig);
}

/* Every new connection begins with the interface. */
static void
test_interface_again (void)
{
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (GError) error = NULL;
  TestRaw *server = test_raw_new ();
  ImpRemoteFactory *remote = imp_remote_factory_new (server->address, &error);
  ImpFactory *bound;
  TestOutcome *outcome;

  g_assert_no_error (error);
  g_object_set (remote, "codec", "json", "reconnect-min", 10, "reconnect-max", 50, NULL);
  bound = imp_factory_set_interface (IMP_FACTORY (remote), interface, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (remote);
  outcome = add (IMP_REMOTE_FACTORY (bound));
  for (guint i = 1; i <= 3; i++)
    {
      test_raw_accept (server);
      test_raw_expect (server,
                       "{\"op\":\"set_interface\",\"interface\":{\"type\":-1,\"results\":"
                       "[\"pass\"]}}",
                       i);
      test_raw_say (server, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
      test_raw_hang_up (server, i == 2);
    }
  g_assert_true (test_run_until (is_settled, outcome, 5000));
  test_outcome_free (outcome);
  g_assert_finalize_object (bound);
  test_raw_free (server);
}

/* Full jitter: from 0 up to a bound that doubles, all the same likely. */
static void
check_delays (guint minimum, guint maximum, guint attempts, guint bound)
{
  const ImpChannelOptions options = { .reconnect_min = minimum, .reconnect_max = maximum };
  const guint n = 20000;
  guint lowest = G_MAXUINT, highest = 0;
  gdouble sum = 0;

  for (guint i = 0; i < n; i++)
    {
      guint delay = imp_channel_draw_delay (&options, attempts);

      lowest = MIN (lowest, delay);
      highest = MAX (highest, delay);
      sum += delay;
    }
  g_assert_cmpuint (highest, <=, bound);
  g_assert_cmpuint (highest, >=, bound - bound / 100);
  g_assert_cmpuint (lowest, <=, bound / 100);
  /* Ten standard deviations. */
  g_assert_cmpfloat (ABS (sum / n - bound / 2.0), <, 10 * 0.289 * bound / 141);
}

static void
test_jitter (void)
{
  check_delays (100, 30000, 0, 100);
  check_delays (100, 30000, 1, 200);
  check_delays (100, 30000, 8, 25600);
  check_delays (100, 30000, 9, 30000);
  check_delays (100, 30000, G_MAXUINT, 30000);
  check_delays (700, 700, 5, 700);
  check_delays (5000, 1000, 0, 1000);
  check_delays (1, G_MAXINT32 - 1, 40, G_MAXINT32 - 1);
}

/* In a context the ids of sources are given one after the other. */
static guint
draw_source_id (void)
{
  guint id = g_timeout_add (1000000, G_SOURCE_FUNC (g_date_time_unref), NULL);

  g_source_remove (id);
  return id;
}

/* All of a thousand that wait for verdicts share one timer. */
static void
test_one_timer (void)
{
  TestOutcome *outcomes[N_ANALYZERS];
  guint before, after;
  Rig rig;

  rig_init (&rig, IMP_FAIL_HARD);
  g_object_set (rig.remote, "deadline", 60000, NULL);
  rig_serve (&rig);
  test_outcome_free (add (rig.remote));
  g_assert_true (test_run_until (is_ready, &rig, 5000));
  before = draw_source_id ();
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      outcomes[i] = add (rig.remote);
      feed (outcomes[i]);
    }
  after = draw_source_id ();
  g_assert_cmpuint (after - before, >=, 1 + 1);
  g_assert_cmpuint (after - before, <=, 1 + 2);
  for (guint i = 0; i < N_ANALYZERS; i++)
    test_outcome_free (outcomes[i]);
  rig_clear (&rig);
}

static gboolean
is_never (gpointer data)
{
  return FALSE;
}

static void
run_for (guint ms)
{
  test_run_until (is_never, NULL, ms);
}

/* Long after the next attempt was put off, somebody who comes finds the server back at once. */
static void
test_somebody_comes (gconstpointer mode)
{
  ImpFailMode fail = GPOINTER_TO_UINT (mode);
  gint64 end;
  Rig rig;

  rig_init (&rig, fail);
  g_object_set (rig.remote, "reconnect-max", 3600 * 1000, NULL);
  /* Each that comes in vain has it tried once more, and doubles the pause. */
  end = g_get_monotonic_time () + G_TIME_SPAN_SECOND;
  while (g_get_monotonic_time () < end)
    {
      TestOutcome *outcome = add (rig.remote);

      g_assert_true (test_run_until (is_settled, outcome, 5000));
      test_outcome_free (outcome);
      run_for (12);
    }
  g_assert_true (test_run_until (is_down, &rig, 5000));
  rig_serve (&rig);
  /* Its own outcome is that of a server that is away; it is the one that has it looked for. */
  test_outcome_free (add (rig.remote));
  assert_works_again (&rig);
  rig_clear (&rig);
}

/* A server that greets and says goodbye is looked for again once at once, as one that is replaced,
 * and then with a pause. */
static void
test_nothing_but_goodbye (void)
{
  TestRaw *server = test_raw_new ();
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (GError) error = NULL;
  guint n_attempts = 0;
  gint64 end;

  remote = imp_remote_factory_new (server->address, &error);
  g_assert_no_error (error);
  g_object_set (remote, "codec", "json", "reconnect-min", 100, "reconnect-max", 1000, NULL);
  imp_remote_factory_connect_async (remote, NULL, NULL, NULL);
  end = g_get_monotonic_time () + G_TIME_SPAN_SECOND;
  while (g_get_monotonic_time () < end)
    {
      test_raw_accept (server);
      n_attempts++;
      test_raw_say (server, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
      test_raw_say (server, "{\"op\":\"goodbye\"}");
      test_raw_hang_up (server, FALSE);
    }
  /* The pauses are drawn, so that any one may be short. */
  g_test_message ("%u attempts", n_attempts);
  g_assert_cmpuint (n_attempts, >=, 2);
  g_assert_cmpuint (n_attempts, <=, 40);
  imp_remote_factory_close (remote);
  run_for (1);
  test_raw_free (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/reconnect/many-while-down/hard", GUINT_TO_POINTER (IMP_FAIL_HARD),
                        test_many_while_down);
  g_test_add_data_func ("/reconnect/many-while-down/soft", GUINT_TO_POINTER (IMP_FAIL_SOFT),
                        test_many_while_down);
  g_test_add_func ("/reconnect/again-and-again", test_again_and_again);
  g_test_add_func ("/reconnect/not-if-unwanted", test_not_if_unwanted);
  g_test_add_func ("/reconnect/interface-again", test_interface_again);
  g_test_add_func ("/reconnect/jitter", test_jitter);
  g_test_add_func ("/reconnect/one-timer", test_one_timer);
  g_test_add_data_func ("/reconnect/somebody-comes/hard", GUINT_TO_POINTER (IMP_FAIL_HARD),
                        test_somebody_comes);
  g_test_add_data_func ("/reconnect/somebody-comes/soft", GUINT_TO_POINTER (IMP_FAIL_SOFT),
                        test_somebody_comes);
  g_test_add_func ("/reconnect/nothing-but-goodbye", test_nothing_but_goodbye);
  return g_test_run ();
}
