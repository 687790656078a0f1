/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-enums.h"

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * ImpDifferenceKind:
 * @IMP_DIFFERENCE_OUTCOME: what becomes of the conversation, or why
 * @IMP_DIFFERENCE_OUTPUT: the bytes that come out in a direction
 * @IMP_DIFFERENCE_BORDERS: where packets begin in a direction, or data of another type
 * @IMP_DIFFERENCE_SENT: what the analyzer itself sends in a direction
 * @IMP_DIFFERENCE_LOG: what it logs about a direction
 * @IMP_DIFFERENCE_ACCOUNT: what it accounts
 *
 * In what two ways to treat the same conversation differ.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_DIFFERENCE_OUTCOME,
  IMP_DIFFERENCE_OUTPUT,
  IMP_DIFFERENCE_BORDERS,
  IMP_DIFFERENCE_SENT,
  IMP_DIFFERENCE_LOG,
  IMP_DIFFERENCE_ACCOUNT,
} ImpDifferenceKind;

#define IMP_TYPE_DIFFERENCE_KIND (imp_difference_kind_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_difference_kind_get_type (void);

#define IMP_TYPE_DIFFERENCE (imp_difference_get_type ())
typedef struct _ImpDifference ImpDifference;

IMP_AVAILABLE_IN_0_1
GType             imp_difference_get_type      (void);
IMP_AVAILABLE_IN_0_1
ImpDifference    *imp_difference_ref           (ImpDifference *self);
IMP_AVAILABLE_IN_0_1
void              imp_difference_unref         (ImpDifference *self);
IMP_AVAILABLE_IN_0_1
ImpDifferenceKind imp_difference_get_kind      (ImpDifference *self);
IMP_AVAILABLE_IN_0_1
ImpDirection      imp_difference_get_direction (ImpDifference *self);
IMP_AVAILABLE_IN_0_1
gint64            imp_difference_get_offset    (ImpDifference *self);
IMP_AVAILABLE_IN_0_1
const char       *imp_difference_get_text      (ImpDifference *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpDifference, imp_difference_unref)

G_END_DECLS
