/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-data-type-private.h"

#include "core/imp-error.h"

static GMutex registry_lock;
static GHashTable *value_by_name; /* char * -> GINT_TO_POINTER (value) */
static GHashTable *name_by_value; /* the reverse; names live indefinitely */

static void
data_type_registry_add (const char *name, gint32 value)
{
  char *kept = g_strdup (name);

  g_hash_table_insert (value_by_name, kept, GINT_TO_POINTER (value));
  g_hash_table_insert (name_by_value, GINT_TO_POINTER (value), kept);
}

/* Called with the lock held. */
static void
data_type_registry_ensure (void)
{
  if (value_by_name != NULL)
    return;

  value_by_name = g_hash_table_new (g_str_hash, g_str_equal);
  name_by_value = g_hash_table_new (NULL, NULL);
  data_type_registry_add ("imp.data.stream", IMP_DATA_TYPE_STREAM);
  data_type_registry_add ("imp.data.packet", IMP_DATA_TYPE_PACKET);
}

/**
 * imp_data_type_register:
 * @name: the type's name, e.g. "http.request.header"
 * @value: its number: negative for streaming types, positive for packets
 * @error: return location for an error
 *
 * Gives a type of data a name.
 *
 * A protocol's base number is its service port << 16; a member is base + n if its data are
 * packets, -(base + n) if they stream. To register the same pair again does no harm.
 *
 * Names are process-wide and can be registered from any thread.
 *
 * Returns: %TRUE, or %FALSE with %IMP_ERROR_FAILED if @name or @value stands for something else
 *
 * Since: 0.1
 */
gboolean
imp_data_type_register (const char *name, gint32 value, GError **error)
{
  g_autoptr (GMutexLocker) locker = NULL;
  gpointer known_value;
  const char *known_name;

  g_return_val_if_fail (name != NULL, FALSE);

  if (value == IMP_DATA_TYPE_ANY || *name == '\0' || !g_utf8_validate (name, -1, NULL))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                   "A data type needs a name and a number other than 0, not \"%s\" and %d", name,
                   value);
      return FALSE;
    }

  locker = g_mutex_locker_new (&registry_lock);
  data_type_registry_ensure ();

  if (g_hash_table_lookup_extended (value_by_name, name, NULL, &known_value))
    {
      if (GPOINTER_TO_INT (known_value) == value)
        return TRUE;
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                   "The data type \"%s\" is registered as %d already, it cannot become %d", name,
                   GPOINTER_TO_INT (known_value), value);
      return FALSE;
    }

  known_name = g_hash_table_lookup (name_by_value, GINT_TO_POINTER (value));
  if (known_name != NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                   "The data type number %d is registered as \"%s\" already, not as \"%s\"", value,
                   known_name, name);
      return FALSE;
    }

  data_type_registry_add (name, value);
  return TRUE;
}

/**
 * imp_data_type_get_name:
 * @type: the number of a type of data
 *
 * Gets the name that @type is registered by.
 *
 * Returns: (nullable): the name, or %NULL if the type has none
 *
 * Since: 0.1
 */
const char *
imp_data_type_get_name (gint32 type)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&registry_lock);

  data_type_registry_ensure ();
  return g_hash_table_lookup (name_by_value, GINT_TO_POINTER (type));
}

/**
 * imp_data_type_from_name:
 * @name: the name of a type of data
 *
 * Gets the number of the type that is registered as @name.
 *
 * Returns: the number, or %IMP_DATA_TYPE_ANY (0) if there is none
 *
 * Since: 0.1
 */
gint32
imp_data_type_from_name (const char *name)
{
  g_autoptr (GMutexLocker) locker = NULL;

  g_return_val_if_fail (name != NULL, IMP_DATA_TYPE_ANY);

  locker = g_mutex_locker_new (&registry_lock);
  data_type_registry_ensure ();
  return GPOINTER_TO_INT (g_hash_table_lookup (value_by_name, name));
}

/**
 * imp_data_type_is_stream:
 * @type: the number of a type of data
 *
 * Checks whether chunks of @type may be joined and split.
 *
 * Returns: %TRUE for a streaming type, %FALSE for packets
 *
 * Since: 0.1
 */
gboolean
imp_data_type_is_stream (gint32 type)
{
  return imp_data_type_is_streaming (type);
}
