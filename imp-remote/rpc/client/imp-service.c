/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-service-private.h"

struct _ImpService
{
  GObject parent_instance;
  char *service;
  char *domain;
};

static void imp_service_iface_init (GSocketConnectableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpService, imp_service, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SOCKET_CONNECTABLE,
                                                      imp_service_iface_init))

static GSocketAddressEnumerator *
imp_service_enumerate (GSocketConnectable *connectable)
{
  ImpService *self = IMP_SERVICE (connectable);
  g_autoptr (GSocketConnectable) fresh = g_network_service_new (self->service, "tcp", self->domain);

  return g_socket_connectable_enumerate (fresh);
}

static GSocketAddressEnumerator *
imp_service_proxy_enumerate (GSocketConnectable *connectable)
{
  ImpService *self = IMP_SERVICE (connectable);
  g_autoptr (GSocketConnectable) fresh = g_network_service_new (self->service, "tcp", self->domain);

  return g_socket_connectable_proxy_enumerate (fresh);
}

static char *
imp_service_to_string (GSocketConnectable *connectable)
{
  ImpService *self = IMP_SERVICE (connectable);

  return g_strdup_printf ("srv:_%s._tcp.%s", self->service, self->domain);
}

static void
imp_service_iface_init (GSocketConnectableIface *iface)
{
  iface->enumerate = imp_service_enumerate;
  iface->proxy_enumerate = imp_service_proxy_enumerate;
  iface->to_string = imp_service_to_string;
}

static void
imp_service_finalize (GObject *object)
{
  ImpService *self = IMP_SERVICE (object);

  g_free (self->service);
  g_free (self->domain);
  G_OBJECT_CLASS (imp_service_parent_class)->finalize (object);
}

static void
imp_service_class_init (ImpServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_service_finalize;
}

static void
imp_service_init (ImpService *self)
{
}

GSocketConnectable *
imp_service_new (const char *service, const char *domain)
{
  ImpService *self = g_object_new (IMP_TYPE_SERVICE, NULL);

  self->service = g_strdup (service);
  self->domain = g_strdup (domain);
  return G_SOCKET_CONNECTABLE (self);
}

const char *
imp_service_get_service (ImpService *self)
{
  return self->service;
}

const char *
imp_service_get_domain (ImpService *self)
{
  return self->domain;
}
