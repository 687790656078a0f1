/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module session-log: which files it makes, what is in them, and what becomes of errors. */
#include "analyzers/imp-session-log-factory.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/imp-data-type.h"
#include "core/imp-error.h"

#define STREAM IMP_DATA_TYPE_STREAM

typedef struct
{
  char *folder;
  ImpFactory *factory;
  ImpAnalyzer *analyzer;
  char *path; /* as the account field says */
  GString *said;
  guint n_logs;
} Rig;

static void
take_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Rig *self = user_data;
  g_autofree char *text = imp_result_to_string (result);

  if (imp_result_get_result_type (result) == IMP_RESULT_LOG)
    {
      g_assert_cmpint (imp_result_get_level (result), ==, IMP_LOG_LEVEL_ERROR);
      self->n_logs++;
    }
  if (imp_result_get_result_type (result) == IMP_RESULT_ACCOUNT_FIELD)
    {
      g_assert_cmpstr (imp_result_get_key (result), ==, "logfile");
      g_assert_null (self->path);
      self->path = g_strdup (imp_result_get_value (result));
    }
  g_string_append_printf (self->said, "%s\n", text);
}

static Rig *
rig_new (const char *settings)
{
  Rig *self = g_new0 (Rig, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *all = NULL;

  self->folder = g_dir_make_tmp ("imp-log-XXXXXX", &error);
  g_assert_no_error (error);
  all = g_strdup_printf ("dir=%s%s", self->folder, settings);
  self->factory = imp_session_log_factory_new (all, &error);
  g_assert_no_error (error);
  self->said = g_string_new (NULL);
  return self;
}

/* @pairs: keys and values with " " between, or NULL. */
static void
rig_open (Rig *self, const char *const *pairs)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;

  for (; pairs != NULL && *pairs != NULL; pairs += 2)
    g_hash_table_insert (context, (gpointer) pairs[0], (gpointer) pairs[1]);
  g_clear_pointer (&self->path, g_free);
  g_string_truncate (self->said, 0);
  self->analyzer = imp_factory_create_analyzer (self->factory, context, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (self->analyzer, take_result, self, NULL);
  g_assert_true (g_str_has_prefix (self->said->str, "prepass dir=0 offset=max\n"
                                                    "prepass dir=1 offset=max\n"));
}

static void
rig_feed (Rig *self, ImpDirection direction, const char *data, gsize length)
{
  imp_analyzer_data_bytes (self->analyzer, direction, (const guint8 *) data, length, 0, STREAM);
}

/* Afterwards all is written. */
static void
rig_finish (Rig *self)
{
  imp_analyzer_close (self->analyzer);
  g_clear_object (&self->analyzer);
  g_clear_object (&self->factory);
}

static void
rig_free (Rig *self)
{
  g_autoptr (GDir) folder = g_dir_open (self->folder, 0, NULL);
  const char *name;

  g_clear_object (&self->analyzer);
  g_clear_object (&self->factory);
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (self->folder);
  g_string_free (self->said, TRUE);
  g_free (self->folder);
  g_free (self->path);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static GBytes *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, length);
}

/* ---- names ---- */

static void
check_name (Rig *self, const char *const *pairs, const char *middle)
{
  g_autofree char *folder = NULL, *name = NULL, *pattern = NULL;
  struct stat status;

  rig_open (self, pairs);
  g_assert_nonnull (self->path);
  folder = g_path_get_dirname (self->path);
  name = g_path_get_basename (self->path);
  g_assert_cmpstr (folder, ==, self->folder);
  g_assert_cmpuint (strlen (name), <=, 255);
  pattern = g_strdup_printf ("^[0-9]+-%s-[a-zA-Z0-9]{6}\\.bin$", middle);
  if (!g_regex_match_simple (pattern, name, 0, 0))
    g_error ("%s is not %s", name, pattern);
  g_assert_cmpint (lstat (self->path, &status), ==, 0);
  g_assert_true (S_ISREG (status.st_mode));
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  g_clear_object (&self->analyzer);
}

/* Nothing in the context leads out of the folder, or into another file. */
static void
test_names (void)
{
  g_autoptr (Rig) rig = rig_new ("");
  g_autofree char *longest = g_strnfill (5000, 'x');
  const char *const good[] = { "caddr",       "192.0.2.7", "cport", "4711", "saddr",
                               "2001:db8::7", "sport",     "80",    NULL };
  const char *const paths[] = { "caddr", "../../etc", "cport", "/", "saddr",
                                "..",    "sport",     ".",     NULL };
  const char *const bytes[] = { "caddr", "a\nb\x7f", "cport", "\xc3\xa4%s", "saddr",
                                "a..b",  "sport",    "-rf *", NULL };
  const char *const sizes[] = { "caddr", longest, "cport", longest, "saddr",
                                longest, "sport", "",      NULL };

  check_name (rig, good, "192\\.0\\.2\\.7\\.4711-2001:db8::7\\.80");
  check_name (rig, NULL, "unknown\\.unknown-unknown\\.unknown");
  check_name (rig, paths, "______etc\\._-__\\._");
  check_name (rig, bytes, "a_b_\\.___s-a__b\\.-rf__");
  check_name (rig, sizes, "x{45}\\.x{45}-x{45}\\.unknown");
}

/* ---- bin ---- */

