/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever goes wrong, in whatever state: every live analyzer gets exactly one outcome, in time. */
#include "test-child.h"
#include "test-outcome.h"
#include "test-raw-server.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "rpc/client/imp-remote-factory.h"

#include <signal.h>
#include <string.h>

#define N_ANALYZERS 5
#define TIMEOUT 250     /* ms: of connecting, of the deadline, of keepalive */
#define SETTLED_IN 2500 /* ms: when all must be over, the slowest detection included */

typedef enum
{
  NOT_CONNECTED,
  CONNECTING,
  HANDSHAKE,
  IDLE,
  IN_FLIGHT, /* fed in both directions, part of one settled */
  PROMISED,  /* the same, with a promise */
  N_STATES
} State;

static const char *const state_names[] = { "not-connected", "connecting", "handshake",
                                           "idle",          "in-flight",  "promised" };

#define BIT(state) (1 << (state))
#define WITH_SERVER (BIT (HANDSHAKE) | BIT (IDLE) | BIT (IN_FLIGHT) | BIT (PROMISED))
#define GREETED (BIT (IDLE) | BIT (IN_FLIGHT) | BIT (PROMISED))

typedef struct _Fixture Fixture;

typedef struct
{
  const char *name;
  guint states;
  void (*strike) (Fixture *fixture);
  gboolean one; /* it is the first analyzer's alone; the others live on */
  /* NULL: a scripted peer */
  void (*serve) (Fixture *fixture);
} Fault;

struct _Fixture
{
  const Fault *fault;
  State state;
  ImpFailMode fail;
  ImpRemoteFactory *remote;
  TestRaw *peer;
  TestBlackHole *hole;
  GSubprocess *child;
  char *address;
  TestOutcome *outcomes[N_ANALYZERS];
};

/* --- the servers --- */

static char *program;

static void
serve_child (Fixture *fixture)
{
  static guint number;
  g_autoptr (GError) error = NULL;
  char line[6];

  fixture->address = g_strdup_printf ("@imp-faults-%d-%u", (int) getpid (), number++);
  fixture->child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "--child",
                                     fixture->address, NULL);
  g_assert_no_error (error);
  g_assert_true (g_input_stream_read_all (g_subprocess_get_stdout_pipe (fixture->child), line,
                                          sizeof line, NULL, NULL, &error));
  g_assert_cmpmem (line, sizeof line, "ready\n", 6);
}

static void
serve_black_hole (Fixture *fixture)
{
  fixture->hole = test_black_hole_new (FALSE);
  fixture->address = g_strdup (fixture->hole->address);
}

static void
serve_black_hole_tcp (Fixture *fixture)
{
  fixture->hole = test_black_hole_new (TRUE);
  fixture->address = g_strdup (fixture->hole->address);
}

static void
serve_scripted (Fixture *fixture)
{
  fixture->peer = test_raw_new ();
  fixture->address = g_strdup (fixture->peer->address);
}

/* --- the states --- */

static TestOutcome *
make_analyzer (Fixture *fixture)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer;

  if (fixture->state == PROMISED)
    g_hash_table_insert (context, (gpointer) "promise", (gpointer) "yes");
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (fixture->remote), context, &error);
  g_assert_no_error (error);
  return test_outcome_new (analyzer);
}

static void
feed (TestOutcome *outcome)
{
  for (int direction = 0; direction < 2; direction++)
    imp_analyzer_data_bytes (outcome->analyzer, direction, (const guint8 *) "hello world", 11, 0,
                             IMP_DATA_TYPE_STREAM);
}

static void
make_analyzers (Fixture *fixture)
{
  for (int i = 0; i < N_ANALYZERS; i++)
    {
      fixture->outcomes[i] = make_analyzer (fixture);
      if (fixture->state != IDLE)
        feed (fixture->outcomes[i]);
    }
}

