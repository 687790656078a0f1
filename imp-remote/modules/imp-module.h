/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_module_new_factory (const char *spec, GError **error);
IMP_AVAILABLE_IN_0_1
char      **imp_module_list        (void);
IMP_AVAILABLE_IN_0_1
char       *imp_module_describe    (const char *name, GError **error);

/**
 * imp_module_query: (skip)
 *
 * What a module in C defines, so that [func@Imp.module_new_factory] can load it: a shared object
 * that is built with this library and exports a function of this name.
 *
 * It is called once, in the thread that loads the module. The module is never unloaded.
 *
 * Returns: a class of factories, whose settings are its properties, or a class of analyzers that
 *   work with streams; neither can be abstract
 *
 * Since: 0.1
 */
__attribute__ ((visibility ("default"))) GType imp_module_query (void);

G_END_DECLS
