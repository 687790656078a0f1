/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-connection-state-private.h"

#include "core/imp-error.h"
#include "rpc/imp-protocol-private.h"

/* Frames without sense that a client may send before he is shown the door. */
#define NONSENSE_MAX 16

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
  imp_id_table_init (&self->analyzers);
  imp_link_set_busy_poll (self->link, options->busy_poll);
  imp_link_set_keepalive (self->link, options->keepalive);
  imp_link_set_high_water (self->link, options->high_water);
  return self;
}

ImpServerConnection *
imp_server_connection_ref (ImpServerConnection *self)
{
  self->ref_count++;
  return self;
}

void
imp_server_connection_unref (ImpServerConnection *self)
{
  if (--self->ref_count > 0)
    return;
  imp_link_unref (self->link);
  g_object_unref (self->factory);
  g_object_unref (self->bound);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

static void
stop_handshake_timer (ImpServerConnection *self)
{
  if (self->handshake == NULL)
    return;
  g_source_destroy (self->handshake);
  g_clear_pointer (&self->handshake, g_source_unref);
}

void
imp_server_connection_close (ImpServerConnection *self, const GError *error)
{
  const ImpServerConnectionFuncs *funcs = g_steal_pointer (&self->funcs);
  g_autoptr (GError) reason = NULL;

  if (funcs == NULL)
    return;
  reason = g_error_copy (error);
  imp_server_connection_ref (self);
  stop_handshake_timer (self);
  imp_server_connection_stop_input (self);
  imp_link_close (self->link);
  imp_server_connection_remove_all_analyzers (self);
  funcs->ended (self, reason, self->user_data);
  imp_server_connection_unref (self);
}

void
imp_server_connection_send (ImpServerConnection *self, const ImpMessage *message)
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
  /* A client that does not read is not read either; drained() goes on. */
  if (!imp_link_may_queue (self->link))
    imp_link_set_reading (self->link, FALSE);
}

void
imp_server_connection_send_exception (ImpServerConnection *self, gint64 id, const char *text)
{
  ImpMessage message = { .op = IMP_OP_EXCEPTION, .id = id, .text = (char *) text };

  imp_server_connection_send (self, &message);
}

/* The client hears why, and then no more. */
static void
refuse (ImpServerConnection *self, const char *text)
{
  if (imp_link_get_codec_name (self->link) != NULL)
    imp_server_connection_send_exception (self, 0, text);
  if (self->funcs != NULL)
    imp_link_finish (self->link);
}

/* Version 1 has no word for it: there, whoever has nothing to finish is let go. */
static void
say_goodbye (ImpServerConnection *self)
{
  ImpMessage goodbye = { .op = IMP_OP_GOODBYE };

  if (imp_link_get_version (self->link) >= 2)
    imp_server_connection_send (self, &goodbye);
  else if (self->analyzers.n_values == 0)
    imp_link_finish (self->link);
}

static void
greet (ImpServerConnection *self, guint version)
{
  const char *const features[] = { IMP_FEATURE_END, NULL };
  ImpMessage message = IMP_MESSAGE_INIT;

  self->greeted = TRUE;
  imp_link_set_version (self->link, version);
  imp_protocol_fill_version (&message, &self->options.limits, features);
  message.version = version;
  imp_server_connection_send (self, &message);
  imp_message_clear (&message);
  if (self->draining)
    say_goodbye (self);
}

static void
on_set_version (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  guint version;

  version = imp_protocol_negotiate (message, imp_link_get_max_version (self->link), &error);
  if (version == 0)
    refuse (self, error->message);
  else if (!self->greeted)
    greet (self, version);
}

static void
on_interfaces_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ImpServerConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  ImpMessage message = { .op = IMP_OP_INTERFACE };

  message.interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);
  if (error == NULL)
    imp_server_connection_send (self, &message);
  else
    imp_server_connection_send_exception (self, 0, error->message);
  imp_message_clear (&message);
  imp_server_connection_unref (self);
}

static void
on_get_interface (ImpServerConnection *self, ImpMessage *message)
{
  g_main_context_push_thread_default (self->context);
  imp_factory_query_interfaces_async (self->factory, message->interfaces, NULL, on_interfaces_found,
                                      imp_server_connection_ref (self));
  g_main_context_pop_thread_default (self->context);
}

static void
on_set_interface (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  ImpFactory *bound;

  if (message->interfaces == NULL)
    {
      imp_server_connection_send_exception (self, 0, "set_interface without an interface");
      return;
    }
  bound = imp_factory_set_interface (self->factory, message->interfaces->data, &error);
  if (bound == NULL)
    {
      imp_server_connection_send_exception (self, 0, error->message);
      return;
    }
  g_object_unref (self->bound);
  self->bound = bound;
}

