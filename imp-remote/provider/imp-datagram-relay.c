/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-datagram-relay.h"

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-note-limit-private.h"
#include "core/imp-source-private.h"
#include "provider/imp-datagram-clients-private.h"
#include "provider/imp-filter-silence-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_CLIENTS_DEFAULT 4096
#define IDLE_TIMEOUT_DEFAULT 60000
#define DEADLINE_DEFAULT 60000
#define MAX_EXTENSIONS_DEFAULT 10
#define HOLD_TIMEOUT_DEFAULT 500
#define MAX_HELD_DEFAULT (1024 * 1024)
#define MAX_HELD_TOTAL_DEFAULT (64 * 1024 * 1024)

/* Sockets towards the server that are read per wake-up. */
#define EVENTS_MAX 64
/* Milliseconds without a packet after which a client is ended, once the relay is stopped: while the
 * server may have something to answer, and else. */
#define STOPPED_ASKED_TIME 2000
#define STOPPED_IDLE_TIME 100
/* What all clients hold is counted once more when it seems too much, but not more often. */
#define RECOUNT_TIME (G_USEC_PER_SEC / 10)

/**
 * ImpDatagramRelay:
 *
 * Passes datagrams (UDP) between clients and a server through analyzers: the whole of a proxy, once
 * there is a socket to listen at.
 *
 * Each address and port from which datagrams come is a client, with an analyzer of its own and a
 * socket of its own towards the server, so that the answers find their way back, and nobody else
 * can tell where to send some. An analyzer gets each datagram as one piece of the type
 * %IMP_DATA_TYPE_PACKET and answers as always, by offsets: to take a packet away, it replaces it by
 * nothing. What leaves is again one datagram for each packet, and one for each REPLACE and
 * TO_SENDER, of at most 65507 bytes. Its context has `proto` ("udp"), `caddr`, `cport`, `saddr` and
 * `sport`.
 *
 * UDP knows no ends: there is never an end of a stream, and a client that was not heard of for
 * [property@Imp.DatagramRelay:idle-timeout] is forgotten, and its analyzer closed. Datagrams that
 * are empty pass without being seen by the analyzer, since no bytes mean the end of a stream to it;
 * those of a client that was refused do not.
 *
 * If the analyzer denies or drops, nothing goes through for this client for the time of
 * [property@Imp.DatagramRelay:idle-timeout], whether it goes on sending or not; then its next
 * packet gets a new analyzer. A longer refusal would be a means against the client for whoever can
 * forge its address. If the analyzer fails, the same holds for a second. Signals tell both.
 *
 * Nothing is held without a limit, and nobody is made to wait: a packet for which there is no room
 * ([property@Imp.DatagramRelay:max-held], [property@Imp.DatagramRelay:max-held-total]), or that the
 * analyzer wants not to be given now (PAUSE), or that the kernel does not take, is dropped and
 * counted, as UDP does. That nobody listens at the server is counted as well, and ends nothing.
 *
 * Whoever can forge the address that a datagram comes from can have what the analyzer sends back
 * (TO_SENDER) sent to others. An analyzer should answer a request that it has not verified with no
 * more bytes than it had; [property@Imp.DatagramRelay:max-growth] limits what it adds. They can
 * also fill the table of clients: see [property@Imp.DatagramRelay:evict] and
 * [property@Imp.DatagramRelay:max-clients-per-peer].
 *
 * Everything happens in the main context that is the thread's default when
 * [method@Imp.DatagramRelay.run_async] is called.
 *
 * Since: 0.1
 */
struct _ImpDatagramRelay
{
  GObject parent_instance;

  GSocket *socket;
  GSocketConnectable *server;
  guint idle_timeout;
  ImpDatagramRoom room;
  ImpDatagramCommon common;
  ImpDatagramClients *clients;
  ImpDatagramReader *readers[2]; /* for what comes from clients, and for answers */
  GSource *listening, *answers, *timer, *cancelled, *done;
  gint64 recounted;
  GTask *task;
  GError *error; /* why it ends */
  gboolean stopping;
  gboolean handed_over; /* the socket is another process' to read */
};

G_DEFINE_FINAL_TYPE (ImpDatagramRelay, imp_datagram_relay, G_TYPE_OBJECT)

typedef enum
{
  PROP_SOCKET = 1,
  PROP_SERVER,
  PROP_FACTORY,
  PROP_IDLE_TIMEOUT,
  PROP_MAX_CLIENTS,
  PROP_MAX_CLIENTS_PER_PEER,
  PROP_EVICT,
  PROP_MAX_HELD,
  PROP_MAX_HELD_TOTAL,
  PROP_MAX_GROWTH,
  PROP_MAX_LOG_RATE,
  PROP_WARN_SILENCE,
  PROP_MAX_LOG_SIZE,
  PROP_DEADLINE,
  PROP_MAX_EXTENSIONS,
  PROP_HOLD_TIMEOUT,
} DatagramRelayProperty;

