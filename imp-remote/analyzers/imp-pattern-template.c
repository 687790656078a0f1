/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-template-private.h"

#include <string.h>

#include "core/imp-error.h"

/* Some bytes of the text, and then what a group had. */
typedef struct
{
  gsize begin;
  gsize length;
  int group; /* -1: none */
} TemplatePart;

struct _ImpPatternTemplate
{
  GBytes *text;
  GArray *parts; /* NULL: just the text */
};

/* Where a template is read. */
typedef struct
{
  const char *text;
  gsize length;
  gsize position;
  ImpMatcher *matcher;
} TemplateReader;

static gboolean
template_reader_refuse (TemplateReader *self, gsize begin, const char *why, GError **error)
{
  g_autofree char *what = g_strndup (self->text + begin, self->position - begin);
  g_autofree char *valid = g_utf8_make_valid (what, -1);

  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "has \"%s\", %s", valid, why);
  return FALSE;
}

/* The number or the name of a group. */
static gboolean
template_reader_find_group (TemplateReader *self, const char *name, int *group)
{
  guint64 number;

  if (!g_ascii_isdigit (*name))
    {
      *group = imp_matcher_find_group (self->matcher, name);
      return *group > 0;
    }
  if (!g_ascii_string_to_unsigned (name, 10, 0, imp_matcher_get_n_groups (self->matcher), &number,
                                   NULL))
    return FALSE;
  *group = number;
  return TRUE;
}

/* Behind \g: <name>, or {name} as in an expression. */
static char *
template_reader_read_name (TemplateReader *self)
{
  const char *begin = self->text + self->position;
  gsize left = self->length - self->position;
  char close = left > 0 && *begin == '<' ? '>' : '}';
  const char *end;

  if (left == 0 || (*begin != '<' && *begin != '{'))
    return NULL;
  end = memchr (begin, close, left);
  if (end == NULL)
    return NULL;
  self->position += end + 1 - begin;
  return g_strndup (begin + 1, end - begin - 1);
}

/* At a \. */
static gboolean
template_reader_read_reference (TemplateReader *self, int *group, GError **error)
{
  gsize begin = self->position++;
  g_autofree char *name = NULL;
  char c = self->position < self->length ? self->text[self->position] : '\0';

  if (self->position < self->length)
    self->position++;
  if (g_ascii_isdigit (c))
    name = g_strndup (&c, 1);
  else if (c == 'g')
    name = template_reader_read_name (self);
  else
    return template_reader_refuse (self, begin,
                                   "which means nothing: a \\ is written \\\\, and \\0 to \\9 or "
                                   "\\g<NAME> stand for what was matched (actdata-literal=true "
                                   "takes all as it stands)",
                                   error);
  if (name == NULL)
    return template_reader_refuse (self, begin, "which should be \\g<NAME>", error);
  return template_reader_find_group (self, name, group)
         || template_reader_refuse (self, begin, "but the regular expression has no such group",
                                    error);
}

static gboolean
pattern_template_read (ImpPatternTemplate *self, TemplateReader *reader, GError **error)
{
  TemplatePart part = { 0, 0, -1 };

  while (reader->position < reader->length)
    {
      const char *at = reader->text + reader->position;
      const char *escape = memchr (at, '\\', reader->length - reader->position);

      part.begin = reader->position;
      part.length = escape != NULL ? (gsize) (escape - at) : reader->length - reader->position;
      part.group = -1;
      reader->position += part.length;
      if (escape != NULL && reader->position + 1 < reader->length && escape[1] == '\\')
        {
          part.length++;
          reader->position += 2;
        }
      else if (escape != NULL && !template_reader_read_reference (reader, &part.group, error))
        return FALSE;
      g_array_append_val (self->parts, part);
    }
  return TRUE;
}

ImpPatternTemplate *
imp_pattern_template_new (GBytes *text, ImpMatcher *matcher, GError **error)
{
  g_autoptr (ImpPatternTemplate) self = g_new0 (ImpPatternTemplate, 1);
  TemplateReader reader = { .matcher = matcher };

  self->text = g_bytes_ref (text);
  reader.text = g_bytes_get_data (text, &reader.length);
  if (matcher == NULL || reader.length == 0 || memchr (reader.text, '\\', reader.length) == NULL)
    return g_steal_pointer (&self);

  self->parts = g_array_new (FALSE, FALSE, sizeof (TemplatePart));
  return pattern_template_read (self, &reader, error) ? g_steal_pointer (&self) : NULL;
}

void
imp_pattern_template_free (ImpPatternTemplate *self)
{
  g_bytes_unref (self->text);
  g_clear_pointer (&self->parts, g_array_unref);
  g_free (self);
}

gboolean
imp_pattern_template_is_empty (const ImpPatternTemplate *self)
{
  return g_bytes_get_size (self->text) == 0;
}

GBytes *
imp_pattern_template_peek_constant (const ImpPatternTemplate *self)
{
  return self->parts == NULL ? self->text : NULL;
}

static gboolean
pattern_template_append (GByteArray *output, const guint8 *data, gsize length, GError **error)
{
  if (length > IMP_PATTERN_TEMPLATE_MAX - output->len)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "With what was matched, what is written would grow beyond %d bytes",
                   IMP_PATTERN_TEMPLATE_MAX);
      return FALSE;
    }
  g_byte_array_append (output, data, length);
  return TRUE;
}

GBytes *
imp_pattern_template_expand (const ImpPatternTemplate *self, const ImpSearchRun *run,
                             GError **error)
{
  const guint8 *text = g_bytes_get_data (self->text, NULL);
  g_autoptr (GByteArray) output = NULL;

  if (self->parts == NULL)
    return g_bytes_ref (self->text);

  output = g_byte_array_new ();
  for (guint i = 0; i < self->parts->len; i++)
    {
      const TemplatePart *part = &g_array_index (self->parts, TemplatePart, i);
      gsize from, to;

      if (!pattern_template_append (output, text + part->begin, part->length, error))
        return NULL;
      if (part->group >= 0 && run != NULL && imp_search_run_get_group (run, part->group, &from, &to)
          && !pattern_template_append (output, run->data + from, to - from, error))
        return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&output));
}
