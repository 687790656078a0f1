/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-private.h"

typedef enum
{
  PROP_FACTORY = 1,
  PROP_CODEC,
  PROP_REPLACE,
  PROP_INSECURE,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_ANALYZERS,
  PROP_MAX_MESSAGE,
  PROP_MAX_CONTEXT,
  PROP_MAX_HELD,
  PROP_MAX_HELD_ALL,
  PROP_MAX_OUTPUT,
  PROP_HANDSHAKE_TIMEOUT,
  PROP_KEEPALIVE,
  PROP_GRACE,
  PROP_BUSY_POLL,
  N_PROPS,
} Property;

static GParamSpec *props[N_PROPS];

static guint *
get_number (ImpServer *self, guint property_id)
{
  switch (property_id)
    {
    case PROP_MAX_CONNECTIONS:
      return &self->max_connections;
    case PROP_MAX_ANALYZERS:
      return &self->options.max_analyzers;
    case PROP_HANDSHAKE_TIMEOUT:
      return &self->options.handshake_timeout;
    case PROP_KEEPALIVE:
      return &self->options.keepalive;
    case PROP_GRACE:
      return &self->grace;
    case PROP_BUSY_POLL:
      return &self->options.busy_poll;
    default:
      return NULL;
    }
}

static gsize *
get_size (ImpServer *self, guint property_id)
{
  switch (property_id)
    {
    case PROP_MAX_MESSAGE:
      return &self->options.limits.max_message;
    case PROP_MAX_CONTEXT:
      return &self->options.limits.max_context;
    case PROP_MAX_HELD:
      return &self->options.max_held;
    case PROP_MAX_HELD_ALL:
      return &self->options.max_held_all;
    case PROP_MAX_OUTPUT:
      return &self->options.max_output;
    default:
      return NULL;
    }
}