static GParamSpec *properties[PROP_HOLD_TIMEOUT + 1];

enum
{
  SIGNAL_RESULT,
  SIGNAL_CLIENT_ENDED,
};

static guint signals[SIGNAL_CLIENT_ENDED + 1];

/* --- what is told --- */

static void
datagram_relay_on_result (ImpDatagramClient *client, const ImpVerdict *verdict, gpointer user_data)
{
  ImpDatagramRelay *self = user_data;
  g_autoptr (ImpResult) result = imp_verdict_to_result (verdict);
  g_autoptr (GSocketAddress) address = imp_datagram_path_get_remote (&client->path);

  imp_datagram_clients_hold (self->clients);
  g_signal_emit (self, signals[SIGNAL_RESULT], imp_filter_get_detail (verdict->type), address,
                 result);
  imp_datagram_clients_release (self->clients);
}

static void
datagram_relay_on_ended (ImpDatagramClient *client, const GError *error, gpointer user_data)
{
  ImpDatagramRelay *self = user_data;
  g_autoptr (GSocketAddress) address = imp_datagram_path_get_remote (&client->path);

  /* From now on it takes one idle timeout until it is forgotten. */
  if (error != NULL)
    imp_datagram_clients_touch (self->clients, client, g_get_monotonic_time ());
  imp_datagram_clients_hold (self->clients);
  g_signal_emit (self, signals[SIGNAL_CLIENT_ENDED], 0, address, error);
  imp_datagram_clients_release (self->clients);
}

/* --- the end --- */

static void
datagram_relay_clear (ImpDatagramRelay *self)
{
  imp_source_clear (&self->listening);
  imp_source_clear (&self->answers);
  imp_source_clear (&self->timer);
  imp_source_clear (&self->cancelled);
  imp_source_clear (&self->done);
  /* It is still asked for while its clients are told. */
  if (self->clients != NULL)
    imp_datagram_clients_free (self->clients);
  self->clients = NULL;
  g_clear_pointer (&self->common.target, imp_datagram_target_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->readers); i++)
    g_clear_pointer (&self->readers[i], imp_datagram_reader_free);
  g_clear_pointer (&self->common.context, g_main_context_unref);
  if (self->common.epoll >= 0)
    close (self->common.epoll);
  self->common.epoll = -1;
}

static gboolean
datagram_relay_on_done (gpointer user_data)
{
  ImpDatagramRelay *self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  datagram_relay_clear (self);
  g_socket_close (self->socket, NULL);
  if (self->error != NULL)
    g_task_return_error (task, g_steal_pointer (&self->error));
  else
    g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

/* From the main loop, when nothing of it is under way; the first reason stays. */
static void
datagram_relay_end (ImpDatagramRelay *self, GError *error)
{
  if (self->done != NULL)
    {
      g_clear_error (&error);
      return;
    }
  self->error = error;
  self->done = imp_source_add_idle (self->common.context, "ImpDatagramRelay: done",
                                    datagram_relay_on_done, self);
}

static gboolean
datagram_relay_on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    datagram_relay_end (user_data, error);
  return G_SOURCE_REMOVE;
}

/* --- clients that are not heard of any more --- */

static gboolean datagram_relay_on_timer (gpointer user_data);

static void
datagram_relay_set_timer (ImpDatagramRelay *self, gint64 delay)
{
  guint ms = CLAMP (delay / 1000 + 1, 10, G_MAXINT);

  imp_source_clear (&self->timer);
  self->timer = imp_source_add_timeout (self->common.context, ms, "ImpDatagramRelay: idle",
                                        datagram_relay_on_timer, self);
}

static void
datagram_relay_expire (ImpDatagramRelay *self)
{
  const gint64 idle = self->idle_timeout, now = g_get_monotonic_time ();
  const ImpDatagramIdle times = {
    .held = idle * 1000,
    .asked = (self->stopping ? MIN (idle, STOPPED_ASKED_TIME) : idle) * 1000,
    .none = (self->stopping ? MIN (idle, STOPPED_IDLE_TIME) : idle) * 1000,
  };
  gint64 due = imp_datagram_clients_expire (self->clients, now, &times);

  if (due >= 0)
    datagram_relay_set_timer (self, due - now);
  else
    {
      imp_source_clear (&self->timer);
      if (self->stopping)
        datagram_relay_end (self, NULL);
    }
}

