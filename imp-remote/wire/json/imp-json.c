/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/json/imp-json-private.h"

/* One line for each message: an object, whose members are its op and its fields. */

/* Blanks and empty lines before a message are passed over, but nobody needs more of them. */
#define BLANKS_MAX 4096

/* A number, or one of the names that the kind of field has for them. */
static gboolean
json_get_named (ImpJsonReader *self, ImpFieldKind kind, gint64 *value, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *quote = NULL;

  if (imp_json_peek (self) != '"')
    return imp_json_int (self, value, error);
  name = imp_json_dup_string (self, error);
  if (name == NULL)
    return FALSE;
  *value = imp_field_kind_look_up (kind, name);
  if (*value != 0)
    return TRUE;
  quote = imp_wire_quote (name, strlen (name));
  if (kind != IMP_FIELD_KIND_RESULT_TYPE)
    return imp_json_bad (error, "there is no %s \"%s\"",
                         kind == IMP_FIELD_KIND_LEVEL ? "level" : "data type", quote);
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "There is no result \"%s\"", quote);
  return FALSE;
}

static gboolean
json_read_named (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  gint64 number;

  return json_get_named (self, imp_field_infos[field].kind, &number, error)
         && imp_fields_set_number (fields, field, number, error);
}

static gboolean
json_read_number (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  gint64 number;

  return imp_json_int (self, &number, error)
         && imp_fields_set_number (fields, field, number, error);
}

static gboolean
json_read_boolean (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  if (imp_json_literal (self, "true"))
    return imp_fields_set_number (fields, field, TRUE, error);
  if (imp_json_literal (self, "false"))
    return imp_fields_set_number (fields, field, FALSE, error);
  return json_read_number (self, field, fields, error);
}

static gboolean
json_read_text (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  char *text = imp_json_dup_string (self, error);

  if (text == NULL)
    return FALSE;
  imp_fields_take (fields, field, text);
  return TRUE;
}

/* "data": base64. */
static gboolean
json_read_base64 (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
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
  imp_fields_take (fields, field, g_bytes_new_take (data, n));
  return TRUE;
}

/* "text", the other spelling of "data": where nothing had to be unescaped, a slice of the input. */
static gboolean
json_read_data_text (ImpJsonReader *self, ImpFields *fields, GError **error)
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

typedef struct
{
  ImpContextBuilder pairs;
  gboolean numbers;
} JsonMap;

/* A value of a map, as text: numbers keep their digits, so that no reader's arithmetic spoils
 * them. */
static gboolean
json_read_map_value (ImpJsonReader *self, const char **text, gsize *length, char **unescaped,
                     GError **error)
{
  if (imp_json_peek (self) == '"')
    return imp_json_string (self, text, length, unescaped, error);
  *text = imp_json_literal (self, "true")    ? "true"
          : imp_json_literal (self, "false") ? "false"
                                             : NULL;
  if (*text == NULL)
    return imp_json_number (self, text, length, error);
  *length = strlen (*text);
  return TRUE;
}

static gboolean
json_read_map_number (ImpJsonReader *self, const char **text, gsize *length, GError **error)
{
  gint64 number;

  imp_json_peek (self);
  *text = (const char *) imp_cursor_here (self->line);
  if (!imp_json_int (self, &number, error))
    return FALSE;
  *length = (const char *) imp_cursor_here (self->line) - *text;
  return (number >= 0 && number <= IMP_MAX_ID)
         || imp_json_bad (error, "the limit %" G_GINT64_FORMAT " is not from 0 to 2^53 - 1",
                          number);
}

