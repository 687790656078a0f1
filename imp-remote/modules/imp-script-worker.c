/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-worker-private.h"

#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "modules/imp-script-command-private.h"
#include "rpc/client/imp-channel-private.h"
#include "rpc/imp-protocol-private.h"

/* A script that has served for so long was of use: when it ends, it is started again at once. */
#define USEFUL_AGE_MS 10000
/* Where somebody wants an analyzer, the pause before the next attempt is no longer than this. */
#define WANTED_PAUSE_MS 1000
/* How often it is looked whether older processes have analyzers still. */
#define OLD_INTERVAL_MS 100

/* An older process. */
typedef struct
{
  ImpScriptHost *host;
  gint64 since; /* monotonic microseconds */
} OldHost;

struct _ImpScriptWorker
{
  GMainContext *context;
  const ImpScriptPlan *plan;
  const ImpScriptWorkerFuncs *funcs;
  gpointer user_data;
  gboolean was_ready;
  gboolean is_aborted;

  ImpScriptHost *host; /* NULL while there is none that could be used */
  ImpScriptHost *next; /* of the changed script, until it is ready; or NULL */
  GArray *old;         /* of OldHost: without new analyzers, the oldest first */
  GSource *old_timer;
  GPtrArray *leaving; /* of ImpScriptHost: lost, but their processes are not gone */
  GSource *restart;
  guint attempts;    /* in vain, since it was of use last */
  gint64 started_at; /* monotonic microseconds, as the next one */
  gint64 down_at;    /* since when there is nothing that could be used; 0 while there is */
  char *reason;      /* why there is no host */
};

static void
script_worker_set_reason (ImpScriptWorker *self, const char *reason)
{
  g_free (self->reason);
  self->reason = g_strdup (reason);
}

/* --- older processes --- */

static void
script_worker_end_host (ImpScriptHost *host)
{
  imp_script_host_set_role (host, IMP_SCRIPT_HOST_ENDED);
  imp_script_host_end (host);
}

static void
script_worker_end_oldest (ImpScriptWorker *self, const char *why)
{
  ImpScriptHost *host = g_array_index (self->old, OldHost, 0).host;

  imp_log_kind (IMP_LOG_SCRIPT_RELOADED,
                "An older process of the script \"%s\" is ended with %u connections: %s",
                self->plan->path, imp_script_host_get_load (host), why);
  script_worker_end_host (host);
}

/* Ending one takes it out of the list. */
static gboolean
script_worker_on_old_timer (gpointer user_data)
{
  ImpScriptWorker *self = user_data;
  gint64 limit = self->plan->old_timeout * G_TIME_SPAN_MILLISECOND;

  while (limit > 0 && self->old->len > 0
         && g_get_monotonic_time () - g_array_index (self->old, OldHost, 0).since > limit)
    script_worker_end_oldest (self, "its time (old-timeout) is over");
  for (guint i = self->old->len; i > 0; i--)
    {
      ImpScriptHost *host = g_array_index (self->old, OldHost, i - 1).host;

      if (imp_script_host_get_load (host) == 0)
        script_worker_end_host (host);
    }
  if (self->old->len == 0)
    imp_source_clear (&self->old_timer);
  return G_SOURCE_CONTINUE;
}

static void
script_worker_add_old (ImpScriptWorker *self, ImpScriptHost *host)
{
  OldHost old = { host, g_get_monotonic_time () };

  imp_script_host_set_role (host, IMP_SCRIPT_HOST_OLD);
  g_array_append_val (self->old, old);
  while (self->old->len > self->plan->max_old)
    script_worker_end_oldest (self, "there are too many (max-old)");
  if (self->old_timer == NULL && self->old->len > 0)
    self->old_timer = imp_source_add_timeout (self->context, OLD_INTERVAL_MS,
                                              "imp script's older processes",
                                              script_worker_on_old_timer, self);
}

