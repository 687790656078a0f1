/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-connection.h"

#include "core/imp-clean-text-private.h"
#include "io/imp-socket-private.h"
#include "provider/imp-filter-label-private.h"
#include "rpc/imp-address-masks-private.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-connector-private.h"
#include "tool/relay/relay-context.h"
#include "tool/relay/relay-destination.h"
#include "tool/relay/relay-greeting.h"
#include "tool/relay/relay-log.h"
#include "tool/relay/relay-original.h"
#include "tool/relay/relay-question.h"
#include "tool/relay/relay-refusal.h"
#include "tool/relay/relay-trace.h"

#include <string.h>

/* Milliseconds. */
#define REFUSAL_DELAY 50

/* What happens, in this order, where the route says so: a proxy's header is read, then where the
 * client wants to go; then the name in the beginning of TLS, unless that comes only once there is a
 * server; the analyzer is asked; the server is connected; and the relay runs. */
struct _RelayConnection
{
  guint64 id;
  RelayStage stage;
  RelayConnectionSetup setup;
  GSocketConnection *client;
  char *name; /* the client's address */
  char *target_text;
  GSocketAddress *source;      /* the client's address, as far as it is known */
  GSocketAddress *destination; /* what the client has connected to, or wanted to */
  RelayGreeting *greeting;     /* NULL: nothing is to be read before */
  ImpProxyHeader header;
  ImpRequest request;
  gboolean requested; /* the client waits for an answer to that */
  char *sni;
  GSocketConnectable *target;
  RelayQuestion *question;
  ImpConnector *connector;
  GIOStream *server;         /* until the relay has it */
  GSocketAddress *own_entry; /* among the program's own connections */
  ImpRelay *relay;
  gboolean skipped; /* by a rule: nobody looks at its bytes */
  ImpRecordingWriter *writer;
  guint refusal; /* the source of it, or 0 */
  GError *error; /* what has ended it; the first that did */
  GCancellable *cancellable;
  TraceSpan *span; /* of the analyzer, or NULL */
};

static RelayLogSubject
relay_connection_get_subject (RelayConnection *self)
{
  return (RelayLogSubject){
    .connection = self->id,
    .client = self->name,
    .server = self->target_text,
    .modules = self->setup.modules,
  };
}

static void
relay_connection_enter (RelayConnection *self, RelayStageKind stage)
{
  const RelayLogSubject subject = relay_connection_get_subject (self);

  relay_stage_set (&self->stage, stage);
  relay_log_stage (&subject, stage);
}

static void
relay_connection_log (RelayConnection *self, ImpLogKind kind, const char *text)
{
  const RelayLogSubject subject = relay_connection_get_subject (self);

  relay_log (&subject, kind, text);
}

static void
relay_connection_log_end (RelayConnection *self, const GError *error)
{
  relay_connection_log (self, relay_refusal_get_kind (error), error->message);
}

/* Why it ends, for whoever counts. */
static void
relay_connection_note (RelayConnection *self, const GError *error)
{
  if (self->error == NULL && error != NULL)
    self->error = g_error_copy (error);
}

static void
relay_connection_on_result (ImpRelay *relay, ImpResult *result, gpointer user_data)
{
  const RelayLogSubject subject = relay_connection_get_subject (user_data);

  relay_log_result (&subject, result);
}

/* ---- the end ---- */

/* The last thing that happens: @self is freed in here. */
static void
relay_connection_end (RelayConnection *self)
{
  const RelayLogSubject subject = relay_connection_get_subject (self);

  relay_log_end (&subject, self->error);
  g_io_stream_close (G_IO_STREAM (self->client), NULL, NULL);
  self->setup.over (self, self->setup.user_data);
}

static gboolean
relay_connection_on_refusal (gpointer user_data)
{
  RelayConnection *self = user_data;

  self->refusal = 0;
  relay_refusal_reset (self->client);
  relay_connection_end (self);
  return G_SOURCE_REMOVE;
}

/* For a client that was never connected with anybody. A reset that came at once could overtake the
 * client's own connect(), for which nobody would listen here then. */
static void
relay_connection_refuse (RelayConnection *self)
{
  relay_connection_enter (self, RELAY_STAGE_ENDING);
  self->refusal = g_timeout_add (REFUSAL_DELAY, relay_connection_on_refusal, self);
}

