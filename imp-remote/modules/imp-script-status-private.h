/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory-status.h"
#include "modules/imp-script-worker-private.h"

G_BEGIN_DECLS

/* A script is one module, whatever it consists of and however many processes run it: usable as long
 * as one of these is, with what is wrong with the others said. @path is its name, @workers are
 * ImpScriptWorkers. */

/* As far as it is known without asking the processes: a list with one ImpFactoryStatus. */
GList *imp_script_status_list (const char *path, GPtrArray *workers);
/* The same for @task, after all processes have been asked: whether they react, only they can tell.
 * Takes @task. */
void imp_script_status_query (const char *path, GPtrArray *workers, guint timeout_ms, GTask *task);

G_END_DECLS
