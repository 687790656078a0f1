/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-value-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"

#include <math.h>
#include <string.h>

/* More than any number that is one. */
#define NUMBER_MAX 64
#define REPLACEMENT "\357\277\275"

void
imp_perl_tree_init (ImpPerlTree *self, const ImpCursor *input, const ImpWireLimits *limits,
                    GError **error)
{
  memset (self, 0, G_STRUCT_OFFSET (ImpPerlTree, inline_values));
  self->input = *input;
  self->start = input->position;
  self->max_message = limits->max_message;
  self->max_context = limits->max_context;
  self->max_depth = limits->max_depth;
  self->error = error;
  self->values = self->inline_values;
  self->values_size = IMP_PERL_INLINE;
  self->marks = self->inline_marks;
  self->marks_size = IMP_PERL_INLINE;
  imp_perl_tree_add (self, 0, 0);
}

void
imp_perl_tree_clear (ImpPerlTree *self)
{
  if (self->values != self->inline_values)
    g_free (self->values);
  if (self->marks != self->inline_marks)
    g_free (self->marks);
}

gboolean
imp_perl_tree_bad (ImpPerlTree *self, const char *format, ...)
{
  g_autofree char *text = NULL, *clean = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  clean = imp_clean_line (text, IMP_CLEAN_TEXT_MAX);
  g_set_error_literal (self->error, IMP_ERROR, IMP_ERROR_PROTOCOL, clean);
  self->status = IMP_DECODE_BAD;
  return FALSE;
}

gboolean
imp_perl_tree_limit (ImpPerlTree *self, const char *what, gsize limit, const char *property)
{
  g_set_error (self->error, IMP_ERROR, IMP_ERROR_LIMIT,
               "%s, over the limit of %" G_GSIZE_FORMAT " (%s)", what, limit, property);
  self->status = IMP_DECODE_BAD;
  return FALSE;
}

gboolean
imp_perl_tree_short (ImpPerlTree *self, guint64 missing)
{
  gsize have = self->input.position - self->start;

  if (self->complete)
    return imp_perl_tree_bad (self,
                              "A value needs %" G_GUINT64_FORMAT " bytes, but only %" G_GSIZE_FORMAT
                              " are left in the message",
                              missing, imp_cursor_left (&self->input));
  if (have > self->max_message || missing > self->max_message - have
      || self->pending > self->max_message - have - missing)
    return imp_perl_tree_limit (self, "A message has more bytes", self->max_message, "max-message");
  self->need = have + missing + self->pending;
  self->status = IMP_DECODE_MORE;
  return FALSE;
}

gboolean
imp_perl_tree_take (ImpPerlTree *self, guint64 length, ImpPerlForm form, ImpPerlString *string)
{
  if (length > imp_cursor_left (&self->input))
    return imp_perl_tree_short (self, length);
  string->data = imp_cursor_take (&self->input, length);
  string->length = length;
  string->form = form;
  return TRUE;
}

gboolean
imp_perl_tree_take_varint (ImpPerlTree *self, guint64 *number)
{
  guint8 byte;

  *number = 0;
  for (guint i = 0; i < IMP_PERL_VARINT_MAX; i++)
    {
      if (!imp_cursor_u8 (&self->input, &byte))
        return imp_perl_tree_short (self, 1);
      if (i == IMP_PERL_VARINT_MAX - 1 && byte > 1)
        break;
      *number |= (guint64) (byte & 0x7f) << (7 * i);
      if ((byte & 0x80) == 0)
        return TRUE;
    }
  return imp_perl_tree_bad (self, "The Sereal document has a number of more than 64 bits");
}

gboolean
imp_perl_tree_announce (ImpPerlTree *self, guint64 count, guint least)
{
  if (count > IMP_PERL_MAX_VALUES - self->n_announced)
    return imp_perl_tree_limit (self, "A message has too many values", IMP_PERL_MAX_VALUES,
                                "fixed");
  if (self->complete && count * least > imp_cursor_left (&self->input))
    return imp_perl_tree_bad (self,
                              "%" G_GUINT64_FORMAT
                              " values are announced, but only %" G_GSIZE_FORMAT
                              " bytes are left in the message",
                              count, imp_cursor_left (&self->input));
  self->n_announced += count;
  self->pending += count * least;
  return TRUE;
}