static void
test_bin (void)
{
  static const guint8 expected[][3] = { { 0, 3, 'a' }, { 1, 1, 'x' }, { 0, 0, 0 }, { 1, 2, 'y' } };
  g_autoptr (Rig) rig = rig_new ("&format=bin");
  g_autoptr (GBytes) file = NULL;
  gint64 began = g_get_real_time ();
  const guint8 *data;
  gsize length;

  rig_open (rig, NULL);
  rig_feed (rig, 0, "abc", 3);
  rig_feed (rig, 1, "x", 1);
  rig_feed (rig, 0, NULL, 0);
  rig_feed (rig, 1, "yz", 2);
  rig_finish (rig);
  file = read_file (rig->path);
  data = g_bytes_get_data (file, &length);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      guint32 numbers[2], size;
      gint64 time;

      g_assert_cmpuint (length, >=, 13u + expected[i][1]);
      memcpy (numbers, data, 8);
      memcpy (&size, data + 9, 4);
      time = GUINT32_FROM_BE (numbers[0]) * G_GINT64_CONSTANT (1000000)
             + GUINT32_FROM_BE (numbers[1]);
      g_assert_cmpint (time, >=, began);
      g_assert_cmpint (time, <=, g_get_real_time ());
      g_assert_cmpuint (data[8], ==, expected[i][0]);
      g_assert_cmpuint (GUINT32_FROM_BE (size), ==, expected[i][1]);
      if (expected[i][1] > 0)
        g_assert_cmpuint (data[13], ==, expected[i][2]);
      data += 13 + expected[i][1];
      length -= 13 + expected[i][1];
    }
  g_assert_cmpuint (length, ==, 0);
}

/* Large and many: in order, and all of it once nobody has the factory any more. */
static void
test_complete (void)
{
  g_autoptr (Rig) rig = rig_new ("");
  g_autofree char *piece = g_strnfill (100000, 'z');
  g_autoptr (GBytes) file = NULL;

  rig_open (rig, NULL);
  for (guint i = 0; i < 100; i++)
    {
      rig_feed (rig, i % 2, piece, 100000);
      rig_feed (rig, i % 2, piece, 1);
    }
  rig_finish (rig);
  file = read_file (rig->path);
  g_assert_cmpuint (g_bytes_get_size (file), ==, 100 * (100000 + 13 + 1 + 13));
  g_assert_cmpuint (rig->n_logs, ==, 0);
}

/* ---- errors: one of each, and the traffic goes on ---- */

static void
rig_wait_for_log (Rig *self)
{
  while (self->n_logs == 0)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_size_limit (void)
{
  g_autoptr (Rig) rig = rig_new ("&format=pcap");
  g_autofree char *piece = g_strnfill (100000, 'z');
  g_autoptr (GBytes) file = NULL;
  struct rlimit before, limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 70000;
  rig_open (rig, NULL);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  rig_feed (rig, 0, piece, 100000);
  rig_wait_for_log (rig);
  rig_feed (rig, 0, piece, 100000);
  rig_feed (rig, 1, NULL, 0);
  rig_finish (rig);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpuint (rig->n_logs, ==, 1);
  g_assert_nonnull (strstr (rig->said->str, rig->path));
  g_assert_nonnull (strstr (rig->said->str, g_strerror (EFBIG)));
  file = read_file (rig->path);
  g_assert_cmpuint (g_bytes_get_size (file), ==, 70000);
}

static void
test_no_folder (void)
{
  g_autoptr (Rig) rig = rig_new ("");

  g_assert_cmpint (g_rmdir (rig->folder), ==, 0);
  rig_open (rig, NULL);
  g_assert_null (rig->path);
  rig_feed (rig, 0, "abc", 3);
  rig_feed (rig, 0, NULL, 0);
  rig_finish (rig);
  g_assert_cmpuint (rig->n_logs, ==, 1);
  g_assert_nonnull (strstr (rig->said->str, rig->folder));
  g_assert_nonnull (strstr (rig->said->str, g_strerror (ENOENT)));
}

/* A disk that is full. */
static void
test_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_session_log_factory_new ("dir=/tmp&format=pcap", &error);
  g_autoptr (ImpFactory) bare = g_object_new (IMP_TYPE_SESSION_LOG_FACTORY, NULL);
  g_autofree char *settings = NULL;

  g_assert_no_error (error);
  settings = imp_factory_get_settings (factory);
  g_assert_cmpstr (settings, ==, "dir=/tmp&format=pcap");
  g_assert_null (imp_session_log_factory_new ("format=text&max_buffered=7", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "dir, the folder"));
  g_assert_nonnull (strstr (error->message, "bin or pcap"));
  g_assert_nonnull (strstr (error->message, "max-buffered"));
  g_clear_error (&error);
  g_assert_null (imp_session_log_factory_new ("dir=/no/such/folder", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "/no/such/folder"));
  g_clear_error (&error);
  g_assert_null (imp_factory_create_analyzer (bare, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/session-log/names", test_names);
  g_test_add_func ("/session-log/bin", test_bin);
  g_test_add_func ("/session-log/complete", test_complete);
  g_test_add_func ("/session-log/size-limit", test_size_limit);
  g_test_add_func ("/session-log/no-folder", test_no_folder);
  g_test_add_func ("/session-log/settings", test_settings);
  return g_test_run ();
}
