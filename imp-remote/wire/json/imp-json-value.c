/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/json/imp-json-private.h"

#define EACH(byte) (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))
#define HIGH_BITS EACH (0x80)

/* A high bit for the first byte of @word that is @byte; those above it may be wrong. */
static inline guint64
json_find_byte (guint64 word, guint8 byte)
{
  guint64 difference = word ^ EACH (byte);

  return (difference - EACH (1)) & ~difference & HIGH_BITS;
}

/* Eight bytes at a time: the place of the first that is special, or 8. */
static inline guint
json_first_special (const guint8 *p)
{
  guint64 word, found;

  memcpy (&word, p, sizeof word);
  word = GUINT64_FROM_LE (word);
  found = (word & HIGH_BITS) | ((word - EACH (0x20)) & ~word & HIGH_BITS)
          | json_find_byte (word, '"') | json_find_byte (word, '\\');
  return found == 0 ? 8 : (guint) __builtin_ctzll (found) / 8;
}

static inline gboolean
json_is_special (guint8 byte)
{
  return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

static inline gboolean
json_is_continuation (guint8 byte)
{
  return (byte & 0xc0) == 0x80;
}

/* The length of the character of several bytes at @p, 0 if it is none. */
static gsize
json_sequence_length (const guint8 *p, const guint8 *end)
{
  gsize left = end - p;

  if (left >= 2 && p[0] >= 0xc2 && p[0] <= 0xdf)
    return json_is_continuation (p[1]) ? 2 : 0;
  if (left >= 3 && (p[0] & 0xf0) == 0xe0)
    {
      /* Neither longer than needed nor half of a surrogate pair. */
      guint8 low = p[0] == 0xe0 ? 0xa0 : 0x80;
      guint8 high = p[0] == 0xed ? 0x9f : 0xbf;

      return p[1] >= low && p[1] <= high && json_is_continuation (p[2]) ? 3 : 0;
    }
  if (left >= 4 && p[0] >= 0xf0 && p[0] <= 0xf4)
    {
      guint8 low = p[0] == 0xf0 ? 0x90 : 0x80;
      guint8 high = p[0] == 0xf4 ? 0x8f : 0xbf;

      return p[1] >= low && p[1] <= high && json_is_continuation (p[2])
                 && json_is_continuation (p[3])
               ? 4
               : 0;
    }
  return 0;
}

/* The first byte from @p on that cannot stand for itself in a JSON string: a quote, a backslash,
 * a control character, or what is no UTF-8; @end if there is none. */
static const guint8 *
json_skip_plain (const guint8 *p, const guint8 *end)
{
  for (;;)
    {
      guint n = 8;
      gsize length;

      while (end - p >= 8 && (n = json_first_special (p)) == 8)
        p += 8;
      if (n < 8)
        p += n;
      else
        while (p < end && !json_is_special (*p))
          p++;
      if (p == end || *p < 0x80)
        return p;
      length = json_sequence_length (p, end);
      if (length == 0)
        return p;
      p += length;
    }
}

/* The byte at the position; 0, which no JSON text holds, at the end. */
static guint8
json_here (ImpJsonReader *self)
{
  return imp_cursor_left (self->line) > 0 ? *imp_cursor_here (self->line) : 0;
}

guint8
imp_json_peek (ImpJsonReader *self)
{
  guint8 byte = json_here (self);

  while (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n')
    {
      imp_cursor_skip (self->line, 1);
      byte = json_here (self);
    }
  return byte;
}

static gboolean
json_refuse (ImpJsonReader *self, const char *expected, GError **error)
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
  return json_refuse (self, expected, error);
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
json_find_end (ImpJsonReader *self, gboolean *escaped, GError **error)
{
  ImpCursor *line = self->line;
  const guint8 *end = line->data + line->length;

  *escaped = FALSE;
  for (;;)
    {
      line->position = json_skip_plain (imp_cursor_here (line), end) - line->data;
      switch (json_here (self))
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
                               json_here (self),
                               json_here (self) < 0x20 ? "a control character within a string"
                                                       : "not UTF-8");
        }
    }
}

