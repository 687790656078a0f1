/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-regex-join-private.h"

#include <string.h>

/* A character behind a \ with which more than it alone would change: references, quotes, and \c,
 * which takes any other one. */
#define REFUSED_ESCAPES "123456789gkQEcKG"
/* Options that have no effect on how what follows is read. */
#define OPTIONS "ims-"

/* Each of these reads one thing at *at, and moves *at behind it; FALSE: it is not known. */
static gboolean
regex_join_escape (GString *joined, const char **at)
{
  const char *text = *at;

  if (text[1] == '\0' || strchr (REFUSED_ESCAPES, text[1]) != NULL)
    return FALSE;
  g_string_append_len (joined, text, 2);
  *at += 2;
  return TRUE;
}

/* [:alpha:] within a class. */
static gboolean
regex_join_posix_class (GString *joined, const char **at)
{
  const char *end = strstr (*at + 2, ":]");

  if ((*at)[1] != ':' || end == NULL)
    return FALSE;
  g_string_append_len (joined, *at, end + 2 - *at);
  *at = end + 2;
  return TRUE;
}

static gboolean
regex_join_class (GString *joined, const char **at)
{
  const char *begin = *at;
  const char *first = begin + 1 + (begin[1] == '^');

  g_string_append_len (joined, begin, first - begin);
  *at = first;
  while (**at != '\0' && (**at != ']' || *at == first))
    {
      if (**at == '\\')
        {
          if (!regex_join_escape (joined, at))
            return FALSE;
        }
      else if (**at == '[' && strchr (":.=", (*at)[1]) != NULL)
        {
          if (!regex_join_posix_class (joined, at))
            return FALSE;
        }
      else
        g_string_append_c (joined, *(*at)++);
    }
  if (**at == '\0')
    return FALSE;
  g_string_append_c (joined, *(*at)++);
  return TRUE;
}

/* A name, up to @close. */
static gboolean
regex_join_named_group (GString *joined, const char *name, char close, const char **at)
{
  const char *end = strchr (name, close);

  if (end == NULL)
    return FALSE;
  g_string_append_c (joined, '(');
  *at = end + 1;
  return TRUE;
}

static gboolean
regex_join_options (GString *joined, const char **at)
{
  const char *begin = *at;
  gsize n = strspn (begin + 2, OPTIONS);
  char next = begin[2 + n];

  if (n == 0 || (next != ')' && next != ':'))
    return FALSE;
  g_string_append_len (joined, begin, n + 3);
  *at = begin + n + 3;
  return TRUE;
}

static gboolean
regex_join_group (GString *joined, const char **at)
{
  const char *text = *at;

  if (text[1] == '*')
    return FALSE;
  if (text[1] != '?')
    {
      g_string_append_c (joined, *(*at)++);
      return TRUE;
    }
  if (text[2] == '<' && text[3] != '=' && text[3] != '!')
    return regex_join_named_group (joined, text + 3, '>', at);
  if (text[2] == '\'')
    return regex_join_named_group (joined, text + 3, '\'', at);
  if (text[2] == 'P' && text[3] == '<')
    return regex_join_named_group (joined, text + 4, '>', at);
  if (text[2] == '\0' || strchr (":=!><", text[2]) == NULL)
    return regex_join_options (joined, at);
  g_string_append_len (joined, text, 3);
  *at += 3;
  return TRUE;
}

static gboolean
regex_join_next (GString *joined, const char **at)
{
  switch (**at)
    {
    case '\\':
      return regex_join_escape (joined, at);
    case '[':
      return regex_join_class (joined, at);
    case '(':
      return regex_join_group (joined, at);
    default:
      g_string_append_c (joined, *(*at)++);
      return TRUE;
    }
}

gboolean
imp_regex_join_append (GString *joined, const char *regex)
{
  gsize length = joined->len;
  const char *at = regex;

  g_string_append (joined, length > 0 ? "|(" : "(");
  while (*at != '\0')
    if (!regex_join_next (joined, &at))
      {
        g_string_truncate (joined, length);
        return FALSE;
      }
  g_string_append_c (joined, ')');
  return TRUE;
}

/* Is there a | that is in no group, so that a match may begin with something else? */
static gboolean
regex_join_has_alternatives (const char *regex)
{
  g_autoptr (GString) scratch = g_string_new (NULL);
  const char *at = regex;
  guint depth = 0;

  while (*at != '\0')
    {
      if (*at == '|' && depth == 0)
        return TRUE;
      depth += *at == '(';
      depth -= *at == ')' && depth > 0;
      /* One of options alone ends at its own parenthesis. */
      if (*at == '(' && at[1] == '?' && at[2 + strspn (at + 2, OPTIONS)] == ')')
        depth--;
      if (!regex_join_next (scratch, &at))
        return TRUE;
    }
  return FALSE;
}

/* A byte that stands for itself: how long is it in the expression? 0: it is none. */
static gsize
regex_join_measure_literal (const char *at, char *literal)
{
  gboolean escaped = at[0] == '\\';

  *literal = at[escaped];
  if (escaped)
    return g_ascii_ispunct (*literal) ? 2 : 0;
  return *literal != '\0' && strchr ("^$.[|()?*+{", *literal) == NULL ? 1 : 0;
}

GString *
imp_regex_join_get_prefix (const char *regex)
{
  GString *prefix = g_string_new (NULL);
  const char *at = g_str_has_prefix (regex, "\\b") ? regex + 2 : regex;
  gsize n;
  char literal;

  if (regex_join_has_alternatives (regex))
    return prefix;
  while ((n = regex_join_measure_literal (at, &literal)) > 0)
    {
      g_string_append_c (prefix, literal);
      at += n;
    }
  /* What may be there more than once need not be there at all. */
  if (prefix->len > 0 && *at != '\0' && strchr ("?*+{", *at) != NULL)
    g_string_truncate (prefix, prefix->len - 1);
  return prefix;
}
