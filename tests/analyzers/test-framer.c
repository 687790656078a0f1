/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A framer in a filter: records are the same however the stream is cut, and leave in order whenever
 * they are answered; what is too long, malformed or left unanswered is refused. */
#include <string.h>

#include "analyzers/imp-framer.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "provider/imp-filter.h"

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

typedef struct _TestFramer TestFramer;
typedef void (*RecordFunc) (TestFramer *self, ImpDirection direction, GBytes *record);

struct _TestFramer
{
  ImpFramer parent_instance;
  RecordFunc func;
  RecordFunc rest;
  GString *log; /* "RECORD|" */
  GArray *held; /* of gint64 */
};

typedef struct
{
  ImpFramerClass parent_class;
} TestFramerClass;

GType test_framer_get_type (void);
G_DEFINE_TYPE (TestFramer, test_framer, imp_framer_get_type ())

static void
note (TestFramer *self, GBytes *record)
{
  g_string_append_len (self->log, g_bytes_get_data (record, NULL), g_bytes_get_size (record));
  g_string_append_c (self->log, '|');
}

static gboolean
test_framer_record (ImpFramer *framer, ImpDirection direction, GBytes *record, GError **error)
{
  TestFramer *self = (TestFramer *) framer;

  note (self, record);
  if (self->func != NULL)
    self->func (self, direction, record);
  else
    imp_framer_pass_record (framer);
  return TRUE;
}

static gboolean
test_framer_incomplete (ImpFramer *framer, ImpDirection direction, GBytes *rest, GError **error)
{
  TestFramer *self = (TestFramer *) framer;

  g_string_append (self->log, "rest:");
  note (self, rest);
  if (self->rest != NULL)
    self->rest (self, direction, rest);
  return TRUE;
}

static void
test_framer_finalize (GObject *object)
{
  g_string_free (((TestFramer *) object)->log, TRUE);
  g_array_unref (((TestFramer *) object)->held);
  G_OBJECT_CLASS (test_framer_parent_class)->finalize (object);
}

static void
test_framer_class_init (TestFramerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_framer_finalize;
  IMP_FRAMER_CLASS (klass)->record = test_framer_record;
  IMP_FRAMER_CLASS (klass)->incomplete = test_framer_incomplete;
}

static void
test_framer_init (TestFramer *self)
{
  self->log = g_string_new (NULL);
  self->held = g_array_new (FALSE, FALSE, sizeof (gint64));
}

/* One for whose subclass the end within a record is nothing to look at. */
typedef TestFramer StrictFramer;
typedef TestFramerClass StrictFramerClass;

GType strict_framer_get_type (void);
G_DEFINE_TYPE (StrictFramer, strict_framer, test_framer_get_type ())

static void
strict_framer_class_init (StrictFramerClass *klass)
{
  IMP_FRAMER_CLASS (klass)->incomplete = NULL;
}

static void
strict_framer_init (StrictFramer *self)
{
}

/* ---- the rig ---- */

typedef struct
{
  TestFramer *framer;
  ImpFilter *filter;
  GString *output;
} Rig;

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  g_string_append_len (user_data, g_bytes_get_data (data, NULL), g_bytes_get_size (data));
}

static void
rig_init_type (Rig *rig, GType type, RecordFunc func, RecordFunc rest)
{
  rig->framer = g_object_new (type, NULL);
  rig->framer->func = func;
  rig->framer->rest = rest;
  rig->output = g_string_new (NULL);
  rig->filter = imp_filter_new (IMP_ANALYZER (rig->framer));
  imp_filter_set_output (rig->filter, on_output, rig->output, NULL);
}

static void
rig_init (Rig *rig, RecordFunc func, RecordFunc rest)
{
  rig_init_type (rig, test_framer_get_type (), func, rest);
}

static void
rig_clear (Rig *rig)
{
  imp_filter_close (rig->filter);
  g_assert_finalize_object (rig->filter);
  g_assert_finalize_object (rig->framer);
  g_string_free (rig->output, TRUE);
}

