/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rewriter holds, and for how long; groups, refusals, limits and failures. */
#include <string.h>

#include "core/imp-error.h"
#include "rewriter-rig.h"
#include "test-clock.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

/* ---- what is held ---- */

static void
test_held (void)
{
  const RewriterPattern patterns[] = { { "secret", 0 }, { "[0-9]{4}", 4 } };
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 2);
  g_assert_cmpuint (imp_rewriter_get_max_held (IMP_REWRITER (rig.rewriter), 0), ==, 0);
  rewriter_rig_push_text (&rig, "the secre");
  g_assert_cmpstr (rig.output[0]->str, ==, "the ");
  rewriter_rig_push_text (&rig, "d");
  g_assert_cmpstr (rig.output[0]->str, ==, "the secred");
  rewriter_rig_push_text (&rig, " 123");
  g_assert_cmpint (imp_filter_get_held (rig.filter, 0), ==, 3);
  rewriter_rig_push_text (&rig, "4");
  g_assert_cmpstr (rig.output[0]->str, ==, "the secred <2>");
  rewriter_rig_push_text (&rig, "secr");
  rewriter_rig_finish (&rig, 0);
  g_assert_cmpstr (rig.output[0]->str, ==, "the secred <2>secr");
  g_assert_cmpint (rig.max_held, ==, 5);
  rewriter_rig_clear (&rig);
}

static void
test_directions (void)
{
  const RewriterPattern one = { "one", 0 }, two = { "two", 0 };
  RewriterRig rig;

  rewriter_rig_init (&rig, &one, 1);
  rewriter_rig_add (&rig, 1, &two);
  rewriter_rig_push (&rig, 0, "o", 1, STREAM);
  rewriter_rig_push (&rig, 1, "one tw", 6, STREAM);
  rewriter_rig_push (&rig, 0, "ne two", 6, STREAM);
  rewriter_rig_push (&rig, 1, "o", 1, STREAM);
  rewriter_rig_finish (&rig, 1);
  rewriter_rig_finish (&rig, 0);
  g_assert_cmpstr (rig.output[0]->str, ==, "<1> two");
  g_assert_cmpstr (rig.output[1]->str, ==, "one <2>");
  rewriter_rig_clear (&rig);
}

/* Without patterns nothing is looked at. */
static void
test_no_patterns (void)
{
  RewriterRig rig;

  rewriter_rig_init (&rig, NULL, 0);
  rewriter_rig_push_text (&rig, "hello");
  g_assert_cmpstr (rig.output[0]->str, ==, "hello");
  rewriter_rig_finish (&rig, 0);
  rewriter_rig_clear (&rig);
}

static void
test_packets (void)
{
  const RewriterPattern patterns[] = { { "ab", 0 }, { "b$", 1 } };
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 2);
  rewriter_rig_push (&rig, 0, "a", 1, PACKET);
  rewriter_rig_push (&rig, 0, "bab", 3, PACKET);
  rewriter_rig_push (&rig, 0, "xbb", 3, PACKET);
  g_assert_cmpstr (rig.output[0]->str, ==, "ab<1>xb<2>");
  /* A match does not span types. */
  rewriter_rig_push (&rig, 0, "a", 1, STREAM);
  rewriter_rig_push (&rig, 0, "b", 1, PACKET);
  g_assert_cmpstr (rig.output[0]->str, ==, "ab<1>xb<2>a<2>");
  rewriter_rig_finish (&rig, 0);
  rewriter_rig_clear (&rig);
}

/* ---- for how long ---- */

static void
test_delay_pass (void)
{
  const RewriterPattern patterns[] = { { "secret", 0 } };
  guint64 n_delayed, n_late, n_replaced;
  gint64 begun;
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 1);
  g_object_set (rig.rewriter, "max-delay", 40, NULL);
  rewriter_rig_push_text (&rig, "a sec");
  begun = g_get_monotonic_time ();
  g_assert_cmpstr (rig.output[0]->str, ==, "a ");
  while (rig.output[0]->len < 5)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - begun, >=, 30 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpuint (rig.n_logs, ==, 1);
  /* It is complete too late. */
  rewriter_rig_push_text (&rig, "ret secret ");
  g_assert_cmpstr (rig.output[0]->str, ==, "a secret <1> ");
  g_assert_cmpuint (rig.n_logs, ==, 2);
  g_object_get (rig.rewriter, "n-delayed", &n_delayed, "n-late", &n_late, "n-replaced", &n_replaced,
                NULL);
  g_assert_cmpuint (n_delayed, ==, 1);
  g_assert_cmpuint (n_late, ==, 1);
  g_assert_cmpuint (n_replaced, ==, 1);
  rewriter_rig_clear (&rig);
}

