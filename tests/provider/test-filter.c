/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A filter that is open: what goes in, and what comes out. */
#include "core/imp-analyzer-private.h"
#include "filter-script.h"
#include "provider/imp-filter-tap-private.h"
#include "test-clock.h"

#include <string.h>

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define SERVER IMP_DIRECTION_FROM_SERVER
#define STREAM IMP_DATA_TYPE_STREAM

static void
test_at_once (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_pass);

  filter_script_push (t, CLIENT, "hello", "0>hello");
  filter_script_push (t, SERVER, "world", "1>world");
  filter_script_push (t, CLIENT, "", "0>.");
  g_assert_true (imp_filter_is_finished (t->filter, CLIENT));
  g_assert_false (imp_filter_is_finished (t->filter, SERVER));
  filter_script_push (t, SERVER, "!", "1>!");
  filter_script_push (t, SERVER, "", "1>.");
  mock_analyzer_expect (t->mock, "0<hello 1<world 0<. 1<! 1<.");
}

static void
test_later (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  gint64 held = 0;

  filter_script_push (t, CLIENT, "abcdef", "");
  filter_script_push (t, SERVER, "xy", "");
  g_assert_cmpint (imp_filter_get_held (t->filter, CLIENT), ==, 6);
  g_object_get (t->filter, "held-bytes", &held, NULL);
  g_assert_cmpint (held, ==, 8);
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 2);
  filter_script_expect (t, "0>ab");
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 4, (const guint8 *) "-", 1);
  filter_script_expect (t, "0>-");
  imp_analyzer_pass_bytes (t->analyzer, SERVER, 10);
  filter_script_expect (t, "1>xy");
  filter_script_push (t, SERVER, "z", "1>z");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, IMP_MAX_OFFSET);
  filter_script_expect (t, "0>ef");
  filter_script_push (t, CLIENT, "", "0>.");
  g_assert_cmpint (imp_filter_get_replaced (t->filter, CLIENT), ==, 2);
  g_assert_cmpint (imp_filter_get_passed (t->filter, CLIENT), ==, 4);
  mock_analyzer_expect (t->mock, "0<abcdef 1<xy");
}

static void
test_types (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_shout);

  filter_script_push_type (t, CLIENT, "ab", 1, "0>AB/1");
  filter_script_push_type (t, CLIENT, "cd", -2, "0>CD/-2");
}

/* What the analyzer says before it is fed anything waits for the output to be set. */
static void
test_early (void)
{
  g_autoptr (FilterScript) t = filter_script_new_deaf (NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;

  imp_analyzer_send_back (t->analyzer, CLIENT, (const guint8 *) "banner", 6);
  imp_analyzer_pass_bytes (t->analyzer, SERVER, IMP_MAX_OFFSET);
  g_assert_false (imp_filter_push (t->filter, CLIENT, bytes, STREAM, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FAILED);
  filter_script_connect (t);
  filter_script_expect (t, "1>banner");
  filter_script_push (t, SERVER, "x", "1>x");
}

/* Bytes to the sender leave by the other direction, past what is held there. */
static void
test_to_sender (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, SERVER, "held", "");
  filter_script_push (t, CLIENT, "no", "");
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 2, NULL, 0);
  imp_analyzer_send_back (t->analyzer, CLIENT, (const guint8 *) "sorry", 5);
  filter_script_expect (t, "1>sorry");
  imp_analyzer_send_back (t->analyzer, SERVER, (const guint8 *) "stop", 4);
  filter_script_expect (t, "0>stop");
  /* Nothing is not the end of a stream. */
  imp_analyzer_send_back (t->analyzer, SERVER, NULL, 0);
  filter_script_expect (t, "");
  filter_script_push_type (t, CLIENT, "pp", 1, "");
  imp_analyzer_send_back (t->analyzer, CLIENT, (const guint8 *) "qq", 2);
  filter_script_expect (t, "1>qq/1");
}

static void
test_to_sender_after_end (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  imp_analyzer_pass_bytes (t->analyzer, SERVER, IMP_MAX_OFFSET);
  filter_script_push (t, SERVER, "", "1>.");
  imp_analyzer_send_back (t->analyzer, CLIENT, (const guint8 *) "late", 4);
  filter_script_expect (t, "");
}

