/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-object-private.h"

#include "core/imp-error.h"
#include "core/imp-initable-private.h"
#include "core/imp-source-private.h"
#include "rpc/imp-limits-private.h"
#include "rpc/imp-shared-memory-private.h"

/**
 * ImpServer:
 *
 * Lets providers elsewhere use the analyzers of one factory.
 *
 * A server listens at any number of addresses, and accepts established connections. Each connection
 * has its own analyzers, which are closed when it ends. Who may connect to a unix socket is told by
 * [property@Imp.Server:allow-uids] and [property@Imp.Server:allow-gids]; an application can decide
 * about each client by [method@Imp.Server.set_authorize_func], or in a class of its own. A server
 * belongs to the thread-default main
 * context in which it was created.
 *
 * Since: 0.1
 */
static void server_init_initable (GInitableIface *iface);

/* clang-format off */
G_DEFINE_TYPE_WITH_CODE (ImpServer, imp_server, G_TYPE_OBJECT,
                         G_ADD_PRIVATE (ImpServer)
                         G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, server_init_initable)
                         G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_INITABLE,
                                                imp_initable_init_async_interface))
/* clang-format on */

#define PRIVATE(self) ((ImpServerPrivate *) imp_server_get_instance_private (self))

ImpServerPrivate *
imp_server_get_private (ImpServer *self)
{
  return PRIVATE (self);
}

