/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-group.h"

#include "core/imp-log-private.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-listener-private.h"
#include "rpc/imp-peer-private.h"
#include "tool/access-options.h"
#include "tool/metrics/metrics-modules.h"
#include "tool/relay/relay-connection.h"
#include "tool/relay/relay-datagrams.h"
#include "tool/relay/relay-log.h"
#include "tool/relay/relay-places.h"
#include "tool/relay/relay-port.h"
#include "tool/relay/relay-refusal.h"

#include <string.h>

struct _RelayGroup
{
  RelayOptions options;
  void (*stopped) (gpointer);
  gpointer user_data;

  char *name;        /* of its section in a file, or NULL */
  char *fingerprint; /* all that the file says of it, or NULL */
  GPtrArray *ports;  /* of RelayPort; NULL once stopped */
  GPtrArray *modules;
  GPtrArray *shadow_modules;
  char *canary; /* what the user wrote */
  RelayShadow *shadow;
  GPtrArray *cases;  /* of RelayCase */
  RelayRoute *route; /* of connections */
  ImpFactory *factory;
  RelayDatagrams *datagrams; /* NULL: it forwards connections */
  GHashTable *connections;   /* RelayConnection -> its peer's name, or NULL */
  RelayPlaces *places;       /* of them, and of those of the groups in whose place it is */
  GHashTable *exceeded;      /* a limit's name -> how many connections were refused for it */
  gboolean started;
  gboolean stopping;
};

RelayGroup *
relay_group_new (const RelayOptions *options, void (*stopped) (gpointer), gpointer user_data)
{
  RelayGroup *self = g_rc_box_new0 (RelayGroup);

  self->options = *options;
  self->stopped = stopped;
  self->user_data = user_data;
  self->ports = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_port_unref);
  self->modules = g_ptr_array_new_with_free_func (g_free);
  self->shadow_modules = g_ptr_array_new_with_free_func (g_free);
  self->cases = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_case_free);
  self->connections = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) relay_connection_free,
                                             g_free);
  self->places = relay_places_new ();
  self->exceeded = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->route = relay_route_new (options->own);
  return self;
}

/* Each of them was said when it happened, unless there were too many lines. */
static void
relay_group_sum_up (RelayGroup *self)
{
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (self->exceeded),
                                         (GCompareFunc) strcmp);
  g_autoptr (GString) text = g_string_new (NULL);

  for (GList *l = names; l != NULL; l = l->next)
    g_string_append_printf (text, "%s%s: %u", text->len > 0 ? ", " : "", (const char *) l->data,
                            GPOINTER_TO_UINT (g_hash_table_lookup (self->exceeded, l->data)));
  if (text->len > 0)
    imp_log_kind (IMP_LOG_CONNECTION_REFUSED, "-> %s: connections refused by a limit: %s",
                  self->route->text, text->str);
}

RelayGroup *
relay_group_ref (RelayGroup *self)
{
  return g_rc_box_acquire (self);
}

/* Those that it was about to take stay where they are. */
static void
relay_group_release_ports (RelayGroup *self)
{
  for (guint i = 0; self->ports != NULL && i < self->ports->len; i++)
    {
      RelayPort *port = self->ports->pdata[i];

      if (port->next_owner == self)
        port->next_owner = NULL;
    }
  g_clear_pointer (&self->ports, g_ptr_array_unref);
}

static void
relay_group_clear (RelayGroup *self)
{
  relay_group_sum_up (self);
  g_clear_pointer (&self->datagrams, relay_datagrams_free);
  relay_group_release_ports (self);
  g_hash_table_unref (self->connections);
  relay_places_drop_watcher (self->places, self);
  relay_places_unref (self->places);
  g_hash_table_unref (self->exceeded);
  g_clear_pointer (&self->shadow, relay_shadow_free);
  g_ptr_array_unref (self->shadow_modules);
  g_ptr_array_unref (self->cases);
  g_free (self->canary);
  g_clear_object (&self->factory);
  relay_route_unref (self->route);
  g_ptr_array_unref (self->modules);
  g_free (self->name);
  g_free (self->fingerprint);
}

