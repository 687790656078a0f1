/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-remote-factory-object-private.h"

#include "core/imp-error.h"
#include "core/imp-setting-names-private.h"
#include "rpc/client/imp-pool-status-private.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-limits-private.h"
#include "rpc/imp-shared-memory-private.h"

/**
 * ImpRemoteFactory:
 *
 * A factory of analyzers that run in a server, elsewhere.
 *
 * All analyzers of one factory share one connection. Nothing blocks: analyzers can be created and
 * fed at once; until there is a connection, what they are fed waits.
 *
 * There can be several servers ([property@Imp.RemoteFactory:addresses]) and several connections to
 * each ([property@Imp.RemoteFactory:connections]); [property@Imp.RemoteFactory:balance] says which
 * one a new analyzer goes to, where it stays. A server that fails five times in a row (no verdict
 * within [property@Imp.RemoteFactory:deadline], an exception, a lost connection) gets no analyzers
 * for 30 seconds, and each time for 30 seconds longer, until it has answered a ping; but never more
 * than half of them are left out so. Analyzers of which a server that is lost was not told yet, or
 * of which nothing has come that cannot be undone ([property@Imp.RemoteFactory:max-replay]), go to
 * another one.
 *
 * Where it is set by properties, g_initable_new() says at once what can never work: an address that
 * is none, files for TLS that cannot be used, a codec that does not exist. Whether anybody is there
 * shows when it connects.
 *
 * Whatever happens to the connection or the server, every live analyzer gets exactly one outcome,
 * as [property@Imp.RemoteFactory:fail] says: hard, it answers with FATAL; soft, it logs an error
 * and passes both directions indefinitely, except where it has made a promise (REPLACE_LATER) that
 * nobody can keep any more. Verdicts that had arrived count. The factory connects again in the
 * background; meanwhile, new analyzers get the same outcome at once.
 *
 * A factory belongs to the thread-default main context in which it was created. A program that runs
 * no loop calls [method@Imp.RemoteFactory.wait] and polls its analyzers.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (ImpRemoteFactory, imp_remote_factory, IMP_TYPE_FACTORY)

/* --- limits and other properties --- */

/* To one server. */
#define CONNECTIONS_MAX 64

#define PLACE(member) G_STRUCT_OFFSET (ImpRemoteFactory, options.member)

