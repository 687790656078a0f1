/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-connection-private.h"

#include "core/imp-error.h"
#include "io/imp-source-private.h"
#include "rpc/imp-id-table-private.h"
#include "rpc/imp-protocol-private.h"
#include "rpc/server/imp-hosted-analyzer-private.h"

/* Malformed messages that a client may send before it is disconnected. */
#define MALFORMED_MAX 16

struct _ImpServerConnection
{
  ImpAnalyzerHost host; /* the first: see server_connection_of_host() */
  guint ref_count;      /* of one thread */
  ImpFactory *factory;
  ImpFactory *bound; /* to the interface that the client has set; else the factory itself */
  ImpServerConnectionOptions options;
  const ImpServerConnectionFuncs *funcs; /* NULL before it is started, and once it has ended */
  gpointer user_data;
  ImpLink *link;
  GMainContext *context;
  GSource *handshake;   /* until the client has said something */
  ImpIdTable analyzers; /* of ImpHostedAnalyzer */
  guint n_malformed;
  gboolean greeted;
  gboolean draining;
};

ImpServerConnection *
imp_server_connection_ref (ImpServerConnection *self)
{
  self->ref_count++;
  return self;
}

void
imp_server_connection_unref (ImpServerConnection *self)
{
  g_assert (self->ref_count > 0);
  if (--self->ref_count > 0)
    return;
  imp_server_input_unref (self->host.input);
  imp_link_unref (self->link);
  g_object_unref (self->factory);
  g_object_unref (self->bound);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

void
imp_server_connection_close (ImpServerConnection *self, const GError *error)
{
  const ImpServerConnectionFuncs *funcs = g_steal_pointer (&self->funcs);
  g_autoptr (GPtrArray) analyzers = NULL;
  g_autoptr (GError) reason = NULL;

  if (funcs == NULL)
    return;
  reason = g_error_copy (error);
  imp_server_connection_ref (self);
  imp_source_clear (&self->handshake);
  imp_server_input_stop (self->host.input);
  imp_link_close (self->link);
  analyzers = imp_id_table_get_values (&self->analyzers);
  imp_id_table_clear (&self->analyzers);
  g_ptr_array_foreach (analyzers, (GFunc) (void (*) (void)) imp_hosted_analyzer_remove, NULL);
  funcs->ended (self, reason, self->user_data);
  imp_server_connection_unref (self);
}

/* --- sending --- */

/* Sends, unless it has ended. What cannot be sent, or is too much to wait, ends the connection: to
 * leave a message out would leave somebody waiting for it. */
static void
server_connection_send (ImpServerConnection *self, const ImpMessage *message)
{
  g_autoptr (GError) error = NULL;

  if (self->funcs == NULL)
    return;
  if (!imp_link_send (self->link, message, &error))
    {
      if (!g_error_matches (error, IMP_ERROR, IMP_ERROR_CLOSED))
        imp_server_connection_close (self, error);
      return;
    }
  if (imp_link_get_queued (self->link) > self->options.max_output)
    {
      g_set_error (&error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "%" G_GSIZE_FORMAT
                   " bytes wait for the client to read them (max-output is %" G_GSIZE_FORMAT ")",
                   imp_link_get_queued (self->link), self->options.max_output);
      imp_server_connection_close (self, error);
      return;
    }
  /* A client that does not read is not read either, until on_drained(). */
  if (!imp_link_may_queue (self->link))
    imp_link_set_reading (self->link, FALSE);
}

static void
server_connection_send_exception (ImpServerConnection *self, gint64 id, const char *text)
{
  ImpMessage message = { .op = IMP_OP_EXCEPTION, .id = id, .text = (char *) text };

  server_connection_send (self, &message);
}

/* The client is told why, and then it is disconnected. */
static void
server_connection_refuse (ImpServerConnection *self, const char *text)
{
  if (imp_link_get_codec_name (self->link) != NULL)
    server_connection_send_exception (self, 0, text);
  if (self->funcs != NULL)
    imp_link_finish (self->link);
}

/* Version 1 has no word for it: there, a client with nothing to finish is disconnected. */
static void
server_connection_send_goodbye (ImpServerConnection *self)
{
  ImpMessage goodbye = { .op = IMP_OP_GOODBYE };

  if (imp_link_get_version (self->link) >= 2)
    server_connection_send (self, &goodbye);
  else if (self->analyzers.n_values == 0)
    imp_link_finish (self->link);
}

static void
server_connection_greet (ImpServerConnection *self, guint version)
{
  const char *const features[] = { IMP_FEATURE_END, NULL };
  ImpMessage message = IMP_MESSAGE_INIT;

  self->greeted = TRUE;
  imp_link_set_version (self->link, version);
  imp_protocol_fill_version (&message, &self->options.limits, features);
  message.version = version;
  server_connection_send (self, &message);
  imp_message_clear (&message);
  if (self->draining)
    server_connection_send_goodbye (self);
}

/* --- the analyzers --- */

static ImpServerConnection *
server_connection_of_host (ImpAnalyzerHost *host)
{
  return (ImpServerConnection *) host;
}

static void
server_connection_remove_analyzer (ImpServerConnection *self, gint64 id)
{
  ImpHostedAnalyzer *analyzer = imp_id_table_remove (&self->analyzers, id);

  if (analyzer != NULL)
    imp_hosted_analyzer_remove (analyzer);
  if (self->draining && self->funcs != NULL && self->analyzers.n_values == 0
      && imp_link_get_version (self->link) < 2)
    imp_link_finish (self->link);
}

/* One analyzer has failed here, if there is one; the others go on. 0: concerns all. The exception
 * is sent first: with the last analyzer a connection may be finished. */
static void
server_connection_fail_analyzer (ImpServerConnection *self, gint64 id, const char *text)
{
  imp_server_connection_ref (self);
  server_connection_send_exception (self, id, text);
  if (id != 0)
    server_connection_remove_analyzer (self, id);
  imp_server_connection_unref (self);
}

static void
server_connection_host_send (ImpAnalyzerHost *host, const ImpMessage *message)
{
  server_connection_send (server_connection_of_host (host), message);
}

static void
server_connection_host_fail (ImpAnalyzerHost *host, gint64 id, const char *text)
{
  server_connection_fail_analyzer (server_connection_of_host (host), id, text);
}

static const ImpAnalyzerHostFuncs host_funcs = {
  .send = server_connection_host_send,
  .fail = server_connection_host_fail,
};

static gboolean
server_connection_may_feed (gpointer user_data)
{
  return imp_link_may_queue (((ImpServerConnection *) user_data)->link);
}

static const ImpServerInputFuncs input_funcs = {
  .may_feed = server_connection_may_feed,
  .take_turn = imp_hosted_analyzer_take_turn,
};

static gboolean
server_connection_check_new (ImpServerConnection *self, gint64 id)
{
  g_autofree char *text = NULL;

  if (imp_id_table_lookup (&self->analyzers, id) != NULL)
    text = g_strdup_printf ("there is an analyzer %" G_GINT64_FORMAT " already", id);
  else if (self->analyzers.n_values >= self->options.max_analyzers)
    text = g_strdup_printf ("there are %u analyzers already (max-analyzers)",
                            self->options.max_analyzers);
  if (text == NULL)
    return TRUE;
  server_connection_send_exception (self, id, text);
  return FALSE;
}

static void
server_connection_add_analyzer (ImpServerConnection *self, gint64 id, ImpAnalyzer *analyzer)
{
  ImpHostedAnalyzer *hosted = imp_hosted_analyzer_new (&self->host, id, analyzer);

  imp_id_table_insert (&self->analyzers, id, hosted);
  imp_hosted_analyzer_start (hosted);
}

static void
server_connection_on_new_analyzer (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  if (!server_connection_check_new (self, message->id))
    return;
  analyzer = imp_factory_create_packed (self->bound, message->context, &error);
  if (analyzer == NULL)
    server_connection_send_exception (self, message->id, error->message);
  /* Checked again, since the plugin may have let things go on meanwhile. */
  else if (self->funcs != NULL && server_connection_check_new (self, message->id))
    server_connection_add_analyzer (self, message->id, analyzer);
  else
    imp_analyzer_close (analyzer);
}

static void
server_connection_on_delete_analyzer (ImpServerConnection *self, ImpMessage *message)
{
  /* One that failed here may be deleted by a client that does not know it yet. */
  server_connection_remove_analyzer (self, message->id);
}

static void
server_connection_refuse_data (ImpServerConnection *self, gint64 id)
{
  g_autofree char *text = g_strdup_printf ("there is no analyzer %" G_GINT64_FORMAT, id);

  server_connection_send_exception (self, id, text);
}

static void
server_connection_on_data (ImpServerConnection *self, ImpMessage *message)
{
  ImpHostedAnalyzer *analyzer = imp_id_table_lookup (&self->analyzers, message->id);

  if (analyzer != NULL)
    imp_hosted_analyzer_feed (analyzer, message);
  else
    server_connection_refuse_data (self, message->id);
}

static void
server_connection_on_busy (ImpServerConnection *self, ImpMessage *message)
{
  ImpHostedAnalyzer *analyzer = imp_id_table_lookup (&self->analyzers, message->id);

  if (analyzer != NULL)
    imp_hosted_analyzer_set_busy (analyzer, message->direction, message->busy);
}

/* --- other messages --- */

static void
server_connection_on_set_version (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  guint version;

  version = imp_protocol_negotiate (message, imp_link_get_max_version (self->link), &error);
  self->host.takes_want = version >= 2 && message->features != NULL
                          && g_strv_contains ((const char *const *) message->features,
                                              IMP_FEATURE_WANT);
  if (version == 0)
    server_connection_refuse (self, error->message);
  else if (!self->greeted)
    server_connection_greet (self, version);
}

static void
server_connection_on_interfaces_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ImpServerConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  ImpMessage message = { .op = IMP_OP_INTERFACE };

  message.interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);
  if (error == NULL)
    server_connection_send (self, &message);
  else
    server_connection_send_exception (self, 0, error->message);
  imp_message_clear (&message);
  imp_server_connection_unref (self);
}

