/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module protocol-pinning: what it says to which input. */
#include "pinning-rig.h"
#include "test-clock.h"

#include <string.h>
#include <time.h>

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-settings-private.h"

typedef struct
{
  const char *rules; /* "DIR LENGTH REGEX", with ";" between */
  const char *settings;
  const char *input; /* as pinning_rig_play() has it */
  const char *said;
} Case;

#define TWO "0 4 affe;1 4 hund"
#define DONE "pass 0 max; pass 1 max"

static const Case streams[] = {
  { TWO, "", "0:affe|1:hund", "pass 0 4; " DONE },
  { TWO, "", "0:affe|1:hundXYZ|0:more", "pass 0 4; " DONE },
  { TWO, "", "0:af|0:fe|1:h|1:und", "pass 0 4; " DONE },
  { TWO, "", "0:afe", "" },
  { TWO, "", "0:afex", "deny 0 rule#0 did not match" },
  { TWO, "", "0:affe|1:huhnx", "pass 0 4; deny 1 rule#1 did not match" },
  /* That nothing matches is final only when all bytes are there. */
  { "0 6 affe", "", "0:xffe", "" },
  { "0 6 affe", "", "0:xffe|0:xx", "deny 0 rule#0 did not match" },
  { "0 6 affe", "", "0:xffe|0.", "deny 0 eof on 0 but unmatched rule#0" },
  /* The order. */
  { TWO, "", "1:hund", "deny 1 rule#0 data from wrong dir 1" },
  { TWO, "", "0:affe|0:hund", "pass 0 4; deny 0 rule#1 data from wrong dir 0" },
  { TWO, "", "0:affehund", "pass 0 4; deny 0 rule#1 data from wrong dir 0" },
  { TWO, "", "0:af|1:hund", "deny 1 rule#0 data from wrong dir 1" },
  { TWO, "ignore_order=1", "1:hund|0:affe", "pass 1 4; " DONE },
  { TWO, "ignore_order=1", "1:hu|0:af|1:nd|0:fe", "pass 1 4; " DONE },
  /* The end. */
  { TWO, "", "0.", "deny 0 eof on 0 but unmatched rule#0" },
  { TWO, "", "1.", "deny 1 eof on 1 but unmatched rule#1" },
  { TWO, "", "0:affe|1.", "pass 0 4; deny 1 eof on 1 but unmatched rule#1" },
  { TWO, "", "0:affe|0.|1:hund", "pass 0 4; pass 0 max; pass 1 max" },
  { TWO, "", "0:affe|1:hund|0.|1.", "pass 0 4; " DONE },
  /* Several in one piece. */
  { "0 2 ab;0 2 cd;1 1 x", "", "0:abcd|1:x", "pass 0 4; " DONE },
  { "0 2 ab;0 2 cd;1 1 x", "", "0:ab|0:c|0:d|1:x", "pass 0 2; pass 0 4; " DONE },
  { "0 2 ab;0 2 cd;1 1 x", "", "0:abce", "pass 0 2; deny 0 rule#1 did not match" },
  { "0 2 ab;0 2 cd;1 1 x", "", "0:ab|1:x", "pass 0 2; deny 1 rule#1 data from wrong dir 1" },
  /* A match grows, */
  { "0 9 a+;0 1 b;1 1 x", "", "0:a|0:aa|0:b|1:x", "pass 0 1; pass 0 3; pass 0 4; " DONE },
  /* up to its length, */
  { "0 3 a+;0 1 b;1 1 x", "", "0:aa|0:aa", "pass 0 2; pass 0 3; deny 0 rule#1 did not match" },
  /* until the other direction has data, */
  { "0 9 a+;1 1 x;0 2 aa", "", "0:a|1:x|0:aa", "pass 0 1; pass 1 1; " DONE },
  { "0 9 a+;1 1 x;0 2 aa", "", "0:a|0:a|1:x|0:aa", "pass 0 1; pass 0 2; pass 1 1; " DONE },
  /* whose order matters, */
  { "0 9 a+;1 1 x;0 1 b", "ignore_order=1", "0:a|1:x|0:ab", "pass 0 1; pass 1 1; " DONE },
  /* or there is no rule left. */
  { "0 9 a+", "", "0:a|0:a", DONE },
  { "0 9 [ab]+b", "", "0:ba|0:b", DONE },
  /* What follows is asked for. */
  { "0 3 foo(?!bar);1 1 x", "", "0:foo|0:bar", "deny 0 rule#0 did not match" },
  { "0 3 foo(?!bar);0 1 b;1 1 x", "", "0:foo|0:baz|1:x",
    "pass 0 4; deny 0 rule#2 data from wrong dir 0" },
  { "0 3 foo(?=bar);0 3 bar;1 1 x", "", "0:foob|0:ar|1:x", "pass 0 6; " DONE },
  { "0 3 foo$;1 1 x", "", "0:foo|1:x", DONE },
  { "0 3 foo$;1 1 x", "", "0:foox", "deny 0 rule#0 did not match" },
  /* Captures, and bytes. */
  { "0 6 (a|b)x\\1;1 1 .", "", "0:axb|1:x", "deny 1 rule#0 data from wrong dir 1" },
  { "0 3 (a|b)x\\1;1 1 .", "", "0:bxb|1:x", "pass 0 3; " DONE },
  { "0 4 ^(?i)AF\\x66e;1 1 .", "", "0:aFfE|1:x", "pass 0 4; " DONE },
  /* Held without a rule. */
  { TWO, "ignore_order=1", "0:affe|0:x|0:yz|1:hund", "pass 0 4; pause 0; continue 0; " DONE },
  { TWO, "ignore_order=1&max_unbound0=2", "0:affe|0:x|0:y|1:hund", "pass 0 4; " DONE },
  { TWO, "ignore_order=1&max_unbound0=2", "0:affe|0:xy|0:z",
    "pass 0 4; deny 0 unbound buffer size=3 > max_unbound(2)" },
  { TWO, "ignore_order=1&max_unbound1=0", "1:hund|1:x",
    "pass 1 4; deny 1 unbound buffer size=1 > max_unbound(0)" },
  { TWO, "ignore_order=1&max_unbound0=0&max_unbound1=0", "1:hund|0:affe", "pass 1 4; " DONE },
  { TWO, "ignore_order=1&max_unbound1=0", "1:hund|1.|0:affe", "pass 1 4; pass 1 max; pass 0 max" },
  /* In any order. */
  { "0 1 a;0 1 b;1 1 x", "allow_reorder=1", "0:ba|1:x", "pass 0 2; " DONE },
  { "0 1 a;0 1 b;1 1 x;0 1 c", "allow_reorder=1", "0:c", "deny 0 rule#0 did not match" },
  { "0 1 a;1 1 x;0 1 c", "allow_reorder=1&ignore_order=1", "0:c|1:x|0:a",
    "pass 0 1; pass 1 1; " DONE },
  { "0 3 abc;0 2 ab;1 1 x", "allow_reorder=1", "0:ab|0:ab|0:c|1:x", "pass 0 2; pass 0 5; " DONE },
};

