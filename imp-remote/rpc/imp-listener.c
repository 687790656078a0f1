/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-listener-private.h"

#include "core/imp-error.h"
#include "core/imp-log-limit-private.h"
#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "io/imp-descriptor-port-private.h"
#include "io/imp-socket-private.h"
#include "rpc/imp-inherited-socket-private.h"
#include "rpc/imp-socket-handover-private.h"
#include "rpc/imp-socket-path-private.h"

#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* GLib's default of 10 refuses clients that come all at once. */
#define BACKLOG 1024
/* New connections per wake-up, so that those that exist do not starve. */
#define ACCEPT_MAX 32
/* After accept() has failed, for example because there are no more descriptors. */
#define ACCEPT_PAUSE_MS 100
/* After the gate was closed. */
#define GATE_PAUSE_MS 500
/* For a name with several addresses and port 0. */
#define PORT_ATTEMPTS 16

struct _ImpListener
{
  GSocket *socket;
  char *address;
  ImpSocketPath *path;   /* of the socket file that is ours to remove, or NULL */
  ImpSocketOffer *offer; /* to whoever replaces this process; NULL once it does not listen */
  int inherited;         /* the descriptor that was handed over, or -1 */
  GMainContext *context;
  GSource *source;
  GSource *pause;
  ImpListenerFunc func;
  ImpListenerGate gate; /* NULL: open */
  gpointer user_data;
  ImpLogLimit failures;
  guint calls; /* depth of calls that use this */
  gboolean tls;
  gboolean closed;
};

static ImpListener *
listener_new (GSocket *socket, const char *address)
{
  ImpListener *self = g_new0 (ImpListener, 1);

  g_socket_set_blocking (socket, FALSE);
  imp_socket_take_urgent_inline (socket);
  imp_descriptor_port_refuse (socket);
  self->inherited = -1;
  self->socket = g_object_ref (socket);
  self->address = g_strdup (address);
  return self;
}

static void
listener_free_if_unused (ImpListener *self)
{
  if (self->calls > 0 || !self->closed)
    return;
  g_object_unref (self->socket);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->address);
  g_free (self);
}

void
imp_listener_free (ImpListener *self)
{
  self->closed = TRUE;
  imp_source_clear (&self->source);
  imp_source_clear (&self->pause);
  g_clear_pointer (&self->offer, imp_socket_offer_withdraw);
  g_clear_pointer (&self->path, imp_socket_path_release);
  if (self->inherited >= 0)
    imp_inherited_socket_forget (self->inherited);
  g_socket_close (self->socket, NULL);
  listener_free_if_unused (self);
}

const char *
imp_listener_get_address (ImpListener *self)
{
  return self->address;
}

GSocketAddress *
imp_listener_dup_socket_address (ImpListener *self)
{
  return g_socket_get_local_address (self->socket, NULL);
}

gboolean
imp_listener_set_transparent (ImpListener *self, GError **error)
{
  GSocketFamily family = g_socket_get_family (self->socket);

  /* One of IPv6 may have clients of IPv4. */
  return g_socket_set_option (self->socket, IPPROTO_IP, IP_TRANSPARENT, 1, error)
         && (family != G_SOCKET_FAMILY_IPV6
             || g_socket_set_option (self->socket, IPPROTO_IPV6, IPV6_TRANSPARENT, 1, error));
}

gboolean
imp_listener_is_tls (ImpListener *self)
{
  return self->tls;
}

gboolean
imp_listener_is_inherited (ImpListener *self)
{
  return self->inherited >= 0;
}

gboolean
imp_listener_is_exposed (ImpListener *self)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (self->socket, NULL);

  if (G_IS_UNIX_SOCKET_ADDRESS (local))
    return FALSE;
  return !G_IS_INET_SOCKET_ADDRESS (local)
         || !g_inet_address_get_is_loopback (
           g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local)));
}