static void
perl_tree_grow_values (ImpPerlTree *self)
{
  ImpPerlValue *old = self->values == self->inline_values ? NULL : self->values;

  self->values_size *= 2;
  self->values = g_renew (ImpPerlValue, old, self->values_size);
  if (old == NULL)
    memcpy (self->values, self->inline_values, sizeof self->inline_values);
}

/* There can be no more than IMP_PERL_MAX_VALUES and the root: imp_perl_tree_announce() sees to
 * it. */
ImpPerlIndex
imp_perl_tree_add (ImpPerlTree *self, ImpPerlIndex parent, ImpPerlIndex last)
{
  ImpPerlIndex index = self->n_values++;
  ImpPerlValue *value;

  g_assert (index <= IMP_PERL_MAX_VALUES);

  if (index == self->values_size)
    perl_tree_grow_values (self);
  value = &self->values[index];
  value->kind = IMP_PERL_OPEN;
  value->next = 0;
  value->key.length = 0;
  if (last != 0)
    self->values[last].next = index;
  else if (index != 0)
    self->values[parent].items.first = index;
  return index;
}

gboolean
imp_perl_tree_read_array (ImpPerlTree *self, ImpPerlIndex at, guint64 count, ImpPerlReadFunc read,
                          gpointer reader)
{
  ImpPerlIndex last = 0;

  self->values[at].items.first = 0;
  if (!imp_perl_tree_announce (self, count, 1))
    return FALSE;
  for (guint64 i = 0; i < count; i++)
    {
      self->pending--;
      last = imp_perl_tree_add (self, at, last);
      if (!read (reader, last))
        return FALSE;
    }
  return imp_perl_tree_set_container (self, at, IMP_PERL_ARRAY, count);
}

static void
perl_tree_grow_marks (ImpPerlTree *self)
{
  ImpPerlMark *old = self->marks == self->inline_marks ? NULL : self->marks;

  self->marks_size *= 2;
  self->marks = g_renew (ImpPerlMark, old, self->marks_size);
  if (old == NULL)
    memcpy (self->marks, self->inline_marks, sizeof self->inline_marks);
}

/* As many as there are tags, at most. */
void
imp_perl_tree_mark (ImpPerlTree *self, gsize position, ImpPerlIndex value)
{
  g_assert (self->n_marks == 0 || self->marks[self->n_marks - 1].position < position);

  if (self->n_marks == self->marks_size)
    perl_tree_grow_marks (self);
  self->marks[self->n_marks].position = position;
  self->marks[self->n_marks++].value = value;
}

static gboolean
perl_tree_find_mark (ImpPerlTree *self, guint64 position, ImpPerlIndex *value)
{
  guint32 low = 0, high = self->n_marks;

  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;

      if (self->marks[middle].position < position)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == self->n_marks || self->marks[low].position != position)
    return FALSE;
  *value = self->marks[low].value;
  return TRUE;
}

gboolean
imp_perl_tree_refer (ImpPerlTree *self, ImpPerlIndex value, guint64 position)
{
  ImpPerlIndex target;
  ImpPerlValue *to;

  if (!perl_tree_find_mark (self, position, &target))
    return imp_perl_tree_bad (self,
                              "A reference goes back to %" G_GUINT64_FORMAT ", where no value is",
                              position);
  if (self->values[target].kind == IMP_PERL_OPEN)
    return imp_perl_tree_bad (self,
                              "A value contains itself, by a reference back to %" G_GUINT64_FORMAT,
                              position);
  to = &self->values[value];
  to->kind = self->values[target].kind;
  if (to->kind == IMP_PERL_INTEGER)
    to->integer = self->values[target].integer;
  else if (to->kind == IMP_PERL_DOUBLE)
    to->number = self->values[target].number;
  else if (to->kind == IMP_PERL_STRING)
    to->string = self->values[target].string;
  else
    to->items = self->values[target].items;
  return TRUE;
}

gboolean
imp_perl_tree_set_undef (ImpPerlTree *self, ImpPerlIndex at)
{
  self->values[at].kind = IMP_PERL_UNDEF;
  return TRUE;
}

