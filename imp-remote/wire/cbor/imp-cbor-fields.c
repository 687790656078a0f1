/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "core/imp-interface-private.h"
#include "wire/cbor/imp-cbor-private.h"

/* The array of a message: its op, then its fields. */

typedef struct
{
  ImpCursor *input;
  const ImpWireLimits *limits;
  ImpFields *fields;
} CborReader;

#define SIMPLE_FALSE 20
#define SIMPLE_TRUE 21
#define SIMPLE_NULL 22
#define ITEM_SIMPLE(value) (IMP_CBOR_SIMPLE << 5 | (value))

static gboolean
cbor_check_text (const char *text, gsize length, GError **error)
{
  return imp_text_is_valid (text, length)
         || imp_cbor_bad (error, "a text is not UTF-8, or holds U+0000");
}

static char *
cbor_dup_text (CborReader *self, GError **error)
{
  g_autofree char *joined = NULL;
  const char *text;
  gsize length;

  if (!imp_cbor_string (self->input, &text, &length, &joined, error)
      || !cbor_check_text (text, length, error))
    return NULL;
  return joined != NULL ? g_steal_pointer (&joined) : g_strndup (text, length);
}

static gboolean
cbor_read_text (CborReader *self, ImpField field, GError **error)
{
  char *text = cbor_dup_text (self, error);

  if (text == NULL)
    return FALSE;
  imp_fields_take (self->fields, field, text);
  return TRUE;
}

/* The payload: a slice of the input, unless it came in pieces. */
static gboolean
cbor_read_data (CborReader *self, ImpField field, GError **error)
{
  ImpCursor whole = *self->input;
  char *joined = NULL;
  const char *text;
  gsize length;

  if (!imp_cbor_string (self->input, &text, &length, &joined, error))
    return FALSE;
  if (joined != NULL)
    {
      imp_fields_take (self->fields, field, g_bytes_new_take (joined, length));
      return TRUE;
    }
  whole.position = self->input->position - length;
  imp_fields_take (self->fields, field, imp_cursor_take_bytes (&whole, length));
  return TRUE;
}

static gboolean
cbor_read_number (CborReader *self, ImpField field, GError **error)
{
  gint64 number;

  return imp_cbor_int (self->input, &number, error)
         && imp_fields_set_number (self->fields, field, number, error);
}

static gboolean
cbor_read_boolean (CborReader *self, ImpField field, GError **error)
{
  guint8 first = imp_cursor_left (self->input) > 0 ? *imp_cursor_here (self->input) : 0;

  if (first != ITEM_SIMPLE (SIMPLE_TRUE) && first != ITEM_SIMPLE (SIMPLE_FALSE))
    return cbor_read_number (self, field, error);
  imp_cursor_skip (self->input, 1);
  return imp_fields_set_number (self->fields, field, first == ITEM_SIMPLE (SIMPLE_TRUE), error);
}

#define NUMBER_MAX 24
/* Bytes of a context that are read without a look at its limit. */
#define SHORT_PAIRS_MAX 256

/* A value of a map: text, or a number, which becomes decimal text in @number. */
static gboolean
cbor_read_map_value (ImpCursor *input, gboolean must_be_number, char number[NUMBER_MAX],
                     const char **text, gsize *length, char **joined, GError **error)
{
  guint major = imp_cursor_left (input) > 0 ? *imp_cursor_here (input) >> 5 : 0;
  gint64 value;

  if (!must_be_number && (major == IMP_CBOR_BYTES || major == IMP_CBOR_TEXT))
    return imp_cbor_string (input, text, length, joined, error)
           && cbor_check_text (*text, *length, error);
  if (!imp_cbor_int (input, &value, error))
    return FALSE;
  if (must_be_number && (value < 0 || value > IMP_MAX_ID))
    return imp_cbor_bad (error, "the limit %" G_GINT64_FORMAT " is not from 0 to 2^53 - 1", value);
  *length = g_snprintf (number, NUMBER_MAX, "%" G_GINT64_FORMAT, value);
  *text = number;
  return TRUE;
}

