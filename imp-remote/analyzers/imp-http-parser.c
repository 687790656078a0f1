/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Heads, line by line, as RFC 9112 has them. What it allows to read in more than one way is
 * refused, or put right where it says how. */
#include "analyzers/imp-http-parser-private.h"

#include <string.h>

/* One head that is read. */
typedef struct
{
  const ImpHttpRules *rules;
  ImpHttpHead *head;
  ImpHttpProblem *problem;
  ImpHttpPart part;
} HttpParser;

gboolean
imp_http_problem_set (ImpHttpProblem *self, guint status, const char *format, ...)
{
  va_list args;

  if (self->reason != NULL)
    return FALSE;
  va_start (args, format);
  self->reason = g_strdup_vprintf (format, args);
  va_end (args);
  self->status = status;
  return FALSE;
}

#define http_parser_refuse(self, ...) imp_http_problem_set ((self)->problem, __VA_ARGS__)

/* What only has to be put right: FALSE where that is not wanted. */
static gboolean
http_parser_mend (HttpParser *self, const char *what)
{
  if (self->rules->strict)
    return TRUE;
  return http_parser_refuse (self, 400, "%s", what);
}

static const char *
http_parser_name_part (const HttpParser *self)
{
  return self->part == IMP_HTTP_TRAILERS ? "trailer section" : "head";
}

