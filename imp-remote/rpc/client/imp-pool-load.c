/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the channels of a pool have to do, and which of them has least. */
#include "rpc/client/imp-pool-object-private.h"

/* Microseconds for which the sum of what waits in a channel is taken for what it is: to know it
 * always would cost something with each chunk, where this costs something with some analyzers. */
#define SAMPLE_TIME (10 * G_TIME_SPAN_MILLISECOND)

ImpPoolReadiness
imp_pool_place_get_readiness (PoolPlace *place)
{
  switch (imp_channel_get_state (place->channel))
    {
    case IMP_REMOTE_STATE_READY:
      return IMP_POOL_READY;
    case IMP_REMOTE_STATE_IDLE:
    case IMP_REMOTE_STATE_CONNECTING:
      return IMP_POOL_COMING;
    case IMP_REMOTE_STATE_DOWN:
    case IMP_REMOTE_STATE_CLOSED:
    default:
      return IMP_POOL_DOWN;
    }
}

static void
pool_sample (ImpPool *self, PoolPlace *place, gint64 now)
{
  guint64 bytes = 0, n_analyzers = 0;

  if (place->sampled != 0 && now - place->sampled < SAMPLE_TIME)
    return;
  place->sampled = now;
  place->bytes = imp_channel_count_unsettled (place->channel);
  place->n_analyzers = imp_channel_get_n_analyzers (place->channel);
  for (guint i = 0; i < self->places->len; i++)
    {
      PoolPlace *other = self->places->pdata[i];

      bytes += other->bytes;
      n_analyzers += other->n_analyzers;
    }
  self->mean = n_analyzers > 0 ? (double) bytes / n_analyzers : 0;
}

/* Those that have come since are taken to be like all others, or all of them would go to the one
 * that had least. */
static void
pool_place_estimate (PoolPlace *place, ImpPoolLoad *load)
{
  guint n = imp_channel_get_n_analyzers (place->channel);
  double bytes;

  pool_sample (place->pool, place, g_get_monotonic_time ());
  if (n < place->n_analyzers)
    bytes = (double) place->bytes * n / place->n_analyzers;
  else
    bytes = place->bytes + (n - place->n_analyzers) * place->pool->mean;
  load->bytes = (guint64) bytes;
  load->n_analyzers = n;
}

static ImpPoolReadiness
pool_get_readiness (guint server, gpointer user_data)
{
  ImpPool *self = user_data;
  PoolMember *member = self->members->pdata[server];
  ImpPoolReadiness best = IMP_POOL_DOWN;

  for (guint i = 0; i < member->places->len && best < IMP_POOL_READY; i++)
    best = MAX (best, imp_pool_place_get_readiness (member->places->pdata[i]));
  return best;
}

static void
pool_get_load (guint server, ImpPoolLoad *load, gpointer user_data)
{
  ImpPool *self = user_data;
  PoolMember *member = self->members->pdata[server];

  *load = (ImpPoolLoad){ 0 };
  for (guint i = 0; i < member->places->len; i++)
    {
      ImpPoolLoad one;

      pool_place_estimate (member->places->pdata[i], &one);
      load->bytes += one.bytes;
      load->n_analyzers += one.n_analyzers;
    }
}

const ImpPoolChoiceFuncs imp_pool_choice_funcs = {
  .get_readiness = pool_get_readiness,
  .get_load = pool_get_load,
};

static gboolean
pool_place_is_better (PoolPlace *one, PoolPlace *other)
{
  ImpPoolReadiness readiness = imp_pool_place_get_readiness (one);
  ImpPoolReadiness other_readiness = imp_pool_place_get_readiness (other);
  ImpPoolLoad load, other_load;

  if (readiness != other_readiness)
    return readiness > other_readiness;
  pool_place_estimate (one, &load);
  pool_place_estimate (other, &other_load);
  if (load.bytes != other_load.bytes)
    return load.bytes < other_load.bytes;
  return load.n_analyzers < other_load.n_analyzers;
}

PoolPlace *
imp_pool_member_pick (PoolMember *member)
{
  PoolPlace *best = member->places->pdata[0];

  for (guint i = 1; i < member->places->len; i++)
    if (pool_place_is_better (member->places->pdata[i], best))
      best = member->places->pdata[i];
  return best;
}
