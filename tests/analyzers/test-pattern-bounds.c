/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is longer than a match may be, what takes too long to find, and what is found in any pieces
 * of a stream. */
#include "pattern-rig.h"

#include <string.h>

#include "core/imp-data-type.h"
#include "regex-cases.h"
#include "test-clock.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

typedef struct
{
  const char *settings;
  const char *padded;   /* would be a match, but for its length */
  const char *harmless; /* is none */
  const char *plain;    /* is one */
} Padded;

static const Padded padded[] = {
  { "rx=drop\\s%2Btable&rxlen=20", "drop                        table x", "drop it",
    "drop table x" },
  { "rx=evil=.*&rxlen=12", "evil=aaaaaaaaaaaaaaaaaaaaaaaaa\n", "evil!", "evil=aaa\n" },
  { "rx=<script[^>]*>&rxlen=16", "<script a=aaaaaaaaaaaaaaaaaaaaaaa>", "<scrip>", "<script a>" },
  { "rx=(?s)cmd=.*;&rxlen=10", "cmd=aaaaaaaaaaaaaaaaaaaaaaaaaa;", "cmd:", "cmd=a;" },
  { "rx=etc(?:/\\.)*/passwd&rxlen=12", "etc/./././././././././passwd", "etc/x", "etc/./passwd" },
  { "rx=a(?:%20)*%2Bb&rxlen=8", "a              b", "a.b", "a b" },
  { "rx=key(?=.*evil)&rxlen=3&lookahead=8", "key              evil", "key\n", "key evil" },
  { "rx=x(?!.*ok)&rxlen=1&lookahead=8", "x             ", "x ok", "x\n" },
  { "rx=y[\xc3\xa4]{2,}z&utf8=true&rxlen=9", "y\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4z",
    "y\xc3\xa4z", "y\xc3\xa4\xc3\xa4z" },
};

/* In each of some ways to cut it. */
static void
assert_outcome (const char *settings, const char *more, const char *text, const char *refusal)
{
  g_autofree char *all = g_strconcat (settings, more, "&hold-timeout=0", NULL);
  static const guint splits[] = { 0, 1, 0x10, 0x111, 0x55555555, G_MAXUINT };

  for (guint i = 0; i < G_N_ELEMENTS (splits); i++)
    {
      g_autoptr (PatternRig) rig = pattern_rig_new (all);
      gsize length = strlen (text);

      pattern_rig_feed_pieces (rig, text, length, splits[i]);
      pattern_rig_feed (rig, "", 0, STREAM);
      if (refusal != NULL)
        pattern_rig_expect_refusal (rig, refusal);
      else if (rig->refused != NULL)
        g_test_message ("%s on \"%s\", 0x%x: %s", all, text, splits[i], rig->refused);
      g_assert_true ((refusal == NULL) == (rig->refused == NULL));
      if (refusal != NULL)
        pattern_rig_expect (rig, "");
      else
        pattern_rig_expect (rig, text);
    }
}

static void
test_over (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (padded); i++)
    {
      const Padded *p = &padded[i];

      assert_outcome (p->settings, "", p->padded,
                      "deny what may be a match of the pattern is longer");
      assert_outcome (p->settings, "&actdata=no", p->padded, "deny no");
      assert_outcome (p->settings, "&over=deny", p->harmless, NULL);
      assert_outcome (p->settings, "", p->plain, "deny the pattern was found");
      assert_outcome (p->settings, "&over=pass", p->plain, "deny the pattern was found");
      assert_outcome (p->settings, "&over=pass", p->padded, NULL);
      assert_outcome (p->settings, "&action=replace", p->padded, NULL);
      assert_outcome (p->settings, "&action=answer", p->padded, NULL);
      assert_outcome (p->settings, "&action=replace&over=deny", p->padded, "deny what may be");
      assert_outcome (p->settings, "&action=reject", p->padded, "deny what may be");
    }
}

/* The same for packets, and the sender of what is rejected gets its answer. */
static void
test_over_packets (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (padded); i++)
    {
      g_autofree char *settings = g_strconcat (padded[i].settings, "&action=reject&actdata=no",
                                               NULL);
      g_autofree char *passing = g_strconcat (padded[i].settings, "&over=pass", NULL);
      g_autoptr (PatternRig) rejected = pattern_rig_new (settings);
      g_autoptr (PatternRig) passed = pattern_rig_new (passing);

      pattern_rig_feed (rejected, padded[i].padded, -1, PACKET);
      pattern_rig_expect_refusal (rejected, "deny what may be");
      g_assert_cmpstr (rejected->sent_back->str, ==, "no");
      pattern_rig_feed (passed, padded[i].padded, -1, PACKET);
      pattern_rig_expect (passed, padded[i].padded);
    }
}