static gboolean
json_get_hex (const char *p, const char *end, gunichar *unit)
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
json_unescape_unicode (const char **from, const char *end, char **to, GError **error)
{
  gunichar unit, low;

  if (!json_get_hex (*from, end, &unit))
    return imp_json_bad (error, "\\u is not followed by four hexadecimal digits");
  *from += 4;
  if (unit == 0)
    return imp_json_bad (error, "a text holds U+0000; such bytes go into \"data\", in base64");
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return imp_json_bad (error, "\\u%04x is half a surrogate pair", unit);
  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      if (end - *from < 6 || (*from)[0] != '\\' || (*from)[1] != 'u'
          || !json_get_hex (*from + 2, end, &low) || low < 0xdc00 || low > 0xdfff)
        return imp_json_bad (error, "\\u%04x is half a surrogate pair", unit);
      *from += 6;
      unit = 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
    }
  *to += g_unichar_to_utf8 (unit, *to);
  return TRUE;
}

static gboolean
json_unescape_one (const char **from, const char *end, char **to, GError **error)
{
  static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  char letter = *(*from)++;
  const char *found = letter != '\0' ? strchr (letters, letter) : NULL;

  if (letter == 'u')
    return json_unescape_unicode (from, end, to, error);
  if (found == NULL)
    return imp_json_bad (error, "\\ is followed by byte 0x%02x", (guint8) letter);
  *(*to)++ = values[found - letters];
  return TRUE;
}

/* No escape is longer than what stands for it, so there is room for all. */
static char *
json_unescape (const char *text, gsize length, gsize *unescaped_length, GError **error)
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
      if (!json_unescape_one (&text, end, &to, error))
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
    return json_refuse (self, "a string", error);
  imp_cursor_skip (self->line, 1);
  *text = (const char *) imp_cursor_here (self->line);
  if (!json_find_end (self, &escaped, error))
    return FALSE;
  *length = (const char *) imp_cursor_here (self->line) - *text;
  imp_cursor_skip (self->line, 1);
  if (!escaped)
    return TRUE;
  *unescaped = json_unescape (*text, *length, length, error);
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
json_skip_digits (ImpJsonReader *self)
{
  gsize n = 0;

  for (; g_ascii_isdigit (json_here (self)); n++)
    imp_cursor_skip (self->line, 1);
  return n;
}

static gboolean
json_skip_fraction (ImpJsonReader *self)
{
  guint8 byte = json_here (self);

  if (byte == '.')
    {
      imp_cursor_skip (self->line, 1);
      if (json_skip_digits (self) == 0)
        return FALSE;
      byte = json_here (self);
    }
  if (byte != 'e' && byte != 'E')
    return TRUE;
  imp_cursor_skip (self->line, 1);
  byte = json_here (self);
  if (byte == '+' || byte == '-')
    imp_cursor_skip (self->line, 1);
  return json_skip_digits (self) > 0;
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
      first = json_here (self);
    }
  if (!g_ascii_isdigit (first))
    return json_refuse (self, "a number", error);
  good = json_skip_digits (self) == 1 || first != '0';
  good = json_skip_fraction (self) && good;
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
imp_json_walk (ImpJsonReader *self, guint8 open, ImpJsonMemberFunc read, gpointer user_data,
               GError **error)
{
  guint8 close = open == '{' ? '}' : ']';

  if (!imp_json_expect (self, open, error))
    return FALSE;
  for (gboolean first = TRUE; imp_json_peek (self) != close; first = FALSE)
    if ((!first && !imp_json_expect (self, ',', error)) || !read (self, user_data, error))
      return FALSE;
  return imp_cursor_skip (self->line, 1);
}

