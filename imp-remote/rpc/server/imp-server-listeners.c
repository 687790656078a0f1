/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-listeners-private.h"

#include "core/imp-error.h"

static GPtrArray *
server_listeners_new_array (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
}

void
imp_server_listeners_init (ImpServerListeners *self, GMainContext *context,
                           const ImpServerListenersFuncs *funcs, gpointer user_data)
{
  *self = (ImpServerListeners){ .funcs = funcs, .user_data = user_data };
  self->context = g_main_context_ref (context);
  self->listeners = server_listeners_new_array ();
}

void
imp_server_listeners_clear (ImpServerListeners *self)
{
  g_assert (!imp_server_listeners_is_opening (self));
  g_ptr_array_unref (self->listeners);
  g_main_context_unref (self->context);
}

/* Before any connection is accepted. */
static gboolean
server_listeners_check_exposure (GPtrArray *opened, const ImpServerListenersOptions *options,
                                 GError **error)
{
  for (guint i = 0; i < opened->len && !options->insecure; i++)
    if (!imp_listener_check_exposure (opened->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* Takes what is open out of the array and starts it, all of it or nothing. */
static gboolean
server_listeners_take (ImpServerListeners *self, GPtrArray *opened,
                       const ImpServerListenersOptions *options, GError **error)
{
  if (!server_listeners_check_exposure (opened, options, error))
    return FALSE;
  while (opened->len > 0)
    {
      ImpListener *listener = g_ptr_array_steal_index (opened, 0);

      g_ptr_array_add (self->listeners, listener);
      imp_listener_set_gate (listener, self->funcs->may_accept);
      imp_listener_start (listener, self->context,
                          imp_listener_is_tls (listener) ? self->funcs->connected_tls
                                                         : self->funcs->connected,
                          self->user_data);
    }
  return TRUE;
}

gboolean
imp_server_listeners_open (ImpServerListeners *self, const ImpAddress *address, const char *text,
                           const ImpServerListenersOptions *options, GError **error)
{
  g_autoptr (GPtrArray) opened = server_listeners_new_array ();

  if (imp_listener_open (address, &options->opening, opened, error)
      && server_listeners_take (self, opened, options, error))
    return TRUE;
  g_prefix_error (error, "Cannot listen at %s: ", text);
  return FALSE;
}

/* --- without blocking --- */

typedef struct
{
  ImpServerListeners *listeners;
  ImpServerListenersOptions options;
  char *text;
  GCancellable *cancellable; /* by the caller's, and when the listeners are closed */
  gulong handler;            /* of the caller's */
} ServerListenersOpening;

static void
server_listeners_opening_free (ServerListenersOpening *opening)
{
  g_free (opening->text);
  g_object_unref (opening->cancellable);
  g_free (opening);
}

static void
server_listeners_on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static GError *
server_listeners_finish_opening (ServerListenersOpening *opening, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) opened = imp_listener_open_finish (result, &error);

  if (opening->listeners->closed)
    return g_error_new_literal (IMP_ERROR, IMP_ERROR_CLOSED, "The server is stopped");
  if (opened == NULL
      || !server_listeners_take (opening->listeners, opened, &opening->options, &error))
    g_prefix_error (&error, "Cannot listen at %s: ", opening->text);
  return g_steal_pointer (&error);
}

static void
server_listeners_on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ServerListenersOpening *opening = g_task_get_task_data (task);
  ImpServerListeners *self = opening->listeners;
  GError *error;

  g_cancellable_disconnect (g_task_get_cancellable (task), opening->handler);
  g_queue_remove (&self->opening, task);
  error = server_listeners_finish_opening (opening, result);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  if (self->closed && !imp_server_listeners_is_opening (self))
    self->funcs->given_up (self->user_data);
}

void
imp_server_listeners_open_async (ImpServerListeners *self, const ImpAddress *address,
                                 const char *text, const ImpServerListenersOptions *options,
                                 GTask *task)
{
  ServerListenersOpening *opening = g_new0 (ServerListenersOpening, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  opening->listeners = self;
  opening->options = *options;
  opening->text = g_strdup (text);
  opening->cancellable = g_cancellable_new ();
  /* What listens does, whatever is cancelled before the caller hears of it. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, opening, (GDestroyNotify) server_listeners_opening_free);
  if (cancellable != NULL)
    opening->handler = g_cancellable_connect (cancellable,
                                              G_CALLBACK (server_listeners_on_cancelled),
                                              g_object_ref (opening->cancellable), g_object_unref);
  g_queue_push_tail (&self->opening, task);
  g_main_context_push_thread_default (self->context);
  imp_listener_open_async (address, &options->opening, opening->cancellable,
                           server_listeners_on_opened, g_object_ref (task));
  g_main_context_pop_thread_default (self->context);
}

/* Their callbacks come later, and say that the server is stopped. */
static void
server_listeners_give_up (ImpServerListeners *self)
{
  GList *tasks = g_list_copy_deep (self->opening.head, (GCopyFunc) (void (*) (void)) g_object_ref,
                                   NULL);

  for (GList *l = tasks; l != NULL; l = l->next)
    {
      ServerListenersOpening *opening = g_task_get_task_data (l->data);

      g_cancellable_cancel (opening->cancellable);
    }
  g_list_free_full (tasks, g_object_unref);
}

/* --- afterwards --- */

void
imp_server_listeners_resume (ImpServerListeners *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    imp_listener_set_accepting (self->listeners->pdata[i], TRUE);
}

/* Whoever hears of a connection that is accepted may close all of this. */
gboolean
imp_server_listeners_remove (ImpServerListeners *self, const char *address)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];

      if (!g_str_equal (imp_listener_get_address (listener), address))
        continue;
      g_ptr_array_steal_index (self->listeners, i);
      imp_listener_stop (listener, self->funcs->get_room (self->user_data));
      imp_listener_free (listener);
      return TRUE;
    }
  return FALSE;
}

/* Whoever hears of a connection that is accepted may close this again. */
void
imp_server_listeners_close (ImpServerListeners *self, gboolean accept)
{
  g_autoptr (GPtrArray) listeners = g_steal_pointer (&self->listeners);

  self->closed = TRUE;
  self->listeners = server_listeners_new_array ();
  server_listeners_give_up (self);
  for (guint i = 0; accept && i < listeners->len; i++)
    imp_listener_stop (listeners->pdata[i], self->funcs->get_room (self->user_data));
}

char **
imp_server_listeners_list (ImpServerListeners *self)
{
  char **addresses = g_new0 (char *, self->listeners->len + 1);

  for (guint i = 0; i < self->listeners->len; i++)
    addresses[i] = g_strdup (imp_listener_get_address (self->listeners->pdata[i]));
  return addresses;
}
