/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-message-private.h"

#include "core/imp-interface-private.h"
#include "core/imp-result-private.h"

#include <string.h>

/* Perl's side has the fields in the same order as the tables, each as a plain value. */

#define PERL_VERSION 1
#define META "meta"

typedef struct
{
  const ImpPerlWriter *to;
  ImpOutputBuffer *output;
} Writer;

gboolean
imp_perl_is_ascii (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guchar) text[i] >= 0x80)
      return FALSE;
  return TRUE;
}

/* What is no more than ASCII is the same as bytes and as characters. */
static void
write_text (Writer *self, const char *text)
{
  gsize length = strlen (text);

  self->to->string (self->output, text, length, !imp_perl_is_ascii (text, length));
}

/* An expression is matched against bytes, so that it goes as bytes. */
static void
write_text_field (Writer *self, const char *text, ImpField field)
{
  if (field == IMP_FIELD_PATTERN)
    self->to->string (self->output, text, strlen (text), FALSE);
  else
    write_text (self, text);
}

static void
write_interface (Writer *self, ImpInterface *interface)
{
  ImpResultFlags flags = imp_interface_get_results (interface);
  gint32 type = imp_interface_get_data_type (interface);
  guint16 numbers[IMP_MAX_RESULT_TYPES];
  guint n = imp_result_flags_list (flags, numbers);

  self->to->array (self->output, flags == IMP_RESULT_FLAGS_ALL ? 1 : 2);
  if (type == IMP_DATA_TYPE_ANY)
    self->to->undef (self->output);
  else
    self->to->integer (self->output, type);
  if (flags == IMP_RESULT_FLAGS_ALL)
    return;
  self->to->array (self->output, n);
  for (guint i = 0; i < n; i++)
    self->to->integer (self->output, numbers[i]);
}

static gboolean
has_utf8_key (ImpContext *context)
{
  gsize position = 0;
  const char *key, *value;

  while (imp_context_next (context, &position, &key, &value))
    if (!imp_perl_is_ascii (key, strlen (key)))
      return TRUE;
  return FALSE;
}

static void
write_hash (Writer *self, ImpContext *context)
{
  gboolean utf8 = has_utf8_key (context);
  gsize position = 0;
  const char *key, *value;

  self->to->hash (self->output, imp_context_get_n_pairs (context), utf8);
  while (imp_context_next (context, &position, &key, &value))
    {
      gsize length = strlen (key);

      self->to->key (self->output, key, length, utf8);
      write_text (self, value);
      self->to->key_after (self->output, key, length, utf8);
    }
}

/* Perl's plugins look for all of it under "meta". */
static void
write_context (Writer *self, ImpContext *context)
{
  g_autoptr (ImpContext) plain = imp_perl_context_plain (context);

  self->to->hash (self->output, plain != NULL ? 1 : 0, FALSE);
  if (plain == NULL)
    return;
  self->to->key (self->output, META, strlen (META), FALSE);
  write_hash (self, plain);
  self->to->key_after (self->output, META, strlen (META), FALSE);
}

static void
write_details (Writer *self, GHashTable *details)
{
  GHashTableIter iter;
  gpointer key, value;

  if (details == NULL)
    return;
  g_hash_table_iter_init (&iter, details);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      write_text (self, key);
      write_text (self, value);
    }
}

static void
write_bytes (Writer *self, GBytes *bytes)
{
  if (bytes != NULL)
    self->to->bytes (self->output, bytes);
  else
    self->to->string (self->output, "", 0, FALSE);
}

/* How the position 0 is told after a pass_pattern is not known there. */
static void
write_number (Writer *self, const ImpMessage *message, ImpField field)
{
  gint64 number = imp_message_number (message, field);

  if (message->op == IMP_OP_DATA && field == IMP_FIELD_OFFSET && number < 0)
    number = 0;
  self->to->integer (self->output, number);
}

static void
write_field (Writer *self, const ImpMessage *message, ImpField field)
{
  g_autofree char *owned = NULL;

  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_NUMBER:
      write_number (self, message, field);
      break;
    case IMP_FIELD_KIND_TEXT:
      write_text_field (self, imp_message_text (message, field, &owned), field);
      break;
    case IMP_FIELD_KIND_DATA:
      write_bytes (self, imp_message_bytes (message));
      break;
    case IMP_FIELD_KIND_PAIRS:
      if (field == IMP_FIELD_CONTEXT)
        write_context (self, message->context);
      else
        write_details (self, message->result->details);
      break;
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      for (GList *l = message->interfaces; l != NULL; l = l->next)
        write_interface (self, l->data);
      break;
    default: /* what only version 2 has */
      break;
    }
}

/* Lists are no values of their own: their elements are. */
static guint
count_field (const ImpMessage *message, ImpField field)
{
  if (field == IMP_FIELD_DETAILS)
    return message->result->details != NULL ? 2 * g_hash_table_size (message->result->details) : 0;
  if (field == IMP_FIELD_INTERFACES || field == IMP_FIELD_INTERFACE)
    return g_list_length (message->interfaces);
  return 1;
}

static guint
count_fields (const ImpMessage *message, const ImpShape *shape)
{
  guint n = 0;

  for (guint i = 0; shape != NULL && shape->fields[i] != IMP_FIELD_END; i++)
    n += count_field (message, shape->fields[i]);
  return n;
}

static void
write_shape (Writer *self, const ImpMessage *message, const ImpShape *shape)
{
  for (guint i = 0; shape != NULL && shape->fields[i] != IMP_FIELD_END; i++)
    write_field (self, message, shape->fields[i]);
}

gboolean
imp_perl_message_write (const ImpMessage *message, const ImpPerlWriter *writer,
                        ImpOutputBuffer *output, GError **error)
{
  const ImpShape *shape = imp_shape_of_op (message->op), *result = NULL;
  Writer self = { writer, output };

  if (!imp_message_check (message, PERL_VERSION, error))
    return FALSE;
  if (message->op == IMP_OP_SET_VERSION)
    {
      writer->begin (output, message->op, 1);
      writer->integer (output, message->version);
      return TRUE;
    }
  if (message->op == IMP_OP_RESULT)
    result = imp_shape_of_result (message->result->type);
  writer->begin (output, message->op,
                 count_fields (message, shape) + count_fields (message, result));
  write_shape (&self, message, shape);
  write_shape (&self, message, result);
  return TRUE;
}
