/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-relay-private.h"

#include "core/imp-note-limit-private.h"
#include "core/imp-source-private.h"
#include "provider/imp-filter-private.h"
#include "provider/imp-pump-private.h"

#define BUFFER_SIZE_DEFAULT (512 * 1024)
#define LINGER_DEFAULT 5000
/* More than a filter's own default: with analyzers elsewhere, all that is in the buffers of the
 * sockets there and back waits for its verdict. */
#define MAX_HELD_DEFAULT (32 * 1024 * 1024)
#define DEADLINE_DEFAULT 60000
#define MAX_EXTENSIONS_DEFAULT 10
#define HOLD_TIMEOUT_DEFAULT 500

/**
 * ImpRelay:
 *
 * Connects a client's stream with a server's through an analyzer: the whole of a proxy, once both
 * connections are there.
 *
 * It reads from a side only while it can write to the other: as soon as
 * [property@Imp.Relay:buffer-size] bytes wait for a side, the side that they come from is not read
 * any more, and the analyzer is told that the direction is busy. Nor is it read while the analyzer
 * asks for a pause. So every buffer has a bound, and what one peer does not read slows down the
 * other.
 *
 * The end of a side's stream is handed on by shutting down the output of the other side, after
 * everything before it; the other direction goes on. If the analyzer denies the connection, or
 * fails, or a side breaks, nothing more is read; what was let through before is written, for
 * [property@Imp.Relay:linger] milliseconds at most, and both sides are closed. If the analyzer
 * drops it, they are closed at once.
 *
 * A side that has not got all of its stream is not told that this is the end: where it is a TCP
 * connection, it is reset. That also holds if the relay is cancelled or its process ends. The
 * exception is an analyzer's own answer ([method@Imp.Analyzer.send_back]): if that was the last
 * that a side got, and none of its stream that had come is missing, the connection ends regularly;
 * and so it does for a side that has got nothing, where it is the other side's stream that is
 * denied.
 *
 * What may wait for the analyzer's verdict is limited by [property@Imp.Relay:max-held], and for how
 * long, by [property@Imp.Relay:deadline]; what became of the bytes, the filter counts: see
 * [method@Imp.Relay.get_filter].
 *
 * Everything happens in the main context that is the thread's default when
 * [method@Imp.Relay.run_async] is called.
 *
 * Since: 0.1
 */
struct _ImpRelay
{
  GObject parent_instance;

  GIOStream *client;
  GIOStream *server; /* NULL: not yet */
  GBytes *unread;    /* of the client, or NULL */
  ImpAnalyzer *analyzer;
  ImpFilter *filter;
  ImpPump *pump;
  gboolean prepared;
  ImpPumpLimits limits;
  guint64 max_held;
  guint64 max_growth;
  guint max_log_rate;
  guint64 max_log_size;
  guint deadline;
  guint max_extensions;
  guint hold_timeout;
  GTask *task;
  GSource *cancelled;
};

G_DEFINE_FINAL_TYPE (ImpRelay, imp_relay, G_TYPE_OBJECT)

typedef enum
{
  PROP_CLIENT = 1,
  PROP_SERVER,
  PROP_ANALYZER,
  PROP_BUFFER_SIZE,
  PROP_LINGER,
  PROP_IDLE_TIMEOUT,
  PROP_MAX_HELD,
  PROP_DEADLINE,
  PROP_MAX_EXTENSIONS,
  PROP_HOLD_TIMEOUT,
  PROP_MAX_GROWTH,
  PROP_MAX_LOG_RATE,
  PROP_MAX_LOG_SIZE,
} RelayProperty;

static GParamSpec *properties[PROP_MAX_LOG_SIZE + 1];
static guint signal_result;

static void
imp_relay_init (ImpRelay *self)
{
}

