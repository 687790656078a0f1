/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"
#include "wire/json/imp-json-private.h"

#define append_literal(output, literal)                                                            \
  imp_output_buffer_append (output, literal, sizeof literal - 1)

static void
write_name (ImpOutputBuffer *output, const char *name)
{
  gsize length = strlen (name);
  guint8 *p = imp_output_buffer_reserve (output, length + 4);

  *p++ = ',';
  *p++ = '"';
  memcpy (p, name, length);
  memcpy (p + length, "\":", 2);
  imp_output_buffer_commit (output, length + 4);
}

static void
write_number (ImpOutputBuffer *output, gint64 number)
{
  guint64 rest = number < 0 ? -(guint64) number : (guint64) number;
  guint8 digits[20], *p;
  gsize n = 0;

  do
    digits[n++] = '0' + rest % 10;
  while ((rest /= 10) != 0);
  p = imp_output_buffer_reserve (output, n + 1);
  if (number < 0)
    *p++ = '-';
  for (gsize i = 0; i < n; i++)
    p[i] = digits[n - 1 - i];
  imp_output_buffer_commit (output, n + (number < 0));
}

static void
write_escape (ImpOutputBuffer *output, guint8 byte)
{
  static const char hex[] = "0123456789abcdef";
  guint8 *p = imp_output_buffer_reserve (output, 6);
  const char *letters = "btn_fr"; /* from U+0008 on */

  p[0] = '\\';
  if (byte == '"' || byte == '\\')
    p[1] = byte;
  else if (byte >= '\b' && byte <= '\r' && byte != '\v')
    p[1] = letters[byte - '\b'];
  else
    {
      memcpy (p + 1, "u00", 3);
      p[4] = hex[byte >> 4];
      p[5] = hex[byte & 15];
      imp_output_buffer_commit (output, 6);
      return;
    }
  imp_output_buffer_commit (output, 2);
}

/* FALSE where the bytes are no UTF-8 or hold U+0000; what was written by then is the caller's to
 * take back. */
static gboolean
write_escaped (ImpOutputBuffer *output, const guint8 *p, gsize length)
{
  const guint8 *end = p + length;

  while (p < end)
    {
      const guint8 *stop = imp_json_plain (p, end);

      imp_output_buffer_append (output, p, stop - p);
      p = stop;
      if (p == end)
        break;
      if (*p == 0 || *p >= 0x80)
        return FALSE;
      write_escape (output, *p++);
    }
  return TRUE;
}

static void
write_text (ImpOutputBuffer *output, const char *text)
{
  append_literal (output, "\"");
  write_escaped (output, (const guint8 *) text, strlen (text));
  append_literal (output, "\"");
}

/* What is text is nearly always so from its first byte to its last, and what is not is seldom so
 * in its first hundred: so it is written as text, and taken back where it turns out to be none. */
static void
write_data (ImpOutputBuffer *output, GBytes *bytes)
{
  ImpOutputBufferMark mark;
  gsize length = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  imp_output_buffer_mark (output, &mark);
  append_literal (output, ",\"text\":\"");
  if (length > 0 && !write_escaped (output, data, length))
    {
      imp_output_buffer_truncate (output, &mark);
      append_literal (output, ",\"data\":\"");
      imp_base64_append (output, data, length);
    }
  append_literal (output, "\"");
}

static void
write_context (ImpOutputBuffer *output, ImpContext *context, gboolean numbers)
{
  gsize position = 0;
  const char *key, *value, *separator = "{";

  while (imp_context_next (context, &position, &key, &value))
    {
      imp_output_buffer_append (output, separator, 1);
      separator = ",";
      write_text (output, key);
      append_literal (output, ":");
      if (numbers)
        write_number (output, g_ascii_strtoll (value, NULL, 10));
      else
        write_text (output, value);
    }
  if (*separator == '{')
    append_literal (output, "{");
  append_literal (output, "}");
}

static void
write_details (ImpOutputBuffer *output, GHashTable *details)
{
  g_autoptr (ImpContext) packed = imp_details_pack (details);

  write_context (output, packed, FALSE);
}

static void
write_texts (ImpOutputBuffer *output, char **texts)
{
  append_literal (output, "[");
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      if (i > 0)
        append_literal (output, ",");
      write_text (output, texts[i]);
    }
  append_literal (output, "]");
}

