/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

/**
 * IMP_MODULE_EXTENSION_POINT_NAME:
 *
 * The extension point of GIO whose extensions are modules, by their names.
 *
 * Their types are classes of factories or analyzers, as in [func@Imp.module_register].
 *
 * Since: 0.1
 */
#define IMP_MODULE_EXTENSION_POINT_NAME "imp-remote-factory"

/**
 * IMP_MODULE_ABI_VERSION: (skip)
 *
 * The version of what the library and a module in C expect of each other.
 *
 * A module has the one of the headers that it is built with in the name of the one symbol that it
 * exports. The library refuses those of other versions, before anything of them runs.
 *
 * Since: 0.1
 */
#define IMP_MODULE_ABI_VERSION 1

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_module_new_factory       (const char *spec, GError **error);
IMP_AVAILABLE_IN_0_1
ImpFactory *imp_module_new_factory_with_defaults (const char *spec, const char *script_settings,
                                                  GError **error);
IMP_AVAILABLE_IN_0_2
void        imp_module_new_factory_async  (const char *spec, const char *script_settings,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
IMP_AVAILABLE_IN_0_2
ImpFactory *imp_module_new_factory_finish (GAsyncResult *result, GError **error);
IMP_AVAILABLE_IN_0_1
char      **imp_module_list              (void);
IMP_AVAILABLE_IN_0_1
gboolean    imp_module_register          (const char *name, GType type, const char *summary,
                                          GError **error);
IMP_AVAILABLE_IN_0_1
char       *imp_module_describe          (const char *name, GError **error);
IMP_AVAILABLE_IN_0_2
char       *imp_module_describe_with_defaults (const char *name, const char *script_settings,
                                               GError **error);
IMP_AVAILABLE_IN_0_1
char       *imp_module_describe_settings (GType type);

/**
 * imp_module_query: (skip)
 *
 * What a module in C defines, so that [func@Imp.module_new_factory] can load it: a shared object
 * that is built with this library and exports a function of this name, and nothing else.
 *
 * Its declaration gives the symbol another name, which says the version of the interface
 * (%IMP_MODULE_ABI_VERSION); so a module must include `imp-remote.h` where it defines it.
 *
 * It is called once, in the thread that loads the module. The module is never unloaded.
 *
 * Returns: a class of factories, whose settings are its properties, or a class of analyzers that
 *   work with streams; neither can be abstract
 *
 * Since: 0.1
 */
#ifndef __GI_SCANNER__
#define IMP_MODULE_SYMBOL_(version) "imp_module_query_abi_" #version
#define IMP_MODULE_SYMBOL(version) IMP_MODULE_SYMBOL_ (version)
GType imp_module_query (void) __asm__ (IMP_MODULE_SYMBOL (IMP_MODULE_ABI_VERSION))
  __attribute__ ((visibility ("default")));
#endif

G_END_DECLS
