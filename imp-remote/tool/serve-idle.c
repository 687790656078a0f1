/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-idle.h"

#include "core/imp-source-private.h"

struct _ServeIdle
{
  ImpServer *server;
  guint seconds;
  void (*over) (gpointer);
  gpointer user_data;
  GSource *timer;       /* since nobody is connected, or NULL */
  guint64 n_handshakes; /* of TLS, that there had been then */
};

/* Whether a TLS client is about to be connected, or was since the last time: it is a client, too,
 * though nothing is said when it goes. */
static gboolean
serve_idle_note_handshakes (ServeIdle *self)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (self->server);
  const guint64 before = self->n_handshakes;
  guint64 live = 0;

  g_variant_lookup (statistics, "live-handshakes", "t", &live);
  g_variant_lookup (statistics, "handshakes", "t", &self->n_handshakes);
  return live > 0 || self->n_handshakes != before;
}

/* Who connects from now on waits in the sockets, which the service manager still has. */
static gboolean
serve_idle_on_timer (gpointer user_data)
{
  ServeIdle *self = user_data;

  if (imp_server_get_n_connections (self->server) == 0 && serve_idle_note_handshakes (self))
    return G_SOURCE_CONTINUE;
  imp_source_clear (&self->timer);
  if (imp_server_get_n_connections (self->server) == 0)
    self->over (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
serve_idle_update (ServeIdle *self)
{
  imp_source_clear (&self->timer);
  if (self->seconds == 0 || imp_server_get_n_connections (self->server) > 0)
    return;
  serve_idle_note_handshakes (self);
  self->timer = g_timeout_source_new_seconds (self->seconds);
  g_source_set_static_name (self->timer, "imp-remote serve: idle exit");
  /* After those that are about to connect. */
  g_source_set_priority (self->timer, G_PRIORITY_LOW);
  g_source_set_callback (self->timer, serve_idle_on_timer, self, NULL);
  g_source_attach (self->timer, NULL);
}

ServeIdle *
serve_idle_new (ImpServer *server, guint seconds, void (*over) (gpointer), gpointer user_data)
{
  ServeIdle *self = g_new0 (ServeIdle, 1);

  self->server = g_object_ref (server);
  self->seconds = seconds;
  self->over = over;
  self->user_data = user_data;
  if (seconds > 0)
    g_signal_connect_swapped (server, "disconnected", G_CALLBACK (serve_idle_update), self);
  serve_idle_update (self);
  return self;
}

void
serve_idle_free (ServeIdle *self)
{
  g_signal_handlers_disconnect_by_data (self->server, self);
  imp_source_clear (&self->timer);
  g_object_unref (self->server);
  g_free (self);
}