enum
{
  SIGNAL_CONNECTED,
  SIGNAL_DISCONNECTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* --- limits and other properties --- */

#define PLACE(member) G_STRUCT_OFFSET (ImpServerPrivate, member)

static const ImpLimit server_limits[] = {
  /**
   * ImpServer:max-connections: (attributes org.gtk.Property.default=4096)
   *
   * The maximum number of connections that are served at once; further clients wait to be accepted.
   * Idle and silent connections make room for them: see [property@Imp.Server:max-idle] and
   * [property@Imp.Server:max-silence].
   *
   * Since: 0.1
   */
  { "max-connections", IMP_LIMIT_COUNT, PLACE (admission.room.max_connections), 1, G_MAXINT32, 4096,
    "how many clients may be connected" },
  /**
   * ImpServer:max-connections-per-peer: (attributes org.gtk.Property.default=2048)
   *
   * The maximum number of connections of one peer: of one user at unix sockets, as the kernel says
   * it, else of one address, of one /64 network in IPv6, or of all loopback addresses together. The
   * others have places only if this is less than [property@Imp.Server:max-connections]. Where a
   * peer has as many, its own idle and silent connections make room for another one; if there are
   * none that one is told why it is refused. Streams of which it is not known who is at their other
   * end are not counted.
   *
   * Since: 0.1
   */
  { "max-connections-per-peer", IMP_LIMIT_COUNT, PLACE (totals.max_connections_per_peer), 1,
    G_MAXINT32, 2048, "how many of them one user or address may have" },
  /**
   * ImpServer:max-idle: (attributes org.gtk.Property.default=5000)
   *
   * The time, in milliseconds, that a connection may have no analyzers while others wait to be
   * accepted since there are [property@Imp.Server:max-connections]. Of the peer that has most
   * connections, the one that has had none for longest is closed then, after a goodbye. While
   * nobody waits connections may be idle for as long as they like.
   *
   * Since: 0.1
   */
  { "max-idle", IMP_LIMIT_MILLISECONDS, PLACE (admission.room.max_idle), 1, G_MAXINT32, 5000,
    "how long a client may have no analyzers while others wait" },
  /**
   * ImpServer:max-silence: (attributes org.gtk.Property.default=60000)
   *
   * The time, in milliseconds, that a client may say nothing about its analyzers while others wait
   * to be accepted since there are [property@Imp.Server:max-connections] and none of those is idle
   * for [property@Imp.Server:max-idle]. Of the peer that has most connections, the one that has
   * been silent for longest is closed then: its analyzers end by an exception each, as by other
   * limits. A ping does not count. The time begins when the server has as many connections as it
   * may, and is known to a quarter. While nobody waits clients may be silent for as long as they
   * like.
   *
   * Since: 0.1
   */
  { "max-silence", IMP_LIMIT_MILLISECONDS, PLACE (admission.room.max_silence), 1, G_MAXINT32, 60000,
    "how long a client may say nothing about its analyzers while others wait" },
  /**
   * ImpServer:max-analyzers: (attributes org.gtk.Property.default=131072)
   *
   * The maximum number of analyzers of one connection; further ones are refused by an exception.
   *
   * Since: 0.1
   */
  { "max-analyzers", IMP_LIMIT_COUNT, PLACE (options.analyzers.max_analyzers), 1, G_MAXINT32,
    1 << 17, "how many analyzers a client may have" },
  /**
   * ImpServer:max-analyzers-per-peer: (attributes org.gtk.Property.default=262144)
   *
   * The maximum number of analyzers of all connections of one peer; further ones are refused by an
   * exception. See [property@Imp.Server:max-connections-per-peer] for who is one peer.
   *
   * Since: 0.1
   */
  { "max-analyzers-per-peer", IMP_LIMIT_COUNT, PLACE (totals.max_analyzers_per_peer), 1, G_MAXINT32,
    1 << 18, "how many of them one user or address may have" },
  /**
   * ImpServer:max-message: (attributes org.gtk.Property.default=33554432)
   *
   * The maximum size of a client's message, in bytes; a larger one ends the connection.
   *
   * Since: 0.1
   */
  { "max-message", IMP_LIMIT_BYTES, PLACE (options.limits.max_message), 1, G_MAXUINT32,
    IMP_WIRE_MAX_MESSAGE_DEFAULT, "how large a message may be" },
  /**
   * ImpServer:max-context: (attributes org.gtk.Property.default=65536)
   *
   * The maximum size of all keys and values of a context together, in bytes.
   *
   * Since: 0.1
   */
  { "max-context", IMP_LIMIT_BYTES, PLACE (options.limits.max_context), 1, G_MAXUINT32,
    IMP_WIRE_MAX_CONTEXT_DEFAULT, "how large a context may be" },
  /**
   * ImpServer:max-context-all: (attributes org.gtk.Property.default=67108864)
   *
   * The maximum size of the contexts of all analyzers of a connection together, in bytes. An
   * analyzer that would exceed it is refused by an exception.
   *
   * Since: 0.1
   */
  { "max-context-all", IMP_LIMIT_BYTES, PLACE (options.analyzers.max_context_all), 1, G_MAXUINT32,
    64 * 1024 * 1024, "how large all contexts of a client may be together" },
  /**
   * ImpServer:max-held: (attributes org.gtk.Property.default=16777216)
   *
   * The maximum number of bytes that one analyzer may hold: without a verdict, not fed to it yet,
   * or verdicts that wait while a direction is busy. Above half of it the client is asked to pause,
   * at an eighth to continue; an analyzer that exceeds it is ended by an exception.
   *
   * Since: 0.1
   */
  { "max-held", IMP_LIMIT_BYTES, PLACE (options.analyzers.max_held), 1, G_MAXUINT32,
    16 * 1024 * 1024, "how much an analyzer may hold without a verdict" },
  /**
   * ImpServer:max-output: (attributes org.gtk.Property.default=67108864)
   *
   * The maximum number of bytes that one analyzer may have to say while its client reads no more,
   * besides the 1 MiB that a connection as a whole takes. Long before, the client is not read
   * either; an analyzer that exceeds this is ended by an exception.
   *
   * Since: 0.1
   */
  { "max-output", IMP_LIMIT_BYTES, PLACE (options.analyzers.max_output), 1, G_MAXUINT32,
    64 * 1024 * 1024, "how much of one analyzer may wait for a client to read it" },
  /**
   * ImpServer:max-held-all: (attributes org.gtk.Property.default=268435456)
   *
   * The maximum number of bytes that [property@Imp.Server:max-held] and
   * [property@Imp.Server:max-output] count, for all analyzers of a connection together. The
   * analyzer that has most is ended by an exception, until the others fit.
   *
   * Since: 0.1
   */
  { "max-held-all", IMP_LIMIT_BYTES, PLACE (options.analyzers.max_held_all), 1, G_MAXUINT32,
    256 * 1024 * 1024, "the same two for all analyzers of a client" },
  /**
   * ImpServer:max-held-per-peer: (attributes org.gtk.Property.default=536870912)
   *
   * The same for all connections of one peer together (see
   * [property@Imp.Server:max-connections-per-peer]): of the connection that has most of it, the
   * analyzer that has most is ended by an exception, until the others fit.
   *
   * Since: 0.1
   */
  { "max-held-per-peer", IMP_LIMIT_BYTES, PLACE (totals.max_held_per_peer), 1, G_MAXINT64,
    512 * 1024 * 1024, "the same two for all clients of one user or address" },
  /**
   * ImpServer:max-memory: (attributes org.gtk.Property.default=1073741824)
   *
   * The maximum number of bytes that the server keeps for all its clients together: analyzers, each
   * counted with 1 KiB and its context, what they hold and have to say, and messages that are not
   * whole yet or not read. The peer that makes it exceed this has to pay, if it takes more than its
   * share, which is the same for all; else the one that takes most. The same decides which of its
   * connections pays. What takes most of that is ended: an analyzer, by an exception, or the
   * connection, if it is a message.
   *
   * Since: 0.1
   */
  { "max-memory", IMP_LIMIT_BYTES, PLACE (totals.max_memory), 1, G_MAXINT64, 1024 * 1024 * 1024,
    "how much the server keeps for all clients together" },
  /**
   * ImpServer:max-shared-memory: (attributes org.gtk.Property.default=16777216)
   *
   * The maximum number of bytes of memory that a client may share, see
   * [property@Imp.Server:shared-memory]. It is the client's memory, not counted in
   * [property@Imp.Server:max-memory]. Bytes that an analyzer keeps may pin half of it; above that
   * they are copied.
   *
   * Since: 0.1
   */
  { "max-shared-memory", IMP_LIMIT_BYTES, PLACE (options.sharing.max_size), 4096, G_MAXINT32,
    IMP_SHARED_MEMORY_DEFAULT, "how much memory a client may share" },
  /**
   * ImpServer:handshake-timeout: (attributes org.gtk.Property.default=10000)
   *
   * The time within which a client has to send its first message, in milliseconds; before that, the
   * same again for the handshake of TLS.
   *
   * Since: 0.1
   */
  { "handshake-timeout", IMP_LIMIT_MILLISECONDS, PLACE (options.handshake_timeout), 1, G_MAXINT32,
    10000, "within what time a client has to say something" },
  /**
   * ImpServer:max-handshakes: (attributes org.gtk.Property.default=256)
   *
   * The maximum number of TLS clients that are connected and whose handshake is not done. Where
   * another one comes, the oldest of the peer that has most of them is closed. So is one that does
   * not go on for a second where there are clients that could.
   *
   * Since: 0.1
   */
  { "max-handshakes", IMP_LIMIT_COUNT, PLACE (admission.tls.limits.max_handshakes), 1, G_MAXINT32,
    256, "how many TLS clients may not be done with their handshake" },
  /**
   * ImpServer:message-timeout: (attributes org.gtk.Property.default=30000)
   *
   * The time within which a client has to send the rest of a message, in milliseconds; else the
   * connection ends. It is known to a quarter.
   *
   * Since: 0.1
   */
  { "message-timeout", IMP_LIMIT_MILLISECONDS, PLACE (options.message_timeout), 1, G_MAXINT32,
    30000, "within what time a message has to be complete" },
  /**
   * ImpServer:keepalive: (attributes org.gtk.Property.default=30000)
   *
   * The time of silence, in milliseconds, after which TCP asks whether a client's machine is still
   * there; after the same time again without an answer the connection has ended. 0 for never. It is
   * rounded to seconds.
   *
   * Since: 0.1
   */
  { "keepalive", IMP_LIMIT_MILLISECONDS, PLACE (options.keepalive), 0, G_MAXINT32, 30000,
    "after what silence TCP asks whether a client's machine is there, 0 never" },
  /**
   * ImpServer:grace: (attributes org.gtk.Property.default=10000)
   *
   * The time that [method@Imp.Server.stop_async] gives analyzers to finish, in milliseconds.
   *
   * Since: 0.1
   */
  { "grace", IMP_LIMIT_MILLISECONDS, PLACE (grace), 0, G_MAXINT32, 10000,
    "how long analyzers may go on when the server stops" },
  /**
   * ImpServer:busy-poll: (attributes org.gtk.Property.default=0)
   *
   * For how many microseconds to spin on the socket after something has come, before sleeping; 0
   * for not at all. See [property@Imp.RemoteFactory:busy-poll].
   *
   * Since: 0.1
   */
  { "busy-poll", IMP_LIMIT_MICROSECONDS, PLACE (options.busy_poll), 0, G_MAXINT32, 0,
    "how long to spin on a socket before sleeping; it costs a core" },
};

typedef enum
{
  PROP_FACTORY = 1,
  PROP_CODEC,
  PROP_REPLACE,
  PROP_INSECURE,
  PROP_SHARED_MEMORY,
  PROP_DRAINING,
  PROP_TLS,                                                   /* the first of them */
  PROP_ACCESS = PROP_TLS + IMP_N_SERVER_TLS_PROPERTIES,       /* the same */
  PROP_LIMITS = PROP_ACCESS + IMP_N_SERVER_ACCESS_PROPERTIES, /* the same */
} Property;

static GParamSpec *props[PROP_LIMITS + G_N_ELEMENTS (server_limits)];

static void
imp_server_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  ImpServer *self = IMP_SERVER (object);
  ImpServerPrivate *priv = PRIVATE (self);

