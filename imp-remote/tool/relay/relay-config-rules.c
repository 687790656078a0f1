/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-config-rules.h"

#include "tool/config/config-options.h"

static void
relay_config_set_rule (ConfigErrors *errors, RelayCase *rule, const ConfigKey *key)
{
  if (g_str_equal (key->name, "action") && !config_options_check_once (errors, key))
    return;
  if (!relay_case_set (rule, key->name, key->value))
    config_file_add_error (errors->file, key->place,
                           "key \"%s\": there is no such key of a rule; there are client, server, "
                           "port, name, module and action",
                           key->name);
}

/* @errors: with the section of the rule. @good: whether it has added none. */
static RelayCase *
relay_config_make_rule (ConfigErrors *errors, gboolean *good)
{
  const GPtrArray *keys = errors->section->keys;
  const guint n_before = errors->file->errors->len;
  RelayCase *rule = relay_case_new (errors->section->name);

  for (guint i = 0; i < keys->len; i++)
    relay_config_set_rule (errors, rule, keys->pdata[i]);
  *good = errors->file->errors->len == n_before;
  return rule;
}

static void
relay_config_check_rule (ConfigErrors *errors)
{
  gboolean good;
  g_autoptr (RelayCase) rule = relay_config_make_rule (errors, &good);

  if (good)
    relay_case_complete (rule);
}

void
relay_config_check_rules (ConfigFile *file)
{
  const gboolean only = tool_only_check_modules (TRUE);
  ConfigErrors errors = { .file = file };

  config_errors_begin (&errors);
  for (guint i = 0; i < file->sections->len; i++)
    {
      errors.section = file->sections->pdata[i];
      if (g_str_equal (errors.section->kind, "rule") && errors.section->name != NULL)
        relay_config_check_rule (&errors);
    }
  config_errors_end (&errors);
  tool_only_check_modules (only);
}

void
relay_config_add_rule (ConfigErrors *errors, RelayGroup *group, const ConfigKey *key)
{
  const ConfigSection *listener = errors->section;
  const ConfigSection *section = config_file_find (errors->file, "rule", key->value);
  RelayCase *rule;
  gboolean good;

  if (section == NULL)
    {
      config_file_add_error (errors->file, key->place,
                             "key \"rule\": there is no section [rule %s]", key->value);
      return;
    }
  errors->section = section;
  rule = relay_config_make_rule (errors, &good);
  /* What is wrong with it has been said already. */
  if (good && errors->file->errors->len == 0)
    relay_case_complete (rule);
  relay_group_add_case (group, rule);
  errors->section = listener;
}