static void
write_interface (ImpOutputBuffer *output, ImpInterface *interface)
{
  guint16 numbers[IMP_MAX_RESULT_TYPES];
  guint n = imp_result_flags_list (imp_interface_get_results (interface), numbers);

  append_literal (output, "{\"type\":");
  if (imp_interface_get_data_type (interface) == IMP_DATA_TYPE_ANY)
    append_literal (output, "null");
  else
    write_number (output, imp_interface_get_data_type (interface));
  for (guint i = 0; i < n; i++)
    {
      if (i == 0)
        append_literal (output, ",\"results\":[");
      else
        append_literal (output, ",");
      write_text (output, imp_result_type_to_string (numbers[i]));
    }
  if (n > 0)
    append_literal (output, "]");
  append_literal (output, "}");
}

static void
write_interfaces (ImpOutputBuffer *output, GList *interfaces)
{
  append_literal (output, "[");
  for (GList *l = interfaces; l != NULL; l = l->next)
    {
      write_interface (output, l->data);
      if (l->next != NULL)
        append_literal (output, ",");
    }
  append_literal (output, "]");
}

static const char *
level_to_string (gint64 level)
{
  g_autoptr (GEnumClass) levels = g_type_class_ref (IMP_TYPE_LOG_LEVEL);

  return g_enum_get_value (levels, level)->value_nick;
}

static void
write_number_field (ImpOutputBuffer *output, ImpField field, gint64 number)
{
  if (field == IMP_FIELD_RESULT)
    write_text (output, imp_result_type_to_string (number));
  else if (field == IMP_FIELD_LEVEL)
    write_text (output, level_to_string (number));
  else
    write_number (output, number);
}

static void
write_pairs_field (const ImpMessage *message, ImpField field, ImpOutputBuffer *output)
{
  if (field == IMP_FIELD_CONTEXT)
    write_context (output, message->context, FALSE);
  else if (field == IMP_FIELD_LIMITS)
    write_context (output, message->limits, TRUE);
  else
    write_details (output, message->result->details);
}

static void
write_field (const ImpMessage *message, ImpField field, ImpOutputBuffer *output)
{
  g_autofree char *owned = NULL;
  ImpFieldKind kind = imp_field_infos[field].kind;

  if (kind != IMP_FIELD_KIND_DATA)
    write_name (output, imp_field_infos[field].name);
  switch (kind)
    {
    case IMP_FIELD_KIND_NUMBER:
      write_number_field (output, field, imp_message_number (message, field));
      break;
    case IMP_FIELD_KIND_BOOLEAN:
      if (imp_message_number (message, field) != 0)
        append_literal (output, "true");
      else
        append_literal (output, "false");
      break;
    case IMP_FIELD_KIND_TEXT:
      write_text (output, imp_message_text (message, field, &owned));
      break;
    case IMP_FIELD_KIND_PAIRS:
    case IMP_FIELD_KIND_NUMBERS:
      write_pairs_field (message, field, output);
      break;
    case IMP_FIELD_KIND_TEXTS:
      write_texts (output, message->features);
      break;
    case IMP_FIELD_KIND_INTERFACES:
      write_interfaces (output, message->interfaces);
      break;
    case IMP_FIELD_KIND_INTERFACE:
      write_interface (output, message->interfaces->data);
      break;
    case IMP_FIELD_KIND_DATA:
      write_data (output, imp_message_bytes (message));
      break;
    }
}

void
imp_json_write (const ImpMessage *message, guint version, ImpOutputBuffer *output)
{
  const ImpShape *shape = imp_shape_of_op (message->op);
  guint n = message->op == IMP_OP_SET_VERSION && version == 1 ? 1 : IMP_MAX_FIELDS_OF_ONE;

  append_literal (output, "{\"op\":");
  write_text (output, imp_op_to_string (message->op));
  for (guint i = 0; i < n && shape->fields[i] != IMP_FIELD_END; i++)
    write_field (message, shape->fields[i], output);
  if (message->op == IMP_OP_RESULT)
    {
      shape = imp_shape_of_result (message->result->type);
      for (guint i = 0; shape->fields[i] != IMP_FIELD_END; i++)
        write_field (message, shape->fields[i], output);
    }
  append_literal (output, "}");
}
