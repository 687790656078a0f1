/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a file of settings says, and where. */
#include "tool/config/config-file.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

static char *
write_bytes (const char *name, const char *text, gsize length)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, length, &error);
  g_assert_no_error (error);
  return path;
}

static ConfigFile *
read_bytes (const char *text, gsize length)
{
  g_autofree char *path = write_bytes ("main.conf", text, length);

  return config_file_read (path);
}

static ConfigFile *
read_text (const char *text)
{
  return read_bytes (text, strlen (text));
}

static void
assert_key (const ConfigFile *file, guint section, guint index, const char *name, const char *value,
            const char *place)
{
  const ConfigSection *found = file->sections->pdata[section];
  const ConfigKey *key = found->keys->pdata[index];
  g_autofree char *wanted = g_build_filename (folder, place, NULL);

  g_assert_cmpstr (key->name, ==, name);
  g_assert_cmpstr (key->value, ==, value);
  g_assert_cmpstr (key->place, ==, wanted);
}

static void
assert_good (const ConfigFile *file)
{
  for (guint i = 0; i < file->errors->len; i++)
    g_test_message ("%s", (const char *) file->errors->pdata[i]);
  g_assert_cmpuint (file->errors->len, ==, 0);
}

/* @place, and part of the text. */
static void
assert_error (const ConfigFile *file, guint index, const char *place, const char *part)
{
  g_autofree char *wanted = g_strdup_printf ("%s/%s: ", folder, place);
  const char *text;

  g_assert_cmpuint (file->errors->len, >, index);
  text = file->errors->pdata[index];
  g_test_message ("%s", text);
  g_assert_true (g_str_has_prefix (text, wanted));
  g_assert_nonnull (strstr (text, part));
}

static void
test_lines (void)
{
  g_autoptr (ConfigFile) file = read_text ("# a comment\n"
                                           "\n"
                                           "[one]\n"
                                           "  key = a value \n"
                                           "\tkey=rx=a;b\\n&c=\"d\"\n"
                                           "empty=\n"
                                           "[two  the name ]\n"
                                           "last=#no comment");
  const ConfigSection *one, *two;

  assert_good (file);
  g_assert_cmpuint (file->sections->len, ==, 2);
  one = file->sections->pdata[0];
  two = file->sections->pdata[1];
  g_assert_cmpstr (one->kind, ==, "one");
  g_assert_null (one->name);
  g_assert_cmpstr (two->kind, ==, "two");
  g_assert_cmpstr (two->name, ==, "the name");
  assert_key (file, 0, 0, "key", "a value", "main.conf:4");
  assert_key (file, 0, 1, "key", "rx=a;b\\n&c=\"d\"", "main.conf:5");
  assert_key (file, 0, 2, "empty", "", "main.conf:6");
  assert_key (file, 1, 0, "last", "#no comment", "main.conf:8");
  g_assert_true (config_section_find (one, "key") == one->keys->pdata[0]);
  g_assert_null (config_section_find (one, "last"));
}

static void
test_other_editors (void)
{
  g_autoptr (ConfigFile) file = read_text ("\xef\xbb\xbf[one]\r\nkey=value\r\n\r\nother=\r\n");

  assert_good (file);
  assert_key (file, 0, 0, "key", "value", "main.conf:2");
  assert_key (file, 0, 1, "other", "", "main.conf:4");
}

static void
test_wrong_lines (void)
{
  static const char text[]
    = "key=1\n[one]\nno key\n=value\nK=v\n[two\n[]\n[a]b]\n\xff=1\nz=\0=\nok=1";
  g_autoptr (ConfigFile) file = read_bytes (text, sizeof text - 1);

  assert_error (file, 0, "main.conf:1", "before the first [section]");
  assert_error (file, 1, "main.conf:3", "\"no key\" is no KEY=VALUE");
  assert_error (file, 2, "main.conf:4", "is no key");
  assert_error (file, 3, "main.conf:5", "\"K\" is no key");
  assert_error (file, 4, "main.conf:6", "ends with ]");
  assert_error (file, 5, "main.conf:7", "is no section");
  assert_error (file, 6, "main.conf:8", "is no section");
  assert_error (file, 7, "main.conf:9", "no UTF-8");
  assert_error (file, 8, "main.conf:10", "zero byte");
  g_assert_cmpuint (file->errors->len, ==, 9);
  assert_key (file, 0, 0, "ok", "1", "main.conf:11");
}

static void
test_long_line (void)
{
  const gsize most = 1024 * 1024;
  g_autofree char *value = g_strnfill (most - 4, 'x');
  g_autofree char *good = g_strdup_printf ("[one]\nkey=%s\nnext=1\n", value);
  g_autofree char *bad = g_strdup_printf ("[one]\nkey=%sx\nnext=1\n", value);
  g_autoptr (ConfigFile) file = read_text (good);
  g_autoptr (ConfigFile) other = NULL;

  assert_good (file);
  assert_key (file, 0, 0, "key", value, "main.conf:2");
  assert_key (file, 0, 1, "next", "1", "main.conf:3");
  other = read_text (bad);
  assert_error (other, 0, "main.conf:2", "1048577 bytes");
  assert_key (other, 0, 0, "next", "1", "main.conf:3");
}