static const ImpLimit remote_factory_limits[] = {
  /**
   * ImpRemoteFactory:deadline: (attributes org.gtk.Property.default=60000)
   *
   * The time in milliseconds that a byte may wait for a verdict, in a direction that is neither
   * paused nor busy; 0 indefinitely. It is measured to a quarter of it. A filter's or a relay's own
   * deadline does not count for these analyzers.
   *
   * Since: 0.1
   */
  { "deadline", IMP_LIMIT_MILLISECONDS, PLACE (connection.deadline), 0, G_MAXINT32, 60000,
    "how many ms a byte may wait for a verdict, 0 indefinitely" },
  /**
   * ImpRemoteFactory:max-extensions: (attributes org.gtk.Property.default=10)
   *
   * How often in a row an analyzer that has said PAUSE or REPLACE_LATER gets another deadline.
   *
   * Since: 0.1
   */
  { "max-extensions", IMP_LIMIT_COUNT, PLACE (connection.max_extensions), 0, G_MAXINT32, 10,
    "how often PAUSE or REPLACE_LATER extend the deadline" },
  /**
   * ImpRemoteFactory:soft-limit: (attributes org.gtk.Property.default=0)
   *
   * How many analyzers may have a soft outcome within a minute, by
   * [property@Imp.RemoteFactory:fail] or [property@Imp.RemoteFactory:overload]; 0 for all of them.
   * Further ones have a hard one, so that whoever can make analyzers fail does not switch off all
   * inspection. That is logged, and counted in the statistics as "soft-limit". Factories that are
   * made by [method@Imp.Factory.set_interface] count by themselves.
   *
   * Since: 0.1
   */
  { "soft-limit", IMP_LIMIT_COUNT, PLACE (connection.soft_limit), 0, G_MAXINT32, 0,
    "how many soft outcomes there may be in a minute before further ones are hard, 0 all" },
  /**
   * ImpRemoteFactory:connect-timeout: (attributes org.gtk.Property.default=10000)
   *
   * The time in milliseconds to wait for a connection, then again for the handshake of TLS, and
   * again for the server's greeting.
   *
   * Since: 0.1
   */
  { "connect-timeout", IMP_LIMIT_MILLISECONDS, PLACE (connect_timeout), 1, G_MAXINT32, 10000,
    "how many ms a connection may take, and the greeting" },
  /**
   * ImpRemoteFactory:connections: (attributes org.gtk.Property.default=1)
   *
   * How many connections there are to each server. It counts until the first use.
   *
   * Since: 0.1
   */
  { "connections", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (ImpRemoteFactory, servers.n_connections), 1,
    CONNECTIONS_MAX, 1, "how many connections there are to each server" },
  /**
   * ImpRemoteFactory:max-connection-age: (attributes org.gtk.Property.default=0)
   *
   * After how many milliseconds another connection takes the place of one, 0 for never; at random
   * up to a fifth earlier, so that not all move at once. The new one has to be ready first; what
   * the old one has is finished there, and while there are eight such, none is replaced. So servers
   * that came later, behind a name or a distributor of load, get their share.
   *
   * Since: 0.1
   */
  { "max-connection-age", IMP_LIMIT_MILLISECONDS, PLACE (max_connection_age), 0, G_MAXINT32, 0,
    "after how many ms a connection is replaced by another one, 0 never" },
  /**
   * ImpRemoteFactory:refresh: (attributes org.gtk.Property.default=30000)
   *
   * How often, in milliseconds, it is looked up which servers a service has (`srv:` of
   * [property@Imp.RemoteFactory:address]). It counts until the first use.
   *
   * GLib does not tell how long an answer of DNS holds. The resolver of the system knows it and
   * keeps the answer for so long, so that to ask it often costs little.
   *
   * Since: 0.1
   */
  { "refresh", IMP_LIMIT_MILLISECONDS, G_STRUCT_OFFSET (ImpRemoteFactory, servers.refresh), 1,
    G_MAXINT32, 30000, "every how many ms the servers of a service (srv:) are looked up" },
  /**
   * ImpRemoteFactory:keepalive: (attributes org.gtk.Property.default=30000)
   *
   * The time of silence, in milliseconds, after which the server is asked for a response; after the
   * same time again without one, the connection is lost. 0 for never. Servers that speak version 1
   * of the protocol cannot be asked: there, TCP's own means are used.
   *
   * Since: 0.1
   */
  { "keepalive", IMP_LIMIT_MILLISECONDS, PLACE (connection.keepalive), 0, G_MAXINT32, 30000,
    "ms of silence before a response is asked for, 0 never" },
  /**
   * ImpRemoteFactory:message-timeout: (attributes org.gtk.Property.default=60000)
   *
   * The time within which the server has to send the rest of a message, in milliseconds; else the
   * connection is lost. It is known to a quarter. 0 for never. Bytes of a message that does not end
   * are no silence, so that [property@Imp.RemoteFactory:keepalive] does not notice it.
   *
   * Since: 0.1
   */
  { "message-timeout", IMP_LIMIT_MILLISECONDS, PLACE (connection.message_timeout), 0, G_MAXINT32,
    60000, "ms within which a message of the server has to be complete, 0 never" },
  /**
   * ImpRemoteFactory:reconnect-min: (attributes org.gtk.Property.default=100)
   *
   * The longest pause before the first new attempt to connect, in milliseconds. It is doubled with
   * every failed attempt; the actual pause is a random part of it.
   *
   * Since: 0.1
   */
  { "reconnect-min", IMP_LIMIT_MILLISECONDS, PLACE (reconnect_min), 1, G_MAXINT32, 100,
    "the longest pause before the first new attempt, in ms" },
  /**
   * ImpRemoteFactory:reconnect-max: (attributes org.gtk.Property.default=30000)
   *
   * The longest pause before any attempt to connect, in milliseconds.
   *
   * Since: 0.1
   */
  { "reconnect-max", IMP_LIMIT_MILLISECONDS, PLACE (reconnect_max), 1, G_MAXINT32, 30000,
    "the longest pause before any new attempt, in ms" },
  /**
   * ImpRemoteFactory:high-water: (attributes org.gtk.Property.default=1048576)
   *
   * How many bytes may wait to be sent for one analyzer before it says PAUSE; below a quarter of
   * that it says CONTINUE.
   *
   * Since: 0.1
   */
  { "high-water", IMP_LIMIT_BYTES, PLACE (connection.high_water), 1, G_MAXUINT32, 1024 * 1024,
    "bytes queued for one analyzer above which it pauses" },
  /**
   * ImpRemoteFactory:max-queued: (attributes org.gtk.Property.default=16777216)
   *
   * The maximum number of bytes that wait to be sent for one analyzer; one that is fed more gets
   * its outcome.
   *
   * Since: 0.1
   */
  { "max-queued", IMP_LIMIT_BYTES, PLACE (connection.max_queued), 1, G_MAXUINT32, 16 * 1024 * 1024,
    "how many bytes may be queued for one analyzer" },
  /**
   * ImpRemoteFactory:max-queued-all: (attributes org.gtk.Property.default=67108864)
   *
   * As [property@Imp.RemoteFactory:max-queued], for all analyzers together. From a quarter of it on
   * all of them say PAUSE; below a sixteenth they may go on, in turn.
   *
   * Since: 0.1
   */
  { "max-queued-all", IMP_LIMIT_BYTES, PLACE (connection.max_queued_all), 1, G_MAXUINT32,
    64 * 1024 * 1024, "how many bytes may be queued for all analyzers" },
  /**
   * ImpRemoteFactory:max-replay: (attributes org.gtk.Property.default=65536)
   *
   * How many bytes of what an analyzer is fed are kept so that another server can be fed the same,
   * 0 for none. They are kept until it has said something that cannot be undone, which is anything
   * but PAUSE, CONTINUE and WANT. If its server is lost before, goes or is left out, it starts anew
   * elsewhere, and whoever feeds it does not notice. This is so where there are several connections
   * ([property@Imp.RemoteFactory:addresses], [property@Imp.RemoteFactory:connections], or a
   * service); an analyzer that was fed more has the outcome of one that is lost.
   *
   * Since: 0.2
   */
  { "max-replay", IMP_LIMIT_BYTES, PLACE (connection.max_replay), 0, G_MAXUINT32, 64 * 1024,
    "how many bytes of an analyzer may be fed again to another server, 0 none" },
  /**
   * ImpRemoteFactory:max-waiting: (attributes org.gtk.Property.default=67108864)
   *
   * The maximum number of bytes of an analyzer's results that wait, per direction, while that is
   * busy or nobody takes them; one that says more gets its outcome. A server is notified that a
   * direction is busy, so that only what was under way comes, unless it speaks version 1 of the
   * protocol or does not keep to it.
   *
   * Since: 0.1
   */
  /* Verdicts can be a multiple of the input under way, with which they have to do. */
  { "max-waiting", IMP_LIMIT_BYTES, PLACE (connection.analyzers.max_waiting), 1, G_MAXUINT32,
    64 * 1024 * 1024, "how many bytes of results may wait for one analyzer" },
  /**
   * ImpRemoteFactory:max-waiting-all: (attributes org.gtk.Property.default=268435456)
   *
   * How many bytes of results may wait in all analyzers of a connection together. If more come, the
   * analyzer for which most of them wait is lost.
   *
   * Since: 0.1
   */
  { "max-waiting-all", IMP_LIMIT_BYTES, PLACE (connection.analyzers.max_waiting_all), 1,
    G_MAXUINT32, 256 * 1024 * 1024, "how many bytes of results may wait in all" },
  /**
   * ImpRemoteFactory:max-log-rate: (attributes org.gtk.Property.default=0)
   *
   * How many results for logs, LOG and ACCOUNT_FIELD, an analyzer may give in a second on average;
   * ten times as many may come at once. 0 for any number. One that gives more has met a limit that
   * traffic can reach: its outcome is as [property@Imp.RemoteFactory:overload] says.
   *
   * Since: 0.1
   */
  { IMP_NOTE_RATE_NAME, IMP_LIMIT_COUNT, PLACE (connection.analyzers.notes.max_rate), 0, G_MAXINT32,
    0, "how many results for logs an analyzer may give a second, 0 any number" },
  /**
   * ImpRemoteFactory:max-log-size: (attributes org.gtk.Property.default=65536)
   *
   * How many bytes the text of a result for people may have: of a LOG, an ACCOUNT_FIELD, and the
   * reason of a DENY or FATAL, with all keys and values. An analyzer that gives a longer one gets
   * its outcome, as above; instead of a longer DENY or FATAL it is always a hard one.
   *
   * Since: 0.1
   */
  { IMP_NOTE_SIZE_NAME, IMP_LIMIT_BYTES, PLACE (connection.analyzers.notes.max_size), 1, G_MAXINT64,
    IMP_NOTE_SIZE_DEFAULT, "how many bytes the text of a result for logs may have" },
  /**
   * ImpRemoteFactory:max-message: (attributes org.gtk.Property.default=33554432)
   *
   * The maximum size of a message of the server, in bytes.
   *
   * Since: 0.1
   */
  { "max-message", IMP_LIMIT_BYTES, PLACE (connection.limits.max_message), 1, G_MAXUINT32,
    IMP_WIRE_MAX_MESSAGE_DEFAULT, "how many bytes a message of the server may have" },
  /**
   * ImpRemoteFactory:max-shared-memory: (attributes org.gtk.Property.default=16777216)
   *
   * The maximum number of bytes that a connection shares with its server, see
   * [property@Imp.RemoteFactory:shared-memory]. Blocks of 256 KiB are used as they are needed, and
   * are kept until the connection ends. If none is free what is read is sent as always.
   *
   * Since: 0.1
   */
  { "max-shared-memory", IMP_LIMIT_BYTES, PLACE (connection.max_shared_memory), 0, G_MAXINT32,
    IMP_SHARED_MEMORY_DEFAULT, "how much memory is shared with the server" },
  /**
   * ImpRemoteFactory:busy-poll: (attributes org.gtk.Property.default=0)
   *
   * For how many microseconds to spin on the socket after something has come, before sleeping; 0
   * for not at all. It makes short round trips several times faster, and costs a core while data
   * flow. Do not use it where both ends share one core.
   *
   * Since: 0.1
   */
  { "busy-poll", IMP_LIMIT_MICROSECONDS, PLACE (connection.busy_poll), 0, G_MAXINT32, 0,
    "us to spin on the socket before sleeping, 0 not at all" },
};