static gboolean
json_read_pair (ImpJsonReader *self, gpointer user_data, GError **error)
{
  JsonMap *map = user_data;
  g_autofree char *unescaped_key = NULL;
  g_autofree char *unescaped_value = NULL;
  const char *key, *value;
  gsize key_length, value_length;

  if (!imp_json_string (self, &key, &key_length, &unescaped_key, error)
      || !imp_json_expect (self, ':', error))
    return FALSE;
  if (imp_json_literal (self, "null"))
    return TRUE;
  if (map->numbers ? !json_read_map_number (self, &value, &value_length, error)
                   : !json_read_map_value (self, &value, &value_length, &unescaped_value, error))
    return FALSE;
  imp_context_builder_add (&map->pairs, key, key_length, value, value_length);
  return imp_fields_check_pairs (&map->pairs, self->limits, error);
}

static gboolean
json_read_map (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  gboolean good;
  JsonMap map;

  imp_context_builder_init (&map.pairs);
  map.numbers = imp_field_infos[field].kind == IMP_FIELD_KIND_LIMITS;
  good = imp_json_walk (self, '{', json_read_pair, &map, error);
  if (good)
    imp_fields_take (fields, field, imp_context_builder_finish (&map.pairs));
  else
    imp_context_builder_clear (&map.pairs);
  return good;
}

typedef struct
{
  const char *name;
  GPtrArray *texts;
} JsonTexts;

static gboolean
json_read_list_text (ImpJsonReader *self, gpointer user_data, GError **error)
{
  JsonTexts *list = user_data;
  char *text;

  if (list->texts->len == IMP_MAX_TEXTS)
    return imp_fields_refuse_count (list->name, IMP_MAX_TEXTS, error);
  text = imp_json_dup_string (self, error);
  if (text == NULL)
    return FALSE;
  g_ptr_array_add (list->texts, text);
  return TRUE;
}

static gboolean
json_read_texts (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  JsonTexts list = { imp_field_infos[field].name, texts };

  if (!imp_json_walk (self, '[', json_read_list_text, &list, error))
    return FALSE;
  imp_fields_take_texts (fields, field, texts);
  return TRUE;
}

/* Those that are not known here are left out. */
static gboolean
json_read_result (ImpJsonReader *self, gpointer interface, GError **error)
{
  g_autoptr (GError) unknown = NULL;
  gint64 type;

  if (json_get_named (self, IMP_FIELD_KIND_RESULT_TYPE, &type, &unknown))
    {
      imp_interface_fields_add_result (interface, type);
      return TRUE;
    }
  if (g_error_matches (unknown, IMP_ERROR, IMP_ERROR_UNSUPPORTED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&unknown));
  return FALSE;
}

static gboolean
json_read_interface_member (ImpJsonReader *self, gpointer user_data, GError **error)
{
  ImpInterfaceFields *interface = user_data;
  g_autofree char *key = imp_json_dup_string (self, error);
  gboolean absent;

  if (key == NULL || !imp_json_expect (self, ':', error))
    return FALSE;
  absent = imp_json_literal (self, "null");
  if (g_str_equal (key, "results"))
    {
      interface->results = IMP_RESULT_FLAGS_ALL;
      interface->restricted = !absent;
      return absent || imp_json_walk (self, '[', json_read_result, interface, error);
    }
  if (!g_str_equal (key, "type"))
    return absent || imp_json_skip (self, 3, error);
  interface->type = IMP_DATA_TYPE_ANY;
  return absent || json_get_named (self, IMP_FIELD_KIND_DATA_TYPE, &interface->type, error);
}

static gboolean
json_read_interface (ImpJsonReader *self, gpointer interfaces, GError **error)
{
  ImpInterfaceFields interface = IMP_INTERFACE_FIELDS_INIT;

  return imp_json_walk (self, '{', json_read_interface_member, &interface, error)
         && imp_interface_fields_finish (&interface, IMP_JSON_PREFIX, interfaces, error);
}

static gboolean
json_read_interfaces (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  GQueue interfaces = G_QUEUE_INIT;
  gboolean good = imp_field_infos[field].kind == IMP_FIELD_KIND_INTERFACE
                    ? json_read_interface (self, &interfaces, error)
                    : imp_json_walk (self, '[', json_read_interface, &interfaces, error);

  return imp_fields_take_interfaces (fields, field, &interfaces, good);
}

