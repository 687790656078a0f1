/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a filter ends: refused, failed, limited, closed. */
#include "filter-script.h"

#include <string.h>

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define SERVER IMP_DIRECTION_FROM_SERVER
#define STREAM IMP_DATA_TYPE_STREAM

static void
test_deny (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "abcd", "");
  filter_script_push (t, SERVER, "xyz", "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 1);
  filter_script_expect (t, "0>a");
  imp_analyzer_deny (t->analyzer, CLIENT, "no");
  filter_script_expect (t, "denied(no)");
  filter_script_push_refused (t, SERVER, "x", IMP_ERROR_DENIED, "no", "");
  g_assert_cmpint (imp_filter_get_denied (t->filter, CLIENT), ==, 3);
  g_assert_cmpint (imp_filter_get_denied (t->filter, SERVER), ==, 3);
  mock_analyzer_expect (t->mock, "0<abcd 1<xyz close");
}

static gboolean
pass_one_then_deny (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
                    gint32 data_type, GError **error)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (mock), direction, 1);
  imp_analyzer_send_back (IMP_ANALYZER (mock), direction, (const guint8 *) "bye", 3);
  imp_analyzer_deny (IMP_ANALYZER (mock), direction, "no");
  imp_analyzer_pass_bytes (IMP_ANALYZER (mock), direction, 2);
  g_assert_cmpuint (mock->n_closed, ==, 0);
  return TRUE;
}

/* What was let through before comes out before the signal is emitted; the push that brought it
 * fails. */
static void
test_deny_order (void)
{
  g_autoptr (FilterScript) t = filter_script_new (pass_one_then_deny);

  filter_script_push_refused (t, CLIENT, "abcd", IMP_ERROR_DENIED, "Denied by the analyzer: no",
                              "0>a 1>bye denied(no)");
}

static void
test_drop (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "ab", "");
  imp_analyzer_drop (t->analyzer);
  filter_script_expect (t, "dropped");
  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_CLOSED, "Dropped", "");
}

static void
test_fatal (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  imp_analyzer_fail (t->analyzer, "out of ideas");
  filter_script_expect (t, "failed(out of ideas)");
  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_FATAL, "The analyzer failed: out of ideas",
                              "");
}

static gboolean
break_down (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED, "broken");
  return FALSE;
}

static void
test_plugin_error (void)
{
  g_autoptr (FilterScript) t = filter_script_new (break_down);

  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_FATAL, "broken", "failed(broken)");
}

/* The filter is told of it by the analyzer's base class, as by a plugin that fails. */
static void
test_illegal (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push_type (t, CLIENT, "abcd", 1, "");
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 2, (const guint8 *) "x", 1);
  filter_script_expect (
    t, "failed(MockAnalyzer: direction 0: replace: offset 2 is not the border of a packet)");
  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_FATAL, "border of a packet", "");
  mock_analyzer_expect (t->mock, "0<abcd/1 close");
}

static void
test_max_held (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  guint64 max_held = 0;

  g_object_get (t->filter, "max-held", &max_held, NULL);
  g_assert_cmpuint (max_held, ==, 16 * 1024 * 1024);
  imp_filter_set_max_held (t->filter, 8);
  filter_script_push (t, CLIENT, "abcd", "");
  filter_script_push (t, SERVER, "efgh", "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 2);
  filter_script_expect (t, "0>ab");
  filter_script_push (t, SERVER, "ij", "");
  filter_script_push_refused (t, CLIENT, "k", IMP_ERROR_LIMIT, "9 bytes unsettled; the limit is 8",
                              "failed(The analyzer leaves 9 bytes unsettled; the limit is 8 "
                              "(property max-held of ImpFilter))");
  g_assert_true (imp_filter_get_max_held (t->filter) == 8);
}

#define GROWTH(who, n)                                                                             \
  "What leaves for the " who " is " n                                                              \
  " bytes longer than what has come; the limit is 3 (property "                                    \
  "max-growth of ImpFilter)"

/* What is too much does not go out, nor does anything behind it; what was taken away before may
 * come back. */
static void
test_max_growth (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  guint64 max_growth = 1;

  g_object_get (t->filter, "max-growth", &max_growth, NULL);
  g_assert_cmpuint (max_growth, ==, 0);
  g_object_set (t->filter, "max-growth", (guint64) 3, NULL);
  filter_script_push (t, CLIENT, "abcdef", "");
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 2, (const guint8 *) "", 0);
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 6, (const guint8 *) "123456789", 9);
  filter_script_expect (t, "0>123456789");
  filter_script_push (t, CLIENT, "gh", "");
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 7, (const guint8 *) "xyz", 3);
  filter_script_expect (t, "failed(" GROWTH ("server", "4") ")");
  filter_script_push_refused (t, CLIENT, "k", IMP_ERROR_LIMIT, GROWTH ("server", "4"), "");
}

