/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be the beginning of a match is held, but not for longer than it may be. */
#include "pattern-rig.h"

#include <string.h>

#include "core/imp-analyzer-private.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

/* Short, and a time in which it is over for sure, up to twice. */
#define TIMEOUT "&hold-timeout=20"
#define LONGER 60

typedef struct
{
  const char *settings;
  const char *request; /* as much as it takes to get an answer; its end looks like a match */
} Request;

static const Request requests[] = {
  { "rx=\\r\\nX-Debug:%20\\d&rxlen=12&action=replace", "GET / HTTP/1.1\r\nHost: x\r\n\r\n" },
  { "string=%0aBcc:&action=replace&actdata=%0aX:", "data: an event\n\n" },
  { "rx=[A-Z]{3}\\d%2B&rxlen=40&action=replace&actdata=ID", "HELP" },
  { "rx=(?m)^%3Efrom&rxlen=5&action=deny", "MAIL\r\n>" },
  { "rx=\\.\\r\\n\\.&rxlen=4&action=reject&actdata=no", "a mail.\r\n" },
  { "rx=a(?!.{8}b)&rxlen=1&action=replace&actdata=x", "da" },
  { "rx=\\w%2B@evil&rxlen=60&over=pass", "user" },
  { "rx=[\xc3\xa4\xc3\xb6]z&utf8=true&rxlen=3&action=answer", "caf\xc3" },
};

/* It has said that it wants more, and does not have it. */
static gboolean
is_holding (PatternRig *rig, ImpDirection direction)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (rig->analyzer, direction);

  return marks->extra != NULL && marks->extra->wanted > marks->fed
         && imp_marks_get_unsettled (marks) > 0;
}

/* It arrives, whole, whatever is held of it. */
static void
test_requests (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autofree char *settings = g_strconcat (requests[i].settings, TIMEOUT, NULL);
      g_autoptr (PatternRig) rig = pattern_rig_new (settings);

      pattern_rig_feed (rig, requests[i].request, -1, STREAM);
      pattern_rig_expect (rig, "");
      g_assert_true (is_holding (rig, 0));
      g_assert_false (is_holding (rig, 1));
      pattern_rig_wait (rig, LONGER);
      pattern_rig_expect (rig, requests[i].request);
      g_assert_false (is_holding (rig, 0));
      /* In one piece. */
      g_assert_cmpuint (strchr (rig->answers->str, '\n') - rig->answers->str, ==,
                        rig->answers->len - 1);
    }
}

/* It can be asked for without a clock, and then only the end is held. */
static void
test_off (void)
{
  g_autoptr (PatternRig) rig = pattern_rig_new ("string=secret&hold-timeout=0");

  pattern_rig_feed (rig, "yes", 3, STREAM);
  pattern_rig_expect (rig, "ye");
  pattern_rig_wait (rig, LONGER);
  pattern_rig_expect (rig, "ye");
  pattern_rig_feed (rig, "!", 1, STREAM);
  pattern_rig_expect (rig, "yes!");
}

/* What has passed is still seen. */
static void
test_deny_later (void)
{
  static const char *const settings[] = { "string=foobar", "rx=foob[a-m]r&rxlen=6",
                                          "rx=fo%2Bbar&rxlen=20&action=reject",
                                          "rx=(?<=x )foobar$&rxlen=6" };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      g_autofree char *all = g_strconcat (settings[i], TIMEOUT, NULL);
      g_autoptr (PatternRig) rig = pattern_rig_new (all);

      pattern_rig_feed (rig, "x fo", -1, STREAM);
      pattern_rig_wait (rig, LONGER);
      pattern_rig_expect (rig, "x fo");
      pattern_rig_feed (rig, "o", -1, STREAM);
      pattern_rig_wait (rig, LONGER);
      pattern_rig_expect (rig, "x foo");
      pattern_rig_feed (rig, "bar", -1, STREAM);
      pattern_rig_feed (rig, "", 0, STREAM);
      pattern_rig_expect_refusal (rig, "deny the pattern was found");
      pattern_rig_expect (rig, "x foo");
    }
}

