/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-log-private.h"

#include "core/imp-clean-text-private.h"

#include <syslog.h>

#define LOG_MAX_FIELDS 20

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

/* --- fields --- */

typedef struct
{
  GLogField fields[LOG_MAX_FIELDS];
  char *owned[LOG_MAX_FIELDS];
  guint n;
} LogRecord;

/* Takes @value. */
static void
log_record_take (LogRecord *self, const char *key, char *value)
{
  g_assert (self->n < LOG_MAX_FIELDS);

  self->owned[self->n] = value;
  self->fields[self->n++] = (GLogField){ key, value, -1 };
}

static void
log_record_add (LogRecord *self, const char *key, const char *value)
{
  if (value != NULL)
    log_record_take (self, key, imp_clean_line (value, IMP_LOG_LINE_MAX));
}

static void
log_record_clear (LogRecord *self)
{
  for (guint i = 0; i < self->n; i++)
    g_free (self->owned[i]);
}

static void
log_record_add_numbers (LogRecord *self, const ImpLogFields *fields)
{
  if (fields->connection != 0)
    log_record_take (self, "IMP_CONNECTION",
                     g_strdup_printf ("%" G_GUINT64_FORMAT, fields->connection));
  if (fields->offset != NULL)
    log_record_take (self, "IMP_OFFSET", g_strdup_printf ("%" G_GINT64_FORMAT, *fields->offset));
  if (fields->bytes != NULL)
    log_record_take (self, "IMP_BYTES", g_strdup_printf ("%" G_GUINT64_FORMAT, *fields->bytes));
}

static void
log_record_add_fields (LogRecord *self, const ImpLogFields *fields)
{
  log_record_add_numbers (self, fields);
  log_record_add (self, "IMP_CLIENT", fields->client);
  log_record_add (self, "IMP_SERVER", fields->server);
  log_record_add (self, "IMP_MODULE", fields->module);
  log_record_add (self, "IMP_DIRECTION", fields->direction);
  log_record_add (self, "IMP_OUTCOME", fields->outcome);
  log_record_add (self, "IMP_REASON", fields->reason);
  log_record_add (self, "IMP_SCRIPT", fields->script);
  log_record_add (self, "IMP_SCRIPT_PID", fields->script_pid);
  log_record_add (self, "IMP_SCRIPT_STREAM", fields->script_stream);
  log_record_add (self, "IMP_ABOUT", imp_log_kind_peek_info (fields->about)->name);
}

/* Those of analyzers are numbered the other way round, and from 1 on. */
static int
log_find_priority (ImpLogKind kind, const ImpLogFields *fields)
{
  if (fields != NULL && fields->level > 0)
    return CLAMP (LOG_DEBUG + 1 - fields->level, LOG_EMERG, LOG_DEBUG);
  return imp_log_kind_peek_info (kind)->priority;
}

void
imp_log_event (const char *domain, ImpLogKind kind, const ImpLogFields *fields, const char *format,
               ...)
{
  const ImpLogKindInfo *info = imp_log_kind_peek_info (kind);
  const int priority = log_find_priority (kind, fields);
  g_autofree char *text = NULL;
  LogRecord record = { .n = 0 };
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  log_record_take (&record, "PRIORITY", g_strdup_printf ("%d", priority));
  log_record_add (&record, "GLIB_DOMAIN", domain);
  log_record_add (&record, "MESSAGE_ID", info->message_id);
  log_record_add (&record, "IMP_KIND", info->name);
  if (fields != NULL)
    log_record_add_fields (&record, fields);
  log_record_add (&record, "MESSAGE", text);
  g_log_structured_array (priority == LOG_DEBUG ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_MESSAGE,
                          record.fields, record.n);
  log_record_clear (&record);
}