static gboolean
send_back_and_deny (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
                    gint32 data_type, GError **error)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (mock);

  imp_analyzer_pass_bytes (analyzer, direction, 1);
  imp_analyzer_send_back (analyzer, direction, (const guint8 *) "bye", 3);
  imp_analyzer_send_back (analyzer, direction, (const guint8 *) "!", 1);
  imp_analyzer_pass_bytes (analyzer, direction, 2);
  imp_analyzer_deny (analyzer, direction, "no");
  return TRUE;
}

/* Also of what is sent back, and where the analyzer has ended the connection meanwhile. */
static void
test_max_growth_to_sender (void)
{
  g_autoptr (FilterScript) t = filter_script_new (send_back_and_deny);

  g_object_set (t->filter, "max-growth", (guint64) 3, NULL);
  filter_script_push_refused (t, CLIENT, "abcd", IMP_ERROR_DENIED, "no", "0>a 1>bye denied(no)");
}

static void
assert_counted (FilterScript *t, guint64 logs, guint64 bytes, const char *exceeded)
{
  g_autoptr (GVariant) statistics = imp_filter_get_statistics (t->filter);
  guint64 n_logs, n_bytes;
  const char *limit;

  g_assert_true (g_variant_lookup (statistics, "logs", "t", &n_logs));
  g_assert_true (g_variant_lookup (statistics, "log-bytes", "t", &n_bytes));
  g_assert_true (g_variant_lookup (statistics, "exceeded", "&s", &limit));
  g_assert_cmpuint (n_logs, ==, logs);
  g_assert_cmpuint (n_bytes, ==, bytes);
  g_assert_cmpstr (limit, ==, exceeded);
}

static void
on_text (ImpFilter *filter, ImpResult *result, FilterScript *t)
{
  g_autofree char *text = imp_result_to_string (result);

  filter_script_note (t, "[%s]", text);
}

static void
log_text (FilterScript *t, const char *message)
{
  imp_analyzer_log (t->analyzer, CLIENT, 0, 0, IMP_LOG_LEVEL_INFO, message);
}

#define SIZE(what) "The analyzer's " what " has 5 bytes of text (max-log-size is 4)"

/* What is too long is seen by nobody, and does not end a connection in another way. */
static void
test_max_log_size (void)
{
  g_autoptr (FilterScript) t = filter_script_new_deaf (NULL);
  guint64 max_log_size = 0;

  g_object_get (t->filter, "max-log-size", &max_log_size, NULL);
  g_assert_cmpuint (max_log_size, ==, 65536);
  g_object_set (t->filter, "max-log-size", (guint64) 4, NULL);
  g_signal_connect (t->filter, "result::log", G_CALLBACK (on_text), t);
  g_signal_connect (t->filter, "result::account_field", G_CALLBACK (on_text), t);
  filter_script_connect (t);
  filter_script_push (t, CLIENT, "abcd", "");
  log_text (t, "1234");
  imp_analyzer_account (t->analyzer, "ab", "cd");
  filter_script_expect (t, "[log dir=0 offset=0 length=0 level=2 \"1234\"] "
                           "[account_field \"ab\"=\"cd\"]");
  assert_counted (t, 2, 8, "");
  log_text (t, "12345");
  filter_script_expect (t, "failed(" SIZE ("log") ")");
  assert_counted (t, 2, 8, "max-log-size");
  filter_script_push_refused (t, CLIENT, "k", IMP_ERROR_LIMIT, SIZE ("log"), "");
}

static void
test_max_log_size_deny (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  g_object_set (t->filter, "max-log-size", (guint64) 4, NULL);
  filter_script_push (t, CLIENT, "abcd", "");
  imp_analyzer_deny (t->analyzer, CLIENT, "never");
  filter_script_expect (t, "failed(" SIZE ("deny") ")");
  assert_counted (t, 0, 0, "max-log-size");
}

