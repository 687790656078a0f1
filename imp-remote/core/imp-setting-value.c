/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-settings-private.h"

#include <math.h>
#include <string.h>

/* One row per type of property: how its values are read, written and described. */
typedef struct
{
  GType type; /* fundamental, or a boxed type */
  gboolean (*parse) (GParamSpec *pspec, const char *text, GValue *value);
  char *(*format) (const GValue *value);
  char *(*describe) (GParamSpec *pspec);
} SettingType;

static gboolean
setting_parse_boolean (GParamSpec *pspec, const char *text, GValue *value)
{
  static const char *const words[][2] = {
    { "false", "true" },
    { "no", "yes" },
    { "off", "on" },
    { "0", "1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    for (gsize j = 0; j < 2; j++)
      if (g_ascii_strcasecmp (text, words[i][j]) == 0)
        {
          g_value_set_boolean (value, j == 1);
          return TRUE;
        }
  return FALSE;
}

static char *
setting_format_boolean (const GValue *value)
{
  return g_strdup (g_value_get_boolean (value) ? "true" : "false");
}

static char *
setting_describe_boolean (GParamSpec *pspec)
{
  return g_strdup ("true or false");
}

/* All integer types are widened to one signed and one unsigned, with the range of the property. */
static void
setting_get_signed_range (GParamSpec *pspec, gint64 *minimum, gint64 *maximum)
{
  if (G_IS_PARAM_SPEC_INT (pspec))
    {
      *minimum = G_PARAM_SPEC_INT (pspec)->minimum;
      *maximum = G_PARAM_SPEC_INT (pspec)->maximum;
    }
  else
    {
      *minimum = G_PARAM_SPEC_INT64 (pspec)->minimum;
      *maximum = G_PARAM_SPEC_INT64 (pspec)->maximum;
    }
}

static gboolean
setting_parse_signed (GParamSpec *pspec, const char *text, GValue *value)
{
  gint64 minimum, maximum, number;

  setting_get_signed_range (pspec, &minimum, &maximum);
  if (!g_ascii_string_to_signed (text, 10, minimum, maximum, &number, NULL))
    return FALSE;
  if (G_IS_PARAM_SPEC_INT (pspec))
    g_value_set_int (value, number);
  else
    g_value_set_int64 (value, number);
  return TRUE;
}

static char *
setting_format_signed (const GValue *value)
{
  gint64 number = G_VALUE_HOLDS_INT (value) ? g_value_get_int (value) : g_value_get_int64 (value);

  return g_strdup_printf ("%" G_GINT64_FORMAT, number);
}

static char *
setting_describe_signed (GParamSpec *pspec)
{
  gint64 minimum, maximum;

  setting_get_signed_range (pspec, &minimum, &maximum);
  return g_strdup_printf ("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, minimum,
                          maximum);
}

static void
setting_get_unsigned_range (GParamSpec *pspec, guint64 *minimum, guint64 *maximum)
{
  if (G_IS_PARAM_SPEC_UINT (pspec))
    {
      *minimum = G_PARAM_SPEC_UINT (pspec)->minimum;
      *maximum = G_PARAM_SPEC_UINT (pspec)->maximum;
    }
  else
    {
      *minimum = G_PARAM_SPEC_UINT64 (pspec)->minimum;
      *maximum = G_PARAM_SPEC_UINT64 (pspec)->maximum;
    }
}

static gboolean
setting_parse_unsigned (GParamSpec *pspec, const char *text, GValue *value)
{
  guint64 minimum, maximum, number;

  setting_get_unsigned_range (pspec, &minimum, &maximum);
  if (!g_ascii_string_to_unsigned (text, 10, minimum, maximum, &number, NULL))
    return FALSE;
  if (G_IS_PARAM_SPEC_UINT (pspec))
    g_value_set_uint (value, number);
  else
    g_value_set_uint64 (value, number);
  return TRUE;
}

static char *
setting_format_unsigned (const GValue *value)
{
  guint64 number = G_VALUE_HOLDS_UINT (value) ? g_value_get_uint (value)
                                              : g_value_get_uint64 (value);

  return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
}

static char *
setting_describe_unsigned (GParamSpec *pspec)
{
  guint64 minimum, maximum;

  setting_get_unsigned_range (pspec, &minimum, &maximum);
  return g_strdup_printf ("a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                          minimum, maximum);
}

/* In decimal only: strtod also takes "nan", "inf", hexadecimal and leading blanks. */
static gboolean
setting_parse_double (GParamSpec *pspec, const char *text, GValue *value)
{
  GParamSpecDouble *range = G_PARAM_SPEC_DOUBLE (pspec);
  char *end = NULL;
  double number;

  if (*text == '\0' || strspn (text, "0123456789+-.eE") != strlen (text))
    return FALSE;
  number = g_ascii_strtod (text, &end);
  if (*end != '\0' || !isfinite (number) || number < range->minimum || number > range->maximum)
    return FALSE;
  g_value_set_double (value, number);
  return TRUE;
}

static char *
setting_format_double (const GValue *value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_dtostr (buffer, sizeof buffer, g_value_get_double (value)));
}

static char *
setting_describe_double (GParamSpec *pspec)
{
  GParamSpecDouble *range = G_PARAM_SPEC_DOUBLE (pspec);
  char minimum[G_ASCII_DTOSTR_BUF_SIZE], maximum[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup_printf ("a number from %s to %s",
                          g_ascii_formatd (minimum, sizeof minimum, "%g", range->minimum),
                          g_ascii_formatd (maximum, sizeof maximum, "%g", range->maximum));
}

static char *
setting_dup_nick (const char *text)
{
  return g_strdelimit (g_strdup (text), "_", '-');
}

static gboolean
setting_parse_enum (GParamSpec *pspec, const char *text, GValue *value)
{
  g_autofree char *nick = setting_dup_nick (text);
  GEnumValue *found = g_enum_get_value_by_nick (G_PARAM_SPEC_ENUM (pspec)->enum_class, nick);

  if (found == NULL)
    return FALSE;
  g_value_set_enum (value, found->value);
  return TRUE;
}

static char *
setting_format_enum (const GValue *value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (G_VALUE_TYPE (value));
  GEnumValue *found = g_enum_get_value (klass, g_value_get_enum (value));

  return found == NULL ? NULL : g_strdup (found->value_nick);
}

/* "a", "a or b", "a, b or c" */
static void
setting_append_word (GString *text, const char *word, guint i, guint n_words)
{
  if (i > 0)
    g_string_append (text, i == n_words - 1 ? " or " : ", ");
  g_string_append (text, word);
}

static char *
setting_describe_enum (GParamSpec *pspec)
{
  GEnumClass *klass = G_PARAM_SPEC_ENUM (pspec)->enum_class;
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < klass->n_values; i++)
    setting_append_word (text, klass->values[i].value_nick, i, klass->n_values);
  return g_string_free (text, FALSE);
}

static gboolean
setting_parse_flags (GParamSpec *pspec, const char *text, GValue *value)
{
  GFlagsClass *klass = G_PARAM_SPEC_FLAGS (pspec)->flags_class;
  g_autofree char *nicks = setting_dup_nick (text);
  g_auto (GStrv) words = g_strsplit (nicks, ",", -1);
  guint flags = 0;

  for (gsize i = 0; words[i] != NULL; i++)
    {
      GFlagsValue *found = g_flags_get_value_by_nick (klass, words[i]);

      if (found == NULL)
        return FALSE;
      flags |= found->value;
    }
  g_value_set_flags (value, flags);
  return TRUE;
}

static char *
setting_format_flags (const GValue *value)
{
  g_autoptr (GFlagsClass) klass = g_type_class_ref (G_VALUE_TYPE (value));
  guint flags = g_value_get_flags (value);
  GString *text = g_string_new (NULL);
  GFlagsValue *found;

  do
    {
      found = g_flags_get_first_value (klass, flags);
      if (found == NULL)
        break;
      if (text->len > 0)
        g_string_append_c (text, ',');
      g_string_append (text, found->value_nick);
      flags &= ~found->value;
    }
  while (flags != 0);
  return g_string_free (text, FALSE);
}

static char *
setting_describe_flags (GParamSpec *pspec)
{
  GFlagsClass *klass = G_PARAM_SPEC_FLAGS (pspec)->flags_class;
  GString *text = g_string_new ("some, with commas between, of ");

  for (guint i = 0; i < klass->n_values; i++)
    setting_append_word (text, klass->values[i].value_nick, i, klass->n_values);
  return g_string_free (text, FALSE);
}

static gboolean
setting_parse_string (GParamSpec *pspec, const char *text, GValue *value)
{
  g_value_set_string (value, text);
  return TRUE;
}

static char *
setting_format_string (const GValue *value)
{
  return g_value_dup_string (value);
}

static char *
setting_describe_string (GParamSpec *pspec)
{
  return g_strdup ("text in UTF-8");
}

/* Nothing at all is none of them. */
static gboolean
setting_parse_strings (GParamSpec *pspec, const char *text, GValue *value)
{
  g_value_take_boxed (value, g_strsplit (text, ",", -1));
  return TRUE;
}

/* One with a comma cannot be told from two. */
static char *
setting_format_strings (const GValue *value)
{
  GStrv strings = g_value_get_boxed (value);

  for (guint i = 0; strings != NULL && strings[i] != NULL; i++)
    if (strchr (strings[i], ',') != NULL)
      return NULL;
  return strings == NULL ? NULL : g_strjoinv (",", strings);
}

static char *
setting_describe_strings (GParamSpec *pspec)
{
  return g_strdup ("texts in UTF-8, with commas between");
}

static const SettingType setting_types[] = {
  { G_TYPE_BOOLEAN, setting_parse_boolean, setting_format_boolean, setting_describe_boolean },
  { G_TYPE_INT, setting_parse_signed, setting_format_signed, setting_describe_signed },
  { G_TYPE_UINT, setting_parse_unsigned, setting_format_unsigned, setting_describe_unsigned },
  { G_TYPE_INT64, setting_parse_signed, setting_format_signed, setting_describe_signed },
  { G_TYPE_UINT64, setting_parse_unsigned, setting_format_unsigned, setting_describe_unsigned },
  { G_TYPE_DOUBLE, setting_parse_double, setting_format_double, setting_describe_double },
  { G_TYPE_ENUM, setting_parse_enum, setting_format_enum, setting_describe_enum },
  { G_TYPE_FLAGS, setting_parse_flags, setting_format_flags, setting_describe_flags },
  { G_TYPE_STRING, setting_parse_string, setting_format_string, setting_describe_string },
};

/* G_TYPE_STRV is no constant. */
static const SettingType setting_strings = {
  G_TYPE_INVALID,
  setting_parse_strings,
  setting_format_strings,
  setting_describe_strings,
};

static const SettingType *
setting_type_find (GParamSpec *pspec)
{
  if (pspec->value_type == G_TYPE_STRV)
    return &setting_strings;
  for (gsize i = 0; i < G_N_ELEMENTS (setting_types); i++)
    if (G_TYPE_FUNDAMENTAL (pspec->value_type) == setting_types[i].type)
      return &setting_types[i];
  return NULL;
}

gboolean
imp_setting_is_supported (GParamSpec *pspec)
{
  return pspec->value_type == G_TYPE_BYTES || setting_type_find (pspec) != NULL;
}

gboolean
imp_setting_parse (GParamSpec *pspec, GBytes *bytes, GValue *value)
{
  g_autofree char *text = NULL;
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_value_init (value, pspec->value_type);
  if (pspec->value_type == G_TYPE_BYTES)
    {
      g_value_set_boxed (value, bytes);
      return TRUE;
    }

  /* Stops at NUL as well. */
  if (!g_utf8_validate_len (data, length, NULL))
    return FALSE;
  text = g_strndup (data, length);
  return setting_type_find (pspec)->parse (pspec, text, value)
         && !g_param_value_validate (pspec, value);
}

GBytes *
imp_setting_format (GParamSpec *pspec, const GValue *value)
{
  char *text;

  if (pspec->value_type == G_TYPE_BYTES)
    return g_value_dup_boxed (value);

  text = setting_type_find (pspec)->format (value);
  return text == NULL ? NULL : g_bytes_new_take (text, strlen (text));
}

char *
imp_setting_describe (GParamSpec *pspec)
{
  if (pspec->value_type == G_TYPE_BYTES)
    return g_strdup ("any bytes");
  return setting_type_find (pspec)->describe (pspec);
}
