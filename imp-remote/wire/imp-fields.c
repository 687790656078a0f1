/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "core/imp-result-private.h"
#include "wire/imp-fields-private.h"

static void
free_value (ImpFieldKind kind, gpointer value)
{
  switch (kind)
    {
    case IMP_FIELD_KIND_TEXT:
      g_free (value);
      break;
    case IMP_FIELD_KIND_PAIRS:
    case IMP_FIELD_KIND_NUMBERS:
      imp_context_unref (value);
      break;
    case IMP_FIELD_KIND_TEXTS:
      g_strfreev (value);
      break;
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      g_list_free_full (value, (GDestroyNotify) imp_interface_unref);
      break;
    case IMP_FIELD_KIND_DATA:
      g_clear_pointer (&value, g_bytes_unref);
      break;
    case IMP_FIELD_KIND_NUMBER:
    case IMP_FIELD_KIND_BOOLEAN:
      break;
    }
}

void
imp_fields_clear (ImpFields *self)
{
  for (guint64 left = self->seen; left != 0; left &= left - 1)
    {
      int field = __builtin_ctzll (left);

      free_value (imp_field_infos[field].kind, self->values[field].any);
    }
  self->seen = 0;
}

gboolean
imp_fields_set_op (ImpFields *self, gint64 op, GError **error)
{
  self->op = imp_shape_of_op (op);
  if (self->op != NULL)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "There is no op %" G_GINT64_FORMAT, op);
  return FALSE;
}

static gboolean
check_range (ImpField field, gint64 number, GError **error)
{
  const ImpFieldInfo *info = &imp_field_infos[field];

  if (number >= info->minimum && number <= info->maximum)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "\"%s\" is %" G_GINT64_FORMAT ", it must be from %" G_GINT64_FORMAT
               " to %" G_GINT64_FORMAT,
               info->name, number, info->minimum, info->maximum);
  return FALSE;
}

static gboolean
set_result (ImpFields *self, gint64 type, GError **error)
{
  self->result = imp_shape_of_result (type);
  if (self->result != NULL)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "There is no result %" G_GINT64_FORMAT,
               type);
  return FALSE;
}

gboolean
imp_fields_set_number (ImpFields *self, ImpField field, gint64 number, GError **error)
{
  if (!check_range (field, number, error))
    return FALSE;
  self->values[field].number = number;
  self->seen |= IMP_FIELD_BIT (field);
  return field != IMP_FIELD_RESULT || set_result (self, number, error);
}

void
imp_fields_take (ImpFields *self, ImpField field, gpointer value)
{
  if ((self->seen & IMP_FIELD_BIT (field)) != 0)
    free_value (imp_field_infos[field].kind, self->values[field].any);
  self->values[field].any = value;
  self->seen |= IMP_FIELD_BIT (field);
}

gboolean
imp_interfaces_push (GQueue *interfaces, ImpInterface *interface, GError **error)
{
  if (interface == NULL)
    return FALSE;
  if (interfaces->length == IMP_MAX_INTERFACES)
    {
      imp_interface_unref (interface);
      return imp_too_many ("interfaces", IMP_MAX_INTERFACES, error);
    }
  g_queue_push_tail (interfaces, interface);
  return TRUE;
}

gboolean
imp_fields_take_interfaces (ImpFields *self, ImpField field, GQueue *interfaces, gboolean good)
{
  if (good)
    imp_fields_take (self, field, interfaces->head);
  else
    g_queue_clear_full (interfaces, (GDestroyNotify) imp_interface_unref);
  return good;
}

static gint64
number_of (ImpFields *self, ImpField field)
{
  if ((self->seen & IMP_FIELD_BIT (field)) != 0)
    return self->values[field].number;
  return imp_field_infos[field].fallback;
}

/* Everything but a number, moved out of the fields. */
static gpointer
steal (ImpFields *self, ImpField field)
{
  if ((self->seen & IMP_FIELD_BIT (field)) == 0)
    return NULL;
  self->seen &= ~IMP_FIELD_BIT (field);
  return g_steal_pointer (&self->values[field].any);
}

static char *
steal_text (ImpFields *self, ImpField field)
{
  char *text = steal (self, field);

  return text != NULL ? text : g_strdup ("");
}

static gboolean
check_required (ImpFields *self, const ImpShape *shape, const char *name, GError **error)
{
  guint64 missing = shape->required & ~self->seen;

  if (missing == 0)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "\"%s\" lacks \"%s\"", name,
               imp_field_infos[__builtin_ctzll (missing)].name);
  return FALSE;
}

static GHashTable *
steal_details (ImpFields *self)
{
  g_autoptr (ImpContext) details = steal (self, IMP_FIELD_DETAILS);

  return imp_context_to_table (details);
}

static ImpResult *
build_with_details (ImpFields *self, ImpResultType type, ImpDirection direction)
{
  g_autoptr (GHashTable) details = steal_details (self);
  g_autofree char *message = steal_text (self, IMP_FIELD_MESSAGE);

  if (type == IMP_RESULT_DENY)
    return imp_result_new_deny (direction, message, details);
  return imp_result_new_log (direction, number_of (self, IMP_FIELD_OFFSET),
                             number_of (self, IMP_FIELD_LENGTH), number_of (self, IMP_FIELD_LEVEL),
                             message, details);
}

