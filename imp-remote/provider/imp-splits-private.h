/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-conversation-private.h"

G_BEGIN_DECLS

/* The ways in which a conversation could have come: first those that are tried whatever it is, then
 * random ones. */
typedef struct
{
  const ImpConversation *whole; /* joined as far as it can be */
  gsize n_cuts;
  gboolean keep_order;
  guint exhaustive; /* up to so many bytes, all ways to cut are tried */
  guint max_chunk;  /* else: chunks of each size up to this, ... */
  guint n_random;   /* ... at most so many ways to cut once, and so many random ones */
  GRand *random;    /* borrowed */

  guint stage;
  guint64 next; /* of its stage */
} ImpSplits;

/* All but @stage and @next is set before, and n_cuts. */
void imp_splits_start (ImpSplits *self);
/* NULL: that was all. */
ImpConversation *imp_splits_next (ImpSplits *self);

G_END_DECLS