static void
test_pause (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  imp_analyzer_pause (t->analyzer, CLIENT);
  filter_script_expect (t, "paused0");
  imp_analyzer_pause (t->analyzer, CLIENT);
  filter_script_expect (t, "");
  g_assert_true (imp_filter_is_paused (t->filter, CLIENT));
  g_assert_false (imp_filter_is_paused (t->filter, SERVER));
  imp_analyzer_resume (t->analyzer, CLIENT);
  filter_script_expect (t, "resumed0");
}

static void
test_busy (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_pass);

  imp_filter_set_busy (t->filter, CLIENT, TRUE);
  filter_script_push (t, CLIENT, "ab", "");
  filter_script_push (t, SERVER, "cd", "1>cd");
  filter_script_push (t, CLIENT, "ef", "");
  imp_filter_set_busy (t->filter, CLIENT, FALSE);
  filter_script_expect (t, "0>ab 0>ef");
  mock_analyzer_expect (t->mock, "busy0 0<ab 1<cd 0<ef free0");
}

static void
push_more (gpointer user_data)
{
  FilterScript *t = user_data;

  g_assert_true (imp_filter_push_bytes (t->filter, CLIENT, (const guint8 *) "cd", 2, STREAM, NULL));
  g_assert_true (imp_filter_push_bytes (t->filter, SERVER, (const guint8 *) "ef", 2, STREAM, NULL));
  filter_script_note (t, "pushed");
}

/* The output function pushes: nothing overtakes. */
static void
test_push_in_output (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_shout);

  t->on_output = push_more;
  filter_script_push (t, CLIENT, "ab", "0>AB pushed 0>CD 1>EF");
  mock_analyzer_expect (t->mock, "0<ab 0<cd 1<ef");
}

static gboolean
push_and_pass (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
               gint32 data_type, GError **error)
{
  if (mock->n_data == 1)
    push_more (mock->user_data);
  return mock_pass (mock, direction, data, offset, data_type, error);
}

/* Somebody pushes while the analyzer is being fed. */
static void
test_push_in_data (void)
{
  g_autoptr (FilterScript) t = filter_script_new (push_and_pass);

  filter_script_push (t, CLIENT, "ab", "pushed 0>ab 0>cd 1>ef");
  mock_analyzer_expect (t->mock, "0<ab 0<cd 1<ef");
}

static void
on_result (ImpFilter *filter, ImpResult *result, FilterScript *t)
{
  g_autofree char *text = imp_result_to_string (result);

  filter_script_note (t, "[%s]", text);
}

static void
test_result_signal (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_pass);

  g_signal_connect (t->filter, "result", G_CALLBACK (on_result), t);
  filter_script_push (t, CLIENT, "ab", "[pass dir=0 offset=2] 0>ab");
  imp_analyzer_log (t->analyzer, CLIENT, 0, 2, IMP_LOG_LEVEL_INFO, "seen");
  imp_analyzer_account (t->analyzer, "user", "x");
  filter_script_expect (t, "[log dir=0 offset=0 length=2 level=2 \"seen\"] "
                           "[account_field \"user\"=\"x\"]");
  imp_analyzer_drop (t->analyzer);
  filter_script_expect (t, "[drop] dropped");
}

/* Who wants to see one type of result is not called for the others. */
static void
test_result_details (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_pass);
  gulong handler = g_signal_connect (t->filter, "result::log", G_CALLBACK (on_result), t);

  g_signal_connect (t->filter, "result::account_field", G_CALLBACK (on_result), t);
  filter_script_push (t, CLIENT, "ab", "0>ab");
  imp_analyzer_log (t->analyzer, CLIENT, 0, 2, IMP_LOG_LEVEL_INFO, "seen");
  imp_analyzer_account (t->analyzer, "user", "x");
  filter_script_expect (t, "[log dir=0 offset=0 length=2 level=2 \"seen\"] "
                           "[account_field \"user\"=\"x\"]");
  g_signal_handler_disconnect (t->filter, handler);
  imp_analyzer_log (t->analyzer, CLIENT, 0, 2, IMP_LOG_LEVEL_INFO, "again");
  imp_analyzer_account (t->analyzer, "user", "y");
  filter_script_expect (t, "[account_field \"user\"=\"y\"]");
  g_signal_connect (t->filter, "result", G_CALLBACK (on_result), t);
  filter_script_push (t, CLIENT, "cd", "[pass dir=0 offset=4] 0>cd");
}

