/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-interface-private.h"

struct _ImpInterface
{
  gatomicrefcount ref_count;
  gint32 data_type;
  ImpResultFlags results;
};

G_DEFINE_BOXED_TYPE (ImpInterface, imp_interface, imp_interface_ref, imp_interface_unref)

/**
 * imp_interface_new: (constructor)
 * @data_type: a type of data, or %IMP_DATA_TYPE_ANY
 * @results: the types of results in use, or %IMP_RESULT_FLAGS_ALL
 *
 * Creates an interface.
 *
 * Returns: (transfer full): a new interface
 *
 * Since: 0.1
 */
ImpInterface *
imp_interface_new (gint32 data_type, ImpResultFlags results)
{
  ImpInterface *self = g_new0 (ImpInterface, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->data_type = data_type;
  self->results = results;
  return self;
}

/**
 * imp_interface_ref:
 * @self: an interface
 *
 * Increases the reference count of @self.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
ImpInterface *
imp_interface_ref (ImpInterface *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * imp_interface_unref:
 * @self: (transfer full): an interface
 *
 * Decreases the reference count of @self; the last one frees it.
 *
 * Since: 0.1
 */
void
imp_interface_unref (ImpInterface *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

/**
 * imp_interface_get_data_type:
 * @self: an interface
 *
 * Gets the type of input data.
 *
 * Returns: a type of data, or %IMP_DATA_TYPE_ANY
 *
 * Since: 0.1
 */
gint32
imp_interface_get_data_type (ImpInterface *self)
{
  g_return_val_if_fail (self != NULL, IMP_DATA_TYPE_ANY);

  return self->data_type;
}

/**
 * imp_interface_get_results:
 * @self: an interface
 *
 * Gets the types of results.
 *
 * Returns: the set; %IMP_RESULT_FLAGS_ALL (empty) where there is no restriction
 *
 * Since: 0.1
 */
ImpResultFlags
imp_interface_get_results (ImpInterface *self)
{
  g_return_val_if_fail (self != NULL, IMP_RESULT_FLAGS_ALL);

  return self->results;
}

/**
 * imp_interface_allows:
 * @self: an interface
 * @type: a type of result
 *
 * Checks whether a result of @type may be sent under this interface. %IMP_RESULT_FATAL always may.
 *
 * Returns: %TRUE if it may
 *
 * Since: 0.1
 */
gboolean
imp_interface_allows (ImpInterface *self, ImpResultType type)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->results == IMP_RESULT_FLAGS_ALL || type == IMP_RESULT_FATAL
         || (self->results & imp_result_type_to_flag (type)) != 0;
}

/**
 * imp_interface_equal:
 * @self: an interface
 * @other: another one
 *
 * Checks whether both have the same type of data and the same set of results.
 *
 * Returns: %TRUE if they are equal
 *
 * Since: 0.1
 */
gboolean
imp_interface_equal (ImpInterface *self, ImpInterface *other)
{
  g_return_val_if_fail (self != NULL && other != NULL, FALSE);

  return self->data_type == other->data_type && self->results == other->results;
}

/**
 * imp_interface_to_string:
 * @self: an interface
 *
 * Describes an interface for people, e.g. "imp.data.stream: pass, replace".
 *
 * Returns: (transfer full): the description
 *
 * Since: 0.1
 */
char *
imp_interface_to_string (ImpInterface *self)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GFlagsClass) flags = NULL;
  const char *separator = ": ";

  g_return_val_if_fail (self != NULL, g_string_free (text, FALSE));

  if (self->data_type == IMP_DATA_TYPE_ANY)
    g_string_append (text, "any data");
  else if (imp_data_type_get_name (self->data_type) != NULL)
    g_string_append (text, imp_data_type_get_name (self->data_type));
  else
    g_string_append_printf (text, "data type %d", self->data_type);

  if (self->results == IMP_RESULT_FLAGS_ALL)
    {
      g_string_append (text, ": all results");
      return g_string_free (text, FALSE);
    }

  flags = g_type_class_ref (IMP_TYPE_RESULT_FLAGS);
  for (guint i = 0; i < flags->n_values; i++)
    if (flags->values[i].value != 0 && (self->results & flags->values[i].value) != 0)
      {
        g_string_append_printf (text, "%s%s", separator, flags->values[i].value_nick);
        separator = ", ";
      }
  return g_string_free (text, FALSE);
}

/* Can a plugin that offers the one serve a provider that wants the other? A plugin with no
 * restriction may use every result, so only a provider with none takes it; the hints and FATAL
 * are never demanded. */
gboolean
imp_interface_satisfies (ImpInterface *offered, ImpInterface *wanted)
{
  if (offered->data_type != IMP_DATA_TYPE_ANY && offered->data_type != wanted->data_type)
    return FALSE;
  if (wanted->results == IMP_RESULT_FLAGS_ALL)
    return TRUE;
  if (offered->results == IMP_RESULT_FLAGS_ALL)
    return FALSE;
  return (offered->results & ~(wanted->results | IMP_RESULT_FLAGS_NEVER_DEMANDED)) == 0;
}
