/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-splits-private.h"

/* About so many chunks there are in a random way at the most: to have many small ones of a long
 * input costs time, and chunks of one size do that, too. */
#define CHUNKS_MAX 128

typedef enum
{
  STAGE_ALL,     /* each subset of the places */
  STAGE_UNIFORM, /* chunks of one size */
  STAGE_SINGLE,  /* one cut */
  STAGE_RANDOM,
  STAGE_OVER,
} SplitsStage;

/* Whether there are cuts at some places. */
typedef struct
{
  guint64 mask;
  gsize size;
  gsize at;
  guint32 rarity; /* one in so many */
  GRand *random;
} SplitsCuts;

static const ImpOrder splits_orders[] = { IMP_ORDER_CLIENT_FIRST, IMP_ORDER_SERVER_FIRST,
                                          IMP_ORDER_TURNS };

static gboolean
splits_cut_mask (gsize index, gpointer user_data)
{
  const SplitsCuts *cuts = user_data;

  return ((cuts->mask >> index) & 1) != 0;
}

static gboolean
splits_cut_uniform (gsize index, gpointer user_data)
{
  const SplitsCuts *cuts = user_data;

  return (index + 1) % cuts->size == 0;
}

static gboolean
splits_cut_single (gsize index, gpointer user_data)
{
  const SplitsCuts *cuts = user_data;

  return index == cuts->at;
}

static gboolean
splits_cut_random (gsize index, gpointer user_data)
{
  const SplitsCuts *cuts = user_data;

  return g_rand_int (cuts->random) % cuts->rarity == 0;
}

void
imp_splits_start (ImpSplits *self)
{
  self->n_cuts = imp_conversation_count_cuts (self->whole);
  self->stage = imp_conversation_get_size (self->whole) <= self->exhaustive ? STAGE_ALL
                                                                            : STAGE_UNIFORM;
  self->next = 0;
}

static guint
splits_count_orders (const ImpSplits *self)
{
  return self->keep_order ? 1 : G_N_ELEMENTS (splits_orders);
}

/* How many ways a stage has, each of them in each order. */
static guint64
splits_count_ways (const ImpSplits *self)
{
  switch ((SplitsStage) self->stage)
    {
    case STAGE_ALL:
      return G_GUINT64_CONSTANT (1) << self->n_cuts;
    case STAGE_UNIFORM:
      return self->max_chunk;
    case STAGE_SINGLE:
      return MIN (self->n_cuts, self->n_random);
    case STAGE_RANDOM:
      return self->n_random;
    case STAGE_OVER:
    default:
      return 0;
    }
}

/* @way: the number of the way among those of the stage. */
static ImpConversation *
splits_cut (ImpSplits *self, guint64 way)
{
  SplitsCuts cuts = { .random = self->random };

  switch ((SplitsStage) self->stage)
    {
    case STAGE_ALL:
      cuts.mask = way;
      return imp_conversation_cut (self->whole, splits_cut_mask, &cuts);
    case STAGE_UNIFORM:
      cuts.size = way + 1;
      return imp_conversation_cut (self->whole, splits_cut_uniform, &cuts);
    case STAGE_SINGLE:
      /* Evenly over all places, if these are too many. */
      cuts.at = self->n_cuts <= self->n_random ? way : way * (self->n_cuts / self->n_random);
      return imp_conversation_cut (self->whole, splits_cut_single, &cuts);
    case STAGE_RANDOM:
    case STAGE_OVER:
    default:
      cuts.rarity = MAX (self->n_cuts / CHUNKS_MAX, 1) << g_rand_int_range (self->random, 0, 9);
      return imp_conversation_cut (self->whole, splits_cut_random, &cuts);
    }
}

static ImpOrder
splits_choose_order (ImpSplits *self)
{
  if (self->keep_order)
    return IMP_ORDER_KEPT;
  if (self->stage == STAGE_RANDOM)
    return IMP_ORDER_RANDOM;
  return splits_orders[self->next % G_N_ELEMENTS (splits_orders)];
}

ImpConversation *
imp_splits_next (ImpSplits *self)
{
  const guint n_orders = splits_count_orders (self);
  g_autoptr (ImpConversation) cut = NULL;
  ImpConversation *ordered;

  while (self->stage != STAGE_OVER
         && self->next == splits_count_ways (self) * (self->stage == STAGE_RANDOM ? 1 : n_orders))
    {
      /* All ways to cut have the uniform ones and those with one cut among them. */
      self->stage = self->stage == STAGE_ALL ? STAGE_RANDOM : self->stage + 1;
      self->next = 0;
    }
  if (self->stage == STAGE_OVER)
    return NULL;
  cut = splits_cut (self, self->stage == STAGE_RANDOM ? self->next : self->next / n_orders);
  ordered = imp_conversation_order (cut, splits_choose_order (self), self->random);
  self->next++;
  return ordered;
}