static gboolean
json_skip_string (ImpJsonReader *self, GError **error)
{
  g_autofree char *unescaped = NULL;
  const char *text;
  gsize length;

  return imp_json_string (self, &text, &length, &unescaped, error);
}

static gboolean
json_skip_element (ImpJsonReader *self, gpointer depth, GError **error)
{
  return imp_json_skip (self, GPOINTER_TO_UINT (depth), error);
}

static gboolean
json_skip_member (ImpJsonReader *self, gpointer depth, GError **error)
{
  return json_skip_string (self, error) && imp_json_expect (self, ':', error)
         && json_skip_element (self, depth, error);
}

static gboolean
json_skip_members (ImpJsonReader *self, guint8 open, guint depth, GError **error)
{
  if (depth < self->limits->max_depth)
    return imp_json_walk (self, open, open == '{' ? json_skip_member : json_skip_element,
                          GUINT_TO_POINTER (depth + 1), error);
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "JSON: values are nested more than %u deep (max-depth)", self->limits->max_depth);
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
    case '[':
      return json_skip_members (self, imp_json_peek (self), depth, error);
    case '"':
      return json_skip_string (self, error);
    case 't':
      return imp_json_literal (self, "true") || json_refuse (self, "a value", error);
    case 'f':
      return imp_json_literal (self, "false") || json_refuse (self, "a value", error);
    case 'n':
      return imp_json_literal (self, "null") || json_refuse (self, "a value", error);
    default:
      return imp_json_number (self, &text, &length, error);
    }
}

void
imp_json_write_name (ImpOutputBuffer *output, const char *name)
{
  gsize length = strlen (name);
  guint8 *p = imp_output_buffer_reserve (output, length + 4);

  *p++ = ',';
  *p++ = '"';
  memcpy (p, name, length);
  memcpy (p + length, "\":", 2);
  imp_output_buffer_commit (output, length + 4);
}

void
imp_json_write_number (ImpOutputBuffer *output, gint64 number)
{
  guint64 rest = number < 0 ? -(guint64) number : (guint64) number;
  guint8 digits[20], *p;
  gsize n = 0;

  do
    digits[n++] = '0' + rest % 10;
  while ((rest /= 10) != 0);
  p = imp_output_buffer_reserve (output, n + 1);
  if (number < 0)
    *p++ = '-';
  for (gsize i = 0; i < n; i++)
    p[i] = digits[n - 1 - i];
  imp_output_buffer_commit (output, n + (number < 0));
}

static void
json_write_escape (ImpOutputBuffer *output, guint8 byte)
{
  static const char hex[] = "0123456789abcdef";
  guint8 *p = imp_output_buffer_reserve (output, 6);
  const char *letters = "btn_fr"; /* from U+0008 on */

  p[0] = '\\';
  if (byte == '"' || byte == '\\')
    p[1] = byte;
  else if (byte >= '\b' && byte <= '\r' && byte != '\v')
    p[1] = letters[byte - '\b'];
  else
    {
      memcpy (p + 1, "u00", 3);
      p[4] = hex[byte >> 4];
      p[5] = hex[byte & 15];
      imp_output_buffer_commit (output, 6);
      return;
    }
  imp_output_buffer_commit (output, 2);
}

gboolean
imp_json_write_escaped (ImpOutputBuffer *output, const guint8 *p, gsize length)
{
  const guint8 *end = p + length;

  while (p < end)
    {
      const guint8 *stop = json_skip_plain (p, end);

      imp_output_buffer_append (output, p, stop - p);
      p = stop;
      if (p == end)
        break;
      if (*p == 0 || *p >= 0x80)
        return FALSE;
      json_write_escape (output, *p++);
    }
  return TRUE;
}

void
imp_json_write_string (ImpOutputBuffer *output, const char *text, gsize length)
{
  imp_json_append (output, "\"");
  imp_json_write_escaped (output, (const guint8 *) text, length);
  imp_json_append (output, "\"");
}
