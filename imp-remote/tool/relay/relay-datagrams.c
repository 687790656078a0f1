/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-datagrams.h"

#include "core/imp-log-private.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-socket-handover-private.h"
#include "tool/metrics/metrics-table.h"
#include "tool/relay/relay-log.h"
#include "tool/relay/relay-refusal.h"

#include <string.h>

#define PREFIX "udp:"
/* For a name with several addresses and port 0. */
#define PORT_ATTEMPTS 16

struct _RelayDatagrams
{
  void (*stopped) (gpointer);
  gpointer user_data;

  GPtrArray *addresses; /* where to listen: of ImpAddress */
  GPtrArray *texts;     /* the same as they were written */
  GPtrArray *sockets;   /* that are bound */
  GPtrArray *offers;    /* of ImpSocketOffer: the same to whoever replaces this process */
  GSocketConnectable *target;
  char *target_text;
  guint n_opened; /* of the addresses */
  RelayDatagramsFunc opened;
  gpointer opened_data;
  GCancellable *cancellable;
  GPtrArray *relays; /* of ImpDatagramRelay: those that run */
};

gboolean
relay_datagrams_is_address (const char *address)
{
  return g_ascii_strncasecmp (address, PREFIX, strlen (PREFIX)) == 0;
}

RelayDatagrams *
relay_datagrams_new (void (*stopped) (gpointer), gpointer user_data)
{
  RelayDatagrams *self = g_new0 (RelayDatagrams, 1);

  self->stopped = stopped;
  self->user_data = user_data;
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_address_free);
  self->texts = g_ptr_array_new_with_free_func (g_free);
  self->sockets = g_ptr_array_new_with_free_func (g_object_unref);
  self->offers = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_socket_offer_withdraw);
  self->relays = g_ptr_array_new_with_free_func (g_object_unref);
  self->cancellable = g_cancellable_new ();
  return self;
}

void
relay_datagrams_free (RelayDatagrams *self)
{
  for (guint i = 0; i < self->relays->len; i++)
    g_signal_handlers_disconnect_by_data (self->relays->pdata[i], self);
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->relays);
  g_ptr_array_unref (self->offers);
  g_ptr_array_unref (self->sockets);
  g_ptr_array_unref (self->texts);
  g_ptr_array_unref (self->addresses);
  g_clear_object (&self->target);
  g_free (self->target_text);
  g_free (self);
}

/* --- addresses --- */

static ImpAddress *
relay_datagrams_parse (const char *text, GError **error)
{
  g_autoptr (ImpAddress) address = imp_address_parse (text + strlen (PREFIX), error);

  if (address == NULL)
    return NULL;
  if (address->kind == IMP_ADDRESS_TCP && !address->tls)
    return g_steal_pointer (&address);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "The address \"%s\" is none for datagrams: those are " PREFIX "HOST:PORT and " PREFIX
               "[IPV6]:PORT",
               text);
  return NULL;
}

int
relay_datagrams_add_listen (RelayDatagrams *self, const char *address)
{
  g_autoptr (GError) error = NULL;
  ImpAddress *parsed = relay_datagrams_parse (address, &error);

  if (parsed == NULL)
    return tool_option_error ("--listen", address, error);
  g_ptr_array_add (self->addresses, parsed);
  g_ptr_array_add (self->texts, g_strdup (address));
  return TOOL_DONE;
}

int
relay_datagrams_set_target (RelayDatagrams *self, const char *address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) parsed = relay_datagrams_parse (address, &error);

  if (parsed == NULL)
    return tool_option_error ("--connect", address, error);
  if (parsed->port == 0)
    return tool_usage_error ("--connect \"%s\": a port from 1 to 65535 is wanted", address);
  self->target = imp_address_to_connectable (parsed, &error);
  if (self->target == NULL)
    return tool_option_error ("--connect", address, error);
  self->target_text = g_strdup (address);
  return TOOL_DONE;
}

gboolean
relay_datagrams_share (const RelayDatagrams *self, const RelayDatagrams *other)
{
  for (guint i = 0; i < self->texts->len; i++)
    if (g_ptr_array_find_with_equal_func (other->texts, self->texts->pdata[i], g_str_equal, NULL))
      return TRUE;
  return FALSE;
}

/* --- opening --- */

static void relay_datagrams_open_next (RelayDatagrams *self);

static void
relay_datagrams_finish_opening (RelayDatagrams *self, int status)
{
  RelayDatagramsFunc opened = g_steal_pointer (&self->opened);

  opened (status, self->opened_data);
}

static GSocket *
relay_datagrams_bind (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);

  if (socket == NULL || !g_socket_bind (socket, address, FALSE, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static guint16
relay_datagrams_get_port (GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);

  return local != NULL ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)) : 0;
}

