/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-initable-private.h"

static void
initable_init_async (GAsyncInitable *initable, int io_priority, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (initable, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, initable_init_async);
  g_task_set_priority (task, io_priority);
  if (g_initable_init (G_INITABLE (initable), cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
initable_init_finish (GAsyncInitable *initable, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, initable), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

void
imp_initable_init_async_interface (gpointer iface, gpointer unused)
{
  GAsyncInitableIface *initable = iface;

  initable->init_async = initable_init_async;
  initable->init_finish = initable_init_finish;
}