  switch ((Property) property_id)
    {
    case PROP_FACTORY:
      g_value_set_object (value, priv->factory);
      break;
    case PROP_CODEC:
      g_value_set_string (value, priv->codec_name);
      break;
    case PROP_REPLACE:
      g_value_set_boolean (value, priv->listening.opening.replace);
      break;
    case PROP_INSECURE:
      g_value_set_boolean (value, priv->listening.insecure);
      break;
    case PROP_SHARED_MEMORY:
      g_value_set_enum (value, priv->options.sharing.mode);
      break;
    case PROP_DRAINING:
      g_value_set_boolean (value, priv->draining);
      break;
    case PROP_TLS:
    case PROP_ACCESS:
    case PROP_LIMITS:
    default:
      if (property_id < PROP_ACCESS)
        imp_server_tls_get_property (&priv->admission.tls, property_id - PROP_TLS, value);
      else if (property_id < PROP_LIMITS)
        imp_server_access_get_property (&priv->admission.access, &priv->listening.opening,
                                        property_id - PROP_ACCESS, value);
      else
        imp_limit_get_property (&server_limits[property_id - PROP_LIMITS], priv, value);
    }
}

static gboolean
server_set_codec_name (ImpServer *self, const char *name)
{
  ImpServerPrivate *priv = PRIVATE (self);

  if (g_strcmp0 (priv->codec_name, name) == 0)
    return FALSE;
  g_free (priv->codec_name);
  priv->codec_name = g_strdup (name);
  g_clear_object (&priv->codec);
  return TRUE;
}

static gboolean
server_set_flag (gboolean *flag, gboolean value)
{
  gboolean changed = *flag != value;

  *flag = value;
  return changed;
}

