/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-channel-object-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "core/imp-source-private.h"

/* So many that are too old may be finishing what they have before another one is replaced. */
#define LEAVING_MAX 8

static void channel_start (ImpChannel *self);

static void
channel_stop_connecting (ImpChannel *self)
{
  g_clear_pointer (&self->connector, imp_connector_cancel);
  g_clear_pointer (&self->handshake, imp_client_handshake_cancel);
}

static ImpChannel *
channel_ref (ImpChannel *self)
{
  self->ref_count++;
  return self;
}

static void
channel_unref (ImpChannel *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_error (&self->reason);
  g_ptr_array_unref (self->leaving);
  g_clear_object (&self->target);
  g_clear_object (&self->stream);
  g_clear_object (&self->codec);
  g_clear_pointer (&self->interface, imp_interface_unref);
  g_main_context_unref (self->context);
  g_free (self->name);
  g_rc_box_release (self->budget);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpChannel, channel_unref)

static void
channel_set_timer (ImpChannel *self, guint milliseconds, GSourceFunc func)
{
  imp_source_clear (&self->timer);
  self->timer = imp_source_add_timeout (self->context, milliseconds, "imp channel", func, self);
}

static const char *const channel_state_names[] = {
  [IMP_REMOTE_STATE_IDLE] = "idle",     [IMP_REMOTE_STATE_CONNECTING] = "connecting",
  [IMP_REMOTE_STATE_READY] = "ready",   [IMP_REMOTE_STATE_DOWN] = "down",
  [IMP_REMOTE_STATE_CLOSED] = "closed",
};

static void
channel_set_state (ImpChannel *self, ImpRemoteState state, const GError *reason)
{
  GError *copy = reason != NULL ? g_error_copy (reason) : NULL;

  g_clear_error (&self->reason);
  self->reason = copy;
  if (self->state == state)
    return;
  self->state = state;
  self->since = g_get_monotonic_time ();
  imp_log_state ("server %s: %s%s%s", self->name, channel_state_names[state],
                 copy != NULL ? ": " : "", copy != NULL ? copy->message : "");
  if (self->funcs != NULL && self->funcs->changed != NULL)
    self->funcs->changed (self->user_data);
}