static ImpResult *
build_with_text (ImpFields *self, ImpResultType type, ImpDirection direction)
{
  g_autofree char *message = steal_text (self, IMP_FIELD_MESSAGE);
  g_autofree char *pattern = steal_text (self, IMP_FIELD_PATTERN);
  g_autofree char *key = steal_text (self, IMP_FIELD_KEY);
  g_autofree char *value = steal_text (self, IMP_FIELD_VALUE);

  if (type == IMP_RESULT_FATAL)
    return imp_result_new_fatal (message);
  if (type == IMP_RESULT_ACCOUNT_FIELD)
    return imp_result_new_account_field (key, value);
  return imp_result_new_pass_pattern (direction, pattern, number_of (self, IMP_FIELD_MAX_LENGTH));
}

static ImpResult *
build_result (ImpFields *self)
{
  ImpResultType type = self->result->number;
  ImpDirection direction = number_of (self, IMP_FIELD_DIRECTION);
  gint64 offset = number_of (self, IMP_FIELD_OFFSET);

  switch (type)
    {
    case IMP_RESULT_PASS:
      return imp_result_new_pass (direction, offset);
    case IMP_RESULT_PREPASS:
      return imp_result_new_prepass (direction, offset);
    case IMP_RESULT_REPLACE:
      return imp_result_new_replace_take (direction, offset, steal (self, IMP_FIELD_DATA));
    case IMP_RESULT_REPLACE_LATER:
      return imp_result_new_replace_later (direction, offset,
                                           number_of (self, IMP_FIELD_END_OFFSET));
    case IMP_RESULT_TO_SENDER:
      return imp_result_new_to_sender_take (direction, steal (self, IMP_FIELD_DATA));
    case IMP_RESULT_DROP:
      return imp_result_new_drop ();
    case IMP_RESULT_PAUSE:
      return imp_result_new_pause (direction);
    case IMP_RESULT_CONTINUE:
      return imp_result_new_continue (direction);
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
      return imp_result_new_port (type, direction, offset);
    case IMP_RESULT_LOG:
    case IMP_RESULT_DENY:
      return build_with_details (self, type, direction);
    case IMP_RESULT_FATAL:
    case IMP_RESULT_ACCOUNT_FIELD:
    case IMP_RESULT_PASS_PATTERN:
      return build_with_text (self, type, direction);
    }
  g_return_val_if_reached (NULL);
}

/* The checks that concern more than one field. */
static gboolean
check_together (ImpFields *self, ImpOp op, GError **error)
{
  gint64 version = number_of (self, IMP_FIELD_VERSION);
  gint64 minimum = number_of (self, IMP_FIELD_MINIMUM);

  if ((self->op->required & IMP_FIELD_BIT (IMP_FIELD_ID)) != 0 && op != IMP_OP_EXCEPTION
      && number_of (self, IMP_FIELD_ID) == 0)
    g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                 "\"id\" is 0, which only an exception can have");
  else if (op == IMP_OP_DATA && number_of (self, IMP_FIELD_TYPE) == IMP_DATA_TYPE_ANY)
    g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "\"type\" is 0, which data cannot have");
  else if (op == IMP_OP_SET_VERSION && minimum > version)
    g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                 "\"minimum\" is %" G_GINT64_FORMAT ", more than \"version\", %" G_GINT64_FORMAT,
                 minimum, version);
  else
    return TRUE;
  return FALSE;
}

static void
move_into (ImpFields *self, ImpField field, ImpMessage *message)
{
  switch (field)
    {
    case IMP_FIELD_VERSION:
      message->version = number_of (self, field);
      break;
    case IMP_FIELD_MINIMUM:
      message->minimum = number_of (self, field);
      break;
    case IMP_FIELD_LIMITS:
      message->limits = steal (self, field);
      break;
    case IMP_FIELD_FEATURES:
      message->features = steal (self, field);
      break;
    case IMP_FIELD_INTERFACES:
    case IMP_FIELD_INTERFACE:
      message->interfaces = steal (self, field);
      break;
    case IMP_FIELD_CONTEXT:
      message->context = steal (self, field);
      break;
    case IMP_FIELD_DIRECTION:
      message->direction = number_of (self, field);
      break;
    case IMP_FIELD_OFFSET:
      message->offset = number_of (self, field);
      break;
    case IMP_FIELD_TYPE:
      message->data_type = number_of (self, field);
      break;
    case IMP_FIELD_BUSY:
      message->busy = number_of (self, field);
      break;
    case IMP_FIELD_TOKEN:
      message->token = number_of (self, field);
      break;
    case IMP_FIELD_MESSAGE:
      message->text = steal_text (self, field);
      break;
    case IMP_FIELD_DATA:
      message->data = steal (self, field);
      break;
    default: /* op and id are there already, the rest belongs to the result */
      break;
    }
}

void
imp_fields_salvage (ImpFields *self, ImpMessage *message)
{
  message->op = self->op != NULL ? self->op->number : 0;
  message->id = number_of (self, IMP_FIELD_ID);
}

gboolean
imp_fields_build (ImpFields *self, ImpMessage *message, GError **error)
{
  imp_fields_salvage (self, message);
  if (!check_required (self, self->op, imp_op_to_string (message->op), error)
      || !check_together (self, message->op, error))
    return FALSE;
  if (message->op == IMP_OP_RESULT
      && !check_required (self, self->result, imp_result_type_to_string (self->result->number),
                          error))
    return FALSE;

  /* Where it does not belong it is one of those that are ignored. */
  if (self->op->fields[0] != IMP_FIELD_ID)
    message->id = 0;
  for (guint i = 0; self->op->fields[i] != IMP_FIELD_END; i++)
    move_into (self, self->op->fields[i], message);
  if (message->op == IMP_OP_RESULT)
    message->result = build_result (self);
  return TRUE;
}
