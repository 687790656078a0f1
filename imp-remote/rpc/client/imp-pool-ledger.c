/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a pool is, and what it has counted. */
#include "rpc/client/imp-pool-object-private.h"

/* From the worst to the best. */
static guint
pool_rank_state (ImpRemoteState state)
{
  static const guint ranks[] = {
    [IMP_REMOTE_STATE_CLOSED] = 0,     [IMP_REMOTE_STATE_DOWN] = 1,  [IMP_REMOTE_STATE_IDLE] = 2,
    [IMP_REMOTE_STATE_CONNECTING] = 3, [IMP_REMOTE_STATE_READY] = 4,
  };

  return ranks[state];
}

static ImpRemoteState
pool_find_state (ImpPool *self)
{
  ImpRemoteState best = IMP_REMOTE_STATE_CLOSED;

  for (guint i = 0; i < self->places->len; i++)
    {
      PoolPlace *place = self->places->pdata[i];
      ImpRemoteState state = imp_channel_get_state (place->channel);

      if (pool_rank_state (state) > pool_rank_state (best))
        best = state;
    }
  return best;
}

ImpRemoteState
imp_pool_get_state (ImpPool *self)
{
  return self->only != NULL ? imp_channel_get_state (self->only) : pool_find_state (self);
}

const GError *
imp_pool_get_reason (ImpPool *self)
{
  const GError *reason = NULL;

  for (guint i = 0; i < self->places->len && reason == NULL; i++)
    {
      PoolPlace *place = self->places->pdata[i];

      if (!imp_pool_is_gone (self, place->server))
        reason = imp_channel_get_reason (place->channel);
    }
  return reason;
}

guint
imp_pool_get_n_analyzers (ImpPool *self)
{
  guint n = 0;

  for (guint i = 0; i < self->places->len; i++)
    n += imp_channel_get_n_analyzers (((PoolPlace *) self->places->pdata[i])->channel);
  return n;
}

ImpClientConnection *
imp_pool_get_connection (ImpPool *self)
{
  for (guint i = 0; i < self->places->len; i++)
    {
      ImpChannel *channel = ((PoolPlace *) self->places->pdata[i])->channel;

      if (self->only != NULL || imp_channel_get_state (channel) == IMP_REMOTE_STATE_READY)
        return imp_channel_get_connection (channel);
    }
  return NULL;
}

guint64
imp_pool_get_messages_in (ImpPool *self)
{
  guint64 n = self->past.connection.messages_in;

  for (guint i = 0; i < self->places->len; i++)
    n += imp_channel_get_messages_in (((PoolPlace *) self->places->pdata[i])->channel);
  return n;
}

GIOStream *
imp_pool_steal_stream (ImpPool *self)
{
  return self->only != NULL ? imp_channel_steal_stream (self->only) : NULL;
}

guint
imp_pool_get_n_servers (ImpPool *self)
{
  return self->members->len;
}

guint
imp_pool_get_n_channels (ImpPool *self, guint server)
{
  return ((PoolMember *) self->members->pdata[server])->places->len;
}

ImpChannel *
imp_pool_get_channel (ImpPool *self, guint server, guint index)
{
  PoolMember *member = self->members->pdata[server];
  PoolPlace *place = member->places->pdata[index];

  return place->channel;
}

const char *
imp_pool_get_name (ImpPool *self, guint server)
{
  return ((PoolMember *) self->members->pdata[server])->name;
}

gboolean
imp_pool_is_gone (ImpPool *self, guint server)
{
  return ((PoolMember *) self->members->pdata[server])->is_gone;
}

/* --- statistics --- */

static void
pool_add_number (GVariantBuilder *builder, const char *name, guint64 value)
{
  g_variant_builder_add (builder, "{sv}", name, g_variant_new_uint64 (value));
}