gboolean
imp_listener_check_exposure (ImpListener *self, GError **error)
{
  if (self->tls || !imp_listener_is_exposed (self))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "other machines can reach this address, and nothing protects what is said there; "
               "use TLS (%s), a loopback address or a unix socket, or allow it if it is meant "
               "(insecure)",
               imp_listener_is_inherited (self) ? "tls:fd:N, tls:systemd" : "tls://");
  return FALSE;
}

int
imp_listener_get_fd (ImpListener *self)
{
  return g_socket_get_fd (self->socket);
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

static ImpListener *
listener_open_path (const char *path, const ImpListenerOptions *options, GError **error)
{
  ImpSocketPath *claim = NULL;
  g_autoptr (GSocket) socket = NULL;
  ImpListener *self;

  socket = imp_socket_path_listen (path, options->replace, options->mode, BACKLOG, &claim, error);
  if (socket == NULL)
    return NULL;
  self = listener_new (socket, path);
  self->path = claim;
  return self;
}

static ImpListener *
listener_open_bound (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) local = NULL;
  g_autofree char *name = NULL;

  socket = listener_bind_and_listen (address, error);
  if (socket == NULL)
    return NULL;
  local = g_socket_get_local_address (socket, error);
  if (local == NULL)
    return NULL;
  name = imp_address_of_socket (local);
  return listener_new (socket, name);
}

static gboolean
listener_add (ImpListener *listener, GPtrArray *listeners)
{
  if (listener != NULL)
    g_ptr_array_add (listeners, listener);
  return listener != NULL;
}

static guint16
listener_get_port (ImpListener *self)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (self->socket, NULL);

  return G_IS_INET_SOCKET_ADDRESS (local)
           ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local))
           : 0;
}

/* One listener per address, all at the same port. A name can have addresses that this machine lacks
 * (::1 where there is no IPv6): one is enough. */
