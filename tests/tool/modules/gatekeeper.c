/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module in C that decides by the context: it logs what is known, and denies the connection if
 * one of the keys has the value that the setting says, at once or after a time; or it agrees, and
 * decides once there is a file. */
#include <imp-remote.h>
#include <string.h>

typedef struct
{
  ImpFactory parent_instance;
  char *deny; /* "KEY:VALUE" */
  char *answer;
  guint delay;
  char *regret; /* a file's name */
  guint drop;
} GatekeeperFactory;
typedef ImpFactoryClass GatekeeperFactoryClass;

typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 fed[2];
  gboolean denies;
  gboolean drops;
  char *answer;
  char *regret;
  guint timer;
} Gatekeeper;
typedef ImpAnalyzerClass GatekeeperClass;

GType gatekeeper_get_type (void);
GType gatekeeper_factory_get_type (void);
G_DEFINE_TYPE (Gatekeeper, gatekeeper, IMP_TYPE_ANALYZER)
G_DEFINE_TYPE (GatekeeperFactory, gatekeeper_factory, IMP_TYPE_FACTORY)

static gboolean
gatekeeper_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
                 gint32 data_type, GError **error)
{
  Gatekeeper *self = (Gatekeeper *) analyzer;

  self->fed[direction] += g_bytes_get_size (data);
  imp_analyzer_pass_bytes (analyzer, direction, self->fed[direction]);
  return TRUE;
}

static void
gatekeeper_close (ImpAnalyzer *analyzer)
{
  g_clear_handle_id (&((Gatekeeper *) analyzer)->timer, g_source_remove);
}

static void
gatekeeper_finalize (GObject *object)
{
  g_free (((Gatekeeper *) object)->answer);
  g_free (((Gatekeeper *) object)->regret);
  G_OBJECT_CLASS (gatekeeper_parent_class)->finalize (object);
}

static void
gatekeeper_class_init (GatekeeperClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gatekeeper_finalize;
  klass->data = gatekeeper_data;
  klass->close = gatekeeper_close;
}

static void
gatekeeper_init (Gatekeeper *self)
{
}

static void
gatekeeper_decide (Gatekeeper *self)
{
  ImpAnalyzer *analyzer = (ImpAnalyzer *) self;

  if (!self->denies)
    return;
  if (self->answer[0] != '\0')
    imp_analyzer_send_back (analyzer, IMP_DIRECTION_FROM_CLIENT, (const guint8 *) self->answer,
                            strlen (self->answer));
  if (self->drops)
    imp_analyzer_drop (analyzer);
  else
    imp_analyzer_deny (analyzer, IMP_DIRECTION_FROM_CLIENT, "not on the list");
}

static gboolean
gatekeeper_on_timer (gpointer user_data)
{
  Gatekeeper *self = user_data;

  self->timer = 0;
  imp_analyzer_resume (user_data, IMP_DIRECTION_FROM_CLIENT);
  gatekeeper_decide (self);
  return G_SOURCE_REMOVE;
}

static gboolean
gatekeeper_on_regret (gpointer user_data)
{
  Gatekeeper *self = user_data;

  if (!g_file_test (self->regret, G_FILE_TEST_EXISTS))
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  imp_analyzer_log (user_data, IMP_DIRECTION_FROM_CLIENT, 0, 0, IMP_LOG_LEVEL_NOTICE, "regretted");
  gatekeeper_decide (self);
  return G_SOURCE_REMOVE;
}

static void
gatekeeper_log_context (ImpAnalyzer *analyzer, GHashTable *context)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (context), (GCompareFunc) strcmp);
  g_autoptr (GString) text = g_string_new ("known:");

  for (GList *l = keys; l != NULL; l = l->next)
    if (strchr (l->data, '.') == NULL)
      g_string_append_printf (text, " %s=%s", (char *) l->data,
                              (char *) g_hash_table_lookup (context, l->data));
  imp_analyzer_log (analyzer, IMP_DIRECTION_FROM_CLIENT, 0, 0, IMP_LOG_LEVEL_NOTICE, text->str);
}

