/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-config.h"

#include "rpc/imp-limits-private.h"
#include "tool/config/config-changes.h"
#include "tool/config/config-options.h"

static const char *const serve_config_several[] = {
  "listen", "module", "allow-uid", "allow-gid", "proxy-from", "agent-check-from", "metrics", NULL,
};

static const ConfigKeys serve_config_keys = { .several = serve_config_several };

void
serve_config_apply (ConfigFile *file, const ToolOptions *options)
{
  ConfigErrors errors = { .file = file };
  gboolean listens = FALSE;

  for (guint i = 0; i < file->sections->len; i++)
    {
      const ConfigSection *section = file->sections->pdata[i];
      g_autofree char *text = config_section_to_text (section);

      errors.section = section;
      if (g_str_equal (text, "[serve]"))
        config_options_apply (&errors, options, &serve_config_keys);
      else
        config_file_add_error (file, section->place,
                               "%s: there is no such section; there is [serve]", text);
      listens = listens || config_section_find (section, "listen") != NULL;
    }
  if (!listens && file->errors->len == 0)
    config_file_add_error (file, file->path,
                           "there is no key \"listen\" in [serve]: an ADDRESS is wanted");
}

GStrv
serve_config_make_arguments (const ConfigFile *file, OptionTable *table)
{
  GPtrArray *arguments = g_ptr_array_new ();

  g_ptr_array_add (arguments, g_strdup ("serve"));
  for (guint i = 0; i < file->sections->len; i++)
    {
      const GPtrArray *keys = ((const ConfigSection *) file->sections->pdata[i])->keys;

      for (guint j = 0; j < keys->len; j++)
        {
          const ConfigKey *key = keys->pdata[j];
          gboolean on = TRUE;

          if (option_table_takes_value (table, key->name))
            g_ptr_array_add (arguments, g_strdup_printf ("--%s=%s", key->name, key->value));
          else if (option_table_parse_boolean (key->value, &on) && on)
            g_ptr_array_add (arguments, g_strdup_printf ("--%s", key->name));
        }
    }
  g_ptr_array_add (arguments, NULL);
  return (GStrv) g_ptr_array_free (arguments, FALSE);
}

/* Besides the limits of the server. */
static const char *const serve_config_live[] = {
  "listen",
  "module",
  "codec",
  "replace",
  "insecure",
  "shared-memory",
  "shared-memory-any-peer",
  "grace",
  "log-rate",
  "idle-exit",
  "drain-delay",
  "take-over-grace",
  "take-over-timeout",
  "tls-cert",
  "tls-key",
  "tls-client-ca",
  "allow-uid",
  "allow-gid",
  "socket-mode",
  "proxy-from",
  "proxy-protocol",
  "reload",
  "sandbox",
  NULL,
};

static gboolean
serve_config_is_live (const char *name)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (IMP_TYPE_SERVER);
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_CLASS (klass), name);

  return g_strv_contains (serve_config_live, name)
         || (spec != NULL && imp_limit_get_unit (spec) != NULL);
}

static void
serve_config_add_live (const ConfigFile *file, GPtrArray *live)
{
  for (guint i = 0; i < file->sections->len; i++)
    {
      const GPtrArray *keys = ((const ConfigSection *) file->sections->pdata[i])->keys;

      for (guint j = 0; j < keys->len; j++)
        {
          const ConfigKey *key = keys->pdata[j];

          if (serve_config_is_live (key->name))
            g_ptr_array_add (live, key->name);
        }
    }
}

void
serve_config_log_later (const ConfigFile *before, const ConfigFile *file)
{
  g_autoptr (GPtrArray) live = g_ptr_array_new ();

  serve_config_add_live (before, live);
  serve_config_add_live (file, live);
  g_ptr_array_add (live, NULL);
  config_changes_log (before, file, "serve", (const char *const *) live->pdata);
}
