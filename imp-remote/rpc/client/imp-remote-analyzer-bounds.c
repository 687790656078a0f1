/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an analyzer may go to another server, and how often. */
#include "rpc/client/imp-remote-analyzer-private.h"

/* Its context may be what its server was lost by: messages are read in order, and there was no
 * verdict about an analyzer that came after it. */
static gboolean
remote_analyzer_is_doubtful (ImpRemoteAnalyzer *self)
{
  return self->host != NULL && self->host->is_lost && self->host->judged_id <= self->id;
}

gboolean
imp_remote_analyzer_is_movable (ImpRemoteAnalyzer *self)
{
  if (!self->send.announced)
    return TRUE;
  if (!self->send.is_watched)
    return FALSE;
  if (self->kept == NULL)
    return !remote_analyzer_is_doubtful (self) || self->n_doubts < IMP_REMOTE_ANALYZER_DOUBTS_MAX;
  return self->n_losses < IMP_REMOTE_ANALYZER_LOSSES_MAX
         && self->n_moves < IMP_REMOTE_ANALYZER_MOVES_MAX;
}

void
imp_remote_analyzer_count_move (ImpRemoteAnalyzer *self)
{
  if (self->kept != NULL)
    {
      self->n_moves++;
      self->n_losses += self->host->is_lost;
    }
  else if (self->host->is_lost)
    self->n_doubts = remote_analyzer_is_doubtful (self) ? self->n_doubts + 1 : 0;
}