/* Text that is shown to people and programs: UTF-8, whatever came. */
static char *
http_parser_copy_text (const char *text)
{
  if (g_utf8_validate (text, -1, NULL))
    return g_strdup (text);
  return g_convert (text, -1, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
}

/* ---- the first line ---- */

/* Cuts @line into its first word and the rest of it; NULL: there is only one word. */
static char *
http_parser_cut_word (char *line)
{
  char *space = strpbrk (line, " \t");

  if (space == NULL)
    return NULL;
  *space = '\0';
  return space + 1;
}

/* "HTTP/1." and a digit. */
static gboolean
http_parser_take_version (HttpParser *self, const char *version)
{
  char minor = '\0';

  if (strncmp (version, "HTTP/1.", 7) == 0 && strlen (version) == 8)
    minor = version[7];
  if (minor == '0' || minor == '1')
    {
      self->head->minor = minor - '0';
      return TRUE;
    }
  if (g_ascii_isdigit (minor)
      && http_parser_mend (self, "its version is a later one than HTTP/1.1"))
    {
      self->head->minor = 1;
      self->head->line_is_changed = self->head->is_changed = TRUE;
      return TRUE;
    }
  return http_parser_refuse (self, 505, "its version \"%.20s\" is none of HTTP/1.0 and HTTP/1.1",
                             version);
}

/* Where there is more white space than one between words. */
static gboolean
http_parser_squeeze_line (HttpParser *self, char *line)
{
  gsize length = strlen (line), to = 0;
  gboolean is_odd = FALSE;

  for (gsize from = 0; from < length; from++)
    {
      gboolean is_space = line[from] == ' ' || line[from] == '\t';
      gboolean is_extra = is_space && (to == 0 || line[to - 1] == ' ');

      is_odd |= is_extra || line[from] == '\t';
      if (!is_extra)
        line[to++] = is_space ? ' ' : line[from];
    }
  if (to > 0 && line[to - 1] == ' ')
    {
      to--;
      is_odd = TRUE;
    }
  if (!is_odd)
    return TRUE;
  if (!http_parser_mend (self, "there is more white space in the request line than one space "
                               "between its words"))
    return FALSE;
  line[to] = '\0';
  self->head->line_is_changed = self->head->is_changed = TRUE;
  return TRUE;
}

static gboolean
http_parser_take_request_line (HttpParser *self, char *line)
{
  char *target, *version;

  if (!http_parser_squeeze_line (self, line))
    return FALSE;
  target = http_parser_cut_word (line);
  version = target != NULL ? http_parser_cut_word (target) : NULL;
  if (version == NULL || *target == '\0' || strchr (version, ' ') != NULL)
    return http_parser_refuse (self, 400, "the request line has not three words");
  if (!imp_http_is_token (line))
    return http_parser_refuse (self, 400, "\"%.40s\" cannot be a method", line);
  self->head->method = g_strdup (line);
  self->head->target = http_parser_copy_text (target);
  return http_parser_take_version (self, version);
}

static gboolean
http_parser_take_status_line (HttpParser *self, char *line)
{
  char *status = http_parser_cut_word (line);
  char *reason = status != NULL ? http_parser_cut_word (status) : NULL;

  if (status == NULL || strlen (status) != 3 || strspn (status, "0123456789") != 3
      || *status == '0')
    return http_parser_refuse (self, 502, "the status line has no status of three digits");
  self->head->status = g_ascii_strtoull (status, NULL, 10);
  self->head->reason = http_parser_copy_text (reason != NULL ? reason : "");
  return http_parser_take_version (self, line);
}

/* Text that has no control characters, or has spaces in their place. */
static gboolean
http_parser_clean (HttpParser *self, char *text, gsize length, gboolean may_mend,
                   gboolean *is_changed)
{
  for (gsize i = 0; i < length; i++)
    {
      if (imp_http_is_text_char (text[i]))
        continue;
      if (!may_mend || !self->rules->strict)
        return http_parser_refuse (self, 400, "a line of the %s has the byte 0x%02x",
                                   http_parser_name_part (self), (guint8) text[i]);
      text[i] = ' ';
      *is_changed = TRUE;
    }
  return TRUE;
}

static gboolean
http_parser_take_first_line (HttpParser *self, char *line, gsize length, gboolean is_changed)
{
  gboolean is_clean = FALSE;

  if (!http_parser_clean (self, line, length, FALSE, &is_clean))
    return FALSE;
  if (is_changed)
    self->head->line_is_changed = self->head->is_changed = TRUE;
  return self->part == IMP_HTTP_REQUEST ? http_parser_take_request_line (self, line)
                                        : http_parser_take_status_line (self, line);
}

/* ---- fields ---- */

static char *
http_parser_trim (char *text)
{
  gsize length = strlen (text);

  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
    text[--length] = '\0';
  return text + strspn (text, " \t");
}

/* A line that goes on with the value of the one before. */
static gboolean
http_parser_take_fold (HttpParser *self, char *line)
{
  ImpHttpHead *head = self->head;
  g_autofree char *value = NULL;

  if (head->fields->len == 0)
    return http_parser_refuse (self, 400, "the first line of fields begins with white space");
  if (!http_parser_mend (self, "a field is folded over several lines"))
    return FALSE;
  value = g_strconcat (imp_http_head_peek_field (head, head->fields->len - 1)->value, " ",
                       http_parser_trim (line), NULL);
  imp_http_head_change_value (head, head->fields->len - 1, g_strstrip (value));
  return TRUE;
}

/* What stands before the colon. */
static gboolean
http_parser_check_name (HttpParser *self, char *name, gboolean *is_changed)
{
  gsize length = strlen (name);

  if (length > 0 && (name[length - 1] == ' ' || name[length - 1] == '\t'))
    {
      /* Of requests RFC 9112, 5.1 has no doubt. */
      if (self->part != IMP_HTTP_RESPONSE
          || !http_parser_mend (self, "there is white space before the colon of a field"))
        return http_parser_refuse (self, 400, "there is white space before the colon of a field");
      http_parser_trim (name);
      *is_changed = TRUE;
    }
  if (imp_http_is_token (name))
    return TRUE;
  return http_parser_refuse (self, 400, "\"%.40s\" cannot be the name of a field", name);
}

/* A value that is no UTF-8 is shown as if it were Latin-1, and goes as it came. */
static void
http_parser_show_value (ImpHttpField *field)
{
  const gboolean is_changed = field->is_changed;

  if (g_utf8_validate (field->value, -1, NULL))
    return;
  field->owned = http_parser_copy_text (field->value);
  field->value = field->owned;
  field->is_changed = is_changed;
}

static gboolean
http_parser_take_field (HttpParser *self, char *line, gsize length, ImpHttpField field)
{
  gboolean is_changed = field.is_changed;
  char *colon;

  if (!http_parser_clean (self, line, length, TRUE, &is_changed))
    return FALSE;
  if (*line == ' ' || *line == '\t')
    return http_parser_take_fold (self, line);
  colon = strchr (line, ':');
  if (colon == NULL)
    return http_parser_refuse (self, 400, "a line of the %s has no colon",
                               http_parser_name_part (self));
  *colon = '\0';
  if (!http_parser_check_name (self, line, &is_changed))
    return FALSE;
  if (self->head->fields->len >= self->rules->max_fields)
    return http_parser_refuse (self, 431, "the %s has more than %u fields (max-fields)",
                               http_parser_name_part (self), self->rules->max_fields);
  field.name = line;
  field.value = http_parser_trim (colon + 1);
  field.is_changed = is_changed;
  self->head->is_changed |= is_changed;
  http_parser_show_value (&field);
  g_array_append_val (self->head->fields, field);
  return TRUE;
}

/* ---- lines ---- */

static gboolean
http_parser_take_line (HttpParser *self, gsize start, gsize end)
{
  ImpHttpHead *head = self->head;
  ImpHttpField field = { .start = start, .length = end + 1 - start };
  const gboolean is_first = start == 0 && self->part != IMP_HTTP_TRAILERS;
  gsize length = end - start;
  char *line = head->text + start;

  if (length + 1 > self->rules->max_line)
    return http_parser_refuse (self, is_first ? 414 : 431,
                               "a line of the %s has more than %u bytes (max-line)",
                               http_parser_name_part (self), self->rules->max_line);
  if (length > 0 && line[length - 1] == '\r')
    length--;
  else if (http_parser_mend (self, "a line ends with LF, not with CR LF"))
    field.is_changed = TRUE;
  else
    return FALSE;
  line[length] = '\0';
  if (is_first)
    {
      head->line_length = end + 1;
      return http_parser_take_first_line (self, line, length, field.is_changed);
    }
  if (length > 0)
    return http_parser_take_field (self, line, length, field);
  head->is_changed |= field.is_changed;
  return TRUE;
}

static gboolean
http_parser_take_lines (HttpParser *self)
{
  const char *text = self->head->text;

  for (gsize start = 0; start < self->head->raw_length;)
    {
      const char *end = memchr (text + start, '\n', self->head->raw_length - start);

      if (!http_parser_take_line (self, start, end - text))
        return FALSE;
      start = end - text + 1;
    }
  return TRUE;
}

ImpHttpHead *
imp_http_parse (const ImpHttpRules *rules, ImpHttpPart part, const guint8 *data, gsize length,
                ImpHttpProblem *problem)
{
  g_autoptr (ImpHttpHead) head = g_object_new (IMP_TYPE_HTTP_HEAD, NULL);
  HttpParser self = { .rules = rules, .head = head, .problem = problem, .part = part };

  head->is_request = part == IMP_HTTP_REQUEST;
  head->raw = g_memdup2 (data, length);
  head->text = g_memdup2 (data, length);
  head->raw_length = length;
  return http_parser_take_lines (&self) ? g_steal_pointer (&head) : NULL;
}