static const Case packets[] = {
  { TWO, "", "0!affe|1!hund", "pass 0 4; " DONE },
  { TWO, "", "0!affen", "deny 0 rule#0 did not match" },
  { TWO, "", "0!af", "deny 0 rule#0 did not match" },
  { "0 4 aff;1 1 x", "", "0!affe", "deny 0 rule#0 did not match" },
  /* All of it, whatever would match first. */
  { "0 4 a|af|affe;1 1 x", "", "0!affe|1!x", "pass 0 4; " DONE },
  { "0 4 a.*?;1 1 x", "", "0!affe|1!x", "pass 0 4; " DONE },
  { "0 3 a.*;1 1 x", "", "0!affe", "deny 0 rule#0 did not match" },
  { TWO, "", "1!hund", "deny 1 rule#0 data from wrong dir 1" },
  { TWO, "", "0!affe|0!affe", "pass 0 4; deny 0 rule#1 data from wrong dir 0" },
  { TWO, "allow_dup=1", "0!affe|0!affe|1!hund", "pass 0 4; pass 0 8; " DONE },
  { TWO, "allow_dup=1", "0!affe|0!affx", "pass 0 4; deny 0 rule#1 data from wrong dir 0" },
  { TWO, "allow_dup=1", "0!affe|1!affe", "pass 0 4; deny 1 rule#1 did not match" },
  { "0 4 affe;0 2 ab;1 1 x", "allow_dup=1", "0!affe|0!affe|0!ab|0!affe|0!ab|1!x",
    "pass 0 4; pass 0 8; pass 0 10; pass 0 14; pass 0 16; " DONE },
  { "0 1 a;0 1 a;1 1 x", "allow_dup=1", "0!a|0!a|1!x", "pass 0 1; pass 0 2; " DONE },
  { "0 1 a;0 1 b;1 1 x", "", "0!b", "deny 0 rule#0 did not match" },
  { "0 1 a;0 1 b;1 1 x", "allow_reorder=1", "0!b|0!a|1!x", "pass 0 1; pass 0 2; " DONE },
  { "0 1 a;0 1 b;1 1 x", "allow_reorder=1&allow_dup=1", "0!b|0!b|0!a|1!x",
    "pass 0 1; pass 0 2; pass 0 3; " DONE },
  { "0 1 a;1 1 x;0 1 b", "allow_reorder=1", "0!b", "deny 0 rule#0 did not match" },
  { "0 1 a;1 1 x;0 1 b", "allow_reorder=1&ignore_order=1", "0!b|1!x|0!a",
    "pass 0 1; pass 1 1; " DONE },
  { "0 1 a;1 1 x", "ignore_order=1", "0!a|0!b|1!x", "pass 0 1; pause 0; continue 0; " DONE },
  { "0 1 a;1 1 x", "ignore_order=1&max_unbound0=2&allow_dup=1", "0!a|0!a|0!b|0!a|1!x",
    "pass 0 1; pass 0 2; " DONE },
  { "0 1 a;1 1 x", "ignore_order=1&max_unbound0=2&allow_dup=1", "0!a|0!bb|0!a",
    "pass 0 1; deny 0 unbound buffer size=3 > max_unbound(2)" },
  { TWO, "", "0!affe|1.", "pass 0 4; deny 1 eof on 1 but unmatched rule#1" },
  /* A packet ends what has come of a stream. */
  { "0 9 a+;0 1 b;1 1 x", "", "0:aa|0!b|1:x", "pass 0 2; pass 0 3; " DONE },
  { "0 9 aaa;0 1 b;1 1 x", "", "0:aa|0!b", "deny 0 rule#0 did not match" },
};