static void
imp_server_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  ImpServer *self = IMP_SERVER (object);

  switch ((Property) property_id)
    {
    case PROP_FACTORY:
      g_value_set_object (value, self->factory);
      break;
    case PROP_CODEC:
      g_value_set_string (value, self->codec_name);
      break;
    case PROP_REPLACE:
      g_value_set_boolean (value, self->replace);
      break;
    case PROP_INSECURE:
      g_value_set_boolean (value, self->insecure);
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

static void
imp_server_set_property (GObject *object, guint property_id, const GValue *value, GParamSpec *pspec)
{
  ImpServer *self = IMP_SERVER (object);

  switch ((Property) property_id)
    {
    case PROP_FACTORY:
      self->factory = g_value_dup_object (value);
      break;
    case PROP_CODEC:
      g_free (self->codec_name);
      self->codec_name = g_value_dup_string (value);
      g_clear_object (&self->codec);
      break;
    case PROP_REPLACE:
      self->replace = g_value_get_boolean (value);
      break;
    case PROP_INSECURE:
      self->insecure = g_value_get_boolean (value);
      break;
    default:
      if (get_number (self, property_id) != NULL)
        *get_number (self, property_id) = g_value_get_uint (value);
      else if (get_size (self, property_id) != NULL)
        *get_size (self, property_id) = (gsize) g_value_get_uint64 (value);
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
install_number (Property id, const char *name, guint minimum, guint value)
{
  props[id] = g_param_spec_uint (name, NULL, NULL, minimum, G_MAXINT32, value,
                                 G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
install_size (Property id, const char *name, guint64 value)
{
  props[id] = g_param_spec_uint64 (name, NULL, NULL, 1, G_MAXUINT32, value,
                                   G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
install_ways (void)
{
  /**
   * ImpServer:factory:
   *
   * What makes the analyzers.
   *
   * Since: 0.1
   */
  props[PROP_FACTORY] = g_param_spec_object ("factory", NULL, NULL, IMP_TYPE_FACTORY,
                                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY
                                               | G_PARAM_STATIC_STRINGS);
  /**
   * ImpServer:codec:
   *
   * The name of the wire format (see [func@Imp.Codec.new_by_name]), or "auto": what the first bytes
   * of a client show.
   *
   * Since: 0.1
   */
  props[PROP_CODEC] = g_param_spec_string (
    "codec", NULL, NULL, "auto", G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS);
  /**
   * ImpServer:replace:
   *
   * Whether to take a unix socket's path over from a server that listens there still. The other
   * one keeps its connections; new ones come here.
   *
   * Since: 0.1
   */
  props[PROP_REPLACE] = g_param_spec_boolean ("replace", NULL, NULL, FALSE,
                                              G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * ImpServer:insecure:
   *
   * Whether to listen at TCP addresses that other machines can reach, though what is said there is
   * neither encrypted nor is it known who says it. Without it such addresses are refused, also of
   * sockets that are handed over.
   *
   * Since: 0.1
   */
  props[PROP_INSECURE] = g_param_spec_boolean ("insecure", NULL, NULL, FALSE,
                                               G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  /**
   * ImpServer:handshake-timeout:
   *
   * Within how many milliseconds a client has to say something.
   *
   * Since: 0.1
   */
  install_number (PROP_HANDSHAKE_TIMEOUT, "handshake-timeout", 1, 10000);
  /**
   * ImpServer:keepalive:
   *
   * After how many milliseconds of silence TCP is to ask whether a client's machine is there still;
   * after as many again without an answer the connection has ended. 0 for never. It is rounded to
   * seconds.
   *
   * Since: 0.1
   */
  install_number (PROP_KEEPALIVE, "keepalive", 0, 30000);
  /**
   * ImpServer:grace:
   *
   * For how many milliseconds [method@Imp.Server.stop_async] lets analyzers finish.
   *
   * Since: 0.1
   */
  install_number (PROP_GRACE, "grace", 0, 10000);
  /**
   * ImpServer:busy-poll:
   *
   * After something has come, for how many microseconds to spin on the socket before sleeping; 0
   * for not at all. See [property@Imp.RemoteFactory:busy-poll].
   *
   * Since: 0.1
   */
  install_number (PROP_BUSY_POLL, "busy-poll", 0, 0);
}

static void
install_limits (void)
{
  /**
   * ImpServer:max-connections:
   *
   * How many connections are served at once; others wait to be accepted.
   *
   * Since: 0.1
   */
  install_number (PROP_MAX_CONNECTIONS, "max-connections", 1, 1024);
  /**
   * ImpServer:max-analyzers:
   *
   * How many analyzers one connection may have; more are refused by an exception.
   *
   * Since: 0.1
   */
  install_number (PROP_MAX_ANALYZERS, "max-analyzers", 1, 1 << 17);
  /**
   * ImpServer:max-message:
   *
   * How many bytes a message may have; a larger one ends the connection.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_MESSAGE, "max-message", IMP_WIRE_MAX_MESSAGE_DEFAULT);
  /**
   * ImpServer:max-context:
   *
   * How many bytes all keys and values of a context may have.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_CONTEXT, "max-context", IMP_WIRE_MAX_CONTEXT_DEFAULT);
  /**
   * ImpServer:max-held:
   *
   * How many bytes one analyzer may hold: without a verdict, not fed to it yet, or verdicts that
   * wait while a direction is busy. From half of it on the client is asked to pause; an analyzer
   * that passes it is ended by an exception.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_HELD, "max-held", 16 * 1024 * 1024);
  /**
   * ImpServer:max-held-all:
   *
   * The same for all analyzers of a connection.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_HELD_ALL, "max-held-all", 256 * 1024 * 1024);
  /**
   * ImpServer:max-output:
   *
   * How many bytes may wait for a client to read them. A client that does not read is not read
   * either, long before; passing this ends the connection.
   *
   * Since: 0.1
   */
  install_size (PROP_MAX_OUTPUT, "max-output", 64 * 1024 * 1024);
}

void
imp_server_install_properties (GObjectClass *klass)
{
  klass->get_property = imp_server_get_property;
  klass->set_property = imp_server_set_property;
  install_ways ();
  install_limits ();
  g_object_class_install_properties (klass, N_PROPS, props);
}

void
imp_server_init_options (ImpServer *self)
{
  const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  self->options.limits = limits;
  self->options.high_water = IMP_LINK_HIGH_WATER;
  self->options.max_waiting = IMP_SERVER_CONNECTION_MAX_WAITING;
  for (guint id = 1; id < N_PROPS; id++)
    {
      const GValue *value = g_param_spec_get_default_value (props[id]);

      if (get_number (self, id) != NULL)
        *get_number (self, id) = g_value_get_uint (value);
      else if (get_size (self, id) != NULL)
        *get_size (self, id) = (gsize) g_value_get_uint64 (value);
    }
}
