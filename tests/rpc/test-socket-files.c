/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of unix sockets: their modes, from the first moment on, and what lies at their paths
 * before and after. */
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"
#include "rpc/imp-socket-path-private.h"
#include "rpc/server/imp-server.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *folder, *path;
  ImpServer *server;
} Rig;

static void
rig_init (Rig *self)
{
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));

  self->folder = g_dir_make_tmp ("imp-access-XXXXXX", NULL);
  self->path = g_build_filename (self->folder, "socket", NULL);
  self->server = imp_server_new (factory);
}

static void
rig_listen (Rig *self)
{
  g_autoptr (GError) error = NULL;

  imp_server_listen (self->server, self->path, &error);
  g_assert_no_error (error);
}

/* Nothing of it is left behind. */
static void
rig_clear (Rig *self)
{
  imp_server_close (self->server);
  g_assert_finalize_object (self->server);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

/* --- modes --- */

static guint
get_mode (const char *path)
{
  struct stat status;

  g_assert_cmpint (lstat (path, &status), ==, 0);
  g_assert_true (S_ISSOCK (status.st_mode));
  return status.st_mode & 07777;
}

static void
leave_dead_socket (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
}

/* Whatever the umask is, and whatever lay there before. */
static void
test_modes (void)
{
  const guint masks[] = { 0, 022, 077, 0777 }, modes[] = { 0600, 0660, 0666, 0777, 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (masks) * G_N_ELEMENTS (modes) * 2; i++)
    {
      const guint mask = masks[i % 4], mode = modes[i / 4 % 5];
      mode_t old;
      Rig rig;

      rig_init (&rig);
      if (i >= 20)
        leave_dead_socket (rig.path);
      g_object_set (rig.server, "socket-mode", mode, NULL);
      old = umask (mask);
      rig_listen (&rig);
      umask (old);
      g_assert_cmpuint (get_mode (rig.path), ==, mode);
      rig_clear (&rig);
    }
}

static void
test_default_mode (void)
{
  mode_t old = umask (0);
  guint mode;
  Rig rig;

  rig_init (&rig);
  g_object_get (rig.server, "socket-mode", &mode, NULL);
  g_assert_cmpuint (mode, ==, 0600);
  rig_listen (&rig);
  g_assert_cmpuint (get_mode (rig.path), ==, 0600);
  rig_clear (&rig);
  umask (old);
}

typedef struct
{
  const char *path;
  int stop;
  guint n_seen, widest;
} Watcher;

static gpointer
watch_mode (gpointer data)
{
  Watcher *watcher = data;
  struct stat status;

  while (!g_atomic_int_get (&watcher->stop))
    if (lstat (watcher->path, &status) == 0)
      {
        watcher->n_seen++;
        watcher->widest |= status.st_mode & 0777;
      }
  return NULL;
}

/* Not even for a moment has it another mode, with an umask that would allow all. */
static void
test_race_for_mode (void)
{
  mode_t old = umask (0);
  Watcher watcher = { NULL };
  GThread *thread;
  Rig rig;

  rig_init (&rig);
  watcher.path = rig.path;
  thread = g_thread_new ("watcher", watch_mode, &watcher);
  for (guint i = 0; i < 500 || watcher.n_seen < 10; i++)
    {
      ImpSocketPath *claim = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) socket = NULL;

      umask (0177);
      if (i % 2 == 1)
        leave_dead_socket (rig.path);
      umask (0);
      socket = imp_socket_path_listen (rig.path, FALSE, 0600, 10, &claim, &error);
      g_assert_no_error (error);
      imp_socket_path_release (claim);
    }
  g_atomic_int_set (&watcher.stop, TRUE);
  g_thread_join (thread);
  umask (old);
  g_test_message ("seen %u times", watcher.n_seen);
  g_assert_cmpuint (watcher.widest, ==, 0600);
  rig_clear (&rig);
}

/* --- what lies there --- */

