/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-enums.h"

#define VALUE(v, nick) G_DEFINE_ENUM_VALUE (v, nick)

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpDirection, imp_direction,
                    VALUE (IMP_DIRECTION_FROM_CLIENT, "from-client"),
                    VALUE (IMP_DIRECTION_FROM_SERVER, "from-server"))

G_DEFINE_ENUM_TYPE (ImpResultType, imp_result_type,
                    VALUE (IMP_RESULT_LOG, "log"),
                    VALUE (IMP_RESULT_PORT_OPEN, "port-open"),
                    VALUE (IMP_RESULT_PORT_CLOSE, "port-close"),
                    VALUE (IMP_RESULT_ACCOUNT_FIELD, "account-field"),
                    VALUE (IMP_RESULT_PAUSE, "pause"),
                    VALUE (IMP_RESULT_CONTINUE, "continue"),
                    VALUE (IMP_RESULT_REPLACE_LATER, "replace-later"),
                    VALUE (IMP_RESULT_WANT, "want"),
                    VALUE (IMP_RESULT_PASS, "pass"),
                    VALUE (IMP_RESULT_PASS_PATTERN, "pass-pattern"),
                    VALUE (IMP_RESULT_PREPASS, "prepass"),
                    VALUE (IMP_RESULT_TO_SENDER, "to-sender"),
                    VALUE (IMP_RESULT_REPLACE, "replace"),
                    VALUE (IMP_RESULT_DENY, "deny"),
                    VALUE (IMP_RESULT_DROP, "drop"),
                    VALUE (IMP_RESULT_FATAL, "fatal"))

G_DEFINE_FLAGS_TYPE (ImpResultFlags, imp_result_flags,
                     VALUE (IMP_RESULT_FLAGS_ALL, "all"),
                     VALUE (IMP_RESULT_FLAGS_LOG, "log"),
                     VALUE (IMP_RESULT_FLAGS_PORT_OPEN, "port-open"),
                     VALUE (IMP_RESULT_FLAGS_PORT_CLOSE, "port-close"),
                     VALUE (IMP_RESULT_FLAGS_ACCOUNT_FIELD, "account-field"),
                     VALUE (IMP_RESULT_FLAGS_PAUSE, "pause"),
                     VALUE (IMP_RESULT_FLAGS_CONTINUE, "continue"),
                     VALUE (IMP_RESULT_FLAGS_REPLACE_LATER, "replace-later"),
                     VALUE (IMP_RESULT_FLAGS_PASS, "pass"),
                     VALUE (IMP_RESULT_FLAGS_PASS_PATTERN, "pass-pattern"),
                     VALUE (IMP_RESULT_FLAGS_PREPASS, "prepass"),
                     VALUE (IMP_RESULT_FLAGS_TO_SENDER, "to-sender"),
                     VALUE (IMP_RESULT_FLAGS_REPLACE, "replace"),
                     VALUE (IMP_RESULT_FLAGS_DENY, "deny"),
                     VALUE (IMP_RESULT_FLAGS_DROP, "drop"),
                     VALUE (IMP_RESULT_FLAGS_FATAL, "fatal"),
                     VALUE (IMP_RESULT_FLAGS_WANT, "want"))

G_DEFINE_ENUM_TYPE (ImpLogLevel, imp_log_level,
                    VALUE (IMP_LOG_LEVEL_DEBUG, "debug"),
                    VALUE (IMP_LOG_LEVEL_INFO, "info"),
                    VALUE (IMP_LOG_LEVEL_NOTICE, "notice"),
                    VALUE (IMP_LOG_LEVEL_WARNING, "warning"),
                    VALUE (IMP_LOG_LEVEL_ERROR, "error"),
                    VALUE (IMP_LOG_LEVEL_CRITICAL, "critical"),
                    VALUE (IMP_LOG_LEVEL_ALERT, "alert"),
                    VALUE (IMP_LOG_LEVEL_EMERGENCY, "emergency"))

