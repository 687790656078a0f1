/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-clean-text-private.h"

#include <string.h>

/* What g_utf8_get_char_validated() says of bytes that may begin a character. */
#define INCOMPLETE ((gunichar) -2)
#define INVALID ((gunichar) -1)

static gboolean
clean_text_is_harmless (gunichar c)
{
  if (c < 0x80)
    return !g_ascii_iscntrl (c);
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return FALSE;
    default:
      return TRUE;
    }
}

/* Appends one character, or one byte that is none; how many bytes that were. */
static gsize
clean_text_append (GString *clean, const char *text, gsize length)
{
  guint8 byte = (guint8) *text;
  gunichar c = byte < 0x80 ? byte : g_utf8_get_char_validated (text, length);

  if (c == INVALID || c == INCOMPLETE)
    {
      g_string_append_printf (clean, "\\x%02x", byte);
      return 1;
    }
  if (clean_text_is_harmless (c))
    g_string_append_unichar (clean, c);
  else
    g_string_append_printf (clean, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
  return g_unichar_to_utf8 (c, NULL);
}

/* A character that is cut is left out with what followed. */
static gsize
clean_text_find_cut (const char *text, gsize length)
{
  for (gsize n = 1; n < 4 && n <= length; n++)
    if (((guint8) text[length - n] & 0xc0) == 0xc0)
      return g_utf8_get_char_validated (text + length - n, n) == INCOMPLETE ? length - n : length;
  return length;
}

char *
imp_clean_text (const char *text, gsize length, gsize n_more)
{
  GString *clean = g_string_sized_new (length);
  gsize end = n_more > 0 ? clean_text_find_cut (text, length) : length;

  for (gsize position = 0; position < end;)
    position += clean_text_append (clean, text + position, end - position);
  if (n_more > 0)
    g_string_append_printf (clean, "... (%" G_GSIZE_FORMAT " bytes more)", n_more + length - end);
  return g_string_free (clean, FALSE);
}

char *
imp_clean_line (const char *text, gsize max_length)
{
  const gsize length = strlen (text), shown = MIN (length, max_length);

  return imp_clean_text (text, shown, length - shown);
}

static void
clean_json_append (GString *clean, gunichar c)
{
  if (clean_text_is_harmless (c) || c == '\n')
    g_string_append_unichar (clean, c);
  else if (c < 0x10000)
    g_string_append_printf (clean, "\\u%04x", c);
  else
    g_string_append_printf (clean, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                            0xdc00 + (c & 0x3ff));
}

/* Outside of its strings there is nothing but ASCII, and in them no character below 0x20. */
char *
imp_clean_json (const char *json, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (json, length);
  GString *clean = g_string_sized_new (length);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    clean_json_append (clean, g_utf8_get_char (p));
  return g_string_free (clean, FALSE);
}
