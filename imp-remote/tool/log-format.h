/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a line of the log is written. */
typedef enum
{
  LOG_FORMAT_TEXT,
  LOG_FORMAT_JSON,
  LOG_FORMAT_JOURNAL, /* what goes to the journal's socket */
} LogFormat;

/* @name may be "auto" as well: then it is the journal where standard error leads there, as systemd
 * says, and else text. FALSE if there is none of this name. */
gboolean log_format_parse (const char *name, LogFormat *format);
/* Standard error is the journal's, which believes a "<4>" in the beginning of a line. */
gboolean log_format_stderr_is_journal (void);

/* All that another program can have said is escaped in it, in each of them; with an end of the line
 * but for the journal. A field that has no good name is left out. */
GString *log_format_write (LogFormat format, GLogLevelFlags level, const GLogField *fields,
                           gsize n_fields);

G_END_DECLS