typedef enum
{
  PROP_ADDRESS = 1,
  PROP_ADDRESSES,
  PROP_BALANCE,
  PROP_STREAM,
  PROP_CODEC,
  PROP_FAIL,
  PROP_OVERLOAD,
  PROP_RECONNECT,
  PROP_SHARED_MEMORY,
  PROP_STATE,
  PROP_TLS_CERT,
  PROP_TLS_KEY,
  PROP_TLS_CA,
  PROP_TLS_NAME,
  PROP_TLS_CERTIFICATE,
  PROP_TLS_DATABASE,
  PROP_INSECURE,
  PROP_LIMITS, /* the first of them */
} Property;

static const ImpSettingAlias remote_factory_aliases[] = {
  { "addr", "address" },
  { NULL, NULL },
};

/* As ImpTlsFile has them. */
static const char *const tls_file_names[IMP_N_TLS_FILES] = { "tls-cert", "tls-key", "tls-ca" };

static GParamSpec *props[PROP_LIMITS + G_N_ELEMENTS (remote_factory_limits)];

static void
remote_factory_get_tls (ImpRemoteFactory *self, guint property_id, GValue *value)
{
  if (property_id == PROP_TLS_NAME)
    g_value_set_string (value, self->servers.tls_name);
  else if (property_id == PROP_TLS_CERTIFICATE)
    g_value_set_object (value, imp_tls_credentials_get_certificate (self->servers.tls));
  else if (property_id == PROP_TLS_DATABASE)
    g_value_set_object (value, imp_tls_credentials_get_database (self->servers.tls));
  else
    g_value_set_string (value, imp_tls_credentials_get_file (self->servers.tls,
                                                             property_id - PROP_TLS_CERT));
}

/* TRUE if it is another one now. */
static gboolean
remote_factory_set_tls (ImpRemoteFactory *self, guint property_id, const GValue *value)
{
  if (property_id == PROP_TLS_CERTIFICATE)
    return imp_tls_credentials_set_certificate (self->servers.tls, g_value_get_object (value));
  if (property_id == PROP_TLS_DATABASE)
    return imp_tls_credentials_set_database (self->servers.tls, g_value_get_object (value));
  if (property_id != PROP_TLS_NAME)
    return imp_tls_credentials_set_file (self->servers.tls, property_id - PROP_TLS_CERT,
                                         g_value_get_string (value));
  if (g_strcmp0 (self->servers.tls_name, g_value_get_string (value)) == 0)
    return FALSE;
  g_free (self->servers.tls_name);
  self->servers.tls_name = g_value_dup_string (value);
  return TRUE;
}

