/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether a script runs in a sandbox. */
typedef enum
{
  IMP_SANDBOX_OFF,
  IMP_SANDBOX_AUTO,    /* where that works; else it is said why not */
  IMP_SANDBOX_REQUIRE, /* or not at all */
} ImpSandboxMode;

#define IMP_TYPE_SANDBOX_MODE (imp_sandbox_mode_get_type ())
GType imp_sandbox_mode_get_type (void);

/* How large what is written to /tmp may become, and to /dev/shm: bytes. */
#define IMP_SCRIPT_SANDBOX_TMP_MAX (64 * 1024 * 1024)

/* How a sandbox is made here. */
typedef struct
{
  char *program; /* bwrap */
  gboolean with_proc;
  char *readable; /* more paths that it shows, with ":" between them, or NULL */
} ImpScriptSandbox;

/* NULL with an error, if it does not work here: it is tried with the program that is to run in it,
 * @interpreter. @script: see imp_script_sandbox_wrap(). When one is cancelled, no process is left
 * of it by the time that this is said. */
void imp_script_sandbox_new_async (const char *interpreter, const char *script,
                                   const char *readable, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
ImpScriptSandbox *imp_script_sandbox_new_finish (GAsyncResult *result, GError **error);
ImpScriptSandbox *imp_script_sandbox_new (const char *interpreter, const char *script,
                                          const char *readable, GError **error);
void imp_script_sandbox_free (ImpScriptSandbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpScriptSandbox, imp_script_sandbox_free)

/* The command line that runs @argv under bubblewrap: without network, with nothing to write to but
 * a /tmp of its own, in name spaces of its own; it can read the system's programs and libraries,
 * the folder of the script and what the environment names for interpreters. @script is among
 * @argv; its folder is not shown where that is a home or larger, but the file. */
GStrv imp_script_sandbox_wrap (const ImpScriptSandbox *self, const char *const *argv,
                               const char *script);
/* Whether that is so: it can read what lies beside the script. */
gboolean imp_script_sandbox_shows_folder (const char *script);
/* The environment for it: without what may be a secret. */
GStrv imp_script_sandbox_get_environment (void);

G_END_DECLS