static void
script_worker_remove_old (ImpScriptWorker *self, ImpScriptHost *host)
{
  for (guint i = 0; i < self->old->len; i++)
    if (g_array_index (self->old, OldHost, i).host == host)
      {
        g_array_remove_index (self->old, i);
        return;
      }
}

/* --- its processes --- */

static void script_worker_start_again (ImpScriptWorker *self);

static gboolean
script_worker_on_restart (gpointer user_data)
{
  ImpScriptWorker *self = user_data;

  imp_source_clear (&self->restart);
  script_worker_start_again (self);
  return G_SOURCE_REMOVE;
}

/* At once if it was of use; else later and later, and not all scripts of a machine at the same
 * moment. One that is being started already takes its place when it is ready. */
static void
script_worker_schedule (ImpScriptWorker *self)
{
  const ImpChannelOptions pauses = { .reconnect_min = 100, .reconnect_max = 30000 };
  guint attempts;

  if (self->next != NULL)
    return;
  attempts = self->attempts++;
  if (attempts == 0)
    script_worker_start_again (self);
  else
    self->restart = imp_source_add_timeout (self->context,
                                            imp_channel_draw_delay (&pauses, attempts),
                                            "imp script's restart", script_worker_on_restart, self);
}

/* The process of the changed script takes over. */
static void
script_worker_promote (ImpScriptWorker *self)
{
  ImpScriptHost *before = self->host;

  self->host = g_steal_pointer (&self->next);
  imp_script_host_set_role (self->host, IMP_SCRIPT_HOST_CURRENT);
  imp_source_clear (&self->restart);
  self->attempts = 0;
  imp_log_kind (
    IMP_LOG_SCRIPT_RELOADED,
    "The script \"%s\" has changed: a new process serves it, and %u connections stay with "
    "the one before",
    self->plan->path, before != NULL ? imp_script_host_get_load (before) : 0);
  if (before != NULL)
    script_worker_add_old (self, before);
}

static void
script_worker_on_ready (ImpScriptHost *host, GList *interfaces, gpointer user_data)
{
  ImpScriptWorker *self = user_data;

  if (host != self->host && host != self->next)
    {
      imp_protocol_free_interfaces (interfaces);
      return;
    }
  if (host == self->next)
    script_worker_promote (self);
  self->was_ready = TRUE;
  self->down_at = 0;
  self->funcs->ready (interfaces, self->user_data);
}

static void
script_worker_lose_current (ImpScriptWorker *self)
{
  if (self->down_at == 0)
    self->down_at = g_get_monotonic_time ();
  script_worker_set_reason (self, imp_script_host_get_reason (self->host));
  if (imp_script_host_get_age (self->host) >= USEFUL_AGE_MS)
    self->attempts = 0;
  self->host = NULL;
}

static void
script_worker_on_lost (ImpScriptHost *host, gpointer user_data)
{
  ImpScriptWorker *self = user_data;

  g_ptr_array_add (self->leaving, host);
  if (host == self->host)
    script_worker_lose_current (self);
  else if (host == self->next)
    self->next = NULL;
  else
    script_worker_remove_old (self, host);
  /* Before the first answer it is for whoever has started it to say what becomes of it. */
  if (self->host == NULL && self->restart == NULL && self->was_ready && !self->is_aborted)
    script_worker_schedule (self);
}

static void
script_worker_report (ImpScriptWorker *self, ImpScriptHost *host)
{
  const char *reason = imp_script_host_get_reason (host);
  const ImpLogFields fields = { .script = self->plan->path, .reason = reason };

  switch (imp_script_host_get_role (host))
    {
    case IMP_SCRIPT_HOST_CURRENT:
      imp_log_with (IMP_LOG_SCRIPT_ENDED, &fields, "The script \"%s\" %s; it is started again",
                    self->plan->path, reason);
      break;
    case IMP_SCRIPT_HOST_NEXT:
      imp_log_with (IMP_LOG_SCRIPT_RELOADED, &fields,
                    "The script \"%s\" has changed, but cannot be used now: it %s. What ran before "
                    "goes on",
                    self->plan->path, reason);
      break;
    case IMP_SCRIPT_HOST_OLD:
      imp_log_with (IMP_LOG_SCRIPT_ENDED, &fields, "An older process of the script \"%s\" %s",
                    self->plan->path, reason);
      break;
    case IMP_SCRIPT_HOST_ENDED:
    default:
      break;
    }
}

