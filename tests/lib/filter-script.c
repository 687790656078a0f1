/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter-script.h"

#include <string.h>

#define STREAM IMP_DATA_TYPE_STREAM

void
filter_script_note (FilterScript *self, const char *format, ...)
{
  va_list args;

  if (self->log->len > 0)
    g_string_append_c (self->log, ' ');
  va_start (args, format);
  g_string_append_vprintf (self->log, format, args);
  va_end (args);
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  FilterScript *self = user_data;
  gsize length;
  const char *text = g_bytes_get_data (data, &length);
  void (*call) (gpointer) = g_steal_pointer (&self->on_output);

  filter_script_note (self, "%d>%.*s", direction, (int) length, length == 0 ? "" : text);
  if (length == 0)
    g_string_append_c (self->log, '.');
  if (data_type != STREAM)
    g_string_append_printf (self->log, "/%d", data_type);
  if (call != NULL)
    call (self);
}

static void
on_denied (ImpFilter *filter, const char *reason, FilterScript *self)
{
  filter_script_note (self, "denied(%s)", reason);
}

static void
on_dropped (ImpFilter *filter, FilterScript *self)
{
  filter_script_note (self, "dropped");
}

static void
on_failed (ImpFilter *filter, const char *message, FilterScript *self)
{
  filter_script_note (self, "failed(%s)", message);
}

static void
on_paused_changed (ImpFilter *filter, ImpDirection direction, FilterScript *self)
{
  gboolean paused = imp_filter_is_paused (filter, direction);

  filter_script_note (self, "%s%d", paused ? "paused" : "resumed", direction);
}

static void
count_free (gpointer user_data)
{
  ((FilterScript *) user_data)->n_freed++;
}

void
filter_script_connect (FilterScript *self)
{
  g_signal_connect (self->filter, "denied", G_CALLBACK (on_denied), self);
  g_signal_connect (self->filter, "dropped", G_CALLBACK (on_dropped), self);
  g_signal_connect (self->filter, "failed", G_CALLBACK (on_failed), self);
  g_signal_connect (self->filter, "paused-changed", G_CALLBACK (on_paused_changed), self);
  imp_filter_set_output (self->filter, on_output, self, count_free);
}

FilterScript *
filter_script_new_deaf (MockFunc func)
{
  FilterScript *self = g_new0 (FilterScript, 1);

  self->log = g_string_new (NULL);
  self->mock = mock_analyzer_new (func, self);
  self->analyzer = IMP_ANALYZER (self->mock);
  self->filter = imp_filter_new (self->analyzer);
  /* It looks at the filter now and then, which would be a wake-up. */
  g_object_set (self->filter, "warn-silence", 0, NULL);
  return self;
}

FilterScript *
filter_script_new (MockFunc func)
{
  FilterScript *self = filter_script_new_deaf (func);

  filter_script_connect (self);
  return self;
}

static void
check_ledger (FilterScript *self)
{
  for (guint i = 0; self->filter != NULL && i < 2; i++)
    g_assert_cmpint (imp_filter_get_input (self->filter, i), ==,
                     imp_filter_get_passed (self->filter, i)
                       + imp_filter_get_replaced (self->filter, i)
                       + imp_filter_get_denied (self->filter, i)
                       + imp_filter_get_held (self->filter, i));
}

void
filter_script_expect (FilterScript *self, const char *expected)
{
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
  check_ledger (self);
}

void
filter_script_free (FilterScript *self)
{
  check_ledger (self);
  if (self->filter != NULL)
    g_assert_finalize_object (self->filter);
  g_assert_cmpuint (self->mock->n_closed, ==, 1);
  g_assert_cmpuint (self->n_freed, ==, 1);
  g_assert_cmpstr (self->log->str, ==, "");
  g_assert_finalize_object (self->mock);
  g_string_free (self->log, TRUE);
  g_free (self);
}

void
filter_script_push_type (FilterScript *self, ImpDirection direction, const char *text, gint32 type,
                         const char *expected)
{
  g_autoptr (GError) error = NULL;

  imp_filter_push_bytes (self->filter, direction, (const guint8 *) text, strlen (text), type,
                         &error);
  g_assert_no_error (error);
  filter_script_expect (self, expected);
}

void
filter_script_push (FilterScript *self, ImpDirection direction, const char *text,
                    const char *expected)
{
  filter_script_push_type (self, direction, text, STREAM, expected);
}

void
filter_script_push_refused (FilterScript *self, ImpDirection direction, const char *text,
                            ImpError code, const char *message, const char *expected)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL, checked = NULL;

      g_assert_false (imp_filter_push_bytes (self->filter, direction, (const guint8 *) text,
                                             strlen (text), STREAM, &error));
      g_assert_error (error, IMP_ERROR, (int) code);
      if (strstr (error->message, message) == NULL)
        g_error ("\"%s\" is not in \"%s\"", message, error->message);
      g_assert_false (imp_filter_check (self->filter, &checked));
      g_assert_cmpstr (checked->message, ==, error->message);
      filter_script_expect (self, i == 0 ? expected : "");
    }
}