static void
server_connection_on_get_interface (ImpServerConnection *self, ImpMessage *message)
{
  g_main_context_push_thread_default (self->context);
  imp_factory_query_interfaces_async (self->factory, message->interfaces, NULL,
                                      server_connection_on_interfaces_found,
                                      imp_server_connection_ref (self));
  g_main_context_pop_thread_default (self->context);
}

static void
server_connection_on_set_interface (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  ImpFactory *bound;

  if (message->interfaces == NULL)
    {
      server_connection_send_exception (self, 0, "set_interface without an interface");
      return;
    }
  bound = imp_factory_set_interface (self->factory, message->interfaces->data, &error);
  if (bound == NULL)
    {
      server_connection_send_exception (self, 0, error->message);
      return;
    }
  g_object_unref (self->bound);
  self->bound = bound;
}

static void
server_connection_on_ping (ImpServerConnection *self, ImpMessage *message)
{
  ImpMessage pong = { .op = IMP_OP_PONG, .token = message->token };

  server_connection_send (self, &pong);
}

static void
server_connection_on_nothing (ImpServerConnection *self, ImpMessage *message)
{
  /* PONG: that something has come is all that matters. GOODBYE: there will be no new analyzers. */
}

/* --- the link --- */

static const struct
{
  ImpOp op;
  guint version; /* the first that has it */
  void (*handle) (ImpServerConnection *self, ImpMessage *message);
} handlers[] = {
  { IMP_OP_DATA, 1, server_connection_on_data },
  { IMP_OP_NEW_ANALYZER, 1, server_connection_on_new_analyzer },
  { IMP_OP_DELETE_ANALYZER, 1, server_connection_on_delete_analyzer },
  { IMP_OP_SET_VERSION, 1, server_connection_on_set_version },
  { IMP_OP_GET_INTERFACE, 1, server_connection_on_get_interface },
  { IMP_OP_SET_INTERFACE, 1, server_connection_on_set_interface },
  { IMP_OP_BUSY, 2, server_connection_on_busy },
  { IMP_OP_PING, 2, server_connection_on_ping },
  { IMP_OP_PONG, 2, server_connection_on_nothing },
  { IMP_OP_GOODBYE, 2, server_connection_on_nothing },
};

