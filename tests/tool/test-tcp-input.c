/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Segments in any order become a stream: compared with a model that writes each byte that comes
 * first into an array. */
#include "tool/capture/tcp-input.h"

#include <string.h>

#define SIZE 4096
#define UNKNOWN 0x100

/* What came out. */
typedef struct
{
  GArray *bytes; /* of guint16: UNKNOWN stands for a byte of a gap */
  guint n_gaps;
  guint n_conflicts;
  gboolean ended;
} Output;

static void
on_data (gint64 offset, const guint8 *data, gsize length, gpointer user_data)
{
  Output *output = user_data;

  g_assert_cmpint (offset, ==, output->bytes->len);
  g_assert_false (output->ended);
  for (gsize i = 0; i < length; i++)
    {
      guint16 byte = data[i];

      g_array_append_val (output->bytes, byte);
    }
}

static void
on_gap (gint64 offset, gint64 length, gpointer user_data)
{
  Output *output = user_data;
  guint16 unknown = UNKNOWN;

  g_assert_cmpint (offset, ==, output->bytes->len);
  g_assert_cmpint (length, >, 0);
  output->n_gaps++;
  for (gint64 i = 0; i < length; i++)
    g_array_append_val (output->bytes, unknown);
}

static void
on_conflict (gint64 offset, gsize length, gpointer user_data)
{
  ((Output *) user_data)->n_conflicts++;
}

static void
on_end (gpointer user_data)
{
  Output *output = user_data;

  g_assert_false (output->ended);
  output->ended = TRUE;
}

static const TcpInputFuncs funcs = { on_data, on_gap, on_conflict, on_end };

typedef struct
{
  TcpBudget budget;
  Output output;
  TcpInput *input;
  guint32 first;
} Rig;

static void
rig_init (Rig *self, guint32 first, gsize max_waiting)
{
  *self = (Rig){ .budget = { 0, G_MAXINT32 }, .first = first };
  self->output.bytes = g_array_new (FALSE, FALSE, sizeof (guint16));
  self->input = tcp_input_new (max_waiting, &self->budget, &funcs, &self->output);
  tcp_input_start (self->input, first);
}

static void
rig_clear (Rig *self)
{
  tcp_input_free (self->input);
  g_assert_cmpuint (self->budget.used, ==, 0);
  g_array_unref (self->output.bytes);
}

static gboolean
rig_push (Rig *self, gint64 offset, const guint8 *data, gsize length)
{
  const guint32 sequence = self->first + (guint32) offset;

  return tcp_input_push (self->input, tcp_input_get_offset (self->input, sequence), data, length, 0,
                         1);
}

static void
rig_push_text (Rig *self, gint64 offset, const char *text)
{
  g_assert_true (rig_push (self, offset, (const guint8 *) text, strlen (text)));
}

