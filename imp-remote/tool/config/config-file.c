/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/config/config-file.h"

#include "tool/config/config-source.h"

#include <glob.h>
#include <string.h>

#define MAX_DEPTH 8
#define MAX_FILES 256
#define MAX_BYTES (8 * 1024 * 1024)
#define MAX_KEYS 100000
#define MAX_LINE (1024 * 1024)
/* More than these nobody reads. */
#define MAX_ERRORS 100

typedef struct
{
  ConfigFile *file;
  GHashTable *places;     /* "KIND NAME" -> ConfigSection */
  ConfigSection *section; /* of the file that is read; NULL before the first one */
  GPtrArray *open;        /* of ConfigSource: each includes the next one */
  guint n_files;
  guint n_keys;
  gsize n_bytes;
  gboolean full; /* a bound has been reached, and was named */
} ConfigReader;

/* Where the reader is. */
typedef struct
{
  ConfigReader *reader;
  const ConfigSource *source;
  guint line;
} ConfigCursor;

static void config_reader_read (ConfigReader *self, const char *path, const char *place);

static void
config_key_free (ConfigKey *self)
{
  g_free (self->name);
  g_free (self->value);
  g_free (self->place);
  g_free (self);
}

static void
config_section_free (ConfigSection *self)
{
  g_free (self->kind);
  g_free (self->name);
  g_free (self->place);
  g_ptr_array_unref (self->keys);
  g_free (self);
}

void
config_file_free (ConfigFile *self)
{
  g_free (self->path);
  g_ptr_array_unref (self->files);
  g_ptr_array_unref (self->sections);
  g_ptr_array_unref (self->errors);
  g_free (self);
}

void
config_file_add_error (ConfigFile *self, const char *place, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *whole = NULL;
  va_list args;

  if (self->errors->len >= MAX_ERRORS)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  whole = g_strdup_printf ("%s: %s", place, text);
  if (!g_ptr_array_find_with_equal_func (self->errors, whole, g_str_equal, NULL))
    g_ptr_array_add (self->errors, g_steal_pointer (&whole));
}

/* The file that an error is of, and its line. */
static guint
config_file_locate (const ConfigFile *self, const char *text, guint64 *line)
{
  *line = 0;
  for (guint i = 0; i < self->files->len; i++)
    {
      const char *path = self->files->pdata[i];
      const gsize length = strlen (path);

      if (strncmp (text, path, length) != 0 || text[length] != ':')
        continue;
      *line = g_ascii_strtoull (text + length + 1, NULL, 10);
      return i;
    }
  return G_MAXUINT;
}

static int
config_file_compare_errors (gconstpointer a, gconstpointer b, gpointer user_data)
{
  guint64 line, other_line;
  const guint file = config_file_locate (user_data, *(const char *const *) a, &line);
  const guint other = config_file_locate (user_data, *(const char *const *) b, &other_line);

  if (file != other)
    return file < other ? -1 : 1;
  return line < other_line ? -1 : line > other_line;
}

void
config_file_sort_errors (ConfigFile *self)
{
  g_ptr_array_sort_with_data (self->errors, config_file_compare_errors, self);
}

const ConfigSection *
config_file_find (const ConfigFile *self, const char *kind, const char *name)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      const ConfigSection *section = self->sections->pdata[i];

      if (g_str_equal (section->kind, kind) && g_strcmp0 (section->name, name) == 0)
        return section;
    }
  return NULL;
}

const ConfigKey *
config_section_find (const ConfigSection *self, const char *name)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      const ConfigKey *key = self->keys->pdata[i];

      if (g_str_equal (key->name, name))
        return key;
    }
  return NULL;
}

char *
config_section_to_text (const ConfigSection *self)
{
  return self->name != NULL ? g_strdup_printf ("[%s %s]", self->kind, self->name)
                            : g_strdup_printf ("[%s]", self->kind);
}

/* ---- one line ---- */

static char *
config_cursor_get_place (const ConfigCursor *at)
{
  return g_strdup_printf ("%s:%u", at->source->path, at->line);
}

static void G_GNUC_PRINTF (2, 3)
  config_cursor_fail (const ConfigCursor *at, const char *format, ...)
{
  g_autofree char *place = config_cursor_get_place (at);
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  config_file_add_error (at->reader->file, place, "%s", text);
}

