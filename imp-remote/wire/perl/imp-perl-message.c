/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-message-private.h"

#include "core/imp-error.h"

#include <string.h>

/* Perl's side has the fields in the same order as the tables, each as a plain value. */

#define PERL_VERSION 1
#define META "meta"

/* Of one interface: far more than there are, but one list can be referred to by many. */
#define MAX_RESULTS 256

/* Perl's constants are called as ours, but for two. */
static gint64
perl_look_up (ImpFieldKind kind, const char *name)
{
  if (kind == IMP_FIELD_KIND_RESULT_TYPE && g_str_equal (name, "acctfield"))
    return IMP_RESULT_ACCOUNT_FIELD;
  if (kind == IMP_FIELD_KIND_RESULT_TYPE && g_str_equal (name, "tosender"))
    return IMP_RESULT_TO_SENDER;
  return imp_field_kind_look_up (kind, name);
}

static char *
perl_dup_name (const ImpPerlValue *value)
{
  if (value == NULL || value->kind != IMP_PERL_STRING)
    return NULL;
  return g_strndup ((const char *) value->string.data, value->string.length);
}

/* Perl's constants are numbers and names at once, and it is the name that gets frozen. */
static gboolean
perl_get_named (ImpPerlTree *tree, const ImpPerlValue *value, ImpFieldKind kind, const char *what,
                gint64 *number)
{
  g_autofree char *name = perl_dup_name (value);

  *number = name != NULL ? perl_look_up (kind, name) : 0;
  return *number != 0
         || imp_perl_tree_bad (tree, "\"%s\" is not a whole number%s", what,
                               kind != IMP_FIELD_KIND_NUMBER ? ", nor a name that is known" : "");
}

static gboolean
perl_get_number (ImpPerlTree *tree, const ImpPerlValue *value, ImpFieldKind kind, const char *what,
                 gint64 *number)
{
  return imp_perl_value_get_integer (value, number)
         || perl_get_named (tree, value, kind, what, number);
}

static gboolean
perl_get_op (ImpPerlTree *tree, const ImpPerlValue *value, gint64 *op)
{
  g_autofree char *name = NULL;

  if (imp_perl_value_get_integer (value, op))
    return TRUE;
  name = perl_dup_name (value);
  *op = name != NULL ? imp_op_from_string (name) : 0;
  if (*op != 0)
    return TRUE;
  return imp_perl_tree_bad (tree, "\"op\" is not a whole number, nor a name that is known");
}

static gboolean
perl_refuse_field (ImpPerlTree *tree, ImpField field, const char *wanted)
{
  return imp_perl_tree_bad (tree, "\"%s\" is not %s", imp_field_infos[field].name, wanted);
}

/* An undef is a number that is not there; that of a direction, which must be there, is 0. */
static gboolean
perl_read_number (ImpPerlItems *arguments, ImpField field, ImpFields *fields)
{
  const ImpFieldInfo *info = &imp_field_infos[field];
  const ImpPerlValue *value = imp_perl_items_take (arguments);
  gint64 number = 0;

  if (imp_perl_value_is_undef (value))
    {
      if (field != IMP_FIELD_DIRECTION)
        return TRUE;
    }
  else if (!perl_get_number (arguments->tree, value, info->kind, info->name, &number))
    {
      return FALSE;
    }
  return imp_fields_set_number (fields, field, number, arguments->tree->error);
}

static gboolean
perl_read_text (ImpPerlItems *arguments, ImpField field, ImpFields *fields)
{
  const ImpPerlValue *value = imp_perl_items_take (arguments);
  g_autoptr (GString) scratch = NULL;
  const char *text;
  gsize length;

  if (imp_perl_value_is_undef (value))
    return TRUE;
  scratch = g_string_new (NULL);
  if (!imp_perl_value_get_text (value, scratch, &text, &length))
    return perl_refuse_field (arguments->tree, field, "a string");
  imp_fields_take (fields, field, g_strndup (text, length));
  return TRUE;
}

static gboolean
perl_is_no_text (const ImpPerlValue *value)
{
  return value != NULL && value->kind == IMP_PERL_STRING && value->string.form == IMP_PERL_BYTES
         && !g_utf8_validate_len ((const char *) value->string.data, value->string.length, NULL);
}

