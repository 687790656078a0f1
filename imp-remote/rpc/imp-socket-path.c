/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-socket-path-private.h"

#include "core/imp-error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The lock is held for some system calls; who holds it longer does so on purpose. */
#define LOCK_TIMEOUT_MS 2000
#define LOCK_PAUSE_MS 10
/* At the end nobody waits: the file is ours if its inode is. */
#define UNLOCK_TIMEOUT_MS 200
/* Names that are drawn at random are in use by accident only. */
#define NAME_ATTEMPTS 8

#define PATH_SIZE (sizeof (((struct sockaddr_un *) 0)->sun_path))

struct _ImpSocketPath
{
  int folder;
  char *path;
  char *name; /* in the folder */
  guint mode;
  dev_t device;
  ino_t inode;
  gboolean given; /* to another process */
};

static void
socket_path_free (ImpSocketPath *self)
{
  if (self->folder >= 0)
    close (self->folder);
  g_free (self->path);
  g_free (self->name);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpSocketPath, socket_path_free)

static void
socket_path_set_error (GError **error, int code)
{
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
}

static ImpSocketPath *
socket_path_new (const char *path, GError **error)
{
  g_autoptr (ImpSocketPath) self = g_new0 (ImpSocketPath, 1);
  g_autofree char *folder = g_path_get_dirname (path);

  self->path = g_strdup (path);
  self->name = g_path_get_basename (path);
  self->folder = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  /* A folder that may be written and not be read cannot be locked. */
  if (self->folder < 0 && errno == EACCES)
    self->folder = open (folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (self->folder < 0)
    {
      socket_path_set_error (error, errno);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/* FALSE if somebody else keeps the lock. */
static gboolean
socket_path_lock (ImpSocketPath *self, guint timeout_ms)
{
  for (guint waited = 0; flock (self->folder, LOCK_EX | LOCK_NB) != 0; waited += LOCK_PAUSE_MS)
    {
      if (errno != EWOULDBLOCK && errno != EINTR)
        return TRUE; /* there are no locks here */
      if (waited >= timeout_ms)
        return FALSE;
      g_usleep (LOCK_PAUSE_MS * 1000);
    }
  return TRUE;
}

static void
socket_path_unlock (ImpSocketPath *self)
{
  flock (self->folder, LOCK_UN);
}

/* The umask has taken away what is missing; it belongs to all threads, so that it is left alone.
 * Whoever may write in the folder could put something else there meanwhile. */
static gboolean
socket_path_check_mode (ImpSocketPath *self, int fd, GError **error)
{
  g_autofree char *file = g_strdup_printf ("/proc/self/fd/%d", fd);
  struct stat status;

  if (fstat (fd, &status) != 0)
    {
      socket_path_set_error (error, errno);
      return FALSE;
    }
  if (!S_ISSOCK (status.st_mode) || status.st_uid != geteuid ())
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           "somebody has put another file in the place of the socket");
      return FALSE;
    }
  if ((status.st_mode & 07777) == self->mode || chmod (file, self->mode) == 0)
    return TRUE;
  socket_path_set_error (error, errno);
  return FALSE;
}

static gboolean
socket_path_set_mode (ImpSocketPath *self, const char *name, GError **error)
{
  int fd = openat (self->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  gboolean done;

  if (fd < 0)
    {
      socket_path_set_error (error, errno);
      return FALSE;
    }
  done = socket_path_check_mode (self, fd, error);
  close (fd);
  return done;
}

/* @path: @name in the folder, as an address. Linux makes the file with the mode of the descriptor;
 * where that does not work, the file is there with another one for a moment, and since nobody
 * listens yet nobody can connect. */
static GSocket *
socket_path_bind (ImpSocketPath *self, const char *path, const char *name, int backlog,
                  GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, error);

  if (socket == NULL)
    return NULL;
  g_socket_set_listen_backlog (socket, backlog);
  fchmod (g_socket_get_fd (socket), self->mode);
  if (!g_socket_bind (socket, address, FALSE, error))
    return NULL;
  if (socket_path_set_mode (self, name, error) && g_socket_listen (socket, error))
    return g_steal_pointer (&socket);
  unlinkat (self->folder, name, 0);
  return NULL;
}

/* What another name in the same folder is called in an address. A path may be as long as an address
 * can hold; then the other one is reached through the folder's descriptor. */
static char *
socket_path_name_beside (ImpSocketPath *self, const char *name)
{
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *beside = g_build_filename (folder, name, NULL);

  if (strlen (beside) < PATH_SIZE)
    return g_steal_pointer (&beside);
  return g_strdup_printf ("/proc/self/fd/%d/%s", self->folder, name);
}

static char *
socket_path_draw_name (void)
{
  return g_strdup_printf (".imp-%08x", g_random_int ());
}

/* Whether nobody listens at it any more. */
static gboolean
socket_path_is_dead (const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM,
                                             G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GError) error = NULL;

  if (socket == NULL)
    return FALSE;
  g_socket_set_blocking (socket, FALSE);
  return !g_socket_connect (socket, address, NULL, &error)
         && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

/* Whether what lies at @path, which is @name in the folder, may go. */
static gboolean
socket_path_may_replace (ImpSocketPath *self, const char *path, const char *name, gboolean replace,
                         GError **error)
{
  struct stat status;

  if (fstatat (self->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISSOCK (status.st_mode))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           "the name is in use by a file that is no socket");
      return FALSE;
    }
  if (replace || socket_path_is_dead (path))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                       "it is in use: another server listens there");
  return FALSE;
}

