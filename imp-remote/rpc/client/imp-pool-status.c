/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-pool-status-private.h"

#include "rpc/client/imp-status-request-private.h"

static char *
pool_status_make_name (ImpPool *pool, guint server, const char *module)
{
  const char *address = imp_pool_get_name (pool, server);

  return module != NULL ? g_strdup_printf ("%s %s", module, address) : g_strdup (address);
}

GList *
imp_pool_status_look (ImpPool *pool, const char *module)
{
  GList *statuses = NULL;

  for (guint i = 0; i < imp_pool_get_n_servers (pool); i++)
    {
      g_autofree char *name = pool_status_make_name (pool, i, module);

      if (imp_pool_is_gone (pool, i))
        continue;
      statuses = g_list_concat (statuses,
                                imp_status_request_look (imp_pool_get_channel (pool, i), name));
    }
  return statuses;
}

/* What all servers say. */
typedef struct
{
  GTask *task;
  guint n_open;
  GList **statuses; /* of each */
  guint n_servers;
} PoolStatus;

typedef struct
{
  PoolStatus *whole;
  guint server;
} PoolStatusPart;

static void
pool_status_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree PoolStatusPart *part = user_data;
  PoolStatus *whole = part->whole;
  GList *all = NULL;

  whole->statuses[part->server] = g_task_propagate_pointer (G_TASK (result), NULL);
  if (--whole->n_open > 0)
    return;
  for (guint i = 0; i < whole->n_servers; i++)
    all = g_list_concat (all, whole->statuses[i]);
  g_task_return_pointer (whole->task, all, imp_factory_status_list_free);
  g_object_unref (whole->task);
  g_free (whole->statuses);
  g_free (whole);
}

static void
pool_status_ask (ImpPool *pool, guint server, GMainContext *context, const char *module,
                 guint timeout_ms, GTask *task)
{
  g_autofree char *name = pool_status_make_name (pool, server, module);
  g_autofree char *prefix = module != NULL ? g_strconcat (name, ": ", NULL) : g_strdup ("");

  imp_status_request_start (imp_pool_get_channel (pool, server), context, name, prefix, timeout_ms,
                            task);
}

void
imp_pool_status_start (ImpPool *pool, GMainContext *context, const char *module, guint timeout_ms,
                       GTask *task)
{
  guint n_servers = imp_pool_get_n_servers (pool);
  PoolStatus *whole;

  if (n_servers == 1)
    {
      pool_status_ask (pool, 0, context, module, timeout_ms, task);
      return;
    }
  whole = g_new0 (PoolStatus, 1);
  whole->task = task;
  whole->n_servers = n_servers;
  for (guint i = 0; i < n_servers; i++)
    whole->n_open += !imp_pool_is_gone (pool, i);
  whole->statuses = g_new0 (GList *, n_servers);
  for (guint i = 0; i < n_servers; i++)
    {
      PoolStatusPart *part;

      if (imp_pool_is_gone (pool, i))
        continue;
      part = g_new0 (PoolStatusPart, 1);
      *part = (PoolStatusPart){ whole, i };
      /* It keeps the channels, as the whole does. */
      pool_status_ask (pool, i, context, module, timeout_ms,
                       g_task_new (g_task_get_source_object (task), NULL, pool_status_on_answer,
                                   part));
    }
}