/* A match may be exactly as long as it may be. */
static void
test_exact (void)
{
  for (guint n = 1; n < 40; n++)
    {
      g_autofree char *settings = g_strdup_printf ("rx=ba*c&rxlen=%u", 20);
      g_autoptr (GString) text = g_string_new ("b");

      for (guint i = 0; i < n; i++)
        g_string_append_c (text, 'a');
      g_string_append_c (text, 'c');
      assert_outcome (settings, "", text->str,
                      n <= 18 ? "deny the pattern was found" : "deny what may be");
      assert_outcome (settings, "&over=pass", text->str,
                      n <= 18 ? "deny the pattern was found" : NULL);
    }
}

/* Whatever the pieces, it is what a replacement in the whole gives. */
static void
check_pieces (const RegexCase *c, GRegex *regex, const char *settings, const char *data,
              gsize length, guint splits)
{
  g_autofree char *expected = NULL;
  g_autoptr (GArray) spans = regex_case_find_all (regex, data, length);
  g_autoptr (PatternRig) rig = pattern_rig_new (settings);
  g_autoptr (GString) text = g_string_new (NULL);
  gsize at = 0;

  for (guint i = 0; i < spans->len; i++)
    {
      RegexSpan span = g_array_index (spans, RegexSpan, i);

      g_string_append_len (text, data + at, span.from - at);
      g_string_append_printf (text, "<%.*s>", (int) (span.to - span.from), data + span.from);
      at = span.to;
    }
  g_string_append_len (text, data + at, length - at);
  pattern_rig_feed_pieces (rig, data, length, splits);
  pattern_rig_feed (rig, "", 0, STREAM);
  if (!g_string_equal (rig->output, text))
    {
      expected = g_strescape (data, NULL);
      g_test_message ("%s on \"%s\", cut by 0x%x", c->regex, expected, splits);
      pattern_rig_expect (rig, text->str);
    }
}

static void
test_pieces (void)
{
  char data[REGEX_CASE_LENGTH + 1];

  for (guint i = 0; i < regex_n_cases; i++)
    {
      const RegexCase *c = &regex_cases[i];
      g_autofree char *rx = g_uri_escape_string (c->regex, NULL, FALSE);
      g_autofree char *settings = g_strdup_printf ("rx=%s&rxlen=%d&lookahead=%u&action=replace"
                                                   "&actdata=<\\0>",
                                                   rx, REGEX_CASE_LENGTH, c->lookahead);
      g_autoptr (GRegex) regex = regex_case_compile (c);

      for (gsize length = 1; length <= 3; length++)
        for (guint n = 0; regex_case_fill (c, n, data, length); n++)
          for (guint splits = 0; splits < 1u << (length - 1); splits++)
            check_pieces (c, regex, settings, data, length, splits);
      for (guint round = 0; round < 50; round++)
        {
          gsize length = g_test_rand_int_range (4, sizeof data);

          regex_case_fill_randomly (c, data, length);
          check_pieces (c, regex, settings, data, length, g_test_rand_int ());
        }
    }
}

/* Each "a" costs some 65 000 steps, so that a thousand take several slices. */
#define COSTLY "rx=(?:a|a){15}[bc]&rxlen=20&hold-timeout=0"
#define N_COSTLY 1000

static gboolean
count_turn (gpointer n_turns)
{
  ++*(guint *) n_turns;
  return G_SOURCE_CONTINUE;
}

/* What comes while a search takes its time waits, in order; and others have their turn. */
static void
test_costly (void)
{
  g_autofree char *text = g_strnfill (N_COSTLY, 'a');
  g_autoptr (PatternRig) rig = pattern_rig_new (COSTLY "&action=replace&actdata=<\\0>");
  g_autofree char *expected = NULL;
  guint n_turns = 0;
  guint source = g_timeout_add (0, count_turn, &n_turns);

  pattern_rig_feed (rig, text, N_COSTLY, STREAM);
  g_assert_true (rig->paused);
  pattern_rig_feed (rig, "ab.", -1, STREAM);
  pattern_rig_feed (rig, "xaaaaaaaaaaaaaaac", -1, -2);
  pattern_rig_feed (rig, "paaaaaaaaaaaaaaacq", -1, PACKET);
  pattern_rig_feed (rig, "", 0, PACKET);
  pattern_rig_finish (rig);
  expected = g_strdup_printf ("%.*s<aaaaaaaaaaaaaaab>.x<aaaaaaaaaaaaaaac>p<aaaaaaaaaaaaaaac>q",
                              N_COSTLY + 1 - 15, text);
  pattern_rig_expect (rig, expected);
  g_assert_true (rig->ended);
  g_assert_cmpuint (n_turns, >, 1);
  g_assert_cmpuint (rig->n_pauses, ==, 1);
  g_source_remove (source);
}