static char *
make_settings (const Case *c)
{
  GString *settings = g_string_new (c->settings);
  g_auto (GStrv) rules = g_strsplit (c->rules, ";", -1);

  for (guint i = 0; rules[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (rules[i], " ", 3);
      static const char *const names[] = { "dir", "rxlen", "rx" };

      for (guint j = 0; j < 3; j++)
        {
          g_autofree char *key = g_strdup_printf ("%s%u", names[j], i);

          imp_settings_append (settings, key, (const guint8 *) words[j], strlen (words[j]));
        }
    }
  return g_string_free (settings, FALSE);
}

static void
check (const Case *cases, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *settings = make_settings (&cases[i]);
      g_autoptr (PinningRig) rig = pinning_rig_new_for_settings (settings);

      pinning_rig_play (rig, cases[i].input);
      if (strcmp (rig->said->str, cases[i].said) != 0)
        g_test_message ("%s on %s", settings, cases[i].input);
      g_assert_cmpstr (rig->said->str, ==, cases[i].said);
    }
}

static void
test_streams (void)
{
  check (streams, G_N_ELEMENTS (streams));
}

static void
test_packets (void)
{
  check (packets, G_N_ELEMENTS (packets));
}

/* Whoever holds something says that more is needed, so that no deadline takes it for silence. */
static void
test_want (void)
{
  g_autoptr (PinningRig) rig = pinning_rig_new_for_settings (
    "dir0=0&rxlen0=4&rx0=affe&dir1=1&rxlen1=1&rx1=x&ignore_order=1");

  pinning_rig_play (rig, "0:af");
  g_assert_cmpint (rig->wanted[0], ==, 3);
  pinning_rig_play (rig, "0:f");
  g_assert_cmpint (rig->wanted[0], ==, 4);
  pinning_rig_play (rig, "0:e");
  g_assert_cmpint (rig->wanted[0], ==, 4);
  pinning_rig_play (rig, "0:xyz");
  g_assert_cmpint (rig->wanted[0], ==, 8);
  g_assert_cmpint (rig->wanted[1], ==, 0);
}

