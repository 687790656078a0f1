/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-host-private.h"

#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "core/imp-source-private.h"
#include "rpc/client/imp-remote-factory-private.h"
#include "rpc/imp-protocol-private.h"

#include <signal.h>

/* A script whose connection is over has so long to end by itself. */
#define KILL_TIMEOUT_MS 1000

struct _ImpScriptHost
{
  guint ref_count; /* of one thread; the query holds one */
  GMainContext *context;
  const ImpScriptHostFuncs *funcs; /* NULL once it is freed */
  gpointer user_data;
  guint start_timeout;
  ImpScriptProcessLimits limits;
  ImpScriptHostRole role;

  GSocket *socket;
  ImpRemoteFactory *remote;
  ImpScriptProcess process; /* its pid is 0 once it is gone */
  ImpScriptOutput *output;
  GSource *exit;   /* watches the process */
  GSource *timer;  /* until it is ready, or until it is killed */
  gint64 ready_at; /* monotonic microseconds, 0 before */
  GSource *idle;   /* to say that it is gone */
  gboolean lost;
  gboolean reason_is_final; /* an exit status says no more */
  char *reason;
};

static ImpScriptHost *
script_host_ref (ImpScriptHost *self)
{
  self->ref_count++;
  return self;
}

static void
script_host_unref (ImpScriptHost *self)
{
  if (--self->ref_count > 0)
    return;
  g_main_context_unref (self->context);
  g_free (self->reason);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpScriptHost, script_host_unref)

static void
script_host_set_reason (ImpScriptHost *self, char *reason)
{
  g_free (self->reason);
  self->reason = reason;
}

static gboolean
script_host_on_gone (gpointer user_data)
{
  ImpScriptHost *self = user_data;

  imp_source_clear (&self->idle);
  self->funcs->gone (self, self->user_data);
  return G_SOURCE_REMOVE;
}

/* From the loop, since whoever hears it frees all that is at work here. */
static void
script_host_check_gone (ImpScriptHost *self)
{
  if (self->lost && self->process.pid == 0 && self->funcs != NULL)
    self->idle = imp_source_add_timeout (self->context, 0, "imp script is gone",
                                         script_host_on_gone, self);
}

static gboolean
script_host_on_kill (gpointer user_data)
{
  ImpScriptHost *self = user_data;

  imp_source_clear (&self->timer);
  kill (self->process.pid, SIGKILL);
  return G_SOURCE_REMOVE;
}

static void
script_host_find_reason (ImpScriptHost *self)
{
  const GError *reason = imp_remote_factory_get_reason (self->remote);

  if (self->reason != NULL)
    return;
  script_host_set_reason (self, g_strdup_printf ("lost its connection: %s",
                                                 reason != NULL ? reason->message : "closed"));
  self->reason_is_final = reason != NULL && reason->domain == IMP_ERROR
                          && reason->code != IMP_ERROR_CLOSED;
}

/* The connection is over: by the script, because it hangs, because its process is gone, or because
 * it is to end. */
static void
script_host_lose (ImpScriptHost *self)
{
  if (self->lost)
    return;
  self->lost = TRUE;
  imp_source_clear (&self->timer);
  script_host_find_reason (self);
  if (self->process.pid != 0)
    self->timer = imp_source_add_timeout (self->context, KILL_TIMEOUT_MS, "imp script's end",
                                          script_host_on_kill, self);
  if (self->funcs != NULL)
    self->funcs->lost (self, self->user_data);
  script_host_check_gone (self);
}

static void
script_host_on_state (ImpRemoteFactory *remote, GParamSpec *spec, gpointer user_data)
{
  g_autoptr (ImpScriptHost) self = script_host_ref (user_data);

  if (imp_remote_factory_get_state (remote) == IMP_REMOTE_STATE_CLOSED)
    script_host_lose (self);
}

static char *
script_host_describe_exit (ImpScriptHost *self, int wait_status)
{
  g_autofree char *text = imp_script_process_describe (&self->limits, wait_status);

  return g_strconcat (text, self->ready_at == 0 ? " before it was ready" : NULL, NULL);
}

/* A process that the script has started may hold the socket open. What the script has said before
 * can still be read. */
static void
script_host_on_exit (GPid pid, int wait_status, gpointer user_data)
{
  g_autoptr (ImpScriptHost) self = script_host_ref (user_data);

  imp_source_clear (&self->exit);
  imp_source_clear (&self->timer);
  g_spawn_close_pid (self->process.pid);
  self->process.pid = 0;
  imp_script_process_cut (&self->process);
  /* What it has printed comes before what is said about its end. */
  imp_script_output_finish (self->output);
  if (self->funcs == NULL)
    return;
  if (!self->reason_is_final)
    script_host_set_reason (self, script_host_describe_exit (self, wait_status));
  self->reason_is_final = TRUE;
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  script_host_check_gone (self);
}

