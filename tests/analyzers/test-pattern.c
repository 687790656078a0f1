/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"

#include <string.h>

#include "core/imp-factory-private.h"
#include "test-clock.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET
#define OTHER_STREAM -((80 << 16) + 1)

/* A provider of one direction that keeps the books in the plainest way. */
typedef struct
{
  ImpAnalyzer *analyzer;
  GString *input;
  GString *output;
  GString *answers; /* results as text, one per line */
  gint64 settled;
  guint n_passes;
  gboolean passed; /* indefinitely */
  gboolean denied;
  guint sent_back;
} Provider;

static void
take_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Provider *provider = user_data;
  g_autofree char *text = imp_result_to_string (result);
  gint64 offset = imp_result_get_offset (result);
  GBytes *data = imp_result_get_data (result);

  /* What it waits for is for other tests. */
  if (imp_result_get_result_type (result) == IMP_RESULT_WANT)
    return;
  g_string_append_printf (provider->answers, "%s\n", text);
  if (imp_result_has_direction (result)
      && imp_result_get_direction (result) == IMP_DIRECTION_FROM_SERVER)
    return;

  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_PASS:
      provider->n_passes++;
      provider->passed = offset == IMP_MAX_OFFSET;
      if (provider->passed)
        offset = provider->input->len;
      g_assert_cmpint (offset, <=, provider->input->len);
      g_assert_true (provider->passed || offset > provider->settled);
      g_string_append_len (provider->output, provider->input->str + provider->settled,
                           offset - provider->settled);
      provider->settled = offset;
      break;
    case IMP_RESULT_REPLACE:
      g_assert_cmpint (offset, >, provider->settled);
      g_assert_cmpint (offset, <=, provider->input->len);
      g_string_append_len (provider->output, g_bytes_get_data (data, NULL),
                           g_bytes_get_size (data));
      provider->settled = offset;
      break;
    case IMP_RESULT_TO_SENDER:
      provider->sent_back++;
      break;
    case IMP_RESULT_DENY:
      provider->denied = TRUE;
      break;
    default:
      g_test_message ("not expected: %s", text);
      g_test_fail ();
    }
}

