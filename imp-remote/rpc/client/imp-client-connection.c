/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "rpc/imp-protocol-private.h"
#include "rpc/client/imp-client-connection-state-private.h"

#include <sys/socket.h>

/* What may wait to be written beside data: one high-water mark, and a packet that went past it. */
#define CONTROL_MAX (IMP_LINK_HIGH_WATER + self->options.limits.max_message)

static ImpRemoteAnalyzer *
analyzer_of_entry (ImpDeadlineEntry *entry)
{
  return (gpointer) ((char *) entry - G_STRUCT_OFFSET (ImpRemoteAnalyzer, deadline));
}

static const ImpVerdicts *
entry_get_verdicts (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return imp_analyzer_peek_verdicts (IMP_ANALYZER (analyzer_of_entry (entry)), direction);
}

static gboolean
entry_is_suspended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return imp_analyzer_is_busy (IMP_ANALYZER (analyzer_of_entry (entry)), direction);
}

static gboolean
entry_is_extended (ImpDeadlineEntry *entry, ImpDirection direction)
{
  return (analyzer_of_entry (entry)->paused_there & (1 << direction)) != 0
         || imp_verdicts_has_promise (entry_get_verdicts (entry, direction));
}

static void
entry_expired (ImpDeadlineEntry *entry, ImpDirection direction, gpointer user_data)
{
  ImpClientConnection *self = user_data;
  ImpRemoteAnalyzer *analyzer = analyzer_of_entry (entry);
  g_autofree char *reason = NULL;

  reason = g_strdup_printf ("the analyzer let data of direction %d wait for more than %u ms "
                            "(deadline), and had %u more of them (max-extensions is %u)",
                            direction, self->options.deadline, entry->extensions,
                            self->options.max_extensions);
  self->counters.deadlines++;
  imp_client_connection_settle (self, analyzer, reason);
}

static const ImpDeadlineFuncs deadline_funcs = {
  .get_verdicts = entry_get_verdicts,
  .is_suspended = entry_is_suspended,
  .is_extended = entry_is_extended,
  .expired = entry_expired,
};

ImpClientConnection *
imp_client_connection_new (GMainContext *context, const ImpClientConnectionOptions *options,
                           ImpInterface *interface, const char *name,
                           const ImpClientConnectionFuncs *funcs, gpointer user_data)
{
  ImpClientConnection *self = g_new0 (ImpClientConnection, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->interface = interface != NULL ? imp_interface_ref (interface) : NULL;
  self->name = g_strdup (name);
  self->funcs = funcs;
  self->user_data = user_data;
  imp_id_table_init (&self->analyzers);
  self->deadline = imp_deadline_new (context, &deadline_funcs, self);
  self->settles_end = TRUE;
  self->peer_max_message = options->limits.max_message;
  imp_client_connection_set_options (self, options);
  return self;
}

ImpClientConnection *
imp_client_connection_ref (ImpClientConnection *self)
{
  self->ref_count++;
  return self;
}

void
imp_client_connection_unref (ImpClientConnection *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_pointer (&self->link, imp_link_unref);
  g_clear_pointer (&self->interface, imp_interface_unref);
  g_clear_pointer (&self->turns, g_array_unref);
  imp_id_table_clear (&self->analyzers);
  imp_deadline_free (self->deadline);
  g_main_context_unref (self->context);
  g_free (self->name);
  g_free (self);
}

static gboolean
on_keepalive (gpointer user_data)
{
  ImpClientConnection *self = user_data;
  guint64 bytes_in = imp_link_get_counters (self->link)->bytes_in;

  if (bytes_in != self->bytes_in_seen)
    {
      self->bytes_in_seen = bytes_in;
      self->pinged = FALSE;
      return G_SOURCE_CONTINUE;
    }
  if (self->pinged)
    {
      g_autofree char *text = g_strdup_printf ("no sign of life within %u ms (keepalive)",
                                               self->options.keepalive);

      imp_client_connection_fail_literal (self, IMP_ERROR_TIMEOUT, text);
      return G_SOURCE_REMOVE;
    }
  if (imp_link_get_version (self->link) >= 2)
    {
      ImpMessage ping = { .op = IMP_OP_PING, .token = ++self->token };

      self->pinged = TRUE;
      imp_client_connection_send (self, &ping);
    }
  return G_SOURCE_CONTINUE;
}

static void
stop_keepalive (ImpClientConnection *self)
{
  if (self->keepalive == NULL)
    return;
  g_source_destroy (self->keepalive);
  g_clear_pointer (&self->keepalive, g_source_unref);
}

/* Version 1 has no ping: there, TCP has to find out itself. */
static void
start_keepalive (ImpClientConnection *self)
{
  stop_keepalive (self);
  if (self->link == NULL)
    return;
  imp_link_set_keepalive (self->link, self->options.keepalive);
  if (self->options.keepalive == 0)
    return;
  self->keepalive = g_timeout_source_new (self->options.keepalive);
  g_source_set_static_name (self->keepalive, "imp keepalive");
  g_source_set_callback (self->keepalive, on_keepalive, self, NULL);
  g_source_attach (self->keepalive, self->context);
}

void
imp_client_connection_set_options (ImpClientConnection *self,
                                   const ImpClientConnectionOptions *options)
{
  gboolean other_keepalive = self->options.keepalive != options->keepalive;

  self->options = *options;
  imp_deadline_set (self->deadline, options->deadline, options->max_extensions);
  if (self->link != NULL)
    imp_link_set_busy_poll (self->link, options->busy_poll);
  if (other_keepalive)
    start_keepalive (self);
}

void
imp_client_connection_fail_literal (ImpClientConnection *self, ImpError code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, code, text);

  imp_client_connection_fail (self, error);
}