/* One socket per address, all at the same port; a name can have addresses that this machine lacks,
 * so that one is enough. */
static gboolean
relay_datagrams_bind_all (RelayDatagrams *self, GList *ips, guint16 port, GError **error)
{
  guint first = self->sockets->len;
  g_autoptr (GError) failure = NULL;

  for (GList *l = ips; l != NULL; l = l->next)
    {
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new (l->data, port);
      g_autoptr (GError) local = NULL;
      GSocket *socket = relay_datagrams_bind (address, &local);

      if (socket != NULL)
        {
          g_ptr_array_add (self->sockets, socket);
          port = relay_datagrams_get_port (socket);
        }
      else if (failure == NULL || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        {
          g_clear_error (&failure);
          failure = g_steal_pointer (&local);
        }
    }
  if (self->sockets->len > first
      && !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return TRUE;
  g_ptr_array_set_size (self->sockets, first);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* A port that the system has chosen for one address can be in use at another. */
static gboolean
relay_datagrams_bind_name (RelayDatagrams *self, GList *ips, guint16 port, GError **error)
{
  for (guint attempt = 0; attempt < PORT_ATTEMPTS; attempt++)
    {
      g_clear_error (error);
      if (relay_datagrams_bind_all (self, ips, port, error))
        return TRUE;
      if (port != 0)
        break;
    }
  return FALSE;
}

/* --- on their way from and to another process --- */

static char *
relay_datagrams_get_key (RelayDatagrams *self)
{
  g_autofree char *text = imp_address_to_text (self->addresses->pdata[self->n_opened]);

  return g_strconcat (PREFIX, text, NULL);
}

/* The sockets of the address that was opened last. */
static void
relay_datagrams_offer (RelayDatagrams *self)
{
  g_autofree char *key = relay_datagrams_get_key (self);
  const guint64 id = imp_socket_offer_next_id ();

  for (guint i = self->offers->len; i < self->sockets->len; i++)
    g_ptr_array_add (self->offers, imp_socket_offer_new (key, id, self->sockets->pdata[i], NULL));
}

/* Whether sockets of the next address came from the process that this one replaces. */
static gboolean
relay_datagrams_adopt (RelayDatagrams *self)
{
  const guint first = self->sockets->len;
  g_autofree char *key = relay_datagrams_get_key (self);
  g_autoptr (ImpSocketBundle) bundle = imp_socket_handover_take (key);

  for (guint i = 0; bundle != NULL && i < bundle->fds->len; i++)
    {
      g_autoptr (GError) error = NULL;
      GSocket *socket = imp_socket_bundle_open (bundle, i, G_SOCKET_TYPE_DATAGRAM, &error);

      if (socket != NULL)
        g_ptr_array_add (self->sockets, socket);
      else
        imp_log_message ("%s: %s", key, error->message);
    }
  return self->sockets->len > first;
}

static void
relay_datagrams_on_bound (RelayDatagrams *self, gboolean bound, const GError *error)
{
  if (bound)
    {
      relay_datagrams_offer (self);
      self->n_opened++;
      relay_datagrams_open_next (self);
    }
  else
    relay_datagrams_finish_opening (
      self, tool_option_error ("--listen", self->texts->pdata[self->n_opened], error));
}

static void
relay_datagrams_on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RelayDatagrams *self = user_data;
  g_autoptr (GError) error = NULL;
  GList *ips = g_resolver_lookup_by_name_finish (G_RESOLVER (source), result, &error);
  ImpAddress *address = self->addresses->pdata[self->n_opened];
  gboolean bound;

  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_resolver_free_addresses (ips);
      relay_datagrams_finish_opening (self, TOOL_FAILED);
      return;
    }
  bound = ips != NULL && relay_datagrams_bind_name (self, ips, address->port, &error);
  g_resolver_free_addresses (ips);
  relay_datagrams_on_bound (self, bound, error);
}

static void
relay_datagrams_open_next (RelayDatagrams *self)
{
  ImpAddress *address;
  g_autoptr (GSocketAddress) literal = NULL;
  g_autoptr (GResolver) resolver = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket;

  if (self->n_opened == self->addresses->len)
    {
      relay_datagrams_finish_opening (self, TOOL_DONE);
      return;
    }
  if (relay_datagrams_adopt (self))
    {
      relay_datagrams_on_bound (self, TRUE, NULL);
      return;
    }
  address = self->addresses->pdata[self->n_opened];
  literal = g_inet_socket_address_new_from_string (address->host, address->port);
  if (literal == NULL)
    {
      resolver = g_resolver_get_default ();
      g_resolver_lookup_by_name_async (resolver, address->host, self->cancellable,
                                       relay_datagrams_on_resolved, self);
      return;
    }
  socket = relay_datagrams_bind (literal, &error);
  if (socket != NULL)
    g_ptr_array_add (self->sockets, socket);
  relay_datagrams_on_bound (self, socket != NULL, error);
}

void
relay_datagrams_open (RelayDatagrams *self, RelayDatagramsFunc done, gpointer user_data)
{
  self->opened = done;
  self->opened_data = user_data;
  relay_datagrams_open_next (self);
}

void
relay_datagrams_cancel (RelayDatagrams *self)
{
  g_cancellable_cancel (self->cancellable);
}

/* --- running --- */

static void
relay_datagrams_on_result (ImpDatagramRelay *relay, GSocketAddress *client, ImpResult *result,
                           gpointer user_data)
{
  RelayDatagrams *self = user_data;
  g_autofree char *name = imp_address_of_socket (client);

  relay_log_result (&(RelayLogSubject){ .client = name, .server = self->target_text }, result);
}

static void
relay_datagrams_on_client_ended (ImpDatagramRelay *relay, GSocketAddress *client,
                                 const GError *error, gpointer user_data)
{
  RelayDatagrams *self = user_data;
  g_autofree char *name = NULL;

  if (error == NULL)
    return;
  name = imp_address_of_socket (client);
  relay_log (&(RelayLogSubject){ .client = name, .server = self->target_text },
             relay_refusal_get_kind (error), error->message);
}

static char *
relay_datagrams_get_name (ImpDatagramRelay *relay)
{
  g_autoptr (GSocketAddress) local = g_object_steal_data (G_OBJECT (relay), "address");
  g_autofree char *name = imp_address_of_socket (local);

  return g_strconcat (PREFIX, name, NULL);
}

/* What was dropped, nobody else is told of. */
static void
relay_datagrams_log_drops (ImpDatagramRelay *relay)
{
  static const char *const names[] = { "clients-refused", "clients-evicted",   "dropped-client",
                                       "dropped-held",    "dropped-paused",    "dropped-cut",
                                       "dropped-sending", "server-unreachable" };
  g_autoptr (GVariant) all = imp_datagram_relay_get_statistics (relay);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *name = relay_datagrams_get_name (relay);
  guint64 n;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_variant_lookup (all, names[i], "t", &n) && n > 0)
      g_string_append_printf (text, " %s=%" G_GUINT64_FORMAT, names[i], n);
  if (text->len > 0)
    imp_log_kind (IMP_LOG_DATAGRAMS, "%s has ended:%s", name, text->str);
}

