/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-channel-private.h"

#include "core/imp-error.h"
#include "rpc/imp-connector-private.h"

struct _ImpChannel
{
  guint ref_count; /* of one thread; callbacks may drop the last one, so each entry holds one */
  GMainContext *context;
  GSocketConnectable *target;
  GIOStream *stream; /* until it is used */
  char *name;
  ImpInterface *interface;
  ImpCodec *codec;
  ImpChannelOptions options;
  void (*changed) (gpointer user_data);
  gpointer user_data;

  ImpRemoteState state;
  GError *reason;            /* why it is down or closed */
  ImpClientConnection *peer; /* for new analyzers; may still be without a connection */
  GPtrArray *leaving;        /* of ImpClientConnection: servers that have said goodbye */
  ImpConnector *connector;
  GSource *timer;                   /* for the greeting, or until the next attempt */
  guint attempts;                   /* in vain, since it was ready last */
  GQueue waiting;                   /* of GTask: connect_async() */
  ImpClientConnectionCounters past; /* of peers that are gone */
  guint64 connections, analyzers;
};

static void start (ImpChannel *self);

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
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpChannel, channel_unref)

static void
clear_timer (ImpChannel *self)
{
  if (self->timer == NULL)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
set_timer (ImpChannel *self, guint milliseconds, GSourceFunc func)
{
  clear_timer (self);
  self->timer = g_timeout_source_new (milliseconds);
  g_source_set_static_name (self->timer, "imp channel");
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
set_state (ImpChannel *self, ImpRemoteState state, const GError *reason)
{
  GError *copy = reason != NULL ? g_error_copy (reason) : NULL;

  g_clear_error (&self->reason);
  self->reason = copy;
  if (self->state == state)
    return;
  self->state = state;
  if (self->changed != NULL)
    self->changed (self->user_data);
}

/* Those who asked to be told are told once. */
static void
answer_waiting (ImpChannel *self, const GError *error)
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

static void
bury (ImpChannel *self, ImpClientConnection *peer)
{
  imp_client_connection_add_counters (peer, &self->past);
  imp_client_connection_unref (peer);
}

static gboolean
on_retry (gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  clear_timer (self);
  start (self);
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
go_down (ImpChannel *self, const GError *error)
{
  clear_timer (self);
  if (self->target == NULL || !self->options.reconnect)
    {
      set_state (self, self->target == NULL ? IMP_REMOTE_STATE_CLOSED : IMP_REMOTE_STATE_DOWN,
                 error);
    }
  else
    {
      set_timer (self, imp_channel_draw_delay (&self->options, self->attempts), on_retry);
      self->attempts++;
      set_state (self, IMP_REMOTE_STATE_DOWN, error);
    }
  answer_waiting (self, error);
}

/* The peer goes on living until its analyzers have had their outcome. */
static void
on_peer_lost (ImpClientConnection *peer, const GError *error, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (peer != self->peer)
    return;
  g_ptr_array_add (self->leaving, g_steal_pointer (&self->peer));
  g_clear_pointer (&self->connector, imp_connector_cancel);
  go_down (self, error);
}

static void
on_peer_gone (ImpClientConnection *peer, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (g_ptr_array_remove (self->leaving, peer))
    bury (self, peer);
}

static void
on_peer_ready (ImpClientConnection *peer, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (peer != self->peer)
    return;
  clear_timer (self);
  self->attempts = 0;
  set_state (self, IMP_REMOTE_STATE_READY, NULL);
  answer_waiting (self, NULL);
}

static void
dismiss (ImpClientConnection *peer)
{
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED,
                                                  "the server has stopped");

  imp_client_connection_fail (peer, error);
}

static gboolean
on_dismissed (gpointer user_data)
{
  ImpClientConnection *peer = user_data;

  if (imp_client_connection_get_n_analyzers (peer) == 0)
    dismiss (peer);
  return G_SOURCE_REMOVE;
}

/* From the loop: the last words for the server (delete_analyzer) have been written by then. */
static void
on_peer_idle (ImpClientConnection *peer, gpointer user_data)
{
  ImpChannel *self = user_data;
  g_autoptr (GSource) source = NULL;

  if (peer == self->peer)
    return;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT_IDLE);
  g_source_set_callback (source, on_dismissed, imp_client_connection_ref (peer),
                         (GDestroyNotify) imp_client_connection_unref);
  g_source_attach (source, self->context);
}

/* The server finishes what it has. Another one is looked for at once, since it may stand ready. */
static void
on_peer_goodbye (ImpClientConnection *peer, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  if (peer != self->peer)
    return;
  clear_timer (self);
  g_ptr_array_add (self->leaving, g_steal_pointer (&self->peer));
  if (imp_client_connection_get_n_analyzers (peer) == 0)
    on_peer_idle (peer, self);
  if (self->target != NULL)
    {
      set_state (self, IMP_REMOTE_STATE_IDLE, NULL);
      start (self);
    }
  else
    {
      g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED,
                                                      "the server has said goodbye");

      set_state (self, IMP_REMOTE_STATE_CLOSED, error);
    }
}

