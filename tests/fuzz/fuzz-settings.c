/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings strings: whatever they are, they give a factory or an error; and a factory's settings
 * give the same factory again. */
#include "fuzz.h"

#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "faults/imp-fault-side-private.h"

typedef struct
{
  ImpFactory parent;
  gboolean truth;
  int small;
  guint64 large;
  double ratio;
  int mode;
  char *text;
  GBytes *bytes;
} SampleFactory;

typedef struct
{
  ImpFactoryClass parent_class;
} SampleFactoryClass;

enum
{
  PROP_TRUTH = 1,
  PROP_SMALL,
  PROP_LARGE,
  PROP_RATIO,
  PROP_MODE,
  PROP_TEXT,
  PROP_BYTES,
};

static GType sample_factory_get_type (void);
G_DEFINE_TYPE (SampleFactory, sample_factory, IMP_TYPE_FACTORY)

static void
sample_factory_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SampleFactory *self = (SampleFactory *) object;

  switch (id)
    {
    case PROP_TRUTH:
      self->truth = g_value_get_boolean (value);
      break;
    case PROP_SMALL:
      self->small = g_value_get_int (value);
      break;
    case PROP_LARGE:
      self->large = g_value_get_uint64 (value);
      break;
    case PROP_RATIO:
      self->ratio = g_value_get_double (value);
      break;
    case PROP_MODE:
      self->mode = g_value_get_enum (value);
      break;
    case PROP_TEXT:
      g_free (self->text);
      self->text = g_value_dup_string (value);
      break;
    default:
      g_clear_pointer (&self->bytes, g_bytes_unref);
      self->bytes = g_value_dup_boxed (value);
    }
}

static void
sample_factory_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SampleFactory *self = (SampleFactory *) object;

  switch (id)
    {
    case PROP_TRUTH:
      g_value_set_boolean (value, self->truth);
      break;
    case PROP_SMALL:
      g_value_set_int (value, self->small);
      break;
    case PROP_LARGE:
      g_value_set_uint64 (value, self->large);
      break;
    case PROP_RATIO:
      g_value_set_double (value, self->ratio);
      break;
    case PROP_MODE:
      g_value_set_enum (value, self->mode);
      break;
    case PROP_TEXT:
      g_value_set_string (value, self->text);
      break;
    default:
      g_value_set_boxed (value, self->bytes);
    }
}

static void
sample_factory_finalize (GObject *object)
{
  SampleFactory *self = (SampleFactory *) object;

  g_free (self->text);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  G_OBJECT_CLASS (sample_factory_parent_class)->finalize (object);
}

static void
sample_factory_class_init (SampleFactoryClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = sample_factory_set_property;
  object_class->get_property = sample_factory_get_property;
  object_class->finalize = sample_factory_finalize;
  g_object_class_install_property (object_class, PROP_TRUTH,
                                   g_param_spec_boolean ("truth", NULL, NULL, FALSE, flags));
  g_object_class_install_property (
    object_class, PROP_SMALL, g_param_spec_int ("small-number", NULL, NULL, -5, 500, 7, flags));
  g_object_class_install_property (
    object_class, PROP_LARGE, g_param_spec_uint64 ("large", NULL, NULL, 0, G_MAXUINT64, 0, flags));
  g_object_class_install_property (object_class, PROP_RATIO,
                                   g_param_spec_double ("ratio", NULL, NULL, -1, 1e9, 0.5, flags));
  g_object_class_install_property (object_class, PROP_MODE,
                                   g_param_spec_enum ("mode", NULL, NULL, IMP_TYPE_FAIL_MODE,
                                                      IMP_FAIL_HARD, flags));
  g_object_class_install_property (object_class, PROP_TEXT,
                                   g_param_spec_string ("text", NULL, NULL, NULL, flags));
  g_object_class_install_property (object_class, PROP_BYTES,
                                   g_param_spec_boxed ("bytes", NULL, NULL, G_TYPE_BYTES, flags));
}

static void
sample_factory_init (SampleFactory *self)
{
}

static void
check_error (const GError *error)
{
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_cmpstr (error->message, !=, "");
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
try_factory (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_factory_new_from_settings (sample_factory_get_type (), text,
                                                                  &error);
  g_autoptr (ImpFactory) again = NULL;
  g_autofree char *written = NULL, *written_again = NULL;

  if (factory == NULL)
    {
      check_error (error);
      return;
    }
  written = imp_factory_get_settings (factory);
  again = imp_factory_new_from_settings (sample_factory_get_type (), written, &error);
  g_assert_no_error (error);
  written_again = imp_factory_get_settings (again);
  g_assert_cmpstr (written, ==, written_again);
}

static void
try_faults (const char *text)
{
  g_autoptr (GError) error = NULL;
  ImpFaults faults;

  if (imp_faults_parse (text, &faults, &error))
    for (int way = 0; way < 2; way++)
      {
        ImpFaultSide side;

        imp_fault_side_init (&side, &faults, way);
        for (int i = 0; i < 4 && imp_fault_side_end (&side) == IMP_FAULT_GO; i++)
          {
            gsize n = imp_fault_side_limit (&side, 1000);

            g_assert_cmpuint (n, >=, 1);
            g_assert_cmpuint (n, <=, 1000);
            imp_fault_side_advance (&side, n, 0);
          }
      }
  else
    check_error (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  g_autofree char *text = g_strndup ((const char *) data, length);

  try_factory (text);
  try_faults (text);
  return 0;
}
