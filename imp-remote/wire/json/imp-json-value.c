/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/json/imp-json-private.h"

/* The byte at the position; 0, which no JSON text holds, at the end. */
static guint8
here (ImpJsonReader *self)
{
  return imp_cursor_left (self->line) > 0 ? *imp_cursor_here (self->line) : 0;
}

guint8
imp_json_peek (ImpJsonReader *self)
{
  guint8 byte = here (self);

  while (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n')
    {
      imp_cursor_skip (self->line, 1);
      byte = here (self);
    }
  return byte;
}

static gboolean
unexpected (ImpJsonReader *self, const char *expected, GError **error)
{
  guint8 byte = imp_json_peek (self);
  gsize position = self->line->position;

  if (imp_cursor_left (self->line) == 0)
    return imp_json_bad (error, "the line ends where %s was expected", expected);
  if (byte > 0x20 && byte < 0x7f)
    return imp_json_bad (error, "byte %" G_GSIZE_FORMAT " is '%c' where %s was expected", position,
                         byte, expected);
  return imp_json_bad (error, "byte %" G_GSIZE_FORMAT " is 0x%02x where %s was expected", position,
                       byte, expected);
}

gboolean
imp_json_expect (ImpJsonReader *self, guint8 byte, GError **error)
{
  char expected[] = { '\'', byte, '\'', '\0' };

  if (imp_json_peek (self) == byte)
    return imp_cursor_skip (self->line, 1);
  return unexpected (self, expected, error);
}

gboolean
imp_json_literal (ImpJsonReader *self, const char *literal)
{
  gsize length = strlen (literal);

  if (imp_json_peek (self) != (guint8) *literal || imp_cursor_left (self->line) < length
      || memcmp (imp_cursor_here (self->line), literal, length) != 0)
    return FALSE;
  return imp_cursor_skip (self->line, length);
}

/* Moves to the quote that ends the string; *escaped tells whether there are escapes before it. */
static gboolean
find_end (ImpJsonReader *self, gboolean *escaped, GError **error)
{
  ImpCursor *line = self->line;
  const guint8 *end = line->data + line->length;

  *escaped = FALSE;
  for (;;)
    {
      line->position = imp_json_plain (imp_cursor_here (line), end) - line->data;
      switch (here (self))
        {
        case '"':
          return TRUE;
        case '\\':
          *escaped = TRUE;
          if (imp_cursor_skip (line, 2))
            break;
          return imp_json_bad (error, "the line ends within a string");
        default:
          if (imp_cursor_left (line) == 0)
            return imp_json_bad (error, "the line ends within a string");
          return imp_json_bad (error, "byte %" G_GSIZE_FORMAT ", 0x%02x, is %s", line->position,
                               here (self),
                               here (self) < 0x20 ? "a control character within a string"
                                                  : "not UTF-8");
        }
    }
}

static gboolean
get_hex (const char *p, const char *end, gunichar *unit)
{
  *unit = 0;
  if (end - p < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++)
    {
      if (!g_ascii_isxdigit (p[i]))
        return FALSE;
      *unit = *unit << 4 | g_ascii_xdigit_value (p[i]);
    }
  return TRUE;
}

/* One \u escape, or two that are the halves of a pair; *from stands behind the u. */
static gboolean
unescape_unicode (const char **from, const char *end, char **to, GError **error)
{
  gunichar unit, low;

  if (!get_hex (*from, end, &unit))
    return imp_json_bad (error, "\\u is not followed by four hexadecimal digits");
  *from += 4;
  if (unit == 0)
    return imp_json_bad (error, "a text holds U+0000; such bytes go into \"data\", in base64");
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return imp_json_bad (error, "\\u%04x is half a surrogate pair", unit);
  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      if (end - *from < 6 || (*from)[0] != '\\' || (*from)[1] != 'u'
          || !get_hex (*from + 2, end, &low) || low < 0xdc00 || low > 0xdfff)
        return imp_json_bad (error, "\\u%04x is half a surrogate pair", unit);
      *from += 6;
      unit = 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
    }
  *to += g_unichar_to_utf8 (unit, *to);
  return TRUE;
}

static gboolean
unescape_one (const char **from, const char *end, char **to, GError **error)
{
  static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  char letter = *(*from)++;
  const char *found = letter != '\0' ? strchr (letters, letter) : NULL;

  if (letter == 'u')
    return unescape_unicode (from, end, to, error);
  if (found == NULL)
    return imp_json_bad (error, "\\ is followed by byte 0x%02x", (guint8) letter);
  *(*to)++ = values[found - letters];
  return TRUE;
}

/* No escape is longer than what stands for it, so there is room for all. */
static char *
unescape (const char *text, gsize length, gsize *unescaped_length, GError **error)
{
  const char *end = text + length;
  g_autofree char *unescaped = g_malloc (length + 1);
  char *to = unescaped;

  while (text < end)
    {
      const char *next = memchr (text, '\\', end - text);
      gsize plain = (next != NULL ? next : end) - text;

      memcpy (to, text, plain);
      to += plain;
      text += plain;
      if (next == NULL)
        break;
      text++;
      if (!unescape_one (&text, end, &to, error))
        return NULL;
    }
  *to = '\0';
  *unescaped_length = to - unescaped;
  return g_steal_pointer (&unescaped);
}