static const ImpClientConnectionFuncs peer_funcs = {
  .ready = on_peer_ready,
  .goodbye = on_peer_goodbye,
  .idle = on_peer_idle,
  .lost = on_peer_lost,
  .gone = on_peer_gone,
};

static gboolean
on_no_greeting (gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);
  g_autoptr (GError) error = NULL;

  clear_timer (self);
  g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "%s did not say its version within %u ms (connect-timeout)", self->name,
               self->options.connect_timeout);
  imp_client_connection_fail (self->peer, error);
  return G_SOURCE_REMOVE;
}

static void
use_stream (ImpChannel *self, GIOStream *stream)
{
  g_autoptr (GError) error = NULL;

  self->connections++;
  set_timer (self, self->options.connect_timeout, on_no_greeting);
  if (!imp_client_connection_connect (self->peer, stream, self->codec, &error))
    imp_client_connection_fail (self->peer, error);
}

static void
on_connected (GIOStream *stream, const GError *error, gpointer user_data)
{
  g_autoptr (ImpChannel) self = channel_ref (user_data);

  self->connector = NULL;
  if (stream != NULL)
    use_stream (self, stream);
  else
    imp_client_connection_fail (self->peer, error);
}

/* Makes a peer, and gets it a connection. While the channel is down it stays so until the server
 * has answered. */
static void
start (ImpChannel *self)
{
  self->peer = imp_client_connection_new (self->context, &self->options.peer, self->interface,
                                          self->name, &peer_funcs, self);
  if (self->state == IMP_REMOTE_STATE_IDLE)
    set_state (self, IMP_REMOTE_STATE_CONNECTING, NULL);
  if (self->stream != NULL)
    {
      g_autoptr (GIOStream) stream = g_steal_pointer (&self->stream);

      use_stream (self, stream);
      return;
    }
  self->connector = imp_connector_start (self->context, self->target, self->name,
                                         self->options.connect_timeout, on_connected, self);
}

ImpChannel *
imp_channel_new (GMainContext *context, GSocketConnectable *target, GIOStream *stream,
                 const char *name, ImpInterface *interface, void (*changed) (gpointer user_data),
                 gpointer user_data)
{
  ImpChannel *self = g_new0 (ImpChannel, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->target = target != NULL ? g_object_ref (target) : NULL;
  self->stream = stream != NULL ? g_object_ref (stream) : NULL;
  self->name = g_strdup (name);
  self->interface = interface != NULL ? imp_interface_ref (interface) : NULL;
  self->changed = changed;
  self->user_data = user_data;
  self->leaving = g_ptr_array_new ();
  return self;
}

void
imp_channel_close (ImpChannel *self, const GError *error)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  if (self->state == IMP_REMOTE_STATE_CLOSED && self->peer == NULL && self->leaving->len == 0)
    return;
  clear_timer (self);
  g_clear_pointer (&self->connector, imp_connector_cancel);
  g_clear_object (&self->stream);
  set_state (self, IMP_REMOTE_STATE_CLOSED, error);
  answer_waiting (self, error);
  while (self->peer != NULL || self->leaving->len > 0)
    {
      ImpClientConnection *peer = self->peer != NULL ? g_steal_pointer (&self->peer)
                                                     : g_ptr_array_steal_index (self->leaving, 0);

      imp_client_connection_abandon (peer, error);
      bury (self, peer);
    }
}

void
imp_channel_free (ImpChannel *self)
{
  self->changed = NULL;
  channel_unref (self);
}