void
relay_group_unref (RelayGroup *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) relay_group_clear);
}

void
relay_group_set_name (RelayGroup *self, const char *name, const char *fingerprint)
{
  self->name = g_strdup (name);
  self->fingerprint = g_strdup (fingerprint);
}

const char *
relay_group_get_name (RelayGroup *self)
{
  return self->name;
}

const char *
relay_group_get_fingerprint (RelayGroup *self)
{
  return self->fingerprint;
}

static void
relay_group_on_datagrams_stopped (gpointer user_data)
{
  RelayGroup *self = user_data;

  if (relay_group_is_idle (self))
    self->stopped (self->user_data);
}

static int
relay_group_add_datagram_listen (RelayGroup *self, const char *address)
{
  if (self->ports->len > 0)
    return tool_usage_error ("--listen \"%s\": the --listen before it is for connections, and one "
                             "--connect has either these or datagrams",
                             address);
  if (self->datagrams == NULL)
    self->datagrams = relay_datagrams_new (relay_group_on_datagrams_stopped, self);
  return relay_datagrams_add_listen (self->datagrams, address);
}

int
relay_group_add_listen (RelayGroup *self, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) parsed = NULL;

  if (relay_datagrams_is_address (address))
    return relay_group_add_datagram_listen (self, address);
  if (self->datagrams != NULL)
    return tool_usage_error ("--listen \"%s\": the --listen before it is for datagrams, and one "
                             "--connect has either these or connections",
                             address);
  parsed = imp_address_parse (address, &error);
  if (parsed == NULL || !imp_address_refuse_tls (parsed, address, &error))
    return tool_option_error ("--listen", address, error);
  access_options_note_address (parsed);
  g_ptr_array_add (self->ports, relay_port_new (address, g_steal_pointer (&parsed)));
  return TOOL_DONE;
}

void
relay_group_note_addresses (RelayGroup *self)
{
  for (guint i = 0; i < self->ports->len; i++)
    access_options_note_address (((const RelayPort *) self->ports->pdata[i])->address);
}

int
relay_group_add_module (RelayGroup *self, const char *spec)
{
  g_ptr_array_add (self->modules, g_strdup (spec));
  return TOOL_DONE;
}

int
relay_group_add_shadow (RelayGroup *self, const char *spec)
{
  g_ptr_array_add (self->shadow_modules, g_strdup (spec));
  return TOOL_DONE;
}

int
relay_group_set_canary (RelayGroup *self, const char *percent)
{
  double number;

  if (!relay_shadow_parse_percent (percent, &number))
    return tool_usage_error ("--canary \"%s\": a number from 0 to 100 is wanted, such as 2.5",
                             percent);
  g_free (self->canary);
  self->canary = g_strdup (percent);
  return TOOL_DONE;
}

static int
relay_group_make_shadow (RelayGroup *self)
{
  double percent = 0;

  if (self->canary != NULL && self->shadow_modules->len == 0)
    return tool_usage_error ("--canary \"%s\": a --shadow NAME[=SETTINGS] must stand beside it",
                             self->canary);
  if (self->shadow_modules->len == 0)
    return TOOL_DONE;
  if (self->canary != NULL)
    relay_shadow_parse_percent (self->canary, &percent);
  g_ptr_array_add (self->shadow_modules, NULL);
  self->shadow = relay_shadow_new ((const char *const *) self->shadow_modules->pdata, percent,
                                   self->options.max_shadows, self->route->text);
  return TOOL_DONE;
}

int
relay_group_start_shadow (RelayGroup *self, const gboolean *stopped)
{
  return self->shadow != NULL ? relay_shadow_start (self->shadow, stopped) : TOOL_DONE;
}