/* What has passed cannot be replaced: it is logged, or refused. */
static void
test_replace_late (void)
{
  g_autoptr (PatternRig) passed = pattern_rig_new (
    "string=foobar&action=replace&actdata=X" TIMEOUT);
  g_autoptr (PatternRig) denied = pattern_rig_new (
    "rx=foo(bar)&rxlen=6&action=replace&actdata=\\1&over=deny" TIMEOUT);

  pattern_rig_feed (passed, "foo", -1, STREAM);
  pattern_rig_wait (passed, LONGER);
  pattern_rig_expect_answers (passed, "pass dir=0 offset=3\n");
  pattern_rig_feed (passed, "bar foobar", -1, STREAM);
  pattern_rig_expect (passed, "foobar X");
  g_assert_true (g_str_has_prefix (passed->answers->str, "log dir=0 offset=0 length=6 "));

  pattern_rig_feed (denied, "foo", -1, STREAM);
  pattern_rig_wait (denied, LONGER);
  pattern_rig_feed (denied, "bar foobar", -1, STREAM);
  pattern_rig_expect_refusal (denied, "deny the pattern was found, but its beginning had passed");
  pattern_rig_expect (denied, "foo");
}

/* What is a match whatever comes is one when nothing comes. */
static void
test_certain (void)
{
  g_autoptr (PatternRig) deny = pattern_rig_new ("rx=evil=\\w%2B&rxlen=20" TIMEOUT);
  g_autoptr (PatternRig) replace = pattern_rig_new (
    "rx=key=(\\w%2B)&rxlen=20&action=replace&actdata=key=<\\1>" TIMEOUT);
  g_autoptr (PatternRig) later = pattern_rig_new ("rx=foobar|oo&rxlen=6" TIMEOUT);

  pattern_rig_feed (deny, "x evil=abc", -1, STREAM);
  pattern_rig_wait (deny, LONGER);
  pattern_rig_expect_refusal (deny, "deny");
  pattern_rig_expect (deny, "x ");

  pattern_rig_feed (replace, "key=abc", -1, STREAM);
  pattern_rig_wait (replace, LONGER);
  pattern_rig_expect (replace, "key=<abc>");
  pattern_rig_feed (replace, "d key=x;", -1, STREAM);
  pattern_rig_expect (replace, "key=<abc>d key=<x>;");

  pattern_rig_feed (later, "foo", -1, STREAM);
  pattern_rig_wait (later, LONGER);
  pattern_rig_expect_refusal (later, "deny");
}

typedef struct
{
  const char *settings;
  const char *first;  /* passes after a while */
  const char *second; /* shows that it was none */
  const char *third;  /* and this is one, first and all */
} Uncertain;

static const Uncertain uncertain[] = {
  { "rx=(?m)^rm$&rxlen=2", "rm", " -i file\n", "\nrm\n" },
  { "rx=foo(?!bar)&rxlen=3", "foo", "bar", "foo." },
  { "rx=\\bfoo\\b&rxlen=3", "foo", "d ", "foo " },
  { "rx=foo\\z&rxlen=3", "foo", "d", "foo" },
  { "rx=(?m)a\\n(?!^b)&rxlen=2", "a\n", "b", "a\nc" },
  { "rx=foo(?:$|;)&rxlen=4", "foo", "d", "foo;" },
};

/* What depends on what comes is none yet. */
static void
test_uncertain (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (uncertain); i++)
    {
      g_autofree char *settings = g_strconcat (uncertain[i].settings, TIMEOUT, NULL);
      g_autofree char *both = g_strconcat (uncertain[i].first, uncertain[i].second, NULL);
      g_autoptr (PatternRig) rig = pattern_rig_new (settings);

      pattern_rig_feed (rig, uncertain[i].first, -1, STREAM);
      pattern_rig_wait (rig, LONGER);
      pattern_rig_expect (rig, uncertain[i].first);
      pattern_rig_feed (rig, uncertain[i].second, -1, STREAM);
      pattern_rig_wait (rig, LONGER);
      pattern_rig_expect (rig, both);
      pattern_rig_feed (rig, uncertain[i].third, -1, STREAM);
      pattern_rig_feed (rig, "", 0, STREAM);
      pattern_rig_expect_refusal (rig, "deny");
    }
}

static void
test_hold_deny (void)
{
  g_autoptr (PatternRig) rig = pattern_rig_new (
    "string=foo&action=replace&hold-action=deny" TIMEOUT);

  pattern_rig_feed (rig, "a foo fob", -1, STREAM);
  pattern_rig_wait (rig, LONGER);
  pattern_rig_expect (rig, "a  fob");
  pattern_rig_feed (rig, "fo", -1, STREAM);
  pattern_rig_wait (rig, LONGER);
  pattern_rig_expect_refusal (rig, "deny what may be a match of the pattern was held");
  pattern_rig_expect (rig, "a  fob");
}

