/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-client-connection-object-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "rpc/client/imp-client-sharing-private.h"
#include "rpc/imp-protocol-private.h"

/* What may wait to be written beside data: one high-water mark, and a packet that went past it. */
#define CONTROL_MAX (IMP_LINK_HIGH_WATER + self->options.limits.max_message)

static void
client_connection_fail_literal (ImpClientConnection *self, ImpError code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, code, text);

  imp_client_connection_fail (self, error);
}

/* What the wire format cannot say would be lost in silence, so it is the connection's end. Takes
 * @error. */
static void
client_connection_fail_sending (ImpClientConnection *self, ImpOp op, GError *error)
{
  /* It is over, or about to be: the main loop says so. */
  if (!g_error_matches (error, IMP_ERROR, IMP_ERROR_CLOSED))
    {
      g_prefix_error (&error, "cannot send %s: ", imp_op_to_string (op));
      imp_client_connection_fail (self, error);
    }
  g_error_free (error);
}

/* Data wait their turn; it takes a server that has us answer pings and reads nothing. */
static gboolean
client_connection_check_queued (ImpClientConnection *self, GError **error)
{
  gsize queued = imp_link_get_queued (self->host.link);

  if (queued <= CONTROL_MAX + self->options.max_queued_all)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "%" G_GSIZE_FORMAT " bytes wait for the server to read them (max-queued-all is "
               "%" G_GSIZE_FORMAT ")",
               queued, self->options.max_queued_all);
  return FALSE;
}

static void
client_connection_send (ImpClientConnection *self, const ImpMessage *message)
{
  GError *error = NULL;

  g_assert (self->host.link != NULL);

  if (!imp_link_send (self->host.link, message, &error)
      || (!imp_link_may_queue (self->host.link) && !client_connection_check_queued (self, &error)))
    client_connection_fail_sending (self, message->op, error);
}

static void
client_connection_send_data (ImpRemoteAnalyzerHost *host, gint64 id, ImpDirection direction,
                             const ImpView *data, gint64 offset, gint32 data_type)
{
  ImpClientConnection *self = (ImpClientConnection *) host;
  GError *error = NULL;
  gboolean sent = G_LIKELY (host->arena == NULL)
                    ? imp_link_send_data (host->link, id, direction, data, offset, data_type,
                                          &error)
                    : imp_client_sharing_send (host->arena, host->link, id, direction, data, offset,
                                               data_type, &error);

  if (!sent || (!imp_link_may_queue (host->link) && !client_connection_check_queued (self, &error)))
    client_connection_fail_sending (self, IMP_OP_DATA, error);
}

/* --- questions for statuses --- */

/* Who asks may want to know what becomes of an analyzer, so that a question does not overtake those
 * that wait to be announced. */
typedef struct
{
  gint64 token;
  gint64 after; /* the last analyzer that was there before */
  guint timeout_ms;
} UnsentQuestion;

static void
client_connection_send_question (ImpClientConnection *self, const UnsentQuestion *question)
{
  const ImpMessage message
    = { .op = IMP_OP_GET_STATUS, .token = question->token, .offset = question->timeout_ms };
  g_autoptr (GError) error = NULL;

  if (!self->tells_status)
    {
      error = g_error_new_literal (IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                                   "the server does not tell of its modules");
      imp_client_questions_refuse_status (&self->questions, question->token, error);
      return;
    }
  client_connection_send (self, &message);
}

static void
client_connection_send_questions (ImpClientConnection *self)
{
  UnsentQuestion *next;

  imp_client_connection_ref (self);
  while (self->ready && (next = g_queue_peek_head (&self->unsent_questions)) != NULL
         && next->after < imp_remote_analyzer_host_find_unannounced (&self->host))
    {
      g_autofree UnsentQuestion *question = g_queue_pop_head (&self->unsent_questions);

      client_connection_send_question (self, question);
    }
  imp_client_connection_unref (self);
}

void
imp_client_connection_query_statuses (ImpClientConnection *self, guint timeout_ms, GTask *task)
{
  UnsentQuestion *question;

  if (self->host.is_lost)
    {
      g_task_return_new_error (task, IMP_ERROR, IMP_ERROR_CLOSED, "the connection is over");
      g_object_unref (task);
      return;
    }
  question = g_new (UnsentQuestion, 1);
  question->token = imp_client_questions_add_statuses (&self->questions, timeout_ms, task);
  question->after = self->last_id;
  question->timeout_ms = timeout_ms;
  g_queue_push_tail (&self->unsent_questions, question);
  client_connection_send_questions (self);
}

