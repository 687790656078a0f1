/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"

static gboolean
result_details_equal (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer key, value;

  if (a == NULL || b == NULL)
    return a == b;
  if (g_hash_table_size (a) != g_hash_table_size (b))
    return FALSE;
  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (g_strcmp0 (g_hash_table_lookup (b, key), value) != 0)
      return FALSE;
  return TRUE;
}

/**
 * imp_result_equal:
 * @self: a result
 * @other: another one
 *
 * Checks whether two results say the same.
 *
 * Returns: %TRUE if they do
 *
 * Since: 0.1
 */
gboolean
imp_result_equal (ImpResult *self, ImpResult *other)
{
  g_return_val_if_fail (self != NULL && other != NULL, FALSE);

  if (self->type != other->type || self->direction != other->direction
      || self->level != other->level || self->offset != other->offset
      || self->extra != other->extra)
    return FALSE;
  if ((self->data == NULL) != (other->data == NULL)
      || (self->data != NULL && !g_bytes_equal (self->data, other->data)))
    return FALSE;
  return g_strcmp0 (self->text, other->text) == 0 && g_strcmp0 (self->value, other->value) == 0
         && result_details_equal (self->details, other->details);
}

static void
result_append_offset (GString *text, const char *name, gint64 offset)
{
  if (offset == IMP_MAX_OFFSET)
    g_string_append_printf (text, " %s=max", name);
  else
    g_string_append_printf (text, " %s=%" G_GINT64_FORMAT, name, offset);
}

static void
result_append_arguments (ImpResult *self, GString *text)
{
  switch ((ImpResultType) self->type)
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
    case IMP_RESULT_REPLACE:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
      result_append_offset (text, "offset", self->offset);
      break;
    case IMP_RESULT_REPLACE_LATER:
      result_append_offset (text, "offset", self->offset);
      result_append_offset (text, "end-offset", self->extra);
      break;
    case IMP_RESULT_LOG:
      result_append_offset (text, "offset", self->offset);
      g_string_append_printf (text, " length=%" G_GINT64_FORMAT " level=%d", self->extra,
                              self->level);
      break;
    case IMP_RESULT_PASS_PATTERN:
      g_string_append_printf (text, " max-length=%" G_GINT64_FORMAT, self->extra);
      break;
    case IMP_RESULT_ACCOUNT_FIELD:
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
    case IMP_RESULT_TO_SENDER:
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
    case IMP_RESULT_FATAL:
      break;
    }
}

static void
result_append_details (ImpResult *self, GString *text)
{
  g_autoptr (GList) keys = NULL;

  if (self->details == NULL)
    return;
  keys = g_list_sort (g_hash_table_get_keys (self->details), (GCompareFunc) g_strcmp0);
  for (GList *l = keys; l != NULL; l = l->next)
    g_string_append_printf (text, " %s=\"%s\"", (char *) l->data,
                            (char *) g_hash_table_lookup (self->details, l->data));
}

/**
 * imp_result_to_string:
 * @self: a result
 *
 * Describes a result for people, e.g. "replace dir=0 offset=12 data=5 bytes".
 *
 * Returns: (transfer full): the description
 *
 * Since: 0.1
 */
char *
imp_result_to_string (ImpResult *self)
{
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  text = g_string_new (imp_result_type_to_string (self->type));
  if (imp_result_has_direction (self))
    g_string_append_printf (text, " dir=%d", self->direction);
  result_append_arguments (self, text);
  if (self->data != NULL)
    g_string_append_printf (text, " data=%" G_GSIZE_FORMAT " bytes", g_bytes_get_size (self->data));
  if (self->text != NULL)
    g_string_append_printf (text, " \"%s\"", self->text);
  if (self->value != NULL)
    g_string_append_printf (text, "=\"%s\"", self->value);
  result_append_details (self, text);
  return g_string_free (text, FALSE);
}