static GList *
server_dup_connections (ImpServer *self)
{
  ImpServerPrivate *priv = PRIVATE (self);
  GList *connections = g_hash_table_get_keys (priv->connections);

  g_list_foreach (connections, (GFunc) (void (*) (void)) imp_server_connection_ref, NULL);
  return connections;
}

/* Whoever is told may end, and others hear of that. Nobody goes on with a former factory. */
static void
server_set_connections_draining (ImpServer *self, gboolean draining)
{
  GList *connections = server_dup_connections (self);

  for (GList *l = connections; l != NULL; l = l->next)
    if (draining || !imp_server_connection_has_factory (l->data, PRIVATE (self)->factory))
      imp_server_connection_drain (l->data);
    else
      imp_server_connection_undrain (l->data);
  g_list_free_full (connections, (GDestroyNotify) imp_server_connection_unref);
}

static gboolean
server_set_draining (ImpServer *self, gboolean draining)
{
  ImpServerPrivate *priv = PRIVATE (self);

  if (!server_set_flag (&priv->draining, draining))
    return FALSE;
  /* One that stops says goodbye whatever it is told. */
  if (priv->admission.state == IMP_SERVER_ADMISSION_OPEN)
    server_set_connections_draining (self, draining);
  return TRUE;
}

static gboolean
server_take_factory (ImpServer *self, ImpFactory *factory)
{
  ImpServerPrivate *priv = PRIVATE (self);
  GList *connections;

  if (factory == NULL || !g_set_object (&priv->factory, factory))
    return FALSE;
  connections = server_dup_connections (self);
  for (GList *l = connections; l != NULL; l = l->next)
    imp_server_connection_offer_factory (l->data, factory);
  g_list_free_full (connections, (GDestroyNotify) imp_server_connection_unref);
  if (priv->admission.state == IMP_SERVER_ADMISSION_OPEN)
    server_set_connections_draining (self, priv->draining);
  return TRUE;
}

static void
imp_server_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  ImpServer *self = IMP_SERVER (object);
  ImpServerPrivate *priv = PRIVATE (self);
  gboolean changed = FALSE;

  switch ((Property) property_id)
    {
    case PROP_FACTORY:
      changed = server_take_factory (self, g_value_get_object (value));
      break;
    case PROP_CODEC:
      changed = server_set_codec_name (self, g_value_get_string (value));
      break;
    case PROP_REPLACE:
      changed = server_set_flag (&priv->listening.opening.replace, g_value_get_boolean (value));
      break;
    case PROP_INSECURE:
      changed = server_set_flag (&priv->listening.insecure, g_value_get_boolean (value));
      break;
    case PROP_SHARED_MEMORY:
      changed = priv->options.sharing.mode != (ImpSharedMemory) g_value_get_enum (value);
      priv->options.sharing.mode = g_value_get_enum (value);
      break;
    case PROP_DRAINING:
      changed = server_set_draining (self, g_value_get_boolean (value));
      break;
    case PROP_TLS:
    case PROP_ACCESS:
    case PROP_LIMITS:
    default:
      if (property_id < PROP_ACCESS)
        changed = imp_server_tls_set_property (&priv->admission.tls, property_id - PROP_TLS, value);
      else
        changed
          = property_id < PROP_LIMITS
              ? imp_server_access_set_property (&priv->admission.access, &priv->listening.opening,
                                                property_id - PROP_ACCESS, value)
              : imp_limit_set_property (&server_limits[property_id - PROP_LIMITS], priv, value);
    }
  if (changed)
    g_object_notify_by_pspec (object, pspec);
}

static void
server_install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * ImpServer:factory: (attributes org.gtk.Property.default=none)
   *
   * The factory that makes the analyzers of connections that come; see
   * [method@Imp.Server.set_factory]. It cannot be %NULL.
   *
   * Since: 0.1
   */
  props[PROP_FACTORY] = g_param_spec_object ("factory", NULL, NULL, IMP_TYPE_FACTORY,
                                             flags | G_PARAM_CONSTRUCT);
  /**
   * ImpServer:codec: (attributes org.gtk.Property.default="auto")
   *
   * The name of the wire format (see [func@Imp.Codec.new_by_name]), or "auto": what the first bytes
   * of a client show.
   *
   * Since: 0.1
   */
  props[PROP_CODEC] = g_param_spec_string ("codec", NULL, NULL, "auto", flags | G_PARAM_CONSTRUCT);
  /**
   * ImpServer:replace: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether to take over a unix socket's path from a server that still listens there. The other
   * server keeps its connections; new ones come here.
   *
   * Since: 0.1
   */
  props[PROP_REPLACE] = g_param_spec_boolean ("replace", NULL, NULL, FALSE, flags);
  /**
   * ImpServer:insecure: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether to listen at TCP addresses that other machines can reach without TLS, though the
   * traffic is neither encrypted nor authenticated. Otherwise such addresses are refused, also
   * those of sockets that are handed over.
   *
   * Since: 0.1
   */
  props[PROP_INSECURE] = g_param_spec_boolean ("insecure", NULL, NULL, FALSE, flags);
  /**
   * ImpServer:shared-memory: (attributes org.gtk.Property.default=IMP_SHARED_MEMORY_OFF)
   *
   * Whether clients at unix sockets may share memory from which their input is read, so that it
   * need not come through the connection. Such bytes can change while an analyzer looks at them, if
   * the client wants it: so they are read from clients of the same user alone, unless it is
   * %IMP_SHARED_MEMORY_ANY_PEER. It counts for connections that come later.
   *
   * Since: 0.1
   */
  props[PROP_SHARED_MEMORY] = g_param_spec_enum ("shared-memory", NULL, NULL,
                                                 IMP_TYPE_SHARED_MEMORY, IMP_SHARED_MEMORY_OFF,
                                                 flags);
  /**
   * ImpServer:draining: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether clients are to look for another server, while this one goes on. Those that are
   * connected, and those that come, are told goodbye: they finish the analyzers that they have here
   * and make new ones elsewhere, as [class@Imp.RemoteFactory] does. In version 1 of the protocol
   * there is no word for it: there a client goes on as before, and is disconnected once it has no
   * analyzers.
   *
   * It can be taken back: who comes from then on is served as usual. A server that does not listen
   * any more, and ends, is another matter: [method@Imp.Server.stop_async].
   *
   * Since: 0.2
   */
  props[PROP_DRAINING] = g_param_spec_boolean ("draining", NULL, NULL, FALSE, flags);
  imp_server_tls_make_specs (flags, props + PROP_TLS);
  imp_server_access_make_specs (flags, props + PROP_ACCESS);
  imp_limits_make_specs (server_limits, G_N_ELEMENTS (server_limits), props + PROP_LIMITS);
  g_object_class_install_properties (klass, G_N_ELEMENTS (props), props);
}