/* --- as the host of its analyzers --- */

static void
client_connection_hold (ImpRemoteAnalyzerHost *host)
{
  imp_client_connection_ref ((ImpClientConnection *) host);
}

static void
client_connection_release (ImpRemoteAnalyzerHost *host)
{
  imp_client_connection_unref ((ImpClientConnection *) host);
}

static void
client_connection_send_for_analyzer (ImpRemoteAnalyzerHost *host, const ImpMessage *message)
{
  client_connection_send ((ImpClientConnection *) host, message);
}

static gboolean
client_connection_on_probe (gpointer user_data)
{
  ImpClientConnection *self = user_data;
  g_autofree char *text = NULL;

  imp_source_clear (&self->probe);
  if (imp_link_get_counters (self->host.link)->bytes_in != self->bytes_in_probed)
    return G_SOURCE_REMOVE;
  text = g_strdup_printf ("no response within %u ms after somebody had given up waiting for a "
                          "verdict (hang-timeout)",
                          self->options.hang_timeout);
  client_connection_fail_literal (self, IMP_ERROR_TIMEOUT, text);
  return G_SOURCE_REMOVE;
}

/* An analyzer may take its time, but a server that hangs is of no use to anybody. Which of both it
 * is shows once somebody has given up: then the server is asked for a response, of any kind. */
static void
client_connection_probe (ImpClientConnection *self)
{
  ImpMessage ping = { .op = IMP_OP_PING, .token = ++self->token };

  self->bytes_in_probed = imp_link_get_counters (self->host.link)->bytes_in;
  self->probe = imp_source_add_timeout (self->context, self->options.hang_timeout, "imp probe",
                                        client_connection_on_probe, self);
  client_connection_send (self, &ping);
}

static gboolean
client_connection_may_hang (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  if (self->options.hang_timeout == 0 || self->probe != NULL || !self->ready
      || imp_link_get_version (self->host.link) < 2 || !analyzer->send.announced)
    return FALSE;
  return imp_marks_is_waiting (imp_analyzer_peek_marks (IMP_ANALYZER (analyzer), 0))
         || imp_marks_is_waiting (imp_analyzer_peek_marks (IMP_ANALYZER (analyzer), 1));
}

static void
client_connection_remove (ImpRemoteAnalyzerHost *host, ImpRemoteAnalyzer *analyzer)
{
  ImpClientConnection *self = (ImpClientConnection *) host;

  if (client_connection_may_hang (self, analyzer))
    client_connection_probe (self);
  imp_id_table_remove (&self->analyzers, analyzer->id);
  if (self->funcs != NULL && self->analyzers.n_values == 0)
    self->funcs->idle (self, self->user_data);
}

static void
client_connection_note_failed (ImpRemoteAnalyzerHost *host)
{
  ImpClientConnection *self = (ImpClientConnection *) host;

  if (self->funcs != NULL && self->funcs->failed != NULL)
    self->funcs->failed (self, self->user_data);
}

static void
client_connection_query_for_analyzer (ImpRemoteAnalyzerHost *host, guint timeout_ms, GTask *task)
{
  imp_client_connection_query_statuses ((ImpClientConnection *) host, timeout_ms, task);
}

static const ImpRemoteAnalyzerHostFuncs client_connection_host_funcs = {
  .hold = client_connection_hold,
  .release = client_connection_release,
  .send = client_connection_send_for_analyzer,
  .send_data = client_connection_send_data,
  .remove = client_connection_remove,
  .failed = client_connection_note_failed,
  .query_statuses = client_connection_query_for_analyzer,
  .list = imp_client_connection_list,
};

void
imp_client_connection_add (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  gint64 id = ++self->last_id;

  g_assert (!self->host.is_lost);

  imp_id_table_insert (&self->analyzers, id, analyzer);
  imp_remote_analyzer_join (analyzer, &self->host, id);
}

void
imp_client_connection_adopt (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  gint64 id = ++self->last_id;

  g_assert (!self->host.is_lost);

  imp_id_table_insert (&self->analyzers, id, analyzer);
  imp_remote_analyzer_move (analyzer, &self->host, id);
}