static void
test_pass_pattern (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  imp_analyzer_pass_pattern (t->analyzer, CLIENT, "ab", 2);
  filter_script_push (t, CLIENT, "xxa", "0>xx");
  filter_script_push (t, CLIENT, "bc", "");
  mock_analyzer_expect (t->mock, "0<a@2 0<bc");
  imp_analyzer_pass_pattern (t->analyzer, SERVER, "(", 2);
  g_assert_true (g_str_has_prefix (t->log->str, "failed("));
  g_string_truncate (t->log, 0);
}

/* A pattern at the very beginning, of what was fed already: it is fed again. */
static void
test_pass_pattern_at_beginning (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "abc", "");
  mock_analyzer_expect (t->mock, "0<abc");
  imp_analyzer_pass_pattern (t->analyzer, CLIENT, "ab", 2);
  mock_analyzer_expect (t->mock, "0<abc");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 3);
  filter_script_expect (t, "0>abc");
}

static void
assert_skip_fails (FilterScript *t, ImpDirection direction, gint64 length, int code)
{
  const gint64 input = imp_filter_get_input (t->filter, direction);
  g_autoptr (GError) error = NULL;

  g_assert_false (imp_filter_skip (t->filter, direction, length, &error));
  g_assert_error (error, IMP_ERROR, code);
  g_assert_cmpint (imp_filter_get_input (t->filter, direction), ==, input);
}

/* Only what the analyzer need not see can be left out. */
static void
test_skip (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  assert_skip_fails (t, CLIENT, 1, IMP_ERROR_UNSUPPORTED);
  g_assert_true (imp_filter_skip (t->filter, CLIENT, 0, NULL));
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 10);
  g_assert_true (imp_filter_skip (t->filter, CLIENT, 4, NULL));
  filter_script_push (t, CLIENT, "ef", "0>ef");
  assert_skip_fails (t, CLIENT, 5, IMP_ERROR_UNSUPPORTED);
  g_assert_true (imp_filter_skip (t->filter, CLIENT, 4, NULL));
  g_assert_cmpint (imp_filter_get_passed (t->filter, CLIENT), ==, 10);
  filter_script_push (t, CLIENT, "kl", "");
  mock_analyzer_expect (t->mock, "0<kl@10");
  assert_skip_fails (t, CLIENT, 1, IMP_ERROR_UNSUPPORTED);
  /* What waits comes first. */
  imp_analyzer_prepass_bytes (t->analyzer, CLIENT, 20);
  filter_script_expect (t, "0>kl");
  assert_skip_fails (t, CLIENT, 1, IMP_ERROR_UNSUPPORTED);
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, IMP_MAX_OFFSET);
  g_assert_true (imp_filter_skip (t->filter, CLIENT, G_GINT64_CONSTANT (1) << 40, NULL));
  filter_script_push (t, CLIENT, "", "0>.");
  assert_skip_fails (t, CLIENT, 1, IMP_ERROR_UNSUPPORTED);
  imp_analyzer_deny (t->analyzer, SERVER, "no");
  filter_script_expect (t, "denied(no)");
  assert_skip_fails (t, SERVER, 1, IMP_ERROR_DENIED);
}

static void
test_pass_ever (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_pass_ever);

  filter_script_push (t, CLIENT, "ab", "0>ab");
  filter_script_push (t, SERVER, "cd", "1>cd");
  filter_script_push (t, SERVER, "", "1>.");
  filter_script_push (t, CLIENT, "", "0>.");
  mock_analyzer_expect (t->mock, "0<ab");
}

static gboolean
count_turn (gpointer n_turns)
{
  ++*(guint *) n_turns;
  return G_SOURCE_CONTINUE;
}

/* A PASS_PATTERN that takes long leaves time for others, and says meanwhile that it has enough. */
static void
test_search (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  g_autofree char *text = g_strnfill (1000, 'a');
  guint n_turns = 0;
  guint source = g_timeout_add (0, count_turn, &n_turns);

  test_clock_set_step (TEST_CLOCK_STEP);
  imp_analyzer_pass_pattern (t->analyzer, CLIENT, "(?:a|a){15}[bc]", 20);
  g_assert_true (imp_filter_push_bytes (t->filter, CLIENT, (guint8 *) text, 1000, STREAM, NULL));
  g_assert_true (imp_filter_is_paused (t->filter, CLIENT));
  g_assert_false (imp_filter_is_paused (t->filter, SERVER));
  while (imp_filter_is_paused (t->filter, CLIENT))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_turns, >, 1);
  g_assert_cmpint (imp_filter_get_held (t->filter, CLIENT), ==, 15);
  g_assert_cmpint (imp_filter_get_passed (t->filter, CLIENT), ==, 985);
  g_assert_nonnull (strstr (t->log->str, "paused0"));
  g_assert_true (g_str_has_suffix (t->log->str, "resumed0"));
  g_string_truncate (t->log, 0);
  filter_script_push (t, CLIENT, "b", "");
  mock_analyzer_expect (t->mock, "0<aaaaaaaaaaaaaaa@985 0<b");
  g_source_remove (source);
  test_clock_set_step (0);
}

