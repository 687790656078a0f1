/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-connection-object-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "rpc/imp-protocol-private.h"
#include "rpc/server/imp-server-question-private.h"

/* Malformed messages that a client may send before it is disconnected. */
#define MALFORMED_MAX 16
/* Questions that may be asked before an answer. */
#define QUERIES_MAX 16

void
imp_server_connection_unref (ImpServerConnection *self)
{
  g_assert (self->ref_count > 0);
  if (--self->ref_count > 0)
    return;
  imp_server_analyzers_clear (&self->analyzers);
  imp_server_sharing_clear (&self->sharing);
  imp_link_unref (self->link);
  g_object_unref (self->factory);
  g_object_unref (self->bound);
  g_clear_pointer (&self->context, g_main_context_unref);
  imp_context_unref (self->peer);
  g_free (self);
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
  imp_source_clear (&self->handshake);
  imp_link_close_for (self->link, reason);
  if (self->analyzers.host.account.totals != NULL)
    imp_server_connection_add_counters (self, &self->analyzers.host.account.totals->past);
  imp_server_analyzers_end (&self->analyzers);
  funcs->ended (self, reason, self->user_data);
  imp_server_connection_unref (self);
}

/* --- sending --- */

/* A client that does not read is not read either, until on_drained(), nor one that asks faster than
 * it can be answered. */
static void
server_connection_update_reading (ImpServerConnection *self)
{
  imp_link_set_reading (self->link,
                        imp_link_may_queue (self->link) && self->n_queries < QUERIES_MAX);
}

static void
server_connection_set_memory (ImpServerConnection *self, gsize input, gsize output)
{
  self->input = input;
  self->output = output;
  imp_server_analyzers_set_alone (&self->analyzers, input + output);
}

/* What waits for a client is counted where it is much, and that is seldom. */
static void
server_connection_note_output (ImpServerConnection *self)
{
  gsize output = imp_link_may_queue (self->link) ? 0 : imp_link_get_queued (self->link);

  server_connection_set_memory (self, self->input, output);
  server_connection_update_reading (self);
}

/* Of what was sent, or not: TRUE unless it never can be. Takes @failure. */
static inline gboolean
server_connection_note_sent (ImpServerConnection *self, GError *failure, GError **error)
{
  if (G_UNLIKELY (failure != NULL))
    {
      if (!g_error_matches (failure, IMP_ERROR, IMP_ERROR_CLOSED))
        {
          g_propagate_error (error, failure);
          return FALSE;
        }
      g_error_free (failure);
    }
  else if (G_UNLIKELY (!imp_link_may_queue (self->link)))
    server_connection_note_output (self);
  return TRUE;
}

/* Sends, unless it has ended. */
static gboolean
server_connection_try_send (ImpServerConnection *self, const ImpMessage *message, GError **error)
{
  GError *failure = NULL;

  if (self->funcs == NULL)
    return TRUE;
  imp_link_send (self->link, message, &failure);
  return server_connection_note_sent (self, failure, error);
}

/* What cannot be sent ends the connection: to leave a message out would leave somebody waiting for
 * it. */
static void
server_connection_send (ImpServerConnection *self, const ImpMessage *message)
{
  g_autoptr (GError) error = NULL;

  if (!server_connection_try_send (self, message, &error))
    imp_server_connection_close (self, error);
}

/* @overload: by a limit that traffic alone can reach. A text that the client does not take is left
 * out, and the exception is not. */
static void
server_connection_send_exception (ImpServerConnection *self, gint64 id, const char *text,
                                  gboolean overload)
{
  ImpMessage message = { .op = IMP_OP_EXCEPTION, .id = id, .text = (char *) text };

  message.overload = overload;
  if (server_connection_try_send (self, &message, NULL))
    return;
  message.text = NULL;
  server_connection_send (self, &message);
}

/* Goes once what waits has been written. */
static void
server_connection_finish (ImpServerConnection *self)
{
  self->finishing = TRUE;
  imp_link_finish (self->link);
}

