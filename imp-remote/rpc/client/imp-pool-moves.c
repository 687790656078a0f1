/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of analyzers whose server is lost, or takes nothing new. */
#include "rpc/client/imp-pool-object-private.h"

#include "core/imp-context-private.h"

/* Another one for it; NULL if there is none. A server that has lost one connection, or drains, may
 * be about to lose the others; but while it is there, it is better than one that may not come. */
static PoolPlace *
pool_find_other (ImpPool *self, ImpRemoteAnalyzer *analyzer, guint old, gboolean is_lost)
{
  ImpContext *context = imp_analyzer_peek_context (IMP_ANALYZER (analyzer));
  const char *key = self->key != NULL ? imp_context_lookup (context, self->key) : NULL;
  int server = imp_pool_choice_pick_other (self->choice, key, old);
  PoolPlace *other = server >= 0 ? imp_pool_member_pick (self->members->pdata[server]) : NULL;

  if (other != NULL && !is_lost
      && (other->server == old || imp_pool_place_get_readiness (other) != IMP_POOL_READY))
    return NULL;
  return other;
}

/* Any other server can do what the one was to do. Each of them may be lost meanwhile, and lead back
 * here. */
void
imp_pool_hand_on (ImpPool *self, guint server, GPtrArray *analyzers,
                  ImpClientConnection *connection)
{
  for (guint i = 0; i < analyzers->len && self->only == NULL && !self->is_closed; i++)
    {
      ImpRemoteAnalyzer *analyzer = analyzers->pdata[i];
      PoolPlace *other;

      if (!imp_client_connection_has (connection, analyzer)
          || !imp_remote_analyzer_is_movable (analyzer))
        continue;
      other = pool_find_other (self, analyzer, server, imp_client_connection_is_lost (connection));
      if (other != NULL && imp_channel_adopt (other->channel, analyzer))
        self->moved++;
    }
}