static void
relay_datagrams_on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RelayDatagrams *self = user_data;
  ImpDatagramRelay *relay = IMP_DATAGRAM_RELAY (source);
  g_autoptr (GError) error = NULL;

  /* @self has been freed already. */
  if (!imp_datagram_relay_run_finish (relay, result, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    tool_error ("--listen: %s", error->message);
  relay_datagrams_log_drops (relay);
  g_ptr_array_remove (self->relays, relay);
  self->stopped (self->user_data);
}

static void
relay_datagrams_run (RelayDatagrams *self, ImpDatagramRelay *relay, gboolean verbose)
{
  static const char *const some[] = { "result::log", "result::account_field" };

  g_ptr_array_add (self->relays, relay);
  g_signal_connect (relay, "client-ended", G_CALLBACK (relay_datagrams_on_client_ended), self);
  if (verbose)
    g_signal_connect (relay, "result", G_CALLBACK (relay_datagrams_on_result), self);
  for (guint i = 0; i < G_N_ELEMENTS (some) && !verbose; i++)
    g_signal_connect (relay, some[i], G_CALLBACK (relay_datagrams_on_result), self);
  imp_datagram_relay_run_async (relay, self->cancellable, relay_datagrams_on_done, self);
}

void
relay_datagrams_start (RelayDatagrams *self, ImpFactory *factory, const RelayOptions *options)
{
  guint max_clients = MAX (options->max_connections / self->sockets->len, 1);

  for (guint i = 0; i < self->sockets->len; i++)
    {
      GSocket *socket = self->sockets->pdata[i];
      GSocketAddress *local = g_socket_get_local_address (socket, NULL);
      g_autofree char *name = imp_address_of_socket (local);
      g_autofree char *shown = g_strconcat (PREFIX, name, NULL);
      ImpDatagramRelay *relay;

      relay = g_object_new (IMP_TYPE_DATAGRAM_RELAY, "socket", socket, "server", self->target,
                            "factory", factory, "max-clients", max_clients, "max-clients-per-peer",
                            options->max_connections_per_peer, "evict", options->evict,
                            "idle-timeout", options->datagram_idle_timeout * 1000, "deadline",
                            options->deadline * 1000, "max-extensions", options->max_extensions,
                            "hold-timeout", options->hold_timeout, "max-growth",
                            (guint64) options->max_growth, "max-log-rate", options->max_log_rate,
                            "max-log-size", (guint64) options->max_log_size, "warn-silence",
                            options->warn_silence * 1000, NULL);
      /* Its socket is closed when it has ended. */
      g_object_set_data_full (G_OBJECT (relay), "address", local, g_object_unref);
      relay_datagrams_run (self, relay, options->verbose);
      tool_print_listening (shown);
    }
}

void
relay_datagrams_stop (RelayDatagrams *self)
{
  gboolean given = FALSE;

  for (guint i = 0; i < self->offers->len; i++)
    given |= imp_socket_offer_is_given (self->offers->pdata[i]);
  /* None of them can be used any more. */
  g_ptr_array_set_size (self->offers, 0);
  for (guint i = 0; i < self->relays->len; i++)
    if (given)
      imp_datagram_relay_hand_over (self->relays->pdata[i]);
    else
      imp_datagram_relay_stop (self->relays->pdata[i]);
}

gboolean
relay_datagrams_is_idle (RelayDatagrams *self)
{
  return self->relays->len == 0;
}

char *
relay_datagrams_list_listen (RelayDatagrams *self)
{
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < self->texts->len; i++)
    g_string_append_printf (all, "%s%s", i > 0 ? ", " : "", (const char *) self->texts->pdata[i]);
  return g_string_free (g_steal_pointer (&all), FALSE);
}