/* What the wire format cannot say would be lost in silence, so it is the connection's end. */
void
imp_client_connection_send (ImpClientConnection *self, const ImpMessage *message)
{
  g_autoptr (GError) error = NULL;

  if (self->link == NULL || self->lost)
    return;
  if (imp_link_send (self->link, message, &error))
    {
      /* Data wait their turn; it takes a server that has us answer pings and reads nothing. */
      if (imp_link_get_queued (self->link) <= CONTROL_MAX + self->options.max_queued_all)
        return;
      g_set_error (&error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "%" G_GSIZE_FORMAT " bytes wait for the server to read them (max-queued-all is "
                   "%" G_GSIZE_FORMAT ")",
                   imp_link_get_queued (self->link), self->options.max_queued_all);
    }
  if (g_error_matches (error, IMP_ERROR, IMP_ERROR_CLOSED))
    return; /* it has ended already, and the main loop is about to say so */
  g_prefix_error (&error, "cannot send %s: ", imp_op_to_string (message->op));
  imp_client_connection_fail (self, error);
}

static void
on_drained (ImpLink *link, gpointer user_data)
{
  imp_client_connection_pump (user_data);
}

static void
on_closed (ImpLink *link, const GError *error, gpointer user_data)
{
  imp_client_connection_fail (user_data, error);
}

static const ImpLinkFuncs link_funcs = {
  .message = imp_client_connection_on_message,
  .closed = on_closed,
  .drained = on_drained,
};

/* What a client says first, without waiting for the server. */
static void
greet (ImpClientConnection *self)
{
  if (imp_link_get_max_version (self->link) >= 2)
    {
      ImpMessage version = IMP_MESSAGE_INIT;

      imp_link_set_version (self->link, 2);
      imp_protocol_fill_version (&version, &self->options.limits, NULL);
      imp_client_connection_send (self, &version);
      imp_message_clear (&version);
      /* Until the server has said that it knows version 2, nothing of it is used. */
      imp_link_set_version (self->link, 1);
    }
  if (self->interface != NULL)
    {
      GList interfaces = { .data = self->interface };
      ImpMessage message = { .op = IMP_OP_SET_INTERFACE, .interfaces = &interfaces };

      imp_client_connection_send (self, &message);
    }
}

gboolean
imp_client_connection_connect (ImpClientConnection *self, GIOStream *stream, ImpCodec *codec,
                               GError **error)
{
  ImpMessage *query;

  g_return_val_if_fail (self->link == NULL && !self->lost, FALSE);

  self->link = imp_link_new (stream, codec, &self->options.limits, error);
  if (self->link == NULL)
    return FALSE;
  imp_link_set_busy_poll (self->link, self->options.busy_poll);
  imp_link_set_high_water (self->link, self->options.link_high_water);
  imp_link_start (self->link, self->context, &link_funcs, self);
  start_keepalive (self);

  greet (self);
  while ((query = g_queue_pop_head (&self->unsent_queries)) != NULL)
    {
      imp_client_connection_send (self, query);
      imp_message_unref (query);
    }
  imp_client_connection_pump (self);
  return TRUE;
}

