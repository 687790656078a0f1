/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module that does what none should at the first data that it sees. */
#include <imp-remote.h>

#include <stdlib.h>
#include <unistd.h>

typedef struct
{
  ImpFactory parent_instance;
  char *how;
} UnrulyFactory;
typedef ImpFactoryClass UnrulyFactoryClass;

typedef struct
{
  ImpAnalyzer parent_instance;
  char *how;
} Unruly;
typedef ImpAnalyzerClass UnrulyClass;

GType unruly_get_type (void);
GType unruly_factory_get_type (void);
G_DEFINE_TYPE (Unruly, unruly, IMP_TYPE_ANALYZER)
G_DEFINE_TYPE (UnrulyFactory, unruly_factory, IMP_TYPE_FACTORY)

static void
unruly_flood (ImpAnalyzer *analyzer, ImpDirection direction)
{
  static const guint8 zeros[10000];

  for (guint i = 0; i < 1000; i++)
    imp_analyzer_send_back (analyzer, direction, zeros, sizeof zeros);
}

static gboolean
unruly_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  Unruly *self = (Unruly *) analyzer;

  if (g_str_equal (self->how, "crash"))
    _exit (77);
  if (g_str_equal (self->how, "sleep"))
    sleep (1000);
  if (g_str_equal (self->how, "flood"))
    unruly_flood (analyzer, direction);
  if (g_str_equal (self->how, "fail"))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "it has failed");
      return FALSE;
    }
  /* Else it says nothing. */
  return TRUE;
}

static void
unruly_finalize (GObject *object)
{
  g_free (((Unruly *) object)->how);
  G_OBJECT_CLASS (unruly_parent_class)->finalize (object);
}

static void
unruly_class_init (UnrulyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = unruly_finalize;
  klass->data = unruly_data;
}

static void
unruly_init (Unruly *self)
{
}

static ImpAnalyzer *
unruly_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  Unruly *unruly = g_object_new (unruly_get_type (), NULL);

  unruly->how = g_strdup (((UnrulyFactory *) factory)->how);
  return (ImpAnalyzer *) unruly;
}

static void
unruly_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_string (value, ((UnrulyFactory *) object)->how);
}

static void
unruly_factory_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  g_free (((UnrulyFactory *) object)->how);
  ((UnrulyFactory *) object)->how = g_value_dup_string (value);
}

static void
unruly_factory_finalize (GObject *object)
{
  g_free (((UnrulyFactory *) object)->how);
  G_OBJECT_CLASS (unruly_factory_parent_class)->finalize (object);
}

static void
unruly_factory_class_init (UnrulyFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = unruly_factory_get_property;
  object_class->set_property = unruly_factory_set_property;
  object_class->finalize = unruly_factory_finalize;
  klass->create_analyzer = unruly_factory_create_analyzer;
  g_object_class_install_property (
    object_class, 1,
    g_param_spec_string ("how", NULL, "crash, sleep, flood or silent", "silent",
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS));
}

static void
unruly_factory_init (UnrulyFactory *self)
{
}

GType
imp_module_query (void)
{
  return unruly_factory_get_type ();
}
