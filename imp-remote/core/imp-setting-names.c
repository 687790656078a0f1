/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-setting-names-private.h"

#include <string.h>

const ImpSettingAlias *
imp_setting_aliases_get (GObjectClass *klass)
{
  return IMP_IS_FACTORY_CLASS (klass) ? IMP_FACTORY_CLASS (klass)->aliases : NULL;
}

char *
imp_setting_aliases_describe (const ImpSettingAlias *aliases, const char *setting,
                              const char *suffix)
{
  GString *text = g_string_new (NULL);

  for (; aliases != NULL && aliases->name != NULL; aliases++)
    if (g_str_equal (aliases->setting, setting))
      g_string_append_printf (text, "%s%s%s", text->len == 0 ? " (or " : ", ", aliases->name,
                              suffix);
  if (text->len > 0)
    g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

/* NAME, or NAMEn: then @number is what stands behind it. */
static gboolean
setting_alias_is (const char *name, const char *key, const char **number)
{
  if (!g_str_has_prefix (key, name))
    return FALSE;
  *number = key + strlen (name);
  return strspn (*number, "0123456789") == strlen (*number);
}

void
imp_setting_names_init (ImpSettingNames *self, GObjectClass *klass)
{
  self->aliases = imp_setting_aliases_get (klass);
  self->written = NULL;
}

void
imp_setting_names_clear (ImpSettingNames *self)
{
  g_clear_pointer (&self->written, g_hash_table_unref);
}

static char *
setting_names_find (const ImpSettingNames *self, const char *key)
{
  const char *number;

  for (const ImpSettingAlias *alias = self->aliases; alias->name != NULL; alias++)
    if (setting_alias_is (alias->name, key, &number))
      return g_strconcat (alias->setting, number, NULL);
  return NULL;
}

char *
imp_setting_names_resolve (ImpSettingNames *self, const char *key, const char **other)
{
  g_autofree char *setting = NULL;
  const char *before;

  *other = NULL;
  if (self->aliases == NULL)
    return g_strdup (key);
  setting = setting_names_find (self, key);
  if (setting == NULL)
    setting = g_strdup (key);
  if (self->written == NULL)
    self->written = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  before = g_hash_table_lookup (self->written, setting);
  if (before == NULL)
    g_hash_table_insert (self->written, g_strdup (setting), g_strdup (key));
  else if (!g_str_equal (before, key))
    *other = before;
  return g_steal_pointer (&setting);
}

static GQuark
setting_names_get_quark (void)
{
  return g_quark_from_static_string ("imp-setting-names");
}

static gboolean
setting_names_has_other (const ImpSettingNames *self)
{
  GHashTableIter iter;
  gpointer setting, name;

  if (self->written == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, self->written);
  while (g_hash_table_iter_next (&iter, &setting, &name))
    if (!g_str_equal (setting, name))
      return TRUE;
  return FALSE;
}

void
imp_setting_names_attach (const ImpSettingNames *self, ImpFactory *factory)
{
  if (setting_names_has_other (self))
    g_object_set_qdata_full (G_OBJECT (factory), setting_names_get_quark (),
                             g_hash_table_ref (self->written), (GDestroyNotify) g_hash_table_unref);
}

/* The first other name of one that was not given; of a numbered one, with its number. */
static const char *
setting_names_suggest (ImpFactory *factory, GHashTable *written, const char *setting)
{
  const ImpSettingAlias *alias = imp_setting_aliases_get (G_OBJECT_GET_CLASS (factory));
  const char *number;

  for (; alias->name != NULL; alias++)
    if (setting_alias_is (alias->setting, setting, &number))
      {
        char *name = g_strconcat (alias->name, number, NULL);

        g_hash_table_insert (written, g_strdup (setting), name);
        return name;
      }
  return setting;
}

const char *
imp_setting_names_look_up (ImpFactory *factory, const char *setting)
{
  GHashTable *written = g_object_get_qdata (G_OBJECT (factory), setting_names_get_quark ());
  const char *name;

  if (written == NULL)
    return setting;
  name = g_hash_table_lookup (written, setting);
  return name != NULL ? name : setting_names_suggest (factory, written, setting);
}

gboolean
imp_setting_names_is_mentioned (ImpFactory *factory, GPtrArray *errors, const char *setting)
{
  const char *name = imp_setting_names_look_up (factory, setting);
  g_autofree char *as_given = g_strdup_printf ("\"%s=", name);
  g_autofree char *as_named = g_strdup_printf (": %s must be", name);

  for (guint i = 0; i < errors->len; i++)
    if (g_str_has_prefix (errors->pdata[i], as_given)
        || strstr (errors->pdata[i], as_named) != NULL)
      return TRUE;
  return FALSE;
}
