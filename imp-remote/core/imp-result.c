/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-private.h"

#include "core/imp-error.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (ImpResult, imp_result, imp_result_ref, imp_result_unref)

static ImpResult *
result_new (ImpResultType type, ImpDirection direction, gint64 offset)
{
  /* Not g_new0(): calloc() does not use the cache of the thread, and one is made per chunk. */
  ImpResult *self = g_new (ImpResult, 1);

  *self = (ImpResult){
    .type = type,
    .direction = direction == IMP_DIRECTION_FROM_SERVER,
    .offset = offset,
  };
  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

ImpResult *
imp_result_new_bare (ImpResultType type)
{
  return result_new (type, IMP_DIRECTION_FROM_CLIENT, 0);
}

/* The wire formats carry UTF-8, so that a binary reason from a plugin is made readable here, once.
 * */
static char *
result_copy_text (const char *text)
{
  return g_utf8_validate (text, -1, NULL) ? g_strdup (text) : g_utf8_make_valid (text, -1);
}

/* A copy, since the caller may go on changing its own. */
static GHashTable *
result_copy_details (GHashTable *details)
{
  GHashTable *copy;
  GHashTableIter iter;
  gpointer key, value;

  if (details == NULL || g_hash_table_size (details) == 0)
    return NULL;

  copy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init (&iter, details);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy, result_copy_text (key), result_copy_text (value));
  return copy;
}

