/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define FILES_MAX 3
/* It becomes part of the names of files, classes and functions. */
#define NAME_MAX_LENGTH 40

/* A template, and the file that it becomes. "MODULE_NAME" in both becomes the name that the user
 * gives, "ModuleClass" and "MODULE_UPPER" the same spelled otherwise. */
typedef struct
{
  const char *template;
  const char *file;
  mode_t mode;
} NewFile;

typedef struct
{
  const char *name;
  NewFile files[FILES_MAX];
  const char *module; /* what it is to --module */
  const char *test;   /* a command */
} NewLanguage;

static const NewLanguage languages[] = {
  { "python",
    { { "module.py", "MODULE_NAME.py", 0666 },
      { "test_module.py", "test_MODULE_NAME.py", 0777 },
      { "exchange.json", "MODULE_NAME.json", 0666 } },
    "./MODULE_NAME.py",
    "/usr/bin/python3 test_MODULE_NAME.py" },
  { "js",
    { { "module.js", "MODULE_NAME.js", 0666 },
      { "test_module.js", "test_MODULE_NAME.js", 0666 },
      { "exchange.json", "MODULE_NAME.json", 0666 } },
    "./MODULE_NAME.js",
    "gjs -m test_MODULE_NAME.js" },
  { "c",
    { { "module.c", "MODULE_NAME.c", 0666 },
      { "test_module.c", "test_MODULE_NAME.c", 0666 },
      { "Makefile", "Makefile", 0666 } },
    "./MODULE_NAME.so",
    "make check" },
};

/* A name in its spellings. */
typedef struct
{
  const char *name;
  char *class_name; /* "my_mask" -> "MyMask" */
  char *upper;
} NewName;

static void
new_name_clear (NewName *self)
{
  g_free (self->class_name);
  g_free (self->upper);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NewName, new_name_clear)

static gboolean
new_name_is_valid (const char *name)
{
  if (!g_ascii_islower (name[0]) || strlen (name) > NAME_MAX_LENGTH)
    return FALSE;
  for (const char *c = name; *c != '\0'; c++)
    if (!g_ascii_islower (*c) && !g_ascii_isdigit (*c)
        && (*c != '_' || c[1] == '_' || c[1] == '\0'))
      return FALSE;
  return TRUE;
}

static void
new_name_init (NewName *self, const char *name)
{
  g_autoptr (GString) class_name = g_string_new (NULL);

  for (const char *c = name; *c != '\0'; c++)
    if (*c != '_')
      g_string_append_c (class_name, c == name || c[-1] == '_' ? g_ascii_toupper (*c) : *c);
  self->name = name;
  self->class_name = g_string_free (g_steal_pointer (&class_name), FALSE);
  self->upper = g_ascii_strup (name, -1);
}

static char *
new_name_insert (const NewName *self, const char *text)
{
  GString *result = g_string_new (text);

  g_string_replace (result, "MODULE_NAME", self->name, 0);
  g_string_replace (result, "ModuleClass", self->class_name, 0);
  g_string_replace (result, "MODULE_UPPER", self->upper, 0);
  return g_string_free (result, FALSE);
}

/* The templates' license is that of this program, not of what somebody makes of them. */
static char *
new_read_template (const char *template)
{
  g_autofree char *path = g_strconcat ("/imp-remote/new/templates/", template, ".in", NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);
  const char *license = g_strstr_len (text, length, "SPDX");
  GString *result = g_string_new_len (text, length);

  if (license != NULL)
    {
      gsize start = license - text;
      const gsize end = start + strcspn (license, "\n") + 1;

      while (start > 0 && text[start - 1] != '\n')
        start--;
      g_string_erase (result, start, end - start);
    }
  return g_string_free (result, FALSE);
}

static int
new_write_file (const NewFile *file, const char *path, const NewName *name)
{
  g_autofree char *template = new_read_template (file->template);
  g_autofree char *text = new_name_insert (name, template);
  const int fd = g_open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
  FILE *stream;

  if (fd < 0)
    return tool_error ("new: \"%s\": %s", path, g_strerror (errno));
  stream = fdopen (fd, "w");
  fputs (text, stream);
  if (ferror (stream) | (fclose (stream) != 0))
    {
      const int status = tool_error ("new: \"%s\": %s", path, g_strerror (errno));

      g_unlink (path);
      return status;
    }
  return TOOL_DONE;
}

/* All of them, or none. */
static int
new_write_files (const NewLanguage *language, const NewName *name)
{
  char *paths[FILES_MAX] = { NULL };
  int status = TOOL_DONE;
  guint n = 0;

  while (n < FILES_MAX && status == TOOL_DONE)
    {
      paths[n] = new_name_insert (name, language->files[n].file);
      status = new_write_file (&language->files[n], paths[n], name);
      if (status == TOOL_DONE)
        n++;
    }
  if (status == TOOL_DONE)
    tool_print ("written: %s, %s, %s", paths[0], paths[1], paths[2]);
  else
    while (n > 0)
      g_unlink (paths[--n]);
  for (guint i = 0; i < FILES_MAX; i++)
    g_free (paths[i]);
  return status;
}

static void
new_print_next (const NewLanguage *language, const NewName *name)
{
  g_autofree char *module = new_name_insert (name, language->module);
  g_autofree char *test = new_name_insert (name, language->test);

  tool_print ("test it: %s", test);
  tool_print ("use it: imp-remote relay --listen localhost:8080 --module %s --connect HOST:PORT",
              module);
}

static const NewLanguage *
new_find_language (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (languages); i++)
    if (g_str_equal (languages[i].name, name))
      return &languages[i];
  return NULL;
}

static int
new_check (int argc, char **argv)
{
  if (argc < 2)
    return tool_usage_error ("new: a language is missing: python, js or c");
  if (new_find_language (argv[1]) == NULL)
    return tool_usage_error ("new: there is no language \"%s\"; there are python, js and c",
                             argv[1]);
  if (argc < 3)
    return tool_usage_error ("new: NAME is missing: what shall the module be called?");
  if (argc > 3)
    return tool_usage_error ("new: \"%s\": one name only", argv[3]);
  if (!new_name_is_valid (argv[2]))
    return tool_usage_error ("new: \"%s\" is no name for a module: it wants small letters, digits "
                             "and single \"_\" between them, a letter first, at most %d in all",
                             argv[2], NAME_MAX_LENGTH);
  return TOOL_DONE;
}

static int
new_run (int argc, char **argv)
{
  static const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
  const ToolOptions options = {
    .parameters = "python|js|c NAME - begin a module",
    .summary = "Writes a module that can be used at once, and its test, into this folder. No file "
               "that is\nthere is changed.",
    .entries = entries,
  };
  g_auto (NewName) name = { NULL };
  int status;

  if (!tool_parse_options (&options, &argc, &argv, &status))
    return status;
  status = new_check (argc, argv);
  if (status != TOOL_DONE)
    return status;
  new_name_init (&name, argv[2]);
  status = new_write_files (new_find_language (argv[1]), &name);
  if (status == TOOL_DONE)
    new_print_next (new_find_language (argv[1]), &name);
  return status;
}

const ToolCommand tool_new = {
  .name = "new",
  .summary = "begin a module, with its test",
  .run = new_run,
};
