/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target where there is no libFuzzer: over the files and folders given, and over
 * mutants of them that depend on nothing but the seed. */
#include "fuzz.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MUTANT_MAX (64 * 1024)

static int n_mutants = 0;
static int seed = 1;
static char **paths = NULL;

static const GOptionEntry options[]
  = { { "mutants", 0, 0, G_OPTION_ARG_INT, &n_mutants, "Mutants to make of each file", "N" },
      { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "Where chance begins", "N" },
      { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, NULL, "PATH..." },
      { NULL } };

/* What is being tried: shown if it kills the process, so that it can go into the corpus. */
static const guint8 *current;
static gsize current_length;

static void
show_current (int number)
{
  static const char digits[] = "0123456789abcdef";
  const char *begin = "\ninput: ";

  (void) !write (STDERR_FILENO, begin, strlen (begin));
  for (gsize i = 0; i < MIN (current_length, 4096); i++)
    {
      char hex[2] = { digits[current[i] >> 4], digits[current[i] & 15] };

      (void) !write (STDERR_FILENO, hex, 2);
    }
  (void) !write (STDERR_FILENO, "\n", 1);
  signal (number, SIG_DFL);
  raise (number);
}

/* From a block that ends where the bytes end, so that a look behind them is seen. */
static void
run (const guint8 *data, gsize length)
{
  guint8 *exact = g_malloc (MAX (length, 1));

  if (length > 0)
    memcpy (exact, data, length);
  current = exact;
  current_length = length;
  LLVMFuzzerTestOneInput (exact, length);
  current_length = 0;
  g_free (exact);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
add_path (GPtrArray *inputs, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = NULL;
  const char *name;
  char *text;
  gsize length;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      if (!g_file_get_contents (path, &text, &length, &error))
        g_error ("%s", error->message);
      g_ptr_array_add (inputs, g_bytes_new_take (text, length));
      return;
    }

  dir = g_dir_open (path, 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_strings);
  for (guint i = 0; i < names->len; i++)
    add_path (inputs, g_ptr_array_index (names, i));
}

static void
mutate_once (GByteArray *data, GBytes *other, GRand *rand)
{
  static const guint8 interesting[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, 0x1b, 0x3b, 0x5a, '"', '{' };
  guint at = g_rand_int_range (rand, 0, data->len + 1);
  guint left = data->len - at;
  guint n = left > 0 ? g_rand_int_range (rand, 1, MIN (left, 64) + 1) : 0;
  gsize other_length;
  const guint8 *other_data = g_bytes_get_data (other, &other_length);

  switch (g_rand_int_range (rand, 0, 7))
    {
    case 0:
      if (left > 0)
        data->data[at] ^= 1 << g_rand_int_range (rand, 0, 8);
      break;
    case 1:
      if (left > 0)
        data->data[at] = interesting[g_rand_int_range (rand, 0, G_N_ELEMENTS (interesting))];
      break;
    case 2:
      if (left > 0)
        data->data[at] = g_rand_int (rand);
      break;
    case 3:
      if (n > 0)
        g_byte_array_remove_range (data, at, n);
      break;
    case 4:
      g_byte_array_set_size (data, at);
      break;
    case 5:
      if (n > 0 && data->len + n <= MUTANT_MAX)
        {
          g_autofree guint8 *copy = g_memdup2 (data->data + at, n);

          g_byte_array_append (data, copy, n);
        }
      break;
    default:
      if (other_length > 0 && other_length <= MUTANT_MAX - MIN (at, MUTANT_MAX))
        {
          guint from = g_rand_int_range (rand, 0, other_length);

          g_byte_array_set_size (data, at);
          g_byte_array_append (data, other_data + from, other_length - from);
        }
    }
}

static void
run_mutants (GPtrArray *inputs, GBytes *input, GRand *rand)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (input, &length);

  for (int i = 0; i < n_mutants; i++)
    {
      g_autoptr (GByteArray) mutant = g_byte_array_new ();

      g_byte_array_append (mutant, data, MIN (length, MUTANT_MAX));
      for (int times = g_rand_int_range (rand, 1, 5); times > 0; times--)
        mutate_once (mutant, g_ptr_array_index (inputs, g_rand_int_range (rand, 0, inputs->len)),
                     rand);
      run (mutant->data, mutant->len);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = NULL;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    add_path (inputs, paths[i]);
  if (inputs->len == 0)
    g_error ("No input was given");

  signal (SIGABRT, show_current);
  signal (SIGTRAP, show_current);
  rand = g_rand_new_with_seed (seed);
  for (guint i = 0; i < inputs->len; i++)
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (g_ptr_array_index (inputs, i), &length);

      run (data, length);
      run_mutants (inputs, g_ptr_array_index (inputs, i), rand);
    }
  printf ("%u inputs, %u mutants of each, seed %d\n", inputs->len, (guint) n_mutants, seed);
  g_strfreev (paths);
  return 0;
}