static gboolean
datagram_relay_on_timer (gpointer user_data)
{
  datagram_relay_expire (user_data);
  return G_SOURCE_REMOVE;
}

/* --- packets --- */

/* Some of it may have been taken away. */
static void
datagram_relay_check_held (ImpDatagramRelay *self, gint64 now)
{
  if (self->common.held <= self->common.max_held_total / 2 || now - self->recounted < RECOUNT_TIME)
    return;
  self->recounted = now;
  imp_datagram_clients_update_costs (self->clients);
}

static void
datagram_relay_take (ImpDatagramRelay *self, const ImpDatagram *datagram, gint64 now)
{
  ImpDatagramClient *client = imp_datagram_clients_get (self->clients, &datagram->path, now);

  self->common.counters[IMP_DATAGRAM_FROM_CLIENTS]++;
  if (client == NULL)
    {
      self->common.counters[IMP_DATAGRAM_DROPPED_CLIENT]++;
      return;
    }
  /* One that is refused must not stay so for as long as it goes on: whoever forges its address
   * could else keep it out. */
  if (client->filter != NULL)
    imp_datagram_clients_touch (self->clients, client, now);
  imp_datagram_client_push (client, datagram);
  if (self->timer == NULL)
    datagram_relay_set_timer (self, (gint64) self->idle_timeout * 1000);
}

/* What has to do with one datagram, and not with the socket. */
static gboolean
datagram_relay_is_passing (int number)
{
  return number == EAGAIN || number == ECONNREFUSED || number == EHOSTUNREACH
         || number == ENETUNREACH || number == ENETDOWN || number == ENOMEM || number == ENOBUFS;
}

static gboolean
datagram_relay_on_listening (int fd, GIOCondition condition, gpointer user_data)
{
  ImpDatagramRelay *self = user_data;
  gint64 now = g_get_monotonic_time ();
  int n = imp_datagram_reader_read (self->readers[0], fd), number = errno;

  if (n < 0 && !datagram_relay_is_passing (number))
    {
      datagram_relay_end (self, g_error_new (G_IO_ERROR, g_io_error_from_errno (number),
                                             "The socket of the relay cannot be read: %s",
                                             g_strerror (number)));
      imp_source_clear (&self->listening);
      return G_SOURCE_REMOVE;
    }
  datagram_relay_check_held (self, now);
  imp_datagram_clients_hold (self->clients);
  for (int i = 0; i < n; i++)
    datagram_relay_take (self, imp_datagram_reader_get (self->readers[0], i), now);
  imp_datagram_clients_release (self->clients);
  return G_SOURCE_CONTINUE;
}

static gboolean
datagram_relay_on_answers (int fd, GIOCondition condition, gpointer user_data)
{
  ImpDatagramRelay *self = user_data;
  struct epoll_event events[EVENTS_MAX];
  gint64 now = g_get_monotonic_time ();
  int n = epoll_wait (fd, events, EVENTS_MAX, 0);

  datagram_relay_check_held (self, now);
  imp_datagram_clients_hold (self->clients);
  for (int i = 0; i < n; i++)
    {
      ImpDatagramClient *client = events[i].data.ptr;

      if (client->fd < 0)
        continue;
      if (imp_datagram_client_read (client, self->readers[1]))
        imp_datagram_clients_touch (self->clients, client, now);
    }
  imp_datagram_clients_release (self->clients);
  return G_SOURCE_CONTINUE;
}

/* --- beginning --- */

static GSource *
datagram_relay_watch (ImpDatagramRelay *self, int fd, const char *name, GUnixFDSourceFunc func)
{
  GSource *source = g_unix_fd_source_new (fd, G_IO_IN);

  g_source_set_static_name (source, name);
  g_source_set_callback (source, G_SOURCE_FUNC (func), self, NULL);
  g_source_attach (source, self->common.context);
  return source;
}

/* Until then, what comes waits in the kernel. */
static void
datagram_relay_on_ready (gpointer user_data)
{
  ImpDatagramRelay *self = user_data;

  if (self->handed_over)
    return;
  self->listening = datagram_relay_watch (self, self->common.listener, "ImpDatagramRelay: clients",
                                          datagram_relay_on_listening);
}

static gboolean
datagram_relay_check_socket (ImpDatagramRelay *self, GError **error)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (self->socket, error);

  if (local == NULL)
    return FALSE;
  if (g_socket_get_socket_type (self->socket) != G_SOCKET_TYPE_DATAGRAM
      || !G_IS_INET_SOCKET_ADDRESS (local))
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                         "A relay of datagrams needs a datagram socket of IPv4 or IPv6");
  else if (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)) == 0)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED,
                         "The socket of a relay of datagrams is not bound to an address");
  else
    return TRUE;
  return FALSE;
}

