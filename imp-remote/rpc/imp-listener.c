/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-listener-private.h"

#include "core/imp-error.h"
#include "io/imp-source-private.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* GLib's default of 10 refuses clients that come all at once. */
#define BACKLOG 1024
/* New connections per wake-up, so that those that exist do not starve. */
#define ACCEPT_MAX 32
/* After accept() has failed, for example because there are no more descriptors. */
#define ACCEPT_PAUSE_MS 100
/* The first descriptor that a service manager hands over. */
#define SYSTEMD_FIRST_FD 3

struct _ImpListener
{
  GSocket *socket;
  char *address;
  char *path; /* of the socket file that is ours to remove */
  dev_t device;
  ino_t inode;
  GMainContext *context;
  GSource *source;
  GSource *pause;
  ImpListenerFunc func;
  gpointer user_data;
};

static ImpListener *
listener_new (GSocket *socket, const char *address)
{
  ImpListener *self = g_new0 (ImpListener, 1);

  g_socket_set_blocking (socket, FALSE);
  self->socket = g_object_ref (socket);
  self->address = g_strdup (address);
  return self;
}

/* Another server may have taken over the path, and the file is its own then. */
static void
listener_remove_file (ImpListener *self)
{
  GStatBuf status;

  if (self->path != NULL && g_lstat (self->path, &status) == 0 && status.st_dev == self->device
      && status.st_ino == self->inode)
    g_unlink (self->path);
  g_clear_pointer (&self->path, g_free);
}

void
imp_listener_free (ImpListener *self)
{
  imp_source_clear (&self->source);
  imp_source_clear (&self->pause);
  listener_remove_file (self);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->address);
  g_free (self);
}

const char *
imp_listener_get_address (ImpListener *self)
{
  return self->address;
}

gboolean
imp_listener_is_exposed (ImpListener *self)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (self->socket, NULL);

  return local == NULL
         || (G_IS_INET_SOCKET_ADDRESS (local)
             && !g_inet_address_get_is_loopback (
               g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local))));
}

/* --- opening --- */

static GSocket *
listener_bind_and_listen (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  GSocketFamily family = g_socket_address_get_family (address);

  socket = g_socket_new (family, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  if (socket == NULL)
    return NULL;
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, family != G_SOCKET_FAMILY_UNIX, error)
      || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

/* Whether it is a socket at which nobody listens any more. */
static gboolean
listener_is_dead_socket (const char *path, GSocketAddress *address)
{
  GStatBuf status;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  if (g_lstat (path, &status) != 0 || !S_ISSOCK (status.st_mode))
    return FALSE;
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                         NULL);
  if (socket == NULL)
    return FALSE;
  g_socket_set_blocking (socket, FALSE);
  return !g_socket_connect (socket, address, NULL, &error)
         && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static gboolean
listener_is_socket (const char *path)
{
  GStatBuf status;

  return g_lstat (path, &status) == 0 && S_ISSOCK (status.st_mode);
}

/* Listens under another name first and then renames it, so that there is no moment at which nobody
 * listens at the path. */
static GSocket *
listener_bind_over (const char *path, GError **error)
{
  g_autofree char *other = g_strdup_printf ("%s.%d", path, (int) getpid ());
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (other);
  g_autoptr (GSocket) socket = listener_bind_and_listen (address, error);

  if (socket == NULL)
    return NULL;
  if (g_rename (other, path) != 0)
    {
      int code = errno;

      g_unlink (other);
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s", g_strerror (code));
      return NULL;
    }
  return g_steal_pointer (&socket);
}

static GSocket *
listener_bind_path (const char *path, gboolean replace, GError **error)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) local = NULL;
  GSocket *socket = listener_bind_and_listen (address, &local);

  if (socket != NULL)
    return socket;
  if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)
      && (listener_is_dead_socket (path, address) || (replace && listener_is_socket (path))))
    return listener_bind_over (path, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static ImpListener *
listener_open_path (const char *path, gboolean replace, GError **error)
{
  g_autoptr (GSocket) socket = listener_bind_path (path, replace, error);
  ImpListener *self;
  GStatBuf status;

  if (socket == NULL)
    return NULL;
  self = listener_new (socket, path);
  if (g_lstat (path, &status) == 0)
    {
      self->path = g_canonicalize_filename (path, NULL);
      self->device = status.st_dev;
      self->inode = status.st_ino;
    }
  return self;
}

static GSocketAddress *
listener_resolve (const ImpAddress *address, GError **error)
{
  g_autoptr (GInetAddress) ip = g_inet_address_new_from_string (address->host);

  if (ip == NULL)
    {
      g_autoptr (GResolver) resolver = g_resolver_get_default ();
      GList *found = g_resolver_lookup_by_name (resolver, address->host, NULL, error);

      if (found == NULL)
        return NULL;
      ip = g_object_ref (found->data);
      g_resolver_free_addresses (found);
    }
  return g_inet_socket_address_new (ip, address->port);
}

static ImpListener *
listener_open_bound (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) local = NULL;
  g_autofree char *name = NULL;

  if (address == NULL)
    return NULL;
  socket = listener_bind_and_listen (address, error);
  if (socket == NULL)
    return NULL;
  local = g_socket_get_local_address (socket, error);
  if (local == NULL)
    return NULL;
  name = imp_address_of_socket (local);
  return listener_new (socket, name);
}

