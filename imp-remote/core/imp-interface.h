/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-data-type.h"
#include "core/imp-enums.h"

G_BEGIN_DECLS

#define IMP_TYPE_INTERFACE (imp_interface_get_type ())

/**
 * ImpInterface:
 *
 * One type of input data, or any, and the set of result types that may be used on it.
 *
 * An `ImpInterface` is immutable and reference counted, so it can be shared by threads.
 *
 * Since: 0.1
 */
typedef struct _ImpInterface ImpInterface;

IMP_API GType          imp_interface_get_type      (void);
IMP_API ImpInterface  *imp_interface_new           (gint32 data_type, ImpResultFlags results);
IMP_API ImpInterface  *imp_interface_ref           (ImpInterface *self);
IMP_API void           imp_interface_unref         (ImpInterface *self);
IMP_API gint32         imp_interface_get_data_type (ImpInterface *self);
IMP_API ImpResultFlags imp_interface_get_results   (ImpInterface *self);
IMP_API gboolean       imp_interface_allows        (ImpInterface *self, ImpResultType type);
IMP_API gboolean       imp_interface_equal         (ImpInterface *self, ImpInterface *other);
IMP_API char          *imp_interface_to_string     (ImpInterface *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpInterface, imp_interface_unref)

G_END_DECLS