static void
push (Rig *rig, const char *data, gsize length, gint32 type)
{
  g_autoptr (GError) error = NULL;

  imp_filter_push_bytes (rig->filter, CLIENT, (const guint8 *) data, length, type, &error);
  g_assert_no_error (error);
}

static void
expect (Rig *rig, const char *log, const char *output)
{
  g_assert_cmpstr (rig->framer->log->str, ==, log);
  g_assert_cmpstr (rig->output->str, ==, output);
}

static void
expect_refusal (Rig *rig, const char *data, gsize length, ImpError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  imp_filter_push_bytes (rig->filter, CLIENT, (const guint8 *) data, length, STREAM, &error);
  g_assert_error (error, IMP_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" is not in \"%s\"", message, error->message);
}

/* ---- each way to tell records from each other, in every way to cut the stream ---- */

static void
set_lines (ImpFramer *framer)
{
  imp_framer_set_lines (framer, CLIENT);
}

static void
set_delimiter (ImpFramer *framer)
{
  g_assert_true (imp_framer_set_delimiter (framer, CLIENT, (const guint8 *) "aab", 3, NULL));
}

static void
set_length (ImpFramer *framer)
{
  g_assert_true (imp_framer_set_length (framer, CLIENT, 3, NULL));
}

static void
set_byte (ImpFramer *framer)
{
  g_assert_true (imp_framer_set_length_prefix (framer, CLIENT, 1, FALSE, 1, NULL));
}

static void
set_big_with_itself (ImpFramer *framer)
{
  g_assert_true (imp_framer_set_length_prefix (framer, CLIENT, 2, FALSE, 0, NULL));
}

static void
set_little (ImpFramer *framer)
{
  g_assert_true (imp_framer_set_length_prefix (framer, CLIENT, 4, TRUE, 4, NULL));
}

static void
set_wide (ImpFramer *framer)
{
  g_assert_true (imp_framer_set_length_prefix (framer, CLIENT, 8, FALSE, 7, NULL));
}

typedef struct
{
  void (*set) (ImpFramer *framer);
  const char *data;
  gsize length;
  const char *log;
} Case;

#define CASE(set, data, log)                                                                       \
  {                                                                                                \
    set, data, sizeof (data) - 1, log                                                              \
  }

static const Case cases[] = {
  CASE (set_lines, "a\n\nbcd\nefg", "a\n|\n|bcd\n|rest:efg|"),
  CASE (set_delimiter, "aabaaabxaabb", "aab|aaab|xaab|rest:b|"),
  CASE (set_length, "abcdefgh", "abc|def|rest:gh|"),
  CASE (set_byte, "\1a\2bc\3de", "\1a|\2bc|rest:\3de|"),
};

/* Those with a NUL in them. */
static const Case binary_cases[] = {
  CASE (set_big_with_itself, "\0\3a\0\2\0\5bcd", "\0\3a|\0\2|\0\5bcd|"),
  CASE (set_little, "\2\0\0\0ab\0\0\0\0", "\2\0\0\0ab|\0\0\0\0|"),
  CASE (set_wide, "\0\0\0\0\0\0\0\3ab", "\0\0\0\0\0\0\0\3ab|"),
};

static void
pass (TestFramer *self, ImpDirection direction, GBytes *record)
{
  imp_framer_pass_record (IMP_FRAMER (self));
}

static void
check_case (const Case *c, gsize log_length)
{
  for (guint splits = 0; splits < 1u << (c->length - 1); splits++)
    {
      Rig rig;

      rig_init (&rig, pass, pass);
      c->set (IMP_FRAMER (rig.framer));
      for (gsize at = 0, n; at < c->length; at += n)
        {
          n = 1;
          while (at + n < c->length && (splits >> (at + n - 1) & 1) == 0)
            n++;
          push (&rig, c->data + at, n, STREAM);
        }
      push (&rig, NULL, 0, STREAM);
      g_assert_true (imp_filter_is_finished (rig.filter, CLIENT));
      g_assert_cmpmem (rig.framer->log->str, rig.framer->log->len, c->log, log_length);
      g_assert_cmpmem (rig.output->str, rig.output->len, c->data, c->length);
      rig_clear (&rig);
    }
}