static void
assert_left_alone (Rig *rig, const char *what)
{
  g_autoptr (GError) error = NULL;

  for (guint replace = 0; replace < 2; replace++)
    {
      g_object_set (rig->server, "replace", replace, NULL);
      g_assert_false (imp_server_listen (rig->server, rig->path, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
      g_test_message ("%s: %s", what, error->message);
      g_clear_error (&error);
    }
}

/* Neither followed nor removed: files, folders, and links to anything, also to sockets. */
static void
test_other_files (void)
{
  g_autofree char *target = NULL, *contents = NULL;
  struct stat status;
  Rig rig;

  rig_init (&rig);
  target = g_build_filename (rig.folder, "target", NULL);

  g_assert_true (g_file_set_contents (rig.path, "mine", -1, NULL));
  assert_left_alone (&rig, "a file");
  g_assert_true (g_file_get_contents (rig.path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "mine");
  unlink (rig.path);

  g_assert_cmpint (mkdir (rig.path, 0700), ==, 0);
  assert_left_alone (&rig, "a folder");
  g_assert_cmpint (g_rmdir (rig.path), ==, 0);

  g_assert_cmpint (symlink (target, rig.path), ==, 0);
  assert_left_alone (&rig, "a link to nothing");
  g_assert_cmpint (lstat (target, &status), !=, 0);

  leave_dead_socket (target);
  g_assert_cmpint (chmod (target, 0640), ==, 0);
  assert_left_alone (&rig, "a link to a dead socket");
  g_assert_cmpuint (get_mode (target), ==, 0640);
  unlink (target);

  g_assert_true (g_file_set_contents (target, "other", -1, NULL));
  g_assert_cmpint (chmod (target, 0640), ==, 0);
  assert_left_alone (&rig, "a link to a file");
  g_assert_cmpint (stat (target, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0640);
  unlink (rig.path);
  unlink (target);
  rig_clear (&rig);
}

/* At the end, what others have put there stays. */
static void
test_not_ours_any_more (void)
{
  g_autofree char *contents = NULL;
  Rig rig;

  rig_init (&rig);
  rig_listen (&rig);
  unlink (rig.path);
  g_assert_true (g_file_set_contents (rig.path, "theirs", -1, NULL));
  imp_server_close (rig.server);
  g_assert_true (g_file_get_contents (rig.path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, "theirs");
  unlink (rig.path);
  rig_clear (&rig);
}

/* --- somebody who comes in between, and knows of no lock --- */

typedef struct
{
  const char *path, *aside;
  gulong delay; /* microseconds */
} Intruder;

/* Puts what lies aside where the server's socket is, or is to be. */
static gpointer
intrude (gpointer data)
{
  Intruder *intruder = data;

  g_usleep (intruder->delay);
  g_assert_cmpint (g_rename (intruder->aside, intruder->path), ==, 0);
  return NULL;
}

static GSocket *
listen_aside (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  g_assert_true (g_socket_listen (socket, NULL));
  return socket;
}

static guint64
get_inode (const char *path)
{
  struct stat status;

  return lstat (path, &status) == 0 ? status.st_ino : 0;
}

/* @lives: a socket at which somebody listens; else a file. It is there in the end, whenever it
 * came. */
static void
check_intrusion (Rig *rig, gboolean lives, gboolean at_end, guint *n_taken)
{
  g_autofree char *aside = g_build_filename (rig->folder, "aside", NULL);
  Intruder intruder = { .path = rig->path, .aside = aside };
  ImpSocketPath *claim = NULL;
  g_autoptr (GSocket) other = NULL, socket = NULL;
  g_autoptr (GError) error = NULL;
  guint64 inode;
  GThread *thread;

  if (lives)
    other = listen_aside (aside);
  else
    g_assert_true (g_file_set_contents (aside, "theirs", -1, NULL));
  inode = get_inode (aside);
  leave_dead_socket (rig->path);
  if (at_end)
    socket = imp_socket_path_listen (rig->path, FALSE, 0600, 10, &claim, &error);
  intruder.delay = g_test_rand_int_range (0, 250);
  thread = g_thread_new ("intruder", intrude, &intruder);
  if (!at_end)
    socket = imp_socket_path_listen (rig->path, FALSE, 0600, 10, &claim, &error);
  else
    {
      g_usleep (g_test_rand_int_range (0, 250));
      imp_socket_path_release (g_steal_pointer (&claim));
    }
  g_thread_join (thread);
  g_assert_cmpuint (get_inode (rig->path), ==, inode);
  *n_taken += error == NULL;
  if (claim != NULL)
    imp_socket_path_release (claim);
  g_assert_cmpuint (get_inode (rig->path), ==, inode);
  g_assert_cmpint (g_unlink (rig->path), ==, 0);
}

/* Nothing but a socket at which nobody listens is ever removed, whatever happens while it is looked
 * at. */
static void
test_intruders (gconstpointer data)
{
  const guint flags = GPOINTER_TO_UINT (data);
  guint n_taken = 0;
  Rig rig;

  rig_init (&rig);
  for (guint i = 0; i < 300; i++)
    check_intrusion (&rig, (flags & 1) != 0, (flags & 2) != 0, &n_taken);
  g_test_message ("%u of 300 times the socket was there first", n_taken);
  /* And nothing is left behind. */
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/socket-files/modes", test_modes);
  g_test_add_func ("/socket-files/default-mode", test_default_mode);
  g_test_add_func ("/socket-files/race-for-mode", test_race_for_mode);
  g_test_add_func ("/socket-files/other-files", test_other_files);
  g_test_add_func ("/socket-files/not-ours-any-more", test_not_ours_any_more);
  g_test_add_data_func ("/socket-files/intruders/file", GUINT_TO_POINTER (0), test_intruders);
  g_test_add_data_func ("/socket-files/intruders/live", GUINT_TO_POINTER (1), test_intruders);
  g_test_add_data_func ("/socket-files/intruders/file-at-end", GUINT_TO_POINTER (2),
                        test_intruders);
  g_test_add_data_func ("/socket-files/intruders/live-at-end", GUINT_TO_POINTER (3),
                        test_intruders);
  return g_test_run ();
}
