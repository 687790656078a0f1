/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is put in the place of a match, or answered, with what was matched in it. */
#include "pattern-rig.h"

#include <string.h>

#include "core/imp-error.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

typedef struct
{
  const char *settings;
  const char *input;
  const char *output;
} Replacement;

static const Replacement replacements[] = {
  { "rx=(\\w%2B)=(\\w%2B)&actdata=\\2=\\1", "a=bc, d=e", "bc=a, e=d" },
  { "rx=\\d{2}&actdata=<\\0>", "x12y34", "x<12>y<34>" },
  { "rx=(?<user>\\w%2B)@(?<host>\\w%2B)&actdata=\\g<host>!\\g<user>", "joe@here.", "here!joe." },
  { "rx=(?P<n>a)b&actdata=\\g{n}\\g<1>\\g{0}", "ab", "aaab" },
  { "rx=(a)|(b)&actdata=[\\1|\\2]", "abc", "[a|][|b]c" },
  { "rx=(a)(b)?c&actdata=\\2.", "acabc", ".b." },
  { "rx=a&actdata=\\\\1\\\\", "a", "\\1\\" },
  { "rx=(a)b&actdata=\\10", "ab", "a0" },
  { "rx=(?<=x(y))z&actdata=\\1", "xyz", "xyy" },
  { "rx=a(?=(b))&actdata=\\1\\1", "ab", "bbb" },
  { "rx=(((((((((a)))))))))&actdata=\\9", "a", "a" },
  { "rx=((((((((((a))))))))))(b)&actdata=\\g<11>", "ab", "b" },
  { "rx=(a)&actdata=%00\\1%ff", "a", "" },
  { "rx=(a)&actdata=", "xax", "xx" },
  /* as it stands */
  { "rx=(a)&actdata=\\1\\g\\q\\&actdata-literal=true", "a", "\\1\\g\\q\\" },
  { "string=a&actdata=\\1\\0\\", "xa", "x\\1\\0\\" },
};

/* The same for streams, whole and byte by byte, and packets. */
static void
test_replacements (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (replacements); i++)
    {
      const Replacement *r = &replacements[i];
      g_autofree char *rest = g_strconcat ("action=replace&", r->settings, NULL);
      g_autofree char *settings = g_str_has_prefix (r->settings, "rx")
                                    ? g_strconcat (rest, "&rxlen=20", NULL)
                                    : g_strdup (rest);
      g_autoptr (PatternRig) whole = pattern_rig_new (settings);
      g_autoptr (PatternRig) bytes = pattern_rig_new (settings);
      g_autoptr (PatternRig) packet = pattern_rig_new (settings);

      pattern_rig_feed (whole, r->input, -1, STREAM);
      pattern_rig_feed (whole, "", 0, STREAM);
      pattern_rig_feed_pieces (bytes, r->input, strlen (r->input), G_MAXUINT);
      pattern_rig_feed (bytes, "", 0, STREAM);
      pattern_rig_feed (packet, r->input, -1, PACKET);
      g_assert_cmpmem (bytes->output->str, bytes->output->len, whole->output->str,
                       whole->output->len);
      g_assert_cmpmem (packet->output->str, packet->output->len, whole->output->str,
                       whole->output->len);
      if (*r->output != '\0')
        pattern_rig_expect (whole, r->output);
      else
        g_assert_cmpmem (whole->output->str, whole->output->len, "\0a\xff", 3);
    }
}

/* Answers and reasons have them, too. */
static void
test_actions (void)
{
  g_autoptr (PatternRig) deny = pattern_rig_new ("rx=evil=(\\w)&rxlen=6&actdata=no \\1 here");
  g_autoptr (PatternRig) reject = pattern_rig_new (
    "rx=GET (\\S%2B)&rxlen=40&action=reject&actdata=403 \\1%0a");
  g_autoptr (PatternRig) answer = pattern_rig_new (
    "rx=ping(\\d)&rxlen=5&action=answer&actdata=pong\\1");
  g_autoptr (PatternRig) packets = pattern_rig_new (
    "rx=ping(\\d)&rxlen=5&action=answer&actdata=pong\\1");

  pattern_rig_feed (deny, "evil=x", -1, STREAM);
  pattern_rig_expect_refusal (deny, "deny no x here");
  pattern_rig_feed (reject, "GET /secret HTTP/1.1", -1, STREAM);
  g_assert_cmpstr (reject->sent_back->str, ==, "403 /secret\n");
  pattern_rig_expect_refusal (reject, "deny the pattern was found");
  pattern_rig_feed (answer, "a ping1 b ping2", -1, STREAM);
  pattern_rig_expect (answer, "a  b ");
  g_assert_cmpstr (answer->sent_back->str, ==, "pong1pong2");
  pattern_rig_feed (packets, "a ping1 b ping2", -1, PACKET);
  pattern_rig_expect (packets, "a  b ");
  g_assert_cmpstr (packets->sent_back->str, ==, "pong1pong2");
}

static void
assert_refused (const char *settings, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_pattern_factory_new (settings, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  if (strstr (error->message, part) == NULL)
    {
      g_test_message ("\"%s\" should have \"%s\"", error->message, part);
      g_test_fail ();
    }
}

static void
test_refused (void)
{
  assert_refused ("rx=(a)&rxlen=1&action=replace&actdata=\\2",
                  "\"\\2\", but the regular expression has no such group");
  assert_refused ("rx=a&rxlen=1&action=replace&actdata=x\\1",
                  "\"\\1\", but the regular expression has no such group");
  assert_refused ("rx=(?<n>a)&rxlen=1&action=replace&actdata=\\g<m>",
                  "\"\\g<m>\", but the regular expression has no");
  assert_refused ("rx=(a)&rxlen=1&action=replace&actdata=\\g<2>",
                  "\"\\g<2>\", but the regular expression has no");
  assert_refused ("rx=(a)&rxlen=1&action=replace&actdata=\\g<>",
                  "\"\\g<>\", but the regular expression has no");
  assert_refused ("rx=a&rxlen=1&action=replace&actdata=\\n", "\"\\n\", which means nothing");
  assert_refused ("rx=a&rxlen=1&action=replace&actdata=x\\", "\"\\\", which means nothing");
  assert_refused ("rx=(a)&rxlen=1&action=replace&actdata=\\g1",
                  "\"\\g\", which should be \\g<NAME>");
  assert_refused ("rx=(a)&rxlen=1&action=replace&actdata=\\g<1", "which should be \\g<NAME>");
  assert_refused ("rx=(a)&rxlen=1&actdata=\\2",
                  "\"\\2\", but the regular expression has no such group");
}

/* What is matched may make it large, and there is an end to that. */
static void
test_too_large (void)
{
  g_autofree char *text = g_strnfill (30000, 'a');
  g_autoptr (GString) settings = g_string_new ("rx=a{30000}&rxlen=30000&action=replace&actdata=");
  g_autoptr (PatternRig) rig = NULL;

  for (guint i = 0; i < 600; i++)
    g_string_append (settings, "\\0");
  rig = pattern_rig_new (settings->str);
  pattern_rig_feed (rig, text, -1, STREAM);
  pattern_rig_finish (rig);
  pattern_rig_expect_refusal (
    rig, "fatal With what was matched, what is written would grow beyond 16777216");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pattern-actdata/replacements", test_replacements);
  g_test_add_func ("/pattern-actdata/actions", test_actions);
  g_test_add_func ("/pattern-actdata/refused", test_refused);
  g_test_add_func ("/pattern-actdata/too-large", test_too_large);
  return g_test_run ();
}
