/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-head-private.h"

#include "core/imp-error.h"

#include <string.h>

/**
 * ImpHttpHead:
 *
 * The head of a request or of a response: what an [class@Imp.HttpAnalyzer] shows to its subclass,
 * which may change it in place.
 *
 * Fields are in the order in which they came, and names are compared without regard to case. What
 * is not changed goes as it came, byte for byte; a head in which nothing is changed does so as a
 * whole. Text that is no UTF-8 is shown as if it were Latin-1.
 *
 * The fields that say how long the body is (`Content-Length`, `Transfer-Encoding`) are kept right
 * by the analyzer: to change them is an %IMP_ERROR_UNSUPPORTED. To change a head that has gone
 * already is an %IMP_ERROR_CLOSED, since it would have no effect. A name or a value that cannot
 * stand in a head, such as one with a line break, is an %IMP_ERROR_SETTINGS.
 *
 * Since: 0.2
 */
G_DEFINE_FINAL_TYPE (ImpHttpHead, imp_http_head, G_TYPE_OBJECT)

/* What HTTP calls itself if a message has only just been made. */
#define MINOR_DEFAULT 1

gboolean
imp_http_is_token_char (guint8 c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

gboolean
imp_http_is_text_char (guint8 c)
{
  return c == '\t' || (c >= ' ' && c != 0x7f);
}

gboolean
imp_http_is_token (const char *text)
{
  if (*text == '\0')
    return FALSE;
  for (; *text != '\0'; text++)
    if (!imp_http_is_token_char (*text))
      return FALSE;
  return TRUE;
}

static void
http_field_clear (gpointer data)
{
  g_free (((ImpHttpField *) data)->owned);
}

static void
imp_http_head_finalize (GObject *object)
{
  ImpHttpHead *self = IMP_HTTP_HEAD (object);

  g_array_unref (self->fields);
  g_free (self->method);
  g_free (self->target);
  g_free (self->reason);
  g_free (self->raw);
  g_free (self->text);
  G_OBJECT_CLASS (imp_http_head_parent_class)->finalize (object);
}

static void
imp_http_head_class_init (ImpHttpHeadClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_http_head_finalize;
}

static void
imp_http_head_init (ImpHttpHead *self)
{
  self->minor = MINOR_DEFAULT;
  self->fields = g_array_new (FALSE, TRUE, sizeof (ImpHttpField));
  g_array_set_clear_func (self->fields, http_field_clear);
}

/* ---- fields, as the library changes them ---- */

ImpHttpField *
imp_http_head_peek_field (ImpHttpHead *self, guint index)
{
  return &g_array_index (self->fields, ImpHttpField, index);
}

static void
http_field_set (ImpHttpField *self, const char *name, const char *value)
{
  gsize name_size = strlen (name) + 1, value_size = strlen (value) + 1;
  char *owned = g_malloc (name_size + value_size);

  memcpy (owned, name, name_size);
  memcpy (owned + name_size, value, value_size);
  g_free (self->owned);
  self->owned = owned;
  self->name = owned;
  self->value = owned + name_size;
  self->is_changed = TRUE;
}

void
imp_http_head_change_value (ImpHttpHead *self, guint index, const char *value)
{
  ImpHttpField *field = imp_http_head_peek_field (self, index);

  http_field_set (field, field->name, value);
  self->is_changed = TRUE;
}

void
imp_http_head_drop_index (ImpHttpHead *self, guint index)
{
  g_array_remove_index (self->fields, index);
  self->is_changed = TRUE;
}

/* The first one from @index on that is called so, or -1. */
static int
http_head_find (ImpHttpHead *self, const char *name, guint index)
{
  for (; index < self->fields->len; index++)
    if (g_ascii_strcasecmp (imp_http_head_peek_field (self, index)->name, name) == 0)
      return index;
  return -1;
}

/* Takes away all from @index on that are called so. */
static gboolean
http_head_drop_from (ImpHttpHead *self, const char *name, guint index)
{
  gboolean found = FALSE;
  int at;

  while ((at = http_head_find (self, name, index)) >= 0)
    {
      index = at;
      imp_http_head_drop_index (self, index);
      found = TRUE;
    }
  return found;
}

gboolean
imp_http_head_drop (ImpHttpHead *self, const char *name)
{
  return http_head_drop_from (self, name, 0);
}

void
imp_http_head_add (ImpHttpHead *self, const char *name, const char *value)
{
  ImpHttpField field = { 0 };

  http_field_set (&field, name, value);
  g_array_append_val (self->fields, field);
  self->is_changed = TRUE;
}

/* The first one stays where it is. */
void
imp_http_head_put (ImpHttpHead *self, const char *name, const char *value)
{
  int at = http_head_find (self, name, 0);

  if (at < 0)
    {
      imp_http_head_add (self, name, value);
      return;
    }
  if (strcmp (imp_http_head_peek_field (self, at)->value, value) != 0)
    imp_http_head_change_value (self, at, value);
  http_head_drop_from (self, name, at + 1);
}

guint
imp_http_head_count (ImpHttpHead *self, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < self->fields->len; i++)
    n += g_ascii_strcasecmp (imp_http_head_peek_field (self, i)->name, name) == 0;
  return n;
}