/* --- what the server says --- */

static void
client_connection_apply_settles_end (ImpClientConnection *self, gboolean settles_end)
{
  g_autoptr (GPtrArray) analyzers = imp_client_connection_list (&self->host);

  self->host.settles_end = settles_end;
  for (guint i = 0; i < analyzers->len; i++)
    imp_analyzer_set_settles_end (analyzers->pdata[i], settles_end);
}

static void
client_connection_on_set_version (ImpClientConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  gsize max_message;
  guint version;

  if (self->ready)
    {
      client_connection_fail_literal (self, IMP_ERROR_PROTOCOL,
                                      "the server said set_version twice");
      return;
    }
  version = imp_protocol_negotiate (message, imp_link_get_max_version (self->host.link), &error);
  if (version == 0)
    {
      imp_client_connection_fail (self, error);
      return;
    }

  imp_link_agree (self->host.link, version);
  self->ready = TRUE;
  max_message = imp_protocol_get_max_message (message, self->options.limits.max_message,
                                              "the server", &error);
  if (max_message == 0)
    {
      imp_client_connection_fail (self, error);
      return;
    }
  self->host.max_message = max_message;
  self->host.max_piece = MIN (IMP_INPUT_PIECE_SIZE,
                              imp_protocol_max_payload (self->host.max_message));
  /* Until now nobody has known: the end may bring something yet. */
  if (version < 2 || !imp_protocol_has_feature (message, IMP_FEATURE_END))
    client_connection_apply_settles_end (self, TRUE);
  self->tells_status = version >= 2 && imp_protocol_has_feature (message, IMP_FEATURE_STATUS);
  if (version >= 2 && self->offers_memory)
    self->host.arena = imp_client_sharing_begin (self->host.link, message,
                                                 self->options.max_shared_memory, self->host.name,
                                                 &error);
  if (error != NULL)
    client_connection_fail_sending (self, IMP_OP_SHARE, g_steal_pointer (&error));
  else if (self->funcs != NULL)
    self->funcs->ready (self, self->user_data);
  client_connection_send_questions (self);
}

static void
client_connection_on_interface (ImpClientConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;

  self->use |= USE_ANSWERED;
  if (!imp_client_questions_take_interfaces (&self->questions, message, &error))
    imp_client_connection_fail (self, error);
}

static void
client_connection_on_status (ImpClientConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;

  self->use |= USE_ANSWERED;
  if (!imp_client_questions_take_status (&self->questions, message, &error))
    imp_client_connection_fail (self, error);
}

/* An id that was given away once may still be on its way; one that never was is a lie. */
static void
client_connection_refuse_id (ImpClientConnection *self, gint64 id)
{
  g_autofree char *text = NULL;

  if (id > 0 && id <= self->last_id && imp_id_table_lookup (&self->analyzers, id) == NULL)
    {
      self->late_results++;
      return;
    }
  text = g_strdup_printf ("the server spoke of analyzer %" G_GINT64_FORMAT ", which never was", id);
  client_connection_fail_literal (self, IMP_ERROR_PROTOCOL, text);
}

static ImpRemoteAnalyzer *
client_connection_look_up (ImpClientConnection *self, gint64 id)
{
  ImpRemoteAnalyzer *analyzer = imp_id_table_lookup (&self->analyzers, id);

  if (analyzer != NULL && analyzer->send.announced)
    return analyzer;
  client_connection_refuse_id (self, id);
  return NULL;
}

static void
client_connection_on_exception (ImpClientConnection *self, ImpMessage *message)
{
  g_autofree char *text = imp_protocol_dup_exception (message);
  ImpRemoteAnalyzer *analyzer;

  self->exceptions++;
  if (message->id == 0)
    {
      client_connection_fail_literal (self, IMP_ERROR_FATAL, text);
      return;
    }
  analyzer = client_connection_look_up (self, message->id);
  if (analyzer == NULL)
    return;
  if (message->overload)
    {
      imp_remote_analyzer_resolve_overload (analyzer, text);
      return;
    }
  client_connection_note_failed (&self->host);
  imp_remote_analyzer_resolve (analyzer, text);
}

static void
client_connection_on_ping (ImpClientConnection *self, ImpMessage *message)
{
  ImpMessage pong = { .op = IMP_OP_PONG, .token = message->token };

  client_connection_send (self, &pong);
}