/* A packet is changed as a whole even if it takes several turns. */
static void
test_costly_packet (void)
{
  g_autofree char *text = g_strnfill (N_COSTLY, 'a');
  g_autoptr (PatternRig) rig = pattern_rig_new (COSTLY "&action=answer&actdata=<\\0>");

  text[20] = text[990] = 'b';
  pattern_rig_feed (rig, text, N_COSTLY, PACKET);
  g_assert_true (rig->paused);
  pattern_rig_expect (rig, "");
  pattern_rig_finish (rig);
  g_assert_cmpuint (rig->output->len, ==, N_COSTLY - 32);
  g_assert_cmpstr (rig->sent_back->str, ==, "<aaaaaaaaaaaaaaab><aaaaaaaaaaaaaaab>");
}

/* It may be closed at any time. */
static void
test_costly_closed (void)
{
  g_autofree char *text = g_strnfill (N_COSTLY, 'a');
  g_autoptr (PatternRig) rig = pattern_rig_new (COSTLY);

  pattern_rig_feed (rig, text, N_COSTLY, STREAM);
  pattern_rig_feed (rig, text, N_COSTLY, STREAM);
  g_assert_true (rig->paused);
  imp_analyzer_close (rig->analyzer);
  pattern_rig_wait (rig, 1);
}

typedef struct
{
  const char *settings;
  const char *piece;
} Attack;

static const Attack attacks[] = {
  { "rx=(x|x){22}[yz]&rxlen=40", "x" },
  { "rx=(\\w%2B\\d?)%2B\\.&rxlen=64&over=pass", "abcdefghijklmnopqrstu!" },
  { "rx=(?:%20*\\w*)*%20*\\w*!evil&rxlen=60&over=pass&action=replace", "ab cd ef gh ij kl mn.\n" },
  { "rx=^(([a-z])%2B.)%2B[A-Z]([a-z])%2B$&rxlen=90&over=pass&action=answer",
    "aaaaaaaaaaaaaaaaaaaaa\n" },
};

/* Nobody else has to wait for long, and it comes to an end. */
static void
test_attacks (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      g_autoptr (PatternRig) rig = pattern_rig_new (attacks[i].settings);
      g_autoptr (GString) data = g_string_new (NULL);
      gint64 began = test_clock_get_computed (), longest = 0;

      while (data->len < 65536)
        g_string_append (data, attacks[i].piece);
      pattern_rig_feed (rig, data->str, data->len, STREAM);
      while (rig->paused && rig->refused == NULL)
        {
          gint64 before = test_clock_get_computed ();

          g_main_context_iteration (NULL, TRUE);
          longest = MAX (longest, test_clock_get_computed () - before);
        }
      g_assert_cmpint (longest, <, 100000000);
      g_assert_cmpint (test_clock_get_computed () - began, <, 500000000);
      if (rig->refused != NULL)
        pattern_rig_expect_refusal (rig, "fatal The regular expression");
    }
}

/* More can be allowed, and less. */
static void
test_max_effort (void)
{
  g_autofree char *text = g_strnfill (N_COSTLY, 'a');
  g_autoptr (PatternRig) less = pattern_rig_new (COSTLY "&max-effort=1");
  g_autoptr (PatternRig) more = pattern_rig_new (COSTLY "&max-effort=60000");

  pattern_rig_feed (less, text, N_COSTLY, STREAM);
  pattern_rig_finish (less);
  pattern_rig_expect_refusal (less,
                              "fatal The regular expression \"(?:a|a){15}[bc]\" is too costly");
  for (guint i = 0; i < 3; i++)
    pattern_rig_feed (more, text, N_COSTLY, STREAM);
  pattern_rig_finish (more);
  g_assert_null (more->refused);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  test_clock_set_step (TEST_CLOCK_STEP);
  g_test_add_func ("/pattern-bounds/over", test_over);
  g_test_add_func ("/pattern-bounds/over/packets", test_over_packets);
  g_test_add_func ("/pattern-bounds/exact", test_exact);
  g_test_add_func ("/pattern-bounds/pieces", test_pieces);
  g_test_add_func ("/pattern-bounds/costly", test_costly);
  g_test_add_func ("/pattern-bounds/costly/packet", test_costly_packet);
  g_test_add_func ("/pattern-bounds/costly/closed", test_costly_closed);
  g_test_add_func ("/pattern-bounds/attacks", test_attacks);
  g_test_add_func ("/pattern-bounds/max-effort", test_max_effort);
  return g_test_run ();
}
