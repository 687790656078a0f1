/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/rehearse/rehearse-connection.h"

#include "core/imp-log-private.h"
#include "rpc/imp-connector-private.h"

struct _RehearseConnection
{
  GIOStream *provider;
  ImpConnector *connector;
  GCancellable *cancellable;
  RehearseConnectionFunc over;
  gpointer user_data;
};

/* Once the connection is freed only the cancellable knows; @self must not be looked at. */
static void
rehearse_connection_on_relayed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RehearseConnection *self = user_data;
  g_autoptr (GError) error = NULL;

  imp_relay_run_finish (IMP_RELAY (source), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    imp_log_message ("a connection has ended: %s", error->message);
  self->over (self, self->user_data);
}

/* A relay whose analyzer is not interested is one that only moves bytes. */
static void
rehearse_connection_on_connected (GIOStream *server, const GError *error, gpointer user_data)
{
  RehearseConnection *self = user_data;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (ImpRelay) relay = NULL;

  self->connector = NULL;
  if (server == NULL)
    {
      imp_log_message ("%s", error->message);
      g_io_stream_close (self->provider, NULL, NULL);
      self->over (self, self->user_data);
      return;
    }
  analyzer = imp_pass_analyzer_new ();
  relay = imp_relay_new (self->provider, server, analyzer);
  imp_relay_run_async (relay, self->cancellable, rehearse_connection_on_relayed, self);
}

RehearseConnection *
rehearse_connection_new (GIOStream *provider, GSocketConnectable *target, const char *target_text,
                         guint connect_timeout_ms, RehearseConnectionFunc over, gpointer user_data)
{
  RehearseConnection *self = g_new0 (RehearseConnection, 1);

  self->provider = g_object_ref (provider);
  self->cancellable = g_cancellable_new ();
  self->over = over;
  self->user_data = user_data;
  self->connector = imp_connector_start (g_main_context_default (), target, target_text,
                                         connect_timeout_ms, rehearse_connection_on_connected,
                                         self);
  return self;
}

void
rehearse_connection_free (RehearseConnection *self)
{
  g_clear_pointer (&self->connector, imp_connector_cancel);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->provider);
  g_free (self);
}

GVariant *
rehearse_connection_get_statistics (RehearseConnection *self)
{
  return imp_fault_stream_get_statistics (IMP_FAULT_STREAM (self->provider));
}