static void
relay_connection_on_answer_read (const GError *error, gpointer user_data)
{
  relay_connection_end (user_data);
}

/* A client that has asked for the server hears that it does not get it; any other is reset. */
static void
relay_connection_turn_away (RelayConnection *self, ImpRequestOutcome outcome, const char *why)
{
  g_autofree char *reason = imp_clean_text (why, strlen (why), 0);
  g_autoptr (GBytes) answer = NULL;

  if (self->requested)
    answer = self->setup.route->protocol->answer (&self->request, outcome, reason, NULL);
  if (answer != NULL && relay_greeting_write (self->greeting, answer, NULL))
    relay_greeting_finish (self->greeting, relay_connection_on_answer_read, self);
  else
    relay_connection_refuse (self);
}

static void
relay_connection_fail (RelayConnection *self, const GError *error)
{
  ImpRequestOutcome outcome = relay_refusal_judge (error);

  relay_connection_note (self, error);
  relay_recorder_finish (g_steal_pointer (&self->writer), error);
  relay_connection_log_end (self, error);
  relay_connection_turn_away (self, outcome, error->message);
}

/* ---- the relay ---- */

static void
relay_connection_on_relayed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RelayConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean good = imp_relay_run_finish (IMP_RELAY (source), result, &error);

  /* @self has been freed already. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  relay_connection_note (self, error);
  relay_recorder_finish (g_steal_pointer (&self->writer), error);
  if (!good)
    relay_connection_log_end (self, error);
  relay_connection_end (self);
}

static void
relay_connection_know (RelayConnection *self, RelayKnowledge *known)
{
  relay_knowledge_init (known, self->source, self->server, self->target);
  known->sni = self->sni != NULL ? self->sni : self->header.name;
}

static GHashTable *
relay_connection_make_context (RelayConnection *self)
{
  g_auto (RelayKnowledge) known;
  GHashTable *context;

  relay_connection_know (self, &known);
  context = relay_context_new (&known);
  self->span = relay_trace_begin (context);
  return context;
}

/* FALSE with %IMP_ERROR_DENIED if a rule says so, as far as that is known by now. */
static gboolean
relay_connection_check_cases (RelayConnection *self, const RelayCase **found, GError **error)
{
  g_auto (RelayKnowledge) known;

  relay_connection_know (self, &known);
  return relay_cases_check (self->setup.cases, self->setup.route, &known, self->server != NULL,
                            found, error);
}

/* One that is skipped is neither compared nor recorded, which would need its bytes. */
static void
relay_connection_apply_case (RelayConnection *self, const RelayCase *found)
{
  g_set_object (&self->setup.factory, relay_case_get_factory (found));
  self->setup.modules = relay_case_get_modules (found);
  self->setup.shadow = NULL;
  self->skipped = relay_case_get_action (found) == RELAY_ACTION_SKIP;
}

/* It may be one that the shadow modules decide; those are not compared. */
static ImpAnalyzer *
relay_connection_make_analyzer (RelayConnection *self, GHashTable *context, GError **error)
{
  ImpFactory *canary = relay_shadow_take_canary (self->setup.shadow);

  if (canary != NULL)
    {
      relay_connection_log (self, IMP_LOG_CANARY, "the shadow modules decide");
      g_set_object (&self->setup.factory, canary);
      self->setup.modules = relay_shadow_get_modules (self->setup.shadow);
      self->setup.shadow = NULL;
    }
  return imp_factory_create_analyzer (self->setup.factory, context, error);
}

