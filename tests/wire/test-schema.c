/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-message-private.h"

/* The tables of ops, results and fields, beside those of the specification: a row there is built
 * from a row here, and must stand in the page as it is. */

static char *
load_page (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "docs", "wire-format.md", NULL);
  g_autoptr (GError) error = NULL;
  char *page;

  g_file_get_contents (path, &page, NULL, &error);
  g_assert_no_error (error);
  return page;
}

/* Optional ones stand in parentheses. */
static void
append_fields (GString *row, const ImpMessageSchema *schema)
{
  const char *separator = "";

  for (const guint8 *f = schema->fields; *f != IMP_FIELD_END; f++)
    {
      const ImpFieldInfo *info = &imp_field_infos[*f & ~IMP_FIELD_OPTIONAL];
      const char *name = info->kind == IMP_FIELD_KIND_DATA ? "payload" : info->name;

      g_string_append_printf (row, (*f & IMP_FIELD_OPTIONAL) != 0 ? "%s(%s)" : "%s%s", separator,
                              name);
      separator = ", ";
    }
  if (*separator == '\0')
    g_string_append (row, "none");
  if (schema->number == IMP_OP_RESULT)
    g_string_append (row, ", and the fields of that result");
  g_string_append (row, " |\n");
}

static void
assert_row (const char *page, const char *row)
{
  if (strstr (page, row) != NULL)
    return;
  g_test_message ("wire-format.md lacks %s", row);
  g_test_fail ();
}

static void
test_ops (void)
{
  static const char *const senders[] = {
    [IMP_SENDER_PROVIDER] = "C",
    [IMP_SENDER_SERVER] = "S",
    [IMP_SENDER_BOTH] = "C, S",
  };
  g_autofree char *page = load_page ();
  g_autoptr (GEnumClass) ops = g_type_class_ref (IMP_TYPE_OP);

  for (guint i = 0; i < ops->n_values; i++)
    {
      const ImpMessageSchema *schema = imp_message_schema_of_op (ops->values[i].value);
      g_autoptr (GString) row = g_string_new (NULL);

      g_assert_nonnull (schema);
      g_string_append_printf (row, "| `%s` | 0x%04x | %s | %u | ", schema->name,
                              (guint) schema->number, senders[schema->sender], schema->version);
      append_fields (row, schema);
      assert_row (page, row->str);
    }
  g_assert_null (imp_message_schema_of_op (0));
}

static void
test_results (void)
{
  g_autofree char *page = load_page ();
  g_autoptr (GEnumClass) types = g_type_class_ref (IMP_TYPE_RESULT_TYPE);

  for (guint i = 0; i < types->n_values; i++)
    {
      const ImpMessageSchema *schema = imp_message_schema_of_result (types->values[i].value);
      g_autoptr (GString) row = g_string_new (NULL);

      g_assert_nonnull (schema);
      g_string_append_printf (row, "| `%s` | 0x%04x | ", imp_result_type_to_string (schema->number),
                              (guint) schema->number);
      append_fields (row, schema);
      assert_row (page, row->str);
    }
  g_assert_null (imp_message_schema_of_result (0));
}

/* Each field has a name of its own, and a row in the page. */
static void
test_fields (void)
{
  g_autofree char *page = load_page ();

  for (guint field = IMP_FIELD_END + 1; field < IMP_N_FIELDS; field++)
    {
      const ImpFieldInfo *info = &imp_field_infos[field];

      g_assert_nonnull (info->name);
      g_assert_cmpint (info->kind, <, IMP_N_FIELD_KINDS);
      g_assert_cmpuint (info->version, >, 0);
      g_assert_cmpint (info->minimum, <=, info->maximum);
      for (guint other = IMP_FIELD_END + 1; other < field; other++)
        g_assert_cmpstr (imp_field_infos[other].name, !=, info->name);
      if (field != IMP_FIELD_DATA && field != IMP_FIELD_RESULT)
        {
          g_autofree char *row = g_strdup_printf ("\n\\|[^|\n]*\\b%s\\b[^|\n]*\\|", info->name);

          g_assert_true (g_regex_match_simple (row, page, 0, 0));
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schema/ops", test_ops);
  g_test_add_func ("/schema/results", test_results);
  g_test_add_func ("/schema/fields", test_fields);
  return g_test_run ();
}