/* Of a large piece only the end is held; and one that goes on in time is no reason for anything. */
static void
test_pieces (void)
{
  g_autofree char *large = g_strnfill (5000, 'x');
  g_autoptr (PatternRig) rig = pattern_rig_new ("string=foo&action=replace&hold-timeout=60000");

  pattern_rig_feed (rig, "one fo", -1, STREAM);
  pattern_rig_expect (rig, "");
  pattern_rig_feed (rig, "o two f", -1, STREAM);
  pattern_rig_expect (rig, "one ");
  pattern_rig_feed (rig, "rom", -1, STREAM);
  pattern_rig_expect (rig, "one  two from");
  g_assert_false (is_holding (rig, 0));
  large[4999] = 'f';
  pattern_rig_feed (rig, large, -1, STREAM);
  g_assert_cmpint (rig->settled, ==, rig->input->len - 1);
  pattern_rig_feed (rig, "", 0, STREAM);
  g_assert_cmpint (rig->settled, ==, rig->input->len);
  g_assert_false (is_holding (rig, 0));
}

/* What held is forgotten with its stream. */
static void
test_boundaries (void)
{
  g_autoptr (PatternRig) rig = pattern_rig_new ("string=foo&action=replace&actdata=X" TIMEOUT);

  pattern_rig_feed (rig, "fo", -1, STREAM);
  pattern_rig_wait (rig, LONGER);
  pattern_rig_feed (rig, "o", -1, -2);
  pattern_rig_expect (rig, "foo");
  pattern_rig_feed (rig, "fo", -1, -2);
  pattern_rig_feed (rig, "o", -1, PACKET);
  pattern_rig_expect (rig, "foofoo");
  pattern_rig_feed (rig, "fo", -1, PACKET);
  g_assert_false (is_holding (rig, 0));
  pattern_rig_feed (rig, "fo", -1, STREAM);
  pattern_rig_wait (rig, LONGER);
  pattern_rig_feed (rig, "", 0, STREAM);
  pattern_rig_expect (rig, "foofoofofo");
  g_assert_true (rig->ended);
}

static int
get_timeout (GMainContext *context)
{
  GPollFD fds[8];
  int timeout = 0;

  g_main_context_prepare (context, NULL);
  g_main_context_query (context, G_MAXINT, &timeout, fds, G_N_ELEMENTS (fds));
  return timeout;
}

/* The clock is that of the context in which the analyzer was made, and runs only where it is
 * needed. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (PatternRig) rig = NULL, closed = NULL;

  g_main_context_push_thread_default (context);
  rig = pattern_rig_new ("string=foo" TIMEOUT);
  closed = pattern_rig_new ("string=foo" TIMEOUT);
  g_main_context_pop_thread_default (context);

  pattern_rig_feed (rig, "nothing", -1, STREAM);
  g_assert_cmpint (get_timeout (context), ==, -1);
  pattern_rig_feed (rig, "f", -1, STREAM);
  pattern_rig_feed (closed, "f", -1, STREAM);
  imp_analyzer_close (closed->analyzer);
  g_assert_cmpint (get_timeout (context), >=, 0);
  pattern_rig_wait (rig, LONGER);
  pattern_rig_expect (rig, "nothing");
  while (get_timeout (context) >= 0)
    g_main_context_iteration (context, TRUE);
  pattern_rig_expect (rig, "nothingf");
  pattern_rig_expect (closed, "");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pattern-hold/requests", test_requests);
  g_test_add_func ("/pattern-hold/off", test_off);
  g_test_add_func ("/pattern-hold/deny-later", test_deny_later);
  g_test_add_func ("/pattern-hold/replace-late", test_replace_late);
  g_test_add_func ("/pattern-hold/certain", test_certain);
  g_test_add_func ("/pattern-hold/uncertain", test_uncertain);
  g_test_add_func ("/pattern-hold/deny", test_hold_deny);
  g_test_add_func ("/pattern-hold/pieces", test_pieces);
  g_test_add_func ("/pattern-hold/boundaries", test_boundaries);
  g_test_add_func ("/pattern-hold/context", test_context);
  return g_test_run ();
}