gboolean
imp_json_string (ImpJsonReader *self, const char **text, gsize *length, char **unescaped,
                 GError **error)
{
  gboolean escaped;

  if (imp_json_peek (self) != '"')
    return unexpected (self, "a string", error);
  imp_cursor_skip (self->line, 1);
  *text = (const char *) imp_cursor_here (self->line);
  if (!find_end (self, &escaped, error))
    return FALSE;
  *length = (const char *) imp_cursor_here (self->line) - *text;
  imp_cursor_skip (self->line, 1);
  if (!escaped)
    return TRUE;
  *unescaped = unescape (*text, *length, length, error);
  *text = *unescaped;
  return *unescaped != NULL;
}

char *
imp_json_dup_string (ImpJsonReader *self, GError **error)
{
  const char *text;
  char *unescaped = NULL;
  gsize length;

  if (!imp_json_string (self, &text, &length, &unescaped, error))
    return NULL;
  return unescaped != NULL ? unescaped : g_strndup (text, length);
}

static gsize
skip_digits (ImpJsonReader *self)
{
  gsize n = 0;

  for (; g_ascii_isdigit (here (self)); n++)
    imp_cursor_skip (self->line, 1);
  return n;
}

static gboolean
skip_fraction (ImpJsonReader *self)
{
  guint8 byte = here (self);

  if (byte == '.')
    {
      imp_cursor_skip (self->line, 1);
      if (skip_digits (self) == 0)
        return FALSE;
      byte = here (self);
    }
  if (byte != 'e' && byte != 'E')
    return TRUE;
  imp_cursor_skip (self->line, 1);
  byte = here (self);
  if (byte == '+' || byte == '-')
    imp_cursor_skip (self->line, 1);
  return skip_digits (self) > 0;
}

gboolean
imp_json_number (ImpJsonReader *self, const char **text, gsize *length, GError **error)
{
  gboolean good;
  guint8 first = imp_json_peek (self);

  *text = (const char *) imp_cursor_here (self->line);
  if (first == '-')
    {
      imp_cursor_skip (self->line, 1);
      first = here (self);
    }
  if (!g_ascii_isdigit (first))
    return unexpected (self, "a number", error);
  good = skip_digits (self) == 1 || first != '0';
  good = skip_fraction (self) && good;
  *length = (const char *) imp_cursor_here (self->line) - *text;
  if (!good)
    return imp_json_bad (error, "\"%.*s\" is no number", (int) MIN (*length, 40), *text);
  return TRUE;
}

gboolean
imp_json_int (ImpJsonReader *self, gint64 *value, GError **error)
{
  const char *text;
  gboolean negative;
  gsize length;
  gint64 number = 0;

  if (!imp_json_number (self, &text, &length, error))
    return FALSE;
  negative = *text == '-';
  for (gsize i = negative; i < length; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return imp_json_bad (error, "%.*s is no integer", (int) MIN (length, 40), text);
      if (number > IMP_MAX_ID)
        return imp_json_bad (error, "%.*s is beyond the range of integers", (int) MIN (length, 40),
                             text);
      number = number * 10 + (text[i] - '0');
    }
  *value = negative ? -number : number;
  return TRUE;
}

gboolean
imp_json_next (ImpJsonReader *self, gboolean *first, guint8 close, gboolean *more, GError **error)
{
  guint8 byte = imp_json_peek (self);

  *more = byte != close;
  if (!*more)
    return imp_cursor_skip (self->line, 1);
  if (!*first && !imp_json_expect (self, ',', error))
    return FALSE;
  *first = FALSE;
  return TRUE;
}

static gboolean
skip_string (ImpJsonReader *self, GError **error)
{
  g_autofree char *unescaped = NULL;
  const char *text;
  gsize length;

  return imp_json_string (self, &text, &length, &unescaped, error);
}

static gboolean
skip_members (ImpJsonReader *self, guint8 close, guint depth, GError **error)
{
  gboolean first = TRUE, more;

  if (depth >= self->limits->max_depth)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "JSON: values are nested more than %u deep (max-depth)",
                   self->limits->max_depth);
      return FALSE;
    }
  imp_cursor_skip (self->line, 1);
  while (imp_json_next (self, &first, close, &more, error))
    {
      if (!more)
        return TRUE;
      if (close == '}' && (!skip_string (self, error) || !imp_json_expect (self, ':', error)))
        return FALSE;
      if (!imp_json_skip (self, depth + 1, error))
        return FALSE;
    }
  return FALSE;
}

gboolean
imp_json_skip (ImpJsonReader *self, guint depth, GError **error)
{
  const char *text;
  gsize length;

  switch (imp_json_peek (self))
    {
    case '{':
      return skip_members (self, '}', depth, error);
    case '[':
      return skip_members (self, ']', depth, error);
    case '"':
      return skip_string (self, error);
    case 't':
      return imp_json_literal (self, "true") || unexpected (self, "a value", error);
    case 'f':
      return imp_json_literal (self, "false") || unexpected (self, "a value", error);
    case 'n':
      return imp_json_literal (self, "null") || unexpected (self, "a value", error);
    default:
      return imp_json_number (self, &text, &length, error);
    }
}
