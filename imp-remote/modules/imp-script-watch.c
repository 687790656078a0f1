/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-watch-private.h"

#include "core/imp-log-private.h"
#include "core/imp-source-private.h"

#include <stdlib.h>

/* For how long nothing has to happen. */
#define QUIET_MS 150
/* One that is changed all the time is used as it is, so often. */
#define SETTLE_TIMEOUT_MS 2000

struct _ImpScriptWatch
{
  char *path;
  GMainContext *context;
  void (*changed) (gpointer user_data);
  gpointer user_data;
  GFileMonitor *monitor; /* of the path */
  char *target;          /* what that is a link to, or NULL */
  GFileMonitor *target_monitor;
  GSource *timer;
  gint64 first_at; /* monotonic microseconds: the first change that was not reported */
};

static void script_watch_find_target (ImpScriptWatch *self);

static gboolean
script_watch_on_quiet (gpointer user_data)
{
  ImpScriptWatch *self = user_data;

  imp_source_clear (&self->timer);
  script_watch_find_target (self);
  /* It may be away for a moment, while another one takes its place. */
  if (g_file_test (self->path, G_FILE_TEST_IS_REGULAR))
    self->changed (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
script_watch_on_event (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
                       gpointer user_data)
{
  ImpScriptWatch *self = user_data;
  gint64 now = g_get_monotonic_time ();
  gint64 left;

  if (event == G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED)
    return;
  if (self->timer == NULL)
    self->first_at = now;
  left = SETTLE_TIMEOUT_MS - (now - self->first_at) / G_TIME_SPAN_MILLISECOND;
  imp_source_clear (&self->timer);
  self->timer = imp_source_add_timeout (self->context, CLAMP (left, 0, QUIET_MS),
                                        "imp script's change", script_watch_on_quiet, self);
}

static GFileMonitor *
script_watch_start (ImpScriptWatch *self, const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, error);

  if (monitor == NULL)
    return NULL;
  g_file_monitor_set_rate_limit (monitor, QUIET_MS);
  g_signal_connect (monitor, "changed", G_CALLBACK (script_watch_on_event), self);
  return monitor;
}

static void
script_watch_stop (ImpScriptWatch *self, GFileMonitor **monitor)
{
  if (*monitor == NULL)
    return;
  g_signal_handlers_disconnect_by_data (*monitor, self);
  g_file_monitor_cancel (*monitor);
  g_clear_object (monitor);
}

/* A link may lead elsewhere now. */
static void
script_watch_find_target (ImpScriptWatch *self)
{
  g_autoptr (GError) error = NULL;
  char *real = realpath (self->path, NULL);
  gboolean is_link = real != NULL && !g_str_equal (real, self->path);

  if (is_link && g_strcmp0 (real, self->target) != 0)
    {
      script_watch_stop (self, &self->target_monitor);
      g_main_context_push_thread_default (self->context);
      self->target_monitor = script_watch_start (self, real, &error);
      g_main_context_pop_thread_default (self->context);
      g_free (self->target);
      self->target = g_strdup (real);
    }
  free (real);
  if (error != NULL)
    imp_log_message ("It will not be seen when \"%s\" changes: %s", self->target, error->message);
}

ImpScriptWatch *
imp_script_watch_new (const char *path, GMainContext *context, void (*changed) (gpointer user_data),
                      gpointer user_data, GError **error)
{
  ImpScriptWatch *self = g_new0 (ImpScriptWatch, 1);

  self->path = g_canonicalize_filename (path, NULL);
  self->context = g_main_context_ref (context);
  self->changed = changed;
  self->user_data = user_data;
  self->monitor = script_watch_start (self, self->path, error);
  if (self->monitor == NULL)
    {
      imp_script_watch_free (self);
      return NULL;
    }
  script_watch_find_target (self);
  return self;
}

void
imp_script_watch_free (ImpScriptWatch *self)
{
  script_watch_stop (self, &self->monitor);
  script_watch_stop (self, &self->target_monitor);
  imp_source_clear (&self->timer);
  g_main_context_unref (self->context);
  g_free (self->target);
  g_free (self->path);
  g_free (self);
}
