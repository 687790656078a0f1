/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-session-log-private.h"

#include "core/imp-error.h"
#include "core/imp-setting-names-private.h"

#define MAX_BUFFERED_MIN (1024 * 1024)
#define MAX_BUFFERED_DEFAULT (16 * 1024 * 1024)

/**
 * ImpSessionLogFactory:
 *
 * Makes analyzers that pass everything and write each connection to a file of its own.
 *
 * The file is made in [property@Imp.SessionLogFactory:dir] when the connection begins, readable by
 * its owner only. Its name says when that was (in seconds since 1970) and, from the context, who is
 * connected: `TIME-caddr.cport-saddr.sport-XXXXXX.bin` or `.pcap`, with six random characters. What
 * is no letter, digit, `-` or `:` in these becomes `_`, unless it is a dot between letters or
 * digits. The provider is told the path by an account field, `logfile`.
 *
 * In the format `pcap` a connection over TCP is made up around the data: with a handshake, sequence
 * numbers that begin anywhere, acknowledgments, packets of at most 1500 bytes and an end (a reset
 * if not both directions have ended). In the place of what is no address come 192.0.2.1 and
 * 198.51.100.1, or 2001:db8::1 and 2001:db8::2, which are for documentation. Where the context says
 * that `proto` is `udp`, each piece of data is a datagram of its own instead, and there is nothing
 * else.
 *
 * A thread of the factory's writes, so that nobody waits for the disk; only making the file is done
 * at once. What cannot be written is an error that is logged, once for each connection, by a result
 * LOG; the connection goes on without being written any further. When the last reference to the
 * factory and to its analyzers goes, what has not been written yet is.
 *
 * How large files become, and how many there are, is up to the traffic: the folder should be on a
 * file system, or have a quota, for which that is no matter.
 *
 * As a module it is called `session-log`; there, the setting `dir` is also called `folder`.
 *
 * Since: 0.1
 */
struct _ImpSessionLogFactory
{
  ImpFactory parent_instance;

  char *dir;
  ImpSessionLogFormat format;
  guint max_buffered;
  ImpDiskWriter *writer; /* since there are analyzers */
};

G_DEFINE_FINAL_TYPE (ImpSessionLogFactory, imp_session_log_factory, IMP_TYPE_FACTORY)

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpSessionLogFormat, imp_session_log_format,
                    G_DEFINE_ENUM_VALUE (IMP_SESSION_LOG_BIN, "bin"),
                    G_DEFINE_ENUM_VALUE (IMP_SESSION_LOG_PCAP, "pcap"))
/* clang-format on */

typedef enum
{
  PROP_DIR = 1,
  PROP_FORMAT,
  PROP_MAX_BUFFERED,
} SessionLogFactoryProperty;

static GParamSpec *properties[PROP_MAX_BUFFERED + 1];

static void
imp_session_log_factory_init (ImpSessionLogFactory *self)
{
}

static void
imp_session_log_factory_finalize (GObject *object)
{
  ImpSessionLogFactory *self = IMP_SESSION_LOG_FACTORY (object);

  g_clear_pointer (&self->writer, imp_disk_writer_unref);
  g_clear_pointer (&self->dir, g_free);
  G_OBJECT_CLASS (imp_session_log_factory_parent_class)->finalize (object);
}

static const ImpSettingAlias session_log_factory_aliases[] = {
  { "folder", "dir" },
  { NULL, NULL },
};

static void
session_log_factory_check_dir (ImpSessionLogFactory *self, GPtrArray *errors)
{
  const char *name = imp_setting_names_look_up (IMP_FACTORY (self), "dir");

  if (imp_setting_names_is_mentioned (IMP_FACTORY (self), errors, "dir"))
    return;
  if (self->dir == NULL)
    g_ptr_array_add (errors, g_strdup_printf ("%s, the folder for the files, must be given", name));
  else if (!g_file_test (self->dir, G_FILE_TEST_IS_DIR))
    g_ptr_array_add (errors, g_strdup_printf ("%s: there is no folder \"%s\"", name, self->dir));
}

static void
imp_session_log_factory_validate (ImpFactory *factory, GPtrArray *errors)
{
  session_log_factory_check_dir (IMP_SESSION_LOG_FACTORY (factory), errors);
}