static void
imp_remote_factory_get_property (GObject *object, guint property_id, GValue *value,
                                 GParamSpec *pspec)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (object);

  switch ((Property) property_id)
    {
    case PROP_ADDRESS:
      g_value_set_string (value, self->servers.address);
      break;
    case PROP_ADDRESSES:
      g_value_set_boxed (value, self->servers.addresses);
      break;
    case PROP_BALANCE:
      g_value_set_string (value, self->servers.balance);
      break;
    case PROP_CODEC:
      g_value_set_string (value, self->codec_name);
      break;
    case PROP_FAIL:
      g_value_set_enum (value, self->options.connection.fail);
      break;
    case PROP_OVERLOAD:
      g_value_set_enum (value, self->options.connection.overload);
      break;
    case PROP_RECONNECT:
      g_value_set_boolean (value, self->options.reconnect);
      break;
    case PROP_SHARED_MEMORY:
      g_value_set_enum (value, self->options.connection.shared_memory);
      break;
    case PROP_STATE:
      g_value_set_enum (value, imp_remote_factory_get_state (self));
      break;
    case PROP_STREAM:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    case PROP_TLS_CERT:
    case PROP_TLS_KEY:
    case PROP_TLS_CA:
    case PROP_TLS_NAME:
    case PROP_TLS_CERTIFICATE:
    case PROP_TLS_DATABASE:
      remote_factory_get_tls (self, property_id, value);
      break;
    case PROP_INSECURE:
      g_value_set_boolean (value, self->options.insecure);
      break;
    case PROP_LIMITS:
    default:
      imp_limit_get_property (&remote_factory_limits[property_id - PROP_LIMITS], self, value);
    }
}

/* Those that the channel has to know. TRUE if it is another value now. */
static gboolean
remote_factory_set_option (ImpRemoteFactory *self, guint property_id, const GValue *value)
{
  ImpChannelOptions *options = &self->options;
  gboolean changed;

  if (property_id == PROP_FAIL)
    {
      changed = options->connection.fail != (ImpFailMode) g_value_get_enum (value);
      options->connection.fail = g_value_get_enum (value);
    }
  else if (property_id == PROP_OVERLOAD)
    {
      changed = options->connection.overload != (ImpFailMode) g_value_get_enum (value);
      options->connection.overload = g_value_get_enum (value);
    }
  else if (property_id == PROP_RECONNECT || property_id == PROP_INSECURE)
    {
      gboolean *flag = property_id == PROP_RECONNECT ? &options->reconnect : &options->insecure;

      changed = *flag != g_value_get_boolean (value);
      *flag = g_value_get_boolean (value);
    }
  else if (property_id == PROP_SHARED_MEMORY)
    {
      changed = options->connection.shared_memory != (ImpSharedMemory) g_value_get_enum (value);
      options->connection.shared_memory = g_value_get_enum (value);
    }
  else
    changed = imp_limit_set_property (&remote_factory_limits[property_id - PROP_LIMITS], self,
                                      value);
  if (changed && self->pool != NULL)
    imp_pool_set_options (self->pool, options);
  return changed;
}

static void
imp_remote_factory_set_property (GObject *object, guint property_id, const GValue *value,
                                 GParamSpec *pspec)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (object);
  gboolean changed = FALSE;

  switch ((Property) property_id)
    {
    case PROP_ADDRESS:
      self->servers.address = g_value_dup_string (value);
      break;
    case PROP_STREAM:
      self->stream = g_value_dup_object (value);
      break;
    case PROP_ADDRESSES:
      self->servers.addresses = g_value_dup_boxed (value);
      break;
    case PROP_BALANCE:
      changed = g_strcmp0 (self->servers.balance, g_value_get_string (value)) != 0;
      g_free (self->servers.balance);
      self->servers.balance = g_value_dup_string (value);
      break;
    case PROP_CODEC:
      changed = g_strcmp0 (self->codec_name, g_value_get_string (value)) != 0;
      g_free (self->codec_name);
      self->codec_name = g_value_dup_string (value);
      break;
    case PROP_STATE:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
      break;
    case PROP_TLS_CERT:
    case PROP_TLS_KEY:
    case PROP_TLS_CA:
    case PROP_TLS_NAME:
    case PROP_TLS_CERTIFICATE:
    case PROP_TLS_DATABASE:
      changed = remote_factory_set_tls (self, property_id, value);
      break;
    case PROP_FAIL:
    case PROP_OVERLOAD:
    case PROP_RECONNECT:
    case PROP_SHARED_MEMORY:
    case PROP_INSECURE:
    case PROP_LIMITS:
    default:
      changed = remote_factory_set_option (self, property_id, value);
    }
  if (changed)
    g_object_notify_by_pspec (object, pspec);
}