static gboolean
gatekeeper_matches (GatekeeperFactory *factory, GHashTable *context)
{
  g_auto (GStrv) parts = g_strsplit (factory->deny, ":", 2);

  return g_strv_length (parts) == 2
         && g_strcmp0 (g_hash_table_lookup (context, parts[0]), parts[1]) == 0;
}

static ImpAnalyzer *
gatekeeper_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  GatekeeperFactory *self = (GatekeeperFactory *) factory;
  Gatekeeper *analyzer = g_object_new (gatekeeper_get_type (), NULL);

  analyzer->denies = gatekeeper_matches (self, context);
  analyzer->drops = self->drop != 0;
  analyzer->answer = g_strdup (self->answer);
  analyzer->regret = g_strdup (self->regret);
  gatekeeper_log_context ((ImpAnalyzer *) analyzer, context);
  if (self->delay > 0)
    {
      imp_analyzer_pause ((ImpAnalyzer *) analyzer, IMP_DIRECTION_FROM_CLIENT);
      analyzer->timer = g_timeout_add (self->delay, gatekeeper_on_timer, analyzer);
    }
  else if (self->regret[0] != '\0')
    analyzer->timer = g_timeout_add (10, gatekeeper_on_regret, analyzer);
  else
    gatekeeper_decide (analyzer);
  return (ImpAnalyzer *) analyzer;
}

enum
{
  PROP_DENY = 1,
  PROP_ANSWER,
  PROP_DELAY,
  PROP_DROP,
  PROP_REGRET,
};

static void
gatekeeper_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GatekeeperFactory *self = (GatekeeperFactory *) object;

  if (id == PROP_DENY)
    g_value_set_string (value, self->deny);
  else if (id == PROP_ANSWER)
    g_value_set_string (value, self->answer);
  else if (id == PROP_REGRET)
    g_value_set_string (value, self->regret);
  else
    g_value_set_uint (value, id == PROP_DELAY ? self->delay : self->drop);
}

static void
gatekeeper_factory_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GatekeeperFactory *self = (GatekeeperFactory *) object;

  if (id == PROP_DENY)
    self->deny = g_value_dup_string (value);
  else if (id == PROP_ANSWER)
    self->answer = g_value_dup_string (value);
  else if (id == PROP_DELAY)
    self->delay = g_value_get_uint (value);
  else if (id == PROP_REGRET)
    self->regret = g_value_dup_string (value);
  else
    self->drop = g_value_get_uint (value);
}

static void
gatekeeper_factory_finalize (GObject *object)
{
  g_free (((GatekeeperFactory *) object)->deny);
  g_free (((GatekeeperFactory *) object)->answer);
  g_free (((GatekeeperFactory *) object)->regret);
  G_OBJECT_CLASS (gatekeeper_factory_parent_class)->finalize (object);
}

static void
gatekeeper_factory_class_init (GatekeeperFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = gatekeeper_factory_get_property;
  object_class->set_property = gatekeeper_factory_set_property;
  object_class->finalize = gatekeeper_factory_finalize;
  klass->create_analyzer = gatekeeper_factory_create_analyzer;
  g_object_class_install_property (object_class, PROP_DENY,
                                   g_param_spec_string ("deny", NULL, "KEY:VALUE", "", flags));
  g_object_class_install_property (object_class, PROP_ANSWER,
                                   g_param_spec_string ("answer", NULL, "what is sent back", "",
                                                        flags));
  g_object_class_install_property (object_class, PROP_DELAY,
                                   g_param_spec_uint ("delay", NULL, "milliseconds to decide", 0,
                                                      60000, 0, flags));
  g_object_class_install_property (
    object_class, PROP_REGRET, g_param_spec_string ("regret", NULL, "a file's name", "", flags));
  g_object_class_install_property (
    object_class, PROP_DROP, g_param_spec_uint ("drop", NULL, "instead of deny", 0, 1, 0, flags));
}

static void
gatekeeper_factory_init (GatekeeperFactory *self)
{
}

GType
imp_module_query (void)
{
  return gatekeeper_factory_get_type ();
}