static ImpFactory *
relay_group_load_modules (RelayGroup *self, int *status)
{
  gboolean packets = self->datagrams != NULL;

  g_ptr_array_add (self->modules, NULL);
  return tool_new_factory_for ((const char *const *) self->modules->pdata,
                               packets ? IMP_DATA_TYPE_PACKET : IMP_DATA_TYPE_STREAM,
                               packets ? "a relay of datagrams" : "a relay", status);
}

void
relay_group_check_modules (RelayGroup *self)
{
  const gboolean only = tool_only_check_modules (TRUE);
  int status = TOOL_DONE;

  self->factory = relay_group_load_modules (self, &status);
  tool_only_check_modules (only);
}

static int
relay_group_make_factory (RelayGroup *self)
{
  int status = TOOL_DONE;

  self->factory = relay_group_load_modules (self, &status);
  if (self->factory != NULL && IMP_IS_CASCADE (self->factory))
    g_object_set (self->factory, "hold-timeout", self->options.hold_timeout, NULL);
  return status == TOOL_DONE ? relay_group_make_shadow (self) : status;
}

static int
relay_group_parse_target (RelayGroup *self, const char *address)
{
  if (self->datagrams != NULL && relay_datagrams_is_address (address))
    return relay_datagrams_set_target (self->datagrams, address);
  if (self->datagrams != NULL || relay_datagrams_is_address (address))
    return tool_usage_error ("--connect \"%s\": the --listen before it is for %s", address,
                             self->datagrams != NULL ? "datagrams" : "connections");
  return relay_route_set_target (self->route, address);
}

int
relay_group_set_target (RelayGroup *self, const char *address)
{
  return relay_group_parse_target (self, address);
}

RelayRoute *
relay_group_get_route (RelayGroup *self)
{
  return self->route;
}

void
relay_group_add_case (RelayGroup *self, RelayCase *rule)
{
  g_ptr_array_add (self->cases, rule);
}

static int
relay_group_check_cases (RelayGroup *self)
{
  int status = TOOL_DONE;

  if (self->datagrams != NULL && self->cases->len > 0)
    return tool_usage_error ("--rule is for connections, not for datagrams");
  for (guint i = 0; i < self->cases->len && status == TOOL_DONE; i++)
    status = relay_case_check_route (self->cases->pdata[i], self->route);
  return status;
}

static gboolean
relay_group_has_tcp (RelayGroup *self)
{
  for (guint i = 0; i < self->ports->len; i++)
    if (((const RelayPort *) self->ports->pdata[i])->address->kind == IMP_ADDRESS_TCP)
      return TRUE;
  return FALSE;
}

int
relay_group_complete (RelayGroup *self)
{
  int status;

  if (self->datagrams != NULL && !relay_route_is_plain (self->route))
    return tool_usage_error ("--ask-first, --sni, --socks, --http-connect, --transparent, "
                             "--proxy-protocol and --upstream-proxy are for connections, not for "
                             "datagrams");
  if (self->datagrams != NULL && (self->shadow_modules->len > 0 || self->canary != NULL))
    return tool_usage_error ("--shadow and --canary are for connections, not for datagrams");
  if (self->datagrams != NULL && self->options.records)
    return tool_usage_error ("--record is for connections, not for datagrams");
  status = relay_route_check (self->route, relay_group_has_tcp (self));
  if (status == TOOL_DONE)
    status = relay_group_check_cases (self);
  return status == TOOL_DONE ? relay_group_make_factory (self) : status;
}

static guint
relay_group_get_room (RelayGroup *self)
{
  const guint n = relay_places_get_n (self->places);

  return n < self->options.max_connections ? self->options.max_connections - n : 0;
}

static void
relay_group_update_accepting (gpointer user_data)
{
  RelayGroup *self = user_data;
  const gboolean has_room = relay_group_get_room (self) > 0;

  for (guint i = 0; self->ports != NULL && i < self->ports->len; i++)
    relay_port_set_accepting (self->ports->pdata[i], self, has_room);
}

/* --- what one peer has --- */

