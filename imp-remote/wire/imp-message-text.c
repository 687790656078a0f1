/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"
#include "wire/imp-message-private.h"

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpOp, imp_op,
                    G_DEFINE_ENUM_VALUE (IMP_OP_GET_INTERFACE, "get-interface"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_SET_INTERFACE, "set-interface"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_NEW_ANALYZER, "new-analyzer"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_DELETE_ANALYZER, "delete-analyzer"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_DATA, "data"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_SET_VERSION, "set-version"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_BUSY, "busy"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_PING, "ping"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_PONG, "pong"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_GOODBYE, "goodbye"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_EXCEPTION, "exception"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_INTERFACE, "interface"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_RESULT, "result"))
/* clang-format on */

/* How the JSON wire format spells them. */
static const struct
{
  ImpOp op;
  const char *name;
} ops[] = {
  { IMP_OP_DATA, "data" },
  { IMP_OP_RESULT, "result" },
  { IMP_OP_NEW_ANALYZER, "new_analyzer" },
  { IMP_OP_DELETE_ANALYZER, "delete_analyzer" },
  { IMP_OP_BUSY, "busy" },
  { IMP_OP_PING, "ping" },
  { IMP_OP_PONG, "pong" },
  { IMP_OP_GOODBYE, "goodbye" },
  { IMP_OP_EXCEPTION, "exception" },
  { IMP_OP_SET_VERSION, "set_version" },
  { IMP_OP_GET_INTERFACE, "get_interface" },
  { IMP_OP_SET_INTERFACE, "set_interface" },
  { IMP_OP_INTERFACE, "interface" },
};

const char *
imp_op_to_string (ImpOp op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    if (ops[i].op == op)
      return ops[i].name;
  return NULL;
}

ImpOp
imp_op_from_string (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    if (g_str_equal (ops[i].name, name))
      return ops[i].op;
  return 0;
}

static gboolean
bytes_equal (GBytes *a, GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

static gboolean
interfaces_equal (GList *a, GList *b)
{
  for (; a != NULL && b != NULL; a = a->next, b = b->next)
    if (!imp_interface_equal (a->data, b->data))
      return FALSE;
  return a == b;
}

static gboolean
features_equal (char **a, char **b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strv_equal ((const char *const *) a, (const char *const *) b);
}

/**
 * imp_message_equal:
 * @self: a message
 * @other: another one
 *
 * Tells whether both say the same.
 *
 * Returns: %TRUE if they do
 *
 * Since: 0.1
 */
gboolean
imp_message_equal (ImpMessage *self, ImpMessage *other)
{
  g_return_val_if_fail (self != NULL && other != NULL, FALSE);

  if (self->op != other->op || self->id != other->id || self->direction != other->direction
      || self->offset != other->offset || self->data_type != other->data_type
      || self->busy != other->busy || self->token != other->token || self->version != other->version
      || imp_message_get_minimum (self) != imp_message_get_minimum (other))
    return FALSE;
  if ((self->result == NULL) != (other->result == NULL)
      || (self->result != NULL && !imp_result_equal (self->result, other->result)))
    return FALSE;
  return bytes_equal (self->data, other->data) && imp_context_equal (self->context, other->context)
         && imp_context_equal (self->limits, other->limits)
         && interfaces_equal (self->interfaces, other->interfaces)
         && features_equal (self->features, other->features)
         && g_strcmp0 (self->text, other->text) == 0;
}

static void
append_pairs (GString *text, ImpContext *context)
{
  gsize position = 0;
  const char *key, *value;

  while (imp_context_next (context, &position, &key, &value))
    g_string_append_printf (text, " %s=\"%s\"", key, value);
}

static void
append_interfaces (GString *text, GList *interfaces)
{
  for (GList *l = interfaces; l != NULL; l = l->next)
    {
      g_autofree char *interface = imp_interface_to_string (l->data);

      g_string_append_printf (text, " [%s]", interface);
    }
}

static void
append_version (ImpMessage *self, GString *text)
{
  g_string_append_printf (text, " %u..%u", imp_message_get_minimum (self), self->version);
  append_pairs (text, self->limits);
  for (char **f = self->features; f != NULL && *f != NULL; f++)
    g_string_append_printf (text, " +%s", *f);
}

static void
append_data (ImpMessage *self, GString *text)
{
  const char *name = imp_data_type_get_name (self->data_type);

  g_string_append_printf (text, " dir=%d offset=%" G_GINT64_FORMAT, self->direction, self->offset);
  if (name != NULL)
    g_string_append_printf (text, " type=%s", name);
  else
    g_string_append_printf (text, " type=%d", self->data_type);
  g_string_append_printf (text, " data=%" G_GSIZE_FORMAT " bytes", g_bytes_get_size (self->data));
}

static void
append_arguments (ImpMessage *self, GString *text)
{
  g_autofree char *result = NULL;

  switch (self->op)
    {
    case IMP_OP_SET_VERSION:
      append_version (self, text);
      break;
    case IMP_OP_GET_INTERFACE:
    case IMP_OP_SET_INTERFACE:
    case IMP_OP_INTERFACE:
      append_interfaces (text, self->interfaces);
      break;
    case IMP_OP_NEW_ANALYZER:
      append_pairs (text, self->context);
      break;
    case IMP_OP_DATA:
      append_data (self, text);
      break;
    case IMP_OP_BUSY:
      g_string_append_printf (text, " dir=%d %s", self->direction, self->busy ? "on" : "off");
      break;
    case IMP_OP_PING:
    case IMP_OP_PONG:
      g_string_append_printf (text, " token=%" G_GINT64_FORMAT, self->token);
      break;
    case IMP_OP_EXCEPTION:
    case IMP_OP_GOODBYE:
      g_string_append_printf (text, " \"%s\"", self->text);
      break;
    case IMP_OP_RESULT:
      result = imp_result_to_string (self->result);
      g_string_append_printf (text, ": %s", result);
      break;
    case IMP_OP_DELETE_ANALYZER:
      break;
    }
}

/**
 * imp_message_to_string:
 * @self: a message
 *
 * Describes a message for people, e.g.
 * "data #1 dir=0 offset=0 type=imp.data.stream data=5 bytes".
 *
 * Returns: (transfer full): the description
 *
 * Since: 0.1
 */
char *
imp_message_to_string (ImpMessage *self)
{
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_string_new (imp_op_to_string (self->op));
  if (self->id != 0)
    g_string_append_printf (text, " #%" G_GINT64_FORMAT, self->id);
  append_arguments (self, text);
  return g_string_free (text, FALSE);
}