static void
remote_factory_make_tls_specs (GParamFlags flags)
{
  /**
   * ImpRemoteFactory:tls-cert: (attributes org.gtk.Property.default=NULL)
   *
   * The file with the certificate of this side, for servers that demand one, and those of its
   * issuers behind it, in PEM. It counts for addresses that begin with tls://. It, its key and
   * [property@Imp.RemoteFactory:tls-ca] are read at the first use, and again whenever they change;
   * the next connection uses the new ones. Files that cannot be used are logged as a warning, and
   * those before them stay in use.
   *
   * Since: 0.1
   */
  props[PROP_TLS_CERT] = g_param_spec_string ("tls-cert", NULL,
                                              "the file with this side's certificate (PEM)", NULL,
                                              flags);
  /**
   * ImpRemoteFactory:tls-key: (attributes org.gtk.Property.default=NULL)
   *
   * The file with the key to [property@Imp.RemoteFactory:tls-cert]. Without one it is in the same
   * file.
   *
   * Since: 0.1
   */
  props[PROP_TLS_KEY] = g_param_spec_string ("tls-key", NULL, "the file with the key to it (PEM)",
                                             NULL, flags);
  /**
   * ImpRemoteFactory:tls-ca: (attributes org.gtk.Property.default=NULL)
   *
   * The file with the certificates of those who vouch for the server, in PEM. Without one, or
   * [property@Imp.RemoteFactory:tls-database], they are those whom the system trusts.
   *
   * Since: 0.1
   */
  props[PROP_TLS_CA] = g_param_spec_string ("tls-ca", NULL,
                                            "the file with those who vouch for the server (PEM); "
                                            "else whom the system trusts",
                                            NULL, flags);
  /**
   * ImpRemoteFactory:tls-name: (attributes org.gtk.Property.default=NULL)
   *
   * What the server's certificate has to be for, if that is not the host of the address. It counts
   * until the first use.
   *
   * Since: 0.1
   */
  props[PROP_TLS_NAME] = g_param_spec_string ("tls-name", NULL,
                                              "what the server's certificate is for, if not the "
                                              "address's host",
                                              NULL, flags);
  /**
   * ImpRemoteFactory:tls-certificate: (attributes org.gtk.Property.default=NULL)
   *
   * The certificate of this side and its key, instead of [property@Imp.RemoteFactory:tls-cert]. It
   * can be replaced at any time. Of files, what is in use now.
   *
   * Since: 0.1
   */
  props[PROP_TLS_CERTIFICATE] = g_param_spec_object ("tls-certificate", NULL, NULL,
                                                     G_TYPE_TLS_CERTIFICATE, flags);
  /**
   * ImpRemoteFactory:tls-database: (attributes org.gtk.Property.default=NULL)
   *
   * Those who vouch for the server, instead of [property@Imp.RemoteFactory:tls-ca].
   *
   * Since: 0.1
   */
  props[PROP_TLS_DATABASE] = g_param_spec_object ("tls-database", NULL, NULL, G_TYPE_TLS_DATABASE,
                                                  flags);
  /**
   * ImpRemoteFactory:insecure: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether to speak to another machine without TLS, though whoever is on the way can read and
   * change what is said. Otherwise such a connection is closed before anything is said.
   *
   * Since: 0.1
   */
  props[PROP_INSECURE] = g_param_spec_boolean ("insecure", NULL,
                                               "speak to other machines without TLS", FALSE, flags);
}

