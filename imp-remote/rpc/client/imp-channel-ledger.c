/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a channel is, and what it has counted. */
#include "rpc/client/imp-channel-object-private.h"

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpRemoteState, imp_remote_state,
                    G_DEFINE_ENUM_VALUE (IMP_REMOTE_STATE_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (IMP_REMOTE_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (IMP_REMOTE_STATE_READY, "ready"),
                    G_DEFINE_ENUM_VALUE (IMP_REMOTE_STATE_DOWN, "down"),
                    G_DEFINE_ENUM_VALUE (IMP_REMOTE_STATE_CLOSED, "closed"))
/* clang-format on */

ImpRemoteState
imp_channel_get_state (ImpChannel *self)
{
  return self->state;
}

const GError *
imp_channel_get_reason (ImpChannel *self)
{
  return self->reason;
}

gint64
imp_channel_get_since (ImpChannel *self)
{
  return (g_get_monotonic_time () - self->since) / G_TIME_SPAN_MILLISECOND;
}

gboolean
imp_channel_has_just_failed (ImpChannel *self)
{
  gint64 since = (g_get_monotonic_time () - self->attempted) / G_TIME_SPAN_MILLISECOND;

  return self->state == IMP_REMOTE_STATE_DOWN && self->connection == NULL
         && since < self->options.reconnect_min;
}

gint64
imp_channel_get_retry (ImpChannel *self)
{
  gint64 left;

  if (self->state == IMP_REMOTE_STATE_READY || self->state == IMP_REMOTE_STATE_CLOSED)
    return -1;
  if (self->state == IMP_REMOTE_STATE_IDLE || self->connection != NULL)
    return 0;
  if (self->timer == NULL)
    return -1;
  left = g_source_get_ready_time (self->timer) - g_get_monotonic_time ();
  return MAX (0, left) / G_TIME_SPAN_MILLISECOND;
}

ImpClientConnection *
imp_channel_get_connection (ImpChannel *self)
{
  return imp_channel_get_current (self);
}

guint
imp_channel_get_n_analyzers (ImpChannel *self)
{
  guint live = 0;

  for (guint i = 0; i < self->leaving->len; i++)
    live += imp_client_connection_get_n_analyzers (self->leaving->pdata[i]);
  if (self->aged != NULL)
    live += imp_client_connection_get_n_analyzers (self->aged);
  if (self->connection != NULL)
    live += imp_client_connection_get_n_analyzers (self->connection);
  return live;
}

guint64
imp_channel_count_unsettled (ImpChannel *self)
{
  guint64 sum = 0;

  for (guint i = 0; i < self->leaving->len; i++)
    sum += imp_client_connection_count_unsettled (self->leaving->pdata[i]);
  if (self->aged != NULL)
    sum += imp_client_connection_count_unsettled (self->aged);
  if (self->connection != NULL)
    sum += imp_client_connection_count_unsettled (self->connection);
  return sum;
}

static void
channel_add_connection (ImpClientConnection *connection, ImpChannelCounters *sum)
{
  imp_client_connection_add_counters (connection, &sum->connection);
  sum->queued += imp_client_connection_get_queued (connection);
}

static void
channel_add_past (const ImpClientConnectionCounters *past, ImpClientConnectionCounters *sum)
{
  sum->resolved_hard += past->resolved_hard;
  sum->resolved_soft += past->resolved_soft;
  sum->deadlines += past->deadlines;
  sum->log_limits += past->log_limits;
  sum->moved += past->moved;
  sum->replayed += past->replayed;
  sum->not_intact += past->not_intact;
  sum->exceptions += past->exceptions;
  sum->late_results += past->late_results;
  sum->messages_in += past->messages_in;
  sum->messages_out += past->messages_out;
  sum->bytes_in += past->bytes_in;
  sum->bytes_out += past->bytes_out;
  sum->extensions += past->extensions;
}

void
imp_channel_add_counters (ImpChannel *self, ImpChannelCounters *sum)
{
  channel_add_past (&self->past, &sum->connection);
  sum->connections += self->connections;
  sum->analyzers += self->analyzers;
  if (self->aged != NULL)
    channel_add_connection (self->aged, sum);
  if (self->connection != NULL)
    channel_add_connection (self->connection, sum);
  for (guint i = 0; i < self->leaving->len; i++)
    channel_add_connection (self->leaving->pdata[i], sum);
}

guint64
imp_channel_get_messages_in (ImpChannel *self)
{
  ImpChannelCounters sum = { 0 };

  imp_channel_add_counters (self, &sum);
  return sum.connection.messages_in;
}