/* Ten times as many at once, and what is too much is shown to nobody. */
static void
test_max_log_rate (void)
{
  g_autoptr (FilterScript) t = filter_script_new_deaf (NULL);
  g_autoptr (GError) error = NULL;
  guint max_log_rate = 1;
  guint n = 0;

  g_object_get (t->filter, "max-log-rate", &max_log_rate, NULL);
  g_assert_cmpuint (max_log_rate, ==, 0);
  filter_script_connect (t);
  for (guint i = 0; i < 1000; i++)
    log_text (t, "x");
  g_assert_true (imp_filter_check (t->filter, NULL));
  g_object_set (t->filter, "max-log-rate", 1, NULL);
  while (imp_filter_check (t->filter, NULL) && n++ < 10000)
    log_text (t, "x");
  g_assert_cmpuint (n, >=, 11);
  g_assert_false (imp_filter_check (t->filter, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_true (g_str_has_suffix (error->message, "(max-log-rate is 1 a second)"));
  assert_counted (t, 1000 + n - 1, 1000 + n - 1, "max-log-rate");
  g_assert_nonnull (strstr (t->log->str, "failed(The analyzer has more for the log than"));
  g_string_truncate (t->log, 0);
}

static void
assert_growth (FilterScript *t, gint64 from_client, gint64 from_server, const char *exceeded)
{
  g_autoptr (GVariant) statistics = imp_filter_get_statistics (t->filter);
  g_autoptr (GVariant) value = g_variant_lookup_value (statistics, "growth", G_VARIANT_TYPE ("ax"));
  gsize n;
  const gint64 *growth = g_variant_get_fixed_array (value, &n, sizeof *growth);
  const char *limit;

  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpint (growth[0], ==, from_client);
  g_assert_cmpint (growth[1], ==, from_server);
  g_assert_true (g_variant_lookup (statistics, "exceeded", "&s", &limit));
  g_assert_cmpstr (limit, ==, exceeded);
}

/* What is held is neither longer nor shorter yet. */
static void
test_statistics (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  assert_growth (t, 0, 0, "");
  filter_script_push (t, CLIENT, "abcdef", "");
  assert_growth (t, 0, 0, "");
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 2, (const guint8 *) "", 0);
  assert_growth (t, -2, 0, "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 3);
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 4, (const guint8 *) "12345", 5);
  imp_analyzer_send_back (t->analyzer, CLIENT, (const guint8 *) "bye", 3);
  assert_growth (t, 2, 3, "");
  g_object_set (t->filter, "max-growth", (guint64) 3, NULL);
  imp_analyzer_send_back (t->analyzer, CLIENT, (const guint8 *) "!", 1);
  assert_growth (t, 2, 4, "max-growth");
  filter_script_expect (t, "0>c 0>12345 1>bye failed(" GROWTH ("client", "4") ")");
}

/* More than the limit in one chunk does no harm if it is settled at once. */
static void
test_max_held_at_once (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_pass);

  imp_filter_set_max_held (t->filter, 0);
  filter_script_push (t, CLIENT, "abcdefgh", "0>abcdefgh");
}

static void
test_max_chunks (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  guint n = 0;

  while (imp_filter_push (t->filter, CLIENT, bytes, IMP_DATA_TYPE_PACKET, &error))
    n++;
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_cmpuint (n, ==, 65536);
  filter_script_expect (t, "failed(The analyzer leaves 65537 chunks unsettled; the limit is "
                           "65536)");
}

/* The analyzer wants a pattern that is too costly for what comes. */
static void
test_costly_pattern (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  g_autofree char *text = g_strnfill (3000, 'a');
  g_autoptr (GError) error = NULL;

  text[2999] = 'd';
  imp_analyzer_pass_pattern (t->analyzer, CLIENT, "(a+)+[bc]", 2000);
  g_assert_false (imp_filter_push_bytes (t->filter, CLIENT, (const guint8 *) text, 3000,
                                         IMP_DATA_TYPE_PACKET, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_true (g_str_has_prefix (t->log->str, "failed("));
  g_string_truncate (t->log, 0);
  mock_analyzer_expect (t->mock, "close");
}

/* A closed filter keeps no output function. */
static void
test_output_after_close (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  imp_filter_close (t->filter);
  g_assert_cmpuint (t->n_freed, ==, 1);
  filter_script_connect (t);
  g_assert_cmpuint (t->n_freed, ==, 2);
  t->n_freed = 1;
}

static void
test_properties (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  ImpAnalyzer *analyzer = NULL;
  guint64 max_held = 0;

  g_object_set (t->filter, "max-held", (guint64) 5, NULL);
  g_object_get (t->filter, "analyzer", &analyzer, "max-held", &max_held, NULL);
  g_assert_true (analyzer == t->analyzer);
  g_assert_true (imp_filter_get_analyzer (t->filter) == analyzer);
  g_assert_cmpuint (max_held, ==, 5);
  g_object_unref (analyzer);
}

static void
test_input_after_end (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) type_error = NULL;

  filter_script_push (t, CLIENT, "ab", "");
  filter_script_push (t, CLIENT, "", "");
  g_assert_false (imp_filter_push_bytes (t->filter, CLIENT, NULL, 0, STREAM, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
  g_assert_false (imp_filter_push_bytes (t->filter, SERVER, (const guint8 *) "a", 1,
                                         IMP_DATA_TYPE_ANY, &type_error));
  g_assert_error (type_error, IMP_ERROR, IMP_ERROR_PROTOCOL);
  /* It was the caller's error: the filter goes on. */
  g_assert_true (imp_filter_check (t->filter, NULL));
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 2);
  filter_script_expect (t, "0>ab 0>.");
}

static void
close_filter (gpointer user_data)
{
  FilterScript *t = user_data;

  imp_filter_close (t->filter);
  g_assert_cmpuint (t->n_freed, ==, 0);
}

static void
test_close_in_output (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "ab", "");
  filter_script_push (t, CLIENT, "cd", "");
  t->on_output = close_filter;
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 4);
  filter_script_expect (t, "0>ab");
  g_assert_cmpuint (t->n_freed, ==, 1);
  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_CLOSED, "The filter is closed", "");
}