static void
remote_factory_make_server_specs (GParamFlags flags)
{
  /**
   * ImpRemoteFactory:address: (attributes org.gtk.Property.default=NULL)
   *
   * Where the server listens: /PATH, ./PATH, &#64;NAME, HOST:PORT or [IPV6]:PORT, the last two
   * with or without tls:// in front.
   *
   * `srv:_SERVICE._tcp.DOMAIN`, with or without tls:// in front, stands for the servers that DNS
   * has for that service, which are as if they were [property@Imp.RemoteFactory:addresses]: those
   * of the lowest priority that can be used are chosen from; weights count only until all are
   * known, since what a server has to do says more. They are looked up again every
   * [property@Imp.RemoteFactory:refresh]; one that is not among them any more finishes what it
   * has. Certificates are for the domain, unless [property@Imp.RemoteFactory:tls-name] says
   * something else: what DNS says of hosts proves nothing.
   *
   * Since: 0.1
   */
  props[PROP_ADDRESS] = g_param_spec_string ("address", NULL, "where the server listens", NULL,
                                             flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * ImpRemoteFactory:addresses: (attributes org.gtk.Property.default=NULL)
   *
   * Where further servers listen, besides [property@Imp.RemoteFactory:address] if that is set; 64
   * in all. As a setting, with commas between.
   *
   * Since: 0.1
   */
  props[PROP_ADDRESSES] = g_param_spec_boxed ("addresses", NULL,
                                              "where several servers listen, with commas between; "
                                              "address, if there is one, is one more of them",
                                              G_TYPE_STRV, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * ImpRemoteFactory:balance: (attributes org.gtk.Property.default="two-choices")
   *
   * Which of several servers a new analyzer goes to. It counts until the first use.
   *
   * - `two-choices`: of two at random, to the one that has fewer bytes without a verdict, or, where
   *   that is the same, fewer analyzers
   * - `hash=KEY`: always to the same one for the same value of that key of the context, in every
   *   process that has the same addresses; where a server goes, only what went there goes to
   *   others. Without the key it is as with `two-choices`. Who chooses the values can have many of
   *   them go to one server.
   * - `first`: to the first one; the others are spares
   *
   * Servers that cannot be used are left out, and those that are still being connected with wait
   * behind those that are ready.
   *
   * Since: 0.1
   */
  props[PROP_BALANCE] = g_param_spec_string ("balance", NULL,
                                             "which server a new analyzer goes to: two-choices, "
                                             "hash=KEY or first",
                                             "two-choices", flags | G_PARAM_CONSTRUCT);
  /**
   * ImpRemoteFactory:stream: (attributes org.gtk.Property.default=NULL)
   *
   * An established connection, instead of an address. There is no reconnecting then.
   *
   * Since: 0.1
   */
  props[PROP_STREAM] = g_param_spec_object ("stream", NULL, NULL, G_TYPE_IO_STREAM,
                                            G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY
                                              | G_PARAM_STATIC_STRINGS);
}

static void
remote_factory_install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  remote_factory_make_server_specs (flags);
  /**
   * ImpRemoteFactory:codec: (attributes org.gtk.Property.default="cbor")
   *
   * The name of the wire format; see [func@Imp.Codec.new_by_name]. It counts until the first use.
   *
   * Since: 0.1
   */
  props[PROP_CODEC] = g_param_spec_string ("codec", NULL, "the wire format", "cbor",
                                           flags | G_PARAM_CONSTRUCT);
  /**
   * ImpRemoteFactory:fail: (attributes org.gtk.Property.default=IMP_FAIL_HARD)
   *
   * What becomes of analyzers that cannot be reached.
   *
   * Since: 0.1
   */
  props[PROP_FAIL] = g_param_spec_enum ("fail", NULL,
                                        "refuse (hard) or pass (soft) where the server fails",
                                        IMP_TYPE_FAIL_MODE, IMP_FAIL_HARD, flags);
  /**
   * ImpRemoteFactory:overload: (attributes org.gtk.Property.default=IMP_FAIL_HARD)
   *
   * What becomes of analyzers that meet a limit which traffic alone can reach, though nothing has
   * failed: more waits to be sent to them, or of them, than may wait; they exceed a limit of the
   * server; or they are late while the server goes on with others. Soft would let whoever sends
   * that traffic past the analyzer.
   *
   * Since: 0.1
   */
  props[PROP_OVERLOAD] = g_param_spec_enum ("overload", NULL,
                                            "refuse (hard) or pass (soft) where traffic meets a "
                                            "limit",
                                            IMP_TYPE_FAIL_MODE, IMP_FAIL_HARD, flags);
  /**
   * ImpRemoteFactory:reconnect: (attributes org.gtk.Property.default=TRUE)
   *
   * Whether to connect again, in the background, when a connection is lost or cannot be made.
   *
   * Since: 0.1
   */
  props[PROP_RECONNECT] = g_param_spec_boolean ("reconnect", NULL, "connect again by itself", TRUE,
                                                flags);
  /**
   * ImpRemoteFactory:shared-memory: (attributes org.gtk.Property.default=IMP_SHARED_MEMORY_AUTO)
   *
   * Whether a relay reads input into memory that the server can see, so that it need not be sent
   * there. That is done where a server at a unix socket takes it, and is of the same user unless
   * this is %IMP_SHARED_MEMORY_ANY_PEER. The server can read all that the relay reads then, also
   * what its analyzers have passed ahead. It counts for connections that are made later.
   *
   * Since: 0.1
   */
  props[PROP_SHARED_MEMORY] = g_param_spec_enum ("shared-memory", NULL,
                                                 "share memory with a server of the same user",
                                                 IMP_TYPE_SHARED_MEMORY, IMP_SHARED_MEMORY_AUTO,
                                                 flags);
  /**
   * ImpRemoteFactory:state:
   *
   * The state of the connection to the server.
   *
   * Since: 0.1
   */
  props[PROP_STATE]
    = g_param_spec_enum ("state", NULL, NULL, IMP_TYPE_REMOTE_STATE, IMP_REMOTE_STATE_IDLE,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  remote_factory_make_tls_specs (flags);
  imp_limits_make_specs (remote_factory_limits, G_N_ELEMENTS (remote_factory_limits),
                         props + PROP_LIMITS);
  g_object_class_install_properties (klass, G_N_ELEMENTS (props), props);
}

/* --- the factory --- */

static void
remote_factory_on_state_changed (gpointer user_data)
{
  g_object_notify_by_pspec (user_data, props[PROP_STATE]);
}

/* What people call the other end. */
static const char *
remote_factory_get_server_name (ImpRemoteFactory *self)
{
  if (self->servers.address != NULL)
    return self->servers.address;
  if (self->servers.addresses != NULL && self->servers.addresses[0] != NULL)
    return self->servers.addresses[0];
  return self->name != NULL ? self->name : "stream";
}

/* There is a channel to ask, whatever it is good for. */
static void
remote_factory_add_stream (ImpRemoteFactory *self)
{
  const ImpPoolServer server = {
    .name = remote_factory_get_server_name (self),
    .stream = self->stream,
  };

  imp_pool_add_server (self->pool, &server, 1);
}

ImpPool *
imp_remote_factory_ensure_pool (ImpRemoteFactory *self)
{
  if (self->pool != NULL)
    return self->pool;

  self->pool = imp_pool_new (self->context, self->interface, self->budget,
                             remote_factory_on_state_changed, self);
  if (self->unusable == NULL && self->stream == NULL)
    imp_pool_settings_fill (&self->servers, self->pool, self->context, &self->unusable);
  if (imp_pool_get_n_servers (self->pool) == 0)
    remote_factory_add_stream (self);
  if (self->unusable == NULL && self->codec == NULL)
    self->codec = imp_codec_new_by_name (self->codec_name, &self->unusable);
  imp_pool_set_options (self->pool, &self->options);
  imp_pool_set_codec (self->pool, self->codec);
  g_clear_object (&self->stream);
  if (self->unusable != NULL)
    imp_pool_close (self->pool, self->unusable);
  return self->pool;
}

static void
imp_remote_factory_dispose (GObject *object)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (object);
  ImpPool *pool = g_steal_pointer (&self->pool);

  if (pool != NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED,
                                                      "the remote factory is not used any more");

      imp_pool_close (pool, error);
      imp_pool_free (pool);
    }
  g_clear_object (&self->stream);
  g_clear_object (&self->codec);
  G_OBJECT_CLASS (imp_remote_factory_parent_class)->dispose (object);
}

static void
imp_remote_factory_finalize (GObject *object)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (object);

  g_clear_pointer (&self->interface, imp_interface_unref);
  g_clear_error (&self->unusable);
  g_clear_pointer (&self->budget, g_rc_box_release);
  g_main_context_unref (self->context);
  imp_tls_credentials_free (self->servers.tls);
  g_free (self->servers.tls_name);
  g_free (self->servers.address);
  g_strfreev (self->servers.addresses);
  g_free (self->servers.balance);
  g_free (self->name);
  g_free (self->codec_name);
  G_OBJECT_CLASS (imp_remote_factory_parent_class)->finalize (object);
}