/* --- connections --- */

static void
server_finish_stopping (ImpServer *self)
{
  ImpServerPrivate *priv = PRIVATE (self);
  GQueue stopping = priv->stopping;
  GTask *task;

  if (g_hash_table_size (priv->connections) > 0
      || imp_server_listeners_is_opening (&priv->listeners))
    return;
  imp_source_clear (&priv->grace_timer);
  g_queue_init (&priv->stopping);
  while ((task = g_queue_pop_head (&stopping)) != NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
    }
}

static void
server_on_connection_ended (ImpServerConnection *connection, const GError *error,
                            gpointer user_data)
{
  g_autoptr (ImpServer) self = g_object_ref (user_data);
  ImpServerPrivate *priv = PRIVATE (self);

  g_hash_table_remove (priv->connections, connection);
  imp_server_listeners_resume (&priv->listeners);
  g_signal_emit (self, signals[SIGNAL_DISCONNECTED], 0,
                 imp_server_connection_get_stream (connection), error->message);
  server_finish_stopping (self);
}

static const ImpServerConnectionFuncs connection_funcs = {
  .ended = server_on_connection_ended,
};

static gboolean
server_ensure_codec (ImpServer *self, GError **error)
{
  ImpServerPrivate *priv = PRIVATE (self);

  if (priv->codec == NULL && g_strcmp0 (priv->codec_name, "auto") != 0)
    priv->codec = imp_codec_new_by_name (priv->codec_name, error);
  return priv->codec != NULL || g_strcmp0 (priv->codec_name, "auto") == 0;
}

static gboolean
server_add_connection (ImpServer *self, GIOStream *stream, ImpPeer *peer, GError **error)
{
  ImpServerPrivate *priv = PRIVATE (self);
  const char *name = imp_peer_get_name (peer);
  ImpServerConnection *connection;

  priv->totals.tracer = g_object_get_data (G_OBJECT (self), IMP_SERVER_TRACER_KEY);
  connection = imp_server_connection_new (stream, priv->factory, priv->codec, &priv->options,
                                          &priv->totals, name, error);
  if (connection == NULL)
    return FALSE;
  if (!priv->admission.access.trust_context)
    imp_server_connection_set_peer_context (connection, imp_peer_get_context (peer));
  g_hash_table_add (priv->connections, imp_server_connection_ref (connection));
  imp_server_connection_start (connection, priv->context, &connection_funcs, self);
  imp_server_room_note (&priv->admission.room, name, g_hash_table_size (priv->connections));
  /* Whoever hears of it may close the server. */
  g_signal_emit (self, signals[SIGNAL_CONNECTED], 0, stream);
  if (priv->draining || priv->admission.state != IMP_SERVER_ADMISSION_OPEN)
    imp_server_connection_drain (connection);
  imp_server_connection_unref (connection);
  return TRUE;
}

static guint
server_count_connections (ImpServer *self)
{
  return g_hash_table_size (PRIVATE (self)->connections);
}

static void
server_on_place_freed (ImpServer *self)
{
  imp_server_listeners_resume (&PRIVATE (self)->listeners);
}

static const ImpServerAdmissionFuncs admission_funcs = {
  .admitted = server_add_connection,
  .count = server_count_connections,
  .freed = server_on_place_freed,
};

static gboolean
imp_server_real_authorize (ImpServer *self, ImpPeer *peer, GError **error)
{
  return imp_server_access_admit (&PRIVATE (self)->admission.access, peer, error);
}

/* --- listeners --- */

static gboolean
server_may_accept (gpointer user_data)
{
  return imp_server_admission_may_accept (&PRIVATE (user_data)->admission);
}

static void
server_on_connection (GSocketConnection *connection, gpointer user_data)
{
  imp_server_admission_arrive (&PRIVATE (user_data)->admission, connection, FALSE);
}

