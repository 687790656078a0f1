/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-perl-value-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More than any number that is one. */
#define NUMBER_MAX 64
#define REPLACEMENT "\357\277\275"

void
imp_perl_value_set_undef (ImpPerlValue *self)
{
  self->kind = IMP_PERL_UNDEF;
}

void
imp_perl_value_set_integer (ImpPerlValue *self, gint64 integer)
{
  self->kind = IMP_PERL_INTEGER;
  self->integer = integer;
}

void
imp_perl_value_set_double (ImpPerlValue *self, double number)
{
  self->kind = IMP_PERL_DOUBLE;
  self->number = number;
}

void
imp_perl_value_set_string (ImpPerlValue *self, const ImpPerlString *string)
{
  self->kind = IMP_PERL_STRING;
  self->string = *string;
}

/* Perl's truth is 1 and its falsehood the empty string. */
void
imp_perl_value_set_boolean (ImpPerlValue *self, gboolean boolean)
{
  ImpPerlString string = { (const guint8 *) "1", boolean ? 1 : 0, IMP_PERL_BYTES };

  imp_perl_value_set_string (self, &string);
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
double_to_integer (double number, gint64 *integer)
{
  if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0) || number != floor (number))
    return FALSE;
  *integer = (gint64) number;
  return TRUE;
}

/* What strtod() takes beyond decimal numbers, such as "infinity", is none here. */
static gboolean
looks_like_number (const ImpPerlString *string)
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
string_to_integer (const ImpPerlString *string, gint64 *integer)
{
  char copy[NUMBER_MAX];
  char *end;
  double number;

  *integer = 0;
  if (string->length == 0) /* Perl's falsehood, see above */
    return TRUE;
  if (!looks_like_number (string))
    return FALSE;
  memcpy (copy, string->data, string->length);
  copy[string->length] = '\0';
  if (g_ascii_string_to_signed (copy, 10, G_MININT64, G_MAXINT64, integer, NULL))
    return TRUE;
  number = g_ascii_strtod (copy, &end);
  return *end == '\0' && double_to_integer (number, integer);
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
      return double_to_integer (self->number, integer);
    case IMP_PERL_STRING:
      return string_to_integer (&self->string, integer);
    default:
      return FALSE;
    }
}

/* As Perl prints it. */
static void
append_double (GString *text, double number)
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
append_latin1 (GString *text, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (data[i] == 0)
      g_string_append (text, REPLACEMENT);
    else
      g_string_append_unichar (text, data[i]);
}

/* NUL is the only thing that valid UTF-8 may hold and a text may not. */
static gboolean
is_utf8_with_nul (const guint8 *data, gsize length)
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
append_text (GString *text, const ImpPerlString *string)
{
  if (string->form == IMP_PERL_UTF8
      || (string->form == IMP_PERL_BYTES && is_utf8_with_nul (string->data, string->length)))
    {
      g_autofree char *valid = g_utf8_make_valid ((const char *) string->data, string->length);

      g_string_append (text, valid);
    }
  else
    {
      append_latin1 (text, string->data, string->length);
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
  append_text (scratch, self);
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
    append_double (scratch, self->number);
  *text = scratch->str;
  *length = scratch->len;
  return TRUE;
}

/* Bytes that Perl has stored as characters. */
static GBytes *
downgrade (const ImpPerlString *string)
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
    return downgrade (&self->string);
  if (self->string.length <= IMP_CURSOR_COPY_MAX)
    return g_bytes_new (self->string.data, self->string.length);
  at.position = self->string.data - at.data;
  return imp_cursor_take_bytes (&at, self->string.length);
}
