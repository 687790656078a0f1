/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-proxy-private.h"

#include "core/imp-factory-status.h"

const char *
imp_proxy_peek_name (ImpAnalyzer *analyzer)
{
  const ImpProxyFuncs *proxy = IMP_ANALYZER_GET_CLASS (analyzer)->proxy;
  const char *name = proxy != NULL ? proxy->peek_name (analyzer) : NULL;

  return name != NULL ? name : G_OBJECT_TYPE_NAME (analyzer);
}

static void
proxy_free_statuses (gpointer statuses)
{
  g_list_free_full (statuses, (GDestroyNotify) imp_factory_status_unref);
}

static void
proxy_on_factory_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GList *statuses = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, statuses, proxy_free_statuses);
}

void
imp_proxy_query_statuses (ImpAnalyzer *analyzer, ImpFactory *factory, guint timeout_ms,
                          GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  const ImpProxyFuncs *proxy = IMP_ANALYZER_GET_CLASS (analyzer)->proxy;
  GTask *task = g_task_new (analyzer, cancellable, callback, user_data);

  if (proxy != NULL && proxy->query_statuses != NULL)
    proxy->query_statuses (analyzer, timeout_ms, task);
  else
    imp_factory_query_statuses_async (factory, timeout_ms, cancellable, proxy_on_factory_statuses,
                                      task);
}

GList *
imp_proxy_query_statuses_finish (ImpAnalyzer *analyzer, GAsyncResult *result, GError **error)
{
  g_assert (g_task_is_valid (result, analyzer));

  return g_task_propagate_pointer (G_TASK (result), error);
}