/* The file that was made is known by its number from now on. */
static void
socket_path_note_file (ImpSocketPath *self, const char *name)
{
  struct stat status;

  if (fstatat (self->folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return;
  self->device = status.st_dev;
  self->inode = status.st_ino;
}

static gboolean
socket_path_is_ours (ImpSocketPath *self, const char *name)
{
  struct stat status;

  return fstatat (self->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0
         && status.st_dev == self->device && status.st_ino == self->inode;
}

static gboolean
socket_path_rename (ImpSocketPath *self, const char *from, const char *to, guint flags)
{
  return renameat2 (self->folder, from, self->folder, to, flags) == 0;
}

/* Not all file systems can do more than to rename. */
static gboolean
socket_path_cannot_exchange (int code)
{
  return code == EINVAL || code == ENOSYS;
}

/* What has come to the path since it was looked at lies at @name now. Others need not know of the
 * lock, or care, so that it is looked at again, and put back if it is to stay. */
static gboolean
socket_path_finish_exchange (ImpSocketPath *self, const char *path, const char *name,
                             gboolean replace, GError **error)
{
  if (socket_path_may_replace (self, path, name, replace, error))
    {
      unlinkat (self->folder, name, 0);
      return TRUE;
    }
  if (socket_path_rename (self, name, self->name, RENAME_EXCHANGE)
      && socket_path_is_ours (self, name))
    unlinkat (self->folder, name, 0);
  return FALSE;
}

/* Puts the socket at @path, which is @name in the folder, to where it belongs. */
static gboolean
socket_path_put (ImpSocketPath *self, const char *path, const char *name, gboolean replace,
                 GError **error)
{
  int code;

  if (socket_path_rename (self, name, self->name, RENAME_EXCHANGE))
    return socket_path_finish_exchange (self, path, name, replace, error);
  /* It may have gone by itself. */
  if ((errno == ENOENT && socket_path_rename (self, name, self->name, RENAME_NOREPLACE))
      || (socket_path_cannot_exchange (errno) && socket_path_rename (self, name, self->name, 0)))
    return TRUE;
  code = errno;
  unlinkat (self->folder, name, 0);
  socket_path_set_error (error, code);
  return FALSE;
}

/* Listens under another name first and then renames it, so that there is no moment at which nobody
 * listens at the path. */
static GSocket *
socket_path_bind_over (ImpSocketPath *self, gboolean replace, int backlog, GError **error)
{
  for (guint attempt = 0;; attempt++)
    {
      g_autofree char *name = socket_path_draw_name ();
      g_autofree char *other = socket_path_name_beside (self, name);
      g_autoptr (GSocket) socket = NULL;
      g_autoptr (GError) local = NULL;

      socket = socket_path_bind (self, other, name, backlog, &local);
      if (socket == NULL && attempt < NAME_ATTEMPTS
          && g_error_matches (local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        continue;
      if (socket == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      socket_path_note_file (self, name);
      return socket_path_put (self, other, name, replace, error) ? g_steal_pointer (&socket) : NULL;
    }
}

static GSocket *
socket_path_claim (ImpSocketPath *self, gboolean replace, int backlog, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GSocket) socket = NULL;

  socket = socket_path_bind (self, self->path, self->name, backlog, &local);
  if (socket != NULL)
    socket_path_note_file (self, self->name);
  else if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_propagate_error (error, g_steal_pointer (&local));
  else if (socket_path_may_replace (self, self->path, self->name, replace, error))
    socket = socket_path_bind_over (self, replace, backlog, error);
  return g_steal_pointer (&socket);
}

GSocket *
imp_socket_path_listen (const char *path, gboolean replace, guint mode, int backlog,
                        ImpSocketPath **claim, GError **error)
{
  g_autoptr (ImpSocketPath) self = socket_path_new (path, error);
  GSocket *socket;

  if (self == NULL)
    return NULL;
  self->mode = mode;
  if (!socket_path_lock (self, LOCK_TIMEOUT_MS))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                           "another process keeps the folder locked");
      return NULL;
    }
  socket = socket_path_claim (self, replace, backlog, error);
  socket_path_unlock (self);
  if (socket != NULL)
    *claim = g_steal_pointer (&self);
  return socket;
}

gboolean
imp_socket_path_adopt (const char *path, guint64 device, guint64 inode, guint mode,
                       ImpSocketPath **claim, GError **error)
{
  g_autoptr (ImpSocketPath) self = socket_path_new (path, error);

  if (self == NULL)
    return FALSE;
  self->mode = mode;
  self->device = (dev_t) device;
  self->inode = (ino_t) inode;
  if (!socket_path_is_ours (self, self->name))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                           "the socket that was handed over is not there any more");
      return FALSE;
    }
  if (!socket_path_set_mode (self, self->name, error))
    return FALSE;
  self->given = TRUE;
  *claim = g_steal_pointer (&self);
  return TRUE;
}

void
imp_socket_path_get_file (const ImpSocketPath *self, guint64 *device, guint64 *inode)
{
  *device = self->device;
  *inode = self->inode;
}

void
imp_socket_path_set_given (ImpSocketPath *self, gboolean given)
{
  self->given = given;
}

/* It is taken away before it is removed, since by then it may be another one, which is put back. */
static void
socket_path_remove (ImpSocketPath *self)
{
  g_autofree char *name = socket_path_draw_name ();

  if (!socket_path_rename (self, self->name, name, RENAME_NOREPLACE))
    {
      if (socket_path_cannot_exchange (errno))
        unlinkat (self->folder, self->name, 0);
      return;
    }
  if (socket_path_is_ours (self, name))
    unlinkat (self->folder, name, 0);
  else
    socket_path_rename (self, name, self->name, RENAME_NOREPLACE);
}

void
imp_socket_path_release (ImpSocketPath *self)
{
  gboolean locked = !self->given && socket_path_lock (self, UNLOCK_TIMEOUT_MS);

  if (!self->given && socket_path_is_ours (self, self->name))
    socket_path_remove (self);
  if (locked)
    socket_path_unlock (self);
  socket_path_free (self);
}