const char *
relay_datagrams_get_target_text (RelayDatagrams *self)
{
  return self->target_text;
}

GPtrArray *
relay_datagrams_peek_relays (RelayDatagrams *self)
{
  return self->relays;
}

const char *
relay_datagrams_get_target (RelayDatagrams *self)
{
  return self->target_text;
}

/* --- what is counted --- */

static const MetricsFamily clients = {
  "imp_relay_datagram_clients",
  METRICS_GAUGE,
  NULL,
  "Clients of datagrams that there are now",
};
static const MetricsFamily clients_seen = {
  "imp_relay_datagram_clients_seen",
  METRICS_COUNTER,
  NULL,
  "Clients of datagrams that have come",
};
static const MetricsFamily clients_ended = {
  "imp_relay_datagram_clients_ended",
  METRICS_COUNTER,
  NULL,
  "Clients of datagrams that were turned away, by why",
};
static const MetricsFamily datagram_held = {
  "imp_relay_datagram_held_bytes",
  METRICS_GAUGE,
  "bytes",
  "What packets that wait for verdicts are counted with",
};
static const MetricsFamily packets = {
  "imp_relay_packets",
  METRICS_COUNTER,
  NULL,
  "Packets that have come, and those that were sent",
};
static const MetricsFamily dropped = {
  "imp_relay_dropped_packets",
  METRICS_COUNTER,
  NULL,
  "Packets that were dropped, by why",
};
static const MetricsFamily unreachable = {
  "imp_relay_datagram_server_unreachable",
  METRICS_COUNTER,
  NULL,
  "How often a machine has said that nobody listens at the server's address",
};

static const MetricsRow datagram_rows[] = {
  { "clients", &clients },
  { "held-bytes", &datagram_held },
  { "clients-seen", &clients_seen },
  { "clients-refused", &clients_ended, "reason", "refused" },
  { "clients-evicted", &clients_ended, "reason", "evicted" },
  { "clients-denied", &clients_ended, "reason", "denied" },
  { "clients-failed", &clients_ended, "reason", "failed" },
  { "packets-from-clients", &packets, "way", "from_client" },
  { "packets-to-server", &packets, "way", "to_server" },
  { "packets-from-server", &packets, "way", "from_server" },
  { "packets-to-clients", &packets, "way", "to_client" },
  { "dropped-client", &dropped, "reason", "client" },
  { "dropped-held", &dropped, "reason", "held" },
  { "dropped-paused", &dropped, "reason", "paused" },
  { "dropped-cut", &dropped, "reason", "cut" },
  { "dropped-sending", &dropped, "reason", "sending" },
  { "server-unreachable", &unreachable },
};

/* By where they listen, of which there are as many as the user has said. */
void
relay_datagrams_describe (RelayDatagrams *self, MetricsText *text, const MetricsLabels *labels)
{
  for (guint i = 0; i < self->relays->len; i++)
    {
      GObject *relay = self->relays->pdata[i];
      g_autoptr (GVariant) all = imp_datagram_relay_get_statistics (IMP_DATAGRAM_RELAY (relay));
      g_autofree char *name = imp_address_of_socket (g_object_get_data (relay, "address"));
      MetricsLabels own = *labels;

      metrics_labels_add (&own, "address", name);
      metrics_table_describe (datagram_rows, G_N_ELEMENTS (datagram_rows), all, text, &own);
    }
}