/* What comes on is held from its own arrival on, however long others were held before it. */
static void
test_delay_restarts (void)
{
  const RewriterPattern patterns[] = { { "ab", 0 } };
  guint64 n_delayed;
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 1);
  g_object_set (rig.rewriter, "max-delay", 400, NULL);
  for (guint i = 0; i < 25; i++)
    {
      rewriter_rig_push_text (&rig, "a");
      rewriter_rig_wait (20);
    }
  g_object_get (rig.rewriter, "n-delayed", &n_delayed, NULL);
  g_assert_cmpuint (n_delayed, ==, 0);
  g_assert_cmpint (imp_filter_get_held (rig.filter, 0), ==, 1);
  rewriter_rig_push_text (&rig, "b");
  g_assert_true (g_str_has_suffix (rig.output[0]->str, "<1>"));
  rewriter_rig_clear (&rig);
}

static void
test_delay_deny (void)
{
  const RewriterPattern patterns[] = { { "secret", 0 } };
  g_autoptr (GError) error = NULL;
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 1);
  g_object_set (rig.rewriter, "max-delay", 20, "on-delay", IMP_DELAY_DENY, NULL);
  rewriter_rig_push_text (&rig, "a sec");
  while (imp_filter_check (rig.filter, &error))
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
  g_assert_nonnull (strstr (error->message, "max-delay"));
  g_assert_cmpstr (rig.output[0]->str, ==, "a ");
  rewriter_rig_clear (&rig);
}

/* What is a match as it stands is taken for one. */
static void
test_delay_match (void)
{
  const RewriterPattern patterns[] = { { "[0-9]+", 8 } };
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 1);
  g_object_set (rig.rewriter, "max-delay", 20, NULL);
  rewriter_rig_push_text (&rig, "a 12");
  while (rig.output[0]->len < 5)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (rig.output[0]->str, ==, "a <1>");
  rewriter_rig_clear (&rig);
}

/* ---- answers ---- */

static void
append_group (GString *log, GBytes *group)
{
  g_autoptr (GBytes) bytes = group;

  if (bytes == NULL)
    g_string_append (log, "-,");
  else
    g_string_append_printf (log, "%.*s,", (int) g_bytes_get_size (bytes),
                            (const char *) g_bytes_get_data (bytes, NULL));
}

static gboolean
note_groups (TestRewriter *self, ImpDirection direction, guint id, GBytes *match, gint64 offset,
             GError **error)
{
  ImpRewriter *rewriter = IMP_REWRITER (self);

  g_string_append_printf (self->log, "%u@%d:", id, (int) offset);
  for (guint i = 0; i < 4; i++)
    append_group (self->log, imp_rewriter_get_group (rewriter, i));
  append_group (self->log, imp_rewriter_get_named_group (rewriter, "name"));
  g_string_append_c (self->log, ' ');
  imp_rewriter_replace (rewriter, (const guint8 *) "x", 1);
  imp_rewriter_keep (rewriter);
  return TRUE;
}

static void
test_groups (void)
{
  const RewriterPattern patterns[] = {
    { "k(\\d)(x)?", 3 },
    { "(?<a>u)(?<name>v)(w)", 3 },
    { "str", 0 },
    { "(?<name>q)\\1", 2 },
  };
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, G_N_ELEMENTS (patterns));
  rig.rewriter->func = note_groups;
  rewriter_rig_push_text (&rig, "uv");
  rewriter_rig_push_text (&rig, "w k1 k2x str qq ");
  g_assert_cmpstr (rig.rewriter->log->str, ==,
                   "2@0:uvw,u,v,w,v, 1@4:k1,1,-,-,-, 1@7:k2x,2,x,-,-, 3@11:str,-,-,-,-, "
                   "4@15:qq,q,-,-,q, ");
  g_assert_cmpstr (rig.output[0]->str, ==, "uvw k1 k2x str qq ");
  rewriter_rig_clear (&rig);
}

static void
search_elsewhere (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  rewriter_rig_push_text (user_data, "k5 ");
}