/* The client is told why, and then it is disconnected. What it has made us keep goes at once. */
static void
server_connection_refuse (ImpServerConnection *self, const char *text)
{
  if (imp_link_get_codec_name (self->link) != NULL)
    server_connection_send_exception (self, 0, text, FALSE);
  if (self->funcs == NULL)
    return;
  server_connection_finish (self);
  server_connection_set_memory (self, 0, self->output);
  imp_server_analyzers_remove_all (&self->analyzers);
}

/* Version 1 has no word for it: there, a client with nothing to finish is disconnected. */
static void
server_connection_send_goodbye (ImpServerConnection *self)
{
  ImpMessage goodbye = { .op = IMP_OP_GOODBYE };

  if (imp_link_get_version (self->link) >= 2)
    server_connection_send (self, &goodbye);
  else if (imp_server_analyzers_get_n (&self->analyzers) == 0)
    server_connection_finish (self);
}

static void
server_connection_greet (ImpServerConnection *self, guint version)
{
  const char *const features[] = { IMP_FEATURE_END, IMP_FEATURE_STATUS,
                                   self->sharing.max_size > 0 ? IMP_FEATURE_SHM : NULL, NULL };
  ImpMessage message = IMP_MESSAGE_INIT;

  self->greeted = TRUE;
  imp_link_agree (self->link, version);
  imp_protocol_fill_version (&message, &self->options.limits, self->sharing.max_size, features);
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
  imp_server_analyzers_remove (&self->analyzers, id);
  if (imp_server_analyzers_get_n (&self->analyzers) > 0 || self->funcs == NULL)
    return;
  self->idle_since = g_get_monotonic_time ();
  if (self->draining && imp_link_get_version (self->link) < 2)
    server_connection_finish (self);
}

/* One analyzer has failed here, if there is one; the others go on. 0: concerns all. The exception
 * is sent first: with the last analyzer a connection may be finished. */
static void
server_connection_fail_analyzer (ImpServerConnection *self, gint64 id, const char *text,
                                 gboolean overload)
{
  imp_server_connection_ref (self);
  server_connection_send_exception (self, id, text, overload);
  if (id != 0)
    server_connection_remove_analyzer (self, id);
  imp_server_connection_unref (self);
}

static gboolean
server_connection_host_may_send (ImpAnalyzerHost *host)
{
  return imp_link_may_queue (server_connection_of_host (host)->link);
}

static gboolean
server_connection_host_send (ImpAnalyzerHost *host, gint64 id, const ImpVerdict *verdict,
                             GError **error)
{
  ImpServerConnection *self = server_connection_of_host (host);
  GError *failure = NULL;

  if (!imp_link_may_queue (self->link))
    return FALSE;
  if (self->funcs == NULL)
    return TRUE;
  imp_link_send_verdict (self->link, id, verdict, &failure);
  return server_connection_note_sent (self, failure, error);
}

static guint
server_connection_host_send_run (ImpAnalyzerHost *host, gint64 id, const ImpVerdict *verdicts,
                                 guint n, GError **error)
{
  ImpServerConnection *self = server_connection_of_host (host);
  GError *failure = NULL;
  guint sent;

  if (self->funcs == NULL || !imp_link_may_queue (self->link))
    return 0;
  sent = imp_link_send_run (self->link, id, verdicts, n, &failure);
  server_connection_note_sent (self, failure, error);
  return sent;
}

static void
server_connection_host_fail (ImpAnalyzerHost *host, gint64 id, const char *text)
{
  server_connection_fail_analyzer (server_connection_of_host (host), id, text, TRUE);
}

/* As an exception it is for the provider's fail mode to say what becomes of the connection. Perl's
 * client, which speaks version 1, tells nobody of exceptions. */
static gboolean
server_connection_host_lose (ImpAnalyzerHost *host, gint64 id, const char *text, gboolean overload)
{
  ImpServerConnection *self = server_connection_of_host (host);

  if (imp_link_get_version (self->link) < 2)
    return FALSE;
  server_connection_fail_analyzer (self, id, text, overload);
  return TRUE;
}