void
imp_http_head_set_length (ImpHttpHead *self, guint64 length)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, length);

  imp_http_head_drop (self, "Transfer-Encoding");
  imp_http_head_drop (self, "Trailer");
  imp_http_head_put (self, "Content-Length", text);
}

void
imp_http_head_set_chunked (ImpHttpHead *self)
{
  imp_http_head_drop (self, "Content-Length");
  imp_http_head_put (self, "Transfer-Encoding", "chunked");
}

void
imp_http_head_seal (ImpHttpHead *self)
{
  self->is_sealed = TRUE;
}

/* ---- the head as bytes ---- */

static void
http_head_write_text (GByteArray *output, const char *text)
{
  g_byte_array_append (output, (const guint8 *) text, strlen (text));
}

static void
http_head_write_line (ImpHttpHead *self, GByteArray *output)
{
  g_autofree char *line = NULL;

  if (self->raw != NULL && !self->line_is_changed)
    {
      g_byte_array_append (output, (const guint8 *) self->raw, self->line_length);
      return;
    }
  if (self->is_request)
    line = g_strdup_printf ("%s %s HTTP/1.%u\r\n", self->method, self->target, self->minor);
  else
    line = g_strdup_printf ("HTTP/1.%u %03u %s\r\n", self->minor, self->status, self->reason);
  http_head_write_text (output, line);
}

void
imp_http_head_write (ImpHttpHead *self, GByteArray *output)
{
  if (self->raw != NULL && !self->is_changed)
    {
      g_byte_array_append (output, (const guint8 *) self->raw, self->raw_length);
      return;
    }
  http_head_write_line (self, output);
  for (guint i = 0; i < self->fields->len; i++)
    {
      const ImpHttpField *field = imp_http_head_peek_field (self, i);

      if (!field->is_changed)
        {
          g_byte_array_append (output, (const guint8 *) self->raw + field->start, field->length);
          continue;
        }
      http_head_write_text (output, field->name);
      http_head_write_text (output, ": ");
      http_head_write_text (output, field->value);
      http_head_write_text (output, "\r\n");
    }
  http_head_write_text (output, "\r\n");
}

/**
 * imp_http_head_to_bytes:
 * @self: a head
 *
 * Gives the head as it goes: its line, its fields and the empty line behind them.
 *
 * Returns: (transfer full): the bytes
 *
 * Since: 0.2
 */
GBytes *
imp_http_head_to_bytes (ImpHttpHead *self)
{
  g_autoptr (GByteArray) output = g_byte_array_new ();

  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);

  imp_http_head_write (self, output);
  return g_byte_array_free_to_bytes (g_steal_pointer (&output));
}

/* ---- what it says ---- */

/**
 * imp_http_head_is_request:
 * @self: a head
 *
 * Says whether it is that of a request.
 *
 * Returns: %TRUE if it is, %FALSE if it is that of a response
 *
 * Since: 0.2
 */
gboolean
imp_http_head_is_request (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);

  return self->is_request;
}

/**
 * imp_http_head_get_method:
 * @self: a head
 *
 * Gives the method of a request, such as `GET`. Methods are told apart by case.
 *
 * Returns: (nullable): the method, or %NULL in a response
 *
 * Since: 0.2
 */
const char *
imp_http_head_get_method (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);

  return self->method;
}