static void
test_splits (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_case (&cases[i], strlen (cases[i].log));
  /* As many bytes as the data, and one for each record. */
  check_case (&binary_cases[0], binary_cases[0].length + 3);
  check_case (&binary_cases[1], binary_cases[1].length + 2);
  check_case (&binary_cases[2], binary_cases[2].length + 1);
}

/* ---- answers at random, at once or later ---- */

static void
answer_at_random (TestFramer *self, ImpDirection direction, GBytes *record)
{
  ImpFramer *framer = IMP_FRAMER (self);
  g_autofree char *key = NULL;
  gint64 number;

  /* What becomes of it is written in it. */
  if (g_random_boolean ())
    {
      number = imp_framer_hold_record (framer);
      g_array_append_val (self->held, number);
      key = g_strdup_printf ("%d", (int) number);
      g_object_set_data_full (G_OBJECT (self), key, g_bytes_ref (record),
                              (GDestroyNotify) g_bytes_unref);
      return;
    }
  switch (*(const char *) g_bytes_get_data (record, NULL))
    {
    case 'p':
      imp_framer_pass_record (framer);
      break;
    case 'r':
      imp_framer_replace_record (framer, (const guint8 *) "<r>", 3);
      break;
    default:
      imp_framer_drop_record (framer);
    }
}

static void
answer_held (TestFramer *self)
{
  ImpFramer *framer = IMP_FRAMER (self);
  guint index = g_random_int_range (0, self->held->len);
  gint64 number = g_array_index (self->held, gint64, index);
  g_autofree char *key = g_strdup_printf ("%d", (int) number);
  GBytes *record = g_object_get_data (G_OBJECT (self), key);

  g_array_remove_index_fast (self->held, index);
  switch (*(const char *) g_bytes_get_data (record, NULL))
    {
    case 'p':
      imp_framer_pass_held (framer, number);
      break;
    case 'r':
      imp_framer_replace_held (framer, number, (const guint8 *) "<r>", 3);
      break;
    default:
      imp_framer_drop_held (framer, number);
    }
}

static void
make_lines (GString *input, GString *expected)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *line = g_strdup_printf ("%c%d\n", "prd"[g_random_int_range (0, 3)],
                                               g_random_int_range (0, 100000));

      g_string_append (input, line);
      if (*line == 'p')
        g_string_append (expected, line);
      else if (*line == 'r')
        g_string_append (expected, "<r>");
    }
}

static void
test_random (void)
{
  guint32 seed = g_random_int ();

  g_test_message ("seed %u", seed);
  g_random_set_seed (seed);
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (GString) input = g_string_new (NULL), expected = g_string_new (NULL);
      Rig rig;

      make_lines (input, expected);
      rig_init (&rig, answer_at_random, NULL);
      imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
      for (gsize at = 0, n; at < input->len; at += n)
        {
          n = g_random_int_range (1, 30);
          n = MIN (n, input->len - at);
          push (&rig, input->str + at, n, STREAM);
          while (rig.framer->held->len > 0 && g_random_boolean ())
            answer_held (rig.framer);
        }
      push (&rig, NULL, 0, STREAM);
      while (rig.framer->held->len > 0)
        answer_held (rig.framer);
      g_assert_true (imp_filter_is_finished (rig.filter, CLIENT));
      g_assert_cmpstr (rig.output->str, ==, expected->str);
      rig_clear (&rig);
    }
}

/* No more are told than may wait, and the others are told once there is room. */
static void
hold (TestFramer *self, ImpDirection direction, GBytes *record)
{
  gint64 number = imp_framer_hold_record (IMP_FRAMER (self));

  g_array_append_val (self->held, number);
}