static void
server_on_tls_connection (GSocketConnection *connection, gpointer user_data)
{
  imp_server_admission_arrive (&PRIVATE (user_data)->admission, connection, TRUE);
}

static guint
server_get_room (gpointer user_data)
{
  return imp_server_admission_get_room (&PRIVATE (user_data)->admission);
}

static void
server_on_given_up (gpointer user_data)
{
  server_finish_stopping (user_data);
}

static const ImpServerListenersFuncs listeners_funcs = {
  .may_accept = server_may_accept,
  .connected = server_on_connection,
  .connected_tls = server_on_tls_connection,
  .get_room = server_get_room,
  .given_up = server_on_given_up,
};

static void
imp_server_dispose (GObject *object)
{
  ImpServer *self = IMP_SERVER (object);
  ImpServerPrivate *priv = PRIVATE (self);

  imp_server_close (self);
  imp_server_admission_set_func (&priv->admission, NULL, NULL, NULL);
  g_clear_object (&priv->factory);
  g_clear_object (&priv->codec);
  G_OBJECT_CLASS (imp_server_parent_class)->dispose (object);
}

static void
imp_server_finalize (GObject *object)
{
  ImpServer *self = IMP_SERVER (object);
  ImpServerPrivate *priv = PRIVATE (self);

  imp_server_listeners_clear (&priv->listeners);
  imp_server_admission_clear (&priv->admission);
  g_hash_table_unref (priv->connections);
  g_main_context_unref (priv->context);
  g_free (priv->codec_name);
  G_OBJECT_CLASS (imp_server_parent_class)->finalize (object);
}

static void
imp_server_class_init (ImpServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = imp_server_dispose;
  object_class->finalize = imp_server_finalize;
  object_class->get_property = imp_server_get_property;
  object_class->set_property = imp_server_set_property;
  klass->authorize = imp_server_real_authorize;

  server_install_properties (object_class);

  /**
   * ImpServer::connected:
   * @self: the server
   * @stream: the connection
   *
   * Emitted when a client has connected.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CONNECTED] = g_signal_new ("connected", IMP_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_IO_STREAM);
  /**
   * ImpServer::disconnected:
   * @self: the server
   * @stream: the connection
   * @reason: why, for people
   *
   * Emitted when a connection has ended; its analyzers are closed.
   *
   * Since: 0.1
   */
  signals[SIGNAL_DISCONNECTED] = g_signal_new ("disconnected", IMP_TYPE_SERVER, G_SIGNAL_RUN_LAST,
                                               0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                               G_TYPE_IO_STREAM, G_TYPE_STRING);
}

static void
imp_server_init (ImpServer *self)
{
  ImpServerPrivate *priv = PRIVATE (self);
  const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  priv->context = g_main_context_ref_thread_default ();
  imp_server_listeners_init (&priv->listeners, priv->context, &listeners_funcs, self);
  imp_server_admission_init (&priv->admission, self, &admission_funcs, priv->context,
                             &priv->options, &priv->codec, &priv->totals);
  priv->connections = g_hash_table_new_full (NULL, NULL,
                                             (GDestroyNotify) imp_server_connection_unref, NULL);
  priv->listening.opening.mode = IMP_LISTENER_MODE_DEFAULT;
  priv->options.limits = limits;
  priv->options.high_water = IMP_LINK_HIGH_WATER;
  priv->options.analyzers.max_waiting = IMP_SERVER_CONNECTION_MAX_WAITING;
  imp_limits_init (server_limits, G_N_ELEMENTS (server_limits), priv);
}

/* What can be known before it listens anywhere. */
static gboolean
server_initialize (GInitable *initable, GCancellable *cancellable, GError **error)
{
  ImpServer *self = IMP_SERVER (initable);
  ImpServerPrivate *priv = PRIVATE (self);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (priv->factory == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                           "A server needs a factory, which makes its analyzers");
      return FALSE;
    }
  return server_ensure_codec (self, error)
         && imp_server_tls_check_files (&priv->admission.tls, error);
}

static void
server_init_initable (GInitableIface *iface)
{
  iface->init = server_initialize;
}

/* --- public --- */

/**
 * imp_server_new: (constructor)
 * @factory: the factory that makes the analyzers
 *
 * Creates a server.
 *
 * Returns: (transfer full): a new server
 *
 * Since: 0.1
 */
ImpServer *
imp_server_new (ImpFactory *factory)
{
  g_return_val_if_fail (IMP_IS_FACTORY (factory), NULL);

  return g_object_new (IMP_TYPE_SERVER, "factory", factory, NULL);
}

/**
 * imp_server_set_factory: (set-property factory)
 * @self: a server
 * @factory: the factory that makes the analyzers from now on
 *
 * Sets [property@Imp.Server:factory] while the server runs: connections that come from now on have
 * analyzers of the new factory, and so have those that have asked for nothing yet. All others have
 * agreed on an interface of the former one, and keep it. They are told goodbye, as with
 * [property@Imp.Server:draining]: their analyzers go on, and clients such as
 * [class@Imp.RemoteFactory] connect again for new ones. The server holds a reference to a former
 * factory until the last of its connections has ended.
 *
 * Since: 0.2
 */