static gboolean
cbor_read_pair (ImpCursor *input, const ImpWireLimits *limits, ImpContextBuilder *pairs,
                gboolean numbers, GError **error)
{
  g_autofree char *joined_key = NULL;
  g_autofree char *joined_value = NULL;
  char number[NUMBER_MAX];
  const char *key, *value;
  gsize key_length, value_length;

  if (!imp_cbor_string (input, &key, &key_length, &joined_key, error)
      || !cbor_check_text (key, key_length, error))
    return FALSE;
  if (imp_cbor_absent (input))
    return TRUE;
  if (!cbor_read_map_value (input, numbers, number, &value, &value_length, &joined_value, error))
    return FALSE;
  imp_context_builder_add (pairs, key, key_length, value, value_length);
  return imp_fields_check_pairs (pairs, limits, error);
}

static inline gboolean
cbor_read_short_text (ImpCursor *input, const char **text, gsize *length)
{
  return imp_cbor_short_string (input, text, length) && imp_text_is_valid (*text, *length);
}

/* The fast path through a map: as far as there are pairs of short texts. What stops it, for
 * whatever reason, is left to cbor_read_pair(), which also knows the errors. */
static void
cbor_read_short_pairs (ImpCursor *input, ImpCborList *list, ImpContextBuilder *pairs)
{
  ImpCursor ahead = *input;
  const char *key, *value;
  gsize key_length, value_length;

  while (!list->indefinite && list->left > 0 && cbor_read_short_text (&ahead, &key, &key_length)
         && cbor_read_short_text (&ahead, &value, &value_length) && pairs->length < SHORT_PAIRS_MAX)
    {
      imp_context_builder_add (pairs, key, key_length, value, value_length);
      *input = ahead;
      list->left--;
    }
}

gboolean
imp_cbor_pairs (ImpCursor *input, const ImpWireLimits *limits, gboolean numbers,
                ImpContext **context, GError **error)
{
  ImpContextBuilder pairs;
  ImpCborList list;

  if (!imp_cbor_enter (input, IMP_CBOR_MAP, &list, error))
    return FALSE;
  imp_context_builder_init (&pairs);
  if (!numbers && limits->max_context > 2 * SHORT_PAIRS_MAX)
    cbor_read_short_pairs (input, &list, &pairs);
  while (imp_cbor_next (input, &list))
    if (!cbor_read_pair (input, limits, &pairs, numbers, error))
      {
        imp_context_builder_clear (&pairs);
        return FALSE;
      }
  *context = imp_context_builder_finish (&pairs);
  return TRUE;
}

static gboolean
cbor_read_pairs (CborReader *self, ImpField field, GError **error)
{
  gboolean numbers = imp_field_infos[field].kind == IMP_FIELD_KIND_LIMITS;
  ImpContext *pairs;

  if (!imp_cbor_pairs (self->input, self->limits, numbers, &pairs, error))
    return FALSE;
  imp_fields_take (self->fields, field, pairs);
  return TRUE;
}

