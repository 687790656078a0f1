/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-regex-reader-private.h"

#include <string.h>

static ImpRegexExtent regex_info_read_alternatives (ImpRegexReader *reader);

static void
regex_info_close (ImpRegexReader *reader)
{
  if (*reader->p == ')')
    reader->p++;
}

/* What is inside is asked for, but not taken. */
static ImpRegexExtent
regex_info_read_lookahead (ImpRegexReader *reader, const char *begin, gboolean negative)
{
  ImpRegexExtent inside = regex_info_read_alternatives (reader);

  regex_info_close (reader);
  imp_regex_reader_mark (reader, begin, reader->p, IMP_REGEX_MARK_ASKS);
  reader->info->ahead = MAX (reader->info->ahead, inside.reach);
  return (ImpRegexExtent){ 0, 0, negative ? 0 : inside.need, inside.reach };
}

static ImpRegexExtent
regex_info_read_lookbehind (ImpRegexReader *reader)
{
  ImpRegexExtent inside;

  reader->n_behind++;
  reader->behind++;
  reader->info->behind = MAX (reader->info->behind, reader->behind);
  inside = regex_info_read_alternatives (reader);
  reader->behind--;
  regex_info_close (reader);
  /* It ends here, wherever it began. */
  return imp_regex_extent_look (inside.reach == IMP_REGEX_UNBOUNDED ? IMP_REGEX_UNBOUNDED
                                                                    : inside.reach - inside.min);
}

static ImpRegexExtent
regex_info_read_plain_group (ImpRegexReader *reader)
{
  ImpRegexExtent inside = regex_info_read_alternatives (reader);

  regex_info_close (reader);
  return inside;
}

/* Behind (?, at (. */
static ImpRegexExtent
regex_info_read_conditional (ImpRegexReader *reader)
{
  gboolean defines = g_str_has_prefix (reader->p, "(DEFINE)");
  ImpRegexExtent condition = imp_regex_extent_nothing;
  const char *begin = reader->p;
  ImpRegexExtent inside;

  if (imp_regex_reader_skip (reader, "(?=") || imp_regex_reader_skip (reader, "(?!"))
    condition = regex_info_read_lookahead (reader, begin, TRUE);
  else if (imp_regex_reader_skip (reader, "(?<=") || imp_regex_reader_skip (reader, "(?<!"))
    condition = regex_info_read_lookbehind (reader);
  else if (reader->p[1] == '*')
    imp_regex_reader_fail (reader, "uses (*, which means nothing in a stream");
  else
    imp_regex_reader_skip_past (reader, ')');

  inside = regex_info_read_plain_group (reader);
  if (defines)
    return imp_regex_extent_nothing;
  /* With one alternative the other one is empty. */
  return imp_regex_extent_join (condition,
                                imp_regex_extent_either (inside, imp_regex_extent_nothing));
}

static gboolean
regex_info_set_option (ImpRegexReader *reader, char option, gboolean on)
{
  switch (option)
    {
    case 'i':
      reader->caseless = on;
      return TRUE;
    case 'm':
      reader->multiline = on;
      return TRUE;
    case 'x':
      reader->extended = on;
      return TRUE;
    case 's':
    case 'n':
    case 'J':
    case 'U':
      return TRUE;
    default:
      return FALSE;
    }
}

/* (?i), (?i-x:...), (?^m). FALSE if it is none of these. */
static gboolean
regex_info_skip_options (ImpRegexReader *reader)
{
  const char *begin = reader->p;
  gboolean on = TRUE;

  if (*reader->p == '^')
    {
      reader->caseless = reader->multiline = reader->extended = FALSE;
      reader->p++;
    }
  for (;; reader->p++)
    if (*reader->p == '-')
      on = FALSE;
    else if (!regex_info_set_option (reader, *reader->p, on))
      break;
  if (reader->p > begin && (*reader->p == ')' || *reader->p == ':'))
    return TRUE;
  reader->p = begin;
  return FALSE;
}

/* The name of a group that goes on with its contents: <name>, 'name', P<name>. */
static gboolean
regex_info_skip_group_name (ImpRegexReader *reader)
{
  const char *name = *reader->p == 'P' ? reader->p + 1 : reader->p;

  if (*name != '<' && *name != '\'')
    return FALSE;
  reader->p = name + 1;
  imp_regex_reader_skip_past (reader, *name == '<' ? '>' : '\'');
  return TRUE;
}

/* What begins with (?, at what follows; @begin is where it begins. */
static ImpRegexExtent
regex_info_read_special_group (ImpRegexReader *reader, const char *begin)
{
  if (imp_regex_reader_skip (reader, "=") || imp_regex_reader_skip (reader, "*"))
    return regex_info_read_lookahead (reader, begin, FALSE);
  if (imp_regex_reader_skip (reader, "!"))
    return regex_info_read_lookahead (reader, begin, TRUE);
  if (imp_regex_reader_skip (reader, "<=") || imp_regex_reader_skip (reader, "<!")
      || imp_regex_reader_skip (reader, "<*"))
    return regex_info_read_lookbehind (reader);
  if (imp_regex_reader_skip (reader, ":") || imp_regex_reader_skip (reader, "|")
      || imp_regex_reader_skip (reader, ">") || regex_info_skip_group_name (reader))
    return regex_info_read_plain_group (reader);
  if (*reader->p == '(')
    return regex_info_read_conditional (reader);
  if (*reader->p == 'C')
    imp_regex_reader_fail (reader, "has a callout, (?C");
  /* A call, or a reference by name. */
  imp_regex_reader_call (reader);
  imp_regex_reader_skip_past (reader, ')');
  return imp_regex_extent_unknown;
}

