/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-config.h"

#include "core/imp-log-private.h"
#include "tool/access-options.h"
#include "tool/config/config-changes.h"
#include "tool/relay/relay-config-rules.h"

#include <string.h>

static const char *const relay_config_several[] = { "allow-uid", "allow-gid", "metrics", NULL };

static const RelayPartKind *
relay_config_find_part (const char *name)
{
  g_autofree char *option = g_strconcat ("--", name, NULL);

  return relay_parts_find (option);
}

static gboolean
relay_config_is_of_listener (const char *name)
{
  return relay_config_find_part (name) != NULL;
}

static const ConfigKeys relay_config_keys = {
  .several = relay_config_several,
  .elsewhere = relay_config_is_of_listener,
  .where = "[listener NAME]",
};

static void
relay_config_check_section (ConfigFile *file, const ConfigSection *section)
{
  static const char *const named[] = { "listener", "rule", NULL };
  g_autofree char *text = config_section_to_text (section);
  const gboolean has_name = g_strv_contains (named, section->kind);

  if (!has_name && !g_str_equal (section->kind, "relay"))
    config_file_add_error (file, section->place,
                           "%s: there is no such section; there are [relay], [listener NAME] and "
                           "[rule NAME]",
                           text);
  else if (has_name && section->name == NULL)
    config_file_add_error (file, section->place, "%s: it has a name, as in [%s web]", text,
                           section->kind);
  else if (!has_name && section->name != NULL)
    config_file_add_error (file, section->place, "%s: [relay] has no name", text);
}

static void
relay_config_check_sections (ConfigFile *file)
{
  for (guint i = 0; i < file->sections->len; i++)
    relay_config_check_section (file, file->sections->pdata[i]);
}

void
relay_config_apply_options (ConfigFile *file, const ToolOptions *options)
{
  ConfigErrors errors = { .file = file };

  relay_config_check_sections (file);
  for (guint i = 0; i < file->sections->len; i++)
    {
      errors.section = file->sections->pdata[i];
      if (g_str_equal (errors.section->kind, "relay"))
        config_options_apply (&errors, options, &relay_config_keys);
    }
}

/* ---- listeners ---- */

/* @on: whether it is to be applied at all. FALSE if it is wrong. */
static gboolean
relay_config_check_key (ConfigErrors *errors, const ConfigKey *key, const RelayPartKind *kind,
                        gboolean *on)
{
  *on = TRUE;
  if (kind == NULL)
    {
      config_file_add_error (errors->file, key->place,
                             "key \"%s\": there is no such key of a "
                             "listener; what is common to all of them stands in [relay]",
                             key->name);
      return FALSE;
    }
  if (!kind->several && !config_options_check_once (errors, key))
    return FALSE;
  if (kind->has_value || option_table_parse_boolean (key->value, on))
    return TRUE;
  config_file_add_error (errors->file, key->place,
                         "key \"%s\": \"%s\": \"true\" or \"false\" is "
                         "wanted",
                         key->name, key->value);
  return FALSE;
}

typedef enum
{
  RELAY_CONFIG_LISTEN, /* whether these are for datagrams matters to the others */
  RELAY_CONFIG_REST,
  RELAY_CONFIG_END,
  RELAY_CONFIG_N_TURNS,
} RelayConfigTurn;

static RelayConfigTurn
relay_config_get_turn (const RelayPartKind *kind)
{
  if (kind->ends_group)
    return RELAY_CONFIG_END;
  return g_str_equal (kind->option, "--listen") ? RELAY_CONFIG_LISTEN : RELAY_CONFIG_REST;
}

/* @end: where the connections go, once that has been said. */
static void
relay_config_apply_key (ConfigErrors *errors, RelayGroup *group, const ConfigKey *key,
                        const RelayPartKind *kind, const ConfigKey **end)
{
  if (kind->ends_group && *end != NULL)
    {
      config_file_add_error (errors->file, key->place,
                             "key \"%s\": there is \"%s\" at %s already: "
                             "only one of connect, socks, http-connect and transparent can be",
                             key->name, (*end)->name, (*end)->place);
      return;
    }
  if (kind->ends_group)
    *end = key;
  kind->apply (group, kind->has_value ? key->value : NULL);
}

static void
relay_config_complete (ConfigErrors *errors, RelayGroup *group, const ConfigKey *end)
{
  g_autofree char *text = config_section_to_text (errors->section);

  if (config_section_find (errors->section, "listen") == NULL)
    config_file_add_error (errors->file, errors->section->place,
                           "%s: there is no key \"listen\": ADDRESS is wanted", text);
  if (end == NULL)
    config_file_add_error (errors->file, errors->section->place,
                           "%s: one of the keys connect, socks, http-connect and transparent is "
                           "wanted",
                           text);
}

