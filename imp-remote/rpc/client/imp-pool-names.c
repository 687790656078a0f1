/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-pool-names-private.h"

#include "core/imp-source-private.h"

typedef struct
{
  ImpPool *pool;
  GMainContext *context;
  ImpPoolNamesOptions options; /* with strings of its own */
  char *service, *domain, *tls_name;
  ImpClientTls tls;
  GCancellable *cancellable;
  GSource *timer;
  gboolean is_looking; /* DNS has not answered yet */
} PoolNames;

static void
pool_names_free (gpointer names)
{
  PoolNames *self = names;

  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  imp_source_clear (&self->timer);
  g_main_context_unref (self->context);
  g_free (self->service);
  g_free (self->domain);
  g_free (self->tls_name);
  g_free (self);
}

static void
pool_names_apply (PoolNames *self, GList *targets)
{
  g_autoptr (GPtrArray) connectables = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) servers = g_array_new (FALSE, TRUE, sizeof (ImpPoolServer));

  for (GList *l = targets; l != NULL; l = l->next)
    {
      GSrvTarget *target = l->data;
      guint16 port = g_srv_target_get_port (target);
      const char *host = g_srv_target_get_hostname (target);
      ImpPoolServer server = { .priority = g_srv_target_get_priority (target) };

      server.name = g_strdup_printf ("%s:%u", host, port);
      server.target = g_network_address_new (host, port);
      server.tls = self->options.tls != NULL ? &self->tls : NULL;
      g_ptr_array_add (texts, (gpointer) server.name);
      g_ptr_array_add (connectables, server.target);
      g_array_append_val (servers, server);
    }
  imp_pool_set_group (self->pool, self->options.group, (const ImpPoolServer *) servers->data,
                      servers->len, self->options.n_connections);
}

/* Where there are none now, those before stay: it may be DNS that is away. */
static void
pool_names_on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GList *targets = g_resolver_lookup_service_finish (G_RESOLVER (source), result, &error);
  PoolNames *self = user_data;

  /* @self is gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->is_looking = FALSE;
  if (targets != NULL)
    pool_names_apply (self, targets);
  else
    imp_pool_sweep (self->pool);
  g_resolver_free_targets (targets);
}

static void
pool_names_look_up (PoolNames *self)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();

  if (self->is_looking)
    return;
  self->is_looking = TRUE;
  g_main_context_push_thread_default (self->context);
  g_resolver_lookup_service_async (resolver, self->service, "tcp", self->domain, self->cancellable,
                                   pool_names_on_found, self);
  g_main_context_pop_thread_default (self->context);
}

static gboolean
pool_names_on_timer (gpointer user_data)
{
  pool_names_look_up (user_data);
  return G_SOURCE_CONTINUE;
}

void
imp_pool_names_watch (ImpPool *pool, GMainContext *context, const ImpPoolNamesOptions *options)
{
  PoolNames *self = g_new0 (PoolNames, 1);

  self->pool = pool;
  self->context = g_main_context_ref (context);
  self->options = *options;
  self->service = g_strdup (options->service);
  self->domain = g_strdup (options->domain);
  if (options->tls != NULL)
    {
      self->tls_name = g_strdup (options->tls->name);
      self->tls = (ImpClientTls){ options->tls->credentials, self->tls_name, options->tls->port };
    }
  self->cancellable = g_cancellable_new ();
  self->timer = imp_source_add_timeout (context, options->interval, "imp pool: names",
                                        pool_names_on_timer, self);
  imp_pool_add_watcher (pool, self, pool_names_free);
  pool_names_look_up (self);
}
