/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-settings-private.h"

#include "core/imp-analyzer.h"
#include "core/imp-error.h"
#include "core/imp-factory-private.h"

#include <string.h>

/* How much of a wrong setting a message shows, in bytes. */
#define SHOWN_MAX 80

/* Written as they are, as are letters and digits; all else becomes %XX. */
#define PLAIN "-._~/:,@"

static void
setting_free (ImpSetting *setting)
{
  g_free (setting->key);
  g_bytes_unref (setting->value);
  g_free (setting->text);
  g_free (setting);
}

/* One line of valid UTF-8, whatever was in it. */
static char *
setting_make_displayable (const char *text, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (text, MIN (length, SHOWN_MAX));

  for (char *p = valid; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = '?';
  return g_strconcat (valid, length > SHOWN_MAX ? "..." : NULL, NULL);
}

static char *
setting_decode_key (const char *text, gsize length)
{
  g_autoptr (GBytes) bytes = g_uri_unescape_bytes (text, length, NULL, NULL);
  gsize size;
  const char *data;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  if (size == 0 || !g_utf8_validate_len (data, size, NULL))
    return NULL;
  return g_strdelimit (g_strndup (data, size), "_", '-');
}

static ImpSetting *
setting_parse (const char *text, gsize length, GPtrArray *errors)
{
  const char *equals = memchr (text, '=', length);
  g_autofree char *display = setting_make_displayable (text, length);
  g_autofree char *key = NULL;
  g_autoptr (GBytes) value = NULL;
  ImpSetting *setting;

  if (equals == NULL)
    {
      g_ptr_array_add (errors, g_strdup_printf ("\"%s\": a setting is written key=value", display));
      return NULL;
    }

  key = setting_decode_key (text, equals - text);
  value = g_uri_unescape_bytes (equals + 1, text + length - (equals + 1), NULL, NULL);
  if (key == NULL || value == NULL)
    {
      const char *reason = value == NULL ? "\"%\" must be followed by two hexadecimal digits; a "
                                           "percent sign itself is written %25"
                                         : "the key before \"=\" must be text";

      g_ptr_array_add (errors, g_strdup_printf ("\"%s\": %s", display, reason));
      return NULL;
    }

  setting = g_new0 (ImpSetting, 1);
  setting->key = g_steal_pointer (&key);
  setting->value = g_steal_pointer (&value);
  setting->text = g_steal_pointer (&display);
  return setting;
}

GPtrArray *
imp_settings_split (const char *settings, GPtrArray *errors)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) setting_free);

  if (settings == NULL || *settings == '\0')
    return list;

  for (const char *next = settings; next != NULL;)
    {
      const char *end = strchrnul (next, '&');
      ImpSetting *setting = setting_parse (next, end - next, errors);

      if (setting != NULL)
        g_ptr_array_add (list, setting);
      next = *end == '&' ? end + 1 : NULL;
    }
  return list;
}

/* g_uri_escape_bytes() leaves NUL as it is where it is told to leave any character. */
static void
settings_append_encoded (GString *text, const guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (g_ascii_isalnum (bytes[i]) || (bytes[i] != '\0' && strchr (PLAIN, bytes[i]) != NULL))
      g_string_append_c (text, bytes[i]);
    else
      g_string_append_printf (text, "%%%02X", bytes[i]);
}

void
imp_settings_append (GString *settings, const char *key, const guint8 *value, gsize length)
{
  if (settings->len > 0)
    g_string_append_c (settings, '&');
  settings_append_encoded (settings, (const guint8 *) key, strlen (key));
  g_string_append_c (settings, '=');
  settings_append_encoded (settings, value, length);
}

static gboolean
settings_has_property (GParamSpec *pspec)
{
  GType owner = pspec->owner_type;

  return (pspec->flags & G_PARAM_WRITABLE) != 0 && owner != IMP_TYPE_FACTORY
         && owner != IMP_TYPE_ANALYZER
         && (g_type_is_a (owner, IMP_TYPE_FACTORY) || g_type_is_a (owner, IMP_TYPE_ANALYZER))
         && imp_setting_is_supported (pspec);
}

GParamSpec **
imp_settings_list (GObjectClass *klass)
{
  guint n_all, n = 0;
  g_autofree GParamSpec **all = g_object_class_list_properties (klass, &n_all);
  GParamSpec **list = g_new0 (GParamSpec *, n_all + 1);

  for (guint i = 0; i < n_all; i++)
    if (settings_has_property (all[i]))
      list[n++] = all[i];
  return list;
}