static void
server_connection_host_pay (ImpAnalyzerHost *host)
{
  ImpServerConnection *self = server_connection_of_host (host);
  const ImpServerTotals *totals = host->account.totals;
  g_autoptr (GError) error = NULL;

  imp_server_analyzers_count_refusal (&self->analyzers, IMP_SERVER_REFUSAL_MAX_MEMORY);
  g_set_error (&error, IMP_ERROR, IMP_ERROR_LIMIT,
               "An unfinished message takes %" G_GSIZE_FORMAT
               " bytes, what is not read yet %" G_GSIZE_FORMAT
               ", and all of the server %" G_GSIZE_FORMAT " (max-memory is %" G_GSIZE_FORMAT ")",
               self->input, self->output, totals->memory, totals->max_memory);
  imp_server_connection_ref (self);
  /* Who does not read cannot be told. */
  if (self->input > self->output)
    server_connection_refuse (self, error->message);
  else
    imp_server_connection_close (self, error);
  imp_server_connection_unref (self);
}

static void
server_connection_host_hold (ImpAnalyzerHost *host)
{
  imp_server_connection_ref (server_connection_of_host (host));
}

static void
server_connection_host_release (ImpAnalyzerHost *host)
{
  imp_server_connection_unref (server_connection_of_host (host));
}

static const ImpAnalyzerHostFuncs host_funcs = {
  .may_send = server_connection_host_may_send,
  .send = server_connection_host_send,
  .send_run = server_connection_host_send_run,
  .fail = server_connection_host_fail,
  .lose = server_connection_host_lose,
  .pay = server_connection_host_pay,
  .hold = server_connection_host_hold,
  .release = server_connection_host_release,
};

static gboolean
server_connection_check_new (ImpServerConnection *self, gint64 id, gsize context_size)
{
  gboolean overload;
  g_autofree char *text = imp_server_analyzers_check_new (&self->analyzers, id, context_size,
                                                          &overload);

  if (text != NULL)
    server_connection_send_exception (self, id, text, overload);
  return text == NULL && self->funcs != NULL;
}

/* What a factory that is not interested has to say. A client that does not read is not read, so
 * that what waits of this is bounded. */
static void
server_connection_ignore (ImpServerConnection *self, gint64 id)
{
  g_autoptr (GError) error = NULL;

  imp_server_analyzers_add_ignored (&self->analyzers, id);
  for (guint direction = 0; direction < 2 && self->funcs != NULL; direction++)
    {
      const ImpVerdict pass = imp_verdict_of_offset (IMP_RESULT_PASS, direction, IMP_MAX_OFFSET);
      GError *failure = NULL;

      imp_link_send_verdict (self->link, id, &pass, &failure);
      if (!server_connection_note_sent (self, failure, &error))
        imp_server_connection_close (self, error);
    }
}

static void
server_connection_add_analyzer (ImpServerConnection *self, gint64 id, ImpContext *said)
{
  gsize context_size = imp_context_get_size (said);
  g_autoptr (ImpContext) context = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  gboolean ignored;

  if (!server_connection_check_new (self, id, context_size))
    return;
  self->committed = TRUE;
  context = self->checks_peer ? imp_context_with_peer (said, self->peer) : imp_context_ref (said);
  analyzer = imp_factory_create_wanted (self->bound, context, &ignored, &error);
  if (error != NULL)
    server_connection_send_exception (self, id, error->message, FALSE);
  /* Checked again, since the plugin may have let things go on meanwhile. */
  else if (self->funcs == NULL || !server_connection_check_new (self, id, context_size))
    {
      if (analyzer != NULL)
        imp_analyzer_close (analyzer);
    }
  else if (ignored)
    server_connection_ignore (self, id);
  else
    imp_server_analyzers_add (&self->analyzers, id, g_steal_pointer (&analyzer), context_size);
}

static void
server_connection_refuse_data (ImpServerConnection *self, gint64 id)
{
  g_autofree char *text = g_strdup_printf ("there is no analyzer %" G_GINT64_FORMAT, id);

  server_connection_send_exception (self, id, text, FALSE);
}

static void
server_connection_on_busy (ImpServerConnection *self, ImpMessage *message)
{
  ImpHostedAnalyzer *analyzer = imp_server_analyzers_look_up (&self->analyzers, message->id);

  if (analyzer != NULL && !imp_server_analyzers_is_ignored (&self->analyzers, analyzer))
    imp_hosted_analyzer_set_busy (analyzer, message->direction, message->busy);
}