static void
script_worker_on_gone (ImpScriptHost *host, gpointer user_data)
{
  ImpScriptWorker *self = user_data;

  if (self->was_ready)
    script_worker_report (self, host);
  if (self->down_at != 0 && imp_script_host_get_role (host) == IMP_SCRIPT_HOST_CURRENT)
    script_worker_set_reason (self, imp_script_host_get_reason (host));
  g_ptr_array_remove (self->leaving, host);
  /* Whoever hears it may free all of this. */
  if (imp_script_worker_has_failed (self))
    self->funcs->failed (self, self->user_data);
}

static const ImpScriptHostFuncs script_worker_host_funcs = {
  .ready = script_worker_on_ready,
  .lost = script_worker_on_lost,
  .gone = script_worker_on_gone,
};

static GStrv
script_worker_wrap (ImpScriptWorker *self, GStrv argv)
{
  GStrv wrapped = imp_script_sandbox_wrap (self->plan->sandbox, (const char *const *) argv,
                                           self->plan->path);

  g_strfreev (argv);
  return wrapped;
}

static ImpScriptHost *
script_worker_start_host (ImpScriptWorker *self, ImpScriptHostRole role, GError **error)
{
  const ImpScriptPlan *plan = self->plan;
  g_auto (GStrv) argv = imp_script_command_new (plan->path, plan->interpreter, plan->settings,
                                                error);
  g_auto (GStrv) environment = NULL;
  ImpScriptHost *host;

  self->started_at = g_get_monotonic_time ();
  if (argv == NULL)
    return NULL;
  if (plan->sandbox != NULL)
    {
      argv = script_worker_wrap (self, argv);
      environment = imp_script_sandbox_get_environment ();
    }
  /* The host belongs to the context that is the default while it is made. */
  g_main_context_push_thread_default (self->context);
  host = imp_script_host_start (plan->path, (const char *const *) argv, environment, &plan->options,
                                &script_worker_host_funcs, self, error);
  g_main_context_pop_thread_default (self->context);
  if (host != NULL)
    imp_script_host_set_role (host, role);
  return host;
}

gboolean
imp_script_worker_start (ImpScriptWorker *self, GError **error)
{
  self->host = script_worker_start_host (self, IMP_SCRIPT_HOST_CURRENT, error);
  return self->host != NULL;
}

static void
script_worker_start_again (ImpScriptWorker *self)
{
  g_autoptr (GError) error = NULL;

  if (imp_script_worker_start (self, &error))
    return;
  imp_log_kind (IMP_LOG_SCRIPT_ENDED, "The script \"%s\" cannot be started: %s", self->plan->path,
                error->message);
  script_worker_set_reason (self, error->message);
  self->attempts = MAX (self->attempts, 1);
  script_worker_schedule (self);
}

void
imp_script_worker_want (ImpScriptWorker *self)
{
  gint64 pause = g_get_monotonic_time () - self->started_at;

  if (self->host != NULL || self->next != NULL || pause < WANTED_PAUSE_MS * G_TIME_SPAN_MILLISECOND)
    return;
  imp_source_clear (&self->restart);
  script_worker_start_again (self);
}

/* What was started for an earlier change is of no use any more. */
void
imp_script_worker_reload (ImpScriptWorker *self)
{
  g_autoptr (GError) error = NULL;
  ImpScriptHost *earlier = self->next;

  self->next = script_worker_start_host (self, IMP_SCRIPT_HOST_NEXT, &error);
  if (earlier != NULL)
    script_worker_end_host (earlier);
  if (self->next == NULL)
    imp_log_kind (
      IMP_LOG_SCRIPT_RELOADED,
      "The script \"%s\" has changed, but cannot be started: %s. What ran before goes on",
      self->plan->path, error->message);
}