static gboolean
has_partial_verdicts (gpointer data)
{
  Fixture *fixture = data;

  for (int i = 0; i < N_ANALYZERS; i++)
    if (strstr (fixture->outcomes[i]->text->str, "pass") == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
is_ready (gpointer data)
{
  return imp_remote_factory_get_state (((Fixture *) data)->remote) == IMP_REMOTE_STATE_READY;
}

static void
say_verdicts (Fixture *fixture)
{
  for (int id = 1; id <= N_ANALYZERS; id++)
    {
      if (fixture->state == PROMISED)
        test_raw_say (fixture->peer,
                      "{\"op\":\"result\",\"id\":%d,\"result\":\"replace_later\","
                      "\"dir\":0,\"offset\":5,\"end_offset\":11}",
                      id);
      test_raw_say (fixture->peer,
                    "{\"op\":\"result\",\"id\":%d,\"result\":\"pass\",\"dir\":0,"
                    "\"offset\":5}",
                    id);
    }
}

static void
enter_state (Fixture *fixture)
{
  if (fixture->state <= CONNECTING && fixture->fault->strike == NULL)
    return;
  make_analyzers (fixture);
  if (fixture->state <= CONNECTING)
    return;
  if (fixture->peer != NULL)
    {
      test_raw_accept (fixture->peer);
      test_raw_expect (fixture->peer, "\"new_analyzer\"", N_ANALYZERS);
      if (fixture->state == HANDSHAKE)
        return;
      test_raw_say (fixture->peer, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
      if (fixture->state != IDLE)
        {
          test_raw_expect (fixture->peer, "\"data\"", 2 * N_ANALYZERS);
          say_verdicts (fixture);
        }
    }
  else if (fixture->state == HANDSHAKE)
    return;
  g_assert_true (test_run_until (is_ready, fixture, 5000));
  if (fixture->state != IDLE)
    g_assert_true (test_run_until (has_partial_verdicts, fixture, 5000));
}

/* --- the faults --- */

static void
strike_not (Fixture *fixture)
{
}

static void
strike_refused (Fixture *fixture)
{
  test_raw_stop_listening (fixture->peer);
}

static void
strike_eof (Fixture *fixture)
{
  test_raw_hang_up (fixture->peer, FALSE);
}

static void
strike_reset (Fixture *fixture)
{
  test_raw_hang_up (fixture->peer, TRUE);
}

static void
strike_kill (Fixture *fixture)
{
  g_subprocess_send_signal (fixture->child, SIGKILL);
}

static void
strike_stop (Fixture *fixture)
{
  g_subprocess_send_signal (fixture->child, SIGSTOP);
}

static void
strike_version (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"set_version\",\"version\":99,\"minimum\":99}");
}

static void
strike_garbage (Fixture *fixture)
{
  test_raw_say_bytes (fixture->peer, "\x16\x03\x01\x02\x00\x01\xff", 7);
  test_raw_say (fixture->peer, "HTTP/1.1 400 Bad Request");
}

static void
strike_exception_all (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"exception\",\"id\":0,\"message\":\"all is lost\"}");
}

static void
strike_exception (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"exception\",\"id\":1,\"message\":\"it broke\"}");
}

static void
strike_direction (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":2,"
                               "\"offset\":7}");
}

static void
strike_beyond (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"replace\",\"dir\":0,"
                               "\"offset\":12,\"text\":\"x\"}");
}

static void
strike_backward (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":0,"
                               "\"offset\":4}");
}

static void
strike_promised (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":0,"
                               "\"offset\":8}");
}

static void
strike_prepassed (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"prepass\",\"dir\":1,"
                               "\"offset\":20}");
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"replace\",\"dir\":1,"
                               "\"offset\":11,\"text\":\"x\"}");
}

static void
strike_searching (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"pass_pattern\",\"dir\":1,"
                               "\"pattern\":\"xyz\",\"max_length\":3}");
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":1,"
                               "\"offset\":11}");
}

static void
strike_pattern (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"pass_pattern\",\"dir\":1,"
                               "\"pattern\":\"x*\",\"max_length\":3}");
}

static void
strike_outside (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":1,\"result\":\"to_sender\",\"dir\":0,"
                               "\"text\":\"x\"}");
}

static void
strike_never_was (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"result\",\"id\":77,\"result\":\"pass\",\"dir\":0,"
                               "\"offset\":1}");
}

static void
strike_twice (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}");
}

static void
strike_wrong_way (Fixture *fixture)
{
  test_raw_say (fixture->peer, "{\"op\":\"delete_analyzer\",\"id\":1}");
}

static void
strike_close (Fixture *fixture)
{
  imp_remote_factory_close (fixture->remote);
}