static gboolean
script_host_on_late (gpointer user_data)
{
  g_autoptr (ImpScriptHost) self = script_host_ref (user_data);

  imp_source_clear (&self->timer);
  script_host_set_reason (self, g_strdup_printf ("was not ready after %u ms (start-timeout)",
                                                 self->start_timeout));
  self->reason_is_final = TRUE;
  imp_remote_factory_close (self->remote);
  return G_SOURCE_REMOVE;
}

static void
script_host_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ImpScriptHost) self = user_data;
  g_autoptr (GError) error = NULL;
  GList *interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);

  /* Without an answer the connection is over, or about to be. */
  if (error != NULL || self->funcs == NULL || self->lost)
    {
      imp_protocol_free_interfaces (interfaces);
      if (error != NULL && self->funcs != NULL)
        imp_remote_factory_close (self->remote);
      return;
    }
  imp_source_clear (&self->timer);
  self->ready_at = g_get_monotonic_time ();
  self->funcs->ready (self, interfaces, self->user_data);
}

static void
script_host_connect (ImpScriptHost *self, const char *name, const ImpScriptHostOptions *options)
{
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (
    self->socket);

  self->remote = imp_remote_factory_new_for_program (G_IO_STREAM (stream), name,
                                                     options->hang_timeout);
  /* How long a program may take to load is no matter of the connection. That the process lives is
   * seen without asking it, and one that computes for long may do so in the middle of a message. */
  g_object_set (self->remote, "connect-timeout", G_MAXINT32, "keepalive", 0, "message-timeout", 0,
                "deadline", options->deadline, "fail", options->fail, NULL);
  imp_remote_factory_set_budget (self->remote, options->budget);
  g_signal_connect (self->remote, "notify::state", G_CALLBACK (script_host_on_state), self);
  imp_factory_query_interfaces_async (IMP_FACTORY (self->remote), NULL, NULL, script_host_on_answer,
                                      script_host_ref (self));
}

ImpScriptHost *
imp_script_host_start (const char *path, const char *const *argv, GStrv environment,
                       const ImpScriptHostOptions *options, const ImpScriptHostFuncs *funcs,
                       gpointer user_data, GError **error)
{
  ImpScriptProcess process;
  GSocket *socket = imp_script_process_start (argv, environment, &options->process, &process,
                                              error);
  ImpScriptHost *self;

  if (socket == NULL)
    return NULL;
  self = g_new0 (ImpScriptHost, 1);
  self->ref_count = 1;
  self->context = g_main_context_ref_thread_default ();
  self->funcs = funcs;
  self->user_data = user_data;
  self->start_timeout = options->start_timeout;
  self->limits = options->process;
  self->socket = socket;
  self->process = process;
  self->output = imp_script_output_new (path, process.pid, process.output_fds, options->log_rate);
  imp_script_output_attach (self->output, self->context);
  self->exit = g_child_watch_source_new (process.pid);
  g_source_set_callback (self->exit, G_SOURCE_FUNC (script_host_on_exit), self, NULL);
  g_source_attach (self->exit, self->context);
  self->timer = imp_source_add_timeout (self->context, options->start_timeout, "imp script's start",
                                        script_host_on_late, self);
  script_host_connect (self, path, options);
  return self;
}

void
imp_script_host_free (ImpScriptHost *self)
{
  self->funcs = NULL;
  imp_source_clear (&self->exit);
  g_signal_handlers_disconnect_by_data (self->remote, self);
  imp_remote_factory_close (self->remote);
  imp_source_clear (&self->timer);
  imp_source_clear (&self->idle);
  if (self->process.pid != 0)
    imp_script_process_end (&self->process, self->output);
  imp_script_output_free (self->output);
  g_clear_object (&self->remote);
  g_clear_object (&self->socket);
  script_host_unref (self);
}

void
imp_script_host_end (ImpScriptHost *host)
{
  g_autoptr (ImpScriptHost) self = script_host_ref (host);

  imp_remote_factory_close (self->remote);
  script_host_lose (self);
}

void
imp_script_host_kill (ImpScriptHost *host)
{
  imp_script_process_cut (&host->process);
  imp_script_host_end (host);
}

void
imp_script_host_abandon (ImpScriptHost *self)
{
  self->funcs = NULL;
  imp_script_host_end (self);
}

void
imp_script_host_set_role (ImpScriptHost *self, ImpScriptHostRole role)
{
  self->role = role;
}

ImpScriptHostRole
imp_script_host_get_role (ImpScriptHost *self)
{
  return self->role;
}

guint
imp_script_host_get_load (ImpScriptHost *self)
{
  return imp_remote_factory_get_n_analyzers (self->remote);
}

ImpFactory *
imp_script_host_get_factory (ImpScriptHost *self)
{
  return IMP_FACTORY (self->remote);
}

gboolean
imp_script_host_is_ready (ImpScriptHost *self)
{
  return self->ready_at != 0 && !self->lost;
}

gint64
imp_script_host_get_age (ImpScriptHost *self)
{
  return self->ready_at == 0 ? 0 : (g_get_monotonic_time () - self->ready_at) / 1000;
}

const char *
imp_script_host_get_reason (ImpScriptHost *self)
{
  return self->reason;
}