/* Those that wait for a connection are answered once. */
static void
channel_answer_waiting (ImpChannel *self, const GError *error)
{
  GQueue waiting = self->waiting;
  GTask *task;

  g_queue_init (&self->waiting);
  while ((task = g_queue_pop_head (&waiting)) != NULL)
    {
      if (error != NULL)
        g_task_return_error (task, g_error_copy (error));
      else
        g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static void channel_on_idle (ImpClientConnection *connection, gpointer user_data);

/* It gets nothing new, and ends once it has nothing left. */
static void
channel_let_leave (ImpChannel *self, ImpClientConnection *connection)
{
  g_ptr_array_add (self->leaving, connection);
  if (imp_client_connection_get_n_analyzers (connection) == 0)
    channel_on_idle (connection, self);
}

static void
channel_release_connection (ImpChannel *self, ImpClientConnection *connection)
{
  imp_client_connection_add_counters (connection, &self->past);
  imp_client_connection_unref (connection);
}

/* A server that greets and does nothing else is no better than one that is not there. */
static void
channel_note_use (ImpChannel *self, ImpClientConnection *connection)
{
  if (imp_client_connection_was_of_use (connection))
    self->attempts = 0;
}

/* --- connections that have lived for long enough --- */

static void channel_watch_age (ImpChannel *self);

/* The new one has to be ready before the old one is left: it may fail, while the other is well. */
static gboolean
channel_on_aged (gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  imp_source_clear (&self->aging);
  if (self->leaving->len >= LEAVING_MAX)
    {
      channel_watch_age (self);
      return G_SOURCE_REMOVE;
    }
  self->aged = g_steal_pointer (&self->connection);
  channel_start (self);
  return G_SOURCE_REMOVE;
}

/* Never more than the age, and some time less: those made together do not all move together. */
static void
channel_watch_age (ImpChannel *self)
{
  guint age = self->options.max_connection_age;

  imp_source_clear (&self->aging);
  if (age == 0 || self->target == NULL || self->state != IMP_REMOTE_STATE_READY
      || self->aged != NULL)
    return;
  self->aging = imp_source_add_timeout (self->context, age - g_random_int_range (0, age / 5 + 1),
                                        "imp channel: age", channel_on_aged, self);
}

/* There is no other one: the one in use goes on. */
static void
channel_keep_aged (ImpChannel *self, ImpClientConnection *failed)
{
  imp_source_clear (&self->timer);
  g_ptr_array_add (self->leaving, failed);
  self->connection = g_steal_pointer (&self->aged);
  channel_watch_age (self);
}

/* It has gone before its time: what comes now waits for the new one. */
static void
channel_lose_aged (ImpChannel *self)
{
  channel_note_use (self, self->aged);
  channel_let_leave (self, g_steal_pointer (&self->aged));
  channel_set_state (self, IMP_REMOTE_STATE_CONNECTING, NULL);
}

static gboolean
channel_on_retry (gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  imp_source_clear (&self->timer);
  channel_start (self);
  return G_SOURCE_REMOVE;
}

/* Exponential, with full jitter: after an outage not everybody comes back at the same moment. */
guint
imp_channel_draw_delay (const ImpChannelOptions *options, guint attempts)
{
  guint64 ceiling = options->reconnect_min;

  for (guint i = 0; i < attempts && ceiling < options->reconnect_max; i++)
    ceiling *= 2;
  ceiling = MIN (ceiling, options->reconnect_max);
  return (guint) g_random_int_range (0, (gint32) MIN (ceiling, G_MAXINT32 - 1) + 1);
}

static void
channel_go_down (ImpChannel *self, const GError *error)
{
  imp_source_clear (&self->timer);
  if (self->target == NULL || !self->options.reconnect)
    {
      channel_set_state (self,
                         self->target == NULL ? IMP_REMOTE_STATE_CLOSED : IMP_REMOTE_STATE_DOWN,
                         error);
    }
  else
    {
      channel_set_timer (self, imp_channel_draw_delay (&self->options, self->attempts),
                         channel_on_retry);
      self->attempts++;
      channel_set_state (self, IMP_REMOTE_STATE_DOWN, error);
    }
  channel_answer_waiting (self, error);
}

static void
channel_note_failed (ImpChannel *self, ImpClientConnection *connection)
{
  if (self->funcs != NULL && self->funcs->failed != NULL)
    self->funcs->failed (imp_client_connection_take_judged (connection), self->user_data);
}

static void
channel_on_failed (ImpClientConnection *connection, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  channel_note_failed (self, connection);
}

static void
channel_on_answered (ImpClientConnection *connection, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (connection == imp_channel_get_current (self) && self->funcs != NULL
      && self->funcs->answered != NULL)
    self->funcs->answered (self->user_data);
}

/* Nothing has come of some that cannot be undone, so that others can still serve them. */
static void
channel_hand_over (ImpChannel *self, ImpClientConnection *connection)
{
  g_autoptr (GPtrArray) analyzers = NULL;

  if (self->funcs == NULL || self->funcs->stranded == NULL)
    return;
  analyzers = imp_client_connection_list_movable (connection);
  if (analyzers->len > 0)
    self->funcs->stranded (analyzers, connection, self->user_data);
}

/* The connection goes on living until its analyzers have had their outcome. */
static void
channel_on_lost (ImpClientConnection *connection, const GError *error, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (connection == self->aged)
    {
      channel_note_failed (self, connection);
      channel_lose_aged (self);
      channel_hand_over (self, connection);
      return;
    }
  if (connection != self->connection)
    {
      channel_hand_over (self, connection);
      return;
    }
  imp_source_clear (&self->aging);
  channel_note_use (self, connection);
  self->connection = NULL;
  channel_stop_connecting (self);
  if (self->aged != NULL)
    {
      channel_keep_aged (self, connection);
      return;
    }
  g_ptr_array_add (self->leaving, connection);
  /* That there is nobody says nothing of the server that will be there. */
  if (self->state == IMP_REMOTE_STATE_READY)
    channel_note_failed (self, connection);
  channel_go_down (self, error);
  channel_hand_over (self, connection);
}

static void
channel_on_gone (ImpClientConnection *connection, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (g_ptr_array_remove (self->leaving, connection))
    channel_release_connection (self, connection);
}

static void
channel_on_ready (ImpClientConnection *connection, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (connection != self->connection)
    return;
  imp_source_clear (&self->timer);
  if (self->aged != NULL)
    channel_let_leave (self, g_steal_pointer (&self->aged));
  channel_set_state (self, IMP_REMOTE_STATE_READY, NULL);
  channel_watch_age (self);
  channel_answer_waiting (self, NULL);
}

static gboolean
channel_on_close_idle (gpointer user_data)
{
  ImpClientConnection *connection = user_data;
  g_autoptr (GError) error = NULL;

  if (imp_client_connection_get_n_analyzers (connection) > 0)
    return G_SOURCE_REMOVE;
  error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, "the server has stopped");
  imp_client_connection_fail (connection, error);
  return G_SOURCE_REMOVE;
}

/* From the loop: the last words for the server (delete_analyzer) have been written by then. */
static void
channel_on_idle (ImpClientConnection *connection, gpointer user_data)
{
  ImpChannel *self = user_data;
  g_autoptr (GSource) source = NULL;

  if (connection == self->connection || connection == self->aged)
    return;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT_IDLE);
  g_source_set_callback (source, channel_on_close_idle, imp_client_connection_ref (connection),
                         (GDestroyNotify) imp_client_connection_unref);
  g_source_attach (source, self->context);
}