/* FALSE if there is no analyzer; then that is over. */
static gboolean
relay_connection_make_relay (RelayConnection *self)
{
  const RelayOptions *options = self->setup.options;
  g_autoptr (GHashTable) context = relay_connection_make_context (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  const RelayCase *found;

  if (!relay_connection_check_cases (self, &found, &error))
    {
      relay_connection_fail (self, error);
      return FALSE;
    }
  if (found != NULL)
    relay_connection_apply_case (self, found);
  analyzer = relay_connection_make_analyzer (self, context, &error);
  if (analyzer == NULL)
    {
      relay_connection_note (self, error);
      relay_connection_log (self, IMP_LOG_NO_ANALYZER, error->message);
      relay_connection_turn_away (self, IMP_REQUEST_FAILED, "no analyzer");
      return FALSE;
    }
  self->relay = relay_options_make_relay (options, self->client, analyzer,
                                          G_CALLBACK (relay_connection_on_result), self);
  imp_filter_label_attach (imp_relay_get_filter (self->relay), self->id, self->name,
                           self->target_text);
  relay_shadow_follow (self->setup.shadow, self->relay, context, self->name, options->verbose);
  self->writer = relay_recorder_follow (self->skipped ? NULL : options->recorder, self->relay,
                                        context, self->setup.modules);
  return TRUE;
}

static void
relay_connection_run_relay (RelayConnection *self)
{
  g_autoptr (GBytes) rest = self->greeting != NULL ? relay_greeting_steal_rest (self->greeting)
                                                   : NULL;

  g_clear_pointer (&self->greeting, relay_greeting_free);
  if (rest != NULL)
    imp_relay_unread (self->relay, rest);
  relay_connection_enter (self, RELAY_STAGE_RELAYING);
  imp_relay_run_async (self->relay, self->cancellable, relay_connection_on_relayed, self);
}

/* A machine that has vanished says nothing, and neither does an idle one: TCP asks. */
static void
relay_connection_keep_alive (RelayConnection *self, GIOStream *stream)
{
  imp_socket_set_keepalive (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)),
                            self->setup.options->keepalive * 1000);
}

static void
relay_connection_run (RelayConnection *self)
{
  g_autoptr (GIOStream) server = NULL;

  if (self->relay == NULL && !relay_connection_make_relay (self))
    {
      g_io_stream_close (self->server, NULL, NULL);
      return;
    }
  server = g_steal_pointer (&self->server);
  relay_connection_keep_alive (self, G_IO_STREAM (self->client));
  relay_connection_keep_alive (self, server);
  imp_relay_set_server (self->relay, server);
  relay_connection_run_relay (self);
}

/* ---- the server ---- */

static void
relay_connection_on_late_name (const GError *error, gpointer user_data)
{
  RelayConnection *self = user_data;

  if (error == NULL)
    {
      relay_connection_run (self);
      return;
    }
  relay_connection_note (self, error);
  relay_connection_log_end (self, error);
  g_io_stream_close (self->server, NULL, NULL);
  relay_connection_refuse (self);
}

/* The server hears first for whom the connection is. */
static gboolean
relay_connection_send_header (RelayConnection *self, GError **error)
{
  GSocketConnection *server = G_SOCKET_CONNECTION (self->server);
  g_autoptr (GSocketAddress) destination = NULL;
  g_autoptr (GBytes) header = NULL;

  if (self->setup.route->proxy_out == 0)
    return TRUE;
  if (self->destination != NULL)
    destination = g_object_ref (self->destination);
  else if (self->setup.route->kind == RELAY_ROUTE_REQUESTED)
    destination = g_socket_connection_get_remote_address (server, NULL);
  else
    destination = g_socket_connection_get_local_address (self->client, NULL);
  header = imp_proxy_header_encode (self->setup.route->proxy_out, self->source, destination);
  return relay_greeting_write_socket (g_socket_connection_get_socket (server), header, error);
}

/* And the client that there is one. */
static gboolean
relay_connection_grant (RelayConnection *self, GError **error)
{
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GBytes) answer = NULL;

  if (!self->requested)
    return TRUE;
  local = g_socket_connection_get_local_address (G_SOCKET_CONNECTION (self->server), NULL);
  answer = self->setup.route->protocol->answer (&self->request, IMP_REQUEST_GRANTED, NULL, local);
  self->requested = FALSE;
  return relay_greeting_write (self->greeting, answer, error);
}

/* Redirection may lead back here: then the other end is a client of ours. */
static gboolean
relay_connection_check_circle (RelayConnection *self, GError **error)
{
  RelayRoute *route = self->setup.route;

  if (route->kind != RELAY_ROUTE_TRANSPARENT)
    return TRUE;
  if (self->server != NULL)
    {
      self->own_entry = g_socket_connection_get_local_address (G_SOCKET_CONNECTION (self->server),
                                                               error);
      if (self->own_entry == NULL)
        return FALSE;
      relay_own_add_connection (route->own, self->own_entry);
    }
  return self->source == NULL || relay_own_check_client (route->own, self->source, error);
}