void
imp_channel_set_options (ImpChannel *self, const ImpChannelOptions *options)
{
  self->options = *options;
  if (self->peer != NULL)
    imp_client_connection_set_options (self->peer, &options->peer);
  for (guint i = 0; i < self->leaving->len; i++)
    imp_client_connection_set_options (self->leaving->pdata[i], &options->peer);
}

void
imp_channel_set_codec (ImpChannel *self, ImpCodec *codec)
{
  g_set_object (&self->codec, codec);
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

      if (imp_analyzer_settle (IMP_ANALYZER (analyzer), self->options.peer.fail, text))
        self->past.resolved_soft++;
      else
        self->past.resolved_hard++;
      return;
    }
  if (self->peer == NULL)
    start (self);
  /* Unless that has failed at once. */
  if (self->peer == NULL)
    {
      self->analyzers--;
      imp_channel_add (self, analyzer);
      return;
    }
  imp_client_connection_add (self->peer, analyzer);
}

/* TRUE if there is a peer, or will be one; else the task has got its answer. */
static gboolean
ensure_peer (ImpChannel *self, GTask *task)
{
  if (self->peer == NULL && self->state == IMP_REMOTE_STATE_IDLE)
    start (self);
  if (self->peer != NULL)
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

  if (ensure_peer (self, task))
    imp_client_connection_query (self->peer, wanted, task);
}

void
imp_channel_connect (ImpChannel *self, GTask *task)
{
  g_autoptr (ImpChannel) guard = channel_ref (self);

  /* Who asks while it is down does not want to wait for the next attempt. */
  if (self->state == IMP_REMOTE_STATE_DOWN && self->peer == NULL)
    {
      clear_timer (self);
      start (self);
    }
  else if (!ensure_peer (self, task))
    return;

  if (self->state == IMP_REMOTE_STATE_READY)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
  else if (self->peer == NULL)
    {
      g_task_return_error (task, g_error_copy (self->reason));
      g_object_unref (task);
    }
  else
    g_queue_push_tail (&self->waiting, task);
}

ImpRemoteState
imp_channel_get_state (ImpChannel *self)
{
  return self->state;
}

ImpClientConnection *
imp_channel_get_peer (ImpChannel *self)
{
  return self->peer;
}

static void
sum_up (ImpChannel *self, ImpClientConnectionCounters *sum)
{
  *sum = self->past;
  if (self->peer != NULL)
    imp_client_connection_add_counters (self->peer, sum);
  for (guint i = 0; i < self->leaving->len; i++)
    imp_client_connection_add_counters (self->leaving->pdata[i], sum);
}

guint64
imp_channel_get_messages_in (ImpChannel *self)
{
  ImpClientConnectionCounters sum;

  sum_up (self, &sum);
  return sum.messages_in;
}

GIOStream *
imp_channel_steal_stream (ImpChannel *self)
{
  return g_steal_pointer (&self->stream);
}

static void
add_number (GVariantBuilder *builder, const char *name, guint64 value)
{
  g_variant_builder_add (builder, "{sv}", name, g_variant_new_uint64 (value));
}

void
imp_channel_describe (ImpChannel *self, GVariantBuilder *builder)
{
  ImpClientConnectionCounters sum;
  guint64 live = 0, queued = 0;

  sum_up (self, &sum);
  for (guint i = 0; i < self->leaving->len; i++)
    {
      live += imp_client_connection_get_n_analyzers (self->leaving->pdata[i]);
      queued += imp_client_connection_get_queued (self->leaving->pdata[i]);
    }
  if (self->peer != NULL)
    {
      live += imp_client_connection_get_n_analyzers (self->peer);
      queued += imp_client_connection_get_queued (self->peer);
    }

  add_number (builder, "connections", self->connections);
  add_number (builder, "analyzers", self->analyzers);
  add_number (builder, "live-analyzers", live);
  add_number (builder, "queued", queued);
  add_number (builder, "settled-hard", sum.resolved_hard);
  add_number (builder, "settled-soft", sum.resolved_soft);
  add_number (builder, "deadlines", sum.deadlines);
  add_number (builder, "extensions", sum.extensions);
  add_number (builder, "exceptions", sum.exceptions);
  add_number (builder, "late-results", sum.late_results);
  add_number (builder, "messages-in", sum.messages_in);
  add_number (builder, "messages-out", sum.messages_out);
  add_number (builder, "bytes-in", sum.bytes_in);
  add_number (builder, "bytes-out", sum.bytes_out);
}