/* The server finishes what it has. Another one is looked for at once, since it may stand ready;
 * unless it is one of several in a row that said goodbye and nothing else. */
static void
channel_on_goodbye (ImpClientConnection *connection, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);
  g_autoptr (GError) error = NULL;

  imp_log_state ("server %s: draining", self->name);
  if (connection == self->aged)
    channel_lose_aged (self);
  if (connection != self->connection)
    return;
  imp_source_clear (&self->timer);
  imp_source_clear (&self->aging);
  channel_note_use (self, connection);
  channel_let_leave (self, g_steal_pointer (&self->connection));
  error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, "the server has said goodbye");
  if (self->target == NULL)
    channel_set_state (self, IMP_REMOTE_STATE_CLOSED, error);
  else if (self->attempts > 0)
    channel_go_down (self, error);
  else
    {
      self->attempts++;
      channel_set_state (self, IMP_REMOTE_STATE_IDLE, NULL);
      channel_start (self);
    }
  channel_hand_over (self, connection);
}

static const ImpClientConnectionFuncs channel_connection_funcs = {
  .ready = channel_on_ready,
  .goodbye = channel_on_goodbye,
  .answered = channel_on_answered,
  .failed = channel_on_failed,
  .idle = channel_on_idle,
  .lost = channel_on_lost,
  .gone = channel_on_gone,
};

static gboolean
channel_on_no_greeting (gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);
  g_autoptr (GError) error = NULL;

  imp_source_clear (&self->timer);
  g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "%s did not say its version within %u ms (connect-timeout)", self->name,
               self->options.connect_timeout);
  imp_client_connection_fail (self->connection, error);
  return G_SOURCE_REMOVE;
}

static void
channel_use_stream (ImpChannel *self, GIOStream *stream)
{
  g_autoptr (GError) error = NULL;

  self->connections++;
  channel_set_timer (self, self->options.connect_timeout, channel_on_no_greeting);
  if (!imp_client_connection_connect (self->connection, stream, self->codec, &error))
    imp_client_connection_fail (self->connection, error);
}

static void
channel_on_handshake_done (GIOStream *stream, const GError *error, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  self->handshake = NULL;
  if (stream != NULL)
    channel_use_stream (self, stream);
  else
    imp_client_connection_fail (self->connection, error);
}

static void
channel_begin_tls (ImpChannel *self, GIOStream *stream)
{
  g_autoptr (GError) error = NULL;

  imp_tls_credentials_check (self->tls.credentials);
  self->handshake = imp_client_handshake_start (self->context, stream, &self->tls, self->name,
                                                self->options.connect_timeout,
                                                channel_on_handshake_done, self, &error);
  if (self->handshake == NULL)
    imp_client_connection_fail (self->connection, error);
}

/* Before anything is said there. */
static gboolean
channel_check_exposure (ImpChannel *self, GIOStream *stream, GError **error)
{
  GSocketConnection *connection = G_SOCKET_CONNECTION (stream);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);

  if (self->options.insecure || !G_IS_INET_SOCKET_ADDRESS (remote)
      || g_inet_address_get_is_loopback (
        g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote))))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "Cannot connect to %s: it is another machine, and nothing protects what is said on "
               "the way; use TLS (tls://), or allow it if it is meant (insecure)",
               self->name);
  return FALSE;
}