/* A name stands for one thing; what has no name may be said in parts. */
static void
test_sections_twice (void)
{
  g_autoptr (ConfigFile) file = read_text ("[one]\na=1\n[two x]\n[one]\nb=2\n[two x]\n");

  assert_error (file, 0, "main.conf:6", "main.conf:3");
  g_assert_cmpuint (file->errors->len, ==, 1);
  g_assert_cmpuint (file->sections->len, ==, 2);
  assert_key (file, 0, 0, "a", "1", "main.conf:2");
  assert_key (file, 0, 1, "b", "2", "main.conf:5");
}

static void
test_no_file (void)
{
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);
  g_autoptr (ConfigFile) file = config_file_read (missing);
  g_autoptr (ConfigFile) dir = config_file_read (folder);
  g_autoptr (ConfigFile) device = config_file_read ("/dev/zero");

  assert_error (file, 0, "missing", "No such file");
  g_assert_cmpuint (dir->errors->len, ==, 1);
  g_assert_cmpstr (device->errors->pdata[0], ==, "/dev/zero: the file is no regular file");
}

static void
test_include (void)
{
  g_autofree char *b = write_bytes ("b.part", "[two]\nb=1\n", 10);
  g_autofree char *a = write_bytes ("a.part", "[one]\na=1\n", 10);
  g_autofree char *absolute = g_strdup_printf ("[three]\ninclude=%s\nafter=1\n", a);
  g_autoptr (ConfigFile) file = read_text ("include=*.part\n[three]\ninclude=none*.part\nc=1\n");
  g_autoptr (ConfigFile) other = NULL;

  assert_good (file);
  assert_key (file, 0, 0, "a", "1", "a.part:2");
  assert_key (file, 1, 0, "b", "1", "b.part:2");
  assert_key (file, 2, 0, "c", "1", "main.conf:4");
  other = read_text (absolute);
  assert_good (other);
  assert_key (other, 0, 0, "after", "1", "main.conf:3");
  assert_key (other, 1, 0, "a", "1", "a.part:2");
}

static void
test_include_wrong (void)
{
  g_autofree char *a = write_bytes ("a.one", "k=1\ninclude=b.one\n", 18);
  g_autofree char *b = write_bytes ("b.one", "[x]\ninclude=a.one\n", 18);
  g_autoptr (ConfigFile) file = read_text (
    "[s]\ninclude=a.one\ninclude=none\ninclude=\ninclude=gone/*\n");

  assert_error (file, 0, "a.one:1", "before the first [section]");
  assert_error (file, 1, "b.one:2", "includes itself");
  assert_error (file, 2, "main.conf:3", "No such file");
  assert_error (file, 3, "main.conf:4", "is wanted");
  assert_error (file, 4, "main.conf:5", "the folder of");
  g_assert_cmpuint (file->errors->len, ==, 5);
}

static void
test_include_self (void)
{
  g_autoptr (ConfigFile) file = read_text ("include=*.conf\n[a]\nk=1\n");

  assert_error (file, 0, "main.conf:1", "includes itself");
  g_assert_cmpuint (file->errors->len, ==, 1);
  assert_key (file, 0, 0, "k", "1", "main.conf:3");
}

static void
test_include_depth (void)
{
  g_autoptr (ConfigFile) file = NULL;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("d%u", i);
      g_autofree char *text = g_strdup_printf ("include=d%u\n", i + 1);
      g_autofree char *path = write_bytes (name, text, strlen (text));
    }
  file = read_text ("include=d0\n[a]\n");
  assert_error (file, 0, "d6:1", "nested more than 8 deep");
  g_assert_cmpuint (file->errors->len, ==, 1);
}

static void
test_bounds (void)
{
  g_autoptr (GString) many = g_string_new ("[a]\n");
  g_autoptr (GString) files = g_string_new (NULL);
  g_autofree char *empty = write_bytes ("empty", "", 0);
  g_autoptr (ConfigFile) keys = NULL;
  g_autoptr (ConfigFile) includes = NULL;
  g_autoptr (ConfigFile) errors = NULL;

  for (guint i = 0; i < 100010; i++)
    g_string_append (many, "k=1\n");
  keys = read_text (many->str);
  assert_error (keys, 0, "main.conf:100002", "more than 100000 keys");
  g_assert_cmpuint (keys->errors->len, ==, 1);
  for (guint i = 0; i < 300; i++)
    g_string_append (files, "include=empty\n");
  includes = read_text (files->str);
  assert_error (includes, 0, "main.conf:256", "one more than 256");
  g_assert_cmpuint (includes->errors->len, ==, 1);
  g_string_truncate (files, 0);
  for (guint i = 0; i < 300; i++)
    g_string_append (files, "wrong\n");
  errors = read_text (files->str);
  g_assert_cmpuint (errors->errors->len, ==, 100);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_free (folder);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("imp-config-XXXXXX", NULL);
  g_assert_nonnull (folder);
  g_test_add_func ("/config-file/lines", test_lines);
  g_test_add_func ("/config-file/other-editors", test_other_editors);
  g_test_add_func ("/config-file/wrong-lines", test_wrong_lines);
  g_test_add_func ("/config-file/long-line", test_long_line);
  g_test_add_func ("/config-file/sections-twice", test_sections_twice);
  g_test_add_func ("/config-file/no-file", test_no_file);
  g_test_add_func ("/config-file/include", test_include);
  g_test_add_func ("/config-file/include-wrong", test_include_wrong);
  g_test_add_func ("/config-file/include-self", test_include_self);
  g_test_add_func ("/config-file/include-depth", test_include_depth);
  g_test_add_func ("/config-file/bounds", test_bounds);
  status = g_test_run ();
  remove_folder ();
  return status;
}