/**
 * imp_http_head_get_target:
 * @self: a head
 *
 * Gives the target of a request as it stands there, such as `/index.html?q=1`; nothing is decoded.
 *
 * Returns: (nullable): the target, or %NULL in a response
 *
 * Since: 0.2
 */
const char *
imp_http_head_get_target (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);

  return self->target;
}

/**
 * imp_http_head_get_minor:
 * @self: a head
 *
 * Gives the version: the minor one, since the major one is 1.
 *
 * Returns: 0 for HTTP/1.0, 1 for HTTP/1.1
 *
 * Since: 0.2
 */
guint
imp_http_head_get_minor (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), 0);

  return self->minor;
}

/**
 * imp_http_head_get_status:
 * @self: a head
 *
 * Gives the status code of a response.
 *
 * Returns: the code, 100 to 999, or 0 in a request
 *
 * Since: 0.2
 */
guint
imp_http_head_get_status (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), 0);

  return self->status;
}

/**
 * imp_http_head_get_reason:
 * @self: a head
 *
 * Gives the words behind the status code of a response, which may be none.
 *
 * Returns: (nullable): the reason phrase, or %NULL in a request
 *
 * Since: 0.2
 */
const char *
imp_http_head_get_reason (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);

  return self->reason;
}

/**
 * imp_http_head_get_n_fields:
 * @self: a head
 *
 * Says how many fields there are.
 *
 * Returns: their number
 *
 * Since: 0.2
 */
guint
imp_http_head_get_n_fields (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), 0);

  return self->fields->len;
}

/**
 * imp_http_head_get_name:
 * @self: a head
 * @index: a number below [method@Imp.HttpHead.get_n_fields]
 *
 * Gives the name of a field, as it is spelled.
 *
 * Returns: the name, until the head is changed
 *
 * Since: 0.2
 */
const char *
imp_http_head_get_name (ImpHttpHead *self, guint index)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);
  g_return_val_if_fail (index < self->fields->len, NULL);

  return imp_http_head_peek_field (self, index)->name;
}

/**
 * imp_http_head_get_value:
 * @self: a head
 * @index: a number below [method@Imp.HttpHead.get_n_fields]
 *
 * Gives the value of a field, without the white space around it.
 *
 * Returns: the value, until the head is changed
 *
 * Since: 0.2
 */
const char *
imp_http_head_get_value (ImpHttpHead *self, guint index)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);
  g_return_val_if_fail (index < self->fields->len, NULL);

  return imp_http_head_peek_field (self, index)->value;
}

/**
 * imp_http_head_lookup:
 * @self: a head
 * @name: the name of a field
 *
 * Gives the value of the first field that is called so.
 *
 * Returns: (nullable): the value, until the head is changed, or %NULL if there is none
 *
 * Since: 0.2
 */
const char *
imp_http_head_lookup (ImpHttpHead *self, const char *name)
{
  int at;

  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  at = http_head_find (self, name, 0);
  return at < 0 ? NULL : imp_http_head_peek_field (self, at)->value;
}

/**
 * imp_http_head_list_values:
 * @self: a head
 * @name: the name of a field
 *
 * Gives the values of all fields that are called so, in their order.
 *
 * Returns: (transfer full) (array zero-terminated=1): the values
 *
 * Since: 0.2
 */
char **
imp_http_head_list_values (ImpHttpHead *self, const char *name)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  for (int at = http_head_find (self, name, 0); at >= 0; at = http_head_find (self, name, at + 1))
    g_strv_builder_add (builder, imp_http_head_peek_field (self, at)->value);
  return g_strv_builder_end (builder);
}

gboolean
imp_http_value_has_token (const char *value, const char *token)
{
  gsize length = strlen (token);

  while (*value != '\0')
    {
      gsize word;

      value += strspn (value, ", \t");
      word = strcspn (value, ", \t;");
      if (word == length && g_ascii_strncasecmp (value, token, length) == 0)
        return TRUE;
      value += strcspn (value, ",");
    }
  return FALSE;
}

/**
 * imp_http_head_has_token:
 * @self: a head
 * @name: the name of a field whose value is a list, such as `Connection`
 * @token: a word
 *
 * Says whether a word is in a list that commas separate, in any of the fields that are called so.
 * Case does not matter, nor does what stands behind the word and a `;`.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.2
 */