const ImpNumberedSettings *
imp_settings_get_numbered (GObjectClass *klass)
{
  return IMP_IS_FACTORY_CLASS (klass) ? IMP_FACTORY_CLASS (klass)->numbered : NULL;
}

/* A setting that is no property. */
typedef struct
{
  GParamSpec *pspec;
  guint number;
  GValue value;
} NumberedSetting;

static void
numbered_setting_clear (NumberedSetting *setting)
{
  g_value_unset (&setting->value);
}

/* What is being taken from settings, and what is wrong with them. */
typedef struct
{
  GParamSpec **known;
  ImpSettingValues *values;
  GPtrArray *errors;
} Conversion;

static GParamSpec *
settings_find (GParamSpec **known, const char *key)
{
  for (; *known != NULL; known++)
    if (g_str_equal ((*known)->name, key))
      return *known;
  return NULL;
}

static void
settings_append_name (GString *text, Conversion *conversion, GParamSpec *pspec, const char *suffix)
{
  g_autofree char *others = imp_setting_aliases_describe (conversion->values->keys.aliases,
                                                          pspec->name, suffix);

  g_string_append_printf (text, "%s%s%s%s", text->len > 0 ? ", " : "", pspec->name, suffix, others);
}

static char *
settings_describe (Conversion *conversion)
{
  GString *text = g_string_new (NULL);
  const ImpNumberedSettings *settings = conversion->values->numbered;
  GParamSpec **numbered = settings != NULL ? settings->list () : NULL;

  for (; numbered != NULL && *numbered != NULL; numbered++)
    settings_append_name (text, conversion, *numbered, "N");
  for (GParamSpec **known = conversion->known; *known != NULL; known++)
    settings_append_name (text, conversion, *known, "");
  return g_string_free (text, FALSE);
}

static void
conversion_refuse_unknown (Conversion *conversion, ImpSetting *setting)
{
  g_autofree char *names = settings_describe (conversion);

  g_ptr_array_add (conversion->errors,
                   *names == '\0'
                     ? g_strdup_printf ("\"%s\": there are no settings here", setting->text)
                     : g_strdup_printf ("\"%s\": there is no such setting (known are %s)",
                                        setting->text, names));
}

static void
conversion_refuse_twice (Conversion *conversion, ImpSetting *setting)
{
  g_ptr_array_add (conversion->errors, g_strdup_printf ("\"%s\": %s is set more than once",
                                                        setting->text, setting->key));
}

static void
conversion_refuse_both (Conversion *conversion, ImpSetting *setting, const char *other)
{
  g_ptr_array_add (conversion->errors,
                   g_strdup_printf ("\"%s\": %s and %s are the same setting, give one of them",
                                    setting->text, other, setting->key));
}

static gboolean
conversion_parse (Conversion *conversion, ImpSetting *setting, GParamSpec *pspec, GValue *value)
{
  g_autofree char *wanted = NULL;

  if (imp_setting_parse (pspec, setting->value, value))
    return TRUE;
  wanted = imp_setting_describe (pspec);
  g_ptr_array_add (conversion->errors,
                   g_strdup_printf ("\"%s\": %s must be %s", setting->text, setting->key, wanted));
  g_value_unset (value);
  return FALSE;
}

/* Is the key NAMEn? Its number has no leading zeros, and may be too large for a guint. */
static GParamSpec *
settings_find_numbered (const ImpNumberedSettings *numbered, const char *key, guint64 *number)
{
  GParamSpec **list = numbered->list ();

  for (; *list != NULL; list++)
    {
      const char *name = (*list)->name;
      const char *digits = g_str_has_prefix (key, name) ? key + strlen (name) : "";

      if (*digits != '\0' && (*digits != '0' || digits[1] == '\0')
          && g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT32, number, NULL))
        return *list;
    }
  return NULL;
}

static gboolean
conversion_has_numbered (Conversion *conversion, GParamSpec *pspec, guint number)
{
  GArray *others = conversion->values->others;

  for (guint i = 0; i < others->len; i++)
    {
      const NumberedSetting *other = &g_array_index (others, NumberedSetting, i);

      if (other->pspec == pspec && other->number == number)
        return TRUE;
    }
  return FALSE;
}

