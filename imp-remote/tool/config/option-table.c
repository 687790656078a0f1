/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/config/option-table.h"

#include "core/imp-error.h"

typedef struct
{
  GOptionEntry entry;
  char *name; /* the option's, with the dashes */
  gpointer data;
} OptionRow;

struct _OptionTable
{
  GPtrArray *rows; /* of OptionRow */
};

static void
option_row_free (OptionRow *row)
{
  g_free (row->name);
  g_free (row);
}

OptionTable *
option_table_new (void)
{
  OptionTable *self = g_new0 (OptionTable, 1);

  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) option_row_free);
  return self;
}

void
option_table_free (OptionTable *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}

void
option_table_add (OptionTable *self, const GOptionEntry *entries, gpointer data)
{
  for (; entries->long_name != NULL; entries++)
    {
      OptionRow *row = g_new0 (OptionRow, 1);

      row->entry = *entries;
      row->name = g_strconcat ("--", entries->long_name, NULL);
      row->data = data;
      g_ptr_array_add (self->rows, row);
    }
}

static const OptionRow *
option_table_find (OptionTable *self, const char *name)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      const OptionRow *row = self->rows->pdata[i];

      if (g_str_equal (row->entry.long_name, name))
        return row;
    }
  return NULL;
}

gboolean
option_table_has (OptionTable *self, const char *name)
{
  return option_table_find (self, name) != NULL;
}

void
option_table_foreach (OptionTable *self, OptionTableFunc func, gpointer user_data)
{
  for (guint i = 0; i < self->rows->len; i++)
    func (&((const OptionRow *) self->rows->pdata[i])->entry, user_data);
}

/* A group has one pointer for all its callbacks, so that each gets its own in this way. */
static gboolean
option_table_on_option (const char *option, const char *value, gpointer data, GError **error)
{
  OptionTable *self = data;

  for (guint i = 0; i < self->rows->len; i++)
    {
      const OptionRow *row = self->rows->pdata[i];
      const char letter[] = { '-', row->entry.short_name, '\0' };

      if (g_str_equal (row->name, option)
          || (row->entry.short_name != 0 && g_str_equal (letter, option)))
        return ((GOptionArgFunc) row->entry.arg_data) (option, value, row->data, error);
    }
  g_assert_not_reached ();
}

GOptionGroup *
option_table_make_group (OptionTable *self)
{
  GOptionGroup *group = g_option_group_new ("main", "", "", self, NULL);

  for (guint i = 0; i < self->rows->len; i++)
    {
      const OptionRow *row = self->rows->pdata[i];
      GOptionEntry entries[] = { row->entry, G_OPTION_ENTRY_NULL };

      if (row->entry.arg == G_OPTION_ARG_CALLBACK)
        entries[0].arg_data = (gpointer) option_table_on_option;
      g_option_group_add_entries (group, entries);
    }
  return group;
}

/* ---- from a file ---- */

gboolean
option_table_parse_boolean (const char *text, gboolean *value)
{
  static const char *const yes[] = { "true", "yes", "on", "1", NULL };
  static const char *const no[] = { "false", "no", "off", "0", NULL };

  *value = g_strv_contains (yes, text);
  return *value || g_strv_contains (no, text);
}

static void
option_row_append (const OptionRow *row, const char *value)
{
  char ***texts = row->entry.arg_data;
  guint n = *texts != NULL ? g_strv_length (*texts) : 0;

  *texts = g_renew (char *, *texts, n + 2);
  (*texts)[n] = g_strdup (value);
  (*texts)[n + 1] = NULL;
}

static gboolean
option_row_takes_no_value (const OptionRow *row)
{
  return row->entry.arg == G_OPTION_ARG_NONE
         || (row->entry.arg == G_OPTION_ARG_CALLBACK
             && (row->entry.flags & G_OPTION_FLAG_NO_ARG) != 0);
}

gboolean
option_table_takes_value (OptionTable *self, const char *name)
{
  return !option_row_takes_no_value (option_table_find (self, name));
}

static gboolean
option_row_apply_boolean (const OptionRow *row, const char *text, GError **error)
{
  gboolean value;

  if (!option_table_parse_boolean (text, &value))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "%s \"%s\": \"true\" or \"false\" is wanted", row->name, text);
      return FALSE;
    }
  if (row->entry.arg == G_OPTION_ARG_NONE)
    *(gboolean *) row->entry.arg_data = value;
  else if (value)
    return ((GOptionArgFunc) row->entry.arg_data) (row->name, NULL, row->data, error);
  return TRUE;
}

gboolean
option_table_apply (OptionTable *self, const char *name, const char *value, GError **error)
{
  const OptionRow *row = option_table_find (self, name);
  char **text;

  g_assert (row != NULL);
  if (option_row_takes_no_value (row))
    return option_row_apply_boolean (row, value, error);
  switch (row->entry.arg)
    {
    case G_OPTION_ARG_CALLBACK:
      return ((GOptionArgFunc) row->entry.arg_data) (row->name, value, row->data, error);
    case G_OPTION_ARG_STRING:
    case G_OPTION_ARG_FILENAME:
      text = row->entry.arg_data;
      g_free (*text);
      *text = g_strdup (value);
      return TRUE;
    case G_OPTION_ARG_STRING_ARRAY:
    case G_OPTION_ARG_FILENAME_ARRAY:
      option_row_append (row, value);
      return TRUE;
    default:
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "%s \"%s\": it cannot stand in a file",
                   row->name, value);
      return FALSE;
    }
}
