/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"
#include "wire/imp-fields-private.h"

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
                    G_DEFINE_ENUM_VALUE (IMP_OP_GET_STATUS, "get-status"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_SHARE, "share"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_SHARED_DATA, "shared-data"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_EXCEPTION, "exception"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_INTERFACE, "interface"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_RESULT, "result"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_STATUS, "status"),
                    G_DEFINE_ENUM_VALUE (IMP_OP_RELEASE, "release"))
/* clang-format on */

G_DEFINE_BOXED_TYPE (ImpMessage, imp_message, imp_message_ref, imp_message_unref)

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
message_id_is_valid (gint64 id)
{
  return id > 0 && id <= IMP_MAX_ID;
}

/* The wire formats carry UTF-8, so that a binary text from a plugin is made readable here, once. */
static char *
message_copy_text (const char *text)
{
  return g_utf8_validate (text, -1, NULL) ? g_strdup (text) : g_utf8_make_valid (text, -1);
}

static gpointer
message_copy_interface (gconstpointer interface, gpointer user_data)
{
  return imp_interface_ref ((ImpInterface *) interface);
}

GList *
imp_message_copy_interfaces (GList *interfaces)
{
  return g_list_copy_deep (interfaces, message_copy_interface, NULL);
}

/**
 * imp_message_new_set_version: (constructor)
 * @version: the highest version of the protocol that the sender speaks, from 1
 * @minimum: the lowest one, from 1 to @version
 * @limits: (nullable) (element-type utf8 utf8): what the sender takes at most: names and numbers
 * @features: (nullable) (array zero-terminated=1): names of what else the sender can
 *
 * Creates the message that comes first in each direction: what the sender speaks.
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
 * Creates the question which of @interfaces match what the analyzers need.
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
 * Creates a message that says that the provider will use @interface.
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
 * Creates the answer to %IMP_OP_GET_INTERFACE.
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

  g_return_val_if_fail (message_id_is_valid (id), NULL);

  self = message_new (IMP_OP_NEW_ANALYZER, id);
  self->context = imp_context_ref (context);
  return self;
}

/**
 * imp_message_new_new_analyzer: (constructor)
 * @id: the number of the analyzer, from 1 to 2^53 - 1, that is not in use
 * @context: (nullable) (element-type utf8 utf8): what is known about the connection
 *
 * Creates a message that asks for a new analyzer.
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
 * Creates a message that says that an analyzer is not needed any more.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_delete_analyzer (gint64 id)
{
  g_return_val_if_fail (message_id_is_valid (id), NULL);

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
 * Creates a message that carries input for an analyzer.
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

  g_return_val_if_fail (message_id_is_valid (id), NULL);
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
 * Creates a message that says that the provider can take no more of a direction, or can again.
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

  g_return_val_if_fail (message_id_is_valid (id), NULL);

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
 * Creates a message that carries an analyzer's result.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_result (gint64 id, ImpResult *result)
{
  ImpMessage *self;

  g_return_val_if_fail (message_id_is_valid (id), NULL);
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
 * Creates a message that says that an analyzer, or the whole factory, has failed.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_exception (gint64 id, const char *text)
{
  ImpMessage *self;

  g_return_val_if_fail (id == 0 || message_id_is_valid (id), NULL);
  g_return_val_if_fail (text != NULL, NULL);

  self = message_new (IMP_OP_EXCEPTION, id);
  self->text = message_copy_text (text);
  return self;
}

static ImpMessage *
message_new_with_token (ImpOp op, gint64 token)
{
  ImpMessage *self = message_new (op, 0);

  self->token = token;
  return self;
}

/**
 * imp_message_new_ping: (constructor)
 * @token: a number from 0 to 2^53 - 1, which the answer carries back
 *
 * Creates the question whether the other side is there. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_ping (gint64 token)
{
  g_return_val_if_fail (token >= 0 && token <= IMP_MAX_ID, NULL);

  return message_new_with_token (IMP_OP_PING, token);
}

/**
 * imp_message_new_pong: (constructor)
 * @token: the number that the question carried
 *
 * Creates the answer to %IMP_OP_PING. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_pong (gint64 token)
{
  g_return_val_if_fail (token >= 0 && token <= IMP_MAX_ID, NULL);

  return message_new_with_token (IMP_OP_PONG, token);
}

/**
 * imp_message_new_goodbye: (constructor)
 * @text: why, for people
 *
 * Creates a message that says that the sender takes no new analyzers, while old ones may finish.
 * Version 2 only.
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
  self->text = message_copy_text (text);
  return self;
}

/**
 * imp_message_new_get_status: (constructor)
 * @token: a number from 0 to 2^53 - 1, which the answers carry back
 * @timeout_ms: how long the answer may take, in milliseconds, from 1 to 2^31 - 1
 *
 * Creates the question how the modules of a server are. Version 2 only, and only for servers that
 * have the feature "status".
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_get_status (gint64 token, guint timeout_ms)
{
  ImpMessage *self;

  g_return_val_if_fail (token >= 0 && token <= IMP_MAX_ID, NULL);
  g_return_val_if_fail (timeout_ms > 0 && timeout_ms <= G_MAXINT32, NULL);

  self = message_new_with_token (IMP_OP_GET_STATUS, token);
  self->offset = timeout_ms;
  return self;
}

/**
 * imp_message_new_status: (constructor)
 * @token: the number that the question carried
 * @status: (element-type utf8 utf8) (nullable): how one module is: "name", "state", "reason",
 *   "since" and "retry"
 * @more: whether another one follows
 *
 * Creates an answer to %IMP_OP_GET_STATUS, one of as many as there are modules. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_status (gint64 token, GHashTable *status, gboolean more)
{
  ImpMessage *self;

  g_return_val_if_fail (token >= 0 && token <= IMP_MAX_ID, NULL);

  self = message_new_with_token (IMP_OP_STATUS, token);
  self->context = imp_context_from_table (status);
  self->busy = more != FALSE;
  return self;
}

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
 * imp_message_new_share: (constructor)
 * @size: the size of the memory in bytes, up to 2^53 - 1
 * @block_size: the size of a block of it in bytes, up to 2^31 - 1
 *
 * Creates the message that comes with a descriptor of memory to read input from. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_share (gint64 size, guint block_size)
{
  ImpMessage *self;

  g_return_val_if_fail (size > 0 && size <= IMP_MAX_ID, NULL);
  g_return_val_if_fail (block_size > 0 && block_size <= G_MAXINT32, NULL);

  self = message_new (IMP_OP_SHARE, 0);
  self->block = size;
  self->position = block_size;
  return self;
}

/**
 * imp_message_new_shared_data: (constructor)
 * @id: the analyzer
 * @direction: where the data come from
 * @offset: their true position if something was left out, else 0
 * @data_type: their type
 * @block: the number of the block that they lie in, up to 2^31 - 1
 * @position: where they begin in it, in bytes
 * @length: how many bytes they are, up to 2^31 - 1
 *
 * Creates input for an analyzer that lies in shared memory. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_shared_data (gint64 id, ImpDirection direction, gint64 offset, gint32 data_type,
                             guint block, guint position, guint length)
{
  ImpMessage *self;

  g_return_val_if_fail (message_id_is_valid (id), NULL);
  g_return_val_if_fail (offset >= -1 && offset <= IMP_MAX_ID, NULL);
  g_return_val_if_fail (data_type != IMP_DATA_TYPE_ANY, NULL);
  g_return_val_if_fail (block <= G_MAXINT32 && position <= G_MAXINT32, NULL);
  g_return_val_if_fail (length > 0 && length <= G_MAXINT32, NULL);

  self = message_new (IMP_OP_SHARED_DATA, id);
  self->direction = direction == IMP_DIRECTION_FROM_SERVER;
  self->offset = offset;
  self->data_type = data_type;
  self->block = block;
  self->position = position;
  self->length = length;
  return self;
}

/**
 * imp_message_new_release: (constructor)
 * @block: the number of the block, up to 2^31 - 1
 * @count: how many SHARED_DATA about it are done with, up to 2^31 - 1
 *
 * Creates the message that gives a block of shared memory back. Version 2 only.
 *
 * Returns: (transfer full): a new message
 *
 * Since: 0.1
 */
