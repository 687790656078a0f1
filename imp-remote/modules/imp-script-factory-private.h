/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modules/imp-module-private.h"

G_BEGIN_DECLS

/* Of one script, at the same time. */
#define IMP_SCRIPT_FACTORY_MAX_WORKERS 256

/* A factory whose analyzers are made by a script in a process of its own, which is started again
 * whenever it has ended. It knows the script's interfaces from the start, so that its users need
 * not distinguish it from a local one. Its properties are the settings that every script has. */
#define IMP_TYPE_SCRIPT_FACTORY (imp_script_factory_get_type ())
G_DECLARE_FINAL_TYPE (ImpScriptFactory, imp_script_factory, IMP, SCRIPT_FACTORY, ImpFactory)

G_END_DECLS