static void
test_many_pending (void)
{
  g_autofree char *data = g_strnfill (10000, '\n');
  Rig rig;

  rig_init (&rig, hold, NULL);
  imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
  push (&rig, data, 5000, STREAM);
  push (&rig, data, 5000, STREAM);
  push (&rig, NULL, 0, STREAM);
  g_assert_cmpuint (rig.framer->held->len, ==, 4096);
  for (guint i = 0; i < rig.framer->held->len; i++)
    imp_framer_pass_held (IMP_FRAMER (rig.framer), g_array_index (rig.framer->held, gint64, i));
  g_assert_cmpuint (rig.framer->held->len, ==, 10000);
  g_assert_true (imp_filter_is_finished (rig.filter, CLIENT));
  g_assert_cmpmem (rig.output->str, rig.output->len, data, 10000);
  rig_clear (&rig);
}

/* ---- changes ---- */

/* A line says how long what follows it is. */
static void
follow_header (TestFramer *self, ImpDirection direction, GBytes *record)
{
  const char *text = g_bytes_get_data (record, NULL);
  ImpFramer *framer = IMP_FRAMER (self);

  if (g_ascii_isdigit (*text))
    g_assert_true (imp_framer_set_length (framer, direction, *text - '0', NULL));
  else
    imp_framer_set_lines (framer, direction);
  if (*text == '!')
    imp_framer_pass_rest (framer, direction);
  imp_framer_pass_record (framer);
}

static void
test_changes (void)
{
  const char *data = "3\nabc2\nx\n1\ny!\nall that\nfollows";

  for (gsize step = 1; step < strlen (data); step++)
    {
      Rig rig;

      rig_init (&rig, follow_header, NULL);
      imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
      for (gsize at = 0; at < strlen (data); at += step)
        push (&rig, data + at, MIN (step, strlen (data) - at), STREAM);
      push (&rig, NULL, 0, STREAM);
      expect (&rig, "3\n|abc|2\n|x\n|1\n|y|!\n|", data);
      g_assert_true (imp_filter_is_finished (rig.filter, CLIENT));
      rig_clear (&rig);
    }
}

/* It has seen enough, and then fails: what it failed with is not passed with the rest. */
static void
pass_rest_and_fail (TestFramer *self, ImpDirection direction, GBytes *record)
{
  if (g_str_has_prefix (g_bytes_get_data (record, NULL), "bad"))
    imp_framer_pass_rest (IMP_FRAMER (self), direction);
  else
    imp_framer_pass_record (IMP_FRAMER (self));
}

static void
test_rest_of_failure (void)
{
  Rig rig;

  rig_init (&rig, pass_rest_and_fail, NULL);
  imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
  expect_refusal (&rig, "good\nbad\nmore\n", 14, IMP_ERROR_FATAL, "no answer");
  g_assert_cmpstr (rig.output->str, ==, "good\n");
  rig_clear (&rig);
}

/* A line says how much behind it passes unseen. */
static void
skip_body (TestFramer *self, ImpDirection direction, GBytes *record)
{
  const char *text = g_bytes_get_data (record, NULL);
  ImpFramer *framer = IMP_FRAMER (self);

  if (*text == '*')
    imp_framer_pass_next (framer, direction, G_MAXINT64);
  else if (g_ascii_isdigit (*text))
    imp_framer_pass_next (framer, direction, *text - '0');
  if (g_bytes_get_size (record) > 1 && text[1] == '-')
    imp_framer_drop_record (framer);
  else
    imp_framer_pass_record (framer);
}