static gboolean
datagram_relay_check_factory (ImpDatagramRelay *self, GError **error)
{
  g_autoptr (ImpInterface) packets = imp_interface_new (IMP_DATA_TYPE_PACKET, IMP_RESULT_FLAGS_ALL);
  GList wanted = { .data = packets };
  GList *matches = imp_factory_match_interfaces (self->common.factory, &wanted);
  gboolean matching = matches != NULL;

  g_list_free_full (matches, (GDestroyNotify) imp_interface_unref);
  if (!matching)
    g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                 "The analyzers of %s do not work with packets",
                 G_OBJECT_TYPE_NAME (self->common.factory));
  return matching;
}

static gboolean
datagram_relay_start (ImpDatagramRelay *self, GError **error)
{
  if (!datagram_relay_check_socket (self, error) || !datagram_relay_check_factory (self, error)
      || !imp_datagram_enable_local (self->socket, error))
    return FALSE;
  self->common.epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (self->common.epoll < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "epoll: %s",
                   g_strerror (errno));
      return FALSE;
    }
  self->common.context = g_main_context_ref_thread_default ();
  self->common.listener = g_socket_get_fd (self->socket);
  self->common.observed = imp_filter_find_observed (self, signals[SIGNAL_RESULT]);
  self->common.target = imp_datagram_target_new (self->server, datagram_relay_on_ready, self);
  self->clients = imp_datagram_clients_new (&self->common, &self->room);
  for (guint i = 0; i < G_N_ELEMENTS (self->readers); i++)
    self->readers[i] = imp_datagram_reader_new ();
  self->answers = datagram_relay_watch (self, self->common.epoll, "ImpDatagramRelay: answers",
                                        datagram_relay_on_answers);
  imp_datagram_target_start (self->common.target);
  return TRUE;
}

/* --- the object --- */

static void
imp_datagram_relay_init (ImpDatagramRelay *self)
{
  self->common.epoll = -1;
  self->common.result = datagram_relay_on_result;
  self->common.ended = datagram_relay_on_ended;
  self->common.user_data = self;
}

static void
imp_datagram_relay_finalize (GObject *object)
{
  ImpDatagramRelay *self = IMP_DATAGRAM_RELAY (object);

  g_clear_error (&self->error);
  g_clear_object (&self->common.factory);
  g_clear_object (&self->server);
  g_clear_object (&self->socket);
  G_OBJECT_CLASS (imp_datagram_relay_parent_class)->finalize (object);
}

static guint *
datagram_relay_peek_uint (ImpDatagramRelay *self, guint id)
{
  switch (id)
    {
    case PROP_IDLE_TIMEOUT:
      return &self->idle_timeout;
    case PROP_MAX_CLIENTS:
      return &self->room.max_clients;
    case PROP_MAX_CLIENTS_PER_PEER:
      return &self->room.max_per_peer;
    case PROP_DEADLINE:
      return &self->common.deadline;
    case PROP_MAX_EXTENSIONS:
      return &self->common.max_extensions;
    case PROP_HOLD_TIMEOUT:
      return &self->common.hold_timeout;
    case PROP_MAX_LOG_RATE:
      return &self->common.max_log_rate;
    case PROP_WARN_SILENCE:
      return &self->common.warn_silence;
    default:
      return NULL;
    }
}

static guint64 *
datagram_relay_peek_bytes (ImpDatagramRelay *self, guint id)
{
  switch (id)
    {
    case PROP_MAX_HELD:
      return &self->common.max_held;
    case PROP_MAX_HELD_TOTAL:
      return &self->common.max_held_total;
    case PROP_MAX_GROWTH:
      return &self->common.max_growth;
    case PROP_MAX_LOG_SIZE:
      return &self->common.max_log_size;
    default:
      return NULL;
    }
}

static void
imp_datagram_relay_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpDatagramRelay *self = IMP_DATAGRAM_RELAY (object);

  if (id == PROP_SOCKET)
    g_value_set_object (value, self->socket);
  else if (id == PROP_SERVER)
    g_value_set_object (value, self->server);
  else if (id == PROP_FACTORY)
    g_value_set_object (value, self->common.factory);
  else if (id == PROP_EVICT)
    g_value_set_boolean (value, self->room.evict);
  else if (datagram_relay_peek_uint (self, id) != NULL)
    g_value_set_uint (value, *datagram_relay_peek_uint (self, id));
  else if (datagram_relay_peek_bytes (self, id) != NULL)
    g_value_set_uint64 (value, *datagram_relay_peek_bytes (self, id));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