static void
channel_on_connected (GIOStream *stream, const GError *error, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);
  g_autoptr (GError) exposed = NULL;

  self->connector = NULL;
  if (stream == NULL)
    imp_client_connection_fail (self->connection, error);
  else if (self->tls.credentials != NULL)
    channel_begin_tls (self, stream);
  else if (!channel_check_exposure (self, stream, &exposed))
    imp_client_connection_fail (self->connection, exposed);
  else
    channel_use_stream (self, stream);
}

/* Makes a client connection, and gets it a stream. While the channel is down it stays so until the
 * server has answered. */
static void
channel_start (ImpChannel *self)
{
  self->attempted = g_get_monotonic_time ();
  self->connection = imp_client_connection_new (self->context, &self->options.connection,
                                                self->interface, self->name,
                                                &channel_connection_funcs, self);
  if (self->state == IMP_REMOTE_STATE_IDLE)
    channel_set_state (self, IMP_REMOTE_STATE_CONNECTING, NULL);
  if (self->stream != NULL)
    {
      g_autoptr (GIOStream) stream = g_steal_pointer (&self->stream);

      channel_use_stream (self, stream);
      return;
    }
  self->connector = imp_connector_start (self->context, self->target, self->name,
                                         self->options.connect_timeout, channel_on_connected, self);
}

ImpChannel *
imp_channel_new (GMainContext *context, GSocketConnectable *target, GIOStream *stream,
                 const char *name, ImpInterface *interface, ImpSoftBudget *budget,
                 const ImpChannelFuncs *funcs, gpointer user_data)
{
  ImpChannel *self;

  g_assert (target == NULL || stream == NULL);

  self = g_new0 (ImpChannel, 1);
  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->target = target != NULL ? g_object_ref (target) : NULL;
  self->stream = stream != NULL ? g_object_ref (stream) : NULL;
  self->name = g_strdup (name);
  self->interface = interface != NULL ? imp_interface_ref (interface) : NULL;
  self->funcs = funcs;
  self->user_data = user_data;
  self->leaving = g_ptr_array_new ();
  self->budget = g_rc_box_acquire (budget);
  self->since = g_get_monotonic_time ();
  return self;
}

void
imp_channel_close (ImpChannel *self, const GError *error)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  if (self->state == IMP_REMOTE_STATE_CLOSED && self->connection == NULL && self->leaving->len == 0)
    return;
  imp_source_clear (&self->timer);
  imp_source_clear (&self->aging);
  if (self->aged != NULL)
    g_ptr_array_add (self->leaving, g_steal_pointer (&self->aged));
  channel_stop_connecting (self);
  g_clear_object (&self->stream);
  channel_set_state (self, IMP_REMOTE_STATE_CLOSED, error);
  channel_answer_waiting (self, error);
  while (self->connection != NULL || self->leaving->len > 0)
    {
      ImpClientConnection *connection = self->connection != NULL
                                          ? g_steal_pointer (&self->connection)
                                          : g_ptr_array_steal_index (self->leaving, 0);

      imp_client_connection_abandon (connection, error);
      channel_release_connection (self, connection);
    }
}

void
imp_channel_free (ImpChannel *self)
{
  self->funcs = NULL;
  channel_unref (self);
}

void
imp_channel_set_options (ImpChannel *self, const ImpChannelOptions *options)
{
  gboolean other_age = self->options.max_connection_age != options->max_connection_age;

  self->options = *options;
  self->options.connection.soft_budget = self->budget;
  if (self->connection != NULL)
    imp_client_connection_set_options (self->connection, &self->options.connection);
  for (guint i = 0; i < self->leaving->len; i++)
    imp_client_connection_set_options (self->leaving->pdata[i], &self->options.connection);
  if (self->aged != NULL)
    imp_client_connection_set_options (self->aged, &self->options.connection);
  if (other_age)
    channel_watch_age (self);
}

void
imp_channel_set_tls (ImpChannel *self, const ImpClientTls *tls)
{
  self->tls = *tls;
}

void
imp_channel_set_codec (ImpChannel *self, ImpCodec *codec)
{
  g_set_object (&self->codec, codec);
}

