/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/config/config-changes.h"

#include "core/imp-log-private.h"

#include <string.h>

/* All values of a key of [KIND], or "". */
static char *
config_changes_get_values (const ConfigFile *file, const char *kind, const char *name)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < file->sections->len; i++)
    {
      const ConfigSection *section = file->sections->pdata[i];

      for (guint j = 0; g_str_equal (section->kind, kind) && j < section->keys->len; j++)
        {
          const ConfigKey *key = section->keys->pdata[j];

          if (g_str_equal (key->name, name))
            g_string_append_printf (text, "%s\n", key->value);
        }
    }
  return g_string_free (text, FALSE);
}

static void
config_changes_compare (const ConfigFile *before, const ConfigFile *file, const char *kind,
                        const char *name)
{
  g_autofree char *old_values = config_changes_get_values (before, kind, name);
  g_autofree char *values = config_changes_get_values (file, kind, name);

  if (!g_str_equal (old_values, values))
    imp_log_kind (IMP_LOG_SETTINGS,
                  "%s: key \"%s\" of [%s] has changed, which is for the next start", file->path,
                  name, kind);
}

static void
config_changes_add_names (const ConfigFile *file, const char *kind, GHashTable *names)
{
  for (guint i = 0; i < file->sections->len; i++)
    {
      const ConfigSection *section = file->sections->pdata[i];

      for (guint j = 0; g_str_equal (section->kind, kind) && j < section->keys->len; j++)
        g_hash_table_add (names, ((ConfigKey *) section->keys->pdata[j])->name);
    }
}

void
config_changes_log (const ConfigFile *before, const ConfigFile *file, const char *kind,
                    const char *const *live)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GList) sorted = NULL;

  config_changes_add_names (before, kind, names);
  config_changes_add_names (file, kind, names);
  sorted = g_list_sort (g_hash_table_get_keys (names), (GCompareFunc) strcmp);
  for (GList *l = sorted; l != NULL; l = l->next)
    if (!g_strv_contains (live, l->data))
      config_changes_compare (before, file, kind, l->data);
}

void
config_changes_log_outcome (const char *path, gboolean good)
{
  if (good)
    imp_log_kind (IMP_LOG_SETTINGS, "The settings of %s are those of new connections now", path);
  else
    imp_log_kind (IMP_LOG_SETTINGS, "The settings of %s cannot be used: those before go on", path);
}
