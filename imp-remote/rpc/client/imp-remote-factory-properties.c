/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-remote-factory-private.h"

typedef enum
{
  PROP_ADDRESS = 1,
  PROP_STREAM,
  PROP_CODEC,
  PROP_FAIL,
  PROP_DEADLINE,
  PROP_MAX_EXTENSIONS,
  PROP_CONNECT_TIMEOUT,
  PROP_KEEPALIVE,
  PROP_HIGH_WATER,
  PROP_MAX_QUEUED,
  PROP_MAX_QUEUED_ALL,
  PROP_MAX_WAITING,
  PROP_MAX_MESSAGE,
  PROP_RECONNECT,
  PROP_RECONNECT_MIN,
  PROP_RECONNECT_MAX,
  PROP_BUSY_POLL,
  PROP_STATE,
  N_PROPS,
} Property;

static GParamSpec *props[N_PROPS];

#define DEFAULT_HIGH_WATER (1024 * 1024)
#define DEFAULT_MAX_QUEUED (16 * 1024 * 1024)
#define DEFAULT_MAX_QUEUED_ALL (64 * 1024 * 1024)
/* Verdicts can be a multiple of the input under way, with which they have to do. */
#define DEFAULT_MAX_WAITING (64 * 1024 * 1024)

/* Which member of the options a property stands for. */
static guint *
get_number (ImpRemoteFactory *self, guint property_id)
{
  switch (property_id)
    {
    case PROP_DEADLINE:
      return &self->options.peer.deadline;
    case PROP_MAX_EXTENSIONS:
      return &self->options.peer.max_extensions;
    case PROP_CONNECT_TIMEOUT:
      return &self->options.connect_timeout;
    case PROP_KEEPALIVE:
      return &self->options.peer.keepalive;
    case PROP_RECONNECT_MIN:
      return &self->options.reconnect_min;
    case PROP_RECONNECT_MAX:
      return &self->options.reconnect_max;
    case PROP_BUSY_POLL:
      return &self->options.peer.busy_poll;
    default:
      return NULL;
    }
}

static gsize *
get_size (ImpRemoteFactory *self, guint property_id)
{
  switch (property_id)
    {
    case PROP_HIGH_WATER:
      return &self->options.peer.high_water;
    case PROP_MAX_QUEUED:
      return &self->options.peer.max_queued;
    case PROP_MAX_QUEUED_ALL:
      return &self->options.peer.max_queued_all;
    case PROP_MAX_WAITING:
      return &self->options.peer.max_waiting;
    case PROP_MAX_MESSAGE:
      return &self->options.peer.limits.max_message;
    default:
      return NULL;
    }
}

