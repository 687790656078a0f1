/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often an analyzer may say something for people, and how much at once. */
#include "core/imp-note-limit-private.h"

static ImpResult *
new_log (const char *message)
{
  return imp_result_new_log (IMP_DIRECTION_FROM_CLIENT, 0, 0, IMP_LOG_LEVEL_INFO, message, NULL);
}

static void
assert_verdict (ImpNoteCount *count, const ImpNoteLimits *limits, ImpResult *result,
                ImpNoteVerdict expected, const char *text)
{
  g_autoptr (ImpResult) owned = result;
  g_autofree char *reason = NULL;

  g_assert_true (imp_note_is_limited (imp_result_get_result_type (result)));
  g_assert_cmpint (imp_note_count_admit (count, limits, result, &reason), ==, expected);
  if (text == NULL)
    g_assert_null (reason);
  else
    g_assert_cmpstr (reason, ==, text);
}

static void
test_size (void)
{
  const ImpNoteLimits limits = { .max_size = 10 };
  g_autoptr (GHashTable) details = g_hash_table_new (g_str_hash, g_str_equal);
  ImpNoteCount count = { 0 };

  g_hash_table_insert (details, (char *) "key", (char *) "value");
  assert_verdict (&count, &limits, new_log ("0123456789"), IMP_NOTE_ADMITTED, NULL);
  assert_verdict (&count, &limits, new_log ("0123456789a"), IMP_NOTE_TOO_LARGE,
                  "The analyzer's log has 11 bytes of text (max-log-size is 10)");
  assert_verdict (&count, &limits, imp_result_new_account_field ("01234", "56789"),
                  IMP_NOTE_ADMITTED, NULL);
  assert_verdict (&count, &limits, imp_result_new_account_field ("012345", "56789"),
                  IMP_NOTE_TOO_LARGE,
                  "The analyzer's account_field has 11 bytes of text (max-log-size is 10)");
  assert_verdict (&count, &limits, imp_result_new_deny (IMP_DIRECTION_FROM_CLIENT, "no", details),
                  IMP_NOTE_ADMITTED, NULL);
  assert_verdict (&count, &limits, imp_result_new_deny (IMP_DIRECTION_FROM_CLIENT, "not", details),
                  IMP_NOTE_TOO_LARGE,
                  "The analyzer's deny has 11 bytes of text (max-log-size is 10)");
  assert_verdict (&count, &limits, imp_result_new_fatal ("0123456789a"), IMP_NOTE_TOO_LARGE,
                  "The analyzer's fatal has 11 bytes of text (max-log-size is 10)");
  assert_verdict (&count, &limits, imp_result_new_fatal (NULL), IMP_NOTE_ADMITTED, NULL);
  /* What became of the connection is no note, and what was too much is not counted. */
  g_assert_cmpuint (count.n_notes, ==, 2);
  g_assert_cmpuint (count.n_bytes, ==, 20);
}

/* Notes until one is too many, of which there are @least at once; more only where the machine
 * stands still meanwhile. */
static void
exhaust (ImpNoteCount *count, const ImpNoteLimits *limits, guint least)
{
  g_autoptr (ImpResult) log = new_log ("x");
  const guint64 before = count->n_notes;
  g_autofree char *reason = NULL, *expected = NULL;

  for (guint i = 0; i < least; i++)
    assert_verdict (count, limits, new_log ("x"), IMP_NOTE_ADMITTED, NULL);
  for (guint i = 0; i < 1000 && reason == NULL; i++)
    imp_note_count_admit (count, limits, log, &reason);
  expected = g_strdup_printf ("The analyzer has more for the log than the %" G_GUINT64_FORMAT
                              " results that it has given (max-log-rate is %u a second)",
                              count->n_notes, limits->max_rate);
  g_assert_cmpstr (reason, ==, expected);
  g_assert_cmpuint (count->n_notes, >=, before + least);
}

static void
test_rate (void)
{
  ImpNoteLimits limits = { .max_rate = 2, .max_size = 100 };
  ImpNoteCount count = { 0 };

  exhaust (&count, &limits, 20);
  /* A refusal comes once, and is always heard. */
  assert_verdict (&count, &limits, imp_result_new_deny (IMP_DIRECTION_FROM_CLIENT, "no", NULL),
                  IMP_NOTE_ADMITTED, NULL);
  /* A second later. */
  count.rate.filled -= G_USEC_PER_SEC;
  exhaust (&count, &limits, 2);
  /* Another limit counts from now on. */
  limits.max_rate = 0;
  for (guint i = 0; i < 1000; i++)
    assert_verdict (&count, &limits, new_log ("x"), IMP_NOTE_ADMITTED, NULL);
  limits.max_rate = 1;
  exhaust (&count, &limits, 10);
}

static void
test_types (void)
{
  static const ImpResultType others[] = { IMP_RESULT_PASS,          IMP_RESULT_PREPASS,
                                          IMP_RESULT_PASS_PATTERN,  IMP_RESULT_REPLACE,
                                          IMP_RESULT_REPLACE_LATER, IMP_RESULT_TO_SENDER,
                                          IMP_RESULT_PAUSE,         IMP_RESULT_CONTINUE,
                                          IMP_RESULT_WANT,          IMP_RESULT_DROP };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (imp_note_is_limited (others[i]));
  g_assert_true (imp_note_is_limited (IMP_RESULT_PORT_OPEN));
  g_assert_true (imp_note_is_limited (IMP_RESULT_PORT_CLOSE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/note-limit/size", test_size);
  g_test_add_func ("/note-limit/rate", test_rate);
  g_test_add_func ("/note-limit/types", test_types);
  return g_test_run ();
}
