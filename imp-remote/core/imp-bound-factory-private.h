/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/* A factory and one interface for all of its analyzers: a shared factory is never changed, so
 * imp_factory_set_interface() makes one of these around it. It never stands around another one. */
#define IMP_TYPE_BOUND_FACTORY (imp_bound_factory_get_type ())
G_DECLARE_FINAL_TYPE (ImpBoundFactory, imp_bound_factory, IMP, BOUND_FACTORY, ImpFactory)

ImpFactory *imp_bound_factory_new (ImpFactory *base, ImpInterface *interface);
ImpFactory *imp_bound_factory_get_base (ImpBoundFactory *self);
ImpInterface *imp_bound_factory_get_interface (ImpBoundFactory *self);

G_END_DECLS
