/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/provider/imp-difference.h"
#include "imp-remote/provider/imp-filter.h"

G_BEGIN_DECLS

#define IMP_TYPE_SHADOW (imp_shadow_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpShadow, imp_shadow, IMP, SHADOW, GObject)

IMP_AVAILABLE_IN_0_1
ImpShadow   *imp_shadow_new               (ImpAnalyzer *analyzer);
IMP_AVAILABLE_IN_0_1
ImpAnalyzer *imp_shadow_get_analyzer      (ImpShadow *self);
IMP_AVAILABLE_IN_0_1
void         imp_shadow_set_max_queued    (ImpShadow *self, guint64 max_queued);
IMP_AVAILABLE_IN_0_1
guint64      imp_shadow_get_max_queued    (ImpShadow *self);
IMP_AVAILABLE_IN_0_1
void         imp_shadow_set_linger        (ImpShadow *self, guint linger);
IMP_AVAILABLE_IN_0_1
guint        imp_shadow_get_linger        (ImpShadow *self);
IMP_AVAILABLE_IN_0_1
void         imp_shadow_follow            (ImpShadow *self, ImpFilter *filter);
IMP_AVAILABLE_IN_0_1
void         imp_shadow_close             (ImpShadow *self);

IMP_AVAILABLE_IN_0_1
gboolean     imp_shadow_is_over           (ImpShadow *self);
IMP_AVAILABLE_IN_0_1
const char  *imp_shadow_get_gave_up       (ImpShadow *self);
IMP_AVAILABLE_IN_0_1
guint        imp_shadow_get_n_differences (ImpShadow *self);
IMP_AVAILABLE_IN_0_1
gint64       imp_shadow_get_compared      (ImpShadow *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gint64       imp_shadow_get_uncompared    (ImpShadow *self, ImpDirection direction);
IMP_AVAILABLE_IN_0_1
gint64       imp_shadow_get_mean_lag      (ImpShadow *self);
IMP_AVAILABLE_IN_0_1
gint64       imp_shadow_get_max_lag       (ImpShadow *self);

G_END_DECLS