static ImpAnalyzer *
imp_remote_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (factory);
  ImpRemoteAnalyzer *analyzer = imp_remote_analyzer_new (G_OBJECT (self));

  imp_analyzer_bind (IMP_ANALYZER (analyzer), context, self->interface);
  imp_pool_add (imp_remote_factory_ensure_pool (self), analyzer);
  return IMP_ANALYZER (analyzer);
}

/* A factory of its own, with a connection of its own, since an interface belongs to a connection.
 * Both ends of a single stream cannot be shared out, so there the new one takes it over. */
static ImpFactory *
imp_remote_factory_set_interface (ImpFactory *factory, ImpInterface *interface, GError **error)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (factory);
  g_autoptr (GIOStream) stream = NULL;
  ImpRemoteFactory *bound;

  if (self->servers.address == NULL && self->servers.addresses == NULL)
    {
      stream = imp_pool_steal_stream (imp_remote_factory_ensure_pool (self));
      if (stream == NULL)
        {
          g_set_error_literal (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                               "The factory's only stream is in use already; the interface has to "
                               "be set before that");
          return NULL;
        }
    }

  bound = g_object_new (IMP_TYPE_REMOTE_FACTORY, "address", self->servers.address, "addresses",
                        self->servers.addresses, "balance", self->servers.balance, "stream", stream,
                        "codec", self->codec_name, NULL);
  bound->servers.n_connections = self->servers.n_connections;
  bound->servers.refresh = self->servers.refresh;
  bound->options = self->options;
  bound->servers.tls_name = g_strdup (self->servers.tls_name);
  imp_tls_credentials_copy (bound->servers.tls, self->servers.tls);
  bound->interface = imp_interface_ref (interface);
  g_set_object (&bound->codec, self->codec);
  imp_factory_set_name (IMP_FACTORY (bound), imp_factory_get_name (factory));
  return IMP_FACTORY (bound);
}

static void
imp_remote_factory_query_interfaces_async (ImpFactory *factory, GList *wanted,
                                           GCancellable *cancellable, GAsyncReadyCallback callback,
                                           gpointer user_data)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (factory);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, imp_remote_factory_query_interfaces_async);
  imp_pool_query (imp_remote_factory_ensure_pool (self), wanted, task);
}

static GList *
imp_remote_factory_query_interfaces_finish (ImpFactory *factory, GAsyncResult *result,
                                            GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, factory), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* As a module it has a name. */
static const char *
remote_factory_get_module_name (ImpRemoteFactory *self)
{
  const char *name = imp_factory_get_name (IMP_FACTORY (self));

  return g_str_equal (name, G_OBJECT_TYPE_NAME (self)) ? NULL : name;
}

static GList *
imp_remote_factory_list_statuses (ImpFactory *factory)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (factory);

  return imp_pool_status_look (imp_remote_factory_ensure_pool (self),
                               remote_factory_get_module_name (self));
}

static void
imp_remote_factory_query_statuses (ImpFactory *factory, guint timeout_ms, GTask *task)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (factory);

  imp_pool_status_start (imp_remote_factory_ensure_pool (self), self->context,
                         remote_factory_get_module_name (self), timeout_ms, task);
}

static void
imp_remote_factory_validate (ImpFactory *factory, GPtrArray *errors)
{
  ImpRemoteFactory *self = IMP_REMOTE_FACTORY (factory);
  g_autoptr (GError) codec_error = NULL;
  g_autoptr (ImpCodec) codec = NULL;

  if (self->stream == NULL && self->pool == NULL)
    imp_pool_settings_validate (&self->servers, errors);
  codec = imp_codec_new_by_name (self->codec_name, &codec_error);
  if (codec == NULL)
    g_ptr_array_add (errors, g_strdup (codec_error->message));
}

static void
imp_remote_factory_class_init (ImpRemoteFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  object_class->dispose = imp_remote_factory_dispose;
  object_class->finalize = imp_remote_factory_finalize;
  object_class->get_property = imp_remote_factory_get_property;
  object_class->set_property = imp_remote_factory_set_property;
  factory_class->create_packed = imp_remote_factory_create_packed;
  factory_class->set_interface = imp_remote_factory_set_interface;
  factory_class->query_interfaces_async = imp_remote_factory_query_interfaces_async;
  factory_class->query_interfaces_finish = imp_remote_factory_query_interfaces_finish;
  factory_class->validate = imp_remote_factory_validate;
  factory_class->list_statuses = imp_remote_factory_list_statuses;
  factory_class->query_statuses = imp_remote_factory_query_statuses;
  factory_class->aliases = remote_factory_aliases;

  remote_factory_install_properties (object_class);
}

static void
imp_remote_factory_init (ImpRemoteFactory *self)
{
  const ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  self->context = g_main_context_ref_thread_default ();
  self->servers.tls = imp_tls_credentials_new (self->context, tls_file_names);
  self->servers.tls_file_names = tls_file_names;
  self->options.connection.limits = limits;
  self->options.connection.link_high_water = IMP_LINK_HIGH_WATER;
  self->options.connection.shared_memory = IMP_SHARED_MEMORY_AUTO;
  self->options.reconnect = TRUE;
  imp_limits_init (remote_factory_limits, G_N_ELEMENTS (remote_factory_limits), self);
}

/**
 * imp_remote_factory_new: (constructor)
 * @address: where the server listens: /PATH, ./PATH, &#64;NAME, HOST:PORT, [IPV6]:PORT or
 *   srv:_SERVICE._tcp.DOMAIN, the last three with or without tls:// in front
 * @error: return location for an error
 *
 * Creates a factory for the server at @address. It connects when it is first used.
 *
 * Returns: (transfer full): a new factory, or %NULL with %IMP_ERROR_SETTINGS if @address is
 *   invalid
 *
 * Since: 0.1
 */
