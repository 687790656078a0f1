/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that a thread writes: nobody waits for a disk, and what waits for it is limited. */
#include "io/imp-disk-writer-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

static void
on_error (GObject *owner, const char *reason)
{
  g_assert_cmpstr (reason, ==, g_strerror (ENOSPC));
  g_object_set_data (owner, "n",
                     GUINT_TO_POINTER (GPOINTER_TO_UINT (g_object_get_data (owner, "n")) + 1));
}

static void
test_full (void)
{
  g_autoptr (ImpDiskWriter) writer = imp_disk_writer_new (1000, NULL);
  g_autoptr (GObject) owner = g_object_new (G_TYPE_OBJECT, NULL);
  int descriptor = open ("/dev/full", O_WRONLY | O_CLOEXEC);
  ImpDiskFile *file;
  g_autofree char *reason = NULL;

  g_assert_cmpint (descriptor, >=, 0);
  file = imp_disk_file_new (writer, descriptor, owner, NULL, on_error);
  for (guint i = 0; i < 10; i++)
    g_assert_true (imp_disk_file_append (file, (const guint8 *) "abc", 3, &reason));
  while (g_object_get_data (owner, "n") == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (imp_disk_file_append (file, (const guint8 *) "abc", 3, &reason));
  imp_disk_file_close (file);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (GPOINTER_TO_UINT (g_object_get_data (owner, "n")), ==, 1);
}

/* A disk that does not keep up: nobody waits for it, and what waits is limited. */
static void
test_slow (void)
{
  ImpDiskWriter *writer = imp_disk_writer_new (1 << 20, NULL);
  g_autoptr (GObject) owner = g_object_new (G_TYPE_OBJECT, NULL);
  g_autofree guint8 *piece = g_malloc0 (1 << 16);
  g_autofree char *reason = NULL;
  gsize n_accepted = 0, n_read = 0;
  ImpDiskFile *file;
  int ends[2];
  gssize n;

  g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
  file = imp_disk_file_new (writer, ends[1], owner, NULL, on_error);
  while (imp_disk_file_append (file, piece, 1 << 16, &reason))
    n_accepted += 1 << 16;
  g_assert_nonnull (strstr (reason, "1048576"));
  g_assert_cmpuint (n_accepted, >=, 1 << 20);
  g_assert_cmpuint (n_accepted, <=, (1 << 20) + (1 << 17));
  imp_disk_file_close (file);
  while ((n = read (ends[0], piece, 1 << 16)) > 0)
    n_read += n;
  g_assert_cmpuint (n_read, ==, n_accepted);
  close (ends[0]);
  imp_disk_writer_unref (writer);
}

/* The last words find a place where nothing else does, and those that may wait do. */
static void
test_last_and_waiting (void)
{
  ImpDiskWriter *writer = imp_disk_writer_new (1 << 16, NULL);
  g_autoptr (GObject) owner = g_object_new (G_TYPE_OBJECT, NULL);
  g_autofree guint8 *piece = g_malloc0 (1 << 16);
  g_autofree char *reason = NULL;
  gsize n_accepted = 0, n_read = 0;
  ImpDiskFile *file;
  int ends[2];
  gssize n;

  g_assert_cmpint (pipe2 (ends, O_CLOEXEC), ==, 0);
  file = imp_disk_file_new (writer, ends[1], owner, NULL, on_error);
  while (imp_disk_file_append (file, piece, 1 << 14, &reason))
    n_accepted += 1 << 14;
  imp_disk_file_append_last (file, piece, 1000);
  n_accepted += 1000;
  /* Reading makes room. */
  n = read (ends[0], piece, 1 << 16);
  g_assert_cmpint (n, >, 0);
  n_read += n;
  while (n_accepted - n_read > 1 << 14)
    {
      n = read (ends[0], piece, 1 << 14);
      g_assert_cmpint (n, >, 0);
      n_read += n;
    }
  imp_disk_file_append_waiting (file, piece, 1 << 16);
  n_accepted += 1 << 16;
  while (n_accepted - n_read > 1 << 16)
    n_read += read (ends[0], piece, 1 << 14);
  imp_disk_writer_flush (writer);
  imp_disk_file_close (file);
  while ((n = read (ends[0], piece, 1 << 16)) > 0)
    n_read += n;
  g_assert_cmpuint (n_read, ==, n_accepted);
  close (ends[0]);
  imp_disk_writer_unref (writer);
}

/* Names from outside lead nowhere else. */
static void
test_name (void)
{
  const char *const texts[4] = { "../../etc", "\n/", NULL, "..." };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("imp-disk-XXXXXX", NULL);
  g_autofree char *path = NULL;
  g_autofree char *parent = NULL;
  int descriptor = imp_disk_file_create (folder, 17, texts, "imprec", &path, &error);

  g_assert_no_error (error);
  g_assert_cmpint (descriptor, >=, 0);
  close (descriptor);
  parent = g_path_get_dirname (path);
  g_assert_cmpstr (parent, ==, folder);
  g_assert_true (g_str_has_suffix (path, ".imprec"));
  g_assert_null (strstr (path + strlen (folder) + 1, ".."));
  unlink (path);
  rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/disk-writer/full", test_full);
  g_test_add_func ("/disk-writer/slow", test_slow);
  g_test_add_func ("/disk-writer/last-and-waiting", test_last_and_waiting);
  g_test_add_func ("/disk-writer/name", test_name);
  return g_test_run ();
}