/* --- other messages --- */

static void
server_connection_on_set_version (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  gsize max_message = 0;
  guint version;

  self->n_aside++;
  /* A server that was told a format for Perl peers has greeted before. */
  if (self->greeted && !imp_link_greets_first (self->link))
    {
      server_connection_refuse (self, "set_version is for the first message of a connection alone");
      return;
    }
  version = imp_protocol_negotiate (message, imp_link_get_max_version (self->link), &error);
  self->analyzers.host.takes_want = version >= 2
                                    && imp_protocol_has_feature (message, IMP_FEATURE_WANT);
  if (version > 0)
    max_message = imp_protocol_get_max_message (message, G_MAXSIZE, "the client", &error);
  if (max_message == 0)
    {
      server_connection_refuse (self, error->message);
      return;
    }
  imp_link_set_max_sent (self->link, max_message);
  imp_server_sharing_consider (&self->sharing, self->link, message, &self->options.sharing);
  if (!self->greeted)
    server_connection_greet (self, version);
}

static void
server_connection_on_answer (GPtrArray *answers, const GError *error, gpointer user_data)
{
  ImpServerConnection *self = user_data;
  g_autoptr (GError) failure = NULL;

  self->n_queries--;
  server_connection_update_reading (self);
  if (!imp_server_question_send (answers, (ImpServerQuestionSend) server_connection_try_send, self,
                                 &failure))
    error = failure;
  if (error != NULL)
    server_connection_send_exception (self, 0, error->message, FALSE);
  imp_server_connection_unref (self);
}

static void
server_connection_on_question (ImpServerConnection *self, ImpMessage *message)
{
  self->n_aside++;
  self->n_queries++;
  self->committed = TRUE;
  server_connection_update_reading (self);
  imp_server_question_ask (self->factory, self->context, message, server_connection_on_answer,
                           imp_server_connection_ref (self));
}

static void
server_connection_on_set_interface (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  ImpFactory *bound;

  self->n_aside++;
  if (message->interfaces == NULL)
    {
      server_connection_send_exception (self, 0, "set_interface without an interface", FALSE);
      return;
    }
  bound = imp_factory_set_interface (self->factory, message->interfaces->data, &error);
  if (bound == NULL)
    {
      server_connection_send_exception (self, 0, error->message, FALSE);
      return;
    }
  self->committed = TRUE;
  g_object_unref (self->bound);
  self->bound = bound;
}

static void
server_connection_on_ping (ImpServerConnection *self, ImpMessage *message)
{
  ImpMessage pong = { .op = IMP_OP_PONG, .token = message->token };

  self->n_aside++;
  server_connection_send (self, &pong);
}

static void
server_connection_on_share (ImpServerConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;

  self->n_aside++;
  if (!imp_server_sharing_begin (&self->sharing, message, self->context, &error))
    server_connection_refuse (self, error->message);
}

static void
server_connection_on_shared_data (ImpServerConnection *self, ImpMessage *message)
{
  ImpHostedAnalyzer *analyzer = imp_server_analyzers_look_up (&self->analyzers, message->id);
  gboolean ignored = imp_server_analyzers_is_ignored (&self->analyzers, analyzer);
  g_autoptr (GError) error = NULL;
  ImpView view;

  if (!imp_server_sharing_take (&self->sharing, message, ignored ? NULL : analyzer, &view, &error))
    server_connection_refuse (self, error->message);
  else if (analyzer == NULL)
    server_connection_refuse_data (self, message->id);
  else if (!ignored)
    imp_hosted_analyzer_feed (analyzer, message->direction, &view, message->offset,
                              message->data_type);
}

static void
server_connection_on_nothing (ImpServerConnection *self, ImpMessage *message)
{
  /* PONG: that something has come is all that matters. GOODBYE: there will be no new analyzers. */
  self->n_aside++;
}

/* --- the link --- */

