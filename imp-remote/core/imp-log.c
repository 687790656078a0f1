/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-log-private.h"

#include "core/imp-clean-text-private.h"

void
imp_log (const char *domain, GLogLevelFlags level, const char *format, ...)
{
  g_autofree char *text = NULL, *clean = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  clean = imp_clean_line (text, IMP_LOG_LINE_MAX);
  g_log (domain, level, "%s", clean);
}