static gboolean
listener_open_all (GList *ips, guint16 port, GPtrArray *listeners, GError **error)
{
  guint first = listeners->len;
  g_autoptr (GError) failure = NULL;

  for (GList *l = ips; l != NULL; l = l->next)
    {
      g_autoptr (GSocketAddress) address = NULL;
      g_autoptr (GError) local = NULL;

      if (port == 0 && listeners->len > first)
        port = listener_get_port (listeners->pdata[first]);
      address = g_inet_socket_address_new (l->data, port);
      if (listener_add (listener_open_bound (address, &local), listeners))
        continue;
      if (failure == NULL || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        {
          g_clear_error (&failure);
          failure = g_steal_pointer (&local);
        }
    }
  if (listeners->len > first && !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return TRUE;
  g_ptr_array_set_size (listeners, first);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static void
listener_set_tls (ImpListener *self, const char *prefix)
{
  g_autofree char *plain = g_steal_pointer (&self->address);

  self->tls = TRUE;
  self->address = g_strconcat (prefix, plain, NULL);
}

/* A port that the system has chosen for one address can be in use at another. */
static gboolean
listener_open_ips (GList *ips, const ImpAddress *address, GPtrArray *listeners, GError **error)
{
  guint first = listeners->len;
  gboolean opened = FALSE;

  for (guint attempt = 0; !opened && attempt < PORT_ATTEMPTS; attempt++)
    {
      g_clear_error (error);
      opened = listener_open_all (ips, address->port, listeners, error);
      if (address->port != 0)
        break;
    }
  for (guint i = first; i < listeners->len && address->tls; i++)
    listener_set_tls (listeners->pdata[i], IMP_ADDRESS_TLS_PREFIX);
  return opened;
}

static gboolean
listener_open_tcp (const ImpAddress *address, GPtrArray *listeners, GError **error)
{
  g_autoptr (GInetAddress) ip = g_inet_address_new_from_string (address->host);
  g_autoptr (GResolver) resolver = NULL;
  GList *ips;
  gboolean opened;

  if (ip != NULL)
    {
      GList only = { .data = ip };

      return listener_open_ips (&only, address, listeners, error);
    }
  resolver = g_resolver_get_default ();
  ips = g_resolver_lookup_by_name (resolver, address->host, NULL, error);
  if (ips == NULL)
    return FALSE;
  opened = listener_open_ips (ips, address, listeners, error);
  g_resolver_free_addresses (ips);
  return opened;
}

static ImpListener *
listener_open_fd (int fd, gboolean tls, GError **error)
{
  g_autoptr (GSocket) socket = imp_inherited_socket_open (fd, tls, error);
  g_autofree char *name = NULL;
  ImpListener *self;

  if (socket == NULL)
    return NULL;
  name = g_strdup_printf ("fd:%d", fd);
  self = listener_new (socket, name);
  self->inherited = fd;
  if (tls)
    listener_set_tls (self, IMP_ADDRESS_TLS_INHERITED_PREFIX);
  return self;
}

static gboolean
listener_open_systemd (const ImpAddress *address, GPtrArray *listeners, GError **error)
{
  g_autoptr (GArray) fds = imp_inherited_socket_list (address->host, error);

  for (guint i = 0; fds != NULL && i < fds->len; i++)
    if (!listener_add (listener_open_fd (g_array_index (fds, int, i), address->tls, error),
                       listeners))
      return FALSE;
  return fds != NULL;
}

/* No mode protects it, and clients cannot tell who has taken it. */
static void
listener_warn_of_abstract (ImpListener *self)
{
  imp_log_message (
    "Anybody on this machine may connect to %s, and may take that name while nobody has "
    "it: it is no file, so that it has no owner and no mode",
    self->address);
}

static gboolean
listener_open_anew (const ImpAddress *address, const ImpListenerOptions *options,
                    GPtrArray *listeners, GError **error)
{
  g_autoptr (GSocketAddress) target = NULL;
  ImpListener *listener = NULL;

  switch (address->kind)
    {
    case IMP_ADDRESS_PATH:
      listener = listener_open_path (address->host, options, error);
      break;
    case IMP_ADDRESS_ABSTRACT:
      target = g_unix_socket_address_new_with_type (address->host, -1,
                                                    G_UNIX_SOCKET_ADDRESS_ABSTRACT);
      listener = listener_open_bound (target, error);
      if (listener != NULL)
        listener_warn_of_abstract (listener);
      break;
    case IMP_ADDRESS_TCP:
      return listener_open_tcp (address, listeners, error);
    case IMP_ADDRESS_FD:
      listener = listener_open_fd (address->fd, address->tls, error);
      break;
    case IMP_ADDRESS_SYSTEMD:
      return listener_open_systemd (address, listeners, error);
    }
  return listener_add (listener, listeners);
}

/* --- what another process has opened --- */

/* What clients would have to write, as far as the socket knows. */
static char *
listener_name_adopted (const ImpAddress *address, GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);

  if (local == NULL || (address->kind != IMP_ADDRESS_TCP && address->kind != IMP_ADDRESS_ABSTRACT))
    return g_strdup (address->host);
  return imp_address_of_socket (local);
}

static gboolean
listener_adopt_one (const ImpAddress *address, const ImpListenerOptions *options,
                    ImpSocketBundle *bundle, guint index, GPtrArray *listeners, GError **error)
{
  g_autoptr (GSocket) socket = imp_socket_bundle_open (bundle, index, G_SOCKET_TYPE_STREAM, error);
  g_autofree char *name = NULL;
  ImpSocketPath *claim = NULL;
  ImpListener *self;

  if (socket == NULL)
    return FALSE;
  if (address->kind == IMP_ADDRESS_PATH
      && !imp_socket_path_adopt (address->host, bundle->device, bundle->inode, options->mode,
                                 &claim, error))
    return FALSE;
  name = listener_name_adopted (address, socket);
  self = listener_new (socket, name);
  self->path = claim;
  if (address->tls)
    listener_set_tls (self, address->kind == IMP_ADDRESS_TCP ? IMP_ADDRESS_TLS_PREFIX
                                                             : IMP_ADDRESS_TLS_INHERITED_PREFIX);
  g_ptr_array_add (listeners, self);
  return TRUE;
}

/* FALSE if nothing was handed over for @address, or nothing that is of use: it is opened as always
 * then. */
static gboolean
listener_adopt (const ImpAddress *address, const ImpListenerOptions *options, GPtrArray *listeners)
{
  const guint first = listeners->len;
  g_autofree char *text = imp_address_to_text (address);
  g_autoptr (ImpSocketBundle) bundle = imp_socket_handover_take (text);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; bundle != NULL && error == NULL && i < bundle->fds->len; i++)
    listener_adopt_one (address, options, bundle, i, listeners, &error);
  if (bundle == NULL || error == NULL)
    return listeners->len > first;
  g_ptr_array_set_size (listeners, (gint) first);
  imp_log_message ("%s is opened anew, and not taken over: %s", text, error->message);
  return FALSE;
}

/* Those from @first on are the ones of @address. */
static void
listener_offer (const ImpAddress *address, GPtrArray *listeners, guint first)
{
  g_autofree char *text = imp_address_to_text (address);
  const guint64 id = imp_socket_offer_next_id ();

  for (guint i = first; i < listeners->len; i++)
    {
      ImpListener *self = listeners->pdata[i];

      self->offer = imp_socket_offer_new (text, id, self->socket, self->path);
    }
}

gboolean
imp_listener_open (const ImpAddress *address, const ImpListenerOptions *options,
                   GPtrArray *listeners, GError **error)
{
  const guint first = listeners->len;

  if (!listener_adopt (address, options, listeners)
      && !listener_open_anew (address, options, listeners, error))
    return FALSE;
  listener_offer (address, listeners, first);
  return TRUE;
}

typedef struct
{
  ImpAddress *address;
  ImpListenerOptions options;
} ListenerOpening;

static void
listener_opening_free (ListenerOpening *self)
{
  imp_address_free (self->address);
  g_free (self);
}

static GPtrArray *
listener_array_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
}