static void
imp_relay_constructed (GObject *object)
{
  ImpRelay *self = IMP_RELAY (object);

  G_OBJECT_CLASS (imp_relay_parent_class)->constructed (object);
  self->filter = imp_filter_new (self->analyzer);
  imp_filter_set_max_held (self->filter, self->max_held);
  g_object_set (self->filter, "max-growth", self->max_growth, "max-log-rate", self->max_log_rate,
                "max-log-size", self->max_log_size, NULL);
  imp_filter_set_deadline (self->filter, self->deadline);
  imp_filter_set_max_extensions (self->filter, self->max_extensions);
  imp_filter_set_hold_timeout (self->filter, self->hold_timeout);
  self->pump = imp_pump_new (self->filter);
}

static void
imp_relay_finalize (GObject *object)
{
  ImpRelay *self = IMP_RELAY (object);

  g_clear_pointer (&self->pump, imp_pump_free);
  /* Somebody else may have a reference. */
  if (self->filter != NULL)
    imp_filter_observe (self->filter, 0, NULL, NULL);
  g_clear_object (&self->filter);
  g_clear_object (&self->analyzer);
  g_clear_object (&self->client);
  g_clear_object (&self->server);
  g_clear_pointer (&self->unread, g_bytes_unref);
  G_OBJECT_CLASS (imp_relay_parent_class)->finalize (object);
}

static void
imp_relay_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpRelay *self = IMP_RELAY (object);

  switch ((RelayProperty) id)
    {
    case PROP_CLIENT:
      g_value_set_object (value, self->client);
      break;
    case PROP_SERVER:
      g_value_set_object (value, self->server);
      break;
    case PROP_ANALYZER:
      g_value_set_object (value, self->analyzer);
      break;
    case PROP_BUFFER_SIZE:
      g_value_set_uint (value, self->limits.buffer_size);
      break;
    case PROP_LINGER:
      g_value_set_uint (value, self->limits.linger);
      break;
    case PROP_IDLE_TIMEOUT:
      g_value_set_uint (value, self->limits.idle);
      break;
    case PROP_MAX_HELD:
      g_value_set_uint64 (value, self->max_held);
      break;
    case PROP_MAX_GROWTH:
      g_value_set_uint64 (value, self->max_growth);
      break;
    case PROP_MAX_LOG_RATE:
      g_value_set_uint (value, self->max_log_rate);
      break;
    case PROP_MAX_LOG_SIZE:
      g_value_set_uint64 (value, self->max_log_size);
      break;
    case PROP_DEADLINE:
      g_value_set_uint (value, self->deadline);
      break;
    case PROP_MAX_EXTENSIONS:
      g_value_set_uint (value, self->max_extensions);
      break;
    case PROP_HOLD_TIMEOUT:
      g_value_set_uint (value, self->hold_timeout);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
relay_set_server (ImpRelay *self, GIOStream *server)
{
  if (g_set_object (&self->server, server))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SERVER]);
}

