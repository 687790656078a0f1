/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-regex-reader-private.h"

#include <string.h>

#include "core/imp-error.h"

/* An expression is bytes; what is said of it is text. */
void
imp_regex_reader_fail (ImpRegexReader *self, const char *format, ...)
{
  g_autofree char *what = NULL, *text = NULL, *valid = NULL;
  va_list arguments;

  if (self->error != NULL)
    return;
  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  text = g_strdup_printf ("The regular expression \"%s\" %s", self->regex, what);
  valid = g_utf8_make_valid (text, -1);
  self->error = g_error_new_literal (IMP_ERROR, IMP_ERROR_SETTINGS, valid);
}

void
imp_regex_reader_mark (ImpRegexReader *self, const char *begin, const char *end, ImpRegexMark mark)
{
  for (const char *p = begin; p < end; p++)
    self->info->marks[p - self->regex] |= mark;
  self->info->all_marks |= mark;
}

void
imp_regex_reader_mark_carets (ImpRegexReader *self, const char *begin, const char *end)
{
  for (const char *p = begin; p < end; p++)
    if ((self->info->marks[p - self->regex] & IMP_REGEX_MARK_CARET) != 0)
      imp_regex_reader_mark (self, p, p + 1, IMP_REGEX_MARK_LINE_START);
}

gboolean
imp_regex_reader_skip (ImpRegexReader *self, const char *text)
{
  gsize length = strlen (text);

  if (strncmp (self->p, text, length) != 0)
    return FALSE;
  self->p += length;
  return TRUE;
}

/* Goes on behind the next @end. */
void
imp_regex_reader_skip_past (ImpRegexReader *self, char end)
{
  const char *found = strchr (self->p, end);

  self->p = found != NULL ? found + 1 : self->p + strlen (self->p);
}

/* What stands between items and means nothing. */
void
imp_regex_reader_skip_blanks (ImpRegexReader *self)
{
  while (!self->quoting)
    {
      if (self->extended && *self->p != '\0' && strchr (" \t\n\v\f\r", *self->p) != NULL)
        self->p++;
      else if (self->extended && *self->p == '#')
        imp_regex_reader_skip_past (self, '\n');
      else if (imp_regex_reader_skip (self, "(?#"))
        imp_regex_reader_skip_past (self, ')');
      else if (!imp_regex_reader_skip (self, "\\E"))
        return;
    }
}

static ImpRegexExtent
regex_reader_char (ImpRegexReader *self)
{
  return imp_regex_extent_of (1, self->utf8 ? 4 : 1);
}

/* A character that stands for itself. */
static ImpRegexExtent
regex_reader_read_literal (ImpRegexReader *self)
{
  gsize length = 1;

  if ((guint8) *self->p >= 0x80 && (self->utf8 || self->as_bytes))
    {
      gunichar character = g_utf8_get_char (self->p);

      length = g_utf8_next_char (self->p) - self->p;
      if (self->as_bytes && self->caseless
          && (g_unichar_toupper (character) != character
              || g_unichar_tolower (character) != character))
        imp_regex_reader_fail (self,
                               "ignores the case of characters beyond ASCII, which are only bytes "
                               "here (with utf8=true they are characters)");
    }
  self->p += length;
  /* The other case of a character may have another length. */
  return self->utf8 && self->caseless ? regex_reader_char (self)
                                      : imp_regex_extent_of (length, length);
}

/* \g{...}, \g<...>, \k<...> and the like: what stands in brackets or, of \g, a number. */
static void
regex_reader_skip_name (ImpRegexReader *self)
{
  static const char pairs[] = "{}<>''";
  const char *pair = *self->p != '\0' ? strchr (pairs, *self->p) : NULL;

  if (pair != NULL)
    {
      self->p++;
      imp_regex_reader_skip_past (self, pair == pairs + 5 ? '\'' : pair[1]);
      return;
    }
  while (*self->p == '-' || *self->p == '+' || g_ascii_isdigit (*self->p))
    self->p++;
}

ImpRegexExtent
imp_regex_reader_call (ImpRegexReader *self)
{
  self->calls = TRUE;
  self->calls_behind = self->calls_behind || self->behind > 0;
  return imp_regex_extent_unknown;
}

/* What it says is the same in a class and outside. At the letter behind the \. */
static gboolean
regex_reader_skip_number (ImpRegexReader *self)
{
  char kind = *self->p++;
  guint n_digits = 0;

  switch (kind)
    {
    case 'c':
      self->p++;
      return TRUE;
    case 'x':
    case 'o':
    case 'N':
    case 'p':
    case 'P':
      if (*self->p == '{')
        imp_regex_reader_skip_past (self, '}');
      else if (kind == 'p' || kind == 'P')
        self->p++;
      while (kind == 'x' && self->p[-1] != '}' && n_digits++ < 2 && g_ascii_isxdigit (*self->p))
        self->p++;
      return TRUE;
    case '0':
      while (n_digits++ < 2 && *self->p >= '0' && *self->p <= '7')
        self->p++;
      return TRUE;
    default:
      self->p--;
      return FALSE;
    }
}

/* Gives how many digits there were. */
gsize
imp_regex_reader_read_number (const char **p, gsize *number)
{
  const char *begin = *p;

  for (*number = 0; g_ascii_isdigit (**p); (*p)++)
    *number = MIN (*number * 10 + g_ascii_digit_value (**p), G_MAXUINT32);
  return *p - begin;
}