gboolean
imp_http_head_has_token (ImpHttpHead *self, const char *name, const char *token)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (token != NULL, FALSE);

  for (int at = http_head_find (self, name, 0); at >= 0; at = http_head_find (self, name, at + 1))
    if (imp_http_value_has_token (imp_http_head_peek_field (self, at)->value, token))
      return TRUE;
  return FALSE;
}

/* ---- what a subclass changes ---- */

static gboolean
http_head_check_open (ImpHttpHead *self, GError **error)
{
  if (!self->is_sealed)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_CLOSED,
                       "The head has gone already and cannot be changed any more");
  return FALSE;
}

static gboolean
http_head_check_name (ImpHttpHead *self, const char *name, GError **error)
{
  if (!http_head_check_open (self, error))
    return FALSE;
  if (!imp_http_is_token (name))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" cannot be the name of a field",
                   name);
      return FALSE;
    }
  if (g_ascii_strcasecmp (name, "Content-Length") != 0
      && g_ascii_strcasecmp (name, "Transfer-Encoding") != 0)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
               "%s follows from the body and is set by the analyzer", name);
  return FALSE;
}

static gboolean
http_head_check_text (const char *text, const char *what, GError **error)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!imp_http_is_text_char (*c))
      {
        g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                     "The %s \"%s\" has the byte 0x%02x, which no text may have", what, text,
                     (guint8) *c);
        return FALSE;
      }
  return TRUE;
}

/* A value without the white space around it, or NULL with an error. */
static char *
http_head_make_value (ImpHttpHead *self, const char *name, const char *value, GError **error)
{
  if (!http_head_check_name (self, name, error) || !http_head_check_text (value, "value", error))
    return NULL;
  return g_strstrip (g_strdup (value));
}

/**
 * imp_http_head_set_field:
 * @self: a head
 * @name: the name of a field
 * @value: its value
 * @error: return location for an error
 *
 * Has a field be there once, with this value. If there is one, it keeps its place and its spelling,
 * and others that are called so are removed; else it comes last.
 *
 * Returns: %TRUE, or %FALSE with an error: see [class@Imp.HttpHead]
 *
 * Since: 0.2
 */
gboolean
imp_http_head_set_field (ImpHttpHead *self, const char *name, const char *value, GError **error)
{
  g_autofree char *clean = NULL;

  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  clean = http_head_make_value (self, name, value, error);
  if (clean != NULL)
    imp_http_head_put (self, name, clean);
  return clean != NULL;
}

/**
 * imp_http_head_append_field:
 * @self: a head
 * @name: the name of a field
 * @value: its value
 * @error: return location for an error
 *
 * Adds a field behind all others, whether or not there is one that is called so.
 *
 * Returns: %TRUE, or %FALSE with an error: see [class@Imp.HttpHead]
 *
 * Since: 0.2
 */
gboolean
imp_http_head_append_field (ImpHttpHead *self, const char *name, const char *value, GError **error)
{
  g_autofree char *clean = NULL;

  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (value != NULL, FALSE);

  clean = http_head_make_value (self, name, value, error);
  if (clean != NULL)
    imp_http_head_add (self, name, clean);
  return clean != NULL;
}

/**
 * imp_http_head_remove_field:
 * @self: a head
 * @name: the name of a field
 * @error: return location for an error
 *
 * Removes all fields that are called so. That there is none is no error.
 *
 * Returns: %TRUE, or %FALSE with an error: see [class@Imp.HttpHead]
 *
 * Since: 0.2
 */
gboolean
imp_http_head_remove_field (ImpHttpHead *self, const char *name, GError **error)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (!http_head_check_name (self, name, error))
    return FALSE;
  imp_http_head_drop (self, name);
  return TRUE;
}

static gboolean
http_head_check_line (ImpHttpHead *self, gboolean is_request, GError **error)
{
  if (!http_head_check_open (self, error))
    return FALSE;
  if (self->is_request == is_request)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "A %s has no such thing",
               self->is_request ? "request" : "response");
  return FALSE;
}

static void
http_head_take_text (ImpHttpHead *self, char **place, const char *text)
{
  g_free (*place);
  *place = g_strdup (text);
  self->line_is_changed = self->is_changed = TRUE;
}