gboolean
imp_perl_tree_set_integer (ImpPerlTree *self, ImpPerlIndex at, gint64 integer)
{
  self->values[at].kind = IMP_PERL_INTEGER;
  self->values[at].integer = integer;
  return TRUE;
}

gboolean
imp_perl_tree_set_double (ImpPerlTree *self, ImpPerlIndex at, double number)
{
  self->values[at].kind = IMP_PERL_DOUBLE;
  self->values[at].number = number;
  return TRUE;
}

gboolean
imp_perl_tree_set_string (ImpPerlTree *self, ImpPerlIndex at, const ImpPerlString *string)
{
  self->values[at].kind = IMP_PERL_STRING;
  self->values[at].string = *string;
  return TRUE;
}

/* Perl's truth is 1 and its falsehood the empty string. */
gboolean
imp_perl_tree_set_boolean (ImpPerlTree *self, ImpPerlIndex at, gboolean boolean)
{
  ImpPerlString string = { (const guint8 *) "1", boolean ? 1 : 0, IMP_PERL_BYTES };

  return imp_perl_tree_set_string (self, at, &string);
}

gboolean
imp_perl_tree_set_container (ImpPerlTree *self, ImpPerlIndex at, ImpPerlKind kind, guint32 count)
{
  self->values[at].kind = kind;
  self->values[at].items.count = count;
  return TRUE;
}

void
imp_perl_items_init (ImpPerlItems *self, ImpPerlTree *tree, const ImpPerlValue *container)
{
  g_assert (container->kind == IMP_PERL_ARRAY || container->kind == IMP_PERL_HASH);

  self->tree = tree;
  self->next = NULL;
  if (container->items.first != 0)
    self->next = imp_perl_tree_get (tree, container->items.first);
}

gboolean
imp_perl_value_is_undef (const ImpPerlValue *self)
{
  return self == NULL || self->kind == IMP_PERL_UNDEF;
}

gboolean
imp_perl_value_is_scalar (const ImpPerlValue *self)
{
  return self != NULL && self->kind >= IMP_PERL_INTEGER && self->kind <= IMP_PERL_STRING;
}

static gboolean
perl_double_to_integer (double number, gint64 *integer)
{
  if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0) || number != floor (number))
    return FALSE;
  *integer = (gint64) number;
  return TRUE;
}