static void
imp_relay_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpRelay *self = IMP_RELAY (object);

  switch ((RelayProperty) id)
    {
    case PROP_CLIENT:
      self->client = g_value_dup_object (value);
      break;
    case PROP_SERVER:
      relay_set_server (self, g_value_get_object (value));
      break;
    case PROP_ANALYZER:
      self->analyzer = g_value_dup_object (value);
      break;
    case PROP_BUFFER_SIZE:
      self->limits.buffer_size = g_value_get_uint (value);
      break;
    case PROP_LINGER:
      self->limits.linger = g_value_get_uint (value);
      break;
    case PROP_IDLE_TIMEOUT:
      self->limits.idle = g_value_get_uint (value);
      break;
    case PROP_MAX_HELD:
      self->max_held = g_value_get_uint64 (value);
      break;
    case PROP_MAX_GROWTH:
      self->max_growth = g_value_get_uint64 (value);
      break;
    case PROP_MAX_LOG_RATE:
      self->max_log_rate = g_value_get_uint (value);
      break;
    case PROP_MAX_LOG_SIZE:
      self->max_log_size = g_value_get_uint64 (value);
      break;
    case PROP_DEADLINE:
      self->deadline = g_value_get_uint (value);
      break;
    case PROP_MAX_EXTENSIONS:
      self->max_extensions = g_value_get_uint (value);
      break;
    case PROP_HOLD_TIMEOUT:
      self->hold_timeout = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
relay_class_install_ends (GParamFlags flags)
{
  /**
   * ImpRelay:client: (attributes org.gtk.Property.default=none)
   *
   * The stream of the client.
   *
   * Since: 0.1
   */
  properties[PROP_CLIENT] = g_param_spec_object ("client", NULL, NULL, G_TYPE_IO_STREAM, flags);

  /**
   * ImpRelay:server: (attributes org.gtk.Property.default=NULL)
   *
   * The stream of the server; see [method@Imp.Relay.set_server].
   *
   * Since: 0.1
   */
  properties[PROP_SERVER] = g_param_spec_object (
    "server", NULL, NULL, G_TYPE_IO_STREAM, (flags & ~G_PARAM_CONSTRUCT_ONLY) | G_PARAM_CONSTRUCT);

  /**
   * ImpRelay:analyzer: (attributes org.gtk.Property.default=none)
   *
   * The analyzer that decides. It belongs to the relay, which closes it at the end.
   *
   * Since: 0.1
   */
  properties[PROP_ANALYZER] = g_param_spec_object ("analyzer", NULL, NULL, IMP_TYPE_ANALYZER,
                                                   flags);
}

static void
relay_class_install_limits (GParamFlags flags)
{
  /**
   * ImpRelay:buffer-size: (attributes org.gtk.Property.default=524288)
   *
   * How many bytes may wait to be written to a side before the other one is not read any more,
   * which it is again once a quarter of them waits. It can be exceeded by one read (256 KiB), and
   * by what the analyzer puts in its place.
   *
   * Where much comes that the analyzer has passed ahead, it may be moved without being copied:
   * then up to 256 KiB wait in the kernel, and more is read when they are written.
   *
   * Since: 0.1
   */
  properties[PROP_BUFFER_SIZE] = g_param_spec_uint ("buffer-size", NULL, NULL, 0, G_MAXINT,
                                                    BUFFER_SIZE_DEFAULT, flags);

  /**
   * ImpRelay:linger: (attributes org.gtk.Property.default=5000)
   *
   * How long, in milliseconds, peers may take to read what was let through before the connection
   * was refused.
   *
   * Since: 0.1
   */
  properties[PROP_LINGER] = g_param_spec_uint ("linger", NULL, NULL, 0, G_MAXINT, LINGER_DEFAULT,
                                               flags);

  /**
   * ImpRelay:idle-timeout: (attributes org.gtk.Property.default=0)
   *
   * After how many milliseconds in which nothing was read and nothing written the connection is
   * ended, with %IMP_ERROR_TIMEOUT; 0 for never.
   *
   * Since: 0.1
   */
  properties[PROP_IDLE_TIMEOUT] = g_param_spec_uint ("idle-timeout", NULL, NULL, 0, G_MAXINT, 0,
                                                     flags);

  /**
   * ImpRelay:max-held: (attributes org.gtk.Property.default=33554432)
   *
   * How many bytes, of both directions together, may wait for a verdict. If the analyzer leaves
   * more unsettled, the connection is refused. See [property@Imp.Filter:max-held].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_HELD] = g_param_spec_uint64 ("max-held", NULL, NULL, 0, G_MAXINT64,
                                                   MAX_HELD_DEFAULT, flags);

  /**
   * ImpRelay:max-growth: (attributes org.gtk.Property.default=0)
   *
   * By how many bytes what leaves in a direction may be longer than what has come in it; 0 for no
   * limit. See [property@Imp.Filter:max-growth].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_GROWTH] = g_param_spec_uint64 ("max-growth", NULL, NULL, 0, G_MAXINT64, 0,
                                                     flags);
}

static void
relay_class_install_note_limits (GParamFlags flags)
{
  /**
   * ImpRelay:max-log-rate: (attributes org.gtk.Property.default=0)
   *
   * How many results for logs the analyzer may give in a second on average; 0 for any number. See
   * [property@Imp.Filter:max-log-rate].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_LOG_RATE] = g_param_spec_uint ("max-log-rate", NULL, NULL, 0, G_MAXINT32, 0,
                                                     flags);

  /**
   * ImpRelay:max-log-size: (attributes org.gtk.Property.default=65536)
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
relay_class_install_times (GParamFlags flags)
{
  /**
   * ImpRelay:deadline: (attributes org.gtk.Property.default=60000)
   *
   * How long, in milliseconds, a byte or the end of a stream may wait for the analyzer's verdict; 0
   * for no limit. Then the connection is refused, with %IMP_ERROR_TIMEOUT. What counts is told at
   * [property@Imp.Filter:deadline].
   *
   * Since: 0.1
   */
  properties[PROP_DEADLINE] = g_param_spec_uint ("deadline", NULL, NULL, 0, G_MAXINT32,
                                                 DEADLINE_DEFAULT, flags);

  /**
   * ImpRelay:max-extensions: (attributes org.gtk.Property.default=10)
   *
   * How often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another
   * [property@Imp.Relay:deadline].
   *
   * Since: 0.1
   */
  properties[PROP_MAX_EXTENSIONS] = g_param_spec_uint ("max-extensions", NULL, NULL, 0, G_MAXINT32,
                                                       MAX_EXTENSIONS_DEFAULT, flags);

  /**
   * ImpRelay:hold-timeout: (attributes org.gtk.Property.default=500)
   *
   * How long, in milliseconds, bytes are held since they may be the beginning of what an analyzer
   * has asked to look for (PASS_PATTERN); 0: until that is decided. See
   * [property@Imp.Filter:hold-timeout].
   *
   * Since: 0.1
   */
  properties[PROP_HOLD_TIMEOUT] = g_param_spec_uint ("hold-timeout", NULL, NULL, 0, G_MAXINT32,
                                                     HOLD_TIMEOUT_DEFAULT, flags);
}

static void
imp_relay_class_init (ImpRelayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_EXPLICIT_NOTIFY
                      | G_PARAM_STATIC_STRINGS;

  object_class->constructed = imp_relay_constructed;
  object_class->finalize = imp_relay_finalize;
  object_class->get_property = imp_relay_get_property;
  object_class->set_property = imp_relay_set_property;
  relay_class_install_ends (flags);
  relay_class_install_limits (flags);
  relay_class_install_note_limits (flags);
  relay_class_install_times (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  /**
   * ImpRelay::result:
   * @self: the relay
   * @result: the result
   *
   * Emitted for each result of the analyzer, before it is applied: for logs and accounts. It has
   * to be connected to before the relay runs, or is prepared ([method@Imp.Relay.prepare]): only the
   * types that somebody is connected to then are followed. The detail is the name of the type, as
   * in `result::log`.
   *
   * Since: 0.1
   */
  signal_result = g_signal_new ("result", IMP_TYPE_RELAY, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0,
                                NULL, NULL, NULL, G_TYPE_NONE, 1, IMP_TYPE_RESULT);
}

/**
 * imp_relay_new:
 * @client: the stream of the client
 * @server: (nullable): the stream of the server; %NULL if it is set later, with
 *   [method@Imp.Relay.set_server]
 * @analyzer: (transfer none): an analyzer that nobody else feeds
 *
 * Creates a relay, which takes both streams over and closes them at its end. They need pollable
 * input and output streams, as sockets and TLS connections have them.
 *
 * Returns: (transfer full): a new relay
 *
 * Since: 0.1
 */
ImpRelay *
imp_relay_new (GIOStream *client, GIOStream *server, ImpAnalyzer *analyzer)
{
  g_return_val_if_fail (G_IS_IO_STREAM (client), NULL);
  g_return_val_if_fail (server == NULL || G_IS_IO_STREAM (server), NULL);
  g_return_val_if_fail (IMP_IS_ANALYZER (analyzer), NULL);

  return g_object_new (IMP_TYPE_RELAY, "client", client, "server", server, "analyzer", analyzer,
                       NULL);
}

static void
relay_on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict, gpointer user_data)
{
  g_autoptr (ImpResult) result = imp_verdict_to_result (verdict);

  g_signal_emit (user_data, signal_result, imp_filter_get_detail (verdict->type), result);
}

static void
relay_observe (ImpRelay *self)
{
  imp_filter_observe (self->filter, imp_filter_find_observed (self, signal_result),
                      relay_on_verdict, self);
}

static void
relay_on_done (const GError *error, gpointer user_data)
{
  ImpRelay *self = user_data;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  imp_source_clear (&self->cancelled);
  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
relay_on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  ImpRelay *self = user_data;
  g_autoptr (GError) error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    imp_pump_abort (self->pump, error);
  return G_SOURCE_REMOVE;
}

static void
relay_watch_cancellable (ImpRelay *self, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;
  self->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_static_name (self->cancelled, "imp relay: cancelled");
  g_source_set_callback (self->cancelled, G_SOURCE_FUNC (relay_on_cancelled), self, NULL);
  g_source_attach (self->cancelled, g_task_get_context (self->task));
}

/**
 * imp_relay_prepare:
 * @self: a relay
 *
 * Hears what the analyzer says from now on, though nothing is moved yet: for those who ask it
 * before they connect with the server.
 *
 * Its results are applied as they come, and those to whom [signal@Imp.Relay::result] is connected
 * see them. If it refuses the connection, the filter's signals say so
 * ([method@Imp.Relay.get_filter], [signal@Imp.Filter::denied]), and [method@Imp.Filter.check] says
 * why. An analyzer that needs time to decide says PAUSE, in any direction, and CONTINUE when it
 * agrees ([method@Imp.Filter.is_paused]). What it sends back to the client waits until the relay
 * runs.
 *
 * It is to be called at most once, before [method@Imp.Relay.run_async] and with the same main
 * context as the thread's default. Without it, the analyzer is heard from when the relay runs.
 *
 * Since: 0.1
 */
void
imp_relay_prepare (ImpRelay *self)
{
  g_return_if_fail (IMP_IS_RELAY (self));
  g_return_if_fail (!self->prepared);

  self->prepared = TRUE;
  relay_observe (self);
  imp_pump_prepare (self->pump, &self->limits, relay_on_done, self);
}

/**
 * imp_relay_unread:
 * @self: a relay
 * @bytes: what was read
 *
 * Gives back the first bytes of the client's stream, which were read before the relay runs, for
 * example to find out where it wants to go. The analyzer gets them like any others.
 *
 * It is to be called before [method@Imp.Relay.run_async]; what is given by a further call comes
 * behind.
 *
 * Since: 0.1
 */
void
imp_relay_unread (ImpRelay *self, GBytes *bytes)
{
  g_autoptr (GByteArray) all = NULL;

  g_return_if_fail (IMP_IS_RELAY (self));
  g_return_if_fail (bytes != NULL);
  g_return_if_fail (self->task == NULL);

  if (self->unread == NULL)
    {
      self->unread = g_bytes_ref (bytes);
      return;
    }
  all = g_bytes_unref_to_array (g_steal_pointer (&self->unread));
  g_byte_array_append (all, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  self->unread = g_byte_array_free_to_bytes (g_steal_pointer (&all));
}

/* Where it is refused the pump hears of it. */
static void
relay_push_unread (ImpRelay *self)
{
  g_autoptr (GBytes) unread = g_steal_pointer (&self->unread);

  if (unread != NULL && g_bytes_get_size (unread) > 0)
    imp_filter_push (self->filter, IMP_DIRECTION_FROM_CLIENT, unread, IMP_DATA_TYPE_STREAM, NULL);
}

/**
 * imp_relay_run_async:
 * @self: a relay
 * @cancellable: (nullable): to end it; both sides are closed at once then
 * @callback: (scope async): called when it is over
 * @user_data: data for @callback
 *
 * Moves bytes until both directions have ended. A relay runs once.
 *
 * Without a server ([method@Imp.Relay.set_server]) it ends as if it were refused: by the analyzer,
 * if that has done so, whose answer the client gets; else with %IMP_ERROR_FAILED.
 *
 * It stays alive while it runs, without a reference of the caller's.
 *
 * Since: 0.1
 */
void
imp_relay_run_async (ImpRelay *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (IMP_IS_RELAY (self));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));
  g_return_if_fail (self->task == NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_relay_run_async);
  g_task_set_name (task, "imp_relay_run_async");
  /* That it was cancelled while its last bytes went out takes nothing back. */
  g_task_set_check_cancellable (task, FALSE);
  if (g_task_return_error_if_cancelled (task))
    return;

  self->task = g_object_ref (task);
  if (!self->prepared)
    imp_relay_prepare (self);
  else
    relay_observe (self);
  if (!imp_pump_start (self->pump, self->client, self->server, &error))
    {
      g_clear_object (&self->task);
      g_task_return_error (task, error);
      return;
    }
  relay_watch_cancellable (self, cancellable);
  relay_push_unread (self);
}

