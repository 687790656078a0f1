/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-enums.h"
#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

#define IMP_TYPE_PINNING_FACTORY (imp_pinning_factory_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpPinningFactory, imp_pinning_factory, IMP, PINNING_FACTORY,
                      ImpFactory)

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_pinning_factory_new      (const char *settings, GError **error);
IMP_AVAILABLE_IN_0_1
gboolean    imp_pinning_factory_add_rule (ImpPinningFactory *self, ImpDirection direction,
                                          guint max_length, const char *regex,
                                          GError **error);

G_END_DECLS