/* Without all of the input, nothing can be said of it. */
static void
test_gap (void)
{
  g_autoptr (PinningRig) rig = pinning_rig_new_for_settings ("dir0=0&rxlen0=4&rx0=affe");

  pinning_rig_play (rig, "0:af");
  imp_analyzer_data_bytes (rig->analyzer, 0, (const guint8 *) "fe", 2, 7, IMP_DATA_TYPE_STREAM);
  g_assert_nonnull (rig->refused);
  g_assert_true (g_str_has_prefix (rig->refused, "fatal input from 2 to 7 was left out"));
}

/* Of the machine, where the clocks of searches are the test's. */
static gint64
get_real_time (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* Made for an expression, in one piece and byte by byte: nothing passes, and it takes no more time
 * than is allowed, with one place more than that. */
static void
test_costly (void)
{
  static const char *const settings[] = {
    "dir0=0&rxlen0=60000&rx0=(?:a|a)*b",
    "dir0=0&rxlen0=60000&rx0=(?:\\w%2B,?)%2B;",
    "dir0=0&rxlen0=60000&rx0=([a-z]%2B)*Z",
    "dir0=0&rxlen0=60000&rx0=(?:a?){30}a{30}b",
  };

  test_clock_set_step (TEST_CLOCK_STEP);
  for (guint i = 0; i < 4 * G_N_ELEMENTS (settings); i++)
    {
      g_autofree char *text = g_strnfill (50000, 'a');
      gsize step = (i & 1) != 0 ? 1 : 50000;
      gint32 type = (i & 2) != 0 ? IMP_DATA_TYPE_PACKET : IMP_DATA_TYPE_STREAM;
      g_autoptr (PinningRig) rig = pinning_rig_new_for_settings (settings[i / 4]);
      gint64 began = get_real_time ();

      for (gsize done = 0; done < 50000; done += step)
        pinning_rig_feed (rig, 0, text + done, step, type);
      g_assert_cmpint (rig->passed[0], ==, 0);
      g_assert_cmpint (get_real_time () - began, <, 1000000000);
      if (i < 2)
        g_assert_true (rig->refused != NULL && g_str_has_prefix (rig->refused, "fatal rule#0: "));
    }
  test_clock_set_step (0);
}

static void
expect_errors (const char *settings, const char *errors)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pinning_factory_new (settings, &error);

  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_null (factory);
  g_assert_cmpstr (error->message, ==, errors);
}

/* All at once. */
static void
test_errors (void)
{
  expect_errors ("", "there is no rule: dir0, rxlen0 and rx0 must be given");
  expect_errors (
    "dir0=2&rxlen0=0&rx0=a",
    "\"dir0=2\": dir0 must be a whole number from 0 to 1; \"rxlen0=0\": rxlen0 must be "
    "a whole number from 1 to 65536");
  expect_errors ("rx0=(&dir2=1&rxlen2=3&rx2=a&rx2=b&ignore_order=x",
                 "\"rx2=b\": rx2 is set more than once; \"ignore_order=x\": ignore-order must be "
                 "true or false; rule 0 needs dir0; rule 0 needs rxlen0; rx0: The regular "
                 "expression \"(\" is wrong at byte 1: missing closing parenthesis; rule 1 needs "
                 "dir1; rule 1 needs rxlen1; rule 1 needs rx1");
  expect_errors ("dir0=0&rxlen0=3&rx0=a*&dir1=0&rxlen1=3&rx1=abcd&dir2=0&rxlen2=1&rx2=a\\Kb",
                 "rx0: The regular expression \"a*\" matches the empty string; rx1: The regular "
                 "expression \"abcd\" can never match: its matches have 4 bytes or more, and may "
                 "have 3; rx2: The regular expression \"a\\Kb\" uses \\K, which means "
                 "nothing in a stream");
  expect_errors ("dir1000=1",
                 "\"dir1000=1\": the number in dir1000 is too large, the greatest one is 999");
  for (guint i = 0; i < 3; i++)
    {
      static const char *const unknown[] = { "dir=1", "dir01=1", "rxx0=1" };
      g_autofree char *text
        = g_strdup_printf ("\"%s\": there is no such setting (known are dirN (or "
                           "directionN), rxlenN (or max-lengthN), rxN (or regexN), ignore-order, "
                           "allow-dup (or allow-duplicates), allow-reorder, max-unbound0 (or "
                           "max-unbound-from-client), max-unbound1 (or max-unbound-from-server), "
                           "max-effort)",
                           unknown[i]);

      expect_errors (unknown[i], text);
    }
}

