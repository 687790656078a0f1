/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-pinning-rules-private.h"

G_BEGIN_DECLS

typedef enum
{
  IMP_PINNING_GOES_ON,
  IMP_PINNING_DONE,   /* all rules have matched */
  IMP_PINNING_DENIED, /* for the reason that is there */
  IMP_PINNING_FAILED, /* likewise: it took too long */
} ImpPinningState;

/* One direction. */
typedef struct
{
  GByteArray *pending; /* of a stream, from where the rule in question begins; NULL for nothing */
  gint64 fed;
  gint64 passed;  /* all before this may pass */
  gint64 unbound; /* so many bytes are held for which there is no rule left */
  gint32 type;    /* of the last input */
  guint n_open;   /* rules of this direction that have not matched */
  int growing;    /* the one whose match may become longer, or -1 */
  gsize matched;  /* how long it is as yet */
  gsize n_new;    /* bytes that have not paid for any effort */
  gboolean paused;
  gboolean ended;
  GHashTable *seen; /* keyed hashes of the packets that have matched; NULL for none */
  ImpEffort effort;
} ImpPinningSide;

/* Which input may pass, by the rules; no results and no main loop. Which bytes pass, and whether
 * the connection is denied, does not depend on how a stream is cut. */
typedef struct
{
  const ImpPinningRules *rules;
  gboolean *matched; /* by the number of a rule; TRUE as well where the match may grow */
  guint first;       /* all rules before this one have matched */
  ImpPinningSide sides[2];
  ImpPinningState state;
  ImpDirection denied; /* the direction of what is denied */
  char *reason;
} ImpPinningEngine;

void imp_pinning_engine_init (ImpPinningEngine *self, const ImpPinningRules *rules);
void imp_pinning_engine_clear (ImpPinningEngine *self);

/* More input, of which there must be some; and its end. Nothing happens unless it goes on. */
void imp_pinning_engine_feed (ImpPinningEngine *self, ImpDirection direction, const guint8 *data,
                              gsize length, gint32 data_type);
void imp_pinning_engine_end (ImpPinningEngine *self, ImpDirection direction);

G_END_DECLS
