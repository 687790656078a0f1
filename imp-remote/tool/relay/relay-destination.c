/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-destination.h"

#include "core/imp-error.h"

struct _RelayDestination
{
  GObject parent_instance;

  GSocketConnectable *inner;
  RelayRoute *route;
};

/* ---- its addresses, one by one ---- */

#define RELAY_TYPE_DESTINATION_ENUMERATOR (relay_destination_enumerator_get_type ())
G_DECLARE_FINAL_TYPE (RelayDestinationEnumerator, relay_destination_enumerator, RELAY,
                      DESTINATION_ENUMERATOR, GSocketAddressEnumerator)

struct _RelayDestinationEnumerator
{
  GSocketAddressEnumerator parent_instance;

  GSocketAddressEnumerator *inner;
  RelayRoute *route;
  GError *refusal; /* of the first address that was left out */
  gboolean allowed_some;
};

G_DEFINE_FINAL_TYPE (RelayDestinationEnumerator, relay_destination_enumerator,
                     G_TYPE_SOCKET_ADDRESS_ENUMERATOR)

static gboolean
relay_destination_check_ip (RelayRoute *route, GSocketAddress *address, GError **error)
{
  return relay_own_check_destination (route->own, address, error)
         && relay_rules_check (route->rules, address, error);
}

/* The proxy's own address is not the client's choice; what the proxy is asked for is. */
static gboolean
relay_destination_check_proxied (RelayRoute *route, GProxyAddress *proxy, GError **error)
{
  const char *host = g_proxy_address_get_destination_hostname (proxy);
  g_autoptr (GSocketAddress) address
    = g_inet_socket_address_new_from_string (host, g_proxy_address_get_destination_port (proxy));

  if (address != NULL)
    return relay_destination_check_ip (route, address, error);
  if (relay_rules_is_empty (route->rules))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED,
               "The destination %s is a name that the proxy looks up, of which --allow-to cannot "
               "tell whether it may be reached",
               host);
  return FALSE;
}

static gboolean
relay_destination_check (RelayRoute *route, GSocketAddress *address, GError **error)
{
  /* Only a user names those. */
  if (route->kind == RELAY_ROUTE_FIXED || !G_IS_INET_SOCKET_ADDRESS (address))
    return TRUE;
  if (G_IS_PROXY_ADDRESS (address))
    return relay_destination_check_proxied (route, G_PROXY_ADDRESS (address), error);
  return relay_destination_check_ip (route, address, error);
}

/* Keeps the error of the first. */
static gboolean
relay_destination_enumerator_admit (RelayDestinationEnumerator *self, GSocketAddress *address)
{
  if (!relay_destination_check (self->route, address,
                                self->refusal == NULL ? &self->refusal : NULL))
    return FALSE;
  self->allowed_some = TRUE;
  return TRUE;
}

/* At the end of all: FALSE with an error if each was left out. */
static gboolean
relay_destination_enumerator_check_end (RelayDestinationEnumerator *self, GError **error)
{
  if (self->allowed_some || self->refusal == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (self->refusal));
  return FALSE;
}

static GSocketAddress *
relay_destination_enumerator_next (GSocketAddressEnumerator *enumerator, GCancellable *cancellable,
                                   GError **error)
{
  RelayDestinationEnumerator *self = RELAY_DESTINATION_ENUMERATOR (enumerator);
  g_autoptr (GError) local = NULL;
  GSocketAddress *address;

  while ((address = g_socket_address_enumerator_next (self->inner, cancellable, &local)) != NULL)
    {
      if (relay_destination_enumerator_admit (self, address))
        return address;
      g_object_unref (address);
    }
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    relay_destination_enumerator_check_end (self, error);
  return NULL;
}

static void relay_destination_enumerator_on_next (GObject *source, GAsyncResult *result,
                                                  gpointer user_data);

static void
relay_destination_enumerator_ask (RelayDestinationEnumerator *self, GTask *task)
{
  g_socket_address_enumerator_next_async (self->inner, g_task_get_cancellable (task),
                                          relay_destination_enumerator_on_next, task);
}

static void
relay_destination_enumerator_on_next (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  RelayDestinationEnumerator *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = NULL;

  address = g_socket_address_enumerator_next_finish (self->inner, result, &error);
  if (address != NULL && !relay_destination_enumerator_admit (self, address))
    relay_destination_enumerator_ask (self, g_steal_pointer (&task));
  else if (error != NULL
           || (address == NULL && !relay_destination_enumerator_check_end (self, &error)))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, g_steal_pointer (&address), g_object_unref);
}