static void
json_write_number (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  imp_json_write_number (output, value->number);
}

static void
json_write_boolean (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  if (value->number != 0)
    imp_json_append (output, "true");
  else
    imp_json_append (output, "false");
}

static void
json_write_string (ImpOutputBuffer *output, const char *text)
{
  imp_json_write_string (output, text, strlen (text));
}

static void
json_write_result_type (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  json_write_string (output, imp_result_type_to_string (value->number));
}

static void
json_write_level (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  g_autoptr (GEnumClass) levels = g_type_class_ref (IMP_TYPE_LOG_LEVEL);

  json_write_string (output, g_enum_get_value (levels, value->number)->value_nick);
}

static void
json_write_text (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  json_write_string (output, value->text);
}

/* What is text is nearly always so from its first byte to its last, and what is not is seldom so
 * in its first hundred: so it is written as text, and taken back where it turns out to be none. */
static void
json_write_data (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  ImpOutputBufferMark mark;
  gsize length;
  const guint8 *data = g_bytes_get_data (value->data, &length);

  imp_output_buffer_mark (output, &mark);
  imp_json_append (output, ",\"text\":\"");
  if (length > 0 && !imp_json_write_escaped (output, data, length))
    {
      imp_output_buffer_truncate (output, &mark);
      imp_json_append (output, ",\"data\":\"");
      imp_base64_append (output, data, length);
    }
  imp_json_append (output, "\"");
}

static void
json_write_pairs (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  gboolean numbers = imp_field_infos[field].kind == IMP_FIELD_KIND_LIMITS;
  const char *separator = "{";
  gsize position = 0;
  ImpContextPair pair;

  while (imp_context_next_pair (value->pairs, &position, &pair))
    {
      imp_output_buffer_append (output, separator, 1);
      separator = ",";
      imp_json_write_string (output, pair.key, pair.key_length);
      imp_json_append (output, ":");
      if (numbers)
        imp_json_write_number (output, g_ascii_strtoll (pair.value, NULL, 10));
      else
        imp_json_write_string (output, pair.value, pair.value_length);
    }
  if (*separator == '{')
    imp_json_append (output, "{");
  imp_json_append (output, "}");
}

static void
json_write_texts (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  imp_json_append (output, "[");
  for (guint i = 0; value->texts != NULL && value->texts[i] != NULL; i++)
    {
      if (i > 0)
        imp_json_append (output, ",");
      json_write_string (output, value->texts[i]);
    }
  imp_json_append (output, "]");
}

static void
json_write_interface (ImpOutputBuffer *output, ImpInterface *interface)
{
  guint16 numbers[IMP_MAX_RESULT_TYPES];
  guint n = imp_result_flags_list (imp_interface_get_results (interface), G_MAXUINT, numbers);

  imp_json_append (output, "{\"type\":");
  if (imp_interface_get_data_type (interface) == IMP_DATA_TYPE_ANY)
    imp_json_append (output, "null");
  else
    imp_json_write_number (output, imp_interface_get_data_type (interface));
  for (guint i = 0; i < n; i++)
    {
      if (i == 0)
        imp_json_append (output, ",\"results\":[");
      else
        imp_json_append (output, ",");
      json_write_string (output, imp_result_type_to_string (numbers[i]));
    }
  if (n > 0)
    imp_json_append (output, "]");
  imp_json_append (output, "}");
}

static void
json_write_interfaces (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  gboolean listed = imp_field_infos[field].kind == IMP_FIELD_KIND_INTERFACES;

  if (listed)
    imp_json_append (output, "[");
  for (GList *l = value->interfaces; l != NULL; l = l->next)
    {
      json_write_interface (output, l->data);
      if (l->next != NULL)
        imp_json_append (output, ",");
    }
  if (listed)
    imp_json_append (output, "]");
}