/* At the (. Options that are set inside end with the group. */
static ImpRegexExtent
regex_info_read_group (ImpRegexReader *reader)
{
  gboolean caseless = reader->caseless, multiline = reader->multiline, extended = reader->extended;
  const char *begin = reader->p++;
  ImpRegexExtent extent;

  if (*reader->p == '*')
    imp_regex_reader_fail (reader, "uses (*, which means nothing in a stream");
  if (*reader->p != '?')
    extent = regex_info_read_plain_group (reader);
  else if (reader->p++, !regex_info_skip_options (reader))
    extent = regex_info_read_special_group (reader, begin);
  else if (*reader->p++ == ')')
    return imp_regex_extent_nothing;
  else
    extent = regex_info_read_plain_group (reader);

  reader->caseless = caseless;
  reader->multiline = multiline;
  reader->extended = extended;
  return extent;
}

/* {2}, {2,}, {2,3}; and {,3}, which older versions of PCRE2 take as it stands. */
static gboolean
regex_info_read_braces (ImpRegexReader *reader, gsize *least, gsize *most)
{
  const char *p = reader->p + 1;
  gsize n_first = imp_regex_reader_read_number (&p, least);
  gsize n_second = 0;

  *most = *least;
  if (*p == ',')
    {
      p++;
      n_second = imp_regex_reader_read_number (&p, most);
      if (n_first == 0 || n_second == 0)
        *most = IMP_REGEX_UNBOUNDED;
    }
  if (*p != '}' || n_first + n_second == 0)
    return FALSE;
  reader->p = p + 1;
  return TRUE;
}

static gboolean
regex_info_read_quantifier (ImpRegexReader *reader, gsize *least, gsize *most)
{
  switch (*reader->p)
    {
    case '?':
    case '*':
    case '+':
      *least = *reader->p == '+';
      *most = *reader->p == '?' ? 1 : IMP_REGEX_UNBOUNDED;
      reader->p++;
      break;
    case '{':
      if (regex_info_read_braces (reader, least, most))
        break;
      return FALSE;
    default:
      return FALSE;
    }
  if (*reader->p == '?' || *reader->p == '+')
    reader->p++;
  return TRUE;
}

/* An item and how often. */
static ImpRegexExtent
regex_info_read_repeated (ImpRegexReader *reader)
{
  const char *begin = reader->p;
  gboolean is_long = (guint8) *begin >= 0x80 && reader->as_bytes;
  ImpRegexExtent item = *begin == '(' && !reader->quoting ? regex_info_read_group (reader)
                                                          : imp_regex_reader_read_item (reader);
  gsize least, most;

  if (reader->quoting && imp_regex_reader_skip (reader, "\\E"))
    reader->quoting = FALSE;
  imp_regex_reader_skip_blanks (reader);
  while (!reader->quoting && regex_info_read_quantifier (reader, &least, &most))
    {
      if (is_long)
        imp_regex_reader_fail (reader,
                               "repeats a character beyond ASCII, of which only the last byte "
                               "would be repeated (with utf8=true it is a character, or put it "
                               "into a group)");
      if (*begin == '.' || g_str_has_prefix (begin, "\\C"))
        reader->info->any_count = MAX (reader->info->any_count, least);
      if (most > 1 && item.max > 0)
        imp_regex_reader_mark_carets (reader, begin, reader->p);
      item = imp_regex_extent_repeat (item, least, most);
      imp_regex_reader_skip_blanks (reader);
    }
  return item;
}

static ImpRegexExtent
regex_info_read_sequence (ImpRegexReader *reader)
{
  ImpRegexExtent extent = imp_regex_extent_nothing;
  gboolean moved = reader->moved;

  for (imp_regex_reader_skip_blanks (reader); *reader->p != '\0';
       imp_regex_reader_skip_blanks (reader))
    {
      if (reader->quoting && imp_regex_reader_skip (reader, "\\E"))
        reader->quoting = FALSE;
      else if (!reader->quoting && imp_regex_reader_skip (reader, "\\Q"))
        reader->quoting = TRUE;
      else if (!reader->quoting && (*reader->p == '|' || *reader->p == ')'))
        break;
      else
        extent = imp_regex_extent_join (extent, regex_info_read_repeated (reader));
      reader->moved = moved || extent.max > 0;
    }
  reader->moved = moved;
  return extent;
}

static ImpRegexExtent
regex_info_read_alternatives (ImpRegexReader *reader)
{
  ImpRegexExtent extent = regex_info_read_sequence (reader);

  while (*reader->p == '|')
    {
      reader->p++;
      extent = imp_regex_extent_either (extent, regex_info_read_sequence (reader));
    }
  return extent;
}

gboolean
imp_regex_info_read (ImpRegexInfo *self, const char *regex, guint n_groups, gboolean utf8,
                     GError **error)
{
  ImpRegexReader reader = { regex, regex, self, n_groups, utf8 };
  ImpRegexExtent extent;

  self->length = strlen (regex);
  self->marks = g_malloc0 (self->length + 1);
  reader.as_bytes = !utf8 && g_utf8_validate (regex, self->length, NULL);
  extent = regex_info_read_alternatives (&reader);
  self->min_length = extent.min;
  self->max_length = extent.max;
  self->need = extent.need;
  self->reach = extent.reach;
  if (reader.calls)
    imp_regex_reader_mark_carets (&reader, regex, regex + self->length);
  /* A call may lead from any of them to any other. */
  if (reader.calls_behind)
    self->behind = reader.n_behind;
  if (reader.error == NULL)
    return TRUE;
  g_propagate_error (error, reader.error);
  return FALSE;
}

void
imp_regex_info_clear (ImpRegexInfo *self)
{
  g_clear_pointer (&self->marks, g_free);
}
