/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-context-private.h"

/* Bytes on both sides of every border that the quick look at text knows. */
static const guint8 interesting[] = { 0x00, 0x01, 0x02, 0x7e, 0x7f, 0x80, 0x81, 0xc3, 0xa9, 0xff };

static void
test_text (void)
{
  char text[41];

  for (guint round = 0; round < 200000; round++)
    {
      gsize length = g_test_rand_int_range (0, sizeof text);
      gsize n_odd = g_test_rand_int_range (0, 3);
      gboolean plain = TRUE;

      for (gsize i = 0; i < length; i++)
        text[i] = g_test_rand_int_range (1, 0x80);
      for (gsize i = 0; i < n_odd && length > 0; i++)
        text[g_test_rand_int_range (0, length)]
          = interesting[g_test_rand_int_range (0, G_N_ELEMENTS (interesting))];
      for (gsize i = 0; i < length; i++)
        plain &= text[i] != 0 && (guint8) text[i] < 0x80;
      g_assert_cmpint (imp_text_is_plain (text, length), ==, plain);
      g_assert_cmpint (imp_text_is_valid (text, length), ==,
                       g_utf8_validate_len (text, length, NULL));
    }
}

static char *
make_text (gsize length, char letter)
{
  char *text = g_malloc (length + 1);

  memset (text, letter, length);
  text[length] = '\0';
  return text;
}

/* Strings of every length around the one that the length byte cannot say, and empty ones. */
static void
test_pairs (void)
{
  const gsize lengths[] = { 0, 1, 23, 24, 253, 254, 255, 256, 257, 1000, 70000 };
  ImpContextBuilder builder;
  ImpContextPair pair;
  ImpContext *context;
  gsize position = 0, size = 0;

  imp_context_builder_init (&builder);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *key = make_text (lengths[i], 'k');
      g_autofree char *value = make_text (lengths[G_N_ELEMENTS (lengths) - 1 - i], 'v');

      imp_context_builder_add (&builder, key, strlen (key), value, strlen (value));
      size += strlen (key) + strlen (value);
      g_assert_cmpuint (imp_context_builder_size (&builder), ==, size);
    }
  context = imp_context_builder_finish (&builder);

  g_assert_cmpuint (imp_context_get_n_pairs (context), ==, G_N_ELEMENTS (lengths));
  g_assert_cmpuint (imp_context_get_size (context), ==, size);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_assert_true (imp_context_next_pair (context, &position, &pair));
      g_assert_cmpuint (pair.key_length, ==, lengths[i]);
      g_assert_cmpuint (pair.value_length, ==, lengths[G_N_ELEMENTS (lengths) - 1 - i]);
      g_assert_cmpuint (strlen (pair.key), ==, pair.key_length);
      g_assert_cmpuint (strspn (pair.value, "v"), ==, pair.value_length);
    }
  g_assert_false (imp_context_next_pair (context, &position, &pair));
  imp_context_unref (context);
}

/* What scripts see is the same as what was packed; text that is none is made readable. */
static void
test_table (void)
{
  static const char *const pairs[][2] = {
    { "caddr", "192.0.2.17" },
    { "", "" },
    { "user", "Zo\xc3\xab" },
    { "raw", "\xff!" },
  };
  g_autoptr (GHashTable) table = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) back = NULL;
  g_autoptr (ImpContext) context = NULL;
  g_autoptr (ImpContext) again = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_hash_table_insert (table, (char *) pairs[i][0], (char *) pairs[i][1]);
  context = imp_context_from_table (table);
  g_assert_cmpstr (imp_context_lookup (context, "caddr"), ==, "192.0.2.17");
  g_assert_cmpstr (imp_context_lookup (context, ""), ==, "");
  g_assert_cmpstr (imp_context_lookup (context, "raw"), ==, "\xef\xbf\xbd!");
  g_assert_null (imp_context_lookup (context, "port"));

  back = imp_context_to_table (context);
  g_assert_cmpuint (g_hash_table_size (back), ==, G_N_ELEMENTS (pairs));
  g_assert_cmpstr (g_hash_table_lookup (back, "user"), ==, "Zo\xc3\xab");
  again = imp_context_from_table (back);
  g_assert_true (imp_context_equal (context, again));
  g_assert_false (imp_context_equal (context, NULL));
}

/* The short way gives what the general one does, writes nothing behind the text, and leaves to it
 * what is not plain, wherever that stands. */
static void
check_plain (const char *text, gsize length)
{
  g_autofree char *exact = g_memdup2 (text, length);
  g_autofree char *to = g_malloc (length + 2);
  char *end = imp_context_put_plain (to, exact, length);

  if (length >= IMP_CONTEXT_LONG || !imp_text_is_plain (text, length))
    {
      g_assert_null (end);
      return;
    }
  g_assert_true (end == to + length + 2);
  g_assert_cmpuint ((guint8) to[0], ==, length);
  g_assert_cmpmem (to + 1, length, text, length);
  g_assert_cmpint (end[-1], ==, 0);
}

static void
test_plain (void)
{
  static const char others[] = { '\0', '\x7f', '\x80', '\xff', '\x01' };

  for (gsize length = 0; length < 300; length++)
    {
      g_autofree char *text = make_text (length, 'x');

      check_plain (text, length);
      for (gsize at = 0; at < length; at += MAX (length / 40, 1))
        for (gsize i = 0; i < sizeof others; i++)
          {
            text[at] = others[i];
            check_plain (text, length);
            text[at] = 'x';
          }
    }
}

/* What has no room is not added, and what is not plain neither. */
static void
test_plain_pairs (void)
{
  ImpContextBuilder builder;
  g_autoptr (ImpContext) context = NULL;

  imp_context_builder_init (&builder);
  g_assert_false (imp_context_builder_add_plain (&builder, "a", 1, "\xc3\xab", 2));
  g_assert_cmpuint (builder.length, ==, 0);
  for (guint i = 0; i < sizeof builder.small / 8; i++)
    g_assert_true (imp_context_builder_add_plain (&builder, "ab", 2, "cd", 2));
  g_assert_cmpuint (builder.length, ==, sizeof builder.small);
  g_assert_false (imp_context_builder_add_plain (&builder, "", 0, "", 0));
  g_assert_cmpuint (builder.n_pairs, ==, sizeof builder.small / 8);
  context = imp_context_builder_finish (&builder);
  g_assert_cmpstr (imp_context_lookup (context, "ab"), ==, "cd");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/context/text", test_text);
  g_test_add_func ("/context/pairs", test_pairs);
  g_test_add_func ("/context/table", test_table);
  g_test_add_func ("/context/plain", test_plain);
  g_test_add_func ("/context/plain-pairs", test_plain_pairs);
  return g_test_run ();
}
