/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/json/imp-json-private.h"

/* A value of a map, as text: numbers keep their digits, so that no reader's arithmetic spoils
 * them. */
static gboolean
read_map_value (ImpJsonReader *self, gboolean must_be_number, const char **text, gsize *length,
                char **unescaped, GError **error)
{
  if (must_be_number)
    {
      gint64 number;

      *text = (const char *) imp_cursor_here (self->line);
      if (!imp_json_int (self, &number, error))
        return FALSE;
      *length = (const char *) imp_cursor_here (self->line) - *text;
      if (number < 0 || number > IMP_MAX_ID)
        return imp_json_bad (error, "the limit %" G_GINT64_FORMAT " is not from 0 to 2^53 - 1",
                             number);
      return TRUE;
    }
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
read_pair (ImpJsonReader *self, ImpContextBuilder *pairs, gboolean numbers, GError **error)
{
  g_autofree char *unescaped_key = NULL;
  g_autofree char *unescaped_value = NULL;
  const char *key, *value;
  gsize key_length, value_length;

  if (!imp_json_string (self, &key, &key_length, &unescaped_key, error)
      || !imp_json_expect (self, ':', error))
    return FALSE;
  if (imp_json_literal (self, "null"))
    return TRUE;
  imp_json_peek (self);
  if (!read_map_value (self, numbers, &value, &value_length, &unescaped_value, error))
    return FALSE;
  imp_context_builder_add (pairs, key, key_length, value, value_length);
  return imp_context_check_size (pairs, self->limits, error);
}

gboolean
imp_json_read_pairs (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  gboolean numbers = imp_field_infos[field].kind == IMP_FIELD_KIND_NUMBERS;
  gboolean first = TRUE, more;
  ImpContextBuilder pairs;

  if (!imp_json_expect (self, '{', error))
    return FALSE;
  imp_context_builder_init (&pairs);
  while (imp_json_next (self, &first, '}', &more, error))
    {
      if (!more)
        {
          imp_fields_take (fields, field, imp_context_builder_finish (&pairs));
          return TRUE;
        }
      if (!read_pair (self, &pairs, numbers, error))
        break;
    }
  imp_context_builder_clear (&pairs);
  return FALSE;
}

gboolean
imp_json_read_texts (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  gboolean first = TRUE, more;

  if (!imp_json_expect (self, '[', error))
    return FALSE;
  for (;;)
    {
      char *text;

      if (!imp_json_next (self, &first, ']', &more, error))
        return FALSE;
      if (!more)
        break;
      if (texts->len == IMP_MAX_FEATURES)
        return imp_too_many ("features", IMP_MAX_FEATURES, error);
      text = imp_json_dup_string (self, error);
      if (text == NULL)
        return FALSE;
      g_ptr_array_add (texts, text);
    }
  if (texts->len > 0)
    {
      g_ptr_array_add (texts, NULL);
      imp_fields_take (fields, field, g_ptr_array_free (g_steal_pointer (&texts), FALSE));
    }
  return TRUE;
}

gboolean
imp_json_data_type (ImpJsonReader *self, gint64 *value, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *quote = NULL;

  if (imp_json_peek (self) != '"')
    return imp_json_int (self, value, error);
  name = imp_json_dup_string (self, error);
  if (name == NULL)
    return FALSE;
  *value = imp_data_type_from_name (name);
  if (*value != IMP_DATA_TYPE_ANY)
    return TRUE;
  quote = imp_wire_quote (name, strlen (name));
  return imp_json_bad (error, "there is no data type \"%s\"", quote);
}

gboolean
imp_json_result_type (ImpJsonReader *self, gint64 *value, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *quote = NULL;

  if (imp_json_peek (self) != '"')
    return imp_json_int (self, value, error);
  name = imp_json_dup_string (self, error);
  if (name == NULL)
    return FALSE;
  *value = imp_result_type_from_string (name);
  if (*value != 0)
    return TRUE;
  quote = imp_wire_quote (name, strlen (name));
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "There is no result \"%s\"", quote);
  return FALSE;
}