/* Takes @listeners, and @error if that is set. */
static void
listener_return (GTask *task, GPtrArray *listeners, GError *error)
{
  const ListenerOpening *opening = g_task_get_task_data (task);

  if (error == NULL)
    {
      listener_offer (opening->address, listeners, 0);
      g_task_return_pointer (task, listeners, (GDestroyNotify) g_ptr_array_unref);
      return;
    }
  g_ptr_array_unref (listeners);
  g_task_return_error (task, error);
}

static void
listener_return_opened (GTask *task)
{
  ListenerOpening *opening = g_task_get_task_data (task);
  GPtrArray *listeners = listener_array_new ();
  GError *error = NULL;

  listener_open_anew (opening->address, &opening->options, listeners, &error);
  listener_return (task, listeners, error);
}

/* Another process may keep the folder locked. */
static void
listener_open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  listener_return_opened (task);
}

static void
listener_on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const ListenerOpening *opening = g_task_get_task_data (task);
  GPtrArray *listeners = listener_array_new ();
  GError *error = NULL;
  GList *ips = g_resolver_lookup_by_name_finish (G_RESOLVER (source), result, &error);

  if (ips != NULL)
    listener_open_ips (ips, opening->address, listeners, &error);
  g_resolver_free_addresses (ips);
  listener_return (task, listeners, error);
}

static gboolean
listener_is_name (const ImpAddress *address)
{
  g_autoptr (GInetAddress) ip = NULL;

  if (address->kind != IMP_ADDRESS_TCP)
    return FALSE;
  ip = g_inet_address_new_from_string (address->host);
  return ip == NULL;
}