static void
fail_queries (ImpClientConnection *self, const GError *error)
{
  GTask *task;

  g_queue_clear_full (&self->unsent_queries, (GDestroyNotify) imp_message_unref);
  while ((task = g_queue_pop_head (&self->queries)) != NULL)
    {
      g_task_return_error (task, g_error_copy (error));
      g_object_unref (task);
    }
}

GPtrArray *
imp_client_connection_list_analyzers (ImpClientConnection *self)
{
  GPtrArray *analyzers = imp_id_table_get_values (&self->analyzers);

  g_ptr_array_foreach (analyzers, (GFunc) (void (*) (void)) g_object_ref, NULL);
  g_ptr_array_set_free_func (analyzers, g_object_unref);
  return analyzers;
}

static void
settle_all (ImpClientConnection *self, const GError *error)
{
  g_autoptr (GPtrArray) analyzers = imp_client_connection_list_analyzers (self);

  for (guint i = 0; i < analyzers->len; i++)
    {
      ImpRemoteAnalyzer *analyzer = analyzers->pdata[i];

      if (analyzer->peer == self)
        imp_client_connection_settle (self, analyzer, error->message);
    }
}

void
imp_client_connection_fail (ImpClientConnection *self, const GError *error)
{
  g_autoptr (GError) reason = NULL;
  const ImpClientConnectionFuncs *funcs;

  if (self->lost)
    return;
  reason = g_error_copy (error);
  imp_client_connection_ref (self);
  self->lost = TRUE;
  self->ready = FALSE;
  stop_keepalive (self);
  if (self->link != NULL)
    imp_link_close (self->link);
  funcs = g_steal_pointer (&self->funcs);
  if (funcs != NULL)
    funcs->lost (self, reason, self->user_data);
  fail_queries (self, reason);
  settle_all (self, reason);
  if (funcs != NULL)
    funcs->gone (self, self->user_data);
  imp_client_connection_unref (self);
}

void
imp_client_connection_abandon (ImpClientConnection *self, const GError *error)
{
  self->funcs = NULL;
  imp_client_connection_fail (self, error);
}

void
imp_client_connection_query (ImpClientConnection *self, GList *wanted, GTask *task)
{
  g_autoptr (ImpMessage) message = imp_message_new_get_interface (wanted);

  g_queue_push_tail (&self->queries, task);
  if (self->link == NULL)
    g_queue_push_tail (&self->unsent_queries, g_steal_pointer (&message));
  else
    imp_client_connection_send (self, message);
}

gboolean
imp_client_connection_is_connected (ImpClientConnection *self)
{
  return self->link != NULL && !self->lost;
}

gboolean
imp_client_connection_is_ready (ImpClientConnection *self)
{
  return self->ready;
}

guint
imp_client_connection_get_n_analyzers (ImpClientConnection *self)
{
  return self->analyzers.n_values;
}

guint
imp_client_connection_get_version (ImpClientConnection *self)
{
  return self->link != NULL && self->ready ? imp_link_get_version (self->link) : 0;
}

const char *
imp_client_connection_get_codec_name (ImpClientConnection *self)
{
  return self->link != NULL ? imp_link_get_codec_name (self->link) : NULL;
}

guint64
imp_client_connection_get_messages_in (ImpClientConnection *self)
{
  return self->link != NULL ? imp_link_get_counters (self->link)->messages_in : 0;
}

gsize
imp_client_connection_get_queued (ImpClientConnection *self)
{
  return self->pending_size + (self->link != NULL ? imp_link_get_queued (self->link) : 0);
}

void
imp_client_connection_add_counters (ImpClientConnection *self, ImpClientConnectionCounters *sum)
{
  sum->settled_hard += self->counters.settled_hard;
  sum->settled_soft += self->counters.settled_soft;
  sum->deadlines += self->counters.deadlines;
  sum->exceptions += self->counters.exceptions;
  sum->late_results += self->counters.late_results;
  sum->extensions += imp_deadline_get_extensions (self->deadline);
  if (self->link != NULL)
    {
      const ImpLinkCounters *link = imp_link_get_counters (self->link);

      sum->messages_in += link->messages_in;
      sum->messages_out += link->messages_out;
      sum->bytes_in += link->bytes_in;
      sum->bytes_out += link->bytes_out;
    }
}
