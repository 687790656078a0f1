/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"

/**
 * imp_result_get_result_type:
 * @self: a result
 *
 * Gets what kind of result it is.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
ImpResultType
imp_result_get_result_type (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->type;
}

gboolean
imp_result_type_has_direction (ImpResultType type)
{
  return type != IMP_RESULT_DROP && type != IMP_RESULT_FATAL && type != IMP_RESULT_ACCOUNT_FIELD;
}

/**
 * imp_result_has_direction:
 * @self: a result
 *
 * Tells whether the result is about one direction. DROP, FATAL and ACCOUNT_FIELD are about the
 * whole connection.
 *
 * Returns: %TRUE if [method@Imp.Result.get_direction] means something
 *
 * Since: 0.1
 */
gboolean
imp_result_has_direction (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return imp_result_type_has_direction (self->type);
}

/**
 * imp_result_get_direction:
 * @self: a result
 *
 * Gets the direction that the result is about.
 *
 * Returns: the direction
 *
 * Since: 0.1
 */
ImpDirection
imp_result_get_direction (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, IMP_DIRECTION_FROM_CLIENT);

  return self->direction;
}

/**
 * imp_result_get_offset:
 * @self: a result
 *
 * Gets the offset: of PASS, PREPASS and REPLACE, where the verdict ends; of REPLACE_LATER, where
 * the promise begins; of LOG, what it speaks of.
 *
 * Returns: an offset in bytes of the direction's input, or %IMP_MAX_OFFSET
 *
 * Since: 0.1
 */
gint64
imp_result_get_offset (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->offset;
}

/**
 * imp_result_get_end_offset:
 * @self: a result
 *
 * Gets where the promise of a REPLACE_LATER ends.
 *
 * Returns: an offset in bytes of the direction's input
 *
 * Since: 0.1
 */
gint64
imp_result_get_end_offset (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->type == IMP_RESULT_REPLACE_LATER ? self->extra : 0;
}

/**
 * imp_result_get_length:
 * @self: a result
 *
 * Gets of how many bytes a LOG speaks.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_result_get_length (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->type == IMP_RESULT_LOG ? self->extra : 0;
}

/**
 * imp_result_get_data:
 * @self: a result
 *
 * Gets the bytes of a REPLACE or TO_SENDER.
 *
 * Returns: (transfer none) (nullable): the bytes
 *
 * Since: 0.1
 */
GBytes *
imp_result_get_data (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->data;
}

/**
 * imp_result_get_level:
 * @self: a result
 *
 * Gets how important a LOG is.
 *
 * Returns: the level, or 0 where the result is no LOG
 *
 * Since: 0.1
 */
ImpLogLevel
imp_result_get_level (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->level;
}

/**
 * imp_result_get_message:
 * @self: a result
 *
 * Gets the message of a LOG, or the reason of a DENY or FATAL.
 *
 * Returns: (nullable): the text
 *
 * Since: 0.1
 */
const char *
imp_result_get_message (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->type == IMP_RESULT_LOG || self->type == IMP_RESULT_DENY
      || self->type == IMP_RESULT_FATAL)
    return self->text;
  return NULL;
}

/**
 * imp_result_get_details:
 * @self: a result
 *
 * Gets what a LOG or DENY says beside its text. It must not be changed.
 *
 * Returns: (transfer none) (nullable) (element-type utf8 utf8): keys and values
 *
 * Since: 0.1
 */
GHashTable *
imp_result_get_details (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->details;
}

/**
 * imp_result_get_key:
 * @self: a result
 *
 * Gets the name of an ACCOUNT_FIELD.
 *
 * Returns: (nullable): the name
 *
 * Since: 0.1
 */
const char *
imp_result_get_key (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->type == IMP_RESULT_ACCOUNT_FIELD ? self->text : NULL;
}

/**
 * imp_result_get_value:
 * @self: a result
 *
 * Gets the value of an ACCOUNT_FIELD.
 *
 * Returns: (nullable): the value
 *
 * Since: 0.1
 */
const char *
imp_result_get_value (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->value;
}

/**
 * imp_result_get_pattern:
 * @self: a result
 *
 * Gets the regular expression of a PASS_PATTERN.
 *
 * Returns: (nullable): the expression
 *
 * Since: 0.1
 */
const char *
imp_result_get_pattern (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->type == IMP_RESULT_PASS_PATTERN ? self->text : NULL;
}

/**
 * imp_result_get_max_length:
 * @self: a result
 *
 * Gets the greatest length of a match of a PASS_PATTERN.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
guint
imp_result_get_max_length (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->type == IMP_RESULT_PASS_PATTERN ? (guint) self->extra : 0;
}
