/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"
#include "wire/imp-message-private.h"

G_DEFINE_BOXED_TYPE (ImpMessage, imp_message, imp_message_ref, imp_message_unref)

void
imp_message_clear (ImpMessage *self)
{
  g_clear_pointer (&self->data, g_bytes_unref);
  g_clear_pointer (&self->result, imp_result_unref);
  g_clear_pointer (&self->context, imp_context_unref);
  g_clear_list (&self->interfaces, (GDestroyNotify) imp_interface_unref);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->limits, imp_context_unref);
  g_clear_pointer (&self->features, g_strfreev);
  *self = (ImpMessage) IMP_MESSAGE_INIT;
}

ImpMessage *
imp_message_steal (ImpMessage *self)
{
  ImpMessage *stolen = g_slice_dup (ImpMessage, self);

  g_atomic_ref_count_init (&stolen->ref_count);
  *self = (ImpMessage) IMP_MESSAGE_INIT;
  return stolen;
}

void
imp_message_copy_to (const ImpMessage *self, ImpMessage *target)
{
  *target = *self;
  if (self->data != NULL)
    g_bytes_ref (self->data);
  if (self->result != NULL)
    imp_result_ref (self->result);
  imp_context_ref (self->context);
  imp_context_ref (self->limits);
  target->interfaces = imp_message_copy_interfaces (self->interfaces);
  target->text = g_strdup (self->text);
  target->features = g_strdupv (self->features);
}

/**
 * imp_message_ref:
 * @self: a message
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_ref (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * imp_message_unref:
 * @self: (transfer full): a message
 *
 * Gives a reference back.
 *
 * Since: 0.1
 */
void
imp_message_unref (ImpMessage *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  imp_message_clear (self);
  g_slice_free (ImpMessage, self);
}

/**
 * imp_message_get_op:
 * @self: a message
 *
 * Gets what the message asks or tells.
 *
 * Returns: the op
 *
 * Since: 0.1
 */
ImpOp
imp_message_get_op (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op;
}

/**
 * imp_message_get_id:
 * @self: a message
 *
 * Gets the number of the analyzer that the message is about.
 *
 * Returns: a number from 1; in an exception, 0 stands for the whole factory
 *
 * Since: 0.1
 */
gint64
imp_message_get_id (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->id;
}

/**
 * imp_message_get_direction:
 * @self: a message
 *
 * Gets the direction of DATA, BUSY, or of the result of RESULT.
 *
 * Returns: the direction
 *
 * Since: 0.1
 */
ImpDirection
imp_message_get_direction (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, IMP_DIRECTION_FROM_CLIENT);

  return self->op == IMP_OP_RESULT ? self->result->direction : self->direction;
}

/**
 * imp_message_get_offset:
 * @self: a message
 *
 * Gets the offset of DATA: 0, or their true position where something was left out before them;
 * after a pass up to a pattern, -1 stands for the position 0.
 * For RESULT, the offset of the result.
 *
 * Returns: an offset in bytes of the direction's input
 *
 * Since: 0.1
 */
gint64
imp_message_get_offset (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_RESULT ? self->result->offset : self->offset;
}

/**
 * imp_message_get_data_type:
 * @self: a message
 *
 * Gets the type of data of DATA.
 *
 * Returns: the type of data
 *
 * Since: 0.1
 */
gint32
imp_message_get_data_type (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->data_type;
}

/**
 * imp_message_get_data:
 * @self: a message
 *
 * Gets the bytes of DATA, or of the result of RESULT.
 *
 * Returns: (transfer none) (nullable): the bytes
 *
 * Since: 0.1
 */
GBytes *
imp_message_get_data (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->op == IMP_OP_RESULT ? self->result->data : self->data;
}

/**
 * imp_message_get_busy:
 * @self: a message
 *
 * Gets whether a direction is busy, from BUSY.
 *
 * Returns: %TRUE if the provider cannot take more of it
 *
 * Since: 0.1
 */
gboolean
imp_message_get_busy (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->busy;
}

/**
 * imp_message_get_result:
 * @self: a message
 *
 * Gets the result of RESULT.
 *
 * Returns: (transfer none) (nullable): the result
 *
 * Since: 0.1
 */
ImpResult *
imp_message_get_result (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->result;
}

/**
 * imp_message_get_text:
 * @self: a message
 *
 * Gets the text of EXCEPTION or GOODBYE.
 *
 * Returns: (nullable): the text, for people
 *
 * Since: 0.1
 */
const char *
imp_message_get_text (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * imp_message_get_token:
 * @self: a message
 *
 * Gets the number that PING and PONG carry.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
gint64
imp_message_get_token (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->token;
}

/**
 * imp_message_get_version:
 * @self: a message
 *
 * Gets the highest version of the protocol that the sender of SET_VERSION speaks.
 *
 * Returns: the version
 *
 * Since: 0.1
 */
guint
imp_message_get_version (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->version;
}

/**
 * imp_message_get_minimum:
 * @self: a message
 *
 * Gets the lowest version of the protocol that the sender of SET_VERSION speaks.
 *
 * Returns: the version
 *
 * Since: 0.1
 */
guint
imp_message_get_minimum (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->minimum != 0 ? self->minimum : self->version;
}

/**
 * imp_message_get_features:
 * @self: a message
 *
 * Gets what else the sender of SET_VERSION can.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): the names, or %NULL where there
 *   are none
 *
 * Since: 0.1
 */
const char *const *
imp_message_get_features (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return (const char *const *) self->features;
}

/**
 * imp_message_get_interfaces:
 * @self: a message
 *
 * Gets the interfaces of GET_INTERFACE and INTERFACE, and the one of SET_INTERFACE.
 *
 * Returns: (transfer none) (nullable) (element-type ImpInterface): the interfaces
 *
 * Since: 0.1
 */
GList *
imp_message_get_interfaces (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->interfaces;
}

/**
 * imp_message_dup_limits:
 * @self: a message
 *
 * Gets what the sender of SET_VERSION takes at most: names and decimal numbers.
 *
 * Returns: (transfer full) (element-type utf8 utf8): a new table
 *
 * Since: 0.1
 */
GHashTable *
imp_message_dup_limits (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return imp_context_to_table (self->limits);
}

/**
 * imp_message_dup_context:
 * @self: a message
 *
 * Gets what NEW_ANALYZER says about the connection.
 *
 * Returns: (transfer full) (element-type utf8 utf8): a new table
 *
 * Since: 0.1
 */
GHashTable *
imp_message_dup_context (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return imp_context_to_table (self->context);
}