static void
conversion_add_numbered (Conversion *conversion, ImpSetting *setting, const char *name)
{
  const ImpNumberedSettings *numbered = conversion->values->numbered;
  NumberedSetting other = { NULL, 0, G_VALUE_INIT };
  guint64 number = 0;

  if (numbered != NULL)
    other.pspec = settings_find_numbered (numbered, name, &number);
  other.number = number;
  if (other.pspec == NULL)
    conversion_refuse_unknown (conversion, setting);
  else if (number >= numbered->max)
    g_ptr_array_add (
      conversion->errors,
      g_strdup_printf ("\"%s\": the number in %s is too large, the greatest one is %u",
                       setting->text, setting->key, numbered->max - 1));
  else if (conversion_has_numbered (conversion, other.pspec, other.number))
    conversion_refuse_twice (conversion, setting);
  else if (conversion_parse (conversion, setting, other.pspec, &other.value))
    g_array_append_val (conversion->values->others, other);
}

static void
conversion_add (Conversion *conversion, ImpSetting *setting)
{
  const char *other = NULL;
  g_autofree char *name = imp_setting_names_resolve (&conversion->values->keys, setting->key,
                                                     &other);
  GParamSpec *pspec = settings_find (conversion->known, name);
  GValue value = G_VALUE_INIT;

  if (other != NULL)
    conversion_refuse_both (conversion, setting, other);
  else if (pspec == NULL)
    conversion_add_numbered (conversion, setting, name);
  else if (g_ptr_array_find (conversion->values->names, pspec->name, NULL))
    conversion_refuse_twice (conversion, setting);
  else if (conversion_parse (conversion, setting, pspec, &value))
    {
      g_ptr_array_add (conversion->values->names, (gpointer) pspec->name);
      g_array_append_val (conversion->values->values, value);
    }
}

ImpSettingValues *
imp_setting_values_new (GObjectClass *klass, const char *settings, GPtrArray *errors)
{
  g_autofree GParamSpec **known = imp_settings_list (klass);
  g_autoptr (GPtrArray) list = imp_settings_split (settings, errors);
  ImpSettingValues *self = g_new0 (ImpSettingValues, 1);
  Conversion conversion = { known, self, errors };

  self->names = g_ptr_array_new ();
  self->values = g_array_new (FALSE, FALSE, sizeof (GValue));
  g_array_set_clear_func (self->values, (GDestroyNotify) g_value_unset);
  self->numbered = imp_settings_get_numbered (klass);
  imp_setting_names_init (&self->keys, klass);
  self->others = g_array_new (FALSE, FALSE, sizeof (NumberedSetting));
  g_array_set_clear_func (self->others, (GDestroyNotify) numbered_setting_clear);
  for (guint i = 0; i < list->len; i++)
    conversion_add (&conversion, list->pdata[i]);
  return self;
}

gpointer
imp_setting_values_make (const ImpSettingValues *self, GType type)
{
  return g_object_new_with_properties (type, self->names->len, (const char **) self->names->pdata,
                                       (const GValue *) (gpointer) self->values->data);
}

void
imp_setting_values_free (ImpSettingValues *self)
{
  g_ptr_array_unref (self->names);
  g_array_unref (self->values);
  g_array_unref (self->others);
  imp_setting_names_clear (&self->keys);
  g_free (self);
}

/* A class in a script can fail while an object is made: it has said so (imp_factory_fail()), or
 * there is none. */
static gboolean
settings_check_made (ImpFactory *factory, GType type, GPtrArray *errors)
{
  const char *failure = factory != NULL ? imp_factory_get_failure (factory) : NULL;

  if (factory == NULL)
    g_ptr_array_add (errors, g_strdup_printf ("no %s could be made", g_type_name (type)));
  else if (failure != NULL)
    g_ptr_array_add (errors, g_strdup (failure));
  return factory != NULL && failure == NULL;
}

static void
setting_values_set_numbered (const ImpSettingValues *self, ImpFactory *factory)
{
  for (guint i = 0; i < self->others->len; i++)
    {
      const NumberedSetting *other = &g_array_index (self->others, NumberedSetting, i);

      self->numbered->set (factory, other->number, other->pspec, &other->value);
    }
}

static ImpFactory *
settings_build (GType type, GObjectClass *klass, const char *settings, GPtrArray *errors)
{
  g_autoptr (ImpSettingValues) values = imp_setting_values_new (klass, settings, errors);
  ImpFactory *factory = imp_setting_values_make (values, type);

  if (!settings_check_made (factory, type, errors))
    return factory;
  setting_values_set_numbered (values, factory);
  imp_setting_names_attach (&values->keys, factory);
  /* What is wrong in itself does not hide what does not go together. */
  if (IMP_FACTORY_CLASS (klass)->validate != NULL)
    IMP_FACTORY_CLASS (klass)->validate (factory, errors);
  return factory;
}