static const Fault faults[] = {
  { "refused", BIT (NOT_CONNECTED), strike_refused },
  { "black-hole", BIT (CONNECTING), strike_not, FALSE, serve_black_hole },
  { "black-hole-tcp", BIT (CONNECTING), strike_not, FALSE, serve_black_hole_tcp },
  { "silence", BIT (HANDSHAKE), strike_not },
  { "wrong-version", BIT (HANDSHAKE), strike_version },
  { "eof", WITH_SERVER, strike_eof },
  { "reset", WITH_SERVER, strike_reset },
  { "killed", GREETED, strike_kill, FALSE, serve_child },
  { "stopped", GREETED, strike_stop, FALSE, serve_child },
  { "garbage", WITH_SERVER, strike_garbage },
  { "exception-for-all", WITH_SERVER, strike_exception_all },
  { "exception", GREETED, strike_exception, TRUE },
  { "no-such-direction", WITH_SERVER, strike_direction },
  { "beyond", GREETED, strike_beyond, TRUE },
  { "backward", BIT (IN_FLIGHT) | BIT (PROMISED), strike_backward, TRUE },
  { "into-promised", BIT (PROMISED), strike_promised, TRUE },
  { "into-prepassed", GREETED, strike_prepassed, TRUE },
  { "while-searching", GREETED, strike_searching, TRUE },
  { "no-pattern", GREETED, strike_pattern, TRUE },
  { "outside-interface", GREETED, strike_outside, TRUE },
  { "no-such-analyzer", WITH_SERVER, strike_never_was },
  { "version-twice", GREETED, strike_twice },
  { "call-of-a-client", WITH_SERVER, strike_wrong_way },
  { "closed", BIT (CONNECTING) | WITH_SERVER, strike_close },
};

/* --- one cell of the table --- */