static const struct
{
  ImpOp op;
  guint version; /* the first that has it */
  void (*handle) (ImpServerConnection *self, ImpMessage *message);
} handlers[] = {
  { IMP_OP_SET_VERSION, 1, server_connection_on_set_version },
  { IMP_OP_GET_INTERFACE, 1, server_connection_on_question },
  { IMP_OP_SET_INTERFACE, 1, server_connection_on_set_interface },
  { IMP_OP_BUSY, 2, server_connection_on_busy },
  { IMP_OP_PING, 2, server_connection_on_ping },
  { IMP_OP_PONG, 2, server_connection_on_nothing },
  { IMP_OP_GOODBYE, 2, server_connection_on_nothing },
  { IMP_OP_GET_STATUS, 2, server_connection_on_question },
  { IMP_OP_SHARE, 2, server_connection_on_share },
  { IMP_OP_SHARED_DATA, 2, server_connection_on_shared_data },
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
server_connection_on_data (ImpLink *link, gint64 id, ImpDirection direction, const ImpView *data,
                           gint64 offset, gint32 data_type, gpointer user_data)
{
  ImpServerConnection *self = user_data;
  ImpHostedAnalyzer *analyzer;

  imp_source_clear (&self->handshake);
  imp_server_connection_ref (self);
  if (G_UNLIKELY (!self->greeted))
    server_connection_greet (self, 1);
  analyzer = imp_server_analyzers_look_up (&self->analyzers, id);
  if (G_UNLIKELY (analyzer == NULL || self->funcs == NULL))
    server_connection_refuse_data (self, id);
  /* It has passed already what a client goes on to send. */
  else if (G_LIKELY (!imp_server_analyzers_is_ignored (&self->analyzers, analyzer)))
    imp_hosted_analyzer_feed (analyzer, direction, data, offset, data_type);
  imp_server_connection_unref (self);
}

static void
server_connection_on_analyzer (ImpLink *link, ImpOp op, gint64 id, ImpContext *context,
                               gpointer user_data)
{
  ImpServerConnection *self = user_data;

  imp_source_clear (&self->handshake);
  imp_server_connection_ref (self);
  if (G_UNLIKELY (!self->greeted))
    server_connection_greet (self, 1);
  /* One that failed here may be deleted by a client that does not know it yet. */
  if (self->funcs != NULL && op == IMP_OP_DELETE_ANALYZER)
    server_connection_remove_analyzer (self, id);
  else if (self->funcs != NULL)
    server_connection_add_analyzer (self, id, context);
  imp_server_connection_unref (self);
}

static void
server_connection_on_decoded (ImpLink *link, gpointer user_data)
{
  ImpServerConnection *self = user_data;

  if (imp_server_sharing_update (&self->sharing) && !imp_link_may_queue (link))
    server_connection_note_output (self);
}

static void
server_connection_on_message (ImpLink *link, ImpMessage *message, gpointer user_data)
{
  ImpServerConnection *self = user_data;
  guint version = imp_link_get_version (link);
  gsize i = 0;

  imp_source_clear (&self->handshake);
  imp_server_connection_ref (self);
  /* A client that does not say its version speaks version 1, and hears ours first. */
  if (!self->greeted && message->op != IMP_OP_SET_VERSION)
    server_connection_greet (self, 1);
  while (i < G_N_ELEMENTS (handlers)
         && (handlers[i].op != message->op || version < handlers[i].version))
    i++;
  if (i == G_N_ELEMENTS (handlers))
    server_connection_refuse_op (self, message->op);
  else if (self->funcs != NULL)
    handlers[i].handle (self, message);
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
  if (g_error_matches (error, IMP_ERROR, IMP_ERROR_SETTINGS)
      && imp_link_get_counters (link)->messages_in == 0)
    imp_server_account_note_tls (&self->analyzers.host.account, error);
  else
    imp_server_analyzers_count_refusal (&self->analyzers,
                                        g_error_matches (error, IMP_ERROR, IMP_ERROR_TIMEOUT)
                                          ? IMP_SERVER_REFUSAL_MESSAGE_TIMEOUT
                                          : IMP_SERVER_REFUSAL_MALFORMED);
  if (!self->greeted && imp_link_get_codec_name (link) != NULL)
    server_connection_greet (self, 1);
  if (unrecoverable || (id == 0 && ++self->n_malformed > MALFORMED_MAX))
    server_connection_refuse (self, error->message);
  else
    server_connection_fail_analyzer (self, id, error->message,
                                     g_error_matches (error, IMP_ERROR, IMP_ERROR_LIMIT));
  imp_server_connection_unref (self);
}

static void
server_connection_on_drained (ImpLink *link, gpointer user_data)
{
  ImpServerConnection *self = user_data;

  server_connection_note_output (self);
  imp_server_analyzers_resume (&self->analyzers);
}

static void
server_connection_on_input_changed (ImpLink *link, gsize bytes, gpointer user_data)
{
  ImpServerConnection *self = user_data;

  server_connection_set_memory (self, bytes, self->output);
  imp_server_analyzers_check (&self->analyzers);
}

static void
server_connection_on_closed (ImpLink *link, const GError *error, gpointer user_data)
{
  imp_server_connection_close (user_data, error);
}

static const ImpLinkFuncs link_funcs = {
  .message = server_connection_on_message,
  .data = server_connection_on_data,
  .analyzer = server_connection_on_analyzer,
  .decoded = server_connection_on_decoded,
  .malformed = server_connection_on_malformed,
  .closed = server_connection_on_closed,
  .drained = server_connection_on_drained,
  .input_changed = server_connection_on_input_changed,
};

static gboolean
server_connection_on_handshake_timeout (gpointer user_data)
{
  ImpServerConnection *self = user_data;
  g_autoptr (GError) error = NULL;

  g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "The client said nothing within %u ms (handshake-timeout)",
               self->options.handshake_timeout);
  imp_server_analyzers_count_refusal (&self->analyzers, IMP_SERVER_REFUSAL_HANDSHAKE_TIMEOUT);
  imp_server_connection_close (self, error);
  return G_SOURCE_REMOVE;
}

