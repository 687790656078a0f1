/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-data-type.h"
#include "imp-remote/core/imp-enums.h"

G_BEGIN_DECLS

#define IMP_TYPE_INTERFACE (imp_interface_get_type ())

/**
 * ImpInterface:
 *
 * One type of input data, or any, and the set of result types that may be used on it.
 *
 * An `ImpInterface` is immutable and reference counted, so it can be shared by threads.
 *
 * `json_boxed_serialize()` of json-glib gives the JSON object that [the wire
 * format](wire-format.html) "json" has for it, and `json_boxed_deserialize()` reads one.
 *
 * Since: 0.1
 */
typedef struct _ImpInterface ImpInterface;

IMP_AVAILABLE_IN_0_1
GType          imp_interface_get_type      (void);
IMP_AVAILABLE_IN_0_1
ImpInterface  *imp_interface_new           (gint32 data_type, ImpResultFlags results);
IMP_AVAILABLE_IN_0_1
ImpInterface  *imp_interface_ref           (ImpInterface *self);
IMP_AVAILABLE_IN_0_1
void           imp_interface_unref         (ImpInterface *self);
IMP_AVAILABLE_IN_0_1
gint32         imp_interface_get_data_type (ImpInterface *self);
IMP_AVAILABLE_IN_0_1
ImpResultFlags imp_interface_get_results   (ImpInterface *self);
IMP_AVAILABLE_IN_0_1
gboolean       imp_interface_allows        (ImpInterface *self, ImpResultType type);
IMP_AVAILABLE_IN_0_1
gboolean       imp_interface_equal         (ImpInterface *self, ImpInterface *other);
IMP_AVAILABLE_IN_0_1
char          *imp_interface_to_string     (ImpInterface *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpInterface, imp_interface_unref)

G_END_DECLS