static const struct
{
  gboolean (*read) (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error);
  void (*write) (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value);
} json_kinds[IMP_N_FIELD_KINDS] = {
  [IMP_FIELD_KIND_NUMBER] = { json_read_number, json_write_number },
  [IMP_FIELD_KIND_BOOLEAN] = { json_read_boolean, json_write_boolean },
  [IMP_FIELD_KIND_DATA_TYPE] = { json_read_named, json_write_number },
  [IMP_FIELD_KIND_RESULT_TYPE] = { json_read_named, json_write_result_type },
  [IMP_FIELD_KIND_LEVEL] = { json_read_named, json_write_level },
  [IMP_FIELD_KIND_TEXT] = { json_read_text, json_write_text },
  [IMP_FIELD_KIND_PATTERN] = { json_read_text, json_write_text },
  [IMP_FIELD_KIND_CONTEXT] = { json_read_map, json_write_pairs },
  [IMP_FIELD_KIND_DETAILS] = { json_read_map, json_write_pairs },
  [IMP_FIELD_KIND_LIMITS] = { json_read_map, json_write_pairs },
  [IMP_FIELD_KIND_TEXTS] = { json_read_texts, json_write_texts },
  [IMP_FIELD_KIND_INTERFACES] = { json_read_interfaces, json_write_interfaces },
  [IMP_FIELD_KIND_INTERFACE] = { json_read_interfaces, json_write_interfaces },
  [IMP_FIELD_KIND_DATA] = { json_read_base64, json_write_data },
};

/* Keys that are no field of that name, beside the fields of imp_field_infos. */
#define KEY_OP (-1)
#define KEY_TEXT (-2)

static gboolean
json_is_key (const char *key, gsize length, const char *name)
{
  return key[0] == name[0] && strlen (name) == length && memcmp (key, name, length) == 0;
}

/* The field, one of the above, or IMP_FIELD_END where the key is not known. */
static int
json_find_key (const char *key, gsize length)
{
  if (length == 0)
    return IMP_FIELD_END;
  if (json_is_key (key, length, "op"))
    return KEY_OP;
  if (json_is_key (key, length, "text"))
    return KEY_TEXT;
  for (int field = IMP_FIELD_END + 1; field < IMP_N_FIELDS; field++)
    if (json_is_key (key, length, imp_field_infos[field].name))
      return field;
  return IMP_FIELD_END;
}

static gboolean
json_read_op (ImpJsonReader *self, ImpFields *fields, GError **error)
{
  g_autofree char *unescaped = NULL;
  g_autofree char *quote = NULL;
  char name[32] = "";
  const char *text;
  gsize length;
  gint64 number;

  if (imp_json_peek (self) != '"')
    return imp_json_int (self, &number, error)
           && imp_fields_set_op (fields, number, G_MAXUINT, error);
  if (!imp_json_string (self, &text, &length, &unescaped, error))
    return FALSE;
  memcpy (name, text, MIN (length, sizeof name - 1));
  number = imp_op_from_string (name);
  if (number != 0)
    return imp_fields_set_op (fields, number, G_MAXUINT, error);
  quote = imp_wire_quote (text, length);
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "There is no op \"%s\"", quote);
  return FALSE;
}

static gboolean
json_read_member (ImpJsonReader *self, gpointer fields, GError **error)
{
  g_autofree char *unescaped = NULL;
  const char *key;
  gsize length;
  int field;

  if (!imp_json_string (self, &key, &length, &unescaped, error)
      || !imp_json_expect (self, ':', error))
    return FALSE;
  field = json_find_key (key, length);
  if (field == IMP_FIELD_END)
    return imp_json_skip (self, 1, error);
  if (imp_json_literal (self, "null"))
    return TRUE;
  if (field == KEY_OP)
    return json_read_op (self, fields, error);
  if (field == KEY_TEXT)
    return json_read_data_text (self, fields, error);
  if (json_kinds[imp_field_infos[field].kind].read (self, field, fields, error))
    return TRUE;
  g_prefix_error (error, "\"%s\": ", imp_field_infos[field].name);
  return FALSE;
}