ImpRemoteFactory *
imp_remote_factory_new (const char *address, GError **error)
{
  g_autoptr (ImpAddress) parsed = NULL;
  g_autoptr (GSocketConnectable) target = NULL;

  g_return_val_if_fail (address != NULL, NULL);

  parsed = imp_pool_settings_parse (address, &target, error);
  if (parsed == NULL)
    return NULL;
  return g_object_new (IMP_TYPE_REMOTE_FACTORY, "address", address, NULL);
}

/**
 * imp_remote_factory_new_for_stream: (constructor)
 * @stream: a connection to a server
 *
 * Creates a factory that uses an existing connection. When that ends, the factory is closed.
 *
 * Returns: (transfer full): a new factory
 *
 * Since: 0.1
 */
ImpRemoteFactory *
imp_remote_factory_new_for_stream (GIOStream *stream)
{
  g_return_val_if_fail (G_IS_IO_STREAM (stream), NULL);

  return g_object_new (IMP_TYPE_REMOTE_FACTORY, "stream", stream, NULL);
}

ImpRemoteFactory *
imp_remote_factory_new_for_program (GIOStream *stream, const char *name, guint hang_timeout)
{
  ImpRemoteFactory *self = imp_remote_factory_new_for_stream (stream);

  self->name = g_strdup (name);
  self->options.connection.hang_timeout = hang_timeout;
  self->options.connection.is_program = TRUE;
  return self;
}

/**
 * imp_remote_factory_use_codec:
 * @self: a remote factory that has not been used yet
 * @codec: a wire format
 *
 * Sets a wire format of your own, which the server has to know as well.
 *
 * Since: 0.1
 */
void
imp_remote_factory_use_codec (ImpRemoteFactory *self, ImpCodec *codec)
{
  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));
  g_return_if_fail (IMP_IS_CODEC (codec));
  g_return_if_fail (self->pool == NULL);

  g_set_object (&self->codec, codec);
}

/**
 * imp_remote_factory_connect_async:
 * @self: a remote factory
 * @cancellable: (nullable): to stop waiting; this does not affect the connection
 * @callback: called when the server has answered, or cannot be reached
 * @user_data: data for @callback
 *
 * Asynchronously waits until the server has answered. This is optional: the factory can be used at
 * once.
 *
 * Since: 0.1
 */
void
imp_remote_factory_connect_async (ImpRemoteFactory *self, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_remote_factory_connect_async);
  imp_pool_connect (imp_remote_factory_ensure_pool (self), task);
}

/**
 * imp_remote_factory_connect_finish:
 * @self: a remote factory
 * @result: the result passed to the callback
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.RemoteFactory.connect_async].
 *
 * Returns: %TRUE if the server has answered, or %FALSE with an error that says why there is no
 *   connection: of #GIOErrorEnum, or %IMP_ERROR_TIMEOUT, %IMP_ERROR_VERSION and so on
 *
 * Since: 0.1
 */
gboolean
imp_remote_factory_connect_finish (ImpRemoteFactory *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
remote_factory_on_wait_over (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/**
 * imp_remote_factory_wait:
 * @self: a remote factory
 * @timeout_ms: the maximum time to wait, in milliseconds
 *
 * Runs the factory's main context until something has arrived from the server, the state has
 * changed, or the time is over: for programs that run no main loop. Results that have arrived are
 * then in the analyzers' queues (see [method@Imp.Analyzer.poll_results]), or have been passed to
 * their callbacks.
 *
 * It can only be called in the thread that owns the main context, or when no thread does.
 *
 * Returns: %TRUE if something has arrived or changed
 *
 * Since: 0.1
 */
gboolean
imp_remote_factory_wait (ImpRemoteFactory *self, guint timeout_ms)
{
  g_autoptr (ImpRemoteFactory) guard = NULL;
  g_autoptr (GSource) timer = NULL;
  gboolean over = FALSE;
  guint64 before;
  ImpRemoteState state;

  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), FALSE);
  g_return_val_if_fail (g_main_context_acquire (self->context), FALSE);

  guard = g_object_ref (self);
  before = imp_pool_get_messages_in (imp_remote_factory_ensure_pool (self));
  state = imp_pool_get_state (self->pool);
  timer = g_timeout_source_new (timeout_ms);
  g_source_set_callback (timer, remote_factory_on_wait_over, &over, NULL);
  g_source_attach (timer, self->context);
  while (!over && self->pool != NULL && imp_pool_get_messages_in (self->pool) == before
         && imp_pool_get_state (self->pool) == state)
    g_main_context_iteration (self->context, TRUE);
  g_source_destroy (timer);
  g_main_context_release (self->context);
  return self->pool != NULL
         && (imp_pool_get_messages_in (self->pool) != before
             || imp_pool_get_state (self->pool) != state);
}

/**
 * imp_remote_factory_close:
 * @self: a remote factory
 *
 * Closes the connection for good. Every live analyzer gets its outcome.
 *
 * Since: 0.1
 */
void
imp_remote_factory_close (ImpRemoteFactory *self)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (IMP_IS_REMOTE_FACTORY (self));

  error = g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, "the remote factory was closed");
  imp_pool_close (imp_remote_factory_ensure_pool (self), error);
}

/**
 * imp_remote_factory_get_state:
 * @self: a remote factory
 *
 * Gets the state of the connection to the server. Changes are notified by notify::state.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
ImpRemoteState
imp_remote_factory_get_state (ImpRemoteFactory *self)
{
  g_return_val_if_fail (IMP_IS_REMOTE_FACTORY (self), IMP_REMOTE_STATE_CLOSED);

  return self->pool != NULL ? imp_pool_get_state (self->pool) : IMP_REMOTE_STATE_IDLE;
}
