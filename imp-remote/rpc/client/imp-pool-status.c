/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-pool-status-private.h"

#include "rpc/client/imp-status-request-private.h"

static char *
pool_status_make_name (ImpPool *pool, guint server, const char *module)
{
  const char *address = imp_pool_get_name (pool, server);

  return module != NULL ? g_strdup_printf ("%s %s", module, address) : g_strdup (address);
}

/* Where all servers have gone. */
static GList *
pool_status_make_none (const char *module)
{
  return imp_factory_status_list_new (
    imp_factory_status_new (module != NULL ? module : "servers", IMP_FACTORY_STATE_UNUSABLE,
                            "there is no server any more", -1, -1));
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
                                imp_status_request_look (imp_pool_get_channel (pool, i, 0), name));
    }
  return statuses != NULL ? statuses : pool_status_make_none (module);
}

/* What all servers say: each on all of its connections, since the answer on one of them says
 * nothing of the analyzers of another. */
typedef struct
{
  GTask *task;
  guint n_open;
  GList **statuses; /* of each server: of the connection that says the worst */
  guint n_servers;
  char *module; /* or NULL */
} PoolStatus;

typedef struct
{
  PoolStatus *whole;
  guint server;
} PoolStatusPart;

static ImpFactoryState
pool_status_find_worst (GList *statuses)
{
  ImpFactoryState worst = IMP_FACTORY_STATE_UP;

  for (GList *l = statuses; l != NULL; l = l->next)
    worst = MAX (worst, imp_factory_status_get_state (l->data));
  return worst;
}

/* Takes @statuses. */
static void
pool_status_add (PoolStatus *self, guint server, GList *statuses)
{
  GList **known = &self->statuses[server];

  if (*known == NULL || pool_status_find_worst (statuses) > pool_status_find_worst (*known))
    {
      GList *better = *known;

      *known = statuses;
      statuses = better;
    }
  imp_factory_status_list_free (statuses);
}

/* One of those who hold it is done. */
static void
pool_status_leave (PoolStatus *self)
{
  GList *all = NULL;

  if (--self->n_open > 0)
    return;
  for (guint i = 0; i < self->n_servers; i++)
    all = g_list_concat (all, self->statuses[i]);
  if (all == NULL)
    all = pool_status_make_none (self->module);
  g_task_return_pointer (self->task, all, imp_factory_status_list_free);
  g_object_unref (self->task);
  g_free (self->statuses);
  g_free (self->module);
  g_free (self);
}

static void
pool_status_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree PoolStatusPart *part = user_data;

  pool_status_add (part->whole, part->server, g_task_propagate_pointer (G_TASK (result), NULL));
  pool_status_leave (part->whole);
}

static void
pool_status_ask (PoolStatus *self, ImpPool *pool, guint server, GMainContext *context,
                 guint timeout_ms)
{
  g_autofree char *name = pool_status_make_name (pool, server, self->module);
  g_autofree char *prefix = self->module != NULL ? g_strconcat (name, ": ", NULL) : g_strdup ("");

  for (guint i = 0; i < imp_pool_get_n_channels (pool, server); i++)
    {
      PoolStatusPart *part = g_new0 (PoolStatusPart, 1);

      *part = (PoolStatusPart){ self, server };
      self->n_open++;
      /* It keeps the channels, as the whole does. */
      imp_status_request_start (
        imp_pool_get_channel (pool, server, i), context, name, prefix, timeout_ms,
        g_task_new (g_task_get_source_object (self->task), NULL, pool_status_on_answer, part));
    }
}

void
imp_pool_status_start (ImpPool *pool, GMainContext *context, const char *module, guint timeout_ms,
                       GTask *task)
{
  PoolStatus *self = g_new0 (PoolStatus, 1);

  self->task = task;
  self->module = g_strdup (module);
  self->n_servers = imp_pool_get_n_servers (pool);
  self->statuses = g_new0 (GList *, self->n_servers);
  /* Held until all are asked: there may be no server left. */
  self->n_open = 1;
  for (guint i = 0; i < self->n_servers; i++)
    if (!imp_pool_is_gone (pool, i))
      pool_status_ask (self, pool, i, context, timeout_ms);
  pool_status_leave (self);
}
