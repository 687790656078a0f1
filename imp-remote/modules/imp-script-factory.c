/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-factory-private.h"

#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "modules/imp-script-process-private.h"
#include "rpc/client/imp-remote-factory.h"

/* How long a script may take until it serves. */
#define START_TIMEOUT_MS 20000

struct _ImpScriptFactory
{
  ImpFactory parent_instance;

  ImpRemoteFactory *remote;
  GSubprocess *process;
  GList *interfaces;
};

G_DEFINE_FINAL_TYPE (ImpScriptFactory, imp_script_factory, IMP_TYPE_FACTORY)

static GList *
imp_script_factory_list_interfaces (ImpFactory *factory)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  return g_list_copy_deep (self->interfaces, (GCopyFunc) (void (*) (void)) imp_interface_ref, NULL);
}

/* A script that has ended by itself stays ended, and its analyzers fail: whoever wants it started
 * again does it here. */
static ImpAnalyzer *
imp_script_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  return imp_factory_create_packed (IMP_FACTORY (self->remote), context, error);
}

/* The end of the socket is what tells the process to end. */
static void
imp_script_factory_dispose (GObject *object)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  if (self->remote != NULL)
    imp_remote_factory_close (self->remote);
  g_clear_object (&self->remote);
  g_clear_pointer (&self->process, imp_script_process_end);
  G_OBJECT_CLASS (imp_script_factory_parent_class)->dispose (object);
}

static void
imp_script_factory_finalize (GObject *object)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  g_list_free_full (self->interfaces, (GDestroyNotify) imp_interface_unref);
  G_OBJECT_CLASS (imp_script_factory_parent_class)->finalize (object);
}

static void
imp_script_factory_class_init (ImpScriptFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  object_class->dispose = imp_script_factory_dispose;
  object_class->finalize = imp_script_factory_finalize;
  factory_class->list_interfaces = imp_script_factory_list_interfaces;
  factory_class->create_packed = imp_script_factory_create_packed;
}

static void
imp_script_factory_init (ImpScriptFactory *self)
{
}

/* The first question to a script, and whether there is an answer. */
typedef struct
{
  gboolean over;
  gboolean late;
  GList *interfaces;
  GError *error;
} Question;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Question *question = user_data;

  question->interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result,
                                                              &question->error);
  question->over = TRUE;
}

static gboolean
on_late (gpointer user_data)
{
  ((Question *) user_data)->late = TRUE;
  return G_SOURCE_REMOVE;
}

/* Once the script answers, it works. Closing the connection brings the outstanding answer, too. */
static gboolean
ask_interfaces (ImpScriptFactory *self, Question *question)
{
  GMainContext *context = g_main_context_ref_thread_default ();
  GSource *timeout = g_timeout_source_new (START_TIMEOUT_MS);

  g_source_set_callback (timeout, on_late, question, NULL);
  g_source_attach (timeout, context);
  imp_factory_query_interfaces_async (IMP_FACTORY (self->remote), NULL, NULL, on_answer, question);
  while (!question->over)
    {
      g_main_context_iteration (context, TRUE);
      if (question->late)
        imp_remote_factory_close (self->remote);
    }
  g_source_destroy (timeout);
  g_source_unref (timeout);
  g_main_context_unref (context);

  self->interfaces = question->interfaces;
  return question->error == NULL;
}

static void
set_not_ready (GError **error, const char *path, gboolean late)
{
  if (late)
    g_set_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT,
                 "The script \"%s\" was not ready after %d seconds", path, START_TIMEOUT_MS / 1000);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                 "The script \"%s\" ended before it was ready; what it said of that is on standard "
                 "error",
                 path);
}

ImpFactory *
imp_module_run_script (const char *path, const char *settings, GError **error)
{
  g_autoptr (ImpScriptFactory) self = NULL;
  g_autoptr (GIOStream) stream = NULL;
  GSubprocess *process;
  Question question = { FALSE };

  stream = imp_script_process_start (path, settings, &process, error);
  if (stream == NULL)
    return NULL;

  self = g_object_new (IMP_TYPE_SCRIPT_FACTORY, NULL);
  self->process = process;
  self->remote = imp_remote_factory_new_for_stream (stream);
  /* How long a program may take to load is no matter of the connection. */
  g_object_set (self->remote, "connect-timeout", START_TIMEOUT_MS, NULL);
  g_clear_object (&stream);
  if (!ask_interfaces (self, &question))
    {
      g_clear_error (&question.error);
      set_not_ready (error, path, question.late);
      return NULL;
    }
  return IMP_FACTORY (g_steal_pointer (&self));
}