static void
relay_group_add (RelayGroup *self, RelayConnection *connection, const char *peer)
{
  g_hash_table_insert (self->connections, connection, g_strdup (peer));
  relay_places_add (self->places, peer);
}

static void
relay_group_remove (RelayGroup *self, RelayConnection *connection)
{
  g_autofree char *peer = g_strdup (g_hash_table_lookup (self->connections, connection));

  g_hash_table_remove (self->connections, connection);
  relay_places_remove (self->places, peer);
}

static void
relay_group_log_refusal (RelayGroup *self, const char *peer, const char *reason)
{
  const RelayLogSubject subject = {
    .client = peer != NULL ? peer : "?",
    .server = self->route->text,
  };

  relay_log (&subject, IMP_LOG_CONNECTION_REFUSED, reason);
}

/* FALSE if it may not connect, or has as many as it may; then that is over. */
static gboolean
relay_group_admit (RelayGroup *self, GSocketConnection *client, const char *peer)
{
  g_autofree char *reason = NULL;
  g_autoptr (GError) error = NULL;

  if (!access_options_admit (G_IO_STREAM (client), &error))
    {
      relay_group_log_refusal (self, peer, error->message);
      relay_places_get_tally (self->places)->n_refused[RELAY_REFUSAL_ACCESS]++;
      relay_refusal_reset (client);
      return FALSE;
    }
  if (relay_places_count (self->places, peer) < self->options.max_connections_per_peer)
    return TRUE;
  reason = g_strdup_printf ("there are %u connections of it already (--max-connections-per-peer)",
                            self->options.max_connections_per_peer);
  relay_group_log_refusal (self, peer, reason);
  relay_places_get_tally (self->places)->n_refused[RELAY_REFUSAL_MAX_CONNECTIONS_PER_PEER]++;
  relay_refusal_reset (client);
  return FALSE;
}

/* A connection that was not counted, as a proxy had not said yet whose it is. */
static gboolean
relay_group_admit_later (RelayConnection *connection, GSocketAddress *client, gpointer user_data,
                         GError **error)
{
  RelayGroup *self = user_data;
  g_autofree char *peer = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (client))
    return TRUE;
  peer = imp_peer_get_name_of_ip (
    g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (client)));
  if (relay_places_count (self->places, peer) >= self->options.max_connections_per_peer)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED,
                   "There are %u connections of it already (--max-connections-per-peer)",
                   self->options.max_connections_per_peer);
      return FALSE;
    }
  /* To insert it once more would free it. */
  g_hash_table_steal (self->connections, connection);
  relay_places_remove (self->places, NULL);
  relay_group_add (self, connection, peer);
  return TRUE;
}

/* --- connections --- */

static void
relay_group_on_connection_over (RelayConnection *connection, gpointer user_data)
{
  RelayGroup *self = user_data;
  g_autofree char *exceeded = relay_connection_dup_exceeded (connection);

  relay_tally_add_end (relay_places_get_tally (self->places),
                       relay_connection_get_relay (connection),
                       relay_connection_get_error (connection), exceeded);
  if (exceeded != NULL)
    {
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->exceeded, exceeded));

      g_hash_table_insert (self->exceeded, g_steal_pointer (&exceeded), GUINT_TO_POINTER (n + 1));
    }
  relay_group_remove (self, connection);
  if (relay_group_is_idle (self))
    self->stopped (self->user_data);
}

static void
relay_group_on_connection (GSocketConnection *client, gpointer user_data)
{
  RelayGroup *self = user_data;
  /* Behind a proxy all come from one address. */
  g_autofree char *peer = self->route->proxy_in ? NULL
                                                : imp_peer_name_of_stream (G_IO_STREAM (client));
  RelayConnectionSetup setup = {
    .factory = self->factory,
    .route = self->route,
    .options = &self->options,
    .cases = self->cases,
    .shadow = self->shadow,
    .modules = (const char *const *) self->modules->pdata,
    .admit = relay_group_admit_later,
    .over = relay_group_on_connection_over,
    .user_data = self,
  };

  if (!relay_group_admit (self, client, peer))
    return;
  relay_places_get_tally (self->places)->n_accepted++;
  relay_group_add (self, relay_connection_new (client, &setup), peer);
  relay_group_update_accepting (self);
}