/* A pattern is matched against bytes: those that are no text stay what they are. */
static gboolean
perl_read_pattern (ImpPerlItems *arguments, ImpField field, ImpFields *fields)
{
  const ImpPerlValue *value = arguments->next;
  GString *text;

  if (!perl_is_no_text (value))
    return perl_read_text (arguments, field, fields);
  imp_perl_items_take (arguments);
  text = g_string_new (NULL);
  for (gsize i = 0; i < value->string.length; i++)
    if (value->string.data[i] >= 0x80 || value->string.data[i] == 0)
      g_string_append_printf (text, "\\x%02x", value->string.data[i]);
    else
      g_string_append_c (text, value->string.data[i]);
  imp_fields_take (fields, field, g_string_free (text, FALSE));
  return TRUE;
}

/* At the end of a stream undef will do. */
static gboolean
perl_read_data (ImpPerlItems *arguments, ImpField field, ImpFields *fields)
{
  const ImpPerlValue *value = imp_perl_items_take (arguments);
  GBytes *bytes = imp_perl_value_is_undef (value)
                    ? g_bytes_new_static (NULL, 0)
                    : imp_perl_value_dup_bytes (value, &arguments->tree->input);

  if (bytes == NULL)
    return perl_refuse_field (arguments->tree, field, "a string of bytes");
  imp_fields_take (fields, field, bytes);
  return TRUE;
}

static gboolean
perl_read_context (ImpPerlItems *arguments, ImpField field, ImpFields *fields)
{
  ImpContext *context = NULL;

  if (!imp_perl_context_read (arguments->tree, imp_perl_items_take (arguments), &context))
    return FALSE;
  imp_fields_take (fields, field, context);
  return TRUE;
}

static gboolean
perl_read_details (ImpPerlItems *arguments, ImpField field, ImpFields *fields)
{
  ImpContext *details = NULL;

  if (!imp_perl_details_read (arguments, &details))
    return FALSE;
  imp_fields_take (fields, field, details);
  return TRUE;
}

static gboolean
perl_read_results (ImpPerlTree *tree, const ImpPerlValue *list, ImpInterfaceFields *interface)
{
  ImpPerlItems items;
  gint64 type = 0;

  if (imp_perl_value_is_undef (list) || (list->kind == IMP_PERL_ARRAY && list->items.count == 0))
    return TRUE;
  if (list->kind != IMP_PERL_ARRAY || list->items.count > MAX_RESULTS)
    return imp_perl_tree_bad (tree, "The results of an interface are not a list of at most %d",
                              MAX_RESULTS);
  interface->restricted = TRUE;
  imp_perl_items_init (&items, tree, list);
  while (items.next != NULL)
    {
      if (!perl_get_number (tree, imp_perl_items_take (&items), IMP_FIELD_KIND_RESULT_TYPE,
                            "result", &type))
        return FALSE;
      imp_interface_fields_add_result (interface, type);
    }
  return TRUE;
}

/* [type or undef, [results] or undef] */
static gboolean
perl_read_one_interface (ImpPerlItems *entry, GQueue *interfaces)
{
  ImpInterfaceFields interface = IMP_INTERFACE_FIELDS_INIT;
  const ImpPerlValue *type = imp_perl_items_take (entry);

  if (!imp_perl_value_is_undef (type)
      && !perl_get_number (entry->tree, type, IMP_FIELD_KIND_DATA_TYPE, "type", &interface.type))
    return FALSE;
  return perl_read_results (entry->tree, imp_perl_items_take (entry), &interface)
         && imp_interface_fields_finish (&interface, "", interfaces, entry->tree->error);
}

/* Interfaces, and lists of interfaces. */
static gboolean
perl_read_interface_list (ImpPerlItems *list, gboolean may_nest, guint *count, GQueue *interfaces)
{
  const ImpPerlValue *entry;

  while ((entry = imp_perl_items_take (list)) != NULL)
    {
      ImpPerlItems items;
      gboolean read = TRUE;

      if (entry->kind != IMP_PERL_ARRAY || ++*count > IMP_MAX_INTERFACES)
        return imp_perl_tree_bad (list->tree, "The interfaces are not a list of at most %d",
                                  IMP_MAX_INTERFACES);
      imp_perl_items_init (&items, list->tree, entry);
      if (items.next != NULL && items.next->kind == IMP_PERL_ARRAY && may_nest)
        read = perl_read_interface_list (&items, FALSE, count, interfaces);
      else if (items.next != NULL)
        read = perl_read_one_interface (&items, interfaces);
      if (!read)
        return FALSE;
    }
  return TRUE;
}

