/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-message-private.h"

#include "core/imp-error.h"

/* Perl's side has the fields in the same order as the tables, each as a plain value. */

#define PERL_VERSION 1

void
imp_perl_arguments_init (ImpPerlArguments *self, ImpPerlTree *tree, const ImpPerlValue *container)
{
  self->tree = tree;
  self->next = NULL;
  if (container->items.first != 0)
    self->next = imp_perl_tree_get (tree, container->items.first);
}

const ImpPerlValue *
imp_perl_arguments_take (ImpPerlArguments *self)
{
  const ImpPerlValue *value = self->next;

  if (value != NULL)
    self->next = value->next != 0 ? imp_perl_tree_get (self->tree, value->next) : NULL;
  return value;
}

/* Perl's constants are numbers and names at once, and it is the name that gets frozen. */
static gboolean
look_up (const ImpPerlValue *value, ImpPerlLookup lookup, gint64 *number)
{
  g_autofree char *name = NULL;

  if (value == NULL || value->kind != IMP_PERL_STRING || lookup == NULL)
    return FALSE;
  name = g_strndup ((const char *) value->string.data, value->string.length);
  *number = lookup (name);
  return *number != 0;
}

gboolean
imp_perl_read_number (ImpPerlTree *tree, const ImpPerlValue *value, const char *name,
                      ImpPerlLookup lookup, gint64 *number)
{
  if (imp_perl_value_get_integer (value, number) || look_up (value, lookup, number))
    return TRUE;
  imp_perl_tree_bad (tree, "\"%s\" is not a whole number%s", name,
                     lookup != NULL ? ", nor a name that is known" : "");
  return FALSE;
}

gint64
imp_perl_data_type_named (const char *name)
{
  return imp_data_type_from_name (name);
}

/* Perl's constants are called as ours, but for two. */
gint64
imp_perl_result_named (const char *name)
{
  if (g_str_equal (name, "acctfield"))
    return IMP_RESULT_ACCOUNT_FIELD;
  if (g_str_equal (name, "tosender"))
    return IMP_RESULT_TO_SENDER;
  return imp_result_type_from_string (name);
}

static gint64
level_named (const char *name)
{
  static const char *const names[] = { "debug", "info",     "notice", "warning",
                                       "error", "critical", "alert",  "emergency" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      return IMP_LOG_LEVEL_DEBUG + (gint64) i;
  return 0;
}

static gint64
op_named (const char *name)
{
  return imp_op_from_string (name);
}

static ImpPerlLookup
lookup_of (ImpField field)
{
  switch (field)
    {
    case IMP_FIELD_TYPE:
      return imp_perl_data_type_named;
    case IMP_FIELD_RESULT:
      return imp_perl_result_named;
    case IMP_FIELD_LEVEL:
      return level_named;
    default:
      return NULL;
    }
}

static gboolean
read_number (ImpPerlTree *tree, ImpFields *fields, ImpField field, const ImpPerlValue *value)
{
  gint64 number = 0;

  if (imp_perl_value_is_undef (value))
    return field != IMP_FIELD_DIRECTION || imp_fields_set_number (fields, field, 0, tree->error);
  return imp_perl_read_number (tree, value, imp_field_infos[field].name, lookup_of (field), &number)
         && imp_fields_set_number (fields, field, number, tree->error);
}

static gboolean
bad_field (ImpPerlTree *tree, ImpField field, const char *wanted)
{
  imp_perl_tree_bad (tree, "\"%s\" is not %s", imp_field_infos[field].name, wanted);
  return FALSE;
}

/* An expression is matched against bytes: those that are no text stay what they are. */
static char *
expression_of (const ImpPerlString *string)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < string->length; i++)
    if (string->data[i] >= 0x80 || string->data[i] == 0)
      g_string_append_printf (text, "\\x%02x", string->data[i]);
    else
      g_string_append_c (text, string->data[i]);
  return g_string_free (text, FALSE);
}

static gboolean
is_no_text (const ImpPerlValue *value)
{
  return value->kind == IMP_PERL_STRING && value->string.form == IMP_PERL_BYTES
         && !g_utf8_validate_len ((const char *) value->string.data, value->string.length, NULL);
}

static gboolean
read_text (ImpPerlTree *tree, ImpFields *fields, ImpField field, const ImpPerlValue *value)
{
  g_autoptr (GString) scratch = NULL;
  const char *text;
  gsize length;

  if (imp_perl_value_is_undef (value))
    return TRUE;
  if (field == IMP_FIELD_PATTERN && is_no_text (value))
    {
      imp_fields_take (fields, field, expression_of (&value->string));
      return TRUE;
    }
  scratch = g_string_new (NULL);
  if (!imp_perl_value_get_text (value, scratch, &text, &length))
    return bad_field (tree, field, "a string");
  imp_fields_take (fields, field, g_strndup (text, length));
  return TRUE;
}

