/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "core/imp-interface-private.h"
#include "wire/cbor/imp-cbor-private.h"

typedef struct
{
  ImpCursor *input;
  const ImpWireLimits *limits;
  ImpFields *fields;
} Reader;

#define ITEM_FALSE 0xf4
#define ITEM_TRUE 0xf5

static gboolean
check_text (const char *text, gsize length, GError **error)
{
  if (!imp_text_is_valid (text, length))
    return imp_cbor_bad (error, "a text is not UTF-8, or holds U+0000");
  return TRUE;
}

static char *
read_text (Reader *self, GError **error)
{
  g_autofree char *joined = NULL;
  const char *text;
  gsize length;

  if (!imp_cbor_string (self->input, &text, &length, &joined, error)
      || !check_text (text, length, error))
    return NULL;
  return joined != NULL ? g_steal_pointer (&joined) : g_strndup (text, length);
}

static gboolean
read_text_field (Reader *self, ImpField field, GError **error)
{
  char *text = read_text (self, error);

  if (text == NULL)
    return FALSE;
  imp_fields_take (self->fields, field, text);
  return TRUE;
}

/* The payload: a slice of the input, unless it came in pieces. */
static gboolean
read_data (Reader *self, ImpField field, GError **error)
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
read_boolean (Reader *self, ImpField field, GError **error)
{
  guint8 first = imp_cursor_left (self->input) > 0 ? *imp_cursor_here (self->input) : 0;
  gint64 number;

  if (first == ITEM_TRUE || first == ITEM_FALSE)
    {
      number = first == ITEM_TRUE;
      imp_cursor_skip (self->input, 1);
    }
  else if (!imp_cbor_int (self->input, &number, error))
    return FALSE;
  return imp_fields_set_number (self->fields, field, number, error);
}

static gboolean
read_number (Reader *self, ImpField field, GError **error)
{
  gint64 number;

  return imp_cbor_int (self->input, &number, error)
         && imp_fields_set_number (self->fields, field, number, error);
}

#define NUMBER_MAX 24
/* Bytes of a context that are read without a look at its limit. */
#define SHORT_PAIRS_MAX 256

/* A value of a map: text, or a number, which becomes decimal text in @number. */
static gboolean
read_value (Reader *self, gboolean must_be_number, char number[NUMBER_MAX], const char **text,
            gsize *length, char **joined, GError **error)
{
  guint major = imp_cursor_left (self->input) > 0 ? *imp_cursor_here (self->input) >> 5 : 0;
  gint64 value;

  if (!must_be_number && (major == IMP_CBOR_BYTES || major == IMP_CBOR_TEXT))
    return imp_cbor_string (self->input, text, length, joined, error)
           && check_text (*text, *length, error);
  if (!imp_cbor_int (self->input, &value, error))
    return FALSE;
  if (must_be_number && (value < 0 || value > IMP_MAX_ID))
    return imp_cbor_bad (error, "the limit %" G_GINT64_FORMAT " is not from 0 to 2^53 - 1", value);
  *length = g_snprintf (number, NUMBER_MAX, "%" G_GINT64_FORMAT, value);
  *text = number;
  return TRUE;
}

static gboolean
read_pair (Reader *self, ImpContextBuilder *pairs, gboolean numbers, GError **error)
{
  g_autofree char *joined_key = NULL;
  g_autofree char *joined_value = NULL;
  char number[NUMBER_MAX];
  const char *key, *value;
  gsize key_length, value_length;

  if (!imp_cbor_string (self->input, &key, &key_length, &joined_key, error)
      || !check_text (key, key_length, error))
    return FALSE;
  if (imp_cbor_absent (self->input))
    return TRUE;
  if (!read_value (self, numbers, number, &value, &value_length, &joined_value, error))
    return FALSE;
  imp_context_builder_add (pairs, key, key_length, value, value_length);
  return imp_context_check_size (pairs, self->limits, error);
}

static inline gboolean
short_text (ImpCursor *input, const char **text, gsize *length)
{
  return imp_cbor_short_string (input, text, length) && imp_text_is_valid (*text, *length);
}

/* The straight path through a map: as far as there are pairs of short texts. What stops it, for
 * whatever reason, is left to read_pair(), which also knows the errors. */
static void
read_short_pairs (ImpCursor *input, ImpCborList *list, ImpContextBuilder *pairs)
{
  ImpCursor ahead = *input;
  const char *key, *value;
  gsize key_length, value_length;

  while (!list->indefinite && list->left > 0 && short_text (&ahead, &key, &key_length)
         && short_text (&ahead, &value, &value_length) && pairs->length < SHORT_PAIRS_MAX)
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
  Reader self = { input, limits, NULL };
  ImpContextBuilder pairs;
  ImpCborList list;

  if (!imp_cbor_enter (input, IMP_CBOR_MAP, &list, error))
    return FALSE;
  imp_context_builder_init (&pairs);
  if (!numbers && limits->max_context > 2 * SHORT_PAIRS_MAX)
    read_short_pairs (input, &list, &pairs);
  while (imp_cbor_next (input, &list))
    if (!read_pair (&self, &pairs, numbers, error))
      {
        imp_context_builder_clear (&pairs);
        return FALSE;
      }
  *context = imp_context_builder_finish (&pairs);
  return TRUE;
}