static void
unref_filter (gpointer user_data)
{
  FilterScript *t = user_data;

  g_clear_object (&t->filter);
}

/* The last reference goes in the middle of the work. */
static void
test_unref_in_output (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "ab", "");
  filter_script_push (t, CLIENT, "cd", "");
  t->on_output = unref_filter;
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 4);
  filter_script_expect (t, "0>ab 0>cd");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 5);
}

static void
test_close (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "ab", "");
  imp_filter_close (t->filter);
  imp_filter_close (t->filter);
  mock_analyzer_expect (t->mock, "0<ab close");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 2);
  imp_analyzer_deny (t->analyzer, CLIENT, "late");
  filter_script_expect (t, "");
  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_CLOSED, "closed", "");
  g_assert_cmpint (imp_filter_get_denied (t->filter, CLIENT), ==, 2);
}

static void
test_fail (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "ab", "");
  imp_filter_fail (t->filter, "disk full");
  filter_script_expect (t, "failed(disk full)");
  imp_filter_fail (t->filter, "again");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 2);
  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_FAILED, "disk full", "");
  g_assert_cmpint (imp_filter_get_denied (t->filter, CLIENT), ==, 2);
  mock_analyzer_expect (t->mock, "0<ab close");
}

static gboolean
pass_each_byte (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
                gint32 data_type, GError **error)
{
  for (gsize i = 1; i <= g_bytes_get_size (data); i++)
    imp_analyzer_pass_bytes (IMP_ANALYZER (mock), direction, i);
  return TRUE;
}

static void
fail_in_output (gpointer script)
{
  imp_filter_fail (((FilterScript *) script)->filter, "broken pipe");
}

/* What was passed behind the piece that was lost does not come out. */
static void
test_fail_in_output (void)
{
  g_autoptr (FilterScript) t = filter_script_new (pass_each_byte);

  t->on_output = fail_in_output;
  filter_script_push_refused (t, CLIENT, "abc", IMP_ERROR_FAILED, "broken pipe",
                              "0>a failed(broken pipe)");
}

/* A connection that was refused before stays so. */
static void
test_fail_late (void)
{
  g_autoptr (FilterScript) t = filter_script_new (pass_one_then_deny);

  t->on_output = fail_in_output;
  filter_script_push_refused (t, CLIENT, "abcd", IMP_ERROR_DENIED, "no", "0>a denied(no)");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter-end/deny", test_deny);
  g_test_add_func ("/filter-end/deny/order", test_deny_order);
  g_test_add_func ("/filter-end/drop", test_drop);
  g_test_add_func ("/filter-end/fatal", test_fatal);
  g_test_add_func ("/filter-end/plugin-error", test_plugin_error);
  g_test_add_func ("/filter-end/illegal", test_illegal);
  g_test_add_func ("/filter-end/max-held", test_max_held);
  g_test_add_func ("/filter-end/max-held/at-once", test_max_held_at_once);
  g_test_add_func ("/filter-end/max-growth", test_max_growth);
  g_test_add_func ("/filter-end/max-growth/to-sender", test_max_growth_to_sender);
  g_test_add_func ("/filter-end/max-log-size", test_max_log_size);
  g_test_add_func ("/filter-end/max-log-size/deny", test_max_log_size_deny);
  g_test_add_func ("/filter-end/max-log-rate", test_max_log_rate);
  g_test_add_func ("/filter-end/statistics", test_statistics);
  g_test_add_func ("/filter-end/max-chunks", test_max_chunks);
  g_test_add_func ("/filter-end/costly-pattern", test_costly_pattern);
  g_test_add_func ("/filter-end/output-after-close", test_output_after_close);
  g_test_add_func ("/filter-end/properties", test_properties);
  g_test_add_func ("/filter-end/input-after-end", test_input_after_end);
  g_test_add_func ("/filter-end/fail", test_fail);
  g_test_add_func ("/filter-end/fail/in-output", test_fail_in_output);
  g_test_add_func ("/filter-end/fail/late", test_fail_late);
  g_test_add_func ("/filter-end/close", test_close);
  g_test_add_func ("/filter-end/close/in-output", test_close_in_output);
  g_test_add_func ("/filter-end/unref-in-output", test_unref_in_output);
  return g_test_run ();
}