/* At the end of a stream undef will do. */
static gboolean
read_bytes (ImpPerlTree *tree, ImpFields *fields, ImpField field, const ImpPerlValue *value)
{
  GBytes *bytes = imp_perl_value_is_undef (value) ? g_bytes_new_static (NULL, 0)
                                                  : imp_perl_value_dup_bytes (value, &tree->input);

  if (bytes == NULL)
    return bad_field (tree, field, "a string of bytes");
  imp_fields_take (fields, field, bytes);
  return TRUE;
}

static gboolean
read_pairs (ImpPerlArguments *arguments, ImpFields *fields, ImpField field)
{
  ImpContext *pairs = NULL;

  if (field == IMP_FIELD_CONTEXT
        ? !imp_perl_context_read (arguments->tree, imp_perl_arguments_take (arguments), &pairs)
        : !imp_perl_details_read (arguments, &pairs))
    return FALSE;
  imp_fields_take (fields, field, pairs);
  return TRUE;
}

static gboolean
read_interfaces (ImpPerlArguments *arguments, ImpFields *fields, ImpField field)
{
  GList *interfaces = NULL;
  gboolean read = imp_perl_interfaces_read (arguments, &interfaces);

  imp_fields_take (fields, field, interfaces);
  if (!read || field == IMP_FIELD_INTERFACES)
    return read;
  return (interfaces != NULL && interfaces->next == NULL)
         || bad_field (arguments->tree, field, "exactly one");
}

static gboolean
read_field (ImpPerlArguments *arguments, ImpFields *fields, ImpField field)
{
  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_NUMBER:
      return read_number (arguments->tree, fields, field, imp_perl_arguments_take (arguments));
    case IMP_FIELD_KIND_TEXT:
      return read_text (arguments->tree, fields, field, imp_perl_arguments_take (arguments));
    case IMP_FIELD_KIND_DATA:
      return read_bytes (arguments->tree, fields, field, imp_perl_arguments_take (arguments));
    case IMP_FIELD_KIND_PAIRS:
      return read_pairs (arguments, fields, field);
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      return read_interfaces (arguments, fields, field);
    default: /* what only version 2 has */
      return TRUE;
    }
}

/* What version 2 has put behind the version is not looked at. */
static gboolean
read_shape (ImpPerlArguments *arguments, ImpFields *fields, const ImpShape *shape)
{
  guint n = shape->number == IMP_OP_SET_VERSION ? 1 : IMP_MAX_FIELDS_OF_ONE;

  for (guint i = 0; i < n && shape->fields[i] != IMP_FIELD_END; i++)
    if (!read_field (arguments, fields, shape->fields[i]))
      return FALSE;
  return TRUE;
}

static gboolean
set_op (ImpPerlTree *tree, ImpFields *fields, gint64 op)
{
  if (!imp_fields_set_op (fields, op, tree->error))
    return FALSE;
  if (fields->op->version <= PERL_VERSION)
    return TRUE;
  g_set_error (tree->error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
               "Version 1 of the protocol has no \"%s\"", imp_op_to_string (fields->op->number));
  return FALSE;
}

static gboolean
read_fields (ImpPerlTree *tree, gint64 op, ImpFields *fields, ImpMessage *message)
{
  ImpPerlArguments arguments;

  imp_perl_arguments_init (&arguments, tree, imp_perl_tree_get (tree, 0));
  if (op == 0
      && !imp_perl_read_number (tree, imp_perl_arguments_take (&arguments), "op", op_named, &op))
    return FALSE;
  return set_op (tree, fields, op) && read_shape (&arguments, fields, fields->op)
         && (fields->result == NULL || read_shape (&arguments, fields, fields->result))
         && imp_fields_build (fields, message, tree->error);
}

gboolean
imp_perl_message_read (ImpPerlTree *tree, gint64 op, ImpMessage *message)
{
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;

  if (imp_perl_tree_get (tree, 0)->kind != IMP_PERL_ARRAY)
    {
      imp_perl_tree_bad (tree, "A message is not an array");
      return FALSE;
    }
  if (read_fields (tree, op, &fields, message))
    return TRUE;
  imp_fields_salvage (&fields, message);
  return FALSE;
}