/* And one that takes too long ends its own connection. */
static void
test_search_too_long (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  g_autoptr (FilterScript) closed = filter_script_new (NULL);
  g_autofree char *text = g_strnfill (65536, 'a');
  g_autoptr (GError) error = NULL;

  test_clock_set_step (TEST_CLOCK_STEP);
  imp_analyzer_pass_pattern (t->analyzer, CLIENT, "(?:a|a){15}[bc]", 20);
  imp_analyzer_pass_pattern (closed->analyzer, CLIENT, "(?:a|a){15}[bc]", 20);
  imp_filter_push_bytes (t->filter, CLIENT, (guint8 *) text, 65536, STREAM, NULL);
  imp_filter_push_bytes (closed->filter, CLIENT, (guint8 *) text, 65536, STREAM, NULL);
  imp_filter_close (closed->filter);
  while (imp_filter_check (t->filter, &error))
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "(?:a|a){15}[bc]"));
  g_assert_false (imp_filter_is_paused (t->filter, CLIENT));
  g_string_truncate (t->log, 0);
  g_string_truncate (closed->log, 0);
  test_clock_set_step (0);
}

/* Verdicts that are known at once set free one piece, up to what is not joined: another type, a
 * large piece, the end. */
static void
test_run (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  const ImpView dash = imp_view_of_data ((const guint8 *) "-", 1);
  const ImpVerdict verdicts[] = {
    imp_verdict_of_offset (IMP_RESULT_PASS, CLIENT, 1),
    imp_verdict_of_data (IMP_RESULT_REPLACE, CLIENT, 2, dash),
    imp_verdict_of_offset (IMP_RESULT_PASS, CLIENT, 3),
    imp_verdict_of_data (IMP_RESULT_REPLACE, CLIENT, 5, dash),
    imp_verdict_of_offset (IMP_RESULT_PASS, CLIENT, 6),
    imp_verdict_of_offset (IMP_RESULT_PASS, CLIENT, IMP_MAX_OFFSET),
  };

  filter_script_push (t, CLIENT, "abcd", "");
  filter_script_push_type (t, CLIENT, "efg", -2, "");
  imp_analyzer_take_run (t->analyzer, verdicts, G_N_ELEMENTS (verdicts));
  filter_script_expect (t, "0>a-c 0>- 0>f/-2 0>g/-2");
  g_assert_cmpint (imp_filter_get_passed (t->filter, CLIENT), ==, 4);
  g_assert_cmpint (imp_filter_get_replaced (t->filter, CLIENT), ==, 3);
  filter_script_push (t, CLIENT, "", "0>.");
}

static void
count_result (ImpFilter *filter, ImpResult *result, gpointer user_data)
{
  guint *n_results = user_data;

  ++*n_results;
}

/* Whoever looks at results sees each of them before what it sets free. */
static void
test_run_watched (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  const ImpView dash = imp_view_of_data ((const guint8 *) "-", 1);
  const ImpVerdict verdicts[] = {
    imp_verdict_of_offset (IMP_RESULT_PASS, CLIENT, 1),
    imp_verdict_of_data (IMP_RESULT_REPLACE, CLIENT, 2, dash),
    imp_verdict_of_offset (IMP_RESULT_PASS, CLIENT, 3),
  };
  guint n_results = 0;
  gulong id = g_signal_connect (t->filter, "result", G_CALLBACK (count_result), &n_results);

  filter_script_push (t, CLIENT, "abc", "");
  imp_analyzer_take_run (t->analyzer, verdicts, G_N_ELEMENTS (verdicts));
  filter_script_expect (t, "0>a 0>- 0>c");
  g_assert_cmpuint (n_results, ==, 3);
  g_signal_handler_disconnect (t->filter, id);
}

/* ---- taps ---- */

typedef enum
{
  AT_INPUT,
  AT_VERDICT,
  AT_OUTPUT,
  N_PLACES,
} Place;

/* Does something at one place, and counts how often it is called. */
typedef struct
{
  ImpFilterTap tap;
  ImpFilter *filter;
  ImpFilterTap *other; /* to be removed; NULL: the filter is closed */
  Place place;
  guint n_calls;
  guint n_ends;
} Watcher;