G_DEFINE_ENUM_TYPE (ImpFailMode, imp_fail_mode,
                    VALUE (IMP_FAIL_HARD, "hard"),
                    VALUE (IMP_FAIL_SOFT, "soft"))
/* clang-format on */

/* One row per type of result: its number, its flag and its name on the JSON wire. */
static const struct
{
  ImpResultType type;
  ImpResultFlags flag;
  const char *name;
} result_types[] = {
  { IMP_RESULT_PASS, IMP_RESULT_FLAGS_PASS, "pass" },
  { IMP_RESULT_PREPASS, IMP_RESULT_FLAGS_PREPASS, "prepass" },
  { IMP_RESULT_REPLACE, IMP_RESULT_FLAGS_REPLACE, "replace" },
  { IMP_RESULT_REPLACE_LATER, IMP_RESULT_FLAGS_REPLACE_LATER, "replace_later" },
  { IMP_RESULT_TO_SENDER, IMP_RESULT_FLAGS_TO_SENDER, "to_sender" },
  { IMP_RESULT_DENY, IMP_RESULT_FLAGS_DENY, "deny" },
  { IMP_RESULT_DROP, IMP_RESULT_FLAGS_DROP, "drop" },
  { IMP_RESULT_FATAL, IMP_RESULT_FLAGS_FATAL, "fatal" },
  { IMP_RESULT_PAUSE, IMP_RESULT_FLAGS_PAUSE, "pause" },
  { IMP_RESULT_CONTINUE, IMP_RESULT_FLAGS_CONTINUE, "continue" },
  { IMP_RESULT_LOG, IMP_RESULT_FLAGS_LOG, "log" },
  { IMP_RESULT_ACCOUNT_FIELD, IMP_RESULT_FLAGS_ACCOUNT_FIELD, "account_field" },
  { IMP_RESULT_PASS_PATTERN, IMP_RESULT_FLAGS_PASS_PATTERN, "pass_pattern" },
  { IMP_RESULT_WANT, IMP_RESULT_FLAGS_WANT, "want" },
  { IMP_RESULT_PORT_OPEN, IMP_RESULT_FLAGS_PORT_OPEN, "port_open" },
  { IMP_RESULT_PORT_CLOSE, IMP_RESULT_FLAGS_PORT_CLOSE, "port_close" },
};

/**
 * imp_result_type_to_string:
 * @type: a type of result
 *
 * Gets the name of a type of result as the JSON wire format spells it, e.g. "replace_later".
 *
 * Returns: (nullable): the name, or %NULL where @type is none
 *
 * Since: 0.1
 */
const char *
imp_result_type_to_string (ImpResultType type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (result_types); i++)
    if (result_types[i].type == type)
      return result_types[i].name;
  return NULL;
}

/**
 * imp_result_type_from_string:
 * @name: a name as the JSON wire format spells it
 *
 * Gets the type of result that has a name: the reverse of [func@Imp.ResultType.to_string].
 *
 * Returns: the type of result, or 0 where @name is none
 *
 * Since: 0.1
 */
ImpResultType
imp_result_type_from_string (const char *name)
{
  g_return_val_if_fail (name != NULL, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (result_types); i++)
    if (g_str_equal (result_types[i].name, name))
      return result_types[i].type;
  return 0;
}

/**
 * imp_result_type_to_flag:
 * @type: a type of result
 *
 * Gets the member of a set of result types that stands for @type.
 *
 * Returns: the flag, or 0 where @type is none
 *
 * Since: 0.1
 */
ImpResultFlags
imp_result_type_to_flag (ImpResultType type)
{
  /* The types that come with nearly every chunk first: this runs once per result. */
  for (gsize i = 0; i < G_N_ELEMENTS (result_types); i++)
    if (result_types[i].type == type)
      return result_types[i].flag;
  return 0;
}