static gboolean
read_pairs (Reader *self, ImpField field, GError **error)
{
  gboolean numbers = imp_field_infos[field].kind == IMP_FIELD_KIND_NUMBERS;
  ImpContext *context;

  if (!imp_cbor_pairs (self->input, self->limits, numbers, &context, error))
    return FALSE;
  imp_fields_take (self->fields, field, context);
  return TRUE;
}

static gboolean
read_texts (Reader *self, ImpField field, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  ImpCborList list;

  if (!imp_cbor_enter (self->input, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  while (imp_cbor_next (self->input, &list))
    {
      char *text;

      if (texts->len == IMP_MAX_FEATURES)
        return imp_too_many ("features", IMP_MAX_FEATURES, error);
      text = read_text (self, error);
      if (text == NULL)
        return FALSE;
      g_ptr_array_add (texts, text);
    }
  if (texts->len == 0)
    return TRUE;
  g_ptr_array_add (texts, NULL);
  imp_fields_take (self->fields, field, g_ptr_array_free (g_steal_pointer (&texts), FALSE));
  return TRUE;
}

/* An empty set in ImpResultFlags stands for no restriction, so a list that allows nothing that is
 * known here becomes FATAL alone, which is always allowed. */
static gboolean
read_flags (Reader *self, ImpResultFlags *flags, GError **error)
{
  ImpCborList list;
  gint64 type;

  *flags = IMP_RESULT_FLAGS_ALL;
  if (imp_cbor_absent (self->input))
    return TRUE;
  if (!imp_cbor_enter (self->input, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  while (imp_cbor_next (self->input, &list))
    {
      if (!imp_cbor_int (self->input, &type, error))
        return FALSE;
      if (type > 0 && type <= G_MAXUINT16)
        *flags |= imp_result_type_to_flag (type);
    }
  if (*flags == IMP_RESULT_FLAGS_ALL)
    *flags = IMP_RESULT_FLAGS_FATAL;
  return TRUE;
}

static ImpInterface *
read_interface (Reader *self, GError **error)
{
  ImpResultFlags flags = IMP_RESULT_FLAGS_ALL;
  gint64 type = IMP_DATA_TYPE_ANY;
  ImpCborList list;

  if (!imp_cbor_enter (self->input, IMP_CBOR_ARRAY, &list, error))
    return NULL;
  if (imp_cbor_next (self->input, &list) && !imp_cbor_absent (self->input)
      && !imp_cbor_int (self->input, &type, error))
    return NULL;
  if (type < G_MININT32 || type > G_MAXINT32)
    {
      imp_cbor_bad (error, "%" G_GINT64_FORMAT " is no type of data", type);
      return NULL;
    }
  if (imp_cbor_next (self->input, &list) && !read_flags (self, &flags, error))
    return NULL;
  while (imp_cbor_next (self->input, &list))
    if (!imp_cbor_skip (self->input, self->limits->max_depth, error))
      return NULL;
  return imp_interface_new (type, flags);
}

static gboolean
read_list (Reader *self, GQueue *interfaces, GError **error)
{
  ImpCborList list;

  if (!imp_cbor_enter (self->input, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  while (imp_cbor_next (self->input, &list))
    if (!imp_interfaces_push (interfaces, read_interface (self, error), error))
      return FALSE;
  return TRUE;
}

static gboolean
read_interfaces (Reader *self, ImpField field, GError **error)
{
  GQueue interfaces = G_QUEUE_INIT;
  gboolean good = field == IMP_FIELD_INTERFACES
                    ? read_list (self, &interfaces, error)
                    : imp_interfaces_push (&interfaces, read_interface (self, error), error);

  return imp_fields_take_interfaces (self->fields, field, &interfaces, good);
}

static gboolean
read_field (Reader *self, ImpField field, GError **error)
{
  if (imp_cbor_absent (self->input))
    return TRUE;
  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_NUMBER:
      return read_number (self, field, error);
    case IMP_FIELD_KIND_BOOLEAN:
      return read_boolean (self, field, error);
    case IMP_FIELD_KIND_TEXT:
      return read_text_field (self, field, error);
    case IMP_FIELD_KIND_PAIRS:
    case IMP_FIELD_KIND_NUMBERS:
      return read_pairs (self, field, error);
    case IMP_FIELD_KIND_TEXTS:
      return read_texts (self, field, error);
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      return read_interfaces (self, field, error);
    case IMP_FIELD_KIND_DATA:
      return read_data (self, field, error);
    }
  g_return_val_if_reached (FALSE);
}

static gboolean
read_shape (Reader *self, const ImpShape *shape, ImpCborList *list, GError **error)
{
  for (guint i = 0; shape->fields[i] != IMP_FIELD_END && imp_cbor_next (self->input, list); i++)
    if (!read_field (self, shape->fields[i], error))
      return FALSE;
  return TRUE;
}

gboolean
imp_cbor_read (ImpCursor *frame, const ImpWireLimits *limits, ImpFields *fields, GError **error)
{
  Reader self = { frame, limits, fields };
  ImpCborList list;
  gint64 op;

  if (!imp_cbor_enter (frame, IMP_CBOR_ARRAY, &list, error))
    return FALSE;
  if (!imp_cbor_next (frame, &list))
    return imp_cbor_bad (error, "the array is empty");
  if (!imp_cbor_int (frame, &op, error) || !imp_fields_set_op (fields, op, error)
      || !read_shape (&self, fields->op, &list, error))
    return FALSE;
  if (fields->result != NULL && !read_shape (&self, fields->result, &list, error))
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