/* \1 to \9, and more where there are so many groups; else an octal number. */
static ImpRegexExtent
regex_reader_read_reference (ImpRegexReader *self)
{
  const char *begin = self->p;
  gsize number;

  imp_regex_reader_read_number (&self->p, &number);
  if (number < 10 || number <= self->n_groups)
    return imp_regex_extent_unknown;

  for (self->p = begin; self->p < begin + 3 && *self->p >= '0' && *self->p <= '7';)
    self->p++;
  self->p = MAX (self->p, begin + 1);
  return regex_reader_char (self);
}

static ImpRegexExtent
regex_reader_look (ImpRegexReader *self, const char *begin, gsize reach)
{
  imp_regex_reader_mark (self, begin, begin + 1, IMP_REGEX_MARK_ASKS);
  self->info->ahead = MAX (self->info->ahead, reach);
  return imp_regex_extent_look (reach);
}

/* At the \. */
static ImpRegexExtent
regex_reader_read_escape (ImpRegexReader *self)
{
  const char *begin = self->p++;

  if (*self->p >= '1' && *self->p <= '9')
    return regex_reader_read_reference (self);
  if (regex_reader_skip_number (self))
    return regex_reader_char (self);

  switch (*self->p++)
    {
    case 'G':
    case 'K':
      imp_regex_reader_fail (self, "uses \\%c, which means nothing in a stream", self->p[-1]);
      return imp_regex_extent_nothing;
    case 'A':
      return regex_reader_look (self, begin, 0);
    case 'b':
    case 'B':
      return regex_reader_look (self, begin, self->utf8 ? 4 : 1);
    case 'z':
      return regex_reader_look (self, begin, 1);
    case 'Z':
      return regex_reader_look (self, begin, 2);
    case 'R':
      self->info->has_breaks = TRUE;
      return imp_regex_extent_of (1, self->utf8 ? 3 : 2);
    case 'X':
      return imp_regex_extent_of (1, IMP_REGEX_UNBOUNDED);
    case 'C':
      return imp_regex_extent_of (1, 1);
    case 'g':
      if (*self->p == '<' || *self->p == '\'')
        imp_regex_reader_call (self);
      regex_reader_skip_name (self);
      return imp_regex_extent_unknown;
    case 'k':
      regex_reader_skip_name (self);
      return imp_regex_extent_unknown;
    default:
      /* A class of characters, or one that stands for itself, perhaps a long one. */
      self->p--;
      if ((guint8) *self->p >= 0x80)
        return regex_reader_read_literal (self);
      self->p++;
      return regex_reader_char (self);
    }
}

/* [:alpha:] and the like. */
static gboolean
regex_reader_skip_posix (ImpRegexReader *self)
{
  const char *p = self->p + 2;

  if (*self->p != '[' || (self->p[1] != ':' && self->p[1] != '.' && self->p[1] != '='))
    return FALSE;
  while (g_ascii_isalpha (*p) || *p == '^' || *p == '<' || *p == '>')
    p++;
  if (*p != self->p[1] || p[1] != ']')
    return FALSE;
  self->p = p + 2;
  return TRUE;
}

/* One byte of a class, or what stands for one. */
static void
regex_reader_skip_class_item (ImpRegexReader *self)
{
  if ((guint8) *self->p >= 0x80 && self->as_bytes)
    imp_regex_reader_fail (self, "has characters beyond ASCII in a class, of which each byte would "
                                 "count for itself (with utf8=true they are characters, or write "
                                 "alternatives)");
  if (self->quoting)
    {
      if (imp_regex_reader_skip (self, "\\E"))
        self->quoting = FALSE;
      else
        self->p++;
    }
  else if (imp_regex_reader_skip (self, "\\Q"))
    self->quoting = TRUE;
  else if (*self->p == '\\')
    {
      self->p++;
      if (!regex_reader_skip_number (self))
        self->p++;
    }
  else if (!regex_reader_skip_posix (self))
    self->p++;
}

/* At the [. */
static ImpRegexExtent
regex_reader_read_class (ImpRegexReader *self)
{
  const char *begin = self->p;

  /* Two that are none: the beginning and the end of a word. */
  if (imp_regex_reader_skip (self, "[[:<:]]") || imp_regex_reader_skip (self, "[[:>:]]"))
    return regex_reader_look (self, begin, self->utf8 ? 4 : 1);

  self->p++;
  if (*self->p == '^')
    self->p++;
  if (*self->p == ']')
    self->p++;
  while (*self->p != '\0' && (self->quoting || *self->p != ']'))
    regex_reader_skip_class_item (self);
  if (*self->p == ']')
    self->p++;
  return regex_reader_char (self);
}

static ImpRegexExtent
regex_reader_read_caret (ImpRegexReader *self)
{
  const char *begin = self->p++;

  if (!self->multiline)
    return regex_reader_look (self, begin, 0);
  imp_regex_reader_mark (self, begin, begin + 1, IMP_REGEX_MARK_CARET);
  if (self->moved)
    imp_regex_reader_mark_carets (self, begin, begin + 1);
  return regex_reader_look (self, begin, 1);
}

ImpRegexExtent
imp_regex_reader_read_item (ImpRegexReader *self)
{
  if (self->quoting)
    return regex_reader_read_literal (self);
  switch (*self->p)
    {
    case '[':
      return regex_reader_read_class (self);
    case '\\':
      return regex_reader_read_escape (self);
    case '^':
      return regex_reader_read_caret (self);
    case '$':
      self->p++;
      return regex_reader_look (self, self->p - 1, self->multiline ? 1 : 2);
    case '.':
      self->p++;
      return regex_reader_char (self);
    default:
      return regex_reader_read_literal (self);
    }
}