ImpMessage *
imp_message_new_release (guint block, guint count)
{
  ImpMessage *self;

  g_return_val_if_fail (block <= G_MAXINT32, NULL);
  g_return_val_if_fail (count > 0 && count <= G_MAXINT32, NULL);

  self = message_new (IMP_OP_RELEASE, 0);
  self->block = block;
  self->length = count;
  return self;
}

/**
 * imp_message_ref:
 * @self: a message
 *
 * Increases the reference count of a message.
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
 * Decreases the reference count of a message, and frees it with the last reference.
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

  if (self->op == IMP_OP_RESULT)
    return self->result->offset;
  return self->op == IMP_OP_DATA || self->op == IMP_OP_SHARED_DATA ? self->offset : 0;
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

  return self->op == IMP_OP_BUSY && self->busy;
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
 * Gets the number that PING and PONG carry, or GET_STATUS and STATUS.
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

  return self->minimum;
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

  return imp_context_to_table (self->op == IMP_OP_NEW_ANALYZER ? self->context : NULL);
}

/**
 * imp_message_get_timeout:
 * @self: a message
 *
 * Gets how long the answer to GET_STATUS may take.
 *
 * Returns: a time in milliseconds
 *
 * Since: 0.1
 */
guint
imp_message_get_timeout (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_GET_STATUS ? (guint) self->offset : 0;
}

