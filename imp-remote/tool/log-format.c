/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/log-format.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-log-private.h"
#include "tool/json-text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define PROGRAM "imp-remote"

gboolean
log_format_stderr_is_journal (void)
{
  const char *stream = g_getenv ("JOURNAL_STREAM");
  g_autofree char *own = NULL;
  struct stat status;

  if (stream == NULL || fstat (STDERR_FILENO, &status) != 0)
    return FALSE;
  own = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) status.st_dev,
                         (guint64) status.st_ino);
  return g_str_equal (own, stream);
}

gboolean
log_format_parse (const char *name, LogFormat *format)
{
  static const char *const names[] = { "text", "json", "journal" };

  if (g_str_equal (name, "auto"))
    {
      *format = log_format_stderr_is_journal () ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i]))
      {
        *format = i;
        return TRUE;
      }
  return FALSE;
}

/* --- fields --- */

/* What the journal takes from others. Those of GLib that say how a message came are for nobody. */
static gboolean
log_field_is_good (const GLogField *self)
{
  if (!g_ascii_isupper (self->key[0]) || strlen (self->key) > 64
      || g_str_equal (self->key, "GLIB_OLD_LOG_API"))
    return FALSE;
  for (const char *p = self->key; *p != '\0'; p++)
    if (!g_ascii_isupper (*p) && !g_ascii_isdigit (*p) && *p != '_')
      return FALSE;
  return self->value != NULL && (self->length < 0 || self->length > 0);
}

static char *
log_field_clean (const GLogField *self)
{
  const gsize length = self->length < 0 ? strlen (self->value) : (gsize) self->length;
  const gsize shown = MIN (length, IMP_LOG_LINE_MAX);

  return imp_clean_text (self->value, shown, length - shown);
}

/* --- text --- */

/* The words that GLib has for levels. */
static GLogLevelFlags
log_text_find_level (GLogLevelFlags level, int priority)
{
  const GLogLevelFlags flags = level & ~G_LOG_LEVEL_MASK;

  if ((level & G_LOG_LEVEL_MESSAGE) == 0 || priority > LOG_WARNING)
    return level;
  return flags | (priority == LOG_WARNING ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_CRITICAL);
}

static GString *
log_format_write_text (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  g_autofree GLogField *clean = g_memdup2 (fields, n_fields * sizeof *fields);
  const char *priority = imp_log_find_field (fields, n_fields, "PRIORITY");
  GString *line = g_string_new (NULL);
  g_autofree char *message = NULL, *text = NULL;

  for (gsize i = 0; i < n_fields; i++)
    if (message == NULL && g_str_equal (fields[i].key, "MESSAGE"))
      {
        message = log_field_clean (&fields[i]);
        clean[i].value = message;
        clean[i].length = -1;
      }
  text = g_log_writer_format_fields (log_text_find_level (level, priority != NULL ? atoi (priority)
                                                                                  : LOG_DEBUG),
                                     clean, n_fields, g_log_writer_supports_color (STDERR_FILENO));
  if (priority != NULL && log_format_stderr_is_journal ())
    g_string_append_printf (line, "<%d>", atoi (priority));
  g_string_append (line, text);
  g_string_append_c (line, '\n');
  return line;
}

/* --- JSON --- */

static void
log_json_append (GString *line, const char *key, const char *clean)
{
  g_string_append_printf (line, "%s\"%s\":", line->len > 1 ? "," : "", key);
  json_text_append (line, clean);
}

static GString *
log_format_write_json (const GLogField *fields, gsize n_fields)
{
  GString *line = g_string_new ("{");
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now);

  log_json_append (line, "TIME", time);
  for (gsize i = 0; i < n_fields; i++)
    if (log_field_is_good (&fields[i]) && !g_str_equal (fields[i].key, "TIME"))
      {
        g_autofree char *clean = log_field_clean (&fields[i]);

        log_json_append (line, fields[i].key, clean);
      }
  g_string_append (line, "}\n");
  return line;
}

/* --- the journal --- */

static GString *
log_format_write_journal (const GLogField *fields, gsize n_fields)
{
  GString *record = g_string_new ("SYSLOG_IDENTIFIER=" PROGRAM "\n");

  /* Clean text has no end of a line that could begin another field. */
  for (gsize i = 0; i < n_fields; i++)
    if (log_field_is_good (&fields[i]))
      {
        g_autofree char *clean = log_field_clean (&fields[i]);

        g_string_append_printf (record, "%s=%s\n", fields[i].key, clean);
      }
  return record;
}

GString *
log_format_write (LogFormat format, GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  switch (format)
    {
    case LOG_FORMAT_JSON:
      return log_format_write_json (fields, n_fields);
    case LOG_FORMAT_JOURNAL:
      return log_format_write_journal (fields, n_fields);
    case LOG_FORMAT_TEXT:
    default:
      return log_format_write_text (level, fields, n_fields);
    }
}