static gboolean
cbor_read_texts (CborReader *self, ImpField field, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  ImpCborList list;

  if (!imp_cbor_enter (self->input, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  while (imp_cbor_next (self->input, &list))
    {
      char *text;

      if (texts->len == IMP_MAX_TEXTS)
        return imp_fields_refuse_count (imp_field_infos[field].name, IMP_MAX_TEXTS, error);
      text = cbor_dup_text (self, error);
      if (text == NULL)
        return FALSE;
      g_ptr_array_add (texts, text);
    }
  imp_fields_take_texts (self->fields, field, texts);
  return TRUE;
}

static gboolean
cbor_read_results (ImpCursor *input, ImpInterfaceFields *interface, GError **error)
{
  ImpCborList list;
  gint64 type;

  if (imp_cbor_absent (input))
    return TRUE;
  if (!imp_cbor_enter (input, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  interface->restricted = TRUE;
  while (imp_cbor_next (input, &list))
    {
      if (!imp_cbor_int (input, &type, error))
        return FALSE;
      imp_interface_fields_add_result (interface, type);
    }
  return TRUE;
}

static gboolean
cbor_read_interface (CborReader *self, GQueue *interfaces, GError **error)
{
  ImpInterfaceFields interface = IMP_INTERFACE_FIELDS_INIT;
  ImpCursor *input = self->input;
  ImpCborList list;

  if (!imp_cbor_enter (input, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  if (imp_cbor_next (input, &list) && !imp_cbor_absent (input)
      && !imp_cbor_int (input, &interface.type, error))
    return FALSE;
  if (imp_cbor_next (input, &list) && !cbor_read_results (input, &interface, error))
    return FALSE;
  while (imp_cbor_next (input, &list))
    if (!imp_cbor_skip (input, self->limits->max_depth, error))
      return FALSE;
  return imp_interface_fields_finish (&interface, IMP_CBOR_PREFIX, interfaces, error);
}

static gboolean
cbor_read_interfaces (CborReader *self, ImpField field, GError **error)
{
  GQueue interfaces = G_QUEUE_INIT;
  ImpCborList list = { FALSE, 1 };
  gboolean good = imp_field_infos[field].kind == IMP_FIELD_KIND_INTERFACE
                  || imp_cbor_enter (self->input, IMP_CBOR_ARRAY, &list, error);

  while (good && imp_cbor_next (self->input, &list))
    good = cbor_read_interface (self, &interfaces, error);
  return imp_fields_take_interfaces (self->fields, field, &interfaces, good);
}

static void
cbor_write_number (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  imp_cbor_write_int (output, value->number);
}

static void
cbor_write_boolean (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  imp_cbor_write_head (output, IMP_CBOR_SIMPLE, value->number != 0 ? SIMPLE_TRUE : SIMPLE_FALSE);
}

static void
cbor_write_text (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  imp_cbor_write_string (output, value->text, strlen (value->text));
}

static void
cbor_write_data (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  imp_cbor_write_head (output, IMP_CBOR_BYTES, g_bytes_get_size (value->data));
  imp_output_buffer_append_bytes (output, value->data);
}

static void
cbor_write_pairs (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  gboolean numbers = imp_field_infos[field].kind == IMP_FIELD_KIND_LIMITS;
  gsize position = 0;
  ImpContextPair pair;

  imp_cbor_write_head (output, IMP_CBOR_MAP, imp_context_get_n_pairs (value->pairs));
  while (imp_context_next_pair (value->pairs, &position, &pair))
    {
      imp_cbor_write_string (output, pair.key, pair.key_length);
      if (numbers)
        imp_cbor_write_head (output, IMP_CBOR_UNSIGNED, g_ascii_strtoull (pair.value, NULL, 10));
      else
        imp_cbor_write_string (output, pair.value, pair.value_length);
    }
}

static void
cbor_write_texts (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  guint n = value->texts != NULL ? g_strv_length (value->texts) : 0;

  imp_cbor_write_head (output, IMP_CBOR_ARRAY, n);
  for (guint i = 0; i < n; i++)
    imp_cbor_write_string (output, value->texts[i], strlen (value->texts[i]));
}

static void
cbor_write_interface (ImpOutputBuffer *output, ImpInterface *interface)
{
  ImpResultFlags results = imp_interface_get_results (interface);
  guint16 numbers[IMP_MAX_RESULT_TYPES];
  guint n = imp_result_flags_list (results, G_MAXUINT, numbers);

  imp_cbor_write_head (output, IMP_CBOR_ARRAY, results == IMP_RESULT_FLAGS_ALL ? 1 : 2);
  if (imp_interface_get_data_type (interface) == IMP_DATA_TYPE_ANY)
    imp_cbor_write_head (output, IMP_CBOR_SIMPLE, SIMPLE_NULL);
  else
    imp_cbor_write_int (output, imp_interface_get_data_type (interface));
  if (results == IMP_RESULT_FLAGS_ALL)
    return;
  imp_cbor_write_head (output, IMP_CBOR_ARRAY, n);
  for (guint i = 0; i < n; i++)
    imp_cbor_write_int (output, numbers[i]);
}

static void
cbor_write_interfaces (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value)
{
  if (imp_field_infos[field].kind == IMP_FIELD_KIND_INTERFACES)
    imp_cbor_write_head (output, IMP_CBOR_ARRAY, g_list_length (value->interfaces));
  for (GList *l = value->interfaces; l != NULL; l = l->next)
    cbor_write_interface (output, l->data);
}

static const struct
{
  gboolean (*read) (CborReader *self, ImpField field, GError **error);
  void (*write) (ImpOutputBuffer *output, ImpField field, const ImpFieldValue *value);
} cbor_kinds[IMP_N_FIELD_KINDS] = {
  [IMP_FIELD_KIND_NUMBER] = { cbor_read_number, cbor_write_number },
  [IMP_FIELD_KIND_BOOLEAN] = { cbor_read_boolean, cbor_write_boolean },
  [IMP_FIELD_KIND_DATA_TYPE] = { cbor_read_number, cbor_write_number },
  [IMP_FIELD_KIND_RESULT_TYPE] = { cbor_read_number, cbor_write_number },
  [IMP_FIELD_KIND_LEVEL] = { cbor_read_number, cbor_write_number },
  [IMP_FIELD_KIND_TEXT] = { cbor_read_text, cbor_write_text },
  [IMP_FIELD_KIND_PATTERN] = { cbor_read_text, cbor_write_text },
  [IMP_FIELD_KIND_CONTEXT] = { cbor_read_pairs, cbor_write_pairs },
  [IMP_FIELD_KIND_DETAILS] = { cbor_read_pairs, cbor_write_pairs },
  [IMP_FIELD_KIND_LIMITS] = { cbor_read_pairs, cbor_write_pairs },
  [IMP_FIELD_KIND_TEXTS] = { cbor_read_texts, cbor_write_texts },
  [IMP_FIELD_KIND_INTERFACES] = { cbor_read_interfaces, cbor_write_interfaces },
  [IMP_FIELD_KIND_INTERFACE] = { cbor_read_interfaces, cbor_write_interfaces },
  [IMP_FIELD_KIND_DATA] = { cbor_read_data, cbor_write_data },
};

static gboolean
cbor_read_schema (CborReader *self, const ImpMessageSchema *schema, ImpCborList *list,
                  GError **error)
{
  for (const guint8 *f = schema->fields; *f != IMP_FIELD_END && imp_cbor_next (self->input, list);
       f++)
    {
      ImpField field = *f & ~IMP_FIELD_OPTIONAL;

      if (!imp_cbor_absent (self->input)
          && !cbor_kinds[imp_field_infos[field].kind].read (self, field, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
imp_cbor_read (ImpCursor *frame, const ImpWireLimits *limits, ImpFields *fields, GError **error)
{
  CborReader self = { frame, limits, fields };
  ImpCborList list;
  gint64 op;

  if (!imp_cbor_enter (frame, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  if (!imp_cbor_next (frame, &list))
    return imp_cbor_bad (error, "the array is empty");
  if (!imp_cbor_int (frame, &op, error) || !imp_fields_set_op (fields, op, G_MAXUINT, error)
      || !cbor_read_schema (&self, fields->op, &list, error))
    return FALSE;
  if (fields->result != NULL && !cbor_read_schema (&self, fields->result, &list, error))
    return FALSE;
  /* Fields of a later version are passed over. */
  while (imp_cbor_next (frame, &list))
    if (!imp_cbor_skip (frame, limits->max_depth, error))
      return FALSE;
  if (imp_cursor_left (frame) > 0)
    return imp_cbor_bad (error, "%" G_GSIZE_FORMAT " bytes follow the array in its frame",
                         imp_cursor_left (frame));
  return TRUE;
}

void
imp_cbor_write (const ImpFields *fields, ImpOutputBuffer *output)
{
  imp_cbor_write_head (output, IMP_CBOR_ARRAY, 1 + fields->n_fields);
  imp_cbor_write_int (output, fields->op->number);
  for (guint i = 0; i < fields->n_fields; i++)
    {
      ImpField field = fields->fields[i];

      cbor_kinds[imp_field_infos[field].kind].write (output, field, &fields->values[field]);
    }
}