/* Whoever gets the PASS of what comes before a match may search, too, in the same thread. */
static void
test_groups_of_another (void)
{
  const RewriterPattern patterns[] = { { "(?<a>u)(?<name>v)(w)", 3 } };
  const RewriterPattern others[] = { { "k(\\d)(x)?", 3 } };
  RewriterRig rig, other;
  ImpAnalyzer *analyzer;

  rewriter_rig_init (&rig, patterns, G_N_ELEMENTS (patterns));
  rewriter_rig_init (&other, others, G_N_ELEMENTS (others));
  rig.rewriter->func = note_groups;
  analyzer = IMP_ANALYZER (rig.rewriter);
  imp_analyzer_set_callback (analyzer, search_elsewhere, &other, NULL);
  imp_analyzer_data_bytes (analyzer, IMP_DIRECTION_FROM_CLIENT, (const guint8 *) "before uvw", 10,
                           0, IMP_DATA_TYPE_STREAM);
  g_assert_cmpstr (rig.rewriter->log->str, ==, "1@7:uvw,u,v,w,v, ");
  g_assert_cmpuint (other.output[0]->len, >, 0);
  imp_analyzer_close (analyzer);
  rewriter_rig_clear (&rig);
  rewriter_rig_clear (&other);
}

static gboolean
deny (TestRewriter *self, ImpDirection direction, guint id, GBytes *match, gint64 offset,
      GError **error)
{
  imp_analyzer_deny (IMP_ANALYZER (self), direction, "not this");
  return TRUE;
}

static gboolean
fail_silently (TestRewriter *self, ImpDirection direction, guint id, GBytes *match, gint64 offset,
               GError **error)
{
  return FALSE;
}

static gboolean
fail_loudly (TestRewriter *self, ImpDirection direction, guint id, GBytes *match, gint64 offset,
             GError **error)
{
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FATAL, "no more");
  return FALSE;
}

static void
check_refusal (MatchFunc func, ImpError code, const char *message)
{
  const RewriterPattern patterns[] = { { "bad", 0 } };
  g_autoptr (GError) error = NULL;
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 1);
  rig.rewriter->func = func;
  imp_filter_push_bytes (rig.filter, 0, (const guint8 *) "good bad bad", 12, STREAM, &error);
  g_assert_error (error, IMP_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, message));
  g_assert_cmpstr (rig.output[0]->str, ==, "good ");
  rewriter_rig_clear (&rig);
}

static void
test_refusals (void)
{
  check_refusal (deny, IMP_ERROR_DENIED, "not this");
  check_refusal (fail_silently, IMP_ERROR_FATAL, "TestRewriter.match() failed without saying why");
  check_refusal (fail_loudly, IMP_ERROR_FATAL, "no more");
}

/* An answer to nothing is a failure that is seen. */
static void
test_unasked (void)
{
  const RewriterPattern patterns[] = { { "bad", 0 } };
  g_autoptr (GError) error = NULL;
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 1);
  imp_rewriter_replace (IMP_REWRITER (rig.rewriter), (const guint8 *) "x", 1);
  g_assert_false (imp_filter_check (rig.filter, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_nonnull (strstr (error->message, "replace() was called outside of match()"));
  rewriter_rig_clear (&rig);
}

static void
check_wrong (ImpRewriter *rewriter, const RewriterPattern *pattern, ImpError code,
             const char *message)
{
  g_autoptr (GError) error = NULL;
  guint id;

  if (pattern->max_length > 0)
    id = imp_rewriter_add_regex (rewriter, 0, pattern->text, pattern->max_length, &error);
  else
    id = imp_rewriter_add_string (rewriter, 0, (const guint8 *) pattern->text,
                                  strlen (pattern->text), &error);
  g_assert_cmpuint (id, ==, 0);
  g_assert_error (error, IMP_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" is not in \"%s\"", message, error->message);
}

static void
test_wrong_patterns (void)
{
  const RewriterPattern patterns[] = { { "good", 0 } };
  const RewriterPattern empty = { "", 0 }, open = { "(a", 4 }, nothing = { "a*", 4 },
                        long_one = { "a{5}", 4 }, ahead = { "a(?=.*b)", 4 };
  ImpRewriter *rewriter;
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 1);
  rewriter = IMP_REWRITER (rig.rewriter);
  check_wrong (rewriter, &empty, IMP_ERROR_SETTINGS, "1 to 65536 bytes, not 0");
  check_wrong (rewriter, &open, IMP_ERROR_SETTINGS, "\"(a\" is wrong");
  check_wrong (rewriter, &nothing, IMP_ERROR_SETTINGS, "matches the empty string");
  check_wrong (rewriter, &long_one, IMP_ERROR_SETTINGS, "can never match");
  check_wrong (rewriter, &ahead, IMP_ERROR_SETTINGS, "looks ahead without a bound");
  rewriter_rig_push_text (&rig, "x good");
  check_wrong (rewriter, patterns, IMP_ERROR_FAILED, "only before the first byte");
  g_assert_cmpstr (rig.output[0]->str, ==, "x <1>");
  rewriter_rig_clear (&rig);
}