static void
client_connection_on_pong (ImpClientConnection *self, ImpMessage *message)
{
  /* That something came is what matters; see client_connection_on_keepalive(). */
  self->use |= USE_ANSWERED;
  if (self->funcs != NULL && self->funcs->answered != NULL)
    self->funcs->answered (self, self->user_data);
}

static void
client_connection_on_release (ImpClientConnection *self, ImpMessage *message)
{
  g_autoptr (GError) error = NULL;

  if (!imp_client_sharing_take_release (self->host.arena, message, &error))
    imp_client_connection_fail (self, error);
}

static void
client_connection_on_goodbye (ImpClientConnection *self, ImpMessage *message)
{
  if (self->funcs != NULL)
    self->funcs->goodbye (self, self->user_data);
}

static const struct
{
  ImpOp op;
  guint version; /* the first that has it */
  void (*handle) (ImpClientConnection *self, ImpMessage *message);
} client_connection_handlers[] = {
  { IMP_OP_SET_VERSION, 1, client_connection_on_set_version },
  { IMP_OP_INTERFACE, 1, client_connection_on_interface },
  { IMP_OP_EXCEPTION, 1, client_connection_on_exception },
  { IMP_OP_PING, 2, client_connection_on_ping },
  { IMP_OP_PONG, 2, client_connection_on_pong },
  { IMP_OP_GOODBYE, 2, client_connection_on_goodbye },
  { IMP_OP_STATUS, 2, client_connection_on_status },
  { IMP_OP_RELEASE, 2, client_connection_on_release },
};

static void
client_connection_refuse_op (ImpClientConnection *self, ImpOp op, const char *why)
{
  g_autofree char *text = g_strdup_printf ("the server sent %s, %s", imp_op_to_string (op), why);

  client_connection_fail_literal (self, IMP_ERROR_PROTOCOL, text);
}

static void
client_connection_on_message (ImpLink *link, ImpMessage *message, gpointer user_data)
{
  ImpClientConnection *self = user_data;

  /* A server that is not the right one may refuse to greet, but it cannot know what it answers. */
  if (!self->ready && message->op != IMP_OP_SET_VERSION && message->op != IMP_OP_EXCEPTION)
    {
      client_connection_refuse_op (self, message->op, "and had not said its version");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (client_connection_handlers); i++)
    if (client_connection_handlers[i].op == message->op
        && imp_link_get_version (link) >= client_connection_handlers[i].version)
      {
        imp_client_connection_ref (self);
        client_connection_handlers[i].handle (self, message);
        imp_client_connection_unref (self);
        return;
      }
  client_connection_refuse_op (self, message->op, "which is not for it to say");
}

static void
client_connection_on_verdict (ImpLink *link, gint64 id, const ImpVerdict *verdict,
                              gpointer user_data)
{
  ImpClientConnection *self = user_data;
  ImpRemoteAnalyzer *analyzer;

  if (G_UNLIKELY (!self->ready))
    {
      client_connection_refuse_op (self, IMP_OP_RESULT, "and had not said its version");
      return;
    }
  imp_client_connection_ref (self);
  analyzer = client_connection_look_up (self, id);
  self->use = USE_VERDICT;
  if (G_LIKELY (analyzer != NULL))
    imp_remote_analyzer_take_verdict (analyzer, verdict);
  imp_client_connection_unref (self);
}

static guint
client_connection_on_run (ImpLink *link, gint64 id, const ImpVerdict *verdicts, guint n,
                          gpointer user_data)
{
  ImpClientConnection *self = user_data;
  ImpRemoteAnalyzer *analyzer = imp_id_table_lookup (&self->analyzers, id);
  guint done;

  /* What is wrong is said of the first one. */
  if (!self->ready || analyzer == NULL || !analyzer->send.announced)
    return 0;
  imp_client_connection_ref (self);
  self->use = USE_VERDICT;
  done = imp_remote_analyzer_take_run (analyzer, verdicts, n);
  imp_client_connection_unref (self);
  return done;
}

static void
client_connection_on_drained (ImpLink *link, gpointer user_data)
{
  ImpClientConnection *self = user_data;

  imp_client_connection_ref (self);
  imp_send_scheduler_run (self->host.scheduler);
  if (G_UNLIKELY (self->unsent_questions.length > 0))
    client_connection_send_questions (self);
  imp_client_connection_unref (self);
}