static void
relay_config_make_group (ConfigErrors *errors, RelayGroup *group)
{
  const GPtrArray *keys = errors->section->keys;
  const guint n_before = errors->file->errors->len;
  const ConfigKey *end = NULL;

  for (RelayConfigTurn turn = 0; turn < RELAY_CONFIG_N_TURNS; turn++)
    for (guint i = 0; i < keys->len; i++)
      {
        const ConfigKey *key = keys->pdata[i];
        const RelayPartKind *kind = relay_config_find_part (key->name);
        gboolean on;

        if (g_str_equal (key->name, "rule"))
          {
            if (turn == RELAY_CONFIG_REST)
              relay_config_add_rule (errors, group, key);
            continue;
          }
        /* Those that are none are named in the first turn. */
        if (kind != NULL ? turn != relay_config_get_turn (kind) : turn != RELAY_CONFIG_LISTEN)
          continue;
        if (relay_config_check_key (errors, key, kind, &on) && on)
          relay_config_apply_key (errors, group, key, kind, &end);
      }
  relay_config_complete (errors, group, end);
  if (errors->file->errors->len == n_before)
    relay_group_complete (group);
  else
    relay_group_check_modules (group);
}

static void
relay_config_add_fingerprint (GString *text, const ConfigSection *section)
{
  for (guint i = 0; i < section->keys->len; i++)
    {
      const ConfigKey *key = section->keys->pdata[i];

      g_string_append_printf (text, "%s=%s\n", key->name, key->value);
    }
}

/* What its rules say is said of it. */
static void
relay_config_add_rule_fingerprints (GString *text, const ConfigFile *file,
                                    const ConfigSection *section)
{
  for (guint i = 0; i < section->keys->len; i++)
    {
      const ConfigKey *key = section->keys->pdata[i];
      const ConfigSection *rule = NULL;

      if (g_str_equal (key->name, "rule"))
        rule = config_file_find (file, "rule", key->value);
      if (rule == NULL)
        continue;
      g_string_append (text, "\n");
      relay_config_add_fingerprint (text, rule);
    }
}

/* All sections of [relay] as one. */
static char *
relay_config_get_common (const ConfigFile *file)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < file->sections->len; i++)
    {
      const ConfigSection *section = file->sections->pdata[i];

      if (g_str_equal (section->kind, "relay"))
        relay_config_add_fingerprint (text, section);
    }
  return g_string_free (text, FALSE);
}

/* What is common to all makes a difference for each. */
static void
relay_config_add_listener (ConfigErrors *errors, const char *common,
                           RelayAddSectionFunc add_section, gpointer user_data)
{
  g_autoptr (GString) fingerprint = g_string_new (common);
  RelayGroup *group;

  g_string_append (fingerprint, "\n");
  relay_config_add_fingerprint (fingerprint, errors->section);
  relay_config_add_rule_fingerprints (fingerprint, errors->file, errors->section);
  group = add_section (errors->section->name, fingerprint->str, user_data);
  if (group != NULL)
    relay_config_make_group (errors, group);
}

void
relay_config_make_groups (ConfigFile *file, RelayAddSectionFunc add_section, gpointer user_data)
{
  ConfigErrors errors = { .file = file };
  g_autofree char *common = relay_config_get_common (file);
  guint n_groups = 0;

  relay_config_check_rules (file);
  config_errors_begin (&errors);
  for (guint i = 0; i < file->sections->len; i++)
    {
      errors.section = file->sections->pdata[i];
      if (!g_str_equal (errors.section->kind, "listener") || errors.section->name == NULL)
        continue;
      n_groups++;
      relay_config_add_listener (&errors, common, add_section, user_data);
    }
  errors.section = NULL;
  access_options_check ();
  config_errors_end (&errors);
  if (n_groups == 0 && file->errors->len == 0)
    config_file_add_error (file, file->path, "there is no section [listener NAME]");
}

/* ---- what is for the next start ---- */

/* The options that new groups take, or the program at any time. */
static const char *const relay_config_live[] = {
  "max-connections",
  "max-connections-per-peer",
  "connect-timeout",
  "greeting-timeout",
  "sni-timeout",
  "idle-timeout",
  "datagram-idle-timeout",
  "deadline",
  "max-extensions",
  "max-growth",
  "max-log-rate",
  "max-log-size",
  "hold-timeout",
  "keepalive",
  "max-shadows",
  "log-rate",
  "grace",
  "evict",
  "verbose",
  "socket-mode",
  "allow-uid",
  "allow-gid",
  "reload",
  "workers",
  "sandbox",
  NULL,
};

void
relay_config_log_later (const ConfigFile *before, const ConfigFile *file)
{
  config_changes_log (before, file, "relay", relay_config_live);
}