/**
 * imp_message_dup_status:
 * @self: a message
 *
 * Gets what STATUS says about one module.
 *
 * Returns: (transfer full) (element-type utf8 utf8): a new table
 *
 * Since: 0.1
 */
GHashTable *
imp_message_dup_status (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return imp_context_to_table (self->op == IMP_OP_STATUS ? self->context : NULL);
}

/**
 * imp_message_get_more:
 * @self: a message
 *
 * Gets whether another STATUS follows this one.
 *
 * Returns: %TRUE if it is not the last one
 *
 * Since: 0.1
 */
gboolean
imp_message_get_more (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->op == IMP_OP_STATUS && self->busy;
}

/**
 * imp_message_get_size:
 * @self: a message
 *
 * Gets the size of the memory that SHARE comes with.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_message_get_size (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_SHARE ? self->block : 0;
}

/**
 * imp_message_get_block_size:
 * @self: a message
 *
 * Gets the size of a block of the memory that SHARE comes with.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
guint
imp_message_get_block_size (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_SHARE ? self->position : 0;
}

/**
 * imp_message_get_block:
 * @self: a message
 *
 * Gets the number of the block that SHARED_DATA or RELEASE is about.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint
imp_message_get_block (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_SHARED_DATA || self->op == IMP_OP_RELEASE ? (guint) self->block : 0;
}

/**
 * imp_message_get_position:
 * @self: a message
 *
 * Gets where the input of SHARED_DATA begins in its block.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
guint
imp_message_get_position (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_SHARED_DATA ? self->position : 0;
}

/**
 * imp_message_get_length:
 * @self: a message
 *
 * Gets how much input SHARED_DATA brings.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
gint64
imp_message_get_length (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_SHARED_DATA ? self->length : 0;
}

/**
 * imp_message_get_count:
 * @self: a message
 *
 * Gets how many SHARED_DATA are done with that RELEASE gives back.
 *
 * Returns: the number
 *
 * Since: 0.1
 */
guint
imp_message_get_count (ImpMessage *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->op == IMP_OP_RELEASE ? (guint) self->length : 0;
}

static gboolean
message_texts_equal (char **a, char **b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strv_equal ((const char *const *) a, (const char *const *) b);
}

static gboolean
message_interfaces_equal (GList *a, GList *b)
{
  for (; a != NULL && b != NULL; a = a->next, b = b->next)
    if (!imp_interface_equal (a->data, b->data))
      return FALSE;
  return a == b;
}

static gboolean
message_field_equal (const ImpFields *a, const ImpFields *b, ImpField field)
{
  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_TEXT:
    case IMP_FIELD_KIND_PATTERN:
      return g_str_equal (a->values[field].text, b->values[field].text);
    case IMP_FIELD_KIND_CONTEXT:
    case IMP_FIELD_KIND_DETAILS:
    case IMP_FIELD_KIND_LIMITS:
      return imp_context_equal (a->values[field].pairs, b->values[field].pairs);
    case IMP_FIELD_KIND_TEXTS:
      return message_texts_equal (a->values[field].texts, b->values[field].texts);
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      return message_interfaces_equal (a->values[field].interfaces, b->values[field].interfaces);
    case IMP_FIELD_KIND_DATA:
      return g_bytes_equal (a->values[field].data, b->values[field].data);
    default:
      return a->values[field].number == b->values[field].number;
    }
}

/**
 * imp_message_equal:
 * @self: a message
 * @other: another one
 *
 * Checks whether two messages say the same.
 *
 * Returns: %TRUE if they do
 *
 * Since: 0.1
 */
