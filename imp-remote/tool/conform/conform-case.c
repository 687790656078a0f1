/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-case.h"

#include "core/imp-error.h"

#include <string.h>

#define ALL_VERSIONS ((1 << 1) | (1 << 2))

static void
conform_step_free (gpointer data)
{
  ConformStep *self = data;

  g_free (self->text);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

static void
conform_case_allow_all (ConformCase *self)
{
  g_ptr_array_set_size (self->formats, 0);
  for (gsize i = 0; conform_format_get (i) != NULL; i++)
    g_ptr_array_add (self->formats, (gpointer) conform_format_get (i));
}

ConformCase *
conform_case_new (const char *id, const char *title, const char *section)
{
  ConformCase *self = g_new0 (ConformCase, 1);

  self->id = g_strdup (id);
  self->title = g_strdup (title);
  self->section = g_strdup (section);
  self->versions = ALL_VERSIONS;
  self->formats = g_ptr_array_new ();
  self->steps = g_ptr_array_new_with_free_func (conform_step_free);
  conform_case_allow_all (self);
  return self;
}

void
conform_case_free (ConformCase *self)
{
  g_free (self->id);
  g_free (self->title);
  g_free (self->section);
  g_free (self->perl);
  g_free (self->hello);
  g_ptr_array_unref (self->formats);
  g_ptr_array_unref (self->steps);
  g_free (self);
}

void
conform_case_add_step (ConformCase *self, ConformStepKind kind, const char *text, GBytes *bytes)
{
  ConformStep *step = g_new0 (ConformStep, 1);

  step->kind = kind;
  step->text = g_strdup (text);
  step->bytes = bytes;
  g_ptr_array_add (self->steps, step);
}

gboolean
conform_case_has_format (const ConformCase *self, const ConformFormat *format)
{
  return g_ptr_array_find (self->formats, format, NULL);
}

/* --- the table --- */

static const struct
{
  const char *word;
  ConformStepKind kind;
  gboolean is_message; /* its text is a message, without variables when it is read */
} conform_words[] = {
  { ">", CONFORM_STEP_SEND, TRUE },
  { "+", CONFORM_STEP_QUEUE, TRUE },
  { "<", CONFORM_STEP_EXPECT, FALSE },
  { "?", CONFORM_STEP_MAY, FALSE },
  { "sync", CONFORM_STEP_SYNC, FALSE },
  { "end", CONFORM_STEP_END, FALSE },
  { "settled", CONFORM_STEP_SETTLED, FALSE },
  { "output", CONFORM_STEP_OUTPUT, FALSE },
  { "bytewise", CONFORM_STEP_BYTEWISE, FALSE },
  { "shut", CONFORM_STEP_SHUT, FALSE },
  { "close", CONFORM_STEP_CLOSE, FALSE },
  { "reset", CONFORM_STEP_RESET, FALSE },
  { "new", CONFORM_STEP_NEW, FALSE },
  { "fed", CONFORM_STEP_FED, FALSE },
  { "call", CONFORM_STEP_CALL, FALSE },
};

static const struct
{
  const char *word;
  ConformNeeds need;
} conform_need_words[] = {
  { "reference", CONFORM_NEED_REFERENCE },
  { "status", CONFORM_NEED_STATUS },
  { "end", CONFORM_NEED_END },
  { "defaults", CONFORM_NEED_DEFAULTS },
  { "interface", CONFORM_NEED_INTERFACE },
};

/* A name alone may be that of a format which this build does not have. */
static void
conform_case_set_formats (ConformCase *self, const char *names)
{
  g_auto (GStrv) words = g_strsplit (names, " ", -1);

  g_ptr_array_set_size (self->formats, 0);
  for (gsize i = 0; conform_format_get (i) != NULL; i++)
    if (g_strv_contains ((const char *const *) words, conform_format_get (i)->name))
      g_ptr_array_add (self->formats, (gpointer) conform_format_get (i));
}

static gboolean
conform_case_set_needs (ConformCase *self, const char *names)
{
  g_auto (GStrv) words = g_strsplit (names, " ", -1);

  for (gsize i = 0; words[i] != NULL; i++)
    {
      gsize k = 0;

      while (k < G_N_ELEMENTS (conform_need_words)
             && !g_str_equal (conform_need_words[k].word, words[i]))
        k++;
      if (k == G_N_ELEMENTS (conform_need_words))
        return FALSE;
      self->needs |= conform_need_words[k].need;
    }
  return TRUE;
}

static gboolean
conform_case_set_versions (ConformCase *self, const char *text)
{
  self->versions = 0;
  if (strchr (text, '1') != NULL)
    self->versions |= 1 << 1;
  if (strchr (text, '2') != NULL)
    self->versions |= 1 << 2;
  return self->versions != 0;
}

/* "NAME: VALUE"; FALSE if there is no such name. */
static gboolean
conform_case_read_field (ConformCase *self, const char *name, const char *value)
{
  char **place = NULL;

  if (g_str_equal (name, "versions:"))
    return conform_case_set_versions (self, value);
  if (g_str_equal (name, "needs:"))
    return conform_case_set_needs (self, value);
  if (g_str_equal (name, "codecs:"))
    {
      conform_case_set_formats (self, value);
      return TRUE;
    }
  if (g_str_equal (name, "section:"))
    place = &self->section;
  else if (g_str_equal (name, "perl:"))
    place = &self->perl;
  else if (g_str_equal (name, "hello:"))
    place = &self->hello;
  if (place == NULL)
    return FALSE;
  g_free (*place);
  *place = g_strdup (value);
  return TRUE;
}

/* "json> LINE" and "cbor> HEXADECIMAL": the first one says that the case is for these formats
 * alone. */
static gboolean
conform_case_read_raw (ConformCase *self, const char *name, const char *value, GError **error)
{
  g_autofree char *format = g_strndup (name, strlen (name) - 1);
  const ConformFormat *found = conform_format_by_name (format, NULL);
  gboolean is_text = g_str_equal (format, "json");
  g_autoptr (GByteArray) bytes = NULL;
  ConformStep *step;

  bytes = is_text ? NULL : conform_bytes_parse (value, error);
  if (!is_text && bytes == NULL)
    return FALSE;
  conform_case_add_step (self, CONFORM_STEP_RAW, is_text ? value : NULL,
                         is_text ? NULL : g_byte_array_free_to_bytes (g_steal_pointer (&bytes)));
  step = self->steps->pdata[self->steps->len - 1];
  /* NULL where this build lacks it: then nobody runs it. */
  step->format = found;
  return TRUE;
}

static gboolean
conform_case_read_line (ConformCase *self, const char *line, GError **error)
{
  const char *blank = strchr (line, ' ');
  g_autofree char *word = blank != NULL ? g_strndup (line, blank - line) : g_strdup (line);
  const char *rest = blank != NULL ? blank + 1 : "";
  gsize i = 0;

  if (g_str_equal (word, "bare"))
    {
      self->bare = TRUE;
      return TRUE;
    }
  if (strlen (word) > 1 && g_str_has_suffix (word, ">"))
    return conform_case_read_raw (self, word, rest, error);
  while (i < G_N_ELEMENTS (conform_words) && !g_str_equal (conform_words[i].word, word))
    i++;
  if (i == G_N_ELEMENTS (conform_words))
    {
      if (conform_case_read_field (self, word, rest))
        return TRUE;
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" is no step", line);
      return FALSE;
    }
  if (conform_words[i].is_message && strchr (rest, '$') == NULL)
    {
      g_autoptr (ImpMessage) message = conform_message_parse (rest, error);

      if (message == NULL)
        return FALSE;
    }
  conform_case_add_step (self, conform_words[i].kind, rest, NULL);
  return TRUE;
}

/* "== ID TITLE" */
static ConformCase *
conform_case_read_head (const char *line, GError **error)
{
  g_auto (GStrv) words = g_strsplit (line + strlen ("== "), " ", 2);

  if (g_strv_length (words) == 2)
    return conform_case_new (words[0], words[1], "");
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" is no ID and TITLE", line);
  return NULL;
}

static gboolean
conform_case_read_any (const char *line, ConformCase **current, GPtrArray *cases, GError **error)
{
  if (*line == '\0' || *line == '#')
    return TRUE;
  if (g_str_has_prefix (line, "== "))
    {
      *current = conform_case_read_head (line, error);
      if (*current != NULL)
        g_ptr_array_add (cases, *current);
      return *current != NULL;
    }
  if (*current != NULL)
    return conform_case_read_line (*current, line, error);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" stands before the first case", line);
  return FALSE;
}

gboolean
conform_case_read_table (const char *text, GPtrArray *cases, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  ConformCase *current = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    if (!conform_case_read_any (lines[i], &current, cases, error))
      {
        g_prefix_error (error, "line %u of the table: ", i + 1);
        return FALSE;
      }
  return TRUE;
}
