/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-bound-factory-private.h"

struct _ImpBoundFactory
{
  ImpFactory parent_instance;

  ImpFactory *base;
  ImpInterface *interface;
};

G_DEFINE_FINAL_TYPE (ImpBoundFactory, imp_bound_factory, IMP_TYPE_FACTORY)

static GList *
imp_bound_factory_list_interfaces (ImpFactory *factory)
{
  ImpBoundFactory *self = IMP_BOUND_FACTORY (factory);

  return g_list_prepend (NULL, imp_interface_ref (self->interface));
}

/* Bound again, it is the base that knows what it can do. */
static ImpFactory *
imp_bound_factory_set_interface (ImpFactory *factory, ImpInterface *interface, GError **error)
{
  return imp_factory_set_interface (IMP_BOUND_FACTORY (factory)->base, interface, error);
}

static void
imp_bound_factory_finalize (GObject *object)
{
  ImpBoundFactory *self = IMP_BOUND_FACTORY (object);

  g_clear_object (&self->base);
  g_clear_pointer (&self->interface, imp_interface_unref);
  G_OBJECT_CLASS (imp_bound_factory_parent_class)->finalize (object);
}

static void
imp_bound_factory_class_init (ImpBoundFactoryClass *klass)
{
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = imp_bound_factory_finalize;
  factory_class->list_interfaces = imp_bound_factory_list_interfaces;
  factory_class->set_interface = imp_bound_factory_set_interface;
}

static void
imp_bound_factory_init (ImpBoundFactory *self)
{
}

ImpFactory *
imp_bound_factory_new (ImpFactory *base, ImpInterface *interface)
{
  ImpBoundFactory *self = g_object_new (IMP_TYPE_BOUND_FACTORY, NULL);

  g_assert (!IMP_IS_BOUND_FACTORY (base));
  self->base = g_object_ref (base);
  self->interface = imp_interface_ref (interface);
  return IMP_FACTORY (self);
}

ImpFactory *
imp_bound_factory_get_base (ImpBoundFactory *self)
{
  return self->base;
}

ImpInterface *
imp_bound_factory_get_interface (ImpBoundFactory *self)
{
  return self->interface;
}