/* The arguments are interfaces, or a list of interfaces, or themselves make one interface: programs
 * of each kind are about. */
static gboolean
perl_read_interfaces (ImpPerlItems *arguments, ImpField field, ImpFields *fields)
{
  GQueue interfaces = G_QUEUE_INIT;
  guint count = 0;
  gboolean good = arguments->next != NULL && arguments->next->kind != IMP_PERL_ARRAY
                    ? perl_read_one_interface (arguments, &interfaces)
                    : perl_read_interface_list (arguments, TRUE, &count, &interfaces);

  if (good && imp_field_infos[field].kind == IMP_FIELD_KIND_INTERFACE && interfaces.length != 1)
    good = perl_refuse_field (arguments->tree, field, "exactly one");
  return imp_fields_take_interfaces (fields, field, &interfaces, good);
}

typedef struct
{
  const ImpPerlWriter *to;
  ImpOutputBuffer *output;
} PerlOutput;

static void
perl_write_integer (PerlOutput *self, const ImpFieldValue *value)
{
  self->to->integer (self->output, value->number);
}

/* What is no more than ASCII is the same as bytes and as characters. */
static void
perl_write_string (PerlOutput *self, const char *text)
{
  gsize length = strlen (text);

  self->to->string (self->output, text, length, !imp_text_is_plain (text, length));
}

static void
perl_write_text (PerlOutput *self, const ImpFieldValue *value)
{
  perl_write_string (self, value->text);
}

/* A pattern is matched against bytes, so that it goes as bytes. */
static void
perl_write_pattern (PerlOutput *self, const ImpFieldValue *value)
{
  self->to->string (self->output, value->text, strlen (value->text), FALSE);
}

static void
perl_write_data (PerlOutput *self, const ImpFieldValue *value)
{
  self->to->bytes (self->output, value->data);
}

static gboolean
perl_has_utf8_key (ImpContext *context)
{
  gsize position = 0;
  ImpContextPair pair;

  while (imp_context_next_pair (context, &position, &pair))
    if (!imp_text_is_plain (pair.key, pair.key_length))
      return TRUE;
  return FALSE;
}

static void
perl_write_hash (PerlOutput *self, ImpContext *context)
{
  gboolean utf8 = perl_has_utf8_key (context);
  gsize position = 0;
  ImpContextPair pair;

  self->to->hash (self->output, imp_context_get_n_pairs (context), utf8);
  while (imp_context_next_pair (context, &position, &pair))
    {
      self->to->key (self->output, pair.key, pair.key_length, utf8);
      perl_write_string (self, pair.value);
      self->to->key_after (self->output, pair.key, pair.key_length, utf8);
    }
}

/* Perl's plugins look for all of it under "meta". */
static void
perl_write_context (PerlOutput *self, const ImpFieldValue *value)
{
  g_autoptr (ImpContext) plain = imp_perl_context_plain (value->pairs);

  self->to->hash (self->output, plain != NULL ? 1 : 0, FALSE);
  if (plain == NULL)
    return;
  self->to->key (self->output, META, strlen (META), FALSE);
  perl_write_hash (self, plain);
  self->to->key_after (self->output, META, strlen (META), FALSE);
}

static void
perl_write_details (PerlOutput *self, const ImpFieldValue *value)
{
  gsize position = 0;
  ImpContextPair pair;

  while (imp_context_next_pair (value->pairs, &position, &pair))
    {
      perl_write_string (self, pair.key);
      perl_write_string (self, pair.value);
    }
}

static void
perl_write_one_interface (PerlOutput *self, ImpInterface *interface)
{
  ImpResultFlags results = imp_interface_get_results (interface);
  gint32 type = imp_interface_get_data_type (interface);
  guint16 numbers[IMP_MAX_RESULT_TYPES];
  guint n = imp_result_flags_list (results, 1, numbers);

  self->to->array (self->output, results == IMP_RESULT_FLAGS_ALL ? 1 : 2);
  if (type == IMP_DATA_TYPE_ANY)
    self->to->undef (self->output);
  else
    self->to->integer (self->output, type);
  if (results == IMP_RESULT_FLAGS_ALL)
    return;
  self->to->array (self->output, n);
  for (guint i = 0; i < n; i++)
    self->to->integer (self->output, numbers[i]);
}