/* The names that read well are the same settings, and messages have those that were written. */
static void
test_other_names (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pinning_factory_new (
    "direction0=1&max_length0=255&regex0=220&direction12=0&max-length12=9&rx12=b&dir1=0"
    "&allow-duplicates=true&max-unbound-from-server=0",
    &error);

  g_assert_null (factory); /* rules 2 to 11 are missing */
  g_assert_nonnull (strstr (error->message, "rule 2 needs direction2; rule 2 needs max-length2; "
                                            "rule 2 needs regex2"));
  g_assert_nonnull (strstr (error->message, "rule 1 needs max-length1; rule 1 needs regex1"));
  g_assert_null (strstr (error->message, "rule 12"));
  expect_errors ("regex0=a&rx0=a&dir0=1&rxlen0=1",
                 "\"rx0=a\": regex0 and rx0 are the same setting, give one of them");
  expect_errors ("direction0=2&max-length0=1&regex0=(",
                 "\"direction0=2\": direction0 must be a whole number from 0 to 1; regex0: The "
                 "regular expression \"(\" is wrong at byte 1: missing closing parenthesis");
}

/* Settings are written as they are read, whether they were settings before or not. */
static void
test_round_trip (void)
{
  static const char text[] = "dir0=1&rxlen0=255&rx0=220%20.%2A%5Cr%5Cn&dir1=0&rxlen1=9&rx1=%26"
                             "&allow-dup=true&max-unbound1=0";
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) read = imp_pinning_factory_new (text, &error);
  g_autoptr (ImpFactory) made = g_object_new (IMP_TYPE_PINNING_FACTORY, "allow-dup", TRUE,
                                              "max-unbound1", (gint64) 0, NULL);
  ImpPinningFactory *pinning = IMP_PINNING_FACTORY (made);
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autofree char *first = NULL, *second = NULL;

  g_assert_no_error (error);
  first = imp_factory_get_settings (read);
  g_assert_cmpstr (first, ==, text);
  g_assert_true (imp_pinning_factory_add_rule (pinning, 1, 255, "220 .*\\r\\n", &error));
  g_assert_false (imp_pinning_factory_add_rule (pinning, 0, 9, "(", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_false (imp_pinning_factory_add_rule (pinning, 0, 70000, "a", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_true (imp_pinning_factory_add_rule (pinning, 0, 9, "&", &error));
  second = imp_factory_get_settings (made);
  g_assert_cmpstr (second, ==, text);

  analyzer = imp_factory_create_analyzer (made, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (imp_pinning_factory_add_rule (pinning, 0, 9, "a", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

/* One without rules must not pass everything. */
static void
test_no_rules (void)
{
  g_autoptr (ImpFactory) factory = g_object_new (IMP_TYPE_PINNING_FACTORY, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_factory_create_analyzer (factory, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/pinning/streams", test_streams);
  g_test_add_func ("/pinning/packets", test_packets);
  g_test_add_func ("/pinning/want", test_want);
  g_test_add_func ("/pinning/gap", test_gap);
  g_test_add_func ("/pinning/costly", test_costly);
  g_test_add_func ("/pinning/errors", test_errors);
  g_test_add_func ("/pinning/other-names", test_other_names);
  g_test_add_func ("/pinning/round-trip", test_round_trip);
  g_test_add_func ("/pinning/no-rules", test_no_rules);
  return g_test_run ();
}