imp_datagram_relay_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpDatagramRelay *self = IMP_DATAGRAM_RELAY (object);

  if (id == PROP_SOCKET)
    self->socket = g_value_dup_object (value);
  else if (id == PROP_SERVER)
    self->server = g_value_dup_object (value);
  else if (id == PROP_FACTORY)
    self->common.factory = g_value_dup_object (value);
  else if (id == PROP_EVICT)
    self->room.evict = g_value_get_boolean (value);
  else if (datagram_relay_peek_uint (self, id) != NULL)
    *datagram_relay_peek_uint (self, id) = g_value_get_uint (value);
  else if (datagram_relay_peek_bytes (self, id) != NULL)
    *datagram_relay_peek_bytes (self, id) = g_value_get_uint64 (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
datagram_relay_class_install_ends (GParamFlags flags)
{
  /**
   * ImpDatagramRelay:socket: (attributes org.gtk.Property.default=none)
   *
   * The socket at which clients are heard: one of datagrams, of IPv4 or IPv6, that is bound. It
   * belongs to the relay, which closes it at the end. Where it is bound to all addresses of the
   * machine, a client gets its answers from the one that it has sent to.
   *
   * Since: 0.1
   */
  properties[PROP_SOCKET] = g_param_spec_object ("socket", NULL, NULL, G_TYPE_SOCKET, flags);

  /**
   * ImpDatagramRelay:server: (attributes org.gtk.Property.default=none)
   *
   * Where the clients' datagrams go. A name is looked up at first, and again when a client comes
   * after a minute; the first of its addresses is taken that can be reached from here, and the next
   * one when that has said that nobody listens there.
   *
   * Since: 0.1
   */
  properties[PROP_SERVER] = g_param_spec_object ("server", NULL, NULL, G_TYPE_SOCKET_CONNECTABLE,
                                                 flags);

  /**
   * ImpDatagramRelay:factory: (attributes org.gtk.Property.default=none)
   *
   * What makes the analyzers, one for each client. It must work with packets.
   *
   * Since: 0.1
   */
  properties[PROP_FACTORY] = g_param_spec_object ("factory", NULL, NULL, IMP_TYPE_FACTORY, flags);
}

static void
datagram_relay_class_install_room (GParamFlags flags)
{
  /**
   * ImpDatagramRelay:max-clients: (attributes org.gtk.Property.default=4096)
   *
   * How many clients there may be at once. Each needs a descriptor.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_CLIENTS] = g_param_spec_uint ("max-clients", NULL, NULL, 1, G_MAXINT,
                                                    MAX_CLIENTS_DEFAULT, flags);

  /**
   * ImpDatagramRelay:max-clients-per-peer: (attributes org.gtk.Property.default=4096)
   *
   * How many of them may be of one peer: an address of IPv4, or a network of 64 bits of IPv6.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_CLIENTS_PER_PEER] = g_param_spec_uint ("max-clients-per-peer", NULL, NULL, 1,
                                                             G_MAXINT, MAX_CLIENTS_DEFAULT, flags);

  /**
   * ImpDatagramRelay:evict: (attributes org.gtk.Property.default=FALSE)
   *
   * What becomes of a new client when there are [property@Imp.DatagramRelay:max-clients]: %FALSE,
   * its packets are dropped; %TRUE, it takes the place of the one that was not heard of for
   * longest. Against a flood of forged addresses the former keeps those who are there, and the
   * latter lets new ones in.
   *
   * Since: 0.1
   */
  properties[PROP_EVICT] = g_param_spec_boolean ("evict", NULL, NULL, FALSE, flags);
}

static void
datagram_relay_class_install_bytes (GParamFlags flags)
{
  /**
   * ImpDatagramRelay:max-held: (attributes org.gtk.Property.default=1048576)
   *
   * How many bytes, of both directions of a client together, may wait for a verdict; a packet
   * counts as 192 bytes more than it has. One that finds no room is dropped.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_HELD] = g_param_spec_uint64 ("max-held", NULL, NULL, 0, G_MAXINT64,
                                                   MAX_HELD_DEFAULT, flags);

  /**
   * ImpDatagramRelay:max-held-total: (attributes org.gtk.Property.default=67108864)
   *
   * The same for all clients together.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_HELD_TOTAL] = g_param_spec_uint64 ("max-held-total", NULL, NULL, 0,
                                                         G_MAXINT64, MAX_HELD_TOTAL_DEFAULT, flags);

  /**
   * ImpDatagramRelay:max-growth: (attributes org.gtk.Property.default=0)
   *
   * By how many bytes what leaves in a direction of a client may be longer than what has come in
   * it; 0 for no limit. See [property@Imp.Filter:max-growth].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_GROWTH] = g_param_spec_uint64 ("max-growth", NULL, NULL, 0, G_MAXINT64, 0,
                                                     flags);

  /**
   * ImpDatagramRelay:max-log-rate: (attributes org.gtk.Property.default=0)
   *
   * How many results for logs an analyzer may give in a second on average; 0 for any number. See
   * [property@Imp.Filter:max-log-rate].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_LOG_RATE] = g_param_spec_uint ("max-log-rate", NULL, NULL, 0, G_MAXINT32, 0,
                                                     flags);

  /**
   * ImpDatagramRelay:warn-silence: (attributes org.gtk.Property.default=10000)
   *
   * After how long, in milliseconds, it is logged that an analyzer gives no verdict; 0 for never.
   * See [property@Imp.Filter:warn-silence].
   *
   * Since: 0.2
   */
  properties[PROP_WARN_SILENCE] = g_param_spec_uint ("warn-silence", NULL, NULL, 0, G_MAXINT32,
                                                     IMP_FILTER_SILENCE_DEFAULT, flags);

  /**
   * ImpDatagramRelay:max-log-size: (attributes org.gtk.Property.default=65536)
   *
   * How many bytes the text of a result for people may have. See
   * [property@Imp.Filter:max-log-size].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_LOG_SIZE] = g_param_spec_uint64 ("max-log-size", NULL, NULL, 1, G_MAXINT64,
                                                       IMP_NOTE_SIZE_DEFAULT, flags);
}

static void
datagram_relay_class_install_times (GParamFlags flags)
{
  /**
   * ImpDatagramRelay:idle-timeout: (attributes org.gtk.Property.default=60000)
   *
   * After how many milliseconds in which nothing came from it or for it a client is forgotten; for
   * one that was refused, it is so long since that.
   *
   * Since: 0.1
   */
  properties[PROP_IDLE_TIMEOUT] = g_param_spec_uint ("idle-timeout", NULL, NULL, 1, G_MAXINT,
                                                     IDLE_TIMEOUT_DEFAULT, flags);

  /**
   * ImpDatagramRelay:deadline: (attributes org.gtk.Property.default=60000)
   *
   * How long, in milliseconds, a packet may wait for the analyzer's verdict; 0 for no limit. Then
   * the analyzer has failed. What counts is told at [property@Imp.Filter:deadline].
   *
   * Since: 0.1
   */
  properties[PROP_DEADLINE] = g_param_spec_uint ("deadline", NULL, NULL, 0, G_MAXINT32,
                                                 DEADLINE_DEFAULT, flags);

  /**
   * ImpDatagramRelay:max-extensions: (attributes org.gtk.Property.default=10)
   *
   * How often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another
   * [property@Imp.DatagramRelay:deadline].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_EXTENSIONS] = g_param_spec_uint ("max-extensions", NULL, NULL, 0, G_MAXINT32,
                                                       MAX_EXTENSIONS_DEFAULT, flags);

  /**
   * ImpDatagramRelay:hold-timeout: (attributes org.gtk.Property.default=500)
   *
   * How long, in milliseconds, packets are held since they may be the beginning of what an analyzer
   * has asked to look for (PASS_PATTERN); 0: until that is decided. See
   * [property@Imp.Filter:hold-timeout].
   *
   * Since: 0.1
   */
  properties[PROP_HOLD_TIMEOUT] = g_param_spec_uint ("hold-timeout", NULL, NULL, 0, G_MAXINT32,
                                                     HOLD_TIMEOUT_DEFAULT, flags);
}

static void
datagram_relay_class_add_signals (GType type)
{
  /**
   * ImpDatagramRelay::result:
   * @self: the relay
   * @client: the client's address
   * @result: the result
   *
   * Emitted for each result of an analyzer, before it is applied: for logs and accounts. It has to
   * be connected to before the relay runs: only the types that somebody is connected to then are
   * followed. The detail is the name of the type, as in `result::log`.
   *
   * Since: 0.1
   */
  signals[SIGNAL_RESULT] = g_signal_new ("result", type, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_SOCKET_ADDRESS,
                                         IMP_TYPE_RESULT);

  /**
   * ImpDatagramRelay::client-ended:
   * @self: the relay
   * @client: the client's address
   * @error: (nullable): why, or %NULL if it was not heard of any more or made room for another one
   *
   * Emitted once nothing is done for a client any more. The errors are those of
   * [method@Imp.Filter.check], and those of making its analyzer, or its socket towards the server.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CLIENT_ENDED] = g_signal_new ("client-ended", type, G_SIGNAL_RUN_LAST, 0, NULL,
                                               NULL, NULL, G_TYPE_NONE, 2, G_TYPE_SOCKET_ADDRESS,
                                               G_TYPE_ERROR);
}

static void
imp_datagram_relay_class_init (ImpDatagramRelayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_EXPLICIT_NOTIFY
                            | G_PARAM_STATIC_STRINGS;

  object_class->finalize = imp_datagram_relay_finalize;
  object_class->get_property = imp_datagram_relay_get_property;
  object_class->set_property = imp_datagram_relay_set_property;
  datagram_relay_class_install_ends (flags);
  datagram_relay_class_install_room (flags);
  datagram_relay_class_install_bytes (flags);
  datagram_relay_class_install_times (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  datagram_relay_class_add_signals (G_TYPE_FROM_CLASS (klass));
}

/**
 * imp_datagram_relay_new:
 * @socket: a socket of datagrams that is bound
 * @server: where the clients' datagrams go, such as a [class@Gio.InetSocketAddress] or a
 *   [class@Gio.NetworkAddress]
 * @factory: what makes the analyzers, which must work with packets
 *
 * Creates a relay, which takes @socket over and closes it at its end.
 *
 * Returns: (transfer full): a new relay
 *
 * Since: 0.1
 */
ImpDatagramRelay *
imp_datagram_relay_new (GSocket *socket, GSocketConnectable *server, ImpFactory *factory)
{
  g_return_val_if_fail (G_IS_SOCKET (socket), NULL);
  g_return_val_if_fail (G_IS_SOCKET_CONNECTABLE (server), NULL);
  g_return_val_if_fail (IMP_IS_FACTORY (factory), NULL);

  return g_object_new (IMP_TYPE_DATAGRAM_RELAY, "socket", socket, "server", server, "factory",
                       factory, NULL);
}

/**
 * imp_datagram_relay_run_async:
 * @self: a relay
 * @cancellable: (nullable): to end it at once
 * @callback: (scope async): called when it is over
 * @user_data: data for @callback
 *
 * Passes datagrams until it is stopped or cancelled. A relay runs once.
 *
 * It stays alive while it runs, without a reference of the caller's.
 *
 * Since: 0.1
 */
void
imp_datagram_relay_run_async (ImpDatagramRelay *self, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (IMP_IS_DATAGRAM_RELAY (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  g_return_if_fail (self->task == NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_datagram_relay_run_async);
  g_task_set_name (task, "imp_datagram_relay_run_async");
  g_task_set_check_cancellable (task, FALSE);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!datagram_relay_start (self, &error))
    {
      datagram_relay_clear (self);
      g_task_return_error (task, error);
      return;
    }
  self->task = g_steal_pointer (&task);
  if (cancellable != NULL)
    {
      self->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->cancelled, G_SOURCE_FUNC (datagram_relay_on_cancelled), self,
                             NULL);
      g_source_attach (self->cancelled, self->common.context);
    }
}

/**
 * imp_datagram_relay_run_finish:
 * @self: a relay
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.DatagramRelay.run_async].
 *
 * The errors are %IMP_ERROR_UNSUPPORTED if the socket is none of datagrams or the factory does not
 * work with packets, %IMP_ERROR_FAILED if the socket is not bound, and in the domain %G_IO_ERROR
 * those of the socket itself, and %G_IO_ERROR_CANCELLED. What happens to one client ends nothing.
 *
 * Returns: %TRUE if it was stopped
 *
 * Since: 0.1
 */
gboolean
imp_datagram_relay_run_finish (ImpDatagramRelay *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * imp_datagram_relay_stop:
 * @self: a relay that runs
 *
 * Takes no new clients any more. Those that there are go on, until nothing waits for a verdict and
 * nothing has come for a tenth of a second, or for two seconds where the server was sent something
 * and has not answered; when none is left, the relay has ended. Cancelling ends it at once.
 *
 * Since: 0.1
 */
void
imp_datagram_relay_stop (ImpDatagramRelay *self)
{
  g_return_if_fail (IMP_IS_DATAGRAM_RELAY (self));

  if (self->task == NULL || self->stopping)
    return;
  self->stopping = TRUE;
  imp_datagram_clients_close (self->clients);
  if (imp_datagram_clients_get_n (self->clients) == 0)
    datagram_relay_end (self, NULL);
  else
    datagram_relay_set_timer (self, STOPPED_IDLE_TIME * 1000);
}

/**
 * imp_datagram_relay_hand_over:
 * @self: a relay that runs
 *
 * Stops as [method@Imp.DatagramRelay.stop] does, and reads nothing more from its socket: for when
 * another process has a copy of it, and reads there from now on. What clients send goes to that
 * one, where they are new ones; answers of the server to what they have sent before are still
 * passed on.
 *
 * Since: 0.2
 */
void
imp_datagram_relay_hand_over (ImpDatagramRelay *self)
{
  g_return_if_fail (IMP_IS_DATAGRAM_RELAY (self));

  self->handed_over = TRUE;
  imp_source_clear (&self->listening);
  imp_datagram_relay_stop (self);
}

/**
 * imp_datagram_relay_get_socket: (get-property socket)
 * @self: a relay
 *
 * Gets the socket at which clients are heard.
 *
 * Returns: (transfer none): the socket
 *
 * Since: 0.1
 */
GSocket *
imp_datagram_relay_get_socket (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), NULL);

  return self->socket;
}

/**
 * imp_datagram_relay_get_server: (get-property server)
 * @self: a relay
 *
 * Gets where the clients' datagrams go.
 *
 * Returns: (transfer none): the server
 *
 * Since: 0.1
 */
GSocketConnectable *
imp_datagram_relay_get_server (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), NULL);

  return self->server;
}

