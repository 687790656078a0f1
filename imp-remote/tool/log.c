/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/log.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-log-private.h"
#include "core/imp-rate-limit-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MAX_BYTES (1024 * 1024)
#define LOG_END_TIMEOUT (1 * G_USEC_PER_SEC)

typedef struct
{
  GMutex mutex;
  GCond changed;
  GString *waiting;
  guint64 n_dropped; /* lines, since one found a place */
  gboolean writing;
  gboolean broken; /* nobody can read it any more */
} Log;

static Log log_state;

static struct
{
  ImpRateLimit limit;
  guint64 n_left_out;
} log_admitted;

/* FALSE if nothing can be written any more. */
static gboolean
log_write_all (const char *text, gsize length)
{
  while (length > 0)
    {
      gssize n = write (STDERR_FILENO, text, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          text += n;
          length -= n;
        }
    }
  return TRUE;
}

static GString *
log_take_waiting (Log *self)
{
  GString *taken = self->waiting;

  if (self->n_dropped > 0)
    g_string_append_printf (taken,
                            "imp-remote: %" G_GUINT64_FORMAT " messages were dropped, since "
                            "standard error was not read\n",
                            self->n_dropped);
  self->n_dropped = 0;
  self->waiting = g_string_new (NULL);
  return taken;
}

static gpointer
log_run (gpointer data)
{
  Log *self = data;

  g_mutex_lock (&self->mutex);
  for (;;)
    {
      GString *text;
      gboolean written;

      while (self->waiting->len == 0)
        g_cond_wait (&self->changed, &self->mutex);
      text = log_take_waiting (self);
      self->writing = TRUE;
      g_mutex_unlock (&self->mutex);
      written = log_write_all (text->str, text->len);
      g_string_free (text, TRUE);
      g_mutex_lock (&self->mutex);
      self->writing = FALSE;
      self->broken = !written;
      g_cond_broadcast (&self->changed);
    }
  return NULL;
}

static void
log_add (Log *self, const char *text)
{
  gsize length = strlen (text);

  g_mutex_lock (&self->mutex);
  if (length > LOG_MAX_BYTES - MIN (self->waiting->len, LOG_MAX_BYTES))
    self->n_dropped++;
  else
    g_string_append_len (self->waiting, text, length);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

static void
log_wait (void)
{
  Log *self = &log_state;
  gint64 end = g_get_monotonic_time () + LOG_END_TIMEOUT;

  g_mutex_lock (&self->mutex);
  while ((self->waiting->len > 0 || self->writing) && !self->broken)
    if (!g_cond_wait_until (&self->changed, &self->mutex, end))
      break;
  g_mutex_unlock (&self->mutex);
}

static const char *
log_get_domain (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
      return fields[i].value;
  return NULL;
}

/* Other libraries say something, too, and do not care what they quote. NULL if that is no field
 * of people's text. */
static char *
log_clean_field (const GLogField *field)
{
  const char *text = field->value;
  gsize length = field->length < 0 ? strlen (text) : (gsize) field->length;
  gsize shown = MIN (length, IMP_LOG_LINE_MAX);

  if (!g_str_equal (field->key, "MESSAGE") && !g_str_has_prefix (field->key, "IMP_"))
    return NULL;
  return imp_clean_text (text, shown, length - shown);
}

static GLogWriterOutput
log_write_clean (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;

  if (g_log_writer_is_journald (STDERR_FILENO))
    return g_log_writer_default (level, fields, n_fields, user_data);
  text = g_log_writer_format_fields (level, fields, n_fields,
                                     g_log_writer_supports_color (STDERR_FILENO));
  line = g_strconcat (text, "\n", NULL);
  log_add (&log_state, line);
  if ((level & G_LOG_FLAG_FATAL) != 0)
    log_wait ();
  return G_LOG_WRITER_HANDLED;
}

static GLogWriterOutput
log_on_message (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  g_autofree GLogField *clean = g_memdup2 (fields, n_fields * sizeof *fields);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  if (g_log_writer_default_would_drop (level, log_get_domain (fields, n_fields)))
    return G_LOG_WRITER_HANDLED;
  for (gsize i = 0; i < n_fields; i++)
    {
      char *text = log_clean_field (&fields[i]);

      if (text == NULL)
        continue;
      g_ptr_array_add (texts, text);
      clean[i].value = text;
      clean[i].length = -1;
    }
  return log_write_clean (level, clean, n_fields, user_data);
}

static void
log_say_left_out (void)
{
  guint64 n = log_admitted.n_left_out;

  log_admitted.n_left_out = 0;
  if (n > 0)
    imp_log_message ("%" G_GUINT64_FORMAT
                     " lines about connections were left out (--log-rate is %u)",
                     n, log_admitted.limit.rate);
}

static void
log_end (void)
{
  log_say_left_out ();
  log_wait ();
}

void
log_set_rate (guint rate)
{
  imp_rate_limit_init (&log_admitted.limit, rate);
  log_admitted.n_left_out = 0;
}

gboolean
log_admit (void)
{
  if (!imp_rate_limit_take (&log_admitted.limit))
    {
      log_admitted.n_left_out++;
      return FALSE;
    }
  log_say_left_out ();
  return TRUE;
}

void
log_print (const char *prefix, const char *text)
{
  g_autofree char *clean = imp_clean_line (text, IMP_LOG_LINE_MAX);
  g_autofree char *whole = g_strconcat (prefix, clean, "\n", NULL);

  log_add (&log_state, whole);
}

void
log_start (void)
{
  log_state.waiting = g_string_new (NULL);
  g_thread_unref (g_thread_new ("log", log_run, &log_state));
  g_log_set_writer_func (log_on_message, NULL, NULL);
  atexit (log_end);
}