void
imp_listener_open_async (const ImpAddress *address, const ImpListenerOptions *options,
                         GCancellable *cancellable, GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GResolver) resolver = NULL;
  g_autoptr (GPtrArray) adopted = NULL;
  ListenerOpening *opening = g_new0 (ListenerOpening, 1);

  opening->address = imp_address_copy (address);
  opening->options = *options;
  g_task_set_source_tag (task, imp_listener_open_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, opening, (GDestroyNotify) listener_opening_free);
  if (g_task_return_error_if_cancelled (task))
    return;
  adopted = listener_array_new ();
  if (listener_adopt (address, options, adopted))
    listener_return (task, g_steal_pointer (&adopted), NULL);
  else if (address->kind == IMP_ADDRESS_PATH)
    g_task_run_in_thread (task, listener_open_in_thread);
  else if (listener_is_name (address))
    {
      resolver = g_resolver_get_default ();
      g_resolver_lookup_by_name_async (resolver, address->host, cancellable, listener_on_resolved,
                                       g_object_ref (task));
    }
  else
    listener_return_opened (task);
}

/* What is open although nobody wants it any more is closed here, and not whenever the thread that
 * has opened it lets go of the task. */
GPtrArray *
imp_listener_open_finish (GAsyncResult *result, GError **error)
{
  GTask *task = G_TASK (result);
  g_autoptr (GPtrArray) listeners = g_task_propagate_pointer (task, error);

  if (listeners == NULL
      || g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), error))
    return NULL;
  return g_steal_pointer (&listeners);
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
listener_pause_accepting (ImpListener *self, guint milliseconds)
{
  imp_source_clear (&self->source);
  self->pause = imp_source_add_timeout (self->context, milliseconds, "imp listener: pause",
                                        listener_on_pause_over, self);
}

static void
listener_log_failure (ImpListener *self, const GError *error)
{
  guint64 n = imp_log_limit_note (&self->failures);

  if (n > 0)
    imp_log_warning ("Cannot accept a connection at %s: %s (%" G_GUINT64_FORMAT " attempts)",
                     self->address, error->message, n);
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
        {
          listener_log_failure (self, error);
          listener_pause_accepting (self, ACCEPT_PAUSE_MS);
        }
      return FALSE;
    }
  connection = g_socket_connection_factory_create_connection (socket);
  self->func (connection, self->user_data);
  return TRUE;
}

/* The gate is asked only where somebody stands before it. */
static gboolean
listener_may_accept (ImpListener *self)
{
  if (self->gate == NULL)
    return TRUE;
  if (g_socket_condition_check (self->socket, G_IO_IN) == 0)
    return FALSE;
  if (self->gate (self->user_data))
    return self->source != NULL;
  if (self->source != NULL)
    listener_pause_accepting (self, GATE_PAUSE_MS);
  return FALSE;
}

/* Whoever is called may free the listener. */
static gboolean
listener_on_connection (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ImpListener *self = user_data;
  gboolean goes_on;

  self->calls++;
  for (guint i = 0; i < ACCEPT_MAX && self->source != NULL; i++)
    if (!listener_may_accept (self) || !listener_accept_one (self))
      break;
  goes_on = self->source != NULL;
  self->calls--;
  listener_free_if_unused (self);
  return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
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
imp_listener_set_gate (ImpListener *self, ImpListenerGate gate)
{
  self->gate = gate;
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
imp_listener_stop (ImpListener *self, guint n_max)
{
  g_assert (self->func != NULL);
  imp_source_clear (&self->source);
  imp_source_clear (&self->pause);
  if (self->offer != NULL && imp_socket_offer_is_given (self->offer))
    n_max = 0;
  g_clear_pointer (&self->offer, imp_socket_offer_withdraw);
  /* The file goes first, so that no further client finds it. */
  g_clear_pointer (&self->path, imp_socket_path_release);
  for (guint i = 0; i < MIN (n_max, BACKLOG); i++)
    if (!listener_accept_one (self))
      break;
  imp_source_clear (&self->pause);
}