static void
check_skips (RecordFunc func, const char *data, const char *log, const char *output)
{
  const gsize length = strlen (data);

  for (guint splits = 0; splits < 1u << (length - 1); splits++)
    {
      Rig rig;

      rig_init (&rig, func, pass);
      imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
      imp_framer_pass_next (IMP_FRAMER (rig.framer), CLIENT, 2);
      for (gsize at = 0, n; at < length; at += n)
        {
          n = 1;
          while (at + n < length && (splits >> (at + n - 1) & 1) == 0)
            n++;
          push (&rig, data + at, n, STREAM);
        }
      push (&rig, NULL, 0, STREAM);
      while (rig.framer->held->len > 0)
        {
          imp_framer_pass_held (IMP_FRAMER (rig.framer),
                                g_array_index (rig.framer->held, gint64, 0));
          g_array_remove_index (rig.framer->held, 0);
        }
      g_assert_true (imp_filter_is_finished (rig.filter, CLIENT));
      expect (&rig, log, output);
      rig_clear (&rig);
    }
}

static void
skip_body_later (TestFramer *self, ImpDirection direction, GBytes *record)
{
  const char *text = g_bytes_get_data (record, NULL);
  gint64 number = imp_framer_hold_record (IMP_FRAMER (self));

  if (g_ascii_isdigit (*text))
    imp_framer_pass_next (IMP_FRAMER (self), direction, *text - '0');
  g_array_append_val (self->held, number);
}

static void
test_skips (void)
{
  check_skips (skip_body, "\n\n3\na\nb0\nx\n1\n\nz", "3\n|0\n|x\n|1\n|rest:z|",
               "\n\n3\na\nb0\nx\n1\n\nz");
  check_skips (skip_body, "\n\n2-\na\nb\n9\nend", "2-\n|b\n|9\n|", "\n\na\nb\n9\nend");
  check_skips (skip_body, "ab\n*\na\n3\n", "\n|*\n|", "ab\n*\na\n3\n");
  check_skips (skip_body_later, "\n\n3\na\nbx\n2\n\n\ny\n", "3\n|x\n|2\n|y\n|",
               "\n\n3\na\nbx\n2\n\n\ny\n");
}

/* It is known before it comes, so that it need not be fed. */
static void
test_skip_is_told (void)
{
  g_autoptr (ImpAnalyzer) analyzer = g_object_new (test_framer_get_type (), NULL);
  TestFramer *framer = (TestFramer *) analyzer;
  GList *results;

  framer->func = skip_body;
  imp_framer_set_lines (IMP_FRAMER (framer), CLIENT);
  imp_analyzer_data_bytes (analyzer, CLIENT, (const guint8 *) "9\nabc", 5, 0, STREAM);
  results = imp_analyzer_poll_results (analyzer);
  g_assert_cmpuint (g_list_length (results), ==, 2);
  g_assert_cmpint (imp_result_get_offset (results->data), ==, 2);
  g_assert_cmpint (imp_result_get_offset (results->next->data), ==, 11);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);

  imp_analyzer_data_bytes (analyzer, CLIENT, (const guint8 *) "x\n", 2, 11, STREAM);
  results = imp_analyzer_poll_results (analyzer);
  g_assert_cmpuint (g_list_length (results), ==, 1);
  g_assert_cmpint (imp_result_get_offset (results->data), ==, 13);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  g_assert_cmpstr (framer->log->str, ==, "9\n|x\n|");
  imp_analyzer_close (analyzer);
}

static void
test_unset (void)
{
  Rig rig;

  rig_init (&rig, NULL, NULL);
  push (&rig, "hello", 5, STREAM);
  expect (&rig, "", "hello");
  rig_clear (&rig);
}

static void
test_packets (void)
{
  Rig rig;

  rig_init (&rig, NULL, pass);
  imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
  push (&rig, "a\nb", 3, PACKET);
  push (&rig, "c\nd", 3, STREAM);
  push (&rig, "e", 1, PACKET);
  expect (&rig, "a\nb|c\n|rest:d|e|", "a\nbc\nde");
  rig_clear (&rig);
}

/* ---- refusals ---- */

