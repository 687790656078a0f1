/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "modules/imp-module-private.h"
#include "modules/imp-script-command-private.h"
#include "modules/imp-script-process-private.h"
#include "modules/imp-script-sandbox-private.h"

/* How long a script may take to load and to answer. */
#define ANSWER_TIMEOUT_MS 60000
#define MAX_ANSWER 65536
#define MAX_LINES_PER_SECOND 100
#define MAX_MEMORY (1024 * 1024 * 1024)
#define MAX_FILES 1024

typedef struct
{
  GSocket *socket;
  GString *text;
  gboolean is_over;
} ScriptQuestion;

static gboolean
script_question_on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ScriptQuestion *self = user_data;
  char bytes[4096];
  gssize n = g_socket_receive (self->socket, bytes, sizeof bytes, NULL, NULL);

  if (n > 0)
    g_string_append_len (self->text, bytes, n);
  self->is_over = n <= 0 || self->text->len > MAX_ANSWER;
  return self->is_over ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
script_question_on_timeout (gpointer user_data)
{
  ((ScriptQuestion *) user_data)->is_over = TRUE;
  return G_SOURCE_CONTINUE;
}

/* In a private loop, so that nothing else happens meanwhile. */
static void
script_question_wait (ScriptQuestion *self, GMainContext *context)
{
  g_autoptr (GSource) readable = g_socket_create_source (self->socket, G_IO_IN, NULL);
  GSource *timeout = imp_source_add_timeout (context, ANSWER_TIMEOUT_MS, "imp script's answer",
                                             script_question_on_timeout, self);

  g_source_set_callback (readable, G_SOURCE_FUNC (script_question_on_readable), self, NULL);
  g_source_attach (readable, context);
  while (!self->is_over)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (readable);
  imp_source_clear (&timeout);
}

static char *
script_question_finish (ScriptQuestion *self, const char *path, GError **error)
{
  g_autofree char *text = g_string_free (g_steal_pointer (&self->text), FALSE);

  if (g_str_has_suffix (text, "\n") && g_utf8_validate (text, -1, NULL))
    return g_steal_pointer (&text);
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "The script \"%s\" has not described itself; what it has printed is in the log",
               path);
  return NULL;
}

/* In a sandbox, where that works: who asks what a script is may not trust it yet. */
static GSocket *
script_question_start (const char *path, const char *interpreter, ImpScriptProcess *process,
                       GError **error)
{
  g_auto (GStrv) argv = imp_script_command_new (path, interpreter, NULL, error), wrapped = NULL;
  g_auto (GStrv) environment = NULL;
  g_autoptr (ImpScriptSandbox) sandbox = NULL;
  g_autoptr (GError) reason = NULL;
  ImpScriptProcessLimits limits = { .max_memory = MAX_MEMORY, .max_files = MAX_FILES };

  if (argv == NULL)
    return NULL;
  sandbox = imp_script_sandbox_new (argv[0], path, NULL, &reason);
  if (sandbox == NULL)
    {
      imp_log_kind (IMP_LOG_SCRIPT_UNCONFINED,
                    "The script \"%s\" describes itself WITHOUT A SANDBOX: %s", path,
                    reason->message);
      return imp_script_process_start ((const char *const *) argv, NULL, &limits, process, error);
    }
  wrapped = imp_script_sandbox_wrap (sandbox, (const char *const *) argv, path);
  environment = imp_script_sandbox_get_environment ();
  limits.is_sandboxed = TRUE;
  return imp_script_process_start ((const char *const *) wrapped, environment, &limits, process,
                                   error);
}

char *
imp_module_ask_script (const char *path, const char *interpreter, GError **error)
{
  ImpScriptProcess process;
  g_autoptr (GSocket) socket = script_question_start (path, interpreter, &process, error);
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ImpScriptOutput) output = NULL;
  ScriptQuestion self = { socket, NULL, FALSE };

  if (socket == NULL)
    {
      g_prefix_error (error, "The script \"%s\" cannot be started: ", path);
      return NULL;
    }
  self.text = g_string_new (NULL);
  output = imp_script_output_new (path, process.pid, process.output_fds, MAX_LINES_PER_SECOND);
  imp_script_output_attach (output, context);
  script_question_wait (&self, context);
  g_socket_close (socket, NULL);
  imp_script_process_end (&process, output);
  return script_question_finish (&self, path, error);
}