void
imp_server_set_factory (ImpServer *self, ImpFactory *factory)
{
  g_return_if_fail (IMP_IS_SERVER (self));
  g_return_if_fail (IMP_IS_FACTORY (factory));

  g_object_set (self, "factory", factory, NULL);
}

/* Before it listens; NULL with an error if it cannot. */
static ImpAddress *
server_parse_address (ImpServer *self, const char *address, GError **error)
{
  ImpServerPrivate *priv = PRIVATE (self);
  g_autoptr (ImpAddress) parsed = NULL;

  if (!imp_server_admission_check_open (&priv->admission, error))
    return NULL;
  parsed = imp_address_parse (address, error);
  if (parsed == NULL || !server_ensure_codec (self, error)
      || !imp_server_admission_prepare (&priv->admission, parsed, error))
    return NULL;
  return g_steal_pointer (&parsed);
}

/**
 * imp_server_listen:
 * @self: a server
 * @address: /PATH, ./PATH, &#64;NAME, HOST:PORT, [IPV6]:PORT, the last two with or without tls://
 *   in front, fd:N, systemd or systemd:NAME, these with or without tls: in front
 * @error: return location for an error
 *
 * Listens at one more address.
 *
 * A socket file at which nobody listens any more is replaced. One that is in use is replaced only
 * if [property@Imp.Server:replace] is set; any other file never is. A TCP address that other
 * machines can reach is refused without TLS, unless [property@Imp.Server:insecure] is set. With
 * TLS, [property@Imp.Server:tls-cert] or [property@Imp.Server:tls-certificate] is needed.
 *
 * A name stands for all its addresses, at one port. Those that cannot be had (of IPv6, where this
 * machine has none) are left out, as long as there is one that can. If one of them is in use the
 * server listens at none of them, since clients would reach sometimes this server and sometimes
 * another one. Of the sockets of a service manager ("systemd", or "systemd:NAME"
 * for those with one name) any error counts. A socket that is handed over is listened at once, and
 * only a TCP socket can be for TLS.
 *
 * This blocks while a name is looked up, and up to two seconds while another process keeps the
 * folder of a path locked; it is for programs that do not run a main loop yet. Others use
 * [method@Imp.Server.listen_async].
 *
 * Returns: %TRUE on success; %FALSE with %IMP_ERROR_SETTINGS if @address is invalid or refused,
 *   %IMP_ERROR_CLOSED if the server is stopped, an error of #GIOErrorEnum, such as
 *   %G_IO_ERROR_ADDRESS_IN_USE, or of #GResolverError
 *
 * Since: 0.1
 */
