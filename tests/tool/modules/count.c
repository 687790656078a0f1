/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module as somebody else would write it: a factory with one setting, in C, with nothing but the
 * public header. Its analyzers say how much the server has sent once that reaches the limit. */
#include <imp-remote.h>

typedef struct
{
  ImpFactory parent_instance;
  guint limit;
} CountFactory;
typedef ImpFactoryClass CountFactoryClass;

typedef struct
{
  ImpAnalyzer parent_instance;
  guint limit;
  gsize seen;
} Count;
typedef ImpAnalyzerClass CountClass;

GType count_get_type (void);
GType count_factory_get_type (void);
G_DEFINE_TYPE (Count, count, IMP_TYPE_ANALYZER)
G_DEFINE_TYPE (CountFactory, count_factory, IMP_TYPE_FACTORY)

static gboolean
count_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  Count *self = (Count *) analyzer;

  self->seen += g_bytes_get_size (data);
  if (self->seen >= self->limit)
    imp_analyzer_deny (analyzer, direction, "counted enough");
  else
    imp_analyzer_pass_bytes (analyzer, direction, self->seen);
  return TRUE;
}

static void
count_class_init (CountClass *klass)
{
  klass->data = count_data;
}

static void
count_init (Count *self)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT, IMP_MAX_OFFSET);
}

static ImpAnalyzer *
count_factory_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  Count *count = g_object_new (count_get_type (), NULL);

  count->limit = ((CountFactory *) factory)->limit;
  return (ImpAnalyzer *) count;
}

static void
count_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_uint (value, ((CountFactory *) object)->limit);
}

static void
count_factory_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ((CountFactory *) object)->limit = g_value_get_uint (value);
}

static void
count_factory_class_init (CountFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = count_factory_get_property;
  object_class->set_property = count_factory_set_property;
  klass->create_analyzer = count_factory_create_analyzer;
  g_object_class_install_property (
    object_class, 1,
    g_param_spec_uint ("limit", NULL, "how much a server may say", 1, 1000, 100,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS));
}

static void
count_factory_init (CountFactory *self)
{
}

GType
imp_module_query (void)
{
  return count_factory_get_type ();
}