/**
 * imp_datagram_relay_get_factory: (get-property factory)
 * @self: a relay
 *
 * Gets what makes the analyzers.
 *
 * Returns: (transfer none): the factory
 *
 * Since: 0.1
 */
ImpFactory *
imp_datagram_relay_get_factory (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), NULL);

  return self->common.factory;
}

/**
 * imp_datagram_relay_get_n_clients:
 * @self: a relay
 *
 * Gets how many clients there are, with those that were refused and are not forgotten yet.
 *
 * Returns: a number of clients
 *
 * Since: 0.1
 */
guint
imp_datagram_relay_get_n_clients (ImpDatagramRelay *self)
{
  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), 0);

  return self->clients != NULL ? imp_datagram_clients_get_n (self->clients) : 0;
}

/**
 * imp_datagram_relay_get_statistics:
 * @self: a relay
 *
 * Gets figures about what has happened, as a dictionary (`a{sv}`) of unsigned 64 bit integers:
 *
 * - `clients`, how many there are, and `held-bytes`, what their packets that wait for verdicts are
 *   counted with
 * - `clients-seen`, `clients-refused` (packets of new clients for which there was no room),
 *   `clients-evicted`, `clients-denied`, `clients-failed`
 * - `packets-from-clients`, `packets-to-server`, `packets-from-server`, `packets-to-clients`,
 *   `packets-empty` (which passed unseen)
 * - packets that were dropped: `dropped-client` (nothing is done for their client), `dropped-held`
 *   (no room), `dropped-paused` (the analyzer has said PAUSE), `dropped-cut` (longer than a
 *   datagram can be) and `dropped-sending` (they could not be sent)
 * - `server-unreachable`, how often another machine has said that nobody listens at the server's
 *   address
 *
 * Returns: (transfer full): the figures
 *
 * Since: 0.1
 */