static void
test_too_many (void)
{
  g_autoptr (ImpRewriter) rewriter = g_object_new (imp_rewriter_get_type (), NULL);
  g_autofree guint8 *large = g_malloc0 (65536);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 16; i++)
    g_assert_cmpuint (imp_rewriter_add_string (rewriter, 0, large, 65536, NULL), ==, i + 1);
  g_assert_cmpuint (imp_rewriter_add_string (rewriter, 0, large, 1, &error), ==, 0);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_clear_error (&error);
  for (guint i = 0; i < 4096; i++)
    g_assert_cmpuint (imp_rewriter_add_string (rewriter, 1, large, 1, NULL), >, 0);
  g_assert_cmpuint (imp_rewriter_add_string (rewriter, 1, large, 1, &error), ==, 0);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
}

/* Those of the same class share what is made of their patterns, and those with others do not. */
static void
test_shared (void)
{
  const RewriterPattern one[] = { { "ab", 0 }, { "c[0-9]", 2 } };
  const RewriterPattern other[] = { { "ab", 0 }, { "c[a-z]", 2 } };
  const RewriterPattern more[] = { { "ab", 0 }, { "c[a-z]", 2 }, { "zz", 0 } };
  const struct
  {
    const RewriterPattern *patterns;
    guint n;
    const char *output;
  } rounds[] = {
    { one, 2, "<1><2>cxzz" }, { one, 2, "<1><2>cxzz" },   { other, 2, "<1>c1<2>zz" },
    { one, 1, "<1>c1cxzz" },  { more, 3, "<1>c1<2><3>" }, { more, 3, "<1>c1<2><3>" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rounds); i++)
    {
      RewriterRig rig;

      rewriter_rig_init (&rig, rounds[i].patterns, rounds[i].n);
      rewriter_rig_push_text (&rig, "abc1cxzz");
      g_assert_cmpstr (rig.output[0]->str, ==, rounds[i].output);
      rewriter_rig_clear (&rig);
    }
}

/* Traffic that is shaped against an expression ends the analyzer, and says why. */
static void
test_costly (void)
{
  const RewriterPattern patterns[] = { { "(?:x+x+)+y", 4096 }, { "[0-9]", 1 } };
  g_autofree char *data = g_strnfill (4000, 'x');
  g_autoptr (GError) error = NULL;
  RewriterRig rig;

  rewriter_rig_init (&rig, patterns, 2);
  test_clock_set_step (TEST_CLOCK_STEP);
  for (guint i = 0; i < 1000 && error == NULL; i++)
    {
      imp_filter_push_bytes (rig.filter, 0, (const guint8 *) data, 4000, STREAM, &error);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_nonnull (strstr (error->message, "too costly"));
  test_clock_set_step (0);
  rewriter_rig_clear (&rig);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rewriter/held", test_held);
  g_test_add_func ("/rewriter/directions", test_directions);
  g_test_add_func ("/rewriter/no-patterns", test_no_patterns);
  g_test_add_func ("/rewriter/packets", test_packets);
  g_test_add_func ("/rewriter/delay/pass", test_delay_pass);
  g_test_add_func ("/rewriter/delay/restarts", test_delay_restarts);
  g_test_add_func ("/rewriter/delay/deny", test_delay_deny);
  g_test_add_func ("/rewriter/delay/match", test_delay_match);
  g_test_add_func ("/rewriter/groups", test_groups);
  g_test_add_func ("/rewriter/groups/of-another", test_groups_of_another);
  g_test_add_func ("/rewriter/refusals", test_refusals);
  g_test_add_func ("/rewriter/unasked", test_unasked);
  g_test_add_func ("/rewriter/wrong-patterns", test_wrong_patterns);
  g_test_add_func ("/rewriter/too-many", test_too_many);
  g_test_add_func ("/rewriter/shared", test_shared);
  g_test_add_func ("/rewriter/costly", test_costly);
  return g_test_run ();
}
