/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "perl-values.h"
#include "wire/perl/imp-sereal-private.h"
#include "wire/perl/imp-storable-private.h"

#include <gio/gio.h>

/* Random data, frozen by Perl's own modules: what is read here must be what Perl reads. And what
 * is cut or damaged must be refused, or be waited for, without a stumble. */

#define CASES 7000
#define DAMAGED_CASES 100

typedef struct
{
  const char *name;
  ImpDecodeStatus (*read) (ImpPerlTree *tree, GBytes **body, gsize *end);
} Format;

static ImpDecodeStatus
read_storable (ImpPerlTree *tree, GBytes **body, gsize *end)
{
  ImpDecodeStatus status = imp_storable_read_image (tree, FALSE);

  *end = tree->input.position;
  return status;
}

static const Format storable = { "storable", read_storable };
static const Format sereal = { "sereal", imp_sereal_read_document };

static GDataInputStream *
start_perl (const Format *format, guint32 seed, guint count, GSubprocess **process)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "wire", "perl-random.pl", NULL);
  g_autofree char *seed_text = g_strdup_printf ("%u", seed);
  g_autofree char *count_text = g_strdup_printf ("%u", count);
  g_autoptr (GError) error = NULL;

  g_test_message ("%s: seed %u", format->name, seed);
  *process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "perl", script, format->name,
                               seed_text, count_text, NULL);
  g_assert_no_error (error);
  return g_data_input_stream_new (g_subprocess_get_stdout_pipe (*process));
}

static GBytes *
next_string (GDataInputStream *from)
{
  g_autoptr (GError) error = NULL;
  guint32 length = g_data_input_stream_read_uint32 (from, NULL, &error);
  g_autofree char *data = NULL;
  gsize got;

  g_assert_no_error (error);
  data = g_malloc (length + 1);
  g_input_stream_read_all (G_INPUT_STREAM (from), data, length, &got, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (got, ==, length);
  data[got] = '\0';
  return g_bytes_new_take (g_steal_pointer (&data), got);
}

typedef struct
{
  ImpDecodeStatus status;
  gsize end;
  gsize need;
  char *text;
  GError *error;
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_free (self->text);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

/* Reads from a copy that ends where the input ends, so that a sanitizer sees a step beyond it. */
static void
read_bytes (const Format *format, const guint8 *bytes, gsize length, gboolean describe,
            Outcome *outcome)
{
  g_autofree guint8 *copy = g_memdup2 (bytes, length);
  g_autoptr (GBytes) body = NULL;
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpCursor input = { .data = copy, .length = length };
  ImpPerlTree tree;

  memset (outcome, 0, sizeof *outcome);
  imp_perl_tree_init (&tree, &input, &limits, &outcome->error);
  outcome->status = format->read (&tree, &body, &outcome->end);
  outcome->need = tree.need;
  g_assert_true ((outcome->status == IMP_DECODE_BAD) == (outcome->error != NULL));
  if (outcome->status == IMP_DECODE_DONE && describe)
    outcome->text = test_perl_describe (&tree, 0);
  imp_perl_tree_clear (&tree);
}

static void
check_case (const Format *format, GBytes *frozen, GBytes *described)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (frozen, &length);
  g_auto (Outcome) outcome = { 0 };

  read_bytes (format, bytes, length, TRUE, &outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.status, ==, IMP_DECODE_DONE);
  g_assert_cmpuint (outcome.end, ==, length);
  g_assert_cmpstr (outcome.text, ==, g_bytes_get_data (described, NULL));
}

static void
test_random (gconstpointer user_data)
{
  const Format *format = user_data;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) from = start_perl (format, g_test_rand_int () & G_MAXINT32, CASES,
                                                  &process);

  for (guint i = 0; i < CASES; i++)
    {
      g_autoptr (GBytes) frozen = next_string (from);
      g_autoptr (GBytes) described = next_string (from);

      check_case (format, frozen, described);
    }
  g_assert_true (g_subprocess_wait_check (process, NULL, NULL));
}

/* A cut document of Sereal must be waited for, and ask for no more than there is; an image of
 * Storable, which comes whole, is never cut. */
static void
check_cut (const Format *format, const guint8 *bytes, gsize length)
{
  gsize step = MAX (1, length / 512);

  for (gsize cut = 0; cut < length; cut += step)
    {
      g_auto (Outcome) outcome = { 0 };

      read_bytes (format, bytes, cut, FALSE, &outcome);
      if (format == &storable)
        {
          g_assert_error (outcome.error, IMP_ERROR, IMP_ERROR_PROTOCOL);
        }
      else
        {
          g_assert_no_error (outcome.error);
          g_assert_cmpint (outcome.status, ==, IMP_DECODE_MORE);
          g_assert_cmpuint (outcome.need, >, cut);
          g_assert_cmpuint (outcome.need, <=, length);
        }
    }
}

/* Whatever comes of it: one answer, and no byte read that is not there. */
static void
check_damaged (const Format *format, const guint8 *bytes, gsize length)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autofree guint8 *damaged = g_memdup2 (bytes, length);
      g_auto (Outcome) outcome = { 0 };
      guint n = g_test_rand_int_range (1, 5);

      for (guint j = 0; j < n; j++)
        damaged[g_test_rand_int_range (0, length)] = g_test_rand_int_range (0, 256);
      read_bytes (format, damaged, length, TRUE, &outcome);
      if (outcome.status == IMP_DECODE_MORE)
        g_assert_cmpuint (outcome.need, >, length);
      if (outcome.status == IMP_DECODE_DONE)
        g_assert_cmpuint (outcome.end, <=, length);
    }
}

static void
test_cut_and_damaged (gconstpointer user_data)
{
  const Format *format = user_data;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) from = start_perl (format, g_test_rand_int () & G_MAXINT32,
                                                  DAMAGED_CASES, &process);

  for (guint i = 0; i < DAMAGED_CASES; i++)
    {
      g_autoptr (GBytes) frozen = next_string (from);
      g_autoptr (GBytes) described = next_string (from);
      gsize length;
      const guint8 *bytes = g_bytes_get_data (frozen, &length);

      check_cut (format, bytes, length);
      check_damaged (format, bytes, length);
    }
  g_assert_true (g_subprocess_wait_check (process, NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/wire/perl-values/storable/random", &storable, test_random);
  g_test_add_data_func ("/wire/perl-values/sereal/random", &sereal, test_random);
  g_test_add_data_func ("/wire/perl-values/storable/damaged", &storable, test_cut_and_damaged);
  g_test_add_data_func ("/wire/perl-values/sereal/damaged", &sereal, test_cut_and_damaged);
  return g_test_run ();
}