static void
perl_write_interfaces (PerlOutput *self, const ImpFieldValue *value)
{
  for (GList *l = value->interfaces; l != NULL; l = l->next)
    perl_write_one_interface (self, l->data);
}

/* What only version 2 of the protocol has is neither read nor written. */
static const struct
{
  gboolean (*read) (ImpPerlItems *arguments, ImpField field, ImpFields *fields);
  void (*write) (PerlOutput *self, const ImpFieldValue *value);
} perl_kinds[IMP_N_FIELD_KINDS] = {
  [IMP_FIELD_KIND_NUMBER] = { perl_read_number, perl_write_integer },
  [IMP_FIELD_KIND_DATA_TYPE] = { perl_read_number, perl_write_integer },
  [IMP_FIELD_KIND_RESULT_TYPE] = { perl_read_number, perl_write_integer },
  [IMP_FIELD_KIND_LEVEL] = { perl_read_number, perl_write_integer },
  [IMP_FIELD_KIND_TEXT] = { perl_read_text, perl_write_text },
  [IMP_FIELD_KIND_PATTERN] = { perl_read_pattern, perl_write_pattern },
  [IMP_FIELD_KIND_CONTEXT] = { perl_read_context, perl_write_context },
  [IMP_FIELD_KIND_DETAILS] = { perl_read_details, perl_write_details },
  [IMP_FIELD_KIND_INTERFACES] = { perl_read_interfaces, perl_write_interfaces },
  [IMP_FIELD_KIND_INTERFACE] = { perl_read_interfaces, perl_write_interfaces },
  [IMP_FIELD_KIND_DATA] = { perl_read_data, perl_write_data },
};

/* What version 2 has put behind the version is not looked at. */
static gboolean
perl_read_schema (ImpPerlItems *arguments, ImpFields *fields, const ImpMessageSchema *schema)
{
  for (const guint8 *f = schema->fields; *f != IMP_FIELD_END; f++)
    {
      ImpField field = *f & ~IMP_FIELD_OPTIONAL;

      if (imp_field_infos[field].version <= PERL_VERSION
          && !perl_kinds[imp_field_infos[field].kind].read (arguments, field, fields))
        return FALSE;
    }
  return TRUE;
}

static gboolean
perl_read_fields (ImpPerlTree *tree, gint64 op, ImpFields *fields)
{
  ImpPerlItems arguments;

  imp_perl_items_init (&arguments, tree, imp_perl_tree_get (tree, 0));
  if (op == 0 && !perl_get_op (tree, imp_perl_items_take (&arguments), &op))
    return FALSE;
  return imp_fields_set_op (fields, op, PERL_VERSION, tree->error)
         && perl_read_schema (&arguments, fields, fields->op)
         && (fields->result == NULL || perl_read_schema (&arguments, fields, fields->result));
}

void
imp_perl_message_read (ImpPerlTree *tree, gint64 op, ImpMessage *message)
{
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;

  if (imp_perl_tree_get (tree, 0)->kind != IMP_PERL_ARRAY)
    imp_perl_tree_bad (tree, "A message is not an array");
  else
    tree->status = imp_fields_finish (&fields, perl_read_fields (tree, op, &fields), message,
                                      tree->error);
}

/* Lists are no values of their own: their elements are. */
static guint
perl_count_values (ImpField field, const ImpFieldValue *value)
{
  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_DETAILS:
      return 2 * imp_context_get_n_pairs (value->pairs);
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      return g_list_length (value->interfaces);
    default:
      return 1;
    }
}

gboolean
imp_perl_message_write (const ImpMessage *message, const ImpPerlWriter *writer,
                        ImpOutputBuffer *output, GError **error)
{
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;
  PerlOutput self = { writer, output };
  guint n = 0;

  if (!imp_fields_from_message (&fields, message, PERL_VERSION, error))
    return FALSE;
  /* How else the position 0 can be spelled after a pass_pattern is not known there. */
  if (message->op == IMP_OP_DATA && message->offset < 0)
    fields.values[IMP_FIELD_OFFSET].number = 0;
  for (guint i = 0; i < fields.n_fields; i++)
    n += perl_count_values (fields.fields[i], &fields.values[fields.fields[i]]);
  writer->begin (output, message->op, n);
  for (guint i = 0; i < fields.n_fields; i++)
    perl_kinds[imp_field_infos[fields.fields[i]].kind].write (&self,
                                                              &fields.values[fields.fields[i]]);
  return TRUE;
}