/* --- as a whole --- */

ImpScriptWorker *
imp_script_worker_new (GMainContext *context, const ImpScriptPlan *plan,
                       const ImpScriptWorkerFuncs *funcs, gpointer user_data)
{
  ImpScriptWorker *self = g_new0 (ImpScriptWorker, 1);

  self->context = g_main_context_ref (context);
  self->plan = plan;
  self->funcs = funcs;
  self->user_data = user_data;
  self->down_at = g_get_monotonic_time ();
  self->old = g_array_new (FALSE, FALSE, sizeof (OldHost));
  self->leaving = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_script_host_free);
  return self;
}

void
imp_script_worker_end (ImpScriptWorker *self)
{
  imp_source_clear (&self->restart);
  imp_source_clear (&self->old_timer);
  for (guint i = 0; i < self->old->len; i++)
    g_ptr_array_add (self->leaving, g_array_index (self->old, OldHost, i).host);
  g_array_set_size (self->old, 0);
  if (self->next != NULL)
    g_ptr_array_add (self->leaving, g_steal_pointer (&self->next));
  if (self->host != NULL)
    g_ptr_array_add (self->leaving, g_steal_pointer (&self->host));
  g_ptr_array_foreach (self->leaving, (GFunc) (void (*) (void)) imp_script_host_abandon, NULL);
}

void
imp_script_worker_free (ImpScriptWorker *self)
{
  imp_script_worker_end (self);
  g_ptr_array_unref (self->leaving);
  g_array_unref (self->old);
  g_main_context_unref (self->context);
  g_free (self->reason);
  g_free (self);
}

gboolean
imp_script_worker_was_ready (ImpScriptWorker *self)
{
  return self->was_ready;
}

/* One that has ended before is gone soon, and then it is known how. */
gboolean
imp_script_worker_has_failed (ImpScriptWorker *self)
{
  return (!self->was_ready || self->is_aborted) && self->host == NULL && self->leaving->len == 0;
}

static void
script_worker_kill_host (ImpScriptHost *host)
{
  imp_script_host_set_role (host, IMP_SCRIPT_HOST_ENDED);
  imp_script_host_kill (host);
}

/* Whoever is killed leaves where it was. */
void
imp_script_worker_abort (ImpScriptWorker *self)
{
  self->is_aborted = TRUE;
  imp_source_clear (&self->restart);
  g_ptr_array_foreach (self->leaving, (GFunc) (void (*) (void)) script_worker_kill_host, NULL);
  while (self->old->len > 0)
    script_worker_kill_host (g_array_index (self->old, OldHost, 0).host);
  if (self->next != NULL)
    script_worker_kill_host (self->next);
  if (self->host != NULL)
    script_worker_kill_host (self->host);
}

ImpFactory *
imp_script_worker_get_factory (ImpScriptWorker *self)
{
  return self->host != NULL ? imp_script_host_get_factory (self->host) : NULL;
}

const char *
imp_script_worker_get_reason (ImpScriptWorker *self)
{
  return self->reason;
}

gboolean
imp_script_worker_is_up (ImpScriptWorker *self)
{
  return self->host != NULL && imp_script_host_is_ready (self->host);
}

guint
imp_script_worker_get_load (ImpScriptWorker *self)
{
  return self->host != NULL ? imp_script_host_get_load (self->host) : 0;
}

gint64
imp_script_worker_get_since (ImpScriptWorker *self)
{
  if (imp_script_worker_is_up (self))
    return imp_script_host_get_age (self->host);
  return (g_get_monotonic_time () - self->down_at) / G_TIME_SPAN_MILLISECOND;
}

gint64
imp_script_worker_get_retry (ImpScriptWorker *self)
{
  gint64 left = 0;

  if (self->host == NULL && self->restart != NULL)
    left = g_source_get_ready_time (self->restart) - g_get_monotonic_time ();
  return MAX (0, left) / G_TIME_SPAN_MILLISECOND;
}
