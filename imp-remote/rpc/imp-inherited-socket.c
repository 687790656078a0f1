/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-inherited-socket-private.h"

#include "core/imp-error.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first descriptor that a service manager hands over. */
#define SYSTEMD_FIRST_FD 3
/* How many it may hand over. */
#define SYSTEMD_MAX_FDS 1024

/* Those that are taken, in the whole process: of two who accept at one of them clients would reach
 * either. */
static GMutex inherited_lock;
static GArray *inherited_taken; /* of int; NULL: none yet */

/* --- of a service manager --- */

/* The names of @n_fds sockets, as LISTEN_FDNAMES says; without that, they have none. */
static GStrv
inherited_socket_list_names (guint n_fds, GError **error)
{
  const char *all = g_getenv ("LISTEN_FDNAMES");
  g_auto (GStrv) names = all != NULL ? g_strsplit (all, ":", SYSTEMD_MAX_FDS + 1) : NULL;

  if (names == NULL)
    {
      names = g_new0 (char *, n_fds + 1);
      for (guint i = 0; i < n_fds; i++)
        names[i] = g_strdup ("unknown");
    }
  if (g_strv_length (names) == n_fds)
    return g_steal_pointer (&names);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "The service manager has handed over %u sockets (LISTEN_FDS) and other names than "
               "for these (LISTEN_FDNAMES \"%s\")",
               n_fds, all);
  return NULL;
}

/* 0 with @error if there are none. */
static guint
inherited_socket_count (GError **error)
{
  const char *pid = g_getenv ("LISTEN_PID"), *fds = g_getenv ("LISTEN_FDS");
  guint64 n_fds;

  if (pid != NULL && fds != NULL && g_ascii_strtoull (pid, NULL, 10) == (guint64) getpid ()
      && g_ascii_string_to_unsigned (fds, 10, 1, SYSTEMD_MAX_FDS, &n_fds, NULL))
    return (guint) n_fds;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                       "The service manager has handed over no sockets (LISTEN_PID, LISTEN_FDS)");
  return 0;
}

GArray *
imp_inherited_socket_list (const char *address, GError **error)
{
  const char *colon = strchr (address, ':'), *wanted = colon != NULL ? colon + 1 : NULL;
  guint n_fds = inherited_socket_count (error);
  g_auto (GStrv) names = n_fds > 0 ? inherited_socket_list_names (n_fds, error) : NULL;
  g_autoptr (GArray) found = NULL;

  if (names == NULL)
    return NULL;
  found = g_array_new (FALSE, FALSE, sizeof (int));
  for (guint i = 0; i < n_fds; i++)
    if (wanted == NULL || g_str_equal (names[i], wanted))
      {
        const int fd = SYSTEMD_FIRST_FD + i;

        g_array_append_val (found, fd);
      }
  if (found->len > 0)
    return g_steal_pointer (&found);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "The service manager has handed over no socket with the name \"%s\" "
               "(LISTEN_FDNAMES; FileDescriptorName= of a socket unit)",
               wanted);
  return NULL;
}

/* --- each of them --- */

static gboolean
inherited_socket_fail (int fd, const char *why, GError **error)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "The descriptor %d %s", fd, why);
  return FALSE;
}

/* Nothing is changed before it is known to be one. */
static gboolean
inherited_socket_check (int fd, gboolean tls, GError **error)
{
  int listening = 0, type = 0, family = 0;
  socklen_t length = sizeof (int);

  if (fcntl (fd, F_GETFD) < 0)
    return inherited_socket_fail (fd, "is not open", error);
  if (getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &length) != 0)
    return inherited_socket_fail (fd, "is no socket", error);
  if (type != SOCK_STREAM)
    return inherited_socket_fail (fd, "is no stream socket (SOCK_STREAM)", error);
  if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 || !listening)
    return inherited_socket_fail (fd, "does not listen", error);
  if (tls && getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0 && family == AF_UNIX)
    return inherited_socket_fail (fd, "is a unix socket, which is not for TLS: leave out \"tls:\"",
                                  error);
  return TRUE;
}

/* With the lock; -1 if it is not taken. */
static gint
inherited_socket_find (int fd)
{
  for (guint i = 0; inherited_taken != NULL && i < inherited_taken->len; i++)
    if (g_array_index (inherited_taken, int, i) == fd)
      return (gint) i;
  return -1;
}

static gboolean
inherited_socket_take (int fd, GError **error)
{
  gboolean is_taken;

  g_mutex_lock (&inherited_lock);
  is_taken = inherited_socket_find (fd) >= 0;
  if (inherited_taken == NULL)
    inherited_taken = g_array_new (FALSE, FALSE, sizeof (int));
  if (!is_taken)
    g_array_append_val (inherited_taken, fd);
  g_mutex_unlock (&inherited_lock);
  return !is_taken || inherited_socket_fail (fd, "is listened at already", error);
}

void
imp_inherited_socket_forget (int fd)
{
  gint index;

  g_mutex_lock (&inherited_lock);
  index = inherited_socket_find (fd);
  if (index >= 0)
    g_array_remove_index_fast (inherited_taken, (guint) index);
  g_mutex_unlock (&inherited_lock);
}

GSocket *
imp_inherited_socket_open (int fd, gboolean tls, GError **error)
{
  GSocket *socket;

  if (!inherited_socket_check (fd, tls, error) || !inherited_socket_take (fd, error))
    return NULL;
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  socket = g_socket_new_from_fd (fd, error);
  if (socket == NULL)
    imp_inherited_socket_forget (fd);
  return socket;
}