/* Before there is a server. The analyzer may have an answer for the client, which the relay
 * brings. */
static void
relay_connection_take_refusal (RelayConnection *self, const GError *error)
{
  if (!imp_filter_check (imp_relay_get_filter (self->relay), NULL) && !self->requested)
    {
      relay_connection_run_relay (self);
      return;
    }
  relay_connection_note (self, error);
  relay_recorder_finish (g_steal_pointer (&self->writer), error);
  relay_connection_log_end (self, error);
  /* Whom it drops hears nothing. */
  if (error->code == IMP_ERROR_CLOSED)
    relay_connection_refuse (self);
  else
    relay_connection_turn_away (self,
                                error->code == IMP_ERROR_DENIED ? IMP_REQUEST_DENIED
                                                                : IMP_REQUEST_FAILED,
                                error->message);
}

/* An analyzer that was asked first and agreed may have refused while the server was connected. */
static gboolean
relay_connection_still_agrees (RelayConnection *self, GError **error)
{
  return self->relay == NULL || imp_filter_check (imp_relay_get_filter (self->relay), error);
}

static void
relay_connection_on_connected (GIOStream *server, const GError *error, gpointer user_data)
{
  RelayConnection *self = user_data;
  g_autoptr (GError) local = NULL;

  self->connector = NULL;
  if (server == NULL)
    {
      relay_connection_fail (self, error);
      return;
    }
  if (!relay_connection_still_agrees (self, &local))
    {
      g_io_stream_close (server, NULL, NULL);
      relay_connection_take_refusal (self, local);
      return;
    }
  self->server = g_object_ref (server);
  if (!relay_connection_check_circle (self, &local) || !relay_connection_send_header (self, &local))
    {
      g_io_stream_close (server, NULL, NULL);
      relay_connection_fail (self, local);
      return;
    }
  /* What is made of the connection may have to be told to the client instead. */
  if (!self->setup.route->sni && self->relay == NULL && !relay_connection_make_relay (self))
    {
      g_io_stream_close (server, NULL, NULL);
      return;
    }
  if (!relay_connection_grant (self, &local))
    {
      g_io_stream_close (server, NULL, NULL);
      relay_connection_fail (self, local);
    }
  else if (self->setup.route->sni && self->setup.route->kind == RELAY_ROUTE_REQUESTED)
    {
      relay_stage_set (&self->stage, RELAY_STAGE_GREETING);
      relay_greeting_read_name (self->greeting, &self->sni, self->setup.options->sni_timeout,
                                relay_connection_on_late_name, self);
    }
  else
    relay_connection_run (self);
}

static void
relay_connection_connect (RelayConnection *self)
{
  RelayRoute *route = self->setup.route;
  g_autoptr (GSocketConnectable) target = NULL;
  ImpConnector *(*start) (GMainContext *, GSocketConnectable *, const char *, guint,
                          ImpConnectorFunc, gpointer)
    = route->resolver != NULL ? imp_connector_start_with_proxies : imp_connector_start;

  relay_connection_enter (self, RELAY_STAGE_CONNECTING);
  if (route->kind != RELAY_ROUTE_FIXED || route->resolver != NULL)
    target = relay_destination_new (self->target, route);
  else
    target = g_object_ref (self->target);
  self->connector = start (g_main_context_default (), target, self->target_text,
                           self->setup.options->connect_timeout * 1000,
                           relay_connection_on_connected, self);
}

/* ---- the analyzer, before there is a server ---- */

static void
relay_connection_on_question (const GError *error, gpointer user_data)
{
  RelayConnection *self = user_data;

  g_clear_pointer (&self->question, relay_question_free);
  if (error == NULL)
    relay_connection_connect (self);
  else
    relay_connection_take_refusal (self, error);
}