static ImpAnalyzer *
imp_session_log_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpSessionLogFactory *self = IMP_SESSION_LOG_FACTORY (factory);

  if (self->dir == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                           "dir, the folder for the files, must be given");
      return NULL;
    }
  if (self->writer == NULL)
    self->writer = imp_disk_writer_new (self->max_buffered, error);
  if (self->writer == NULL)
    return NULL;
  return imp_session_log_analyzer_new (self->writer, self->dir, self->format, context);
}

static GList *
imp_session_log_factory_list_interfaces (ImpFactory *factory)
{
  return g_list_prepend (NULL, imp_interface_new (IMP_DATA_TYPE_ANY,
                                                  IMP_RESULT_FLAGS_PREPASS | IMP_RESULT_FLAGS_LOG
                                                    | IMP_RESULT_FLAGS_ACCOUNT_FIELD));
}

static void
imp_session_log_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpSessionLogFactory *self = IMP_SESSION_LOG_FACTORY (object);

  switch ((SessionLogFactoryProperty) id)
    {
    case PROP_DIR:
      g_value_set_string (value, self->dir);
      break;
    case PROP_FORMAT:
      g_value_set_enum (value, self->format);
      break;
    case PROP_MAX_BUFFERED:
      g_value_set_uint (value, self->max_buffered);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_session_log_factory_set_property (GObject *object, guint id, const GValue *value,
                                      GParamSpec *pspec)
{
  ImpSessionLogFactory *self = IMP_SESSION_LOG_FACTORY (object);

  switch ((SessionLogFactoryProperty) id)
    {
    case PROP_DIR:
      self->dir = g_value_dup_string (value);
      break;
    case PROP_FORMAT:
      self->format = g_value_get_enum (value);
      break;
    case PROP_MAX_BUFFERED:
      self->max_buffered = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

#define PROP_FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
imp_session_log_factory_class_init (ImpSessionLogFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  object_class->finalize = imp_session_log_factory_finalize;
  object_class->get_property = imp_session_log_factory_get_property;
  object_class->set_property = imp_session_log_factory_set_property;
  factory_class->validate = imp_session_log_factory_validate;
  factory_class->create_packed = imp_session_log_factory_create_packed;
  factory_class->list_interfaces = imp_session_log_factory_list_interfaces;
  factory_class->aliases = session_log_factory_aliases;

  /**
   * ImpSessionLogFactory:dir: (attributes org.gtk.Property.default=none)
   *
   * The folder for the files, which must exist.
   *
   * Since: 0.1
   */
  properties[PROP_DIR] = g_param_spec_string ("dir", NULL,
                                              "the folder for the files, which must exist", NULL,
                                              PROP_FLAGS);

  /**
   * ImpSessionLogFactory:format: (attributes org.gtk.Property.default=IMP_SESSION_LOG_BIN)
   *
   * How they are written.
   *
   * Since: 0.1
   */
  properties[PROP_FORMAT]
    = g_param_spec_enum ("format", NULL,
                         "how they are written: records of time, direction and "
                         "data, or as for Wireshark",
                         IMP_TYPE_SESSION_LOG_FORMAT, IMP_SESSION_LOG_BIN, PROP_FLAGS);

  /**
   * ImpSessionLogFactory:max-buffered: (attributes org.gtk.Property.default=16777216)
   *
   * How many bytes may wait to be written, of all connections together. The connection with one
   * more is not written any further.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_BUFFERED] = g_param_spec_uint (
    "max-buffered", NULL, "how many bytes may wait for the disk, of all connections together",
    MAX_BUFFERED_MIN, G_MAXINT, MAX_BUFFERED_DEFAULT, PROP_FLAGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

/**
 * imp_session_log_factory_new:
 * @settings: the properties as settings, e.g. "dir=/var/log/sessions&format=pcap"
 * @error: return location for an error
 *
 * Makes a factory, as [ctor@Imp.Factory.new_from_settings] does.
 *
 * Returns: (transfer full) (type ImpSessionLogFactory): a new factory, or %NULL with
 *   %IMP_ERROR_SETTINGS, which names all errors
 *
 * Since: 0.1
 */
ImpFactory *
imp_session_log_factory_new (const char *settings, GError **error)
{
  return imp_factory_new_from_settings (IMP_TYPE_SESSION_LOG_FACTORY, settings, error);
}