/**
 * imp_factory_new_from_settings:
 * @type: a class of factories, which cannot be abstract
 * @settings: (nullable): the settings; %NULL or "" for all defaults
 * @error: return location for an error
 *
 * Creates a factory from a string such as "rx=foo%26bar&rxlen=7&action=deny".
 *
 * The keys are the writable properties of @type and of its ancestors below [class@Imp.Factory]; "_"
 * and "-" are the same in them. Both sides of "=" are percent-encoded: "&", "%", and in a key "=",
 * must be; any other byte may be. A plus sign stands for itself. Booleans are "true" or "false" (or
 * yes, on, 1, no, off, 0), enumerations are given by the nick of a value, flags by nicks with
 * commas between, numbers in decimal. A property that is a #GBytes takes any bytes, all others are
 * UTF-8 without NUL. Some classes have numbered settings besides, such as "rx0", "rx1" and so on,
 * and some settings have other names, such as "regex" for "rx"; then they say so.
 *
 * Returns: (transfer full): a new factory, or %NULL with %IMP_ERROR_SETTINGS, whose message names
 *   all errors: what was written, and what would be right
 *
 * Since: 0.1
 */
ImpFactory *
imp_factory_new_from_settings (GType type, const char *settings, GError **error)
{
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GTypeClass) klass = NULL;
  g_autoptr (ImpFactory) factory = NULL;

  g_return_val_if_fail (g_type_is_a (type, IMP_TYPE_FACTORY), NULL);
  g_return_val_if_fail (!G_TYPE_IS_ABSTRACT (type), NULL);

  klass = g_type_class_ref (type);
  factory = settings_build (type, G_OBJECT_CLASS (klass), settings, errors);
  return imp_settings_check (errors, error) ? g_steal_pointer (&factory) : NULL;
}

static void
settings_append_value (GString *settings, const char *key, GParamSpec *pspec, const GValue *value)
{
  g_autoptr (GBytes) bytes = imp_setting_format (pspec, value);
  gsize length;
  const guint8 *data;

  if (bytes == NULL)
    return;
  data = g_bytes_get_data (bytes, &length);
  imp_settings_append (settings, key, data, length);
}

static void
settings_append_property (GString *settings, GObject *object, GParamSpec *pspec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  if ((pspec->flags & G_PARAM_READABLE) == 0)
    return;
  g_value_init (&value, pspec->value_type);
  g_object_get_property (object, pspec->name, &value);
  if (!g_param_value_defaults (pspec, &value))
    settings_append_value (settings, pspec->name, pspec, &value);
}

/* These have no defaults. */
static void
settings_append_numbered (GString *settings, ImpFactory *factory)
{
  const ImpNumberedSettings *numbered = imp_settings_get_numbered (G_OBJECT_GET_CLASS (factory));
  guint n = numbered != NULL ? numbered->count (factory) : 0;

  for (guint i = 0; i < n; i++)
    for (GParamSpec **list = numbered->list (); *list != NULL; list++)
      {
        g_autofree char *key = g_strdup_printf ("%s%u", (*list)->name, i);
        g_auto (GValue) value = G_VALUE_INIT;

        g_value_init (&value, (*list)->value_type);
        numbered->get (factory, i, *list, &value);
        settings_append_value (settings, key, *list, &value);
      }
}

/**
 * imp_factory_get_settings:
 * @self: a factory
 *
 * Writes the factory's settings as [ctor@Imp.Factory.new_from_settings] reads them.
 *
 * Numbered ones come first, the others in the order in which their properties are defined, without
 * those that have their defaults, and without those that can only be written. So two factories of
 * one class with the same settings give the same string.
 *
 * Returns: (transfer full): the settings; "" if all have their defaults
 *
 * Since: 0.1
 */
char *
imp_factory_get_settings (ImpFactory *self)
{
  g_autofree GParamSpec **known = NULL;
  GString *settings;

  g_return_val_if_fail (IMP_IS_FACTORY (self), NULL);

  self = imp_factory_get_base (self);
  settings = g_string_new (NULL);
  settings_append_numbered (settings, self);
  known = imp_settings_list (G_OBJECT_GET_CLASS (self));
  for (gsize i = 0; known[i] != NULL; i++)
    settings_append_property (settings, G_OBJECT (self), known[i]);
  return g_string_free (settings, FALSE);
}
