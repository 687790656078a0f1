/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/json/imp-json-private.h"

/* Keys that are no field of that name, beside the fields of imp_field_infos. */
#define KEY_OP (-1)
#define KEY_TEXT (-2)

static gboolean
is_key (const char *key, gsize length, const char *name)
{
  return key[0] == name[0] && strlen (name) == length && memcmp (key, name, length) == 0;
}

/* The field, one of the above, or IMP_FIELD_END where the key is not known. */
static int
find_key (const char *key, gsize length)
{
  if (length == 0)
    return IMP_FIELD_END;
  if (is_key (key, length, "op"))
    return KEY_OP;
  if (is_key (key, length, "text"))
    return KEY_TEXT;
  for (int field = IMP_FIELD_END + 1; field < IMP_N_FIELDS; field++)
    if (is_key (key, length, imp_field_infos[field].name))
      return field;
  return IMP_FIELD_END;
}

static gboolean
read_op (ImpJsonReader *self, ImpFields *fields, GError **error)
{
  g_autofree char *unescaped = NULL;
  g_autofree char *quote = NULL;
  char name[32] = "";
  const char *text;
  gsize length;
  gint64 number;

  if (imp_json_peek (self) != '"')
    return imp_json_int (self, &number, error) && imp_fields_set_op (fields, number, error);
  if (!imp_json_string (self, &text, &length, &unescaped, error))
    return FALSE;
  memcpy (name, text, MIN (length, sizeof name - 1));
  number = imp_op_from_string (name);
  if (number != 0)
    return imp_fields_set_op (fields, number, error);
  quote = imp_wire_quote (text, length);
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "There is no op \"%s\"", quote);
  return FALSE;
}

/* "text": where nothing had to be unescaped, a slice of the input. */
static gboolean
read_payload_text (ImpJsonReader *self, ImpFields *fields, GError **error)
{
  ImpCursor whole = *self->line;
  char *unescaped = NULL;
  const char *text;
  gsize length;

  if (!imp_json_string (self, &text, &length, &unescaped, error))
    return FALSE;
  if (unescaped != NULL)
    {
      imp_fields_take (fields, IMP_FIELD_DATA, g_bytes_new_take (unescaped, length));
      return TRUE;
    }
  whole.position = (const guint8 *) text - whole.data;
  imp_fields_take (fields, IMP_FIELD_DATA, imp_cursor_take_bytes (&whole, length));
  return TRUE;
}

/* "data": base64. */
static gboolean
read_payload (ImpJsonReader *self, ImpFields *fields, GError **error)
{
  g_autofree char *unescaped = NULL;
  const char *text;
  gsize length, n;
  guint8 *data;

  if (!imp_json_string (self, &text, &length, &unescaped, error))
    return FALSE;
  data = imp_base64_decode (text, length, &n);
  if (data == NULL)
    return imp_json_bad (error, "\"data\" is no base64");
  imp_fields_take (fields, IMP_FIELD_DATA, g_bytes_new_take (data, n));
  return TRUE;
}

static gboolean
level_from_string (ImpJsonReader *self, gint64 *value, GError **error)
{
  g_autoptr (GEnumClass) levels = g_type_class_ref (IMP_TYPE_LOG_LEVEL);
  g_autofree char *name = imp_json_dup_string (self, error);
  g_autofree char *quote = NULL;
  GEnumValue *level;

  if (name == NULL)
    return FALSE;
  level = g_enum_get_value_by_nick (levels, name);
  if (level != NULL)
    {
      *value = level->value;
      return TRUE;
    }
  quote = imp_wire_quote (name, strlen (name));
  return imp_json_bad (error, "there is no level \"%s\"", quote);
}

static gboolean
read_number (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  gboolean good;
  gint64 number;

  if (field == IMP_FIELD_TYPE)
    good = imp_json_data_type (self, &number, error);
  else if (field == IMP_FIELD_RESULT)
    good = imp_json_result_type (self, &number, error);
  else if (field == IMP_FIELD_LEVEL && imp_json_peek (self) == '"')
    good = level_from_string (self, &number, error);
  else
    good = imp_json_int (self, &number, error);
  return good && imp_fields_set_number (fields, field, number, error);
}

static gboolean
read_boolean (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  if (imp_json_literal (self, "true"))
    return imp_fields_set_number (fields, field, TRUE, error);
  if (imp_json_literal (self, "false"))
    return imp_fields_set_number (fields, field, FALSE, error);
  return read_number (self, field, fields, error);
}

static gboolean
read_text (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  char *text = imp_json_dup_string (self, error);

  if (text == NULL)
    return FALSE;
  imp_fields_take (fields, field, text);
  return TRUE;
}

static gboolean
read_value (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_NUMBER:
      return read_number (self, field, fields, error);
    case IMP_FIELD_KIND_BOOLEAN:
      return read_boolean (self, field, fields, error);
    case IMP_FIELD_KIND_TEXT:
      return read_text (self, field, fields, error);
    case IMP_FIELD_KIND_PAIRS:
    case IMP_FIELD_KIND_NUMBERS:
      return imp_json_read_pairs (self, field, fields, error);
    case IMP_FIELD_KIND_TEXTS:
      return imp_json_read_texts (self, field, fields, error);
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      return imp_json_read_interfaces (self, field, fields, error);
    case IMP_FIELD_KIND_DATA:
      return read_payload (self, fields, error);
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
read_member (ImpJsonReader *self, ImpFields *fields, GError **error)
{
  g_autofree char *unescaped = NULL;
  const char *key;
  gsize length;
  int field;

  if (!imp_json_string (self, &key, &length, &unescaped, error)
      || !imp_json_expect (self, ':', error))
    return FALSE;
  field = find_key (key, length);
  if (field == IMP_FIELD_END)
    return imp_json_skip (self, 1, error);
  if (imp_json_literal (self, "null"))
    return TRUE;
  if (field == KEY_OP)
    return read_op (self, fields, error);
  if (field == KEY_TEXT)
    return read_payload_text (self, fields, error);
  if (read_value (self, field, fields, error))
    return TRUE;
  g_prefix_error (error, "\"%s\": ", imp_field_infos[field].name);
  return FALSE;
}

static gboolean
read_object (ImpJsonReader *self, ImpFields *fields, GError **error)
{
  gboolean first = TRUE, more;

  if (!imp_json_expect (self, '{', error))
    return FALSE;
  while (imp_json_next (self, &first, '}', &more, error))
    {
      if (!more)
        return TRUE;
      if (!read_member (self, fields, error))
        return FALSE;
    }
  return FALSE;
}

gboolean
imp_json_read (ImpCursor *line, const ImpWireLimits *limits, ImpFields *fields, GError **error)
{
  ImpJsonReader self = { line, limits };

  if (!read_object (&self, fields, error))
    return FALSE;
  if (imp_json_peek (&self) != 0 || imp_cursor_left (line) > 0)
    return imp_json_bad (error, "%" G_GSIZE_FORMAT " bytes follow the object in its line",
                         imp_cursor_left (line));
  return fields->op != NULL || imp_json_bad (error, "\"op\" is missing");
}