static void
server_connection_refuse_op (ImpServerConnection *self, ImpOp op)
{
  g_autofree char *text = g_strdup_printf ("%s is not for a client to say in version %u of the "
                                           "protocol",
                                           imp_op_to_string (op),
                                           imp_link_get_version (self->link));

  server_connection_refuse (self, text);
}

static void
server_connection_handle (ImpServerConnection *self, ImpMessage *message)
{
  for (gsize i = 0; i < G_N_ELEMENTS (handlers); i++)
    if (handlers[i].op == message->op && imp_link_get_version (self->link) >= handlers[i].version)
      {
        if (self->funcs != NULL)
          handlers[i].handle (self, message);
        return;
      }
  server_connection_refuse_op (self, message->op);
}

static void
server_connection_on_message (ImpLink *link, ImpMessage *message, gpointer user_data)
{
  ImpServerConnection *self = user_data;

  imp_source_clear (&self->handshake);
  imp_server_connection_ref (self);
  /* A client that does not say its version speaks version 1, and hears ours first. */
  if (!self->greeted && message->op != IMP_OP_SET_VERSION)
    server_connection_greet (self, 1);
  server_connection_handle (self, message);
  imp_server_connection_unref (self);
}

static void
server_connection_on_malformed (ImpLink *link, const ImpMessage *message, const GError *error,
                                gboolean unrecoverable, gpointer user_data)
{
  ImpServerConnection *self = user_data;
  gint64 id = imp_protocol_get_concerned (message);

  imp_source_clear (&self->handshake);
  imp_server_connection_ref (self);
  if (!self->greeted && imp_link_get_codec_name (link) != NULL)
    server_connection_greet (self, 1);
  if (unrecoverable || (id == 0 && ++self->n_malformed > MALFORMED_MAX))
    server_connection_refuse (self, error->message);
  else
    server_connection_fail_analyzer (self, id, error->message);
  imp_server_connection_unref (self);
}