static void
set_up (Fixture *fixture)
{
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM,
                                   IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_PREPASS
                                     | IMP_RESULT_FLAGS_PASS_PATTERN | IMP_RESULT_FLAGS_REPLACE
                                     | IMP_RESULT_FLAGS_REPLACE_LATER);
  g_autoptr (GError) error = NULL;

  if (fixture->fault->serve != NULL)
    fixture->fault->serve (fixture);
  else
    serve_scripted (fixture);
  remote = imp_remote_factory_new (fixture->address, &error);
  g_assert_no_error (error);
  g_object_set (remote, "fail", fixture->fail, "deadline", TIMEOUT, "connect-timeout", TIMEOUT,
                "keepalive", TIMEOUT, NULL);
  if (fixture->peer != NULL)
    g_object_set (remote, "codec", "json", "keepalive", 0, "deadline", 0, NULL);
  fixture->remote = IMP_REMOTE_FACTORY (
    imp_factory_set_interface (IMP_FACTORY (remote), interface, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture)
{
  for (int i = 0; i < N_ANALYZERS; i++)
    g_clear_pointer (&fixture->outcomes[i], test_outcome_free);
  g_assert_finalize_object (fixture->remote);
  g_clear_pointer (&fixture->peer, test_raw_free);
  g_clear_pointer (&fixture->hole, test_black_hole_free);
  if (fixture->child != NULL)
    {
      g_subprocess_force_exit (fixture->child);
      g_subprocess_wait (fixture->child, NULL, NULL);
      g_clear_object (&fixture->child);
    }
  g_free (fixture->address);
}

static guint
count_affected (const Fixture *fixture)
{
  return fixture->fault->one ? 1 : N_ANALYZERS;
}

static gboolean
are_settled (gpointer data)
{
  Fixture *fixture = data;

  for (guint i = 0; i < count_affected (fixture); i++)
    if (!test_outcome_is_resolved (fixture->outcomes[i]))
      return FALSE;
  return TRUE;
}

static void
assert_outcome (const Fixture *fixture, const TestOutcome *outcome, gboolean promised)
{
  if (fixture->fail == IMP_FAIL_HARD || promised)
    test_outcome_assert_hard (outcome);
  else
    test_outcome_assert_soft (outcome);
}

static gboolean
never (gpointer data)
{
  return FALSE;
}

static gboolean
others_are_settled (gpointer data)
{
  Fixture *fixture = data;

  for (int i = 1; i < N_ANALYZERS; i++)
    if (!test_outcome_is_resolved (fixture->outcomes[i]))
      return FALSE;
  return TRUE;
}

/* The server goes on with those that the fault had nothing to do with. */
static void
assert_others_live (Fixture *fixture)
{
  for (int i = 1; i < N_ANALYZERS; i++)
    g_assert_false (test_outcome_is_resolved (fixture->outcomes[i]));
  for (int id = 2; id <= N_ANALYZERS; id++)
    {
      if (fixture->state == PROMISED)
        test_raw_say (fixture->peer,
                      "{\"op\":\"result\",\"id\":%d,\"result\":\"replace\",\"dir\":0,"
                      "\"offset\":11,\"text\":\"x\"}",
                      id);
      for (int direction = 0; direction < 2; direction++)
        test_raw_say (fixture->peer,
                      "{\"op\":\"result\",\"id\":%d,\"result\":\"pass\",\"dir\":%d,"
                      "\"offset\":-1}",
                      id, direction);
    }
  g_assert_true (test_run_until (others_are_settled, fixture, 5000));
  for (int i = 1; i < N_ANALYZERS; i++)
    {
      g_assert_cmpuint (fixture->outcomes[i]->refusals, ==, 0);
      g_assert_cmpuint (fixture->outcomes[i]->errors, ==, 0);
    }
}

static void
assert_counted (Fixture *fixture)
{
  g_autoptr (GVariant) numbers = imp_remote_factory_get_statistics (fixture->remote);
  guint64 hard, soft;

  g_assert_true (g_variant_lookup (numbers, "settled-hard", "t", &hard));
  g_assert_true (g_variant_lookup (numbers, "settled-soft", "t", &soft));
  g_assert_cmpuint (hard + soft, ==, count_affected (fixture));
  g_assert_cmpuint (soft, ==,
                    fixture->fail == IMP_FAIL_SOFT && fixture->state != PROMISED
                      ? count_affected (fixture)
                      : 0);
}

static gboolean
is_settled (gpointer data)
{
  return test_outcome_is_resolved (data);
}

/* Who comes now does not wait, unless the connection only seems to live: then it is its own
 * deadline that tells. */
static void
assert_late_comer (Fixture *fixture)
{
  State state = fixture->state;
  TestOutcome *outcome;

  fixture->state = IDLE;
  outcome = make_analyzer (fixture);
  if (is_ready (fixture))
    {
      g_assert_cmpstr (fixture->fault->name, ==, "stopped");
      feed (outcome);
      g_assert_true (test_run_until (is_settled, outcome, SETTLED_IN));
    }
  g_assert_true (test_outcome_is_resolved (outcome));
  assert_outcome (fixture, outcome, FALSE);
  test_outcome_free (outcome);
  fixture->state = state;
}

static void
test_fault (gconstpointer data)
{
  Fixture fixture = *(const Fixture *) data;
  gint64 begin;

  set_up (&fixture);
  if (fixture.state == NOT_CONNECTED)
    {
      fixture.fault->strike (&fixture);
      begin = g_get_monotonic_time ();
      make_analyzers (&fixture);
    }
  else
    {
      enter_state (&fixture);
      begin = g_get_monotonic_time ();
      fixture.fault->strike (&fixture);
    }

  if (!test_run_until (are_settled, &fixture, SETTLED_IN))
    g_error ("No outcome after %d ms: %s", SETTLED_IN, fixture.outcomes[0]->text->str);
  g_test_message ("%s: after %" G_GINT64_FORMAT " ms", fixture.outcomes[0]->reason,
                  (g_get_monotonic_time () - begin) / 1000);
  g_assert_false (test_run_until (never, NULL, 20));
  for (guint i = 0; i < count_affected (&fixture); i++)
    assert_outcome (&fixture, fixture.outcomes[i], fixture.state == PROMISED);
  assert_counted (&fixture);
  if (fixture.fault->one)
    assert_others_live (&fixture);
  else
    assert_late_comer (&fixture);
  tear_down (&fixture);
}

/* What comes for an analyzer that the provider has closed is counted, and nothing else. */
static void
test_late_results (void)
{
  Fixture fixture = { .fault = &faults[0], .state = IN_FLIGHT, .fail = IMP_FAIL_HARD };
  g_autoptr (GVariant) numbers = NULL;
  guint64 late;

  set_up (&fixture);
  enter_state (&fixture);
  imp_analyzer_close (fixture.outcomes[0]->analyzer);
  test_raw_expect (fixture.peer, "\"delete_analyzer\"", 1);
  strike_backward (&fixture);
  assert_others_live (&fixture);
  g_assert_false (test_outcome_is_resolved (fixture.outcomes[0]));
  numbers = imp_remote_factory_get_statistics (fixture.remote);
  g_assert_true (g_variant_lookup (numbers, "late-results", "t", &late));
  g_assert_cmpuint (late, ==, 1);
  tear_down (&fixture);
}

static void
add_tests (const Fault *fault)
{
  for (State state = 0; state < N_STATES; state++)
    for (int fail = 0; fail < 2 && (fault->states & BIT (state)) != 0; fail++)
      {
        Fixture *fixture = g_new0 (Fixture, 1);
        g_autofree char *path = g_strdup_printf ("/faults/%s/%s/%s", fault->name,
                                                 state_names[state],
                                                 fail == IMP_FAIL_HARD ? "hard" : "soft");

        fixture->fault = fault;
        fixture->state = state;
        fixture->fail = fail;
        g_test_add_data_func_full (path, fixture, test_fault, g_free);
      }
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--child"))
    return test_child_run (argv[2]);

  program = argv[0];
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    add_tests (&faults[i]);
  g_test_add_func ("/faults/late-results", test_late_results);
  return g_test_run ();
}
