/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-connector-private.h"

#include "core/imp-error.h"

/* A unix socket whose listener is behind with accepting refuses at once; it is asked again. */
#define RETRY_MS 10

struct _ImpConnector
{
  gatomicrefcount ref_count; /* ours, and one for what is under way */
  GMainContext *context;
  GSocketClient *client;
  GSocketConnectable *target;
  GCancellable *cancellable;
  char *name;
  guint timeout_ms;
  GSource *timeout;
  GSource *retry;
  ImpConnectorFunc func; /* NULL once it was called or given up */
  gpointer user_data;
};

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
connector_unref (ImpConnector *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_main_context_unref (self->context);
  g_object_unref (self->client);
  g_object_unref (self->target);
  g_object_unref (self->cancellable);
  g_free (self->name);
  g_free (self);
}

static void
finish (ImpConnector *self, GIOStream *stream, const GError *error)
{
  ImpConnectorFunc func = g_steal_pointer (&self->func);

  clear_source (&self->timeout);
  clear_source (&self->retry);
  if (func == NULL)
    return;
  func (stream, error, self->user_data);
  connector_unref (self);
}

static GSource *
add_timeout (ImpConnector *self, guint milliseconds, GSourceFunc func)
{
  GSource *source = g_timeout_source_new (milliseconds);

  g_source_set_static_name (source, "imp connector");
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
  return source;
}

static gboolean
on_timeout (gpointer user_data)
{
  ImpConnector *self = user_data;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (self->cancellable);
  g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "Cannot connect to %s: no answer within %u ms (connect-timeout)", self->name,
               self->timeout_ms);
  finish (self, NULL, error);
  return G_SOURCE_REMOVE;
}

static void try_connect (ImpConnector *self);

static gboolean
on_retry (gpointer user_data)
{
  ImpConnector *self = user_data;

  clear_source (&self->retry);
  try_connect (self);
  return G_SOURCE_REMOVE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ImpConnector *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = NULL;

  connection = g_socket_client_connect_finish (self->client, result, &error);
  if (self->func == NULL)
    ;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->retry = add_timeout (self, RETRY_MS, on_retry);
  else if (connection != NULL)
    finish (self, G_IO_STREAM (connection), NULL);
  else
    {
      g_prefix_error (&error, "Cannot connect to %s: ", self->name);
      finish (self, NULL, error);
    }
  connector_unref (self);
}

static void
try_connect (ImpConnector *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  g_main_context_push_thread_default (self->context);
  g_socket_client_connect_async (self->client, self->target, self->cancellable, on_connected, self);
  g_main_context_pop_thread_default (self->context);
}

ImpConnector *
imp_connector_start (GMainContext *context, GSocketConnectable *target, const char *name,
                     guint timeout_ms, ImpConnectorFunc func, gpointer user_data)
{
  ImpConnector *self = g_new0 (ImpConnector, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->context = g_main_context_ref (context);
  self->client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (self->client, FALSE);
  self->target = g_object_ref (target);
  self->cancellable = g_cancellable_new ();
  self->name = g_strdup (name);
  self->timeout_ms = timeout_ms;
  self->func = func;
  self->user_data = user_data;
  self->timeout = add_timeout (self, timeout_ms, on_timeout);
  try_connect (self);
  return self;
}

void
imp_connector_cancel (ImpConnector *self)
{
  self->func = NULL;
  clear_source (&self->timeout);
  clear_source (&self->retry);
  g_cancellable_cancel (self->cancellable);
  connector_unref (self);
}
