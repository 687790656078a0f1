/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modules/imp-script-host-private.h"
#include "modules/imp-script-sandbox-private.h"

G_BEGIN_DECLS

/* What is needed to start a script, and again. It stays with who has it. */
typedef struct
{
  char *path;
  GPtrArray *settings; /* of ImpSetting: those that the script itself is told */
  char *interpreter;
  ImpScriptSandbox *sandbox; /* NULL: none */
  ImpScriptHostOptions options;
  guint max_old;     /* older processes that are being finished */
  guint old_timeout; /* milliseconds that they have, 0: as long as they have analyzers */
} ImpScriptPlan;

/* Keeps a script running: a process for new analyzers, which is started again when it has ended;
 * one that takes its place when the script has changed, once it is ready; and older ones that are
 * being finished. */
typedef struct _ImpScriptWorker ImpScriptWorker;

typedef struct
{
  /* A process answers. Takes @interfaces. */
  void (*ready) (GList *interfaces, gpointer user_data);
  /* The first attempt has failed, or was aborted, and its process is gone. */
  void (*failed) (ImpScriptWorker *worker, gpointer user_data);
} ImpScriptWorkerFuncs;

ImpScriptWorker *imp_script_worker_new (GMainContext *context, const ImpScriptPlan *plan,
                                        const ImpScriptWorkerFuncs *funcs, gpointer user_data);
/* Kills all processes, and starts none again. Once it has failed, they are gone. */
void imp_script_worker_abort (ImpScriptWorker *self);
/* Ends all processes, but does not wait for that. Nothing is called any more. */
void imp_script_worker_end (ImpScriptWorker *self);
/* Waits for that, too. */
void imp_script_worker_free (ImpScriptWorker *self);

/* For the first time. */
gboolean imp_script_worker_start (ImpScriptWorker *self, GError **error);
/* Was there a process that answered? From then on it is started again. */
gboolean imp_script_worker_was_ready (ImpScriptWorker *self);
/* The first attempt has failed, and it is known why; or it was aborted, and nothing is left. */
gboolean imp_script_worker_has_failed (ImpScriptWorker *self);

/* An analyzer is wanted, and there is no process: the next attempt does not wait for its time. */
void imp_script_worker_want (ImpScriptWorker *self);
/* The script has changed. */
void imp_script_worker_reload (ImpScriptWorker *self);

/* Makes analyzers. NULL: there is no process, and the reason says why. */
ImpFactory *imp_script_worker_get_factory (ImpScriptWorker *self);
const char *imp_script_worker_get_reason (ImpScriptWorker *self);
gboolean imp_script_worker_is_up (ImpScriptWorker *self);
/* How many analyzers the process has that gets new ones. */
guint imp_script_worker_get_load (ImpScriptWorker *self);
/* For how many milliseconds it has been up, or there is nothing that could be used. */
gint64 imp_script_worker_get_since (ImpScriptWorker *self);
/* How many milliseconds it is until the next attempt; 0 where one is under way. */
gint64 imp_script_worker_get_retry (ImpScriptWorker *self);

G_END_DECLS
