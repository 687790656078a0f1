/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/log-options.h"

#include "tool/log.h"

#include <imp-remote.h>

static gboolean
log_options_on_format (const char *option, const char *value, gpointer data, GError **error)
{
  if (log_set_format (value))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "%s \"%s\": it is auto, text, json or journal",
               option, value);
  return FALSE;
}

void
log_options_add_to_table (OptionTable *table)
{
  static const GOptionEntry entries[] = {
    { "log-format", 0, 0, G_OPTION_ARG_CALLBACK, log_options_on_format,
      "How it is logged: auto (default: the journal, where standard error is that), text, json, "
      "journal",
      "auto|text|json|journal" },
    G_OPTION_ENTRY_NULL,
  };

  option_table_add (table, entries, NULL);
}