static void
relay_connection_ask (RelayConnection *self)
{
  g_autoptr (GError) error = NULL;
  const RelayCase *found;

  if (!relay_connection_check_cases (self, &found, &error))
    relay_connection_fail (self, error);
  else if (!self->setup.route->ask_first)
    relay_connection_connect (self);
  else if (relay_connection_make_relay (self))
    {
      relay_connection_enter (self, RELAY_STAGE_ASKING);
      self->question = relay_question_new (self->relay, self->setup.factory,
                                           self->setup.options->deadline * 1000,
                                           relay_connection_on_question, self);
    }
}

/* ---- what the client says first ---- */

static void
relay_connection_on_name (const GError *error, gpointer user_data)
{
  RelayConnection *self = user_data;

  if (error != NULL)
    relay_connection_fail (self, error);
  else
    relay_connection_ask (self);
}

/* Where it wants to go is known. */
static void
relay_connection_look_for_name (RelayConnection *self)
{
  if (self->setup.route->sni && !self->requested)
    relay_greeting_read_name (self->greeting, &self->sni, self->setup.options->sni_timeout,
                              relay_connection_on_name, self);
  else
    relay_connection_ask (self);
}

static void
relay_connection_set_target_text (RelayConnection *self, char *text)
{
  g_free (self->target_text);
  self->target_text = imp_clean_line (text, IMP_CLEAN_TEXT_MAX);
  g_free (text);
}

static void
relay_connection_on_request (const GError *error, gpointer user_data)
{
  RelayConnection *self = user_data;
  ImpRequest *request = &self->request;
  gboolean is_v6;

  if (g_error_matches (error, IMP_ERROR, IMP_ERROR_PROTOCOL))
    {
      /* It has been answered already. */
      relay_connection_note (self, error);
      relay_connection_log_end (self, error);
      relay_greeting_finish (self->greeting, relay_connection_on_answer_read, self);
      return;
    }
  if (error != NULL)
    {
      relay_connection_fail (self, error);
      return;
    }
  self->requested = TRUE;
  is_v6 = strchr (request->host, ':') != NULL;
  relay_connection_set_target_text (self,
                                    g_strdup_printf ("%s%s%s:%u", is_v6 ? "[" : "", request->host,
                                                     is_v6 ? "]" : "", request->port));
  self->target = relay_route_make_target (request->host, request->port);
  relay_connection_look_for_name (self);
}

static gboolean
relay_connection_find_original (RelayConnection *self, GError **error)
{
  GSocketAddress *original
    = relay_original_destination (g_socket_connection_get_socket (self->client), error);

  if (original == NULL)
    return FALSE;
  self->target = G_SOCKET_CONNECTABLE (original);
  g_set_object (&self->destination, original);
  relay_connection_set_target_text (self, imp_address_of_socket (original));
  return relay_connection_check_circle (self, error);
}

static void
relay_connection_find_target (RelayConnection *self)
{
  RelayRoute *route = self->setup.route;
  g_autoptr (GError) error = NULL;

  switch (route->kind)
    {
    case RELAY_ROUTE_REQUESTED:
      relay_greeting_read_request (self->greeting, route->protocol, &self->request,
                                   relay_connection_on_request, self);
      return;
    case RELAY_ROUTE_TRANSPARENT:
      if (relay_connection_find_original (self, &error))
        relay_connection_look_for_name (self);
      else
        relay_connection_fail (self, error);
      return;
    case RELAY_ROUTE_FIXED:
    default:
      self->target = g_object_ref (route->target);
      relay_connection_look_for_name (self);
    }
}

/* A client at a unix socket gives itself a name, if it wants one. */
static void
relay_connection_set_name (RelayConnection *self)
{
  g_autofree char *name = self->source != NULL ? imp_address_of_socket (self->source) : NULL;

  g_free (self->name);
  self->name = imp_clean_line (name != NULL ? name : "unknown", IMP_CLEAN_TEXT_MAX);
}

/* Who the proxy says it is. */
static void
relay_connection_on_header (const GError *error, gpointer user_data)
{
  RelayConnection *self = user_data;
  g_autoptr (GError) local = NULL;

  if (error == NULL && self->header.source != NULL)
    {
      g_set_object (&self->source, self->header.source);
      g_set_object (&self->destination, self->header.destination);
      relay_connection_set_name (self);
    }
  if (error == NULL && self->source != NULL)
    {
      self->setup.admit (self, self->source, self->setup.user_data, &local);
      error = local;
    }
  if (error != NULL)
    relay_connection_fail (self, error);
  else
    relay_connection_find_target (self);
}

