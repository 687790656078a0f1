/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is set of a link before it is used, and what it says of itself. */
#include "rpc/imp-link-object-private.h"
#include "rpc/imp-message-log-private.h"

void
imp_link_set_message_timeout (ImpLink *self, guint milliseconds)
{
  g_assert (self->context == NULL);
  self->message_timeout = milliseconds;
}

void
imp_link_set_busy_poll (ImpLink *self, guint microseconds)
{
  self->busy_poll = microseconds;
}

void
imp_link_set_keepalive (ImpLink *self, guint milliseconds)
{
  imp_transport_set_keepalive (self->transport, milliseconds);
}

void
imp_link_set_version (ImpLink *self, guint version)
{
  self->writer.version = version;
}

void
imp_link_agree (ImpLink *self, guint version)
{
  imp_link_set_version (self, version);
  imp_message_log_state (self->debug_name, "speaks version %u of %s", version,
                         imp_link_get_codec_name (self));
}

guint
imp_link_get_version (ImpLink *self)
{
  return self->writer.version;
}

guint
imp_link_get_max_version (ImpLink *self)
{
  if (self->writer.codec == NULL)
    return 0;
  return self->writer.wire == NULL ? 2 : self->writer.wire->max_version;
}

gboolean
imp_link_greets_first (ImpLink *self)
{
  return self->writer.wire != NULL && self->writer.wire->greets_first;
}

const char *
imp_link_get_codec_name (ImpLink *self)
{
  return self->writer.codec == NULL ? NULL : imp_codec_get_name (self->writer.codec);
}

ImpTransport *
imp_link_get_transport (ImpLink *self)
{
  return self->transport;
}

const ImpLinkCounters *
imp_link_get_counters (ImpLink *self)
{
  self->counters.messages_out = self->writer.n_sent;
  return &self->counters;
}