/* --- for the server --- */

ImpServerConnection *
imp_server_connection_new (GIOStream *stream, ImpFactory *factory, ImpCodec *codec,
                           const ImpServerConnectionOptions *options, ImpServerTotals *totals,
                           const char *peer, GError **error)
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
  imp_server_analyzers_init (&self->analyzers, &options->analyzers, &host_funcs, totals, peer);
  self->serial = ++totals->n_connections;
  self->since = g_get_monotonic_time ();
  imp_link_set_busy_poll (self->link, options->busy_poll);
  imp_link_set_keepalive (self->link, options->keepalive);
  imp_link_set_message_timeout (self->link, options->message_timeout);
  imp_link_set_high_water (self->link, MIN (options->high_water, options->analyzers.max_output));
  return self;
}

void
imp_server_connection_set_peer_context (ImpServerConnection *self, ImpContext *context)
{
  self->checks_peer = TRUE;
  self->peer = imp_context_ref (context);
}

void
imp_server_connection_start (ImpServerConnection *self, GMainContext *context,
                             const ImpServerConnectionFuncs *funcs, gpointer user_data)
{
  g_assert (self->context == NULL);
  self->context = g_main_context_ref (context);
  self->idle_since = g_get_monotonic_time ();
  self->silent_since = self->idle_since;
  self->funcs = funcs;
  self->user_data = user_data;
  self->handshake = imp_source_add_timeout (context, self->options.handshake_timeout,
                                            "imp handshake", server_connection_on_handshake_timeout,
                                            self);
  imp_server_analyzers_start (&self->analyzers, context);
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

/* Who does not read cannot be told. */
void
imp_server_connection_make_room (ImpServerConnection *self, const GError *error)
{
  gboolean tells = imp_server_analyzers_get_n (&self->analyzers) > 0
                   && imp_link_may_queue (self->link);

  imp_server_connection_ref (self);
  if (tells)
    imp_server_analyzers_fail_all (&self->analyzers, error->message);
  if (self->greeted)
    server_connection_send_goodbye (self);
  imp_link_flush (self->link);
  if (tells && imp_link_get_queued (self->link) > 0)
    server_connection_finish (self);
  else
    imp_server_connection_close (self, error);
  imp_server_connection_unref (self);
}
