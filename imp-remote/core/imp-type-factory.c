/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-type-factory.h"

#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-settings-private.h"

/**
 * ImpTypeFactory:
 *
 * A factory whose analyzers are all instances of one class, made without arguments, or with the
 * same values of their properties.
 *
 * With it an analyzer class is all that has to be written, in any language. What an analyzer wants
 * to know of its connection it gets from [method@Imp.Analyzer.lookup_context], which answers as
 * soon as the factory has returned it, so not in its constructor.
 *
 * Since: 0.1
 */
struct _ImpTypeFactory
{
  ImpFactory parent_instance;

  GType analyzer_type;
  gint32 data_type;
  ImpResultFlags results;
  ImpSettingValues *values; /* of the analyzers' properties, or NULL */
};

G_DEFINE_FINAL_TYPE (ImpTypeFactory, imp_type_factory, IMP_TYPE_FACTORY)

typedef enum
{
  PROP_ANALYZER_TYPE = 1,
  PROP_DATA_TYPE,
  PROP_RESULTS,
} TypeFactoryProperty;

static GParamSpec *properties[PROP_RESULTS + 1];

static GList *
imp_type_factory_list_interfaces (ImpFactory *factory)
{
  ImpTypeFactory *self = (ImpTypeFactory *) factory;

  return g_list_prepend (NULL, imp_interface_new (self->data_type, self->results));
}

static ImpAnalyzer *
imp_type_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpTypeFactory *self = (ImpTypeFactory *) factory;
  GType type = self->analyzer_type;
  gpointer analyzer = self->values != NULL ? imp_setting_values_make (self->values, type)
                                           : g_object_new (type, NULL);

  /* A constructor in a script can fail altogether. */
  if (analyzer == NULL)
    g_set_error (error, IMP_ERROR, IMP_ERROR_FATAL, "No %s could be made", g_type_name (type));
  return analyzer;
}