/* Somebody wants a connection now, perhaps long before the next attempt is due. The outcome of what
 * is asked for now is no longer open, but what comes next may find the server back. */
static void
channel_hurry (ImpChannel *self)
{
  if (self->state != IMP_REMOTE_STATE_DOWN || self->connection != NULL || self->timer == NULL
      || imp_channel_has_just_failed (self))
    return;
  imp_source_clear (&self->timer);
  channel_start (self);
}

void
imp_channel_add (ImpChannel *self, ImpRemoteAnalyzer *analyzer)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  self->analyzers++;
  if (self->state == IMP_REMOTE_STATE_DOWN || self->state == IMP_REMOTE_STATE_CLOSED)
    {
      g_autofree char *text = g_strdup_printf ("%s: %s", self->name,
                                               self->reason != NULL ? self->reason->message
                                                                    : "there is no connection");

      imp_analyzer_peek_loss (IMP_ANALYZER (analyzer))->is_unreached = TRUE;
      if (imp_remote_analyzer_resolve_within (IMP_ANALYZER (analyzer), self->budget,
                                              self->options.connection.fail, text))
        self->past.resolved_soft++;
      else
        self->past.resolved_hard++;
      channel_hurry (self);
      return;
    }
  if (self->connection == NULL)
    channel_start (self);
  /* Unless that has failed at once. */
  if (self->connection == NULL)
    {
      self->analyzers--;
      imp_channel_add (self, analyzer);
      return;
    }
  imp_client_connection_add (imp_channel_get_current (self), analyzer);
}

gboolean
imp_channel_adopt (ImpChannel *self, ImpRemoteAnalyzer *analyzer)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  if (self->connection == NULL && self->state == IMP_REMOTE_STATE_IDLE)
    channel_start (self);
  /* Unless that has failed at once: then it stays where it is. */
  if (self->connection == NULL)
    return FALSE;
  self->analyzers++;
  imp_log_state ("server %s: goes on with an analyzer of another one", self->name);
  imp_client_connection_adopt (imp_channel_get_current (self), analyzer);
  return TRUE;
}

void
imp_channel_hand_over (ImpChannel *self)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);
  ImpClientConnection *connection = imp_channel_get_current (self);

  if (connection == NULL)
    return;
  imp_client_connection_ref (connection);
  channel_hand_over (self, connection);
  imp_client_connection_unref (connection);
}

void
imp_channel_start (ImpChannel *self)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  if (self->connection == NULL && self->state == IMP_REMOTE_STATE_IDLE)
    channel_start (self);
}

gboolean
imp_channel_ping (ImpChannel *self)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  return self->connection != NULL && imp_client_connection_ping (imp_channel_get_current (self));
}

/* TRUE if there is a connection, or will be one; else the task has got its answer. */
static gboolean
channel_ensure_connection (ImpChannel *self, GTask *task)
{
  if (self->connection == NULL && self->state == IMP_REMOTE_STATE_IDLE)
    channel_start (self);
  if (self->connection != NULL)
    return TRUE;
  if (self->reason != NULL)
    g_task_return_error (task, g_error_copy (self->reason));
  else
    g_task_return_new_error (task, IMP_ERROR, IMP_ERROR_CLOSED, "%s: there is no connection",
                             self->name);
  g_object_unref (task);
  return FALSE;
}

void
imp_channel_query (ImpChannel *self, GList *wanted, GTask *task)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  if (channel_ensure_connection (self, task))
    imp_client_connection_query (imp_channel_get_current (self), wanted, task);
}

void
imp_channel_connect (ImpChannel *self, GTask *task)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  /* Who asks while it is down does not want to wait for the next attempt. */
  if (self->state == IMP_REMOTE_STATE_DOWN && self->connection == NULL)
    {
      imp_source_clear (&self->timer);
      channel_start (self);
    }
  else if (!channel_ensure_connection (self, task))
    return;

  if (self->state == IMP_REMOTE_STATE_READY)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
  else if (self->connection == NULL)
    {
      g_task_return_error (task, g_error_copy (self->reason));
      g_object_unref (task);
    }
  else
    g_queue_push_tail (&self->waiting, task);
}

GIOStream *
imp_channel_steal_stream (ImpChannel *self)
{
  return g_steal_pointer (&self->stream);
}
