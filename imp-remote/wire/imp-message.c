/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/imp-message-private.h"

static ImpMessage *
message_new (ImpOp op, gint64 id)
{
  ImpMessage *self = g_slice_new0 (ImpMessage);

  g_atomic_ref_count_init (&self->ref_count);
  self->op = op;
  self->id = id;
  return self;
}

static gboolean
is_id (gint64 id)
{
  return id > 0 && id <= IMP_MAX_ID;
}

/* The wire formats carry UTF-8, so that a binary text from a plugin is made readable here, once. */
static char *
copy_text (const char *text)
{
  return g_utf8_validate (text, -1, NULL) ? g_strdup (text) : g_utf8_make_valid (text, -1);
}

static gpointer
copy_interface (gconstpointer interface, gpointer user_data)
{
  return imp_interface_ref ((ImpInterface *) interface);
}

GList *
imp_message_copy_interfaces (GList *interfaces)
{
  return g_list_copy_deep (interfaces, copy_interface, NULL);
}

/**
 * imp_message_new_set_version: (constructor)
 * @version: the highest version of the protocol that the sender speaks, from 1
 * @minimum: the lowest one, from 1 to @version
 * @limits: (nullable) (element-type utf8 utf8): what the sender takes at most: names and numbers
 * @features: (nullable) (array zero-terminated=1): names of what else the sender can
 *
 * Makes the message that comes first in each direction: what the sender speaks.
 *
 * Both sides then use the highest version that both speak. In version 1 only @version is sent.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_set_version (guint version, guint minimum, GHashTable *limits,
                             const char *const *features)
{
  ImpMessage *self;

  g_return_val_if_fail (version > 0 && version <= G_MAXINT32, NULL);
  g_return_val_if_fail (minimum > 0 && minimum <= version, NULL);

  self = message_new (IMP_OP_SET_VERSION, 0);
  self->version = version;
  self->minimum = minimum;
  self->limits = imp_context_from_table (limits);
  if (features != NULL && *features != NULL)
    self->features = g_strdupv ((char **) features);
  return self;
}

/**
 * imp_message_new_get_interface: (constructor)
 * @interfaces: (element-type ImpInterface) (nullable): what the provider can do
 *
 * Makes the question which of @interfaces match what the analyzers need.
 *
 * An empty list asks for all that they can use.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_get_interface (GList *interfaces)
{
  ImpMessage *self = message_new (IMP_OP_GET_INTERFACE, 0);

  self->interfaces = imp_message_copy_interfaces (interfaces);
  return self;
}

/**
 * imp_message_new_set_interface: (constructor)
 * @interface: an interface
 *
 * Makes the statement that the provider will use @interface.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_set_interface (ImpInterface *interface)
{
  ImpMessage *self;

  g_return_val_if_fail (interface != NULL, NULL);

  self = message_new (IMP_OP_SET_INTERFACE, 0);
  self->interfaces = g_list_prepend (NULL, imp_interface_ref (interface));
  return self;
}

/**
 * imp_message_new_interface: (constructor)
 * @interfaces: (element-type ImpInterface) (nullable): those that match
 *
 * Makes the answer to %IMP_OP_GET_INTERFACE.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_interface (GList *interfaces)
{
  ImpMessage *self = message_new (IMP_OP_INTERFACE, 0);

  self->interfaces = imp_message_copy_interfaces (interfaces);
  return self;
}

ImpMessage *
imp_message_new_new_analyzer_packed (gint64 id, ImpContext *context)
{
  ImpMessage *self;

  g_return_val_if_fail (is_id (id), NULL);

  self = message_new (IMP_OP_NEW_ANALYZER, id);
  self->context = imp_context_ref (context);
  return self;
}

/**
 * imp_message_new_new_analyzer: (constructor)
 * @id: the number of the analyzer, from 1 to 2^53 - 1, that is not in use
 * @context: (nullable) (element-type utf8 utf8): what is known about the connection
 *
 * Makes the order to make an analyzer.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_new_analyzer (gint64 id, GHashTable *context)
{
  g_autoptr (ImpContext) packed = imp_context_from_table (context);

  return imp_message_new_new_analyzer_packed (id, packed);
}

/**
 * imp_message_new_delete_analyzer: (constructor)
 * @id: the number of an analyzer
 *
 * Makes the statement that an analyzer is not needed any more.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_delete_analyzer (gint64 id)
{
  g_return_val_if_fail (is_id (id), NULL);

  return message_new (IMP_OP_DELETE_ANALYZER, id);
}

/**
 * imp_message_new_data: (constructor)
 * @id: the number of an analyzer
 * @direction: where the data come from
 * @offset: 0, or their true position where something was left out before them; after a pass up to a
 *   pattern -1 stands for the position 0
 * @data_type: the type of data
 * @data: the data; empty at the end of that direction's stream
 *
 * Makes input for an analyzer.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_data (gint64 id, ImpDirection direction, gint64 offset, gint32 data_type,
                      GBytes *data)
{
  ImpMessage *self;

  g_return_val_if_fail (is_id (id), NULL);
  g_return_val_if_fail (offset >= -1 && offset <= IMP_MAX_ID, NULL);
  g_return_val_if_fail (data_type != IMP_DATA_TYPE_ANY, NULL);
  g_return_val_if_fail (data != NULL, NULL);

  self = message_new (IMP_OP_DATA, id);
  self->direction = direction == IMP_DIRECTION_FROM_SERVER;
  self->offset = offset;
  self->data_type = data_type;
  self->data = g_bytes_ref (data);
  return self;
}

/**
 * imp_message_new_busy: (constructor)
 * @id: the number of an analyzer
 * @direction: a direction
 * @busy: whether the provider cannot take more of it
 *
 * Makes the statement that the provider can take no more of a direction, or can again.
 *
 * It exists in version 2 of the protocol only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_busy (gint64 id, ImpDirection direction, gboolean busy)
{
  ImpMessage *self;

  g_return_val_if_fail (is_id (id), NULL);

  self = message_new (IMP_OP_BUSY, id);
  self->direction = direction == IMP_DIRECTION_FROM_SERVER;
  self->busy = !!busy;
  return self;
}

/**
 * imp_message_new_result: (constructor)
 * @id: the number of an analyzer
 * @result: what it has answered
 *
 * Makes the message that carries an analyzer's result.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_result (gint64 id, ImpResult *result)
{
  ImpMessage *self;

  g_return_val_if_fail (is_id (id), NULL);
  g_return_val_if_fail (result != NULL, NULL);

  self = message_new (IMP_OP_RESULT, id);
  self->result = imp_result_ref (result);
  return self;
}

/**
 * imp_message_new_exception: (constructor)
 * @id: the number of an analyzer, or 0 for the whole factory
 * @text: what has happened, for people
 *
 * Makes the statement that an analyzer, or the whole factory, has failed.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_exception (gint64 id, const char *text)
{
  ImpMessage *self;

  g_return_val_if_fail (id == 0 || is_id (id), NULL);
  g_return_val_if_fail (text != NULL, NULL);

  self = message_new (IMP_OP_EXCEPTION, id);
  self->text = copy_text (text);
  return self;
}

static ImpMessage *
new_with_token (ImpOp op, gint64 token)
{
  ImpMessage *self = message_new (op, 0);

  self->token = token;
  return self;
}

/**
 * imp_message_new_ping: (constructor)
 * @token: a number from 0 to 2^53 - 1, which the answer carries back
 *
 * Makes the question whether the other side is there. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_ping (gint64 token)
{
  g_return_val_if_fail (token >= 0 && token <= IMP_MAX_ID, NULL);

  return new_with_token (IMP_OP_PING, token);
}

/**
 * imp_message_new_pong: (constructor)
 * @token: the number that the question carried
 *
 * Makes the answer to %IMP_OP_PING. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_pong (gint64 token)
{
  g_return_val_if_fail (token >= 0 && token <= IMP_MAX_ID, NULL);

  return new_with_token (IMP_OP_PONG, token);
}

/**
 * imp_message_new_goodbye: (constructor)
 * @text: why, for people
 *
 * Makes the statement that the sender takes no new analyzers, while old ones may finish. Version 2
 * only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_goodbye (const char *text)
{
  ImpMessage *self;

  g_return_val_if_fail (text != NULL, NULL);

  self = message_new (IMP_OP_GOODBYE, 0);
  self->text = copy_text (text);
  return self;
}