/* One member of a set; those that are not known here are left out. */
static gboolean
read_flag (ImpJsonReader *self, ImpResultFlags *flags, GError **error)
{
  g_autoptr (GError) unknown = NULL;
  gint64 type;

  if (imp_json_result_type (self, &type, &unknown))
    {
      if (type > 0 && type <= G_MAXUINT16)
        *flags |= imp_result_type_to_flag (type);
      return TRUE;
    }
  if (g_error_matches (unknown, IMP_ERROR, IMP_ERROR_UNSUPPORTED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&unknown));
  return FALSE;
}

/* An empty set in ImpResultFlags stands for no restriction, so a list that allows nothing that is
 * known here becomes FATAL alone, which is always allowed. */
static gboolean
read_flags (ImpJsonReader *self, ImpResultFlags *flags, GError **error)
{
  gboolean first = TRUE, more;

  *flags = IMP_RESULT_FLAGS_ALL;
  if (imp_json_literal (self, "null"))
    return TRUE;
  if (!imp_json_expect (self, '[', error))
    return FALSE;
  while (imp_json_next (self, &first, ']', &more, error))
    {
      if (!more)
        {
          if (*flags == IMP_RESULT_FLAGS_ALL)
            *flags = IMP_RESULT_FLAGS_FATAL;
          return TRUE;
        }
      if (!read_flag (self, flags, error))
        return FALSE;
    }
  return FALSE;
}

static gboolean
read_interface_member (ImpJsonReader *self, gint64 *type, ImpResultFlags *flags, GError **error)
{
  g_autofree char *key = imp_json_dup_string (self, error);

  if (key == NULL || !imp_json_expect (self, ':', error))
    return FALSE;
  if (g_str_equal (key, "results"))
    return read_flags (self, flags, error);
  if (!g_str_equal (key, "type"))
    return imp_json_skip (self, 3, error);
  *type = IMP_DATA_TYPE_ANY;
  if (imp_json_literal (self, "null"))
    return TRUE;
  if (!imp_json_data_type (self, type, error))
    return FALSE;
  return (*type >= G_MININT32 && *type <= G_MAXINT32)
         || imp_json_bad (error, "%" G_GINT64_FORMAT " is no type of data", *type);
}

static ImpInterface *
read_interface (ImpJsonReader *self, GError **error)
{
  ImpResultFlags flags = IMP_RESULT_FLAGS_ALL;
  gint64 type = IMP_DATA_TYPE_ANY;
  gboolean first = TRUE, more;

  if (!imp_json_expect (self, '{', error))
    return NULL;
  while (imp_json_next (self, &first, '}', &more, error))
    {
      if (!more)
        return imp_interface_new (type, flags);
      if (!read_interface_member (self, &type, &flags, error))
        return NULL;
    }
  return NULL;
}

static gboolean
read_list (ImpJsonReader *self, GQueue *interfaces, GError **error)
{
  gboolean first = TRUE, more;

  if (!imp_json_expect (self, '[', error))
    return FALSE;
  while (imp_json_next (self, &first, ']', &more, error))
    {
      if (!more)
        return TRUE;
      if (!imp_interfaces_push (interfaces, read_interface (self, error), error))
        return FALSE;
    }
  return FALSE;
}

gboolean
imp_json_read_interfaces (ImpJsonReader *self, ImpField field, ImpFields *fields, GError **error)
{
  GQueue interfaces = G_QUEUE_INIT;
  gboolean good = field == IMP_FIELD_INTERFACES
                    ? read_list (self, &interfaces, error)
                    : imp_interfaces_push (&interfaces, read_interface (self, error), error);

  return imp_fields_take_interfaces (fields, field, &interfaces, good);
}
