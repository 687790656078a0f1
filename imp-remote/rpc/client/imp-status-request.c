/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-status-request-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"

typedef struct
{
  guint ref_count; /* of one thread: one for the timer, one for whatever is under way */
  ImpChannel *channel;
  char *name;
  char *prefix;
  guint timeout_ms;
  gint64 begun; /* monotonic microseconds */
  GSource *timer;
  GTask *task; /* NULL once it is answered */
} StatusRequest;

static void
status_request_unref (StatusRequest *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->task == NULL && self->timer == NULL);

  g_free (self->name);
  g_free (self->prefix);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StatusRequest, status_request_unref)

/* The answer; takes @statuses. Only the first one counts. */
static void
status_request_answer (StatusRequest *self, GList *statuses)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (task == NULL)
    {
      imp_factory_status_list_free (statuses);
      return;
    }
  self->channel = NULL; /* the task has kept it */
  g_task_return_pointer (task, statuses, imp_factory_status_list_free);
}

static void
status_request_end_timer (StatusRequest *self)
{
  if (self->timer == NULL)
    return;
  imp_source_clear (&self->timer);
  status_request_unref (self);
}

static GList *
status_request_make (StatusRequest *self, ImpFactoryState state, const char *reason)
{
  return imp_factory_status_list_new (imp_factory_status_new (
    self->name, state, reason, -1, state == IMP_FACTORY_STATE_RESTARTING ? 0 : -1));
}

GList *
imp_status_request_look (ImpChannel *channel, const char *name)
{
  const GError *error = imp_channel_get_reason (channel);
  const char *reason = error != NULL ? error->message : "there is no connection yet";
  ImpFactoryState state = IMP_FACTORY_STATE_RESTARTING;
  gint64 retry = imp_channel_get_retry (channel);

  if (imp_channel_get_state (channel) == IMP_REMOTE_STATE_READY)
    {
      state = IMP_FACTORY_STATE_UP;
      reason = NULL;
    }
  else if (retry < 0)
    state = IMP_FACTORY_STATE_UNUSABLE;
  return imp_factory_status_list_new (
    imp_factory_status_new (name, state, reason, imp_channel_get_since (channel), retry));
}

/* --- what the server says --- */

static ImpFactoryStatus *
status_request_add_prefix (StatusRequest *self, ImpFactoryStatus *status)
{
  g_autofree char *name = g_strconcat (self->prefix, imp_factory_status_get_name (status), NULL);

  return imp_factory_status_new (name, imp_factory_status_get_state (status),
                                 imp_factory_status_get_reason (status),
                                 imp_factory_status_get_since (status),
                                 imp_factory_status_get_retry (status));
}

static void
status_request_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StatusRequest) self = user_data;
  g_autoptr (GError) error = NULL;
  GList *statuses = g_task_propagate_pointer (G_TASK (result), &error);

  if (self->task == NULL)
    {
      imp_factory_status_list_free (statuses);
      return;
    }
  for (GList *l = statuses; l != NULL; l = l->next)
    {
      g_autoptr (ImpFactoryStatus) status = l->data;

      l->data = status_request_add_prefix (self, status);
    }
  if (error == NULL)
    status_request_answer (self, statuses);
  else if (g_error_matches (error, IMP_ERROR, IMP_ERROR_TIMEOUT))
    status_request_answer (self,
                           status_request_make (self, IMP_FACTORY_STATE_UNUSABLE, error->message));
  /* It was lost meanwhile, and there may be another connection by now. */
  else if (imp_channel_get_state (self->channel) == IMP_REMOTE_STATE_READY)
    status_request_answer (self, status_request_make (self, IMP_FACTORY_STATE_RESTARTING,
                                                      error->message));
  else
    status_request_answer (self, imp_status_request_look (self->channel, self->name));
}

static void
status_request_ask (StatusRequest *self, guint timeout_ms)
{
  ImpClientConnection *connection = imp_channel_get_connection (self->channel);

  if (!imp_client_connection_tells_status (connection))
    {
      status_request_answer (self, status_request_make (self, IMP_FACTORY_STATE_UP,
                                                        "the server does not tell of its modules"));
      return;
    }
  self->ref_count++;
  imp_client_connection_query_statuses (connection, timeout_ms,
                                        g_task_new (NULL, NULL, status_request_on_answer, self));
}

/* --- the connection --- */

static void
status_request_on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (StatusRequest) self = user_data;
  gint64 gone = (g_get_monotonic_time () - self->begun) / G_TIME_SPAN_MILLISECOND;

  if (self->task == NULL)
    return;
  status_request_end_timer (self);
  if (g_task_propagate_boolean (G_TASK (result), NULL)
      && imp_channel_get_state (self->channel) == IMP_REMOTE_STATE_READY)
    status_request_ask (self, MAX (1, (gint64) self->timeout_ms - gone));
  else
    status_request_answer (self, imp_status_request_look (self->channel, self->name));
}

static gboolean
status_request_on_timeout (gpointer user_data)
{
  g_autoptr (StatusRequest) self = user_data;
  const GError *reason = imp_channel_get_reason (self->channel);
  g_autofree char *text = NULL;

  imp_source_clear (&self->timer);
  text = g_strdup_printf ("no connection within %u ms%s%s", self->timeout_ms,
                          reason != NULL ? "; before, " : "",
                          reason != NULL ? reason->message : "");
  status_request_answer (self, status_request_make (self, IMP_FACTORY_STATE_RESTARTING, text));
  return G_SOURCE_REMOVE;
}

void
imp_status_request_start (ImpChannel *channel, GMainContext *context, const char *name,
                          const char *prefix, guint timeout_ms, GTask *task)
{
  StatusRequest *self;

  /* Whoever asks again and again is no reason for more attempts to connect than others are. */
  if (imp_channel_has_just_failed (channel))
    {
      g_task_return_pointer (task, imp_status_request_look (channel, name),
                             imp_factory_status_list_free);
      g_object_unref (task);
      return;
    }
  self = g_new0 (StatusRequest, 1);
  self->ref_count = 1;
  self->channel = channel;
  self->name = g_strdup (name);
  self->prefix = g_strdup (prefix);
  self->timeout_ms = timeout_ms;
  self->begun = g_get_monotonic_time ();
  self->task = task;
  if (imp_channel_get_state (channel) == IMP_REMOTE_STATE_READY)
    {
      status_request_ask (self, timeout_ms);
      status_request_unref (self);
      return;
    }
  self->ref_count++;
  self->timer = imp_source_add_timeout (context, timeout_ms, "imp status's connection",
                                        status_request_on_timeout, self);
  imp_channel_connect (channel, g_task_new (NULL, NULL, status_request_on_connected, self));
}
