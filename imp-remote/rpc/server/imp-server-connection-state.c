/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server asks of its connections, and tells them, of what they are. */
#include "rpc/server/imp-server-connection-object-private.h"

ImpServerConnection *
imp_server_connection_ref (ImpServerConnection *self)
{
  self->ref_count++;
  return self;
}

gint64
imp_server_connection_get_idle_since (ImpServerConnection *self)
{
  if (self->funcs == NULL || self->finishing || imp_server_analyzers_get_n (&self->analyzers) > 0
      || self->n_queries > 0)
    return 0;
  return self->idle_since;
}

gint64
imp_server_connection_get_silent_since (ImpServerConnection *self, gint64 now)
{
  guint64 n = imp_link_get_counters (self->link)->messages_in - self->n_aside;

  if (self->funcs == NULL || self->finishing
      || (imp_server_analyzers_get_n (&self->analyzers) == 0 && self->n_queries == 0))
    return 0;
  if (n != self->n_seen)
    self->silent_since = now;
  self->n_seen = n;
  return self->silent_since;
}

gboolean
imp_server_connection_is_quiet (ImpServerConnection *self)
{
  return !imp_link_may_queue (self->link) || imp_link_is_quiet (self->link);
}

void
imp_server_connection_add_counters (ImpServerConnection *self, ImpLinkCounters *sum)
{
  const ImpLinkCounters *counters = imp_link_get_counters (self->link);

  sum->messages_in += counters->messages_in;
  sum->messages_out += counters->messages_out;
  sum->bytes_in += counters->bytes_in;
  sum->bytes_out += counters->bytes_out;
}

guint
imp_server_connection_get_n_analyzers (ImpServerConnection *self)
{
  return imp_server_analyzers_get_n (&self->analyzers);
}

GIOStream *
imp_server_connection_get_stream (ImpServerConnection *self)
{
  return imp_transport_get_stream (imp_link_get_transport (self->link));
}

void
imp_server_connection_undrain (ImpServerConnection *self)
{
  if (!self->greeted || imp_link_get_version (self->link) < 2)
    self->draining = FALSE;
}

gboolean
imp_server_connection_has_factory (ImpServerConnection *self, ImpFactory *factory)
{
  return self->factory == factory;
}

void
imp_server_connection_offer_factory (ImpServerConnection *self, ImpFactory *factory)
{
  if (self->committed)
    return;
  g_set_object (&self->factory, factory);
  g_set_object (&self->bound, factory);
}