static ConfigSection *
config_reader_add_section (ConfigReader *self, char *text, char *place)
{
  ConfigSection *section = g_new0 (ConfigSection, 1);
  const gsize length = strcspn (text, " \t");

  section->kind = g_strndup (text, length);
  if (text[length] != '\0')
    section->name = g_strdup (g_strchug (text + length));
  section->place = place;
  section->keys = g_ptr_array_new_with_free_func ((GDestroyNotify) config_key_free);
  g_ptr_array_add (self->file->sections, section);
  return section;
}

/* @text: between the brackets. */
static void
config_cursor_begin_section (const ConfigCursor *at, char *text)
{
  ConfigReader *self = at->reader;
  ConfigSection *known;

  g_strstrip (text);
  if (text[0] == '\0' || strpbrk (text, "[]") != NULL)
    {
      config_cursor_fail (at, "\"[%s]\" is no section: [NAME] or [KIND NAME] is wanted", text);
      return;
    }
  known = g_hash_table_lookup (self->places, text);
  if (known != NULL && known->name != NULL)
    config_cursor_fail (at, "[%s]: there is one with this name at %s", text, known->place);
  if (known == NULL)
    {
      char *key = g_strdup (text);

      known = config_reader_add_section (self, text, config_cursor_get_place (at));
      g_hash_table_insert (self->places, key, known);
    }
  self->section = known;
}

static int
config_compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Each that matches, in an order that no locale changes. */
static void
config_cursor_include_all (const ConfigCursor *at, const char *pattern)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *place = config_cursor_get_place (at);
  glob_t found = { 0 };
  int result = glob (pattern, GLOB_NOSORT | GLOB_ERR, NULL, &found);

  for (gsize i = 0; result == 0 && i < found.gl_pathc; i++)
    g_ptr_array_add (paths, g_strdup (found.gl_pathv[i]));
  globfree (&found);
  /* A folder that is empty is all right. */
  if (result != 0 && result != GLOB_NOMATCH)
    config_cursor_fail (at, "key \"include\": the folder of \"%s\" cannot be read", pattern);
  g_ptr_array_sort (paths, config_compare_paths);
  for (guint i = 0; i < paths->len && !at->reader->full; i++)
    config_reader_read (at->reader, paths->pdata[i], place);
}

/* The section goes on behind it. */
static void
config_cursor_include (const ConfigCursor *at, const char *value)
{
  ConfigSection *section = at->reader->section;
  g_autofree char *folder = g_path_get_dirname (at->source->path);
  g_autofree char *path = g_path_is_absolute (value) ? g_strdup (value)
                                                     : g_build_filename (folder, value, NULL);
  g_autofree char *place = config_cursor_get_place (at);

  if (value[0] == '\0')
    config_cursor_fail (at, "key \"include\": a FILE or a pattern such as conf.d/*.conf is wanted");
  else if (at->reader->open->len >= MAX_DEPTH)
    config_cursor_fail (at, "key \"include\": \"%s\": files are nested more than %d deep", value,
                        MAX_DEPTH);
  else if (strpbrk (value, "*?[") != NULL)
    config_cursor_include_all (at, path);
  else
    config_reader_read (at->reader, path, place);
  at->reader->section = section;
}

static gboolean
config_is_key_name (const char *name)
{
  return name[0] != '\0' && strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen (name);
}

static void
config_cursor_add_key (const ConfigCursor *at, const char *name, const char *value)
{
  ConfigReader *self = at->reader;
  ConfigKey *key;

  if (self->section == NULL)
    {
      config_cursor_fail (at, "key \"%s\": it stands before the first [section]", name);
      return;
    }
  if (++self->n_keys > MAX_KEYS)
    {
      config_cursor_fail (at, "there are more than %d keys", MAX_KEYS);
      self->full = TRUE;
      return;
    }
  key = g_new0 (ConfigKey, 1);
  key->name = g_strdup (name);
  key->value = g_strdup (value);
  key->place = config_cursor_get_place (at);
  g_ptr_array_add (self->section->keys, key);
}