static void
imp_type_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpTypeFactory *self = (ImpTypeFactory *) object;

  switch ((TypeFactoryProperty) id)
    {
    case PROP_ANALYZER_TYPE:
      g_value_set_gtype (value, self->analyzer_type);
      break;
    case PROP_DATA_TYPE:
      g_value_set_int (value, self->data_type);
      break;
    case PROP_RESULTS:
      g_value_set_flags (value, self->results);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_type_factory_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpTypeFactory *self = (ImpTypeFactory *) object;

  switch ((TypeFactoryProperty) id)
    {
    case PROP_ANALYZER_TYPE:
      self->analyzer_type = g_value_get_gtype (value);
      if (self->analyzer_type == IMP_TYPE_PASS_ANALYZER)
        imp_factory_set_ignores_all (IMP_FACTORY (self));
      break;
    case PROP_DATA_TYPE:
      self->data_type = g_value_get_int (value);
      break;
    case PROP_RESULTS:
      self->results = g_value_get_flags (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_type_factory_finalize (GObject *object)
{
  g_clear_pointer (&((ImpTypeFactory *) object)->values, imp_setting_values_free);
  G_OBJECT_CLASS (imp_type_factory_parent_class)->finalize (object);
}

static void
imp_type_factory_class_init (ImpTypeFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = imp_type_factory_finalize;
  object_class->get_property = imp_type_factory_get_property;
  object_class->set_property = imp_type_factory_set_property;
  factory_class->list_interfaces = imp_type_factory_list_interfaces;
  factory_class->create_packed = imp_type_factory_create_packed;

  /**
   * ImpTypeFactory:analyzer-type: (attributes org.gtk.Property.default=none)
   *
   * The class of the analyzers.
   *
   * Since: 0.1
   */
  properties[PROP_ANALYZER_TYPE] = g_param_spec_gtype ("analyzer-type", NULL, NULL,
                                                       IMP_TYPE_ANALYZER, flags);

  /**
   * ImpTypeFactory:data-type: (attributes org.gtk.Property.default=0)
   *
   * The type of data that the analyzers work with; %IMP_DATA_TYPE_ANY for any.
   *
   * Since: 0.1
   */
  properties[PROP_DATA_TYPE] = g_param_spec_int ("data-type", NULL, NULL, G_MININT, G_MAXINT,
                                                 IMP_DATA_TYPE_ANY, flags);

  /**
   * ImpTypeFactory:results: (attributes org.gtk.Property.default=IMP_RESULT_FLAGS_ALL)
   *
   * The types of results that the analyzers use; %IMP_RESULT_FLAGS_ALL where they are not limited.
   *
   * Since: 0.1
   */
  properties[PROP_RESULTS] = g_param_spec_flags ("results", NULL, NULL, IMP_TYPE_RESULT_FLAGS,
                                                 IMP_RESULT_FLAGS_ALL, flags);

  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
imp_type_factory_init (ImpTypeFactory *self)
{
}

/**
 * imp_type_factory_new:
 * @analyzer_type: a class of analyzers, which cannot be abstract
 * @data_type: the type of data that it works with, or %IMP_DATA_TYPE_ANY
 * @results: the types of results that it uses, or %IMP_RESULT_FLAGS_ALL
 *
 * Creates a factory for analyzers of one class.
 *
 * Returns: (transfer full) (type ImpTypeFactory): a new factory
 *
 * Since: 0.1
 */
ImpFactory *
imp_type_factory_new (GType analyzer_type, gint32 data_type, ImpResultFlags results)
{
  g_return_val_if_fail (g_type_is_a (analyzer_type, IMP_TYPE_ANALYZER), NULL);
  g_return_val_if_fail (!G_TYPE_IS_ABSTRACT (analyzer_type), NULL);

  return g_object_new (IMP_TYPE_TYPE_FACTORY, "analyzer-type", analyzer_type, "data-type",
                       data_type, "results", results, NULL);
}

/**
 * imp_type_factory_new_from_settings:
 * @analyzer_type: a class of analyzers, which cannot be abstract
 * @data_type: the type of data that it works with, or %IMP_DATA_TYPE_ANY
 * @results: the types of results that it uses, or %IMP_RESULT_FLAGS_ALL
 * @settings: (nullable): the settings; %NULL or "" for all defaults
 * @error: return location for an error
 *
 * Creates a factory for analyzers of one class, whose writable properties are the settings, written
 * as for [ctor@Imp.Factory.new_from_settings].
 *
 * Each analyzer has its properties set right after it was made. A class in Python or JavaScript
 * sees them in its constructor with their defaults still, and from the first data on as they are.
 *
 * Returns: (transfer full) (type ImpTypeFactory): a new factory, or %NULL with
 *   %IMP_ERROR_SETTINGS, whose message names all errors
 *
 * Since: 0.1
 */
ImpFactory *
imp_type_factory_new_from_settings (GType analyzer_type, gint32 data_type, ImpResultFlags results,
                                    const char *settings, GError **error)
{
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ImpSettingValues) values = NULL;
  g_autoptr (GTypeClass) klass = NULL;
  ImpFactory *factory;

  g_return_val_if_fail (g_type_is_a (analyzer_type, IMP_TYPE_ANALYZER), NULL);
  g_return_val_if_fail (!G_TYPE_IS_ABSTRACT (analyzer_type), NULL);

  klass = g_type_class_ref (analyzer_type);
  values = imp_setting_values_new (G_OBJECT_CLASS (klass), settings, errors);
  if (!imp_settings_check (errors, error))
    return NULL;
  factory = imp_type_factory_new (analyzer_type, data_type, results);
  if (values->names->len > 0)
    ((ImpTypeFactory *) factory)->values = g_steal_pointer (&values);
  return factory;
}

/**
 * imp_type_factory_get_analyzer_type:
 * @self: a factory
 *
 * Gets the class of the analyzers.
 *
 * Returns: the class
 *
 * Since: 0.1
 */
GType
imp_type_factory_get_analyzer_type (ImpTypeFactory *self)
{
  g_return_val_if_fail (IMP_IS_TYPE_FACTORY (self), G_TYPE_INVALID);

  return self->analyzer_type;
}

/**
 * imp_type_factory_get_data_type:
 * @self: a factory
 *
 * Gets the type of data that the analyzers work with.
 *
 * Returns: a type of data, or %IMP_DATA_TYPE_ANY
 *
 * Since: 0.1
 */
gint32
imp_type_factory_get_data_type (ImpTypeFactory *self)
{
  g_return_val_if_fail (IMP_IS_TYPE_FACTORY (self), IMP_DATA_TYPE_ANY);

  return self->data_type;
}

/**
 * imp_type_factory_get_results:
 * @self: a factory
 *
 * Gets the types of results that the analyzers use.
 *
 * Returns: the set; %IMP_RESULT_FLAGS_ALL (empty) where there is no restriction
 *
 * Since: 0.1
 */
ImpResultFlags
imp_type_factory_get_results (ImpTypeFactory *self)
{
  g_return_val_if_fail (IMP_IS_TYPE_FACTORY (self), IMP_RESULT_FLAGS_ALL);

  return self->results;
}
