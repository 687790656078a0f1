/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/log.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-log-limit-private.h"
#include "core/imp-log-private.h"
#include "core/imp-rate-limit-private.h"
#include "tool/log-sink.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LOG_MAX_BYTES (1024 * 1024)
#define LOG_END_TIMEOUT (1 * G_USEC_PER_SEC)

typedef struct
{
  GMutex mutex;
  GCond changed;
  LogFormat format;
  GQueue waiting;    /* of LogEntry */
  gsize n_bytes;     /* of them */
  guint64 n_dropped; /* lines, since one found a place */
  gboolean writing;
  gboolean broken; /* nobody can read it any more */

  ImpRateLimit limits[IMP_LOG_N_KINDS];
  guint64 n_left_out[IMP_LOG_N_KINDS];
  gint64 left_out_at; /* when the first of them was, or 0: none */
} Log;

/* What is written by one call. */
typedef struct
{
  GString *text;
  char *line; /* instead of a record, if the journal does not take it; NULL: it is none */
} LogEntry;

static Log log_state;

/* --- writing --- */

static LogEntry *
log_entry_new (GString *text, char *line)
{
  LogEntry *self = g_new (LogEntry, 1);

  self->text = text;
  self->line = line;
  return self;
}

static void
log_entry_free (LogEntry *self)
{
  g_string_free (self->text, TRUE);
  g_free (self->line);
  g_free (self);
}

static gsize
log_entry_get_size (const LogEntry *self)
{
  return sizeof *self + self->text->len + (self->line != NULL ? strlen (self->line) : 0);
}

static LogEntry *
log_entry_of_fields (LogFormat format, GLogLevelFlags level, const GLogField *fields,
                     gsize n_fields)
{
  GString *text = log_format_write (format, level, fields, n_fields);
  char *line = NULL;

  if (format == LOG_FORMAT_JOURNAL)
    line = g_string_free (log_format_write (LOG_FORMAT_TEXT, level, fields, n_fields), FALSE);
  return log_entry_new (text, line);
}

/* The same as a library has it; for what is not logged by g_log(). */
static LogEntry *
log_entry_of_text (LogFormat format, ImpLogKind kind, const char *text)
{
  const ImpLogKindInfo *info = imp_log_kind_peek_info (kind);
  g_autofree char *priority = g_strdup_printf ("%d", info->priority);
  const GLogField fields[] = {
    { "PRIORITY", priority, -1 },
    { "GLIB_DOMAIN", G_LOG_DOMAIN, -1 },
    { "MESSAGE_ID", info->message_id, -1 },
    { "IMP_KIND", info->name, -1 },
    { "MESSAGE", text, -1 },
  };
  g_autofree char *clean = imp_clean_line (text, IMP_LOG_LINE_MAX);
  g_autofree char *line = g_strconcat ("imp-remote: ", clean, "\n", NULL);
  GString *record;

  if (format == LOG_FORMAT_TEXT)
    return log_entry_new (g_string_new (line), NULL);
  record = log_format_write (format, G_LOG_LEVEL_MESSAGE, fields, G_N_ELEMENTS (fields));
  return log_entry_new (record, format == LOG_FORMAT_JOURNAL ? g_steal_pointer (&line) : NULL);
}

/* FALSE if nothing can be written any more. */
static gboolean
log_write_all (GQueue *entries)
{
  g_autoptr (GString) joined = g_string_new (NULL);
  gboolean good = TRUE;

  for (GList *l = entries->head; l != NULL && good; l = l->next)
    {
      const LogEntry *entry = l->data;

      if (entry->line != NULL)
        good = log_sink_send (entry->text, entry->line);
      else
        g_string_append_len (joined, entry->text->str, entry->text->len);
    }
  return good && log_sink_write (joined->str, joined->len);
}

static GQueue
log_take_waiting (Log *self)
{
  GQueue taken = self->waiting;
  g_autofree char *text = NULL;

  g_queue_init (&self->waiting);
  self->n_bytes = 0;
  if (self->n_dropped > 0)
    {
      text = g_strdup_printf ("%" G_GUINT64_FORMAT " messages were dropped, since %s was not read",
                              self->n_dropped,
                              self->format == LOG_FORMAT_JOURNAL ? "the journal's socket"
                                                                 : "standard error");
      g_queue_push_tail (&taken, log_entry_of_text (self->format, IMP_LOG_DROPPED, text));
    }
  self->n_dropped = 0;
  return taken;
}

static void log_say_left_out (Log *self, ImpLogKind kind);

static void
log_say_all_left_out (Log *self)
{
  for (guint kind = 0; kind < IMP_LOG_N_KINDS; kind++)
    log_say_left_out (self, kind);
}

/* Something waits to be written, or it is time to say what was left out. */
static gboolean
log_wait_for_work (Log *self)
{
  while (self->waiting.length == 0)
    if (self->left_out_at == 0)
      g_cond_wait (&self->changed, &self->mutex);
    else if (!g_cond_wait_until (&self->changed, &self->mutex,
                                 self->left_out_at + IMP_LOG_LIMIT_SECONDS * G_USEC_PER_SEC))
      return FALSE;
  return TRUE;
}

