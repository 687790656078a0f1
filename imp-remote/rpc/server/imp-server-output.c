/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-output-private.h"

void
imp_server_output_push (ImpServerOutput **self, ImpServerTurns *turns, gpointer owner,
                        ImpResult *result)
{
  if (*self == NULL)
    {
      *self = g_new0 (ImpServerOutput, 1);
      (*self)->node.data = owner;
      imp_server_turns_join (turns, &(*self)->node);
    }
  imp_result_queue_push (&(*self)->results, result);
}

ImpResult *
imp_server_output_pop (ImpServerOutput **self, ImpServerTurns *turns)
{
  ImpResult *result = imp_result_queue_pop (&(*self)->results);

  if (imp_result_queue_is_empty (&(*self)->results))
    imp_server_output_clear (self, turns);
  return result;
}

/* Who is told that some bytes are free may come back here. */
void
imp_server_output_clear (ImpServerOutput **self, ImpServerTurns *turns)
{
  ImpServerOutput *output = g_steal_pointer (self);

  if (output == NULL)
    return;
  imp_server_turns_leave (turns, &output->node);
  imp_result_queue_clear (&output->results);
  g_free (output);
}