/* Who may say so. At a unix socket, its mode and --allow-uid say that. */
static gboolean
relay_connection_check_proxy (RelayConnection *self, GError **error)
{
  if (G_IS_UNIX_CONNECTION (self->client)
      || imp_address_masks_contain (self->setup.route->proxy_from, self->source))
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_DENIED,
                       "This address may not say for whom its connections are (--proxy-from)");
  return FALSE;
}

static void
relay_connection_begin (RelayConnection *self)
{
  RelayRoute *route = self->setup.route;
  g_autoptr (GError) error = NULL;

  if (route->proxy_in || route->sni || route->kind == RELAY_ROUTE_REQUESTED)
    self->greeting = relay_greeting_new (g_socket_connection_get_socket (self->client),
                                         self->setup.options->greeting_timeout * 1000);
  if (!route->proxy_in)
    relay_connection_find_target (self);
  else if (relay_connection_check_proxy (self, &error))
    relay_greeting_read_header (self->greeting, &self->header, relay_connection_on_header, self);
  else
    relay_connection_fail (self, error);
}

RelayConnection *
relay_connection_new (GSocketConnection *client, const RelayConnectionSetup *setup)
{
  static guint64 last_id;
  RelayConnection *self = g_new0 (RelayConnection, 1);

  self->id = ++last_id;
  self->setup = *setup;
  g_object_ref (self->setup.factory);
  relay_route_ref (self->setup.route);
  self->client = g_object_ref (client);
  self->source = g_socket_connection_get_remote_address (client, NULL);
  relay_connection_set_name (self);
  self->target_text = g_strdup (setup->route->text);
  self->cancellable = g_cancellable_new ();
  relay_connection_enter (self, RELAY_STAGE_GREETING);
  relay_connection_begin (self);
  return self;
}

guint64
relay_connection_get_id (RelayConnection *self)
{
  return self->id;
}

void
relay_connection_get_facts (RelayConnection *self, RelayConnectionFacts *facts)
{
  *facts = (RelayConnectionFacts){ self->stage, self->name, self->target_text, self->client,
                                   self->setup.modules };
}

char *
relay_connection_dup_exceeded (RelayConnection *self)
{
  g_autoptr (GVariant) statistics = NULL;
  const char *exceeded;

  if (self->relay == NULL)
    return NULL;
  statistics = imp_filter_get_statistics (imp_relay_get_filter (self->relay));
  g_assert (g_variant_lookup (statistics, "exceeded", "&s", &exceeded));
  return exceeded[0] != '\0' ? g_strdup (exceeded) : NULL;
}

ImpRelay *
relay_connection_get_relay (RelayConnection *self)
{
  return self->relay;
}

const GError *
relay_connection_get_error (RelayConnection *self)
{
  return self->error;
}

void
relay_connection_free (RelayConnection *self)
{
  const RelayLogSubject subject = relay_connection_get_subject (self);

  if (self->span != NULL)
    relay_trace_end (self->span, &subject, self->relay, self->error);
  if (self->own_entry != NULL)
    relay_own_remove_connection (self->setup.route->own, self->own_entry);
  g_clear_pointer (&self->question, relay_question_free);
  g_clear_pointer (&self->connector, imp_connector_cancel);
  g_clear_pointer (&self->greeting, relay_greeting_free);
  g_clear_handle_id (&self->refusal, g_source_remove);
  if (self->relay != NULL)
    g_signal_handlers_disconnect_by_data (self->relay, self);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->relay);
  g_clear_object (&self->writer);
  g_clear_object (&self->own_entry);
  g_clear_object (&self->server);
  g_clear_object (&self->target);
  g_clear_object (&self->source);
  g_clear_object (&self->destination);
  g_clear_object (&self->client);
  g_clear_object (&self->setup.factory);
  g_clear_pointer (&self->setup.route, relay_route_unref);
  imp_proxy_header_clear (&self->header);
  imp_request_clear (&self->request);
  g_clear_error (&self->error);
  g_free (self->sni);
  g_free (self->target_text);
  g_free (self->name);
  g_free (self);
}