static gboolean
json_read_line (ImpCursor *line, const ImpWireLimits *limits, ImpFields *fields, GError **error)
{
  ImpJsonReader self = { line, limits };

  if (!imp_json_walk (&self, '{', json_read_member, fields, error))
    return FALSE;
  if (imp_json_peek (&self) != 0 || imp_cursor_left (line) > 0)
    return imp_json_bad (error, "%" G_GSIZE_FORMAT " bytes follow the object in its line",
                         imp_cursor_left (line));
  return fields->op != NULL || imp_json_bad (error, "\"op\" is missing");
}

static ImpDecodeStatus
json_recognize (const guint8 *data, gsize length)
{
  g_assert (length > 0);

  return data[0] == '{' ? IMP_DECODE_DONE : IMP_DECODE_BAD;
}

static gboolean
json_encode (const ImpMessage *message, guint version, ImpOutputBuffer *output, GError **error)
{
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;

  if (!imp_fields_from_message (&fields, message, version, error))
    return FALSE;
  imp_json_append (output, "{\"op\":");
  json_write_string (output, fields.op->name);
  for (guint i = 0; i < fields.n_fields; i++)
    {
      ImpField field = fields.fields[i];
      const ImpFieldInfo *info = &imp_field_infos[field];

      if (info->kind != IMP_FIELD_KIND_DATA) /* which has one of two names */
        imp_json_write_name (output, info->name);
      json_kinds[info->kind].write (output, field, &fields.values[field]);
    }
  imp_json_append (output, "}\n");
  return TRUE;
}

static gboolean
json_is_blank (const guint8 *p, const guint8 *end)
{
  while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
    p++;
  return p == end;
}

static ImpDecodeStatus
json_refuse_length (GError **error, const char *what, gsize max)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT, "JSON: %s longer than %" G_GSIZE_FORMAT " bytes",
               what, max);
  return IMP_DECODE_BAD;
}

/* The first line that is not blank, with what is blank before it, so that the same bytes are
 * judged in the same way however they were cut. */
static ImpDecodeStatus
json_take_line (ImpCursor *input, const ImpWireLimits *limits, ImpCursor *line, gsize *need,
                GError **error)
{
  const guint8 *begin = imp_cursor_here (input);
  gsize left = imp_cursor_left (input), from = input->searched, blank = 0;

  g_assert (from <= left);

  for (;;)
    {
      const guint8 *end = from < left ? memchr (begin + from, '\n', left - from) : NULL;

      if (blank > BLANKS_MAX)
        return json_refuse_length (error, "what is blank before a message is", BLANKS_MAX);
      if ((end != NULL ? (gsize) (end - begin) : left) >= limits->max_message)
        return json_refuse_length (error, "a line (max-message) is", limits->max_message);
      if (end == NULL)
        {
          input->searched = left;
          *need = left + 1;
          return IMP_DECODE_MORE;
        }
      from = end + 1 - begin;
      if (!json_is_blank (begin + blank, end))
        break;
      blank = from;
    }
  imp_cursor_take_cursor (input, from, line);
  input->searched = 0;
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
json_decode (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message, gsize *need,
             GError **error)
{
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;
  ImpCursor line;
  ImpDecodeStatus status = json_take_line (input, limits, &line, need, error);

  if (status != IMP_DECODE_DONE)
    return status;
  return imp_fields_finish (&fields, json_read_line (&line, limits, &fields, error), message,
                            error);
}

const ImpWire imp_wire_json = {
  .name = "json",
  .max_version = 2,
  .recognize = json_recognize,
  .encode = json_encode,
  .decode = json_decode,
};