static void
relay_destination_enumerator_next_async (GSocketAddressEnumerator *enumerator,
                                         GCancellable *cancellable, GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  GTask *task = g_task_new (enumerator, cancellable, callback, user_data);

  g_task_set_source_tag (task, relay_destination_enumerator_next_async);
  relay_destination_enumerator_ask (RELAY_DESTINATION_ENUMERATOR (enumerator), task);
}

static GSocketAddress *
relay_destination_enumerator_next_finish (GSocketAddressEnumerator *enumerator,
                                          GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
relay_destination_enumerator_finalize (GObject *object)
{
  RelayDestinationEnumerator *self = RELAY_DESTINATION_ENUMERATOR (object);

  g_clear_object (&self->inner);
  g_clear_pointer (&self->route, relay_route_unref);
  g_clear_error (&self->refusal);
  G_OBJECT_CLASS (relay_destination_enumerator_parent_class)->finalize (object);
}

static void
relay_destination_enumerator_class_init (RelayDestinationEnumeratorClass *klass)
{
  GSocketAddressEnumeratorClass *enumerator_class = G_SOCKET_ADDRESS_ENUMERATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = relay_destination_enumerator_finalize;
  enumerator_class->next = relay_destination_enumerator_next;
  enumerator_class->next_async = relay_destination_enumerator_next_async;
  enumerator_class->next_finish = relay_destination_enumerator_next_finish;
}

static void
relay_destination_enumerator_init (RelayDestinationEnumerator *self)
{
}

/* Takes @inner. */
static GSocketAddressEnumerator *
relay_destination_enumerator_new (GSocketAddressEnumerator *inner, RelayRoute *route)
{
  RelayDestinationEnumerator *self = g_object_new (RELAY_TYPE_DESTINATION_ENUMERATOR, NULL);

  self->inner = inner;
  self->route = relay_route_ref (route);
  return G_SOCKET_ADDRESS_ENUMERATOR (self);
}

/* ---- the connectable ---- */

static GSocketAddressEnumerator *
relay_destination_enumerate (GSocketConnectable *connectable)
{
  RelayDestination *self = RELAY_DESTINATION (connectable);

  return relay_destination_enumerator_new (g_socket_connectable_enumerate (self->inner),
                                           self->route);
}

static GSocketAddressEnumerator *
relay_destination_proxy_enumerate (GSocketConnectable *connectable)
{
  RelayDestination *self = RELAY_DESTINATION (connectable);
  GSocketAddressEnumerator *inner = g_socket_connectable_proxy_enumerate (self->inner);

  if (G_IS_PROXY_ADDRESS_ENUMERATOR (inner))
    g_object_set (inner, "proxy-resolver", self->route->resolver, NULL);
  return relay_destination_enumerator_new (inner, self->route);
}

static char *
relay_destination_to_string (GSocketConnectable *connectable)
{
  return g_socket_connectable_to_string (RELAY_DESTINATION (connectable)->inner);
}

static void
relay_destination_connectable_init (GSocketConnectableIface *iface)
{
  iface->enumerate = relay_destination_enumerate;
  iface->proxy_enumerate = relay_destination_proxy_enumerate;
  iface->to_string = relay_destination_to_string;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (RelayDestination, relay_destination, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SOCKET_CONNECTABLE,
                                                      relay_destination_connectable_init))

static void
relay_destination_finalize (GObject *object)
{
  RelayDestination *self = RELAY_DESTINATION (object);

  g_clear_object (&self->inner);
  g_clear_pointer (&self->route, relay_route_unref);
  G_OBJECT_CLASS (relay_destination_parent_class)->finalize (object);
}

static void
relay_destination_class_init (RelayDestinationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = relay_destination_finalize;
}

static void
relay_destination_init (RelayDestination *self)
{
}

GSocketConnectable *
relay_destination_new (GSocketConnectable *inner, RelayRoute *route)
{
  RelayDestination *self = g_object_new (RELAY_TYPE_DESTINATION, NULL);

  self->inner = g_object_ref (inner);
  self->route = relay_route_ref (route);
  return G_SOCKET_CONNECTABLE (self);
}