gboolean
relay_group_open (RelayGroup *self, Opening *opening)
{
  gboolean has_added = FALSE;

  for (guint i = 0; i < self->ports->len; i++)
    {
      RelayPort *port = self->ports->pdata[i];

      if (relay_port_is_open (port))
        continue;
      opening_add (opening, port->address, port->text, port->listeners);
      has_added = TRUE;
    }
  return has_added;
}

static RelayPort *
relay_group_find_port (RelayGroup *self, const char *text)
{
  for (guint i = 0; i < self->ports->len; i++)
    {
      RelayPort *port = self->ports->pdata[i];

      if (relay_port_is_open (port) && port->next_owner == NULL && g_str_equal (port->text, text))
        return port;
    }
  return NULL;
}

void
relay_group_claim_ports (RelayGroup *self, RelayGroup *before)
{
  for (guint i = 0; i < self->ports->len; i++)
    {
      RelayPort *port = self->ports->pdata[i];
      RelayPort *open = relay_port_is_open (port) ? NULL
                                                  : relay_group_find_port (before, port->text);

      if (open == NULL)
        continue;
      open->next_owner = self;
      self->ports->pdata[i] = relay_port_ref (open);
      relay_port_unref (port);
    }
}

void
relay_group_continue (RelayGroup *self, RelayGroup *before)
{
  RelayPlaces *places = relay_places_ref (before->places);

  relay_places_unref (self->places);
  self->places = places;
}

/* Who is redirected here by TPROXY only comes to a socket that takes what is not for this machine;
 * for REDIRECT nothing is needed. */
static void
relay_group_make_transparent (ImpListener *listener)
{
  g_autoptr (GError) error = NULL;

  if (!imp_listener_set_transparent (listener, &error))
    imp_log_kind (IMP_LOG_SETTINGS,
                  "%s takes connections that REDIRECT or DNAT brings, and none of TPROXY: %s",
                  imp_listener_get_address (listener), error->message);
}

static int
relay_group_check_port (RelayGroup *self, RelayPort *port)
{
  int status = TOOL_DONE;

  for (guint i = 0; i < port->listeners->len && status == TOOL_DONE; i++)
    {
      ImpListener *listener = port->listeners->pdata[i];

      if (imp_listener_is_exposed (listener))
        status = relay_route_check_exposed (self->route, imp_listener_get_address (listener));
      if (status == TOOL_DONE && self->route->kind == RELAY_ROUTE_TRANSPARENT)
        relay_group_make_transparent (listener);
    }
  return status;
}

int
relay_group_check_listeners (RelayGroup *self)
{
  int status = TOOL_DONE;

  for (guint i = 0; i < self->ports->len && status == TOOL_DONE; i++)
    status = relay_group_check_port (self, self->ports->pdata[i]);
  return status;
}

void
relay_group_set_max_connections (RelayGroup *self, guint max_connections)
{
  self->options.max_connections = max_connections;
}

void
relay_group_start (RelayGroup *self)
{
  self->started = TRUE;
  relay_places_set_watcher (self->places, relay_group_update_accepting, self);
  for (guint i = 0; i < self->ports->len; i++)
    relay_port_start (self->ports->pdata[i], relay_group_on_connection, self, self->options.own);
  if (self->datagrams != NULL)
    relay_datagrams_start (self->datagrams, self->factory, &self->options);
  else
    relay_group_update_accepting (self);
}

gboolean
relay_group_is_started (RelayGroup *self)
{
  return self->started;
}

gboolean
relay_group_has_same_datagrams (RelayGroup *self, RelayGroup *other)
{
  return self->datagrams != NULL && other->datagrams != NULL
         && relay_datagrams_share (self->datagrams, other->datagrams);
}

RelayDatagrams *
relay_group_get_datagrams (RelayGroup *self)
{
  return self->datagrams;
}