static void
watcher_act (Watcher *self, Place place)
{
  self->n_calls++;
  if (place != self->place)
    return;
  if (self->other != NULL)
    imp_filter_remove_tap (self->filter, self->other);
  else
    imp_filter_close (self->filter);
}

static void
watcher_on_input (gpointer user_data, ImpDirection direction, GBytes *data, gint32 data_type)
{
  watcher_act (user_data, AT_INPUT);
}

static void
watcher_on_verdict (gpointer user_data, const ImpVerdict *verdict)
{
  watcher_act (user_data, AT_VERDICT);
}

static void
watcher_on_output (gpointer user_data, ImpDirection direction, GBytes *data, gint32 data_type,
                   gboolean sent)
{
  watcher_act (user_data, AT_OUTPUT);
}

static void
watcher_on_over (gpointer user_data, ImpOutcome outcome, const char *reason)
{
  Watcher *self = user_data;

  self->n_ends++;
}

static const ImpFilterTapFuncs watcher_funcs = {
  .input = watcher_on_input,
  .verdict = watcher_on_verdict,
  .output = watcher_on_output,
  .over = watcher_on_over,
};

static void
count_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
              gpointer user_data)
{
  ++*(guint *) user_data;
}

/* The first of two who look does something, whereupon the other one is gone. */
static void
check_taps (Place place, gboolean closes)
{
  g_autoptr (MockAnalyzer) mock = mock_analyzer_new (mock_pass, NULL);
  g_autoptr (ImpFilter) filter = imp_filter_new (IMP_ANALYZER (mock));
  Watcher second = { .tap = { &watcher_funcs, &second }, .filter = filter, .place = N_PLACES };
  Watcher first = { .tap = { &watcher_funcs, &first }, .filter = filter, .place = place };
  guint n_outputs = 0;

  first.other = closes ? NULL : &second.tap;
  imp_filter_set_output (filter, count_output, &n_outputs, NULL);
  /* The last that was added is asked first. */
  imp_filter_add_tap (filter, &second.tap);
  imp_filter_add_tap (filter, &first.tap);
  g_assert_true (imp_filter_push_bytes (filter, CLIENT, (const guint8 *) "ab", 2, STREAM, NULL)
                 == !closes);
  g_assert_cmpuint (second.n_calls, ==, place);
  g_assert_cmpuint (second.n_ends, ==, closes);
  g_assert_cmpuint (first.n_calls, ==, closes ? place + 1 : N_PLACES);
  g_assert_cmpuint (first.n_ends, ==, closes);
  g_assert_cmpuint (n_outputs, ==, !closes);
  if (!closes)
    imp_filter_remove_tap (filter, &first.tap);
}

static void
test_taps (void)
{
  for (Place place = AT_INPUT; place < N_PLACES; place++)
    {
      check_taps (place, FALSE);
      check_taps (place, TRUE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_clock_set_step (TEST_CLOCK_STEP);
  g_test_add_func ("/filter/at-once", test_at_once);
  g_test_add_func ("/filter/later", test_later);
  g_test_add_func ("/filter/types", test_types);
  g_test_add_func ("/filter/early", test_early);
  g_test_add_func ("/filter/to-sender", test_to_sender);
  g_test_add_func ("/filter/to-sender/after-end", test_to_sender_after_end);
  g_test_add_func ("/filter/pause", test_pause);
  g_test_add_func ("/filter/busy", test_busy);
  g_test_add_func ("/filter/push-in-output", test_push_in_output);
  g_test_add_func ("/filter/push-in-data", test_push_in_data);
  g_test_add_func ("/filter/result-signal", test_result_signal);
  g_test_add_func ("/filter/result-details", test_result_details);
  g_test_add_func ("/filter/pass-pattern", test_pass_pattern);
  g_test_add_func ("/filter/pass-pattern/at-beginning", test_pass_pattern_at_beginning);
  g_test_add_func ("/filter/pass-ever", test_pass_ever);
  g_test_add_func ("/filter/skip", test_skip);
  g_test_add_func ("/filter/run", test_run);
  g_test_add_func ("/filter/run/watched", test_run_watched);
  g_test_add_func ("/filter/search", test_search);
  g_test_add_func ("/filter/search/too-long", test_search_too_long);
  g_test_add_func ("/filter/taps", test_taps);
  return g_test_run ();
}