gboolean
imp_message_equal (ImpMessage *self, ImpMessage *other)
{
  g_auto (ImpFields) mine = IMP_FIELDS_INIT;
  g_auto (ImpFields) theirs = IMP_FIELDS_INIT;

  g_return_val_if_fail (self != NULL && other != NULL, FALSE);

  imp_fields_load (&mine, self, G_MAXUINT);
  imp_fields_load (&theirs, other, G_MAXUINT);
  if (mine.op != theirs.op || mine.result != theirs.result)
    return FALSE;
  for (guint i = 0; i < mine.n_fields; i++)
    if (!message_field_equal (&mine, &theirs, mine.fields[i]))
      return FALSE;
  return TRUE;
}

static void
message_append_data_type (GString *text, gint32 type)
{
  const char *name = imp_data_type_get_name (type);

  if (name != NULL)
    g_string_append_printf (text, " type=%s", name);
  else
    g_string_append_printf (text, " type=%d", type);
}

static void
message_append_pairs (GString *text, ImpContext *pairs)
{
  gsize position = 0;
  const char *key, *value;

  while (imp_context_next (pairs, &position, &key, &value))
    g_string_append_printf (text, " %s=\"%s\"", key, value);
}

static void
message_append_interfaces (GString *text, GList *interfaces)
{
  for (GList *l = interfaces; l != NULL; l = l->next)
    {
      g_autofree char *interface = imp_interface_to_string (l->data);

      g_string_append_printf (text, " [%s]", interface);
    }
}

static void
message_append_result (GString *text, ImpResult *result)
{
  g_autofree char *description = imp_result_to_string (result);

  g_string_append_printf (text, ": %s", description);
}

/* The analyzer as "#1", the versions as "1..2", all other numbers with their names. */
static void
message_append_number (GString *text, const ImpMessage *self, ImpField field, gint64 number)
{
  if (field == IMP_FIELD_VERSION)
    g_string_append_printf (text, " %u..%u", self->minimum, self->version);
  else if (field == IMP_FIELD_ID && number != 0)
    g_string_append_printf (text, " #%" G_GINT64_FORMAT, number);
  else if (field != IMP_FIELD_ID && field != IMP_FIELD_MINIMUM)
    g_string_append_printf (text, " %s=%" G_GINT64_FORMAT, imp_field_infos[field].name, number);
}

static void
message_append_field (GString *text, const ImpMessage *self, const ImpFields *fields,
                      ImpField field)
{
  switch (imp_field_infos[field].kind)
    {
    case IMP_FIELD_KIND_BOOLEAN:
      if (field == IMP_FIELD_OVERLOAD || field == IMP_FIELD_MORE)
        g_string_append_printf (text, fields->values[field].number != 0 ? " %s" : "",
                                imp_field_infos[field].name);
      else
        g_string_append (text, fields->values[field].number != 0 ? " on" : " off");
      break;
    case IMP_FIELD_KIND_DATA_TYPE:
      message_append_data_type (text, (gint32) fields->values[field].number);
      break;
    case IMP_FIELD_KIND_RESULT_TYPE:
      message_append_result (text, self->result);
      break;
    case IMP_FIELD_KIND_TEXT:
      g_string_append_printf (text, " \"%s\"", fields->values[field].text);
      break;
    case IMP_FIELD_KIND_CONTEXT:
    case IMP_FIELD_KIND_LIMITS:
      message_append_pairs (text, fields->values[field].pairs);
      break;
    case IMP_FIELD_KIND_TEXTS:
      for (char **t = fields->values[field].texts; t != NULL && *t != NULL; t++)
        g_string_append_printf (text, " +%s", *t);
      break;
    case IMP_FIELD_KIND_INTERFACES:
    case IMP_FIELD_KIND_INTERFACE:
      message_append_interfaces (text, fields->values[field].interfaces);
      break;
    case IMP_FIELD_KIND_DATA:
      g_string_append_printf (text, " data=%" G_GSIZE_FORMAT " bytes",
                              g_bytes_get_size (fields->values[field].data));
      break;
    default:
      message_append_number (text, self, field, fields->values[field].number);
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
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);

  imp_fields_load (&fields, self, G_MAXUINT);
  text = g_string_new (fields.op->name);
  for (const guint8 *f = fields.op->fields; *f != IMP_FIELD_END; f++)
    message_append_field (text, self, &fields, *f & ~IMP_FIELD_OPTIONAL);
  return g_string_free (text, FALSE);
}
