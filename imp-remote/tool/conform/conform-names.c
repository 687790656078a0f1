/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-names.h"

struct _ConformNames
{
  GHashTable *values;
};

ConformNames *
conform_names_new (void)
{
  ConformNames *self = g_new0 (ConformNames, 1);

  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
conform_names_free (ConformNames *self)
{
  g_hash_table_unref (self->values);
  g_free (self);
}

void
conform_names_set (ConformNames *self, const char *name, const char *value)
{
  g_hash_table_replace (self->values, g_strdup (name), g_strdup (value));
}

void
conform_names_set_number (ConformNames *self, const char *name, gint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);

  conform_names_set (self, name, text);
}

char *
conform_names_expand (ConformNames *self, const char *text)
{
  GString *expanded = g_string_new (text);
  GHashTableIter iter;
  const char *name, *value;

  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &value))
    g_string_replace (expanded, name, value, 0);
  return g_string_free (expanded, FALSE);
}