static void
imp_remote_factory_get_property (GObject *object, guint property_id, GValue *value,
                                 GParamSpec *pspec)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (object);

  switch ((Property) property_id)
    {
    case PROP_ADDRESS:
      g_value_set_string (value, self->address);
      break;
    case PROP_CODEC:
      g_value_set_string (value, self->codec_name);
      break;
    case PROP_FAIL:
      g_value_set_enum (value, self->options.peer.fail);
      break;
    case PROP_RECONNECT:
      g_value_set_boolean (value, self->options.reconnect);
      break;
    case PROP_STATE:
      g_value_set_enum (value, imp_remote_factory_get_state (self));
      break;
    default:
      if (get_number (self, property_id) != NULL)
        g_value_set_uint (value, *get_number (self, property_id));
      else if (get_size (self, property_id) != NULL)
        g_value_set_uint64 (value, *get_size (self, property_id));
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static gboolean
set_option (ImpRemoteFactory *self, guint property_id, const GValue *value)
{
  if (property_id == PROP_FAIL)
    self->options.peer.fail = g_value_get_enum (value);
  else if (property_id == PROP_RECONNECT)
    self->options.reconnect = g_value_get_boolean (value);
  else if (get_number (self, property_id) != NULL)
    *get_number (self, property_id) = g_value_get_uint (value);
  else if (get_size (self, property_id) != NULL)
    *get_size (self, property_id) = (gsize) MIN (g_value_get_uint64 (value), G_MAXSIZE);
  else
    return FALSE;
  return TRUE;
}

static void
imp_remote_factory_set_property (GObject *object, guint property_id, const GValue *value,
                                 GParamSpec *pspec)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (object);

  switch ((Property) property_id)
    {
    case PROP_ADDRESS:
      self->address = g_value_dup_string (value);
      break;
    case PROP_STREAM:
      self->stream = g_value_dup_object (value);
      break;
    case PROP_CODEC:
      g_free (self->codec_name);
      self->codec_name = g_value_dup_string (value);
      break;
    default:
      if (!set_option (self, property_id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      else if (self->channel != NULL)
        imp_channel_set_options (self->channel, &self->options);
    }
}

static void
install_number (Property id, const char *name, const char *blurb, guint minimum, guint value)
{
  props[id] = g_param_spec_uint (name, NULL, blurb, minimum, G_MAXINT32, value,
                                 G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
install_size (Property id, const char *name, const char *blurb, guint64 value)
{
  props[id] = g_param_spec_uint64 (name, NULL, blurb, 1, G_MAXUINT32, value,
                                   G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
install_targets (void)
{
  const GParamFlags construct = G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  /**
   * ImpRemoteFactory:address:
   *
   * Where the server listens: /PATH, ./PATH, @NAME, HOST:PORT or [IPV6]:PORT.
   *
   * Since: 0.1
   */
  props[PROP_ADDRESS] = g_param_spec_string ("address", NULL, "where the server listens", NULL,
                                             construct | G_PARAM_READWRITE);
  /**
   * ImpRemoteFactory:stream:
   *
   * A connection that stands already, instead of an address. There is no reconnecting then.
   *
   * Since: 0.1
   */
  props[PROP_STREAM] = g_param_spec_object ("stream", NULL, NULL, G_TYPE_IO_STREAM,
                                            construct | G_PARAM_WRITABLE);
  /**
   * ImpRemoteFactory:codec:
   *
   * The name of the wire format; see [func@Imp.Codec.new_by_name]. It counts until the first use.
   *
   * Since: 0.1
   */
  props[PROP_CODEC] = g_param_spec_string ("codec", NULL, "the wire format", "cbor",
                                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT
                                             | G_PARAM_STATIC_STRINGS);
  /**
   * ImpRemoteFactory:state:
   *
   * How the factory stands with its server.
   *
   * Since: 0.1
   */
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, IMP_TYPE_REMOTE_STATE,
                                         IMP_REMOTE_STATE_IDLE,
                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_failure (void)
{
  /**
   * ImpRemoteFactory:fail:
   *
   * What becomes of analyzers that cannot be reached.
   *
   * Since: 0.1
   */
  props[PROP_FAIL] = g_param_spec_enum ("fail", NULL,
                                        "refuse (hard) or pass (soft) where the server fails",
                                        IMP_TYPE_FAIL_MODE, IMP_FAIL_HARD,
                                        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * ImpRemoteFactory:deadline:
   *
   * For how many milliseconds a byte that was fed may wait for a verdict, in a direction that is
   * neither paused nor busy; 0 indefinitely. It is known to a quarter of it.
   *
   * Since: 0.1
   */
  install_number (PROP_DEADLINE, "deadline",
                  "how many ms a byte may wait for a verdict, 0 indefinitely", 0, 60000);
  /**
   * ImpRemoteFactory:max-extensions:
   *
   * How often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another deadline.
   *
   * Since: 0.1
   */
  install_number (PROP_MAX_EXTENSIONS, "max-extensions",
                  "how often PAUSE or REPLACE_LATER extend the deadline", 0, 10);
  /**
   * ImpRemoteFactory:connect-timeout:
   *
   * For how many milliseconds to wait for a connection, and then again for the server's greeting.
   *
   * Since: 0.1
   */
  install_number (PROP_CONNECT_TIMEOUT, "connect-timeout",
                  "how many ms a connection may take, and the greeting", 1, 10000);
  /**
   * ImpRemoteFactory:keepalive:
   *
   * After how many milliseconds of silence to ask the server for a sign of life; after as many
   * again without one, the connection is lost. 0 for never. Servers that speak version 1 of the
   * protocol cannot be asked: there, TCP's own means are used.
   *
   * Since: 0.1
   */
  install_number (PROP_KEEPALIVE, "keepalive",
                  "ms of silence before a sign of life is asked for, 0 never", 0, 30000);
  /**
   * ImpRemoteFactory:reconnect:
   *
   * Whether to connect again, in the background, when a connection is lost or cannot be made.
   *
   * Since: 0.1
   */
  props[PROP_RECONNECT] = g_param_spec_boolean ("reconnect", NULL, "connect again by itself", TRUE,
                                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * ImpRemoteFactory:reconnect-min:
   *
   * The longest pause before the first new attempt, in milliseconds. It is doubled with every
   * attempt in vain; the actual pause is a random part of it.
   *
   * Since: 0.1
   */
  install_number (PROP_RECONNECT_MIN, "reconnect-min",
                  "the longest pause before the first new attempt, in ms", 1, 100);
  /**
   * ImpRemoteFactory:reconnect-max:
   *
   * The longest pause before any attempt, in milliseconds.
   *
   * Since: 0.1
   */
  install_number (PROP_RECONNECT_MAX, "reconnect-max",
                  "the longest pause before any new attempt, in ms", 1, 30000);
}

static void
install_limits (void)
{
  /**
   * ImpRemoteFactory:high-water:
   *
   * How many bytes may wait to be sent for one analyzer before it says PAUSE; below a quarter of
   * that it says CONTINUE.
   *
   * Since: 0.1
   */
  install_size (PROP_HIGH_WATER, "high-water",
                "bytes queued for one analyzer above which it pauses", DEFAULT_HIGH_WATER);
  /**
   * ImpRemoteFactory:max-queued:
   *
   * How many bytes may wait to be sent for one analyzer; one that is fed more gets its outcome.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_QUEUED, "max-queued", "how many bytes may be queued for one analyzer",
                DEFAULT_MAX_QUEUED);
  /**
   * ImpRemoteFactory:max-queued-all:
   *
   * The same for all analyzers together. From a quarter of it on all of them say PAUSE; below a
   * sixteenth they may go on, in turn.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_QUEUED_ALL, "max-queued-all",
                "how many bytes may be queued for all analyzers", DEFAULT_MAX_QUEUED_ALL);
  /**
   * ImpRemoteFactory:max-waiting:
   *
   * How many bytes of an analyzer's results may wait, per direction, while that is busy or nobody
   * takes them; one that says more gets its outcome. A server is told that a direction is busy, so
   * that only what was under way comes, unless it speaks version 1 of the protocol or does not
   * keep to it.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_WAITING, "max-waiting",
                "how many bytes of results may wait for one analyzer", DEFAULT_MAX_WAITING);
  /**
   * ImpRemoteFactory:max-message:
   *
   * How many bytes a message of the server may have.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_MESSAGE, "max-message", "how many bytes a message of the server may have",
                IMP_WIRE_MAX_MESSAGE_DEFAULT);
  /**
   * ImpRemoteFactory:busy-poll:
   *
   * After something has come, for how many microseconds to spin on the socket before sleeping; 0
   * for not at all. It makes short round trips several times faster, and costs a core while data
   * flow. Do not use it where both ends share one core.
   *
   * Since: 0.1
   */
  install_number (PROP_BUSY_POLL, "busy-poll",
                  "us to spin on the socket before sleeping, 0 not at all", 0, 0);
}

void
imp_remote_factory_install_properties (GObjectClass *klass)
{
  klass->get_property = imp_remote_factory_get_property;
  klass->set_property = imp_remote_factory_set_property;
  install_targets ();
  install_failure ();
  install_limits ();
  g_object_class_install_properties (klass, N_PROPS, props);
}

void
imp_remote_factory_init_options (ImpRemoteFactory *self)
{
  const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  self->options.peer.limits = limits;
  self->options.peer.link_high_water = IMP_LINK_HIGH_WATER;
  self->options.reconnect = TRUE;
  for (guint id = 1; id < N_PROPS; id++)
    if (get_number (self, id) != NULL || get_size (self, id) != NULL)
      set_option (self, id, g_param_spec_get_default_value (props[id]));
}

void
imp_remote_factory_notify_state (ImpRemoteFactory *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}