gboolean
imp_server_listen (ImpServer *self, const char *address, GError **error)
{
  ImpServerPrivate *priv = PRIVATE (self);
  g_autoptr (ImpAddress) parsed = NULL;

  g_return_val_if_fail (IMP_IS_SERVER (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);

  parsed = server_parse_address (self, address, error);
  return parsed != NULL
         && imp_server_listeners_open (&priv->listeners, parsed, address, &priv->listening, error);
}

/**
 * imp_server_listen_async:
 * @self: a server
 * @address: as in [method@Imp.Server.listen]
 * @cancellable: (nullable): to give it up
 * @callback: called when the server listens there, or cannot
 * @user_data: data for @callback
 *
 * Listens at one more address, and never blocks: names are looked up, and paths opened, beside the
 * main loop. Everything else is as told of [method@Imp.Server.listen], also which addresses of a
 * name there must be. Several of these can be under way at once. A server that is stopped or closed
 * gives up what it has not opened yet.
 *
 * Since: 0.1
 */
void
imp_server_listen_async (ImpServer *self, const char *address, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  ImpServerPrivate *priv = PRIVATE (self);
  g_autoptr (GTask) task = NULL;
  g_autoptr (ImpAddress) parsed = NULL;
  GError *error = NULL;

  g_return_if_fail (IMP_IS_SERVER (self));
  g_return_if_fail (address != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_server_listen_async);
  parsed = server_parse_address (self, address, &error);
  if (parsed == NULL)
    g_task_return_error (task, error);
  else
    imp_server_listeners_open_async (&priv->listeners, parsed, address, &priv->listening, task);
}

/**
 * imp_server_listen_finish:
 * @self: a server
 * @result: the result that the callback got
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.Server.listen_async].
 *
 * Returns: %TRUE if the server listens there; %FALSE with the errors of
 *   [method@Imp.Server.listen], or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
gboolean
imp_server_listen_finish (ImpServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * imp_server_unlisten:
 * @self: a server
 * @address: one of [method@Imp.Server.list_addresses]
 *
 * Stops listening at an address. Its connections go on, and those that wait to be accepted there
 * are, as far as there is room; nobody else finds the server there. The file of a unix socket is
 * removed, unless another server has it by now. If there are several with this address, the first
 * one is meant.
 *
 * Returns: %TRUE if the server listened there
 *
 * Since: 0.2
 */
gboolean
imp_server_unlisten (ImpServer *self, const char *address)
{
  g_autoptr (ImpServer) alive = NULL;

  g_return_val_if_fail (IMP_IS_SERVER (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);

  alive = g_object_ref (self);
  return imp_server_listeners_remove (&PRIVATE (self)->listeners, address);
}

/**
 * imp_server_add_stream:
 * @self: a server
 * @stream: a connection to a client
 * @error: return location for an error
 *
 * Serves a client over an established connection. [property@Imp.Server:allow-uids] does not concern
 * it: whoever has made the connection knows whom it is with. All others are asked, as for a client
 * that connects by itself.
 *
 * Returns: %TRUE on success; %FALSE with %IMP_ERROR_UNSUPPORTED if the stream cannot be used
 *   without blocking, %IMP_ERROR_LIMIT if there are [property@Imp.Server:max-connections]
 *   connections already, or [property@Imp.Server:max-connections-per-peer] of this client's peer,
 *   %IMP_ERROR_DENIED, or the error of [method@Imp.Server.set_authorize_func], if the client may
 *   not use the server, or %IMP_ERROR_CLOSED if the server is stopped
 *
 * Since: 0.1
 */
gboolean
imp_server_add_stream (ImpServer *self, GIOStream *stream, GError **error)
{
  ImpServerPrivate *priv = PRIVATE (self);
  g_autoptr (ImpPeer) peer = NULL;

  g_return_val_if_fail (IMP_IS_SERVER (self), FALSE);
  g_return_val_if_fail (G_IS_IO_STREAM (stream), FALSE);

  if (!imp_server_admission_check_open (&priv->admission, error))
    return FALSE;
  if (!imp_server_admission_may_accept (&priv->admission))
    {
      priv->totals.n_refusals[IMP_SERVER_REFUSAL_MAX_CONNECTIONS]++;
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "There are %u connections already (max-connections)",
                   priv->admission.room.max_connections);
      return FALSE;
    }
  peer = imp_peer_new (stream, TRUE);
  return imp_server_admission_decide (&priv->admission, peer, error)
         && server_ensure_codec (self, error) && server_add_connection (self, stream, peer, error);
}

/**
 * imp_server_use_codec:
 * @self: a server that has no connections yet
 * @codec: the wire format
 *
 * Sets the wire format to one that the application provides. Clients have to know it as well.
 *
 * Since: 0.1
 */
void
imp_server_use_codec (ImpServer *self, ImpCodec *codec)
{
  ImpServerPrivate *priv = PRIVATE (self);

  g_return_if_fail (IMP_IS_SERVER (self));
  g_return_if_fail (IMP_IS_CODEC (codec));

  g_set_object (&priv->codec, codec);
}

static void
server_close_connections (ImpServer *self, const char *why)
{
  g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, why);
  GList *connections = server_dup_connections (self);

  for (GList *l = connections; l != NULL; l = l->next)
    imp_server_connection_close (l->data, error);
  g_list_free_full (connections, (GDestroyNotify) imp_server_connection_unref);
}

static gboolean
server_on_grace_over (gpointer user_data)
{
  g_autoptr (ImpServer) self = g_object_ref (user_data);
  ImpServerPrivate *priv = PRIVATE (self);
  g_autofree char *why = NULL;

  why = g_strdup_printf ("The server has stopped; analyzers had %u ms to finish (grace)",
                         priv->grace);
  server_close_connections (self, why);
  return G_SOURCE_REMOVE;
}

/**
 * imp_server_stop_async:
 * @self: a server
 * @cancellable: (nullable): to stop waiting; the server stops nevertheless
 * @callback: called when all connections have ended
 * @user_data: data for @callback
 *
 * Stops gracefully: no more connections are accepted, clients are told, and analyzers may finish.
 * Connections that are left after [property@Imp.Server:grace] are closed.
 *
 * Since: 0.1
 */
void
imp_server_stop_async (ImpServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  ImpServerPrivate *priv = PRIVATE (self);
  GTask *task;

  g_return_if_fail (IMP_IS_SERVER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_server_stop_async);
  g_queue_push_tail (&priv->stopping, task);
  if (priv->admission.state == IMP_SERVER_ADMISSION_OPEN)
    {
      imp_server_admission_set_state (&priv->admission, IMP_SERVER_ADMISSION_STOPPED);
      imp_server_listeners_close (&priv->listeners, TRUE);
      imp_server_admission_drop_all (&priv->admission);
      server_set_connections_draining (self, TRUE);
      priv->grace_timer = imp_source_add_timeout (priv->context, priv->grace, "imp server: grace",
                                                  server_on_grace_over, self);
    }
  server_finish_stopping (self);
}

/**
 * imp_server_stop_finish:
 * @self: a server
 * @result: the result that the callback got
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.Server.stop_async].
 *
 * Returns: %TRUE on success, %FALSE with %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
gboolean
imp_server_stop_finish (ImpServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * imp_server_close:
 * @self: a server
 *
 * Stops at once: closes all connections, and removes the socket files.
 *
 * Since: 0.1
 */
void
imp_server_close (ImpServer *self)
{
  ImpServerPrivate *priv = PRIVATE (self);

  g_return_if_fail (IMP_IS_SERVER (self));

  imp_server_admission_set_state (&priv->admission, IMP_SERVER_ADMISSION_CLOSED);
  imp_server_listeners_close (&priv->listeners, FALSE);
  imp_server_admission_drop_all (&priv->admission);
  server_close_connections (self, "The server was closed");
  server_finish_stopping (self);
}
