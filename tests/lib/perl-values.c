/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "perl-values.h"

/* The UTF-8 of the characters that Perl sees, in hexadecimal. */
static void
append_characters (GString *text, const ImpPerlString *string)
{
  for (gsize i = 0; i < string->length; i++)
    {
      guint8 byte = string->data[i];

      if (string->form != IMP_PERL_UTF8 && byte >= 0x80)
        g_string_append_printf (text, "%02x%02x", 0xc0 | byte >> 6, 0x80 | (byte & 0x3f));
      else
        g_string_append_printf (text, "%02x", byte);
    }
}

static void append_value (GString *text, ImpPerlTree *tree, const ImpPerlValue *value);

static void
append_scalar (GString *text, const ImpPerlValue *value)
{
  g_autoptr (GString) scratch = g_string_new (NULL);
  ImpPerlString string;
  const char *data;

  g_string_append_c (text, 's');
  if (value->kind == IMP_PERL_STRING)
    {
      append_characters (text, &value->string);
      return;
    }
  g_assert_true (imp_perl_value_get_text (value, scratch, &data, &string.length));
  string.data = (const guint8 *) data;
  string.form = IMP_PERL_UTF8;
  append_characters (text, &string);
}

static void
append_array (GString *text, ImpPerlTree *tree, const ImpPerlValue *array)
{
  ImpPerlIndex index = array->items.first;
  guint count = 0;

  g_string_append (text, "a[");
  for (; index != 0; index = imp_perl_tree_get (tree, index)->next)
    {
      if (count++ > 0)
        g_string_append_c (text, ',');
      append_value (text, tree, imp_perl_tree_get (tree, index));
    }
  g_assert_cmpuint (count, ==, array->items.count);
  g_string_append_c (text, ']');
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
append_hash (GString *text, ImpPerlTree *tree, const ImpPerlValue *hash)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);
  ImpPerlIndex index = hash->items.first;

  for (; index != 0; index = imp_perl_tree_get (tree, index)->next)
    {
      const ImpPerlValue *value = imp_perl_tree_get (tree, index);
      GString *pair = g_string_new (NULL);

      append_characters (pair, &value->key);
      g_string_append_c (pair, '=');
      append_value (pair, tree, value);
      g_ptr_array_add (pairs, g_string_free (pair, FALSE));
    }
  g_assert_cmpuint (pairs->len, ==, hash->items.count);
  g_ptr_array_sort (pairs, compare_texts);
  g_string_append (text, "h{");
  for (guint i = 0; i < pairs->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "," : "", (char *) pairs->pdata[i]);
  g_string_append_c (text, '}');
}

static void
append_value (GString *text, ImpPerlTree *tree, const ImpPerlValue *value)
{
  switch (value->kind)
    {
    case IMP_PERL_UNDEF:
      g_string_append_c (text, 'u');
      break;
    case IMP_PERL_ARRAY:
      append_array (text, tree, value);
      break;
    case IMP_PERL_HASH:
      append_hash (text, tree, value);
      break;
    case IMP_PERL_OPEN:
      g_assert_not_reached ();
    default:
      append_scalar (text, value);
      break;
    }
}

char *
test_perl_describe (ImpPerlTree *tree, ImpPerlIndex index)
{
  GString *text = g_string_new (NULL);

  append_value (text, tree, imp_perl_tree_get (tree, index));
  return g_string_free (text, FALSE);
}