static void
rig_assert_text (Rig *self, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < self->output.bytes->len; i++)
    {
      const guint16 byte = g_array_index (self->output.bytes, guint16, i);

      g_string_append_c (text, byte == UNKNOWN ? '.' : byte);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

/* ---- the model ---- */

typedef struct
{
  guint16 bytes[SIZE];
  guint n_conflicts; /* segments that differ from what is known */
} Model;

/* What is not between gaps: as far as it is known. */
static gsize
model_get_end (const Model *self)
{
  gsize end = SIZE;

  while (end > 0 && self->bytes[end - 1] == UNKNOWN)
    end--;
  return end;
}

static void
model_push (Model *self, gsize offset, const guint8 *data, gsize length)
{
  gboolean differs = FALSE;

  for (gsize i = 0; i < length; i++)
    if (self->bytes[offset + i] == UNKNOWN)
      self->bytes[offset + i] = data[i];
    else
      differs |= self->bytes[offset + i] != data[i];
  self->n_conflicts += differs;
}

/* @error: one in so many segments has other bytes; 0: none. @n: how many segments there are; few do
 * not cover all. */
static void
run_random (guint32 first, guint error, guint n)
{
  Rig rig;
  Model model = { .n_conflicts = 0 };
  guint8 stream[SIZE];

  rig_init (&rig, first, SIZE * 2);
  for (gsize i = 0; i < SIZE; i++)
    {
      stream[i] = g_test_rand_int ();
      model.bytes[i] = UNKNOWN;
    }
  for (guint i = 0; i < n; i++)
    {
      guint8 segment[200];
      const gsize length = g_test_rand_int_range (1, sizeof segment);
      const gsize offset = g_test_rand_int_range (0, SIZE - length + 1);
      const guint expected = model.n_conflicts, conflicts = rig.output.n_conflicts;

      memcpy (segment, stream + offset, length);
      if (error > 0 && g_test_rand_int_range (0, error) == 0)
        segment[g_test_rand_int_range (0, length)] ^= 1;
      model_push (&model, offset, segment, length);
      g_assert_true (rig_push (&rig, offset, segment, length));
      /* It is told whenever there is one, and never else. */
      g_assert_cmpint (rig.output.n_conflicts > conflicts, ==, model.n_conflicts > expected);
    }
  g_assert_true ((model.n_conflicts > 0) == (error > 0));
  tcp_input_flush (rig.input);
  g_assert_cmpuint (rig.output.bytes->len, ==, model_get_end (&model));
  g_assert_cmpint (memcmp (rig.output.bytes->data, model.bytes, 2 * rig.output.bytes->len), ==, 0);
  rig_clear (&rig);
}

static void
test_random (void)
{
  static const guint32 firsts[] = { 0, 1, 0xfffff000, 0xffffffff, 0x7ffff800, 0x80000000 };

  for (guint i = 0; i < G_N_ELEMENTS (firsts); i++)
    for (guint round = 0; round < 20; round++)
      {
        run_random (firsts[i], 0, 400);
        run_random (firsts[i], 0, 40);
        run_random (firsts[i], 10, 400);
      }
}

static void
test_reordered (void)
{
  Rig rig;

  rig_init (&rig, 0xfffffffe, 100);
  rig_push_text (&rig, 6, "ghi");
  g_assert_cmpint (tcp_input_get_waiting_since (rig.input), ==, 1);
  rig_push_text (&rig, 3, "def");
  rig_assert_text (&rig, "");
  rig_push_text (&rig, 0, "abc");
  rig_assert_text (&rig, "abcdefghi");
  g_assert_cmpint (tcp_input_get_waiting_since (rig.input), ==, -1);
  g_assert_cmpint (tcp_input_get_repeated (rig.input), ==, 0);
  rig_clear (&rig);
}

/* What came first counts, wherever it waits. */
static void
test_overlap (void)
{
  Rig rig;

  rig_init (&rig, 10, 100);
  rig_push_text (&rig, 4, "EF");
  rig_push_text (&rig, 8, "IJ");
  rig_push_text (&rig, 2, "cdefghijkl");
  g_assert_cmpuint (rig.output.n_conflicts, ==, 2);
  rig_push_text (&rig, 0, "ab");
  rig_assert_text (&rig, "abcdEFghIJkl");
  rig_push_text (&rig, 0, "aX");
  g_assert_cmpuint (rig.output.n_conflicts, ==, 3);
  rig_push_text (&rig, 10, "klmn");
  g_assert_cmpuint (rig.output.n_conflicts, ==, 3);
  rig_assert_text (&rig, "abcdEFghIJklmn");
  g_assert_cmpint (tcp_input_get_repeated (rig.input), ==, 4 + 2 + 2);
  rig_clear (&rig);
}

/* What was acknowledged cannot become anything else, and is not kept. */
static void
test_acknowledged (void)
{
  Rig rig;

  rig_init (&rig, 10, 100);
  rig_push_text (&rig, 0, "abcdefgh");
  g_assert_cmpuint (rig.budget.used, ==, 8);
  tcp_input_note_acked (rig.input, 8, 1000);
  g_assert_cmpuint (rig.budget.used, ==, 0);
  rig_push_text (&rig, 0, "ABCD");
  g_assert_cmpuint (rig.output.n_conflicts, ==, 0);
  g_assert_cmpint (tcp_input_get_unchecked (rig.input), ==, 4);
  rig_assert_text (&rig, "abcdefgh");
  rig_clear (&rig);
}

/* Where too much waits, the gap is told, and what waited goes on. */
static void
test_gap_bytes (void)
{
  Rig rig;

  rig_init (&rig, 10, 8);
  rig_push_text (&rig, 3, "defg");
  rig_push_text (&rig, 9, "jklm");
  rig_assert_text (&rig, "");
  rig_push_text (&rig, 14, "o");
  rig_assert_text (&rig, "...defg");
  g_assert_cmpuint (rig.output.n_gaps, ==, 1);
  /* It is too late. */
  rig_push_text (&rig, 0, "abc");
  rig_assert_text (&rig, "...defg");
  g_assert_cmpint (tcp_input_get_unchecked (rig.input), ==, 3);
  tcp_input_flush (rig.input);
  rig_assert_text (&rig, "...defg..jklm.o");
  rig_clear (&rig);
}

static void
test_gap_segments (void)
{
  Rig rig;

  rig_init (&rig, 10, G_MAXINT32);
  for (guint i = 0; i < TCP_INPUT_SEGMENTS_MAX; i++)
    rig_push_text (&rig, 1 + 2 * i, "x");
  g_assert_cmpuint (rig.output.n_gaps, ==, 0);
  rig_push_text (&rig, 1 + 2 * TCP_INPUT_SEGMENTS_MAX, "x");
  g_assert_cmpuint (rig.output.n_gaps, ==, 1);
  rig_clear (&rig);
}

/* All connections together keep no more than the budget. */
static void
test_budget (void)
{
  Rig rig;
  guint8 data[1000] = { 0 };

  rig_init (&rig, 10, G_MAXINT32);
  rig.budget.max = 5000;
  for (guint i = 0; i < 100; i++)
    {
      g_assert_true (rig_push (&rig, 1 + i * 1001, data, sizeof data));
      g_assert_cmpuint (rig.budget.used, <=, 6000);
    }
  g_assert_cmpuint (rig.output.n_gaps, >, 90);
  rig_clear (&rig);
}

static void
test_history_limit (void)
{
  Rig rig;
  guint8 data[1000] = { 0 };

  rig_init (&rig, 10, G_MAXINT32);
  for (guint i = 0; i < 1000; i++)
    {
      g_assert_true (rig_push (&rig, i * 1000, data, sizeof data));
      g_assert_cmpuint (rig.budget.used, <=, TCP_INPUT_HISTORY_MAX);
    }
  data[999] = 1;
  rig_push (&rig, 999000, data, sizeof data);
  g_assert_cmpuint (rig.output.n_conflicts, ==, 1);
  rig_clear (&rig);
}

static void
test_end (void)
{
  Rig rig;

  rig_init (&rig, 10, 100);
  g_assert_true (tcp_input_set_end (rig.input, 6));
  rig_push_text (&rig, 3, "def");
  g_assert_false (rig.output.ended);
  g_assert_false (rig_push (&rig, 5, (const guint8 *) "fgh", 3));
  rig_push_text (&rig, 0, "abc");
  g_assert_true (rig.output.ended);
  g_assert_true (tcp_input_has_ended (rig.input));
  g_assert_true (tcp_input_set_end (rig.input, 6));
  g_assert_false (tcp_input_set_end (rig.input, 7));
  g_assert_false (rig_push (&rig, 6, (const guint8 *) "g", 1));
  rig_assert_text (&rig, "abcdef");
  rig_clear (&rig);
}

/* An end before what is known already is none. */
static void
test_wrong_end (void)
{
  Rig rig;

  rig_init (&rig, 10, 100);
  rig_push_text (&rig, 0, "abc");
  rig_push_text (&rig, 5, "f");
  g_assert_false (tcp_input_set_end (rig.input, 2));
  g_assert_false (tcp_input_set_end (rig.input, 4));
  g_assert_true (tcp_input_set_end (rig.input, 7));
  tcp_input_flush (rig.input);
  rig_assert_text (&rig, "abc..f.");
  g_assert_true (rig.output.ended);
  rig_clear (&rig);
}

/* What the receiver has no room for was never taken by it. */
static void
test_window (void)
{
  Rig rig;

  rig_init (&rig, 10, 100);
  rig_push_text (&rig, 0, "abc");
  tcp_input_note_acked (rig.input, 3, 1000);
  g_assert_false (rig_push (&rig, 2000000, (const guint8 *) "x", 1));
  g_assert_false (rig_push (&rig, -5, (const guint8 *) "y", 1) && rig.output.bytes->len != 3);
  g_assert_true (rig_push (&rig, 900, (const guint8 *) "x", 1));
  g_assert_false (tcp_input_set_end (rig.input, 3000000));
  rig_clear (&rig);
}

/* What was not recorded is a gap at once, if nothing is missing before it. */
static void
test_not_recorded (void)
{
  Rig rig;

  rig_init (&rig, 10, 100);
  g_assert_true (tcp_input_push (rig.input, 0, (const guint8 *) "ab", 2, 3, 1));
  rig_assert_text (&rig, "ab...");
  g_assert_true (tcp_input_push (rig.input, 6, (const guint8 *) "g", 1, 2, 1));
  rig_push_text (&rig, 5, "f");
  rig_assert_text (&rig, "ab...fg..");
  rig_clear (&rig);
}

static void
on_huge_gap (gint64 offset, gint64 length, gpointer user_data)
{
  ((Output *) user_data)->n_gaps++;
}

static void
on_huge_data (gint64 offset, const guint8 *data, gsize length, gpointer user_data)
{
  *(gint64 *) (void *) (((Output *) user_data)->bytes->data) = offset;
}

/* Sequence numbers have 32 bits, offsets more. */
static void
test_beyond_4_gib (void)
{
  const TcpInputFuncs huge = { on_huge_data, on_huge_gap, on_conflict, on_end };
  const guint32 step = 0x3fffffff;
  TcpBudget budget = { 0, 1000 };
  gint64 seen = 0;
  GArray bytes = { .data = (char *) &seen };
  Output output = { .bytes = &bytes };
  TcpInput *input = tcp_input_new (100, &budget, &huge, &output);
  gint64 expected = 0;

  tcp_input_start (input, 12345);
  for (guint i = 0; i < 40; i++)
    {
      const guint32 sequence = 12345 + (guint32) expected;

      g_assert_cmpint (tcp_input_get_offset (input, sequence), ==, expected);
      g_assert_true (tcp_input_push (input, tcp_input_get_offset (input, sequence),
                                     (const guint8 *) "x", 1, step - 1, 1));
      g_assert_cmpint (seen, ==, expected);
      expected += step;
    }
  g_assert_cmpint (expected, >, G_GINT64_CONSTANT (40) << 29);
  g_assert_cmpint (tcp_input_get_next (input), ==, expected);
  g_assert_cmpuint (output.n_gaps, ==, 40);
  tcp_input_free (input);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tcp-input/random", test_random);
  g_test_add_func ("/tcp-input/reordered", test_reordered);
  g_test_add_func ("/tcp-input/overlap", test_overlap);
  g_test_add_func ("/tcp-input/acknowledged", test_acknowledged);
  g_test_add_func ("/tcp-input/gap-bytes", test_gap_bytes);
  g_test_add_func ("/tcp-input/gap-segments", test_gap_segments);
  g_test_add_func ("/tcp-input/budget", test_budget);
  g_test_add_func ("/tcp-input/history-limit", test_history_limit);
  g_test_add_func ("/tcp-input/end", test_end);
  g_test_add_func ("/tcp-input/wrong-end", test_wrong_end);
  g_test_add_func ("/tcp-input/window", test_window);
  g_test_add_func ("/tcp-input/not-recorded", test_not_recorded);
  g_test_add_func ("/tcp-input/beyond-4-gib", test_beyond_4_gib);
  return g_test_run ();
}