/* Without a clock: each verdict comes as soon as it can. */
static Provider *
provider_new (const char *settings)
{
  Provider *provider = g_new0 (Provider, 1);
  g_autofree char *all = g_strconcat (settings, "&hold-timeout=0", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (all, &error);

  g_assert_no_error (error);
  provider->input = g_string_new (NULL);
  provider->output = g_string_new (NULL);
  provider->answers = g_string_new (NULL);
  provider->analyzer = imp_factory_create_analyzer (factory, NULL, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (provider->analyzer, take_result, provider, NULL);
  return provider;
}

static void
provider_free (Provider *provider)
{
  imp_analyzer_close (provider->analyzer);
  g_assert_finalize_object (provider->analyzer);
  g_string_free (provider->input, TRUE);
  g_string_free (provider->output, TRUE);
  g_string_free (provider->answers, TRUE);
  g_free (provider);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Provider, provider_free)

static void
feed (Provider *provider, const char *data, gssize length, gint32 type)
{
  g_autoptr (GBytes) bytes = NULL;

  if (length < 0)
    length = strlen (data);
  bytes = g_bytes_new (data, length);
  g_string_append_len (provider->input, data, length);
  imp_analyzer_data (provider->analyzer, IMP_DIRECTION_FROM_CLIENT, bytes, 0, type);
}

/* The answers since the last time. */
static void
assert_answers (Provider *provider, const char *expected)
{
  g_assert_cmpstr (provider->answers->str, ==, expected);
  g_string_truncate (provider->answers, 0);
}

static void
test_replace (void)
{
  g_autoptr (Provider) provider = provider_new ("string=foo&action=replace&actdata=barbaz");

  feed (provider, "nothing", -1, STREAM);
  assert_answers (provider, "pass dir=0 offset=7\n");
  feed (provider, "a foo, f", -1, STREAM);
  assert_answers (provider, "pass dir=0 offset=9\nreplace dir=0 offset=12 data=6 bytes\n"
                            "pass dir=0 offset=14\n");
  feed (provider, "o", -1, STREAM);
  assert_answers (provider, "");
  feed (provider, "ofoo", -1, STREAM);
  assert_answers (provider, "replace dir=0 offset=17 data=6 bytes\n"
                            "replace dir=0 offset=20 data=6 bytes\n");
  feed (provider, "fo", -1, STREAM);
  assert_answers (provider, "");
  feed (provider, "", 0, STREAM);
  assert_answers (provider, "pass dir=0 offset=max\n");
  g_assert_cmpstr (provider->output->str, ==, "nothinga barbaz, barbazbarbazfo");
}

/* The sender gets an answer, and nothing of the rest goes on. */
static void
test_reject (void)
{
  g_autoptr (Provider) provider = provider_new ("string=EVIL&action=reject&actdata=no%0a");
  g_autoptr (Provider) silent = provider_new ("string=EVIL&action=reject");

  feed (provider, "good EV", -1, STREAM);
  feed (provider, "IL EVIL rest", -1, STREAM);
  feed (provider, "more", -1, STREAM);
  feed (provider, "", 0, STREAM);
  assert_answers (provider, "pass dir=0 offset=5\nto_sender dir=0 data=3 bytes\n"
                            "deny dir=0 \"the pattern was found\"\n");
  g_assert_cmpstr (provider->output->str, ==, "good ");

  feed (silent, "EVIL", -1, STREAM);
  assert_answers (silent, "deny dir=0 \"the pattern was found\"\n");
}

/* What Perl calls reject: the match goes, the rest goes on. */
static void
test_answer (void)
{
  g_autoptr (Provider) provider = provider_new ("rx=o%2B&rxlen=3&action=answer&actdata=no%0a");

  feed (provider, "foo", -1, STREAM);
  assert_answers (provider, "pass dir=0 offset=1\n");
  feed (provider, "d", -1, STREAM);
  assert_answers (provider, "replace dir=0 offset=3 data=0 bytes\nto_sender dir=0 data=3 bytes\n"
                            "pass dir=0 offset=4\n");
  feed (provider, "", 0, STREAM);
  g_assert_cmpstr (provider->output->str, ==, "fd");
}

static void
test_deny (void)
{
  g_autoptr (Provider) provider = provider_new ("string=EVIL&action=deny&actdata=not%20here");

  feed (provider, "good EV", -1, STREAM);
  feed (provider, "IL EVIL rest", -1, STREAM);
  feed (provider, "more", -1, STREAM);
  assert_answers (provider, "pass dir=0 offset=5\ndeny dir=0 \"not here\"\n");
  g_assert_cmpstr (provider->output->str, ==, "good ");
}

static void
test_direction (void)
{
  g_autoptr (Provider) provider = provider_new ("string=foo&rxdir=0&action=replace");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("foo", 3);

  assert_answers (provider, "pass dir=1 offset=max\n");
  imp_analyzer_data (provider->analyzer, IMP_DIRECTION_FROM_SERVER, bytes, 0, STREAM);
  assert_answers (provider, "");
  feed (provider, "foo", -1, STREAM);
  assert_answers (provider, "replace dir=0 offset=3 data=0 bytes\n");
}

static void
test_packets (void)
{
  g_autoptr (Provider) provider = provider_new ("string=foo&action=replace&actdata=x");
  g_autoptr (Provider) rejecting = provider_new ("string=foo&action=reject&actdata=x");
  g_autoptr (Provider) answering = provider_new ("string=foo&action=answer&actdata=x");
  g_autoptr (Provider) denying = provider_new ("string=foo");

  feed (provider, "a fo", -1, PACKET);
  feed (provider, "o fo", -1, PACKET);
  feed (provider, "foo, foo.", -1, PACKET);
  feed (provider, "foo", -1, PACKET);
  feed (provider, "", 0, PACKET);
  assert_answers (provider, "pass dir=0 offset=4\npass dir=0 offset=8\n"
                            "replace dir=0 offset=17 data=5 bytes\n"
                            "replace dir=0 offset=20 data=1 bytes\npass dir=0 offset=max\n");
  g_assert_cmpstr (provider->output->str, ==, "a foo fox, x.x");

  feed (rejecting, "a foo foo", -1, PACKET);
  assert_answers (rejecting, "to_sender dir=0 data=1 bytes\n"
                             "deny dir=0 \"the pattern was found\"\n");

  feed (answering, "a foo foo", -1, PACKET);
  assert_answers (answering, "replace dir=0 offset=9 data=3 bytes\nto_sender dir=0 data=1 bytes\n"
                             "to_sender dir=0 data=1 bytes\n");

  feed (denying, "good", -1, PACKET);
  feed (denying, "a foo", -1, PACKET);
  assert_answers (denying, "pass dir=0 offset=4\ndeny dir=0 \"the pattern was found\"\n");
}

/* Data of two types are never joined, and what was held for the first does not wait. */
static void
test_types (void)
{
  g_autoptr (Provider) provider = provider_new ("string=foo&action=replace&actdata=x");
  g_autoptr (Provider) greedy = provider_new ("rx=%5eo%2B&rxlen=9&action=replace&actdata=x");

  feed (provider, "a fo", -1, STREAM);
  assert_answers (provider, "pass dir=0 offset=2\n");
  feed (provider, "o fo", -1, OTHER_STREAM);
  assert_answers (provider, "pass dir=0 offset=4\npass dir=0 offset=6\n");
  feed (provider, "o", -1, PACKET);
  assert_answers (provider, "pass dir=0 offset=8\npass dir=0 offset=9\n");
  feed (provider, "fo", -1, STREAM);
  feed (provider, "o", -1, STREAM);
  assert_answers (provider, "replace dir=0 offset=12 data=1 bytes\n");

  /* What cannot go on is a match as it stands. */
  feed (greedy, "oo", -1, STREAM);
  assert_answers (greedy, "");
  feed (greedy, "ooa", -1, OTHER_STREAM);
  assert_answers (greedy, "replace dir=0 offset=2 data=1 bytes\n"
                          "replace dir=0 offset=4 data=1 bytes\npass dir=0 offset=5\n");
  feed (greedy, "oo", -1, OTHER_STREAM);
  feed (greedy, "", 0, OTHER_STREAM);
  assert_answers (greedy, "pass dir=0 offset=7\npass dir=0 offset=max\n");
}

static void
test_binary (void)
{
  g_autoptr (Provider) provider = provider_new ("string=%00%FF&action=replace&actdata=%00%00%00");
  g_autoptr (Provider) regex = provider_new ("rx=%5Cx00%5B%5Cxf0-%5Cxff%5D&rxlen=2&action=answer");

  feed (provider,
        "a\0\xff"
        "b\0",
        5, STREAM);
  feed (provider, "\xff\0", 2, STREAM);
  feed (provider, "", 0, STREAM);
  g_assert_cmpmem (provider->output->str, provider->output->len, "a\0\0\0b\0\0\0\0", 9);

  feed (regex, "a\0", 2, STREAM);
  feed (regex, "\xfe\0\xefz", 4, STREAM);
  g_assert_cmpmem (regex->output->str, regex->output->len, "a\0\xefz", 4);
}

/* What was left out has passed, and nothing is joined across it. */
static void
test_gap (void)
{
  g_autoptr (Provider) provider = provider_new ("string=foo&action=replace&actdata=x");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("o foo", 5);

  feed (provider, "a fo", -1, STREAM);
  g_string_append (provider->input, "gap!o foo");
  provider->settled = 8;
  imp_analyzer_data (provider->analyzer, IMP_DIRECTION_FROM_CLIENT, bytes, 8, STREAM);
  assert_answers (provider, "pass dir=0 offset=2\npass dir=0 offset=10\n"
                            "replace dir=0 offset=13 data=1 bytes\n");
}

typedef struct
{
  const char *regex; /* as it is */
  const char *alphabet;
  guint rxlen;
} Pattern;

/* None of them can match more than rxlen bytes, so that sed would do the same. */
static const Pattern patterns[] = {
  { "foo", "fo ", 3 },          { "a{1,3}b?", "ab ", 4 },
  { "(?<=a)b|c", "abc", 1 },    { "^ab|ba", "ab", 2 },
  { "\\bo{1,2}\\b", "o x", 2 }, { "a(?!b)", "abc", 1 },
  { "[^a]{2}(?=a)", "ab", 2 },  { "(?i)x.y", "xXyY\n", 3 },
  { "(?m)^b", "ab\n", 1 },      { "(?<=ab)(?<!bab)c", "abc", 1 },
};

static char *
random_text (const char *alphabet, gsize length)
{
  char *text = g_malloc (length + 1);

  for (gsize i = 0; i < length; i++)
    text[i] = alphabet[g_test_rand_int_range (0, strlen (alphabet))];
  text[length] = '\0';
  return text;
}

static void
check_like_sed (const Pattern *pattern, const char *text, guint most)
{
  g_autofree char *rx = g_uri_escape_string (pattern->regex, NULL, FALSE);
  g_autofree char *settings = g_strdup_printf ("rx=%s&rxlen=%u&action=replace&actdata=<->", rx,
                                               pattern->rxlen);
  g_autoptr (Provider) provider = provider_new (settings);
  g_autoptr (GRegex) regex = g_regex_new (pattern->regex, G_REGEX_RAW | G_REGEX_NEWLINE_LF, 0,
                                          NULL);
  g_autofree char *expected = g_regex_replace_literal (regex, text, -1, 0, "<->", 0, NULL);

  for (gsize done = 0; done < strlen (text);)
    {
      gsize length = g_test_rand_int_range (1, most + 1);
      guint before = provider->n_passes;

      length = MIN (length, strlen (text) - done);
      feed (provider, text + done, length, STREAM);
      done += length;
      g_assert_cmpint (provider->input->len - provider->settled, <=, pattern->rxlen + 1);
      if (strstr (provider->answers->str, "replace") == NULL)
        g_assert_cmpuint (provider->n_passes - before, <=, 1);
      g_string_truncate (provider->answers, 0);
    }
  feed (provider, "", 0, STREAM);
  g_assert_true (provider->passed);
  if (strcmp (provider->output->str, expected) != 0)
    g_test_message ("%s on \"%s\", chunks of up to %u", pattern->regex, text, most);
  g_assert_cmpstr (provider->output->str, ==, expected);
}

static void
test_like_sed (void)
{
  static const guint most[] = { 1, 2, 3, 7, 50, 600, 3000 };

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    for (guint round = 0; round < 60; round++)
      {
        guint length = round % 10 == 0 ? 3000 : g_test_rand_int_range (0, 60);
        g_autofree char *text = random_text (patterns[i].alphabet, length);

        check_like_sed (&patterns[i], text, most[round % G_N_ELEMENTS (most)]);
      }
}

static void
note_fatal (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  if (imp_result_get_result_type (result) == IMP_RESULT_FATAL)
    *(char **) user_data = g_strdup (imp_result_get_message (result));
}

static void
assert_fatal (const char *settings, gsize size, gint32 type, const char *part)
{
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (settings, NULL);
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, NULL, NULL);
  g_autofree char *data = g_strnfill (size, 'a');
  g_autofree char *reason = NULL;

  imp_analyzer_set_callback (analyzer, note_fatal, &reason, NULL);
  data[size - 1] = 'x';
  imp_analyzer_data_bytes (analyzer, IMP_DIRECTION_FROM_CLIENT, (guint8 *) data, size, 0, type);
  g_assert_nonnull (reason);
  g_assert_nonnull (strstr (reason, part));
  imp_analyzer_close (analyzer);
}

/* Each byte becomes 1 KiB, up to 16 MiB. */
static void
test_packet_limit (void)
{
  g_autofree char *kibibyte = g_strnfill (1024, 'b');
  g_autofree char *growing = g_strdup_printf ("string=a&action=replace&actdata=%s", kibibyte);
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (growing, NULL);
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, NULL, NULL);
  g_autofree char *data = g_strnfill (16384, 'a');
  g_autolist (ImpResult) results = NULL;

  imp_analyzer_data_bytes (analyzer, IMP_DIRECTION_FROM_CLIENT, (guint8 *) data, 16384, 0, PACKET);
  results = imp_analyzer_poll_results (analyzer);
  g_assert_nonnull (results);
  g_assert_cmpint (imp_result_get_result_type (results->data), ==, IMP_RESULT_REPLACE);
  g_assert_cmpuint (g_bytes_get_size (imp_result_get_data (results->data)), ==, 16 * 1024 * 1024);
  imp_analyzer_close (analyzer);
  assert_fatal (growing, 16384 + 1, PACKET, "16777216");
}

static void
test_limits (void)
{
  g_autofree char *much = g_strnfill (1000, 'b');
  g_autofree char *growing = g_strdup_printf ("string=a&action=replace&actdata=%s", much);

  assert_fatal (growing, 20000, PACKET, "would grow beyond");
  test_clock_set_step (TEST_CLOCK_STEP);
  assert_fatal ("rx=(a%2B)%2B%5Bbc%5D&rxlen=4000&over=pass", 5000, STREAM, "too costly");
  test_clock_set_step (0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pattern/replace", test_replace);
  g_test_add_func ("/pattern/packet-limit", test_packet_limit);
  g_test_add_func ("/pattern/reject", test_reject);
  g_test_add_func ("/pattern/answer", test_answer);
  g_test_add_func ("/pattern/deny", test_deny);
  g_test_add_func ("/pattern/direction", test_direction);
  g_test_add_func ("/pattern/packets", test_packets);
  g_test_add_func ("/pattern/types", test_types);
  g_test_add_func ("/pattern/binary", test_binary);
  g_test_add_func ("/pattern/gap", test_gap);
  g_test_add_func ("/pattern/like-sed", test_like_sed);
  g_test_add_func ("/pattern/limits", test_limits);
  return g_test_run ();
}
