/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-factory-private.h"

#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "modules/imp-script-process-private.h"
#include "rpc/client/imp-remote-factory.h"

/* The time that a script has to start. */
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

/* A script that has ended by itself stays ended, and its analyzers fail. */
static ImpAnalyzer *
imp_script_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  return imp_factory_create_packed (IMP_FACTORY (self->remote), context, error);
}

/* The process ends when its socket does. */
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

/* The first query of a script, and whether it is answered. */
typedef struct
{
  gboolean done;
  gboolean late;
  GList *interfaces;
  GError *error;
} ScriptQuery;

static void
script_factory_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ScriptQuery *query = user_data;

  query->interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result,
                                                           &query->error);
  query->done = TRUE;
}

static gboolean
script_factory_on_late (gpointer user_data)
{
  ((ScriptQuery *) user_data)->late = TRUE;
  return G_SOURCE_REMOVE;
}

/* A script that answers works. Closing the connection finishes the query with an error. */
static gboolean
script_factory_query_interfaces (ImpScriptFactory *self, ScriptQuery *query)
{
  GMainContext *context = g_main_context_ref_thread_default ();
  GSource *timeout = g_timeout_source_new (START_TIMEOUT_MS);

  g_source_set_callback (timeout, script_factory_on_late, query, NULL);
  g_source_attach (timeout, context);
  imp_factory_query_interfaces_async (IMP_FACTORY (self->remote), NULL, NULL,
                                      script_factory_on_answer, query);
  while (!query->done)
    {
      g_main_context_iteration (context, TRUE);
      if (query->late)
        imp_remote_factory_close (self->remote);
    }
  g_source_destroy (timeout);
  g_source_unref (timeout);
  g_main_context_unref (context);

  self->interfaces = query->interfaces;
  return query->error == NULL;
}

static void
script_factory_set_error (GError **error, const char *path, gboolean late)
{
  if (late)
    g_set_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT,
                 "The script \"%s\" was not ready after %d seconds", path, START_TIMEOUT_MS / 1000);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                 "The script \"%s\" ended before it was ready; see what it has written to standard "
                 "error",
                 path);
}

ImpFactory *
imp_module_run_script (const char *path, const char *settings, GError **error)
{
  g_autoptr (ImpScriptFactory) self = NULL;
  g_autoptr (GIOStream) stream = NULL;
  GSubprocess *process;
  ScriptQuery query = { FALSE };

  stream = imp_script_process_start (path, settings, &process, error);
  if (stream == NULL)
    return NULL;

  self = g_object_new (IMP_TYPE_SCRIPT_FACTORY, NULL);
  self->process = process;
  self->remote = imp_remote_factory_new_for_stream (stream);
  /* The time in which a program loads is not the connection's to limit. */
  g_object_set (self->remote, "connect-timeout", START_TIMEOUT_MS, NULL);
  g_clear_object (&stream);
  if (!script_factory_query_interfaces (self, &query))
    {
      g_clear_error (&query.error);
      script_factory_set_error (error, path, query.late);
      return NULL;
    }
  return IMP_FACTORY (g_steal_pointer (&self));
}