static ImpListener *
listener_open_fd (int fd, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);
  g_autofree char *name = NULL;
  int listening = 0;
  socklen_t length = sizeof listening;

  if (socket == NULL)
    return NULL;
  if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 || !listening)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "The descriptor %d does not listen", fd);
      return NULL;
    }
  name = g_strdup_printf ("fd:%d", fd);
  return listener_new (socket, name);
}

static gboolean
listener_open_systemd (GPtrArray *listeners, GError **error)
{
  const char *pid = g_getenv ("LISTEN_PID"), *fds = g_getenv ("LISTEN_FDS");
  guint64 n_fds;

  if (pid == NULL || fds == NULL || g_ascii_strtoull (pid, NULL, 10) != (guint64) getpid ()
      || !g_ascii_string_to_unsigned (fds, 10, 1, 1024, &n_fds, NULL))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                           "The service manager has handed over no sockets (LISTEN_PID, "
                           "LISTEN_FDS)");
      return FALSE;
    }
  for (guint i = 0; i < n_fds; i++)
    {
      ImpListener *listener = listener_open_fd (SYSTEMD_FIRST_FD + i, error);

      if (listener == NULL)
        return FALSE;
      g_ptr_array_add (listeners, listener);
    }
  return TRUE;
}

gboolean
imp_listener_open (const ImpAddress *address, gboolean replace, GPtrArray *listeners,
                   GError **error)
{
  g_autoptr (GSocketAddress) target = NULL;
  ImpListener *listener = NULL;

  switch (address->kind)
    {
    case IMP_ADDRESS_PATH:
      listener = listener_open_path (address->host, replace, error);
      break;
    case IMP_ADDRESS_ABSTRACT:
      target = g_unix_socket_address_new_with_type (address->host, -1,
                                                    G_UNIX_SOCKET_ADDRESS_ABSTRACT);
      listener = listener_open_bound (target, error);
      break;
    case IMP_ADDRESS_TCP:
      target = listener_resolve (address, error);
      listener = listener_open_bound (target, error);
      break;
    case IMP_ADDRESS_FD:
      listener = listener_open_fd (address->fd, error);
      break;
    case IMP_ADDRESS_SYSTEMD:
      return listener_open_systemd (listeners, error);
    }
  if (listener == NULL)
    return FALSE;
  g_ptr_array_add (listeners, listener);
  return TRUE;
}

/* --- accepting --- */

static void listener_watch (ImpListener *self);

static gboolean
listener_on_pause_over (gpointer user_data)
{
  ImpListener *self = user_data;

  imp_source_clear (&self->pause);
  listener_watch (self);
  return G_SOURCE_REMOVE;
}

static void
listener_pause_accepting (ImpListener *self, const GError *error)
{
  g_warning ("Cannot accept a connection at %s: %s", self->address, error->message);
  imp_source_clear (&self->source);
  self->pause = imp_source_add_timeout (self->context, ACCEPT_PAUSE_MS, "imp listener: pause",
                                        listener_on_pause_over, self);
}

/* FALSE if no connection is waiting. */
static gboolean
listener_accept_one (ImpListener *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_accept (self->socket, NULL, &error);
  g_autoptr (GSocketConnection) connection = NULL;

  if (socket == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
          && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
        listener_pause_accepting (self, error);
      return FALSE;
    }
  connection = g_socket_connection_factory_create_connection (socket);
  self->func (connection, self->user_data);
  return TRUE;
}

static gboolean
listener_on_connection (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ImpListener *self = user_data;

  for (guint i = 0; i < ACCEPT_MAX && self->source != NULL; i++)
    if (!listener_accept_one (self))
      break;
  return self->source != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
listener_watch (ImpListener *self)
{
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->source, "imp listener");
  g_source_set_callback (self->source, G_SOURCE_FUNC (listener_on_connection), self, NULL);
  g_source_attach (self->source, self->context);
}

void
imp_listener_start (ImpListener *self, GMainContext *context, ImpListenerFunc func,
                    gpointer user_data)
{
  g_assert (func != NULL);
  g_assert (self->func == NULL);
  self->context = g_main_context_ref (context);
  self->func = func;
  self->user_data = user_data;
  listener_watch (self);
}

void
imp_listener_set_accepting (ImpListener *self, gboolean accepting)
{
  g_assert (self->func != NULL);
  imp_source_clear (&self->pause);
  if (!accepting)
    imp_source_clear (&self->source);
  else if (self->source == NULL)
    listener_watch (self);
}

void
imp_listener_stop (ImpListener *self)
{
  g_assert (self->func != NULL);
  imp_source_clear (&self->source);
  imp_source_clear (&self->pause);
  /* The file goes first, so that no further client finds it. */
  listener_remove_file (self);
  for (guint i = 0; i < BACKLOG; i++)
    if (!listener_accept_one (self))
      break;
  imp_source_clear (&self->pause);
}