gboolean
relay_group_has_listeners (RelayGroup *self)
{
  return self->ports->len > 0 || self->datagrams != NULL;
}

const char *const *
relay_group_get_modules (RelayGroup *self)
{
  return (const char *const *) self->modules->pdata;
}

guint
relay_group_get_n_connections (RelayGroup *self)
{
  return g_hash_table_size (self->connections);
}

void
relay_group_foreach (RelayGroup *self, RelayConnectionFunc func, gpointer user_data)
{
  GHashTableIter iter;
  gpointer connection;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    func (connection, user_data);
}

gboolean
relay_group_is_idle (RelayGroup *self)
{
  return self->stopping && g_hash_table_size (self->connections) == 0
         && (self->datagrams == NULL || relay_datagrams_is_idle (self->datagrams));
}

/* Connections that are waiting to be accepted are still accepted, if there is room. */
void
relay_group_stop (RelayGroup *self)
{
  g_autoptr (GPtrArray) ports = g_steal_pointer (&self->ports);

  g_assert (!self->stopping);
  self->stopping = TRUE;
  for (guint i = 0; i < ports->len; i++)
    relay_port_stop (ports->pdata[i], self, relay_group_get_room (self), self->options.own);
  if (self->datagrams != NULL)
    relay_datagrams_stop (self->datagrams);
}

/* ---- what is counted ---- */

static const MetricsFamily group_info = {
  "imp_relay_group_info",
  METRICS_GAUGE,
  NULL,
  "Where a group listens, and what it connects with; always 1",
};

/* As the user wrote it. */
static char *
relay_group_list_listen (RelayGroup *self)
{
  g_autoptr (GString) all = g_string_new (NULL);

  if (self->datagrams != NULL)
    return relay_datagrams_list_listen (self->datagrams);
  for (guint i = 0; self->ports != NULL && i < self->ports->len; i++)
    g_string_append_printf (all, "%s%s", i > 0 ? ", " : "",
                            ((const RelayPort *) self->ports->pdata[i])->text);
  return g_string_free (g_steal_pointer (&all), FALSE);
}

static const char *
relay_group_get_target_text (RelayGroup *self)
{
  return self->datagrams != NULL ? relay_datagrams_get_target_text (self->datagrams)
                                 : self->route->text;
}

static void
relay_group_describe_info (RelayGroup *self, MetricsText *text, const MetricsLabels *labels)
{
  g_autofree char *listen = relay_group_list_listen (self);
  MetricsLabels own = *labels;

  metrics_labels_add (&own, "listen", listen);
  metrics_labels_add (&own, "connect", relay_group_get_target_text (self));
  metrics_text_add (text, &group_info, &own, 1);
}

static void
relay_group_add_live (RelayGroup *self, RelayTally *all)
{
  GHashTableIter iter;
  gpointer connection;

  g_hash_table_iter_init (&iter, self->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    relay_tally_add_live (all, relay_connection_get_relay (connection));
}

void
relay_group_describe (RelayGroup *self, guint number, const GPtrArray *former, MetricsText *text)
{
  RelayTally all = *relay_places_get_tally (self->places);
  g_autofree char *group = g_strdup_printf ("%u", number);
  MetricsLabels labels = { .n = 0 };

  metrics_labels_add (&labels, "group", group);
  relay_group_describe_info (self, text, &labels);
  relay_group_add_live (self, &all);
  for (guint i = 0; i < former->len; i++)
    if (((RelayGroup *) former->pdata[i])->places == self->places)
      relay_group_add_live (former->pdata[i], &all);
  if (self->datagrams == NULL)
    relay_tally_describe (&all, relay_places_get_n (self->places), self->options.max_connections,
                          text, &labels);
  else
    relay_datagrams_describe (self->datagrams, text, &labels);
  if (self->shadow != NULL)
    relay_shadow_describe (self->shadow, text, &labels);
  metrics_modules_describe (self->factory, text, &labels);
}