static void
test_too_long (void)
{
  static const Case long_cases[] = {
    CASE (set_lines, "abcdefghi", "at least 10 bytes, and may have 9 (max-record)"),
    CASE (set_lines, "abcdefghijk\n", "12 bytes"),
    CASE (set_byte, "\11", "10 bytes"),
    CASE (set_wide, "\377\377\377\377\377\377\377\377", "18446744073709551615 bytes"),
    CASE (set_big_with_itself, "\0\1", "has the length 1, which is less than its prefix"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (long_cases); i++)
    {
      const Case *c = &long_cases[i];
      Rig rig;

      rig_init (&rig, NULL, NULL);
      g_object_set (rig.framer, "max-record", 9, NULL);
      c->set (IMP_FRAMER (rig.framer));
      expect_refusal (&rig, c->data, c->length, IMP_ERROR_DENIED, c->log);
      expect (&rig, "", "");
      rig_clear (&rig);
    }
}

static void
test_incomplete (void)
{
  Rig rig;

  rig_init_type (&rig, strict_framer_get_type (), NULL, NULL);
  imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
  push (&rig, "a\nbc", 4, STREAM);
  expect_refusal (&rig, NULL, 0, IMP_ERROR_DENIED,
                  "data from the client: they end within a record, of which 2 bytes have come");
  expect (&rig, "a\n|", "a\n");
  rig_clear (&rig);
}

static void
say_nothing (TestFramer *self, ImpDirection direction, GBytes *record)
{
}

static void
deny_second (TestFramer *self, ImpDirection direction, GBytes *record)
{
  if (self->log->len > 3)
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "not this");
  else
    imp_framer_pass_record (IMP_FRAMER (self));
}

static void
answer_twice (TestFramer *self, ImpDirection direction, GBytes *record)
{
  gint64 number = imp_framer_hold_record (IMP_FRAMER (self));

  imp_framer_pass_held (IMP_FRAMER (self), number);
  imp_framer_pass_held (IMP_FRAMER (self), number + 2);
}

static void
test_answers (void)
{
  Rig rig;

  rig_init (&rig, say_nothing, NULL);
  imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
  expect_refusal (&rig, "a\n", 2, IMP_ERROR_FATAL, "TestFramer.record() gave no answer");
  rig_clear (&rig);

  rig_init (&rig, deny_second, NULL);
  imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
  expect_refusal (&rig, "a\nb\nc\n", 6, IMP_ERROR_DENIED, "not this");
  expect (&rig, "a\n|b\n|", "a\n");
  rig_clear (&rig);

  rig_init (&rig, answer_twice, NULL);
  imp_framer_set_lines (IMP_FRAMER (rig.framer), CLIENT);
  expect_refusal (&rig, "a\n", 2, IMP_ERROR_FATAL, "no record with the number 2 waits");
  rig_clear (&rig);

  rig_init (&rig, NULL, NULL);
  imp_framer_pass_record (IMP_FRAMER (rig.framer));
  g_assert_false (imp_filter_check (rig.filter, NULL));
  rig_clear (&rig);
}

static void
test_settings (void)
{
  g_autoptr (ImpFramer) framer = g_object_new (test_framer_get_type (), NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (imp_framer_set_length_prefix (framer, 0, 3, FALSE, 0, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_false (imp_framer_set_length (framer, 0, 0, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_false (imp_framer_set_delimiter (framer, 0, NULL, 0, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/framer/splits", test_splits);
  g_test_add_func ("/framer/random", test_random);
  g_test_add_func ("/framer/many-pending", test_many_pending);
  g_test_add_func ("/framer/changes", test_changes);
  g_test_add_func ("/framer/rest-of-failure", test_rest_of_failure);
  g_test_add_func ("/framer/skips", test_skips);
  g_test_add_func ("/framer/skip-is-told", test_skip_is_told);
  g_test_add_func ("/framer/unset", test_unset);
  g_test_add_func ("/framer/packets", test_packets);
  g_test_add_func ("/framer/too-long", test_too_long);
  g_test_add_func ("/framer/incomplete", test_incomplete);
  g_test_add_func ("/framer/answers", test_answers);
  g_test_add_func ("/framer/settings", test_settings);
  return g_test_run ();
}
