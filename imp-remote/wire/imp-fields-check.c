/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "core/imp-result-private.h"
#include "wire/imp-fields-private.h"

/* Room for the head and the other fields beside a payload whose length has 32 bits. */
#define PAYLOAD_MAX (G_MAXUINT32 - 1024)

#define QUOTE_MAX 60 /* bytes */

gint64
imp_message_number (const ImpMessage *message, ImpField field)
{
  const ImpResult *result = message->result;

  switch (field)
    {
    case IMP_FIELD_VERSION:
      return message->version;
    case IMP_FIELD_MINIMUM:
      return message->minimum != 0 ? message->minimum : message->version;
    case IMP_FIELD_ID:
      return message->id;
    case IMP_FIELD_DIRECTION:
      return message->op == IMP_OP_RESULT ? result->direction : message->direction;
    case IMP_FIELD_TYPE:
      return message->data_type;
    case IMP_FIELD_BUSY:
      return message->busy;
    case IMP_FIELD_TOKEN:
      return message->token;
    case IMP_FIELD_RESULT:
      return result->type;
    case IMP_FIELD_OFFSET:
      return message->op == IMP_OP_RESULT ? result->offset : message->offset;
    case IMP_FIELD_END_OFFSET:
    case IMP_FIELD_LENGTH:
    case IMP_FIELD_MAX_LENGTH:
      return result->extra;
    case IMP_FIELD_LEVEL:
      return result->level;
    default:
      g_return_val_if_reached (0);
    }
}

/* A result's texts were made UTF-8 with it; a message on the stack may have any, such as that of an
 * error of a plugin. */
const char *
imp_message_text (const ImpMessage *message, ImpField field, char **owned)
{
  const char *text = message->text;

  if (field == IMP_FIELD_VALUE)
    text = message->result->value;
  else if (message->op == IMP_OP_RESULT)
    text = message->result->text;
  else if (text != NULL && !g_utf8_validate (text, -1, NULL))
    text = *owned = g_utf8_make_valid (text, -1);
  return text != NULL ? text : "";
}

GBytes *
imp_message_bytes (const ImpMessage *message)
{
  return message->op == IMP_OP_RESULT ? message->result->data : message->data;
}

static gboolean unsupported (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
unsupported (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, text);
  return FALSE;
}

static gboolean
check_numbers (const ImpMessage *message, const ImpShape *shape, GError **error)
{
  for (guint i = 0; shape->fields[i] != IMP_FIELD_END; i++)
    {
      const ImpFieldInfo *info = &imp_field_infos[shape->fields[i]];
      gint64 number;

      if (info->kind != IMP_FIELD_KIND_NUMBER)
        continue;
      number = imp_message_number (message, shape->fields[i]);
      if (number < info->minimum || number > info->maximum)
        return unsupported (error, "No message can carry a \"%s\" of %" G_GINT64_FORMAT, info->name,
                            number);
    }
  return TRUE;
}

static gboolean
check_limits (const ImpMessage *message, GError **error)
{
  gsize position = 0;
  const char *name, *value;

  while (imp_context_next (message->limits, &position, &name, &value))
    if (!g_ascii_string_to_unsigned (value, 10, 0, IMP_MAX_ID, NULL, NULL))
      return unsupported (error, "The limit \"%s\" is \"%s\", no number that a message can carry",
                          name, value);
  return TRUE;
}

gboolean
imp_message_check (const ImpMessage *message, guint version, GError **error)
{
  const ImpShape *shape = imp_shape_of_op (message->op);
  GBytes *bytes;

  g_return_val_if_fail (shape != NULL, FALSE);
  g_return_val_if_fail (message->op != IMP_OP_RESULT || message->result != NULL, FALSE);

  if (version < shape->version)
    return unsupported (error, "Version 1 of the protocol has no \"%s\"",
                        imp_op_to_string (message->op));
  if (!check_numbers (message, shape, error) || !check_limits (message, error))
    return FALSE;
  if (message->op == IMP_OP_RESULT
      && !check_numbers (message, imp_shape_of_result (message->result->type), error))
    return FALSE;

  bytes = imp_message_bytes (message);
  if (bytes != NULL && g_bytes_get_size (bytes) > PAYLOAD_MAX)
    return unsupported (error, "No message can carry data of %" G_GSIZE_FORMAT " bytes",
                        g_bytes_get_size (bytes));
  return TRUE;
}

gboolean
imp_context_check_size (ImpContextBuilder *builder, const ImpWireLimits *limits, GError **error)
{
  /* One byte more for each string, so that a multitude of empty ones is counted too. */
  if (imp_context_builder_size (builder) + 2 * (gsize) builder->n_pairs <= limits->max_context)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "The keys and values of one map take more than %" G_GSIZE_FORMAT
               " bytes (max-context)",
               limits->max_context);
  return FALSE;
}

gboolean
imp_too_many (const char *what, guint max, GError **error)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT, "A message cannot have more than %u %s", max,
               what);
  return FALSE;
}

ImpContext *
imp_details_pack (GHashTable *details)
{
  g_autoptr (GList) keys = NULL;
  ImpContextBuilder pairs;

  if (details == NULL)
    return NULL;
  imp_context_builder_init (&pairs);
  keys = g_list_sort (g_hash_table_get_keys (details), (GCompareFunc) g_strcmp0);
  for (GList *l = keys; l != NULL; l = l->next)
    {
      const char *value = g_hash_table_lookup (details, l->data);

      imp_context_builder_add (&pairs, l->data, strlen (l->data), value, strlen (value));
    }
  return imp_context_builder_finish (&pairs);
}

gboolean
imp_wire_bad (GError **error, const char *form, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "%s%s", form, text);
  return FALSE;
}

char *
imp_wire_quote (const char *text, gsize length)
{
  char *quote = g_utf8_make_valid (text, MIN (length, QUOTE_MAX));

  for (char *p = quote; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = '?';
  return quote;
}