/**
 * imp_relay_run_finish:
 * @self: a relay
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.Relay.run_async].
 *
 * The errors are those of [method@Imp.Filter.check] (denied, dropped, failed, too late), an
 * %IMP_ERROR_TIMEOUT after [property@Imp.Relay:idle-timeout], those of reading and writing in the
 * domain %G_IO_ERROR, and %IMP_ERROR_UNSUPPORTED if one of the streams cannot be used without
 * blocking.
 *
 * Returns: %TRUE if both directions have ended regularly
 *
 * Since: 0.1
 */
gboolean
imp_relay_run_finish (ImpRelay *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * imp_relay_get_client: (get-property client)
 * @self: a relay
 *
 * Gets the stream of the client.
 *
 * Returns: (transfer none): the stream
 *
 * Since: 0.1
 */
GIOStream *
imp_relay_get_client (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->client;
}

/**
 * imp_relay_get_server: (get-property server)
 * @self: a relay
 *
 * Gets the stream of the server.
 *
 * Returns: (transfer none) (nullable): the stream
 *
 * Since: 0.1
 */
GIOStream *
imp_relay_get_server (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->server;
}

/**
 * imp_relay_set_server: (set-property server)
 * @self: a relay
 * @server: (nullable): the stream of the server
 *
 * Sets the stream of the server, for those who have none yet when they create the relay; to be
 * called before [method@Imp.Relay.run_async].
 *
 * Since: 0.1
 */
void
imp_relay_set_server (ImpRelay *self, GIOStream *server)
{
  g_return_if_fail (IMP_IS_RELAY (self));
  g_return_if_fail (server == NULL || G_IS_IO_STREAM (server));
  g_return_if_fail (self->task == NULL);

  relay_set_server (self, server);
}

/**
 * imp_relay_get_analyzer: (get-property analyzer)
 * @self: a relay
 *
 * Gets the analyzer.
 *
 * Returns: (transfer none): the analyzer
 *
 * Since: 0.1
 */
ImpAnalyzer *
imp_relay_get_analyzer (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->analyzer;
}

/**
 * imp_relay_get_filter:
 * @self: a relay
 *
 * Gets the filter between both sides: for its limit, its ledger and its signals. The relay alone
 * feeds it and takes its output.
 *
 * Returns: (transfer none): the filter
 *
 * Since: 0.1
 */
ImpFilter *
imp_relay_get_filter (ImpRelay *self)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), NULL);

  return self->filter;
}

ImpPump *
imp_relay_peek_pump (ImpRelay *self)
{
  return self->pump;
}

/**
 * imp_relay_get_received:
 * @self: a relay
 * @direction: a direction
 *
 * Gets how much was read in a direction.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_relay_get_received (ImpRelay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_filter_get_input (self->filter, direction);
}

/**
 * imp_relay_get_sent:
 * @self: a relay
 * @direction: a direction
 *
 * Gets how much was written in a direction, including what the analyzer itself sent that way.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_relay_get_sent (ImpRelay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_pump_get_sent (self->pump, !direction);
}

/**
 * imp_relay_get_queued:
 * @self: a relay
 * @direction: a direction
 *
 * Gets how much waits to be written in a direction.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gsize
imp_relay_get_queued (ImpRelay *self, ImpDirection direction)
{
  g_return_val_if_fail (IMP_IS_RELAY (self), 0);
  g_return_val_if_fail (direction <= IMP_DIRECTION_FROM_SERVER, 0);

  return imp_pump_get_queued (self->pump, !direction);
}
