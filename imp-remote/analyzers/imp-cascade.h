/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

#define IMP_TYPE_CASCADE (imp_cascade_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpCascade, imp_cascade, IMP, CASCADE, ImpFactory)

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_cascade_new (GList *factories);

IMP_AVAILABLE_IN_0_2
guint imp_cascade_get_hold_timeout (ImpCascade *self);
IMP_AVAILABLE_IN_0_2
void imp_cascade_set_hold_timeout (ImpCascade *self, guint value);
IMP_AVAILABLE_IN_0_2
guint64 imp_cascade_get_max_held (ImpCascade *self);
IMP_AVAILABLE_IN_0_2
void imp_cascade_set_max_held (ImpCascade *self, guint64 value);

G_END_DECLS