static void
server_connection_on_drained (ImpLink *link, gpointer user_data)
{
  ImpServerConnection *self = user_data;

  imp_link_set_reading (link, TRUE);
  imp_server_input_resume (self->host.input);
}

static void
server_connection_on_closed (ImpLink *link, const GError *error, gpointer user_data)
{
  imp_server_connection_close (user_data, error);
}

static const ImpLinkFuncs link_funcs = {
  .message = server_connection_on_message,
  .malformed = server_connection_on_malformed,
  .closed = server_connection_on_closed,
  .drained = server_connection_on_drained,
};

static gboolean
server_connection_on_handshake_timeout (gpointer user_data)
{
  ImpServerConnection *self = user_data;
  g_autoptr (GError) error = NULL;

  g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "The client said nothing within %u ms (handshake-timeout)",
               self->options.handshake_timeout);
  imp_server_connection_close (self, error);
  return G_SOURCE_REMOVE;
}

/* --- for the server --- */

ImpServerConnection *
imp_server_connection_new (GIOStream *stream, ImpFactory *factory, ImpCodec *codec,
                           const ImpServerConnectionOptions *options, GError **error)
{
  g_autoptr (ImpLink) link = imp_link_new (stream, codec, &options->limits, error);
  ImpServerConnection *self;

  if (link == NULL)
    return NULL;

  self = g_new0 (ImpServerConnection, 1);
  self->ref_count = 1;
  self->factory = g_object_ref (factory);
  self->bound = g_object_ref (factory);
  self->options = *options;
  self->link = g_steal_pointer (&link);
  self->host.funcs = &host_funcs;
  self->host.max_held = options->max_held;
  self->host.max_held_all = options->max_held_all;
  self->host.input = imp_server_input_new (MIN (options->max_waiting, options->max_held / 8),
                                           &input_funcs, self);
  imp_id_table_init (&self->analyzers);
  imp_link_set_busy_poll (self->link, options->busy_poll);
  imp_link_set_keepalive (self->link, options->keepalive);
  imp_link_set_high_water (self->link, options->high_water);
  return self;
}

void
imp_server_connection_start (ImpServerConnection *self, GMainContext *context,
                             const ImpServerConnectionFuncs *funcs, gpointer user_data)
{
  g_assert (self->context == NULL);
  self->context = g_main_context_ref (context);
  self->funcs = funcs;
  self->user_data = user_data;
  self->handshake = imp_source_add_timeout (context, self->options.handshake_timeout,
                                            "imp handshake", server_connection_on_handshake_timeout,
                                            self);
  imp_server_input_start (self->host.input, context);
  imp_link_start (self->link, context, &link_funcs, self);
  if (imp_link_greets_first (self->link))
    server_connection_greet (self, 1);
}

void
imp_server_connection_drain (ImpServerConnection *self)
{
  if (self->funcs == NULL || self->draining)
    return;
  self->draining = TRUE;
  /* A client that has just come is told as soon as it has been greeted. */
  if (self->greeted)
    server_connection_send_goodbye (self);
}

guint
imp_server_connection_get_n_analyzers (ImpServerConnection *self)
{
  return self->analyzers.n_values;
}

GIOStream *
imp_server_connection_get_stream (ImpServerConnection *self)
{
  return imp_link_get_stream (self->link);
}

const char *
imp_server_connection_get_codec_name (ImpServerConnection *self)
{
  return imp_link_get_codec_name (self->link);
}
