/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/limit-options.h"

#include <errno.h>
#include <imp-remote.h>

typedef struct
{
  GParamSpec *spec;
  const ImpLimit *row; /* NULL: a property */
  gpointer owner;
  char *text;   /* as it was given, or NULL */
  gint64 value; /* at first the default */
  char letter;  /* the short name, 0 for none */
  char *help;
} LimitOption;

struct _LimitOptions
{
  GPtrArray *options; /* of LimitOption */
};

static void
limit_option_free (LimitOption *option)
{
  g_param_spec_unref (option->spec);
  g_free (option->text);
  g_free (option->help);
  g_free (option);
}

LimitOptions *
limit_options_new (void)
{
  LimitOptions *self = g_new0 (LimitOptions, 1);

  self->options = g_ptr_array_new_with_free_func ((GDestroyNotify) limit_option_free);
  return self;
}

void
limit_options_free (LimitOptions *self)
{
  g_ptr_array_unref (self->options);
  g_free (self);
}

static void
limit_option_get_range (const LimitOption *option, gint64 *minimum, gint64 *maximum,
                        gint64 *standard)
{
  if (G_IS_PARAM_SPEC_UINT64 (option->spec))
    {
      GParamSpecUInt64 *spec = G_PARAM_SPEC_UINT64 (option->spec);

      *minimum = spec->minimum;
      *maximum = MIN (spec->maximum, G_MAXINT64);
      *standard = spec->default_value;
    }
  else
    {
      GParamSpecUInt *spec = G_PARAM_SPEC_UINT (option->spec);

      *minimum = spec->minimum;
      *maximum = spec->maximum;
      *standard = spec->default_value;
    }
}

static gboolean
limit_option_is_of_bytes (const LimitOption *option)
{
  return g_str_equal (imp_limit_get_unit (option->spec), "BYTES");
}

static char *
limit_option_format_default (const LimitOption *option, gint64 value)
{
  if (limit_option_is_of_bytes (option) && value > 0)
    {
      if (value % (1024 * 1024) == 0)
        return g_strdup_printf ("%" G_GINT64_FORMAT " MiB", value / (1024 * 1024));
      if (value % 1024 == 0)
        return g_strdup_printf ("%" G_GINT64_FORMAT " KiB", value / 1024);
    }
  return g_strdup_printf ("%" G_GINT64_FORMAT, value);
}

static void
limit_options_add (LimitOptions *self, GParamSpec *spec, const ImpLimit *row, gpointer owner)
{
  LimitOption *option = g_new0 (LimitOption, 1);
  const char *blurb = g_param_spec_get_blurb (spec);
  g_autofree char *standard = NULL;
  gint64 minimum, maximum;

  option->spec = g_param_spec_ref_sink (spec);
  option->row = row;
  option->owner = owner;
  limit_option_get_range (option, &minimum, &maximum, &option->value);
  standard = limit_option_format_default (option, option->value);
  option->help = g_strdup_printf ("%c%s (default: %s)", g_ascii_toupper (blurb[0]), blurb + 1,
                                  standard);
  g_ptr_array_add (self->options, option);
}

void
limit_options_add_rows (LimitOptions *self, const ImpLimit *rows, gsize n_rows, gpointer owner)
{
  for (gsize i = 0; i < n_rows; i++)
    limit_options_add (self, imp_limit_make_spec (&rows[i]), &rows[i], owner);
}

static LimitOption *
limit_options_find (LimitOptions *self, const char *name)
{
  for (guint i = 0; i < self->options->len; i++)
    {
      LimitOption *option = self->options->pdata[i];

      if (g_str_equal (option->spec->name, name))
        return option;
    }
  return NULL;
}

void
limit_options_set_letter (LimitOptions *self, const char *name, char letter)
{
  LimitOption *option = limit_options_find (self, name);

  g_assert (option != NULL);
  option->letter = letter;
}

void
limit_options_add_properties (LimitOptions *self, GType type)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (type);
  guint n_specs;
  g_autofree GParamSpec **specs = g_object_class_list_properties (G_OBJECT_CLASS (klass), &n_specs);

  for (guint i = 0; i < n_specs; i++)
    if (imp_limit_get_unit (specs[i]) != NULL && limit_options_find (self, specs[i]->name) == NULL)
      limit_options_add (self, specs[i], NULL, NULL);
}

void
limit_options_add_to_table (LimitOptions *self, OptionTable *table)
{
  for (guint i = 0; i < self->options->len; i++)
    {
      LimitOption *option = self->options->pdata[i];
      const GOptionEntry entries[] = {
        { option->spec->name, option->letter, 0, G_OPTION_ARG_STRING, &option->text, option->help,
          imp_limit_get_unit (option->spec) },
        G_OPTION_ENTRY_NULL,
      };

      option_table_add (table, entries, NULL);
    }
}

/* What stands behind a number of bytes, as --help writes it or without the blank; 0 if that is
 * nothing. */
static gint64
limit_option_get_factor (const LimitOption *option, const char *unit)
{
  static const char *const units[] = { "KiB", "MiB", "GiB" };

  if (unit[0] == '\0')
    return 1;
  if (!limit_option_is_of_bytes (option))
    return 0;
  if (unit[0] == ' ')
    unit++;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_str_equal (unit, units[i]))
      return G_GINT64_CONSTANT (1) << (10 * (i + 1));
  return 0;
}

static gboolean
limit_option_parse (LimitOption *option, GError **error)
{
  gint64 minimum, maximum, standard, factor, number;
  char *end;

  limit_option_get_range (option, &minimum, &maximum, &standard);
  errno = 0;
  number = g_ascii_strtoll (option->text, &end, 0);
  factor = end != option->text && errno == 0 ? limit_option_get_factor (option, end) : 0;
  if (factor != 0 && number >= 0 && number <= maximum / factor && number * factor >= minimum)
    {
      option->value = number * factor;
      return TRUE;
    }
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "--%s \"%s\": a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
               " is wanted%s",
               option->spec->name, option->text, minimum, maximum,
               limit_option_is_of_bytes (option) ? ", of bytes or with KiB, MiB or GiB behind it"
                                                 : "");
  return FALSE;
}

gboolean
limit_options_check (LimitOptions *self, GError **error)
{
  for (guint i = 0; i < self->options->len; i++)
    {
      LimitOption *option = self->options->pdata[i];

      if (option->text != NULL && !limit_option_parse (option, error))
        {
          /* Once is enough, should it be asked again. */
          g_clear_pointer (&option->text, g_free);
          return FALSE;
        }
      if (option->row != NULL)
        imp_limit_set (option->row, option->owner, option->value);
    }
  return TRUE;
}

void
limit_options_apply (LimitOptions *self, GObject *object)
{
  for (guint i = 0; i < self->options->len; i++)
    {
      const LimitOption *option = self->options->pdata[i];
      g_auto (GValue) value = G_VALUE_INIT;

      if (option->row != NULL)
        continue;
      g_value_init (&value, G_TYPE_INT64);
      g_value_set_int64 (&value, option->value);
      g_object_set_property (object, option->spec->name, &value);
    }
}
