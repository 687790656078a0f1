/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

#define IMP_TYPE_TYPE_FACTORY (imp_type_factory_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_type_factory_get_type (void);

/* Not G_DECLARE_FINAL_TYPE: its cast would have the name of ImpFactory's GType. */
typedef struct _ImpTypeFactory ImpTypeFactory;
typedef struct
{
  ImpFactoryClass parent_class;
} ImpTypeFactoryClass;

#define IMP_IS_TYPE_FACTORY(object) \
  (G_TYPE_CHECK_INSTANCE_TYPE ((object), IMP_TYPE_TYPE_FACTORY))
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpTypeFactory, g_object_unref)

IMP_AVAILABLE_IN_0_1
ImpFactory    *imp_type_factory_new               (GType analyzer_type, gint32 data_type,
                                                   ImpResultFlags results);
IMP_AVAILABLE_IN_0_1
ImpFactory    *imp_type_factory_new_from_settings (GType analyzer_type, gint32 data_type,
                                                   ImpResultFlags results, const char *settings,
                                                   GError **error);
IMP_AVAILABLE_IN_0_1
GType          imp_type_factory_get_analyzer_type (ImpTypeFactory *self);
IMP_AVAILABLE_IN_0_1
gint32         imp_type_factory_get_data_type     (ImpTypeFactory *self);
IMP_AVAILABLE_IN_0_1
ImpResultFlags imp_type_factory_get_results       (ImpTypeFactory *self);

G_END_DECLS