static void
client_connection_on_closed (ImpLink *link, const GError *error, gpointer user_data)
{
  imp_client_connection_fail (user_data, error);
}

static const ImpLinkFuncs client_connection_link_funcs = {
  .message = client_connection_on_message,
  .verdict = client_connection_on_verdict,
  .run = client_connection_on_run,
  .closed = client_connection_on_closed,
  .drained = client_connection_on_drained,
};

/* --- the connection --- */

ImpClientConnection *
imp_client_connection_new (GMainContext *context, const ImpClientConnectionOptions *options,
                           ImpInterface *interface, const char *name,
                           const ImpClientConnectionFuncs *funcs, gpointer user_data)
{
  ImpClientConnection *self = g_new0 (ImpClientConnection, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->interface = interface != NULL ? imp_interface_ref (interface) : NULL;
  self->funcs = funcs;
  self->user_data = user_data;
  imp_id_table_init (&self->analyzers);
  imp_client_questions_init (&self->questions, context);
  imp_remote_analyzer_host_init (&self->host, &client_connection_host_funcs, g_strdup (name),
                                 context);
  self->host.max_message = options->limits.max_message;
  self->host.max_piece = imp_protocol_max_payload (IMP_PROTOCOL_ASSUMED_MESSAGE);
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
  g_assert (self->analyzers.n_values == 0);

  imp_client_sharing_end (&self->host.arena);
  g_clear_pointer (&self->host.link, imp_link_unref);
  g_clear_pointer (&self->interface, imp_interface_unref);
  imp_id_table_clear (&self->analyzers);
  imp_client_questions_clear (&self->questions);
  imp_remote_analyzer_host_clear (&self->host);
  g_main_context_unref (self->context);
  g_free (self);
}

static gboolean
client_connection_on_keepalive (gpointer user_data)
{
  ImpClientConnection *self = user_data;
  guint64 bytes_in = imp_link_get_counters (self->host.link)->bytes_in;

  if (bytes_in != self->bytes_in_seen)
    {
      self->bytes_in_seen = bytes_in;
      self->pinged = FALSE;
      return G_SOURCE_CONTINUE;
    }
  if (self->pinged)
    {
      g_autofree char *text = g_strdup_printf ("no response within %u ms (keepalive)",
                                               self->options.keepalive);

      client_connection_fail_literal (self, IMP_ERROR_TIMEOUT, text);
      return G_SOURCE_REMOVE;
    }
  if (imp_link_get_version (self->host.link) >= 2)
    {
      ImpMessage ping = { .op = IMP_OP_PING, .token = ++self->token };

      self->pinged = TRUE;
      client_connection_send (self, &ping);
    }
  return G_SOURCE_CONTINUE;
}

/* Version 1 has no ping: there, TCP has to find out itself. */
static void
client_connection_start_keepalive (ImpClientConnection *self)
{
  imp_source_clear (&self->keepalive);
  if (self->host.link == NULL)
    return;
  imp_link_set_keepalive (self->host.link, self->options.keepalive);
  if (self->options.keepalive == 0)
    return;
  self->keepalive = imp_source_add_timeout (self->context, self->options.keepalive, "imp keepalive",
                                            client_connection_on_keepalive, self);
}

void
imp_client_connection_set_options (ImpClientConnection *self,
                                   const ImpClientConnectionOptions *options)
{
  gboolean other_keepalive = self->options.keepalive != options->keepalive;
  const ImpSendLimits limits = {
    .high_water = options->high_water,
    .max_queued = options->max_queued,
    .max_queued_all = options->max_queued_all,
  };

  self->options = *options;
  self->host.fail = options->fail;
  self->host.overload = options->overload;
  if (self->host.budget == NULL && options->soft_budget != NULL)
    self->host.budget = g_rc_box_acquire (options->soft_budget);
  self->host.limits = options->analyzers;
  self->host.max_replay = options->max_replay;
  imp_send_scheduler_set_limits (self->host.scheduler, &limits);
  imp_deadline_set (self->host.deadline, options->deadline, options->max_extensions);
  self->host.has_deadline = options->deadline > 0 || !options->is_program;
  if (self->host.link != NULL)
    imp_link_set_busy_poll (self->host.link, options->busy_poll);
  if (other_keepalive)
    client_connection_start_keepalive (self);
}

/* What a client says first, without waiting for the server. */
static void
client_connection_greet (ImpClientConnection *self)
{
  if (imp_link_get_max_version (self->host.link) >= 2)
    {
      const char *const features[] = { IMP_FEATURE_WANT,
                                       self->offers_memory ? IMP_FEATURE_SHM : NULL, NULL };
      ImpMessage version = IMP_MESSAGE_INIT;

      imp_link_set_version (self->host.link, 2);
      imp_protocol_fill_version (&version, &self->options.limits, 0, features);
      client_connection_send (self, &version);
      imp_message_clear (&version);
      /* Until the server has said that it knows version 2, nothing of it is used. */
      imp_link_set_version (self->host.link, 1);
    }
  if (self->interface != NULL)
    {
      GList interfaces = { .data = self->interface };
      ImpMessage message = { .op = IMP_OP_SET_INTERFACE, .interfaces = &interfaces };

      client_connection_send (self, &message);
    }
}

gboolean
imp_client_connection_connect (ImpClientConnection *self, GIOStream *stream, ImpCodec *codec,
                               GError **error)
{
  ImpMessage *query;

  self->host.link = imp_link_new (stream, codec, &self->options.limits, error);
  if (self->host.link == NULL)
    return FALSE;
  imp_link_set_busy_poll (self->host.link, self->options.busy_poll);
  imp_link_set_high_water (self->host.link, self->options.link_high_water);
  imp_link_set_message_timeout (self->host.link, self->options.message_timeout);
  imp_link_start (self->host.link, self->context, &client_connection_link_funcs, self);
  client_connection_start_keepalive (self);

  self->offers_memory = imp_client_sharing_is_possible (self->options.shared_memory,
                                                        self->host.link,
                                                        self->options.max_shared_memory);

  imp_client_connection_ref (self);
  client_connection_greet (self);
  while ((query = g_queue_pop_head (&self->unsent_queries)) != NULL)
    {
      client_connection_send (self, query);
      imp_message_unref (query);
    }
  imp_send_scheduler_run (self->host.scheduler);
  imp_client_connection_unref (self);
  return TRUE;
}

void
imp_client_connection_fail (ImpClientConnection *self, const GError *error)
{
  g_autoptr (GError) reason = g_error_copy (error);
  const ImpClientConnectionFuncs *funcs;

  if (self->host.is_lost)
    return;
  imp_client_connection_ref (self);
  self->host.is_lost = TRUE;
  self->ready = FALSE;
  imp_source_clear (&self->keepalive);
  imp_source_clear (&self->probe);
  imp_send_scheduler_stop (self->host.scheduler);
  if (self->host.link != NULL)
    imp_link_close (self->host.link);
  imp_client_sharing_end (&self->host.arena);
  funcs = g_steal_pointer (&self->funcs);
  if (funcs != NULL)
    funcs->lost (self, reason, self->user_data);
  g_queue_clear_full (&self->unsent_queries, (GDestroyNotify) imp_message_unref);
  g_queue_clear_full (&self->unsent_questions, g_free);
  imp_client_questions_fail (&self->questions, reason);
  imp_client_connection_resolve_all (self, reason);
  if (funcs != NULL && !self->abandoned)
    funcs->gone (self, self->user_data);
  imp_client_connection_unref (self);
}

void
imp_client_connection_abandon (ImpClientConnection *self, const GError *error)
{
  self->funcs = NULL;
  self->abandoned = TRUE;
  imp_client_connection_fail (self, error);
}

void
imp_client_connection_query (ImpClientConnection *self, GList *wanted, GTask *task)
{
  g_autoptr (ImpMessage) message = imp_message_new_get_interface (wanted);

  imp_client_questions_add_interfaces (&self->questions, task);
  if (self->host.link == NULL)
    g_queue_push_tail (&self->unsent_queries, g_steal_pointer (&message));
  else
    client_connection_send (self, message);
}

gboolean
imp_client_connection_ping (ImpClientConnection *self)
{
  ImpMessage ping = { .op = IMP_OP_PING, .token = ++self->token };

  if (!self->ready || imp_link_get_version (self->host.link) < 2)
    return FALSE;
  client_connection_send (self, &ping);
  return TRUE;
}