static void
on_ping (ImpServerConnection *self, ImpMessage *message)
{
  ImpMessage pong = { .op = IMP_OP_PONG, .token = message->token };

  imp_server_connection_send (self, &pong);
}

static void
on_nothing (ImpServerConnection *self, ImpMessage *message)
{
  /* PONG: that something came is all that matters. GOODBYE: he will make no new analyzers. */
}

static const struct
{
  ImpOp op;
  guint version; /* the first that has it */
  void (*handle) (ImpServerConnection *self, ImpMessage *message);
} handlers[] = {
  { IMP_OP_DATA, 1, imp_server_connection_on_data },
  { IMP_OP_NEW_ANALYZER, 1, imp_server_connection_on_new_analyzer },
  { IMP_OP_DELETE_ANALYZER, 1, imp_server_connection_on_delete_analyzer },
  { IMP_OP_SET_VERSION, 1, on_set_version },
  { IMP_OP_GET_INTERFACE, 1, on_get_interface },
  { IMP_OP_SET_INTERFACE, 1, on_set_interface },
  { IMP_OP_BUSY, 2, imp_server_connection_on_busy },
  { IMP_OP_PING, 2, on_ping },
  { IMP_OP_PONG, 2, on_nothing },
  { IMP_OP_GOODBYE, 2, on_nothing },
};

static void
on_message (ImpLink *link, ImpMessage *message, gpointer user_data)
{
  ImpServerConnection *self = user_data;
  g_autofree char *text = NULL;

  stop_handshake_timer (self);
  imp_server_connection_ref (self);
  /* A client that does not say its version speaks version 1, and hears ours first. */
  if (!self->greeted && message->op != IMP_OP_SET_VERSION)
    greet (self, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (handlers); i++)
    if (handlers[i].op == message->op && imp_link_get_version (link) >= handlers[i].version)
      {
        if (self->funcs != NULL)
          handlers[i].handle (self, message);
        imp_server_connection_unref (self);
        return;
      }

  text = g_strdup_printf ("%s is not for a client to say in version %u of the protocol",
                          imp_op_to_string (message->op), imp_link_get_version (link));
  refuse (self, text);
  imp_server_connection_unref (self);
}

static void
on_nonsense (ImpLink *link, const ImpMessage *message, const GError *error, gboolean hopeless,
             gpointer user_data)
{
  ImpServerConnection *self = user_data;
  gint64 id = imp_protocol_get_concerned (message);

  stop_handshake_timer (self);
  imp_server_connection_ref (self);
  if (!self->greeted && imp_link_get_codec_name (link) != NULL)
    greet (self, 1);
  if (hopeless || (id == 0 && ++self->nonsense > NONSENSE_MAX))
    refuse (self, error->message);
  else
    imp_server_connection_fail_analyzer (self, id, error->message);
  imp_server_connection_unref (self);
}

static void
on_drained (ImpLink *link, gpointer user_data)
{
  imp_link_set_reading (link, TRUE);
  imp_server_connection_resume_input (user_data);
}

static void
on_closed (ImpLink *link, const GError *error, gpointer user_data)
{
  imp_server_connection_close (user_data, error);
}

static const ImpLinkFuncs link_funcs = {
  .message = on_message,
  .nonsense = on_nonsense,
  .closed = on_closed,
  .drained = on_drained,
};

static gboolean
on_handshake_timeout (gpointer user_data)
{
  ImpServerConnection *self = user_data;
  g_autoptr (GError) error = NULL;

  g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "The client said nothing within %u ms (handshake-timeout)",
               self->options.handshake_timeout);
  imp_server_connection_close (self, error);
  return G_SOURCE_REMOVE;
}

void
imp_server_connection_start (ImpServerConnection *self, GMainContext *context,
                             const ImpServerConnectionFuncs *funcs, gpointer user_data)
{
  self->context = g_main_context_ref (context);
  self->funcs = funcs;
  self->user_data = user_data;
  self->handshake = g_timeout_source_new (self->options.handshake_timeout);
  g_source_set_static_name (self->handshake, "imp handshake");
  g_source_set_callback (self->handshake, on_handshake_timeout, self, NULL);
  g_source_attach (self->handshake, context);
  imp_link_start (self->link, context, &link_funcs, self);
  if (imp_link_greets_first (self->link))
    greet (self, 1);
}

void
imp_server_connection_drain (ImpServerConnection *self)
{
  if (self->funcs == NULL || self->draining)
    return;
  self->draining = TRUE;
  /* One who has just come in is told as soon as he has been greeted. */
  if (self->greeted)
    say_goodbye (self);
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