/* What strtod() takes beyond decimal numbers, such as "infinity", is none here. */
static gboolean
perl_string_looks_like_number (const ImpPerlString *string)
{
  static const char others[] = { '+', '-', '.', 'e', 'E' };

  if (string->length >= NUMBER_MAX)
    return FALSE;
  for (gsize i = 0; i < string->length; i++)
    if (!g_ascii_isdigit (string->data[i])
        && memchr (others, string->data[i], sizeof others) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
perl_string_to_integer (const ImpPerlString *string, gint64 *integer)
{
  char copy[NUMBER_MAX];
  char *end;
  double number;

  *integer = 0;
  if (string->length == 0) /* Perl's falsehood, see above */
    return TRUE;
  if (!perl_string_looks_like_number (string))
    return FALSE;
  memcpy (copy, string->data, string->length);
  copy[string->length] = '\0';
  if (g_ascii_string_to_signed (copy, 10, G_MININT64, G_MAXINT64, integer, NULL))
    return TRUE;
  number = g_ascii_strtod (copy, &end);
  return *end == '\0' && perl_double_to_integer (number, integer);
}

gboolean
imp_perl_value_get_integer (const ImpPerlValue *self, gint64 *integer)
{
  if (self == NULL)
    return FALSE;

  switch (self->kind)
    {
    case IMP_PERL_INTEGER:
      *integer = self->integer;
      return TRUE;
    case IMP_PERL_DOUBLE:
      return perl_double_to_integer (self->number, integer);
    case IMP_PERL_STRING:
      return perl_string_to_integer (&self->string, integer);
    default:
      return FALSE;
    }
}

/* As Perl prints it. */
static void
perl_append_double (GString *text, double number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (number))
    g_string_append (text, "NaN");
  else if (isinf (number))
    g_string_append (text, number < 0 ? "-Inf" : "Inf");
  else if (number == 0)
    g_string_append_c (text, '0'); /* of either sign */
  else
    g_string_append (text, g_ascii_formatd (buffer, sizeof buffer, "%.15g", number));
}

static void
perl_append_latin1 (GString *text, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (data[i] == 0)
      g_string_append (text, REPLACEMENT);
    else
      g_string_append_unichar (text, data[i]);
}

/* NUL is the only thing that valid UTF-8 may hold and a text may not. */
static gboolean
perl_is_utf8_with_nul (const guint8 *data, gsize length)
{
  while (length > 0)
    {
      const char *end;

      if (g_utf8_validate_len ((const char *) data, length, &end))
        return TRUE;
      length -= (const guint8 *) end - data;
      data = (const guint8 *) end;
      if (*data != 0)
        return FALSE;
      data++;
      length--;
    }
  return TRUE;
}

static void
perl_append_text (GString *text, const ImpPerlString *string)
{
  if (string->form == IMP_PERL_UTF8
      || (string->form == IMP_PERL_BYTES && perl_is_utf8_with_nul (string->data, string->length)))
    {
      g_autofree char *valid = g_utf8_make_valid ((const char *) string->data, string->length);

      g_string_append (text, valid);
    }
  else
    {
      perl_append_latin1 (text, string->data, string->length);
    }
}

void
imp_perl_string_get_text (const ImpPerlString *self, GString *scratch, const char **text,
                          gsize *length)
{
  if (self->form != IMP_PERL_LATIN1
      && g_utf8_validate_len ((const char *) self->data, self->length, NULL))
    {
      *text = (const char *) self->data;
      *length = self->length;
      return;
    }
  g_string_truncate (scratch, 0);
  perl_append_text (scratch, self);
  *text = scratch->str;
  *length = scratch->len;
}

gboolean
imp_perl_value_get_text (const ImpPerlValue *self, GString *scratch, const char **text,
                         gsize *length)
{
  if (!imp_perl_value_is_scalar (self))
    return FALSE;

  if (self->kind == IMP_PERL_STRING)
    {
      imp_perl_string_get_text (&self->string, scratch, text, length);
      return TRUE;
    }
  g_string_truncate (scratch, 0);
  if (self->kind == IMP_PERL_INTEGER)
    g_string_append_printf (scratch, "%" G_GINT64_FORMAT, self->integer);
  else
    perl_append_double (scratch, self->number);
  *text = scratch->str;
  *length = scratch->len;
  return TRUE;
}

/* Bytes that Perl has stored as characters. */
static GBytes *
perl_string_downgrade (const ImpPerlString *string)
{
  g_autofree guint8 *bytes = g_malloc (string->length + 1);
  gsize n = 0;

  for (gsize i = 0; i < string->length; i++)
    {
      guint8 byte = string->data[i];

      if (byte >= 0x80)
        {
          if ((byte & 0xfe) != 0xc2 || string->length - i < 2
              || (string->data[i + 1] & 0xc0) != 0x80)
            return NULL;
          byte = (guint8) (byte << 6) | (string->data[++i] & 0x3f);
        }
      bytes[n++] = byte;
    }
  return g_bytes_new_take (g_steal_pointer (&bytes), n);
}

GBytes *
imp_perl_value_dup_bytes (const ImpPerlValue *self, const ImpCursor *input)
{
  ImpCursor at = *input;
  g_autoptr (GString) scratch = NULL;
  const char *text;
  gsize length;

  if (!imp_perl_value_is_scalar (self))
    return NULL;

  if (self->kind != IMP_PERL_STRING)
    {
      scratch = g_string_new (NULL);
      imp_perl_value_get_text (self, scratch, &text, &length);
      return g_bytes_new (text, length);
    }
  if (self->string.form == IMP_PERL_UTF8)
    return perl_string_downgrade (&self->string);
  if (self->string.length <= IMP_VIEW_COPY_MAX)
    return g_bytes_new (self->string.data, self->string.length);
  at.position = self->string.data - at.data;
  return imp_cursor_take_bytes (&at, self->string.length);
}