/**
 * imp_http_head_set_method:
 * @self: the head of a request
 * @method: a method; neither the old nor the new one may be `HEAD` or `CONNECT` unless both are,
 *   since those decide how a response is read
 * @error: return location for an error
 *
 * Changes the method of a request.
 *
 * Returns: %TRUE, or %FALSE with an error: see [class@Imp.HttpHead]
 *
 * Since: 0.2
 */
gboolean
imp_http_head_set_method (ImpHttpHead *self, const char *method, GError **error)
{
  static const char *const special[] = { "HEAD", "CONNECT", NULL };

  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);
  g_return_val_if_fail (method != NULL, FALSE);

  if (!http_head_check_line (self, TRUE, error))
    return FALSE;
  if (strcmp (method, self->method) == 0)
    return TRUE;
  if (!imp_http_is_token (method) || g_strv_contains (special, method)
      || g_strv_contains (special, self->method))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "The method %s cannot become \"%s\"",
                   self->method, method);
      return FALSE;
    }
  http_head_take_text (self, &self->method, method);
  return TRUE;
}

/**
 * imp_http_head_set_target:
 * @self: the head of a request
 * @target: what is asked for, without white space
 * @error: return location for an error
 *
 * Changes the target of a request.
 *
 * Returns: %TRUE, or %FALSE with an error: see [class@Imp.HttpHead]
 *
 * Since: 0.2
 */
gboolean
imp_http_head_set_target (ImpHttpHead *self, const char *target, GError **error)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);
  g_return_val_if_fail (target != NULL, FALSE);

  if (!http_head_check_line (self, TRUE, error) || !http_head_check_text (target, "target", error))
    return FALSE;
  if (*target == '\0' || strpbrk (target, " \t") != NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "\"%s\" cannot be a target: one has no white space and is not empty", target);
      return FALSE;
    }
  http_head_take_text (self, &self->target, target);
  return TRUE;
}

/**
 * imp_http_head_set_status:
 * @self: the head of a response
 * @status: a status code, 200 to 999; neither the old nor the new one may be one of 204 and 304
 *   unless both are the same, since those have no body
 * @reason: (nullable): words for it; %NULL: none
 * @error: return location for an error
 *
 * Changes the status of a response.
 *
 * Returns: %TRUE, or %FALSE with an error: see [class@Imp.HttpHead]
 *
 * Since: 0.2
 */
gboolean
imp_http_head_set_status (ImpHttpHead *self, guint status, const char *reason, GError **error)
{
  gboolean bodiless = status == 204 || status == 304 || self->status == 204 || self->status == 304;

  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);

  if (!http_head_check_line (self, FALSE, error)
      || (reason != NULL && !http_head_check_text (reason, "reason", error)))
    return FALSE;
  if (status < 200 || status > 999 || self->status < 200 || (bodiless && status != self->status))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "The status %u cannot become %u",
                   self->status, status);
      return FALSE;
    }
  self->status = status;
  http_head_take_text (self, &self->reason, reason != NULL ? reason : "");
  return TRUE;
}

/**
 * imp_http_head_is_changed:
 * @self: a head
 *
 * Says whether something was changed in a head since it came.
 *
 * Returns: %TRUE if it does not go as it came
 *
 * Since: 0.2
 */
gboolean
imp_http_head_is_changed (ImpHttpHead *self)
{
  g_return_val_if_fail (IMP_IS_HTTP_HEAD (self), FALSE);

  return self->is_changed;
}

/**
 * imp_http_head_new_response:
 * @status: a status code, 200 to 999
 * @reason: (nullable): words for it, without line breaks; %NULL: none
 *
 * Makes the head of a response of HTTP/1.1 without fields, for [method@Imp.HttpAnalyzer.answer].
 *
 * Returns: (transfer full): a new head
 *
 * Since: 0.2
 */
ImpHttpHead *
imp_http_head_new_response (guint status, const char *reason)
{
  ImpHttpHead *self;

  g_return_val_if_fail (status >= 200 && status <= 999, NULL);
  g_return_val_if_fail (reason == NULL || http_head_check_text (reason, "reason", NULL), NULL);

  self = g_object_new (IMP_TYPE_HTTP_HEAD, NULL);
  self->status = status;
  self->reason = g_strdup (reason != NULL ? reason : "");
  self->is_changed = TRUE;
  return self;
}
