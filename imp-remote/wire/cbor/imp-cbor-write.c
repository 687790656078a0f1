/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"
#include "wire/cbor/imp-cbor-private.h"

static void
write_head (ImpOutputBuffer *output, guint major, guint64 value)
{
  guint8 *start = imp_output_buffer_reserve (output, IMP_CBOR_HEAD_MAX);

  imp_output_buffer_commit (output, imp_cbor_put_head (start, major, value) - start);
}

static void
write_int (ImpOutputBuffer *output, gint64 value)
{
  guint8 *start = imp_output_buffer_reserve (output, IMP_CBOR_HEAD_MAX);

  imp_output_buffer_commit (output, imp_cbor_put_int (start, value) - start);
}

static void
write_simple (ImpOutputBuffer *output, guint value)
{
  write_head (output, IMP_CBOR_SIMPLE, value);
}

#define SIMPLE_FALSE 20
#define SIMPLE_TRUE 21
#define SIMPLE_NULL 22

static void
write_text (ImpOutputBuffer *output, const char *text)
{
  gsize length = strlen (text);

  write_head (output, IMP_CBOR_TEXT, length);
  imp_output_buffer_append (output, text, length);
}

static void
write_data (ImpOutputBuffer *output, GBytes *bytes)
{
  write_head (output, IMP_CBOR_BYTES, bytes != NULL ? g_bytes_get_size (bytes) : 0);
  if (bytes != NULL)
    imp_output_buffer_append_bytes (output, bytes);
}

static void
write_context (ImpOutputBuffer *output, ImpContext *context, gboolean numbers)
{
  gsize position = 0;
  const char *key, *value;

  write_head (output, IMP_CBOR_MAP, imp_context_get_n_pairs (context));
  while (imp_context_next (context, &position, &key, &value))
    {
      write_text (output, key);
      if (numbers)
        write_head (output, IMP_CBOR_UNSIGNED, g_ascii_strtoull (value, NULL, 10));
      else
        write_text (output, value);
    }
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
  guint n = texts != NULL ? g_strv_length (texts) : 0;

  write_head (output, IMP_CBOR_ARRAY, n);
  for (guint i = 0; i < n; i++)
    write_text (output, texts[i]);
}

static void
write_interface (ImpOutputBuffer *output, ImpInterface *interface)
{
  ImpResultFlags flags = imp_interface_get_results (interface);
  guint16 numbers[IMP_MAX_RESULT_TYPES];
  guint n = imp_result_flags_list (flags, numbers);

  write_head (output, IMP_CBOR_ARRAY, flags == IMP_RESULT_FLAGS_ALL ? 1 : 2);
  if (imp_interface_get_data_type (interface) == IMP_DATA_TYPE_ANY)
    write_simple (output, SIMPLE_NULL);
  else
    write_int (output, imp_interface_get_data_type (interface));
  if (flags == IMP_RESULT_FLAGS_ALL)
    return;
  write_head (output, IMP_CBOR_ARRAY, n);
  for (guint i = 0; i < n; i++)
    write_int (output, numbers[i]);
}

static void
write_interfaces (ImpOutputBuffer *output, GList *interfaces)
{
  write_head (output, IMP_CBOR_ARRAY, g_list_length (interfaces));
  for (GList *l = interfaces; l != NULL; l = l->next)
    write_interface (output, l->data);
}

static void
write_field (const ImpMessage *message, ImpField field, ImpOutputBuffer *output)
{
  g_autofree char *owned = NULL;

  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_NUMBER:
      write_int (output, imp_message_number (message, field));
      break;
    case IMP_FIELD_KIND_BOOLEAN:
      write_simple (output, imp_message_number (message, field) ? SIMPLE_TRUE : SIMPLE_FALSE);
      break;
    case IMP_FIELD_KIND_TEXT:
      write_text (output, imp_message_text (message, field, &owned));
      break;
    case IMP_FIELD_KIND_PAIRS:
      if (field == IMP_FIELD_CONTEXT)
        write_context (output, message->context, FALSE);
      else
        write_details (output, message->result->details);
      break;
    case IMP_FIELD_KIND_NUMBERS:
      write_context (output, message->limits, TRUE);
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

static guint
count_fields (const ImpShape *shape)
{
  guint n = 0;

  while (shape->fields[n] != IMP_FIELD_END)
    n++;
  return n;
}

void
imp_cbor_write (const ImpMessage *message, guint version, ImpOutputBuffer *output)
{
  const ImpShape *shape = imp_shape_of_op (message->op);
  const ImpShape *result = NULL;
  guint n = count_fields (shape);
  guint n_result = 0;

  if (message->op == IMP_OP_SET_VERSION && version == 1)
    n = 1;
  if (message->op == IMP_OP_RESULT)
    {
      result = imp_shape_of_result (message->result->type);
      n_result = count_fields (result);
    }

  write_head (output, IMP_CBOR_ARRAY, 1 + n + n_result);
  write_int (output, message->op);
  for (guint i = 0; i < n; i++)
    write_field (message, shape->fields[i], output);
  for (guint i = 0; i < n_result; i++)
    write_field (message, result->fields[i], output);
}