static void
log_write_waiting (Log *self)
{
  GQueue entries = log_take_waiting (self);
  gboolean written;

  self->writing = TRUE;
  g_mutex_unlock (&self->mutex);
  written = log_write_all (&entries);
  g_queue_clear_full (&entries, (GDestroyNotify) log_entry_free);
  g_mutex_lock (&self->mutex);
  self->writing = FALSE;
  self->broken = !written;
  g_cond_broadcast (&self->changed);
}

static gpointer
log_run (gpointer data)
{
  Log *self = data;

  g_mutex_lock (&self->mutex);
  for (;;)
    {
      if (log_wait_for_work (self))
        {
          log_write_waiting (self);
          continue;
        }
      self->left_out_at = 0;
      g_mutex_unlock (&self->mutex);
      log_say_all_left_out (self);
      g_mutex_lock (&self->mutex);
    }
  return NULL;
}

/* Takes @entry. */
static void
log_add (Log *self, LogEntry *entry)
{
  const gsize size = log_entry_get_size (entry);

  g_mutex_lock (&self->mutex);
  if (size > LOG_MAX_BYTES - MIN (self->n_bytes, LOG_MAX_BYTES))
    {
      self->n_dropped++;
      log_entry_free (entry);
    }
  else
    {
      self->n_bytes += size;
      g_queue_push_tail (&self->waiting, entry);
    }
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

static void
log_wait (void)
{
  Log *self = &log_state;
  gint64 end = g_get_monotonic_time () + LOG_END_TIMEOUT;

  g_mutex_lock (&self->mutex);
  while ((self->waiting.length > 0 || self->writing) && !self->broken)
    if (!g_cond_wait_until (&self->changed, &self->mutex, end))
      break;
  g_mutex_unlock (&self->mutex);
}

/* --- how much is written --- */

static void
log_say_left_out (Log *self, ImpLogKind kind)
{
  const ImpLogFields fields = { .about = kind };
  const char *name = imp_log_kind_peek_info (kind)->name;
  guint64 n;
  guint rate;

  g_mutex_lock (&self->mutex);
  n = self->n_left_out[kind];
  rate = self->limits[kind].rate;
  self->n_left_out[kind] = 0;
  g_mutex_unlock (&self->mutex);
  if (n > 0)
    imp_log_with (IMP_LOG_LEFT_OUT, &fields,
                  "%" G_GUINT64_FORMAT " lines (%s) were left out (--log-rate is %u)", n,
                  name != NULL ? name : "of no kind", rate);
}

/* Who looks for an error wants all of it, and each script has a rate of its own. */
static gboolean
log_admit (Log *self, ImpLogKind kind, int priority)
{
  gboolean admitted;

  if (kind == IMP_LOG_LEFT_OUT || kind == IMP_LOG_SCRIPT_OUTPUT || priority == LOG_DEBUG)
    return TRUE;
  g_mutex_lock (&self->mutex);
  admitted = imp_rate_limit_take (&self->limits[kind]);
  if (!admitted)
    {
      self->n_left_out[kind]++;
      if (self->left_out_at == 0)
        self->left_out_at = g_get_monotonic_time ();
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->mutex);
  if (admitted)
    log_say_left_out (self, kind);
  return admitted;
}

void
log_set_rate (guint rate)
{
  Log *self = &log_state;

  g_mutex_lock (&self->mutex);
  for (guint kind = 0; kind < IMP_LOG_N_KINDS; kind++)
    imp_rate_limit_init (&self->limits[kind], rate);
  g_mutex_unlock (&self->mutex);
}

/* --- what is logged --- */

static GLogWriterOutput
log_on_message (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  Log *self = user_data;
  const char *id = imp_log_find_field (fields, n_fields, "MESSAGE_ID");
  const char *priority = imp_log_find_field (fields, n_fields, "PRIORITY");
  const ImpLogKind kind = id != NULL ? imp_log_kind_find (id) : IMP_LOG_OTHER;

  if (g_log_writer_default_would_drop (level, imp_log_find_field (fields, n_fields, "GLIB_DOMAIN"))
      || !log_admit (self, kind, priority != NULL ? atoi (priority) : LOG_NOTICE))
    return G_LOG_WRITER_HANDLED;
  log_add (self, log_entry_of_fields (self->format, level, fields, n_fields));
  if ((level & G_LOG_FLAG_FATAL) != 0)
    log_wait ();
  return G_LOG_WRITER_HANDLED;
}

void
log_print (ImpLogKind kind, const char *text)
{
  log_add (&log_state, log_entry_of_text (log_state.format, kind, text));
}

gboolean
log_set_format (const char *name)
{
  LogFormat format;

  if (!log_format_parse (name, &format))
    return FALSE;
  g_mutex_lock (&log_state.mutex);
  log_state.format = format;
  g_mutex_unlock (&log_state.mutex);
  return TRUE;
}

static void
log_end (void)
{
  log_say_all_left_out (&log_state);
  log_wait ();
}

void
log_start (void)
{
  g_queue_init (&log_state.waiting);
  log_set_format ("auto");
  g_thread_unref (g_thread_new ("log", log_run, &log_state));
  g_log_set_writer_func (log_on_message, &log_state, NULL);
  atexit (log_end);
}
