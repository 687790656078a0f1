/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-log.h"

#include "core/imp-clean-text-private.h"
#include "tool/log.h"

void
relay_log (const char *client, const char *target, GLogLevelFlags level, const char *text)
{
  g_autofree char *clean = NULL;

  if (!log_admit ())
    return;
  clean = imp_clean_line (text, IMP_CLEAN_TEXT_MAX);
  g_log_structured (G_LOG_DOMAIN, level, "IMP_CLIENT", client, "IMP_TARGET", target, "MESSAGE",
                    "%s -> %s: %s", client, target, clean);
}

void
relay_log_event (const char *client, const char *target, const char *what, const char *text)
{
  g_autofree char *line = g_strdup_printf ("%s: %s", what, text);

  relay_log (client, target, G_LOG_LEVEL_MESSAGE, line);
}

/* An analyzer's verdicts are the relay's responsibility. No level is higher than a message: an
 * analyzer that finds something wrong is no error of this program. */
void
relay_log_result (const char *client, const char *target, ImpResult *result)
{
  g_autofree char *field = NULL;

  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_LOG:
      if (imp_result_get_level (result) <= IMP_LOG_LEVEL_DEBUG)
        relay_log (client, target, G_LOG_LEVEL_DEBUG, imp_result_get_message (result));
      else
        relay_log_event (client, target, "log", imp_result_get_message (result));
      break;
    case IMP_RESULT_ACCOUNT_FIELD:
      field = g_strdup_printf ("%s=%s", imp_result_get_key (result), imp_result_get_value (result));
      relay_log_event (client, target, "account", field);
      break;
    default:
      field = imp_result_to_string (result);
      relay_log_event (client, target, "verdict", field);
      break;
    }
}
