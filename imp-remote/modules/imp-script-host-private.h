/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"
#include "modules/imp-script-process-private.h"
#include "rpc/client/imp-remote-factory-private.h"

G_BEGIN_DECLS

/* One life of a program that runs a script: its process, and the factory for what it serves. */
typedef struct _ImpScriptHost ImpScriptHost;

typedef struct
{
  /* It answers. Takes @interfaces. */
  void (*ready) (ImpScriptHost *host, GList *interfaces, gpointer user_data);
  /* It is of no use any more, and each of its analyzers has its outcome, or gets it now. */
  void (*lost) (ImpScriptHost *host, gpointer user_data);
  /* Its process is gone, too. It can be freed. */
  void (*gone) (ImpScriptHost *host, gpointer user_data);
} ImpScriptHostFuncs;

typedef struct
{
  guint start_timeout; /* all in milliseconds; this one is not 0 */
  guint hang_timeout;
  guint deadline;
  guint log_rate; /* lines of output a second, 0: all */
  ImpFailMode fail;
  ImpSoftBudget *budget; /* of all processes of a script together */
  ImpScriptProcessLimits process;
} ImpScriptHostOptions;

/* What a process is for. It is kept here for whoever has it. */
typedef enum
{
  IMP_SCRIPT_HOST_CURRENT, /* gets new analyzers */
  IMP_SCRIPT_HOST_NEXT,    /* is to take that one's place */
  IMP_SCRIPT_HOST_OLD,     /* finishes what it has */
  IMP_SCRIPT_HOST_ENDED,   /* was told to end */
} ImpScriptHostRole;

/* @path: that of the script, for messages to people. */
ImpScriptHost *imp_script_host_start (const char *path, const char *const *argv, GStrv environment,
                                      const ImpScriptHostOptions *options,
                                      const ImpScriptHostFuncs *funcs, gpointer user_data,
                                      GError **error);
/* Ends the process, if it lives, and waits for that. Nothing is called any more. */
void imp_script_host_free (ImpScriptHost *self);
/* Has the process end; it is lost then, and gone later. */
void imp_script_host_end (ImpScriptHost *self);
/* The same at once, with all that it has started, for one that nobody has used. */
void imp_script_host_kill (ImpScriptHost *self);
/* The same for one that nobody wants to hear of any more. */
void imp_script_host_abandon (ImpScriptHost *self);

void imp_script_host_set_role (ImpScriptHost *self, ImpScriptHostRole role);
ImpScriptHostRole imp_script_host_get_role (ImpScriptHost *self);

/* Makes analyzers, from the start on: what they are told waits until the script is ready. */
ImpFactory *imp_script_host_get_factory (ImpScriptHost *self);
gboolean imp_script_host_is_ready (ImpScriptHost *self);
/* How many analyzers it has. */
guint imp_script_host_get_load (ImpScriptHost *self);
/* For how many milliseconds it has been ready; 0 if it never was. */
gint64 imp_script_host_get_age (ImpScriptHost *self);
/* Once it is lost: why, as in "ended with exit status 3". It is known best when it is gone. */
const char *imp_script_host_get_reason (ImpScriptHost *self);

G_END_DECLS