static void
pool_describe_counters (GVariantBuilder *builder, const ImpChannelCounters *sum, guint live)
{
  pool_add_number (builder, "connections", sum->connections);
  pool_add_number (builder, "analyzers", sum->analyzers);
  pool_add_number (builder, "live-analyzers", live);
  pool_add_number (builder, "queued", sum->queued);
  pool_add_number (builder, "settled-hard", sum->connection.resolved_hard);
  pool_add_number (builder, "settled-soft", sum->connection.resolved_soft);
  pool_add_number (builder, "deadlines", sum->connection.deadlines);
  pool_add_number (builder, "log-limits", sum->connection.log_limits);
  pool_add_number (builder, "extensions", sum->connection.extensions);
  pool_add_number (builder, "exceptions", sum->connection.exceptions);
  pool_add_number (builder, "late-results", sum->connection.late_results);
  pool_add_number (builder, "moved", sum->connection.moved);
  pool_add_number (builder, "replayed", sum->connection.replayed);
  pool_add_number (builder, "not-intact", sum->connection.not_intact);
  pool_add_number (builder, "messages-in", sum->connection.messages_in);
  pool_add_number (builder, "messages-out", sum->connection.messages_out);
  pool_add_number (builder, "bytes-in", sum->connection.bytes_in);
  pool_add_number (builder, "bytes-out", sum->connection.bytes_out);
}

static const char *
pool_member_get_state (PoolMember *member)
{
  ImpRemoteState best = IMP_REMOTE_STATE_CLOSED;
  g_autoptr (GEnumClass) states = g_type_class_ref (IMP_TYPE_REMOTE_STATE);

  for (guint i = 0; i < member->places->len; i++)
    {
      PoolPlace *place = member->places->pdata[i];
      ImpRemoteState state = imp_channel_get_state (place->channel);

      if (pool_rank_state (state) > pool_rank_state (best))
        best = state;
    }
  return g_enum_get_value (states, best)->value_nick;
}

static GVariant *
pool_describe_member (ImpPool *self, guint server)
{
  PoolMember *member = self->members->pdata[server];
  ImpChannelCounters sum = { 0 };
  GVariantBuilder builder;
  guint64 unsettled = 0;
  guint live = 0;
  gint64 left = 0;

  for (guint i = 0; i < member->places->len; i++)
    {
      PoolPlace *place = member->places->pdata[i];

      imp_channel_add_counters (place->channel, &sum);
      live += imp_channel_get_n_analyzers (place->channel);
      unsettled += imp_channel_count_unsettled (place->channel);
    }
  if (imp_pool_choice_is_ejected (self->choice, server))
    left = imp_pool_choice_get_ejected_until (self->choice, server) - g_get_monotonic_time ();
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "address", g_variant_new_string (member->name));
  g_variant_builder_add (&builder, "{sv}", "state",
                         g_variant_new_string (pool_member_get_state (member)));
  g_variant_builder_add (&builder, "{sv}", "ejected",
                         g_variant_new_boolean (imp_pool_choice_is_ejected (self->choice, server)));
  pool_add_number (&builder, "ejected-for", MAX (left, 0) / G_TIME_SPAN_MILLISECOND);
  pool_add_number (&builder, "ejections", imp_pool_choice_get_n_ejections (self->choice, server));
  pool_add_number (&builder, "failures", imp_pool_choice_get_failures (self->choice, server));
  pool_add_number (&builder, "unsettled", unsettled);
  pool_describe_counters (&builder, &sum, live);
  return g_variant_builder_end (&builder);
}

void
imp_pool_describe (ImpPool *self, GVariantBuilder *builder)
{
  ImpChannelCounters sum = self->past;
  GVariantBuilder servers;

  for (guint i = 0; i < self->places->len; i++)
    imp_channel_add_counters (((PoolPlace *) self->places->pdata[i])->channel, &sum);
  sum.analyzers -= self->moved;
  pool_describe_counters (builder, &sum, imp_pool_get_n_analyzers (self));
  pool_add_number (builder, "soft-limit", self->budget->n_refused);
  if (self->only != NULL)
    return;
  g_variant_builder_init (&servers, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->members->len; i++)
    if (!((PoolMember *) self->members->pdata[i])->is_closed)
      g_variant_builder_add_value (&servers, pool_describe_member (self, i));
  g_variant_builder_add (builder, "{sv}", "servers", g_variant_builder_end (&servers));
}