GVariant *
imp_datagram_relay_get_statistics (ImpDatagramRelay *self)
{
  GVariantBuilder builder;

  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), NULL);

  if (self->clients != NULL)
    imp_datagram_clients_update_costs (self->clients);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "clients",
                         g_variant_new_uint64 (imp_datagram_relay_get_n_clients (self)));
  g_variant_builder_add (&builder, "{sv}", "held-bytes", g_variant_new_uint64 (self->common.held));
  for (guint i = 0; i < IMP_DATAGRAM_N_COUNTERS; i++)
    g_variant_builder_add (&builder, "{sv}", imp_datagram_counter_names[i],
                           g_variant_new_uint64 (self->common.counters[i]));
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
datagram_relay_describe_client (gpointer client, gpointer builder)
{
  g_variant_builder_add_value (builder,
                               imp_datagram_client_describe (client, g_get_monotonic_time ()));
}

/**
 * imp_datagram_relay_list_progress:
 * @self: a relay
 *
 * Gets how each client is at this moment, for people and programs that look into what does not go
 * on, as an array of dictionaries (aa{sv}), in no order.
 *
 * Of each there are "id", by which the clients of a relay are told apart; "client" (a string), its
 * address; "since-ms", how long ago it was first heard of, and "idle-ms", last, in milliseconds;
 * and, unless nothing is done for it any more, what [method@Imp.Relay.get_progress] tells of the
 * analyzer and of both directions, without what is not known here.
 *
 * Returns: (transfer full): the array
 *
 * Since: 0.2
 */
GVariant *
imp_datagram_relay_list_progress (ImpDatagramRelay *self)
{
  GVariantBuilder builder;

  g_return_val_if_fail (IMP_IS_DATAGRAM_RELAY (self), NULL);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  if (self->clients != NULL)
    imp_datagram_clients_foreach (self->clients, datagram_relay_describe_client, &builder);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