static void
config_cursor_read_key (const ConfigCursor *at, char *line)
{
  char *equals = strchr (line, '=');
  const char *value;

  if (equals == NULL)
    {
      config_cursor_fail (at, "\"%.80s\" is no KEY=VALUE, no [section] and no # comment", line);
      return;
    }
  *equals = '\0';
  value = g_strstrip (equals + 1);
  g_strchomp (line);
  if (!config_is_key_name (line))
    config_cursor_fail (at, "\"%.80s\" is no key: it has letters a to z, digits and -", line);
  else if (g_str_equal (line, "include"))
    config_cursor_include (at, value);
  else
    config_cursor_add_key (at, line, value);
}

/* @length: without the line's end. */
static void
config_cursor_read_line (const ConfigCursor *at, const char *text, gsize length)
{
  g_autofree char *line = NULL;
  gsize end;

  if (length > 0 && text[length - 1] == '\r')
    length--;
  if (length > MAX_LINE)
    config_cursor_fail (at, "the line has %" G_GSIZE_FORMAT " bytes: more than %d", length,
                        MAX_LINE);
  else if (memchr (text, '\0', length) != NULL)
    config_cursor_fail (at, "the line has a zero byte in it");
  else if (!g_utf8_validate (text, length, NULL))
    config_cursor_fail (at, "the line is no UTF-8");
  else
    line = g_strndup (text, length);
  if (line == NULL)
    return;
  g_strstrip (line);
  end = strlen (line);
  if (line[0] == '\0' || line[0] == '#')
    return;
  if (line[0] != '[')
    {
      config_cursor_read_key (at, line);
      return;
    }
  if (line[end - 1] != ']')
    {
      config_cursor_fail (at, "\"%.80s\": a section ends with ]", line);
      return;
    }
  line[end - 1] = '\0';
  config_cursor_begin_section (at, line + 1);
}

/* ---- files ---- */

static void
config_reader_read_source (ConfigReader *self, const ConfigSource *source)
{
  ConfigCursor at = { .reader = self, .source = source };
  const char *text = source->text;
  const char *end = text + source->length;

  /* A byte order mark, as some editors write it. */
  if (source->length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    text += 3;
  while (text < end && !self->full)
    {
      const char *newline = memchr (text, '\n', end - text);
      const char *next = newline != NULL ? newline + 1 : end;

      at.line++;
      config_cursor_read_line (&at, text, (newline != NULL ? newline : end) - text);
      text = next;
    }
}

static gboolean
config_reader_is_open (ConfigReader *self, const ConfigSource *source)
{
  for (guint i = 0; i < self->open->len; i++)
    if (config_source_is_same (self->open->pdata[i], source))
      return TRUE;
  return FALSE;
}

/* @place: of the line that includes it; NULL for the first one. */
static void G_GNUC_PRINTF (4, 5) config_reader_fail (ConfigReader *self, const char *path,
                                                     const char *place, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (place == NULL)
    config_file_add_error (self->file, path, "the file %s", text);
  else
    config_file_add_error (self->file, place, "key \"include\": the file \"%s\" %s", path, text);
}

static void
config_reader_read (ConfigReader *self, const char *path, const char *place)
{
  g_autofree char *why = NULL;
  g_autoptr (ConfigSource) source = NULL;

  if (self->n_files++ >= MAX_FILES)
    {
      config_reader_fail (self, path, place, "would be one more than %d", MAX_FILES);
      self->full = TRUE;
      return;
    }
  source = config_source_read (path, MAX_BYTES - self->n_bytes, &why);
  if (source == NULL)
    {
      config_reader_fail (self, path, place, "%s", why);
      return;
    }
  self->n_bytes += source->length;
  if (config_reader_is_open (self, source))
    {
      config_reader_fail (self, path, place, "includes itself");
      return;
    }
  self->section = NULL;
  g_ptr_array_add (self->file->files, g_strdup (path));
  g_ptr_array_add (self->open, source);
  config_reader_read_source (self, source);
  g_ptr_array_set_size (self->open, self->open->len - 1);
}

ConfigFile *
config_file_read (const char *path)
{
  ConfigFile *self = g_new0 (ConfigFile, 1);
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) open = g_ptr_array_new ();
  ConfigReader reader = { .file = self, .places = places, .open = open };

  self->path = g_strdup (path);
  self->files = g_ptr_array_new_with_free_func (g_free);
  self->sections = g_ptr_array_new_with_free_func ((GDestroyNotify) config_section_free);
  self->errors = g_ptr_array_new_with_free_func (g_free);
  config_reader_read (&reader, path, NULL);
  return self;
}
