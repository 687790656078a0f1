/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name-resolver.h"

#include <stdlib.h>

struct _NameResolver
{
  GResolver parent_instance;
  GStrv ips;
  gboolean held;
  GQueue waiting; /* of GTask */
  GStrv servers;  /* of the service */
  guint step;     /* between their priorities */
  guint priority;
};

typedef GResolverClass NameResolverClass;

static GType name_resolver_get_type (void);
G_DEFINE_TYPE (NameResolver, name_resolver, G_TYPE_RESOLVER)

static GList *
name_resolver_lookup (GResolver *resolver, const char *name, GResolverNameLookupFlags flags,
                      GCancellable *cancellable, GError **error)
{
  NameResolver *self = (NameResolver *) resolver;
  GList *found = NULL;

  g_assert_cmpstr (name, ==, NAME_RESOLVER_NAME);
  for (guint i = 0; self->ips[i] != NULL; i++)
    found = g_list_append (found, g_inet_address_new_from_string (self->ips[i]));
  if (found == NULL)
    g_set_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "There is no %s", name);
  return found;
}

static GList *
name_resolver_lookup_by_name (GResolver *resolver, const char *name, GCancellable *cancellable,
                              GError **error)
{
  return name_resolver_lookup (resolver, name, 0, cancellable, error);
}

static void
name_resolver_answer (GTask *task)
{
  GError *error = NULL;
  GList *found = name_resolver_lookup (g_task_get_source_object (task), NAME_RESOLVER_NAME, 0, NULL,
                                       &error);

  if (found != NULL)
    g_task_return_pointer (task, found, (GDestroyNotify) g_resolver_free_addresses);
  else
    g_task_return_error (task, error);
}

static gboolean
name_resolver_on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  NameResolver *self = g_task_get_source_object (task);

  if (g_queue_remove (&self->waiting, task))
    {
      g_task_return_error_if_cancelled (task);
      g_object_unref (task);
    }
  return G_SOURCE_REMOVE;
}

static void
name_resolver_lookup_async (GResolver *resolver, const char *name, GResolverNameLookupFlags flags,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  NameResolver *self = (NameResolver *) resolver;
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);
  GSource *source;

  if (!self->held)
    {
      name_resolver_answer (task);
      return;
    }
  g_queue_push_tail (&self->waiting, g_object_ref (task));
  source = g_cancellable_source_new (cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (name_resolver_on_cancelled), task, NULL);
  g_source_attach (source, NULL);
  g_task_set_task_data (task, source, (GDestroyNotify) g_source_unref);
}

static void
name_resolver_lookup_by_name_async (GResolver *resolver, const char *name,
                                    GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  name_resolver_lookup_async (resolver, name, 0, cancellable, callback, user_data);
}

void
name_resolver_release (NameResolver *self)
{
  GTask *task;

  self->held = FALSE;
  while ((task = g_queue_pop_head (&self->waiting)) != NULL)
    {
      g_source_destroy (g_task_get_task_data (task));
      name_resolver_answer (task);
      g_object_unref (task);
    }
}

static GList *
name_resolver_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* In the order in which they are to be tried. */
static void
name_resolver_lookup_service_async (GResolver *resolver, const char *name,
                                    GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  NameResolver *self = (NameResolver *) resolver;
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);
  GList *found = NULL;

  g_assert_cmpstr (name, ==, NAME_RESOLVER_SERVICE);
  for (guint i = 0; self->servers != NULL && self->servers[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (self->servers[i], ":", 2);

      found = g_list_append (found, g_srv_target_new (parts[0], atoi (parts[1]),
                                                      self->priority + i * self->step, 0));
    }
  if (found != NULL)
    g_task_return_pointer (task, found, (GDestroyNotify) g_resolver_free_targets);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "There is no %s",
                             name);
}

static void
name_resolver_finalize (GObject *object)
{
  NameResolver *self = (NameResolver *) object;

  g_strfreev (self->ips);
  g_strfreev (self->servers);
  G_OBJECT_CLASS (name_resolver_parent_class)->finalize (object);
}

static void
name_resolver_class_init (NameResolverClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = name_resolver_finalize;
  klass->lookup_by_name = name_resolver_lookup_by_name;
  klass->lookup_by_name_async = name_resolver_lookup_by_name_async;
  klass->lookup_by_name_finish = name_resolver_lookup_finish;
  klass->lookup_by_name_with_flags = name_resolver_lookup;
  klass->lookup_by_name_with_flags_async = name_resolver_lookup_async;
  klass->lookup_by_name_with_flags_finish = name_resolver_lookup_finish;
  klass->lookup_service_async = name_resolver_lookup_service_async;
  klass->lookup_service_finish = name_resolver_lookup_finish;
}

static void
name_resolver_init (NameResolver *self)
{
}

NameResolver *
name_resolver_use (const char *ips)
{
  NameResolver *self = g_object_new (name_resolver_get_type (), NULL);

  self->ips = g_strsplit (ips, " ", -1);
  self->step = 1;
  g_resolver_set_default (G_RESOLVER (self));
  return self;
}

void
name_resolver_set (NameResolver *self, const char *ips)
{
  g_strfreev (self->ips);
  self->ips = g_strsplit (ips, " ", -1);
}

void
name_resolver_set_servers (NameResolver *self, const char *servers)
{
  g_strfreev (self->servers);
  self->servers = *servers != '\0' ? g_strsplit (servers, " ", -1) : NULL;
}

void
name_resolver_set_priority (NameResolver *self, guint priority)
{
  self->priority = priority;
  self->step = 0;
}

void
name_resolver_hold (NameResolver *self)
{
  self->held = TRUE;
}

guint
name_resolver_get_n_waiting (NameResolver *self)
{
  return self->waiting.length;
}