/**
 * imp_result_new_pass: (constructor)
 * @direction: a direction
 * @offset: an offset in bytes of that direction's input, or %IMP_MAX_OFFSET
 *
 * Creates a PASS: forward up to @offset.
 *
 * The offset may lie in the future: what comes up to it is forwarded and need not be fed.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_pass (ImpDirection direction, gint64 offset)
{
  return result_new (IMP_RESULT_PASS, direction, offset);
}

/**
 * imp_result_new_prepass: (constructor)
 * @direction: a direction
 * @offset: an offset in bytes of that direction's input, or %IMP_MAX_OFFSET
 *
 * Creates a PREPASS: forward up to @offset at once, and go on feeding.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_prepass (ImpDirection direction, gint64 offset)
{
  return result_new (IMP_RESULT_PREPASS, direction, offset);
}

ImpResult *
imp_result_new_replace_take (ImpDirection direction, gint64 offset, GBytes *data)
{
  ImpResult *self = result_new (IMP_RESULT_REPLACE, direction, offset);

  g_assert (data != NULL);

  self->data = data;
  return self;
}

/**
 * imp_result_new_replace: (constructor)
 * @direction: a direction
 * @offset: an offset in bytes of that direction's input
 * @data: what to forward instead, perhaps nothing
 *
 * Creates a REPLACE: forward @data instead of all unsettled input up to @offset.
 *
 * The offset cannot lie in the future, nor in what has passed. If nothing before it is
 * unsettled, @data is inserted.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_replace (ImpDirection direction, gint64 offset, GBytes *data)
{
  g_return_val_if_fail (data != NULL, NULL);

  return imp_result_new_replace_take (direction, offset, g_bytes_ref (data));
}

/**
 * imp_result_new_replace_later: (constructor)
 * @direction: a direction
 * @offset: where the promise begins, in bytes of that direction's input
 * @end_offset: where it ends
 *
 * Creates a REPLACE_LATER: the promise that what lies between both offsets will be replaced.
 *
 * A provider may forget those bytes; it may also ignore the promise.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_replace_later (ImpDirection direction, gint64 offset, gint64 end_offset)
{
  ImpResult *self = result_new (IMP_RESULT_REPLACE_LATER, direction, offset);

  self->extra = end_offset;
  return self;
}

ImpResult *
imp_result_new_to_sender_take (ImpDirection direction, GBytes *data)
{
  ImpResult *self = result_new (IMP_RESULT_TO_SENDER, direction, 0);

  g_assert (data != NULL);

  self->data = data;
  return self;
}

/**
 * imp_result_new_to_sender: (constructor)
 * @direction: a direction
 * @data: what to write
 *
 * Creates a TO_SENDER: write @data back to the side that @direction comes from.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_to_sender (ImpDirection direction, GBytes *data)
{
  g_return_val_if_fail (data != NULL, NULL);

  return imp_result_new_to_sender_take (direction, g_bytes_ref (data));
}

/**
 * imp_result_new_deny: (constructor)
 * @direction: the direction whose data gave the reason
 * @reason: why, for people
 * @details: (nullable) (element-type utf8 utf8): more about it
 *
 * Creates a DENY: refuse the connection visibly.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_deny (ImpDirection direction, const char *reason, GHashTable *details)
{
  ImpResult *self = result_new (IMP_RESULT_DENY, direction, 0);

  self->text = result_copy_text (reason != NULL ? reason : "");
  self->details = result_copy_details (details);
  return self;
}

/**
 * imp_result_new_drop: (constructor)
 *
 * Creates a DROP: refuse the connection without a word.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_drop (void)
{
  return result_new (IMP_RESULT_DROP, 0, 0);
}

/**
 * imp_result_new_fatal: (constructor)
 * @reason: what failed, for people
 *
 * Creates a FATAL: the analyzer itself has failed.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_fatal (const char *reason)
{
  ImpResult *self = result_new (IMP_RESULT_FATAL, 0, 0);

  self->text = result_copy_text (reason != NULL ? reason : "");
  return self;
}

/**
 * imp_result_new_want: (constructor)
 * @direction: a direction
 * @offset: an offset, in bytes
 *
 * Creates a WANT: the hint that nothing more can be said of @direction before the input has come up
 * to @offset, or ended.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_want (ImpDirection direction, gint64 offset)
{
  g_return_val_if_fail (offset >= 0, NULL);

  return result_new (IMP_RESULT_WANT, direction, offset);
}

/**
 * imp_result_new_pause: (constructor)
 * @direction: a direction
 *
 * Creates a PAUSE: the hint to stop feeding @direction for now.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_pause (ImpDirection direction)
{
  return result_new (IMP_RESULT_PAUSE, direction, 0);
}

/**
 * imp_result_new_continue: (constructor)
 * @direction: a direction
 *
 * Creates a CONTINUE: the hint to go on feeding @direction.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_continue (ImpDirection direction)
{
  return result_new (IMP_RESULT_CONTINUE, direction, 0);
}

/**
 * imp_result_new_log: (constructor)
 * @direction: the direction whose data gave the reason
 * @offset: where in that direction's input, in bytes
 * @length: of how many bytes of it the message speaks
 * @level: how important it is
 * @message: what to log
 * @details: (nullable) (element-type utf8 utf8): more about it
 *
 * Creates a LOG: something for the provider's log.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_log (ImpDirection direction, gint64 offset, gint64 length, ImpLogLevel level,
                    const char *message, GHashTable *details)
{
  ImpResult *self;

  g_return_val_if_fail (message != NULL, NULL);

  self = result_new (IMP_RESULT_LOG, direction, offset);
  self->extra = length;
  self->level = CLAMP (level, IMP_LOG_LEVEL_DEBUG, IMP_LOG_LEVEL_EMERGENCY);
  self->text = result_copy_text (message);
  self->details = result_copy_details (details);
  return self;
}

/**
 * imp_result_new_account_field: (constructor)
 * @key: the field's name
 * @value: its value
 *
 * Creates an ACCOUNT_FIELD: a field for accounting.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_account_field (const char *key, const char *value)
{
  ImpResult *self;

  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);

  self = result_new (IMP_RESULT_ACCOUNT_FIELD, 0, 0);
  self->text = result_copy_text (key);
  self->value = result_copy_text (value);
  return self;
}

/**
 * imp_result_new_pass_pattern: (constructor)
 * @direction: a direction
 * @regex: a regular expression as PCRE2 has them, matched against bytes: at most 4096 of them
 * @max_length: the greatest length of a match, in bytes
 *
 * Creates a PASS_PATTERN: forward unseen up to a match.
 *
 * The analyzer is fed again from the beginning of the match, with an explicit offset.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_pass_pattern (ImpDirection direction, const char *regex, guint max_length)
{
  ImpResult *self;

  g_return_val_if_fail (regex != NULL, NULL);

  self = result_new (IMP_RESULT_PASS_PATTERN, direction, 0);
  self->text = result_copy_text (regex);
  self->extra = max_length;
  return self;
}

static ImpMatcher *
result_compile (ImpResult *self, GError **error)
{
  gsize length = strlen (self->text);

  if (length > IMP_RESULT_REGEX_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "The regular expression of a pass_pattern has %" G_GSIZE_FORMAT
                   " bytes; the limit is %d",
                   length, IMP_RESULT_REGEX_MAX);
      return NULL;
    }
  return imp_matcher_new_regex (self->text, self->extra, 0, 0, error);
}

/* Results are the same for all threads; if two come at once, one of them has worked in vain. */
ImpMatcher *
imp_result_ensure_matcher (ImpResult *self, GError **error)
{
  ImpMatcher *matcher;

  g_assert (self->type == IMP_RESULT_PASS_PATTERN);

  if (g_atomic_pointer_get (&self->matcher) != NULL)
    return self->matcher;
  matcher = result_compile (self, error);
  if (matcher != NULL && !g_atomic_pointer_compare_and_exchange (&self->matcher, NULL, matcher))
    imp_matcher_unref (matcher);
  return g_atomic_pointer_get (&self->matcher);
}

/**
 * imp_result_new_port: (constructor)
 * @type: %IMP_RESULT_PORT_OPEN or %IMP_RESULT_PORT_CLOSE
 * @direction: a direction
 * @offset: an offset in bytes of that direction's input
 *
 * Creates a result about a dynamic port.
 *
 * The protocol reserves these and has never said more about them, so providers ignore them.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
ImpResult *
imp_result_new_port (ImpResultType type, ImpDirection direction, gint64 offset)
{
  g_return_val_if_fail (type == IMP_RESULT_PORT_OPEN || type == IMP_RESULT_PORT_CLOSE, NULL);

  return result_new (type, direction, offset);
}

/**
 * imp_result_ref:
 * @self: a result
 *
 * Increases the reference count of @self.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
ImpResult *
imp_result_ref (ImpResult *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * imp_result_unref:
 * @self: (transfer full): a result
 *
 * Decreases the reference count of @self; the last one frees it.
 *
 * Since: 0.1
 */
void
imp_result_unref (ImpResult *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->data, g_bytes_unref);
  g_clear_pointer (&self->details, g_hash_table_unref);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->value, g_free);
  g_clear_pointer (&self->matcher, imp_matcher_unref);
  g_free (self);
}

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
 * Checks whether the result is about one direction. DROP, FATAL and ACCOUNT_FIELD are about the
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
    case IMP_RESULT_WANT:
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
