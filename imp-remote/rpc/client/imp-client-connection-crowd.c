/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When analyzers have to say PAUSE since too much waits to be sent. Each has a mark of its own; and
 * all together have one, a quarter of what may wait, since many of them, each far below its own,
 * would pass the limit between them. Once that is passed, all are asked to pause, also those who
 * have brought nothing, as each could bring the next piece. From then on they get turns, first come
 * first served and a few at a time: if all might go on at once, the first ones would fill the room
 * again, always the same. */
#include "core/imp-error.h"
#include "rpc/client/imp-client-connection-state-private.h"

/* What an analyzer is expected to be fed in its turn. */
#define TURN_SIZE (256 * 1024)

void
imp_client_connection_update_pause (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  gboolean above = analyzer->awaits_turn || analyzer->pending_size > self->options.high_water;
  gboolean below = analyzer->pending_size <= self->options.high_water / 4;

  if (!above && (!below || analyzer->paused_here == 0))
    return;
  for (guint direction = 0; direction < 2; direction++)
    imp_remote_analyzer_set_paused (analyzer, direction, FALSE, above);
}

void
imp_client_connection_await_turn (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer)
{
  if (analyzer->awaits_turn)
    return;
  analyzer->awaits_turn = TRUE;
  if (self->turns == NULL)
    self->turns = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_array_append_val (self->turns, analyzer->id);
  imp_client_connection_update_pause (self, analyzer);
}

/* Those first who have had nothing of the room. Whoever is asked may do anything. */
static void
await_turns (ImpClientConnection *self)
{
  g_autoptr (GPtrArray) analyzers = imp_client_connection_list_analyzers (self);

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < analyzers->len; i++)
      {
        ImpRemoteAnalyzer *analyzer = analyzers->pdata[i];

        if (analyzer->peer == self && self->crowded && (pass == 1 || analyzer->pending_size == 0))
          imp_client_connection_await_turn (self, analyzer);
      }
}

/* The next one whose turn it is; some may be gone. */
static ImpRemoteAnalyzer *
take_turn (ImpClientConnection *self)
{
  while (self->turns != NULL && self->next_turn < self->turns->len)
    {
      gint64 id = g_array_index (self->turns, gint64, self->next_turn++);
      ImpRemoteAnalyzer *analyzer = imp_id_table_lookup (&self->analyzers, id);

      if (self->next_turn > self->turns->len / 2)
        {
          g_array_remove_range (self->turns, 0, self->next_turn);
          self->next_turn = 0;
        }
      if (analyzer != NULL && analyzer->awaits_turn)
        return analyzer;
    }
  self->crowded = FALSE;
  g_clear_pointer (&self->turns, g_array_unref);
  self->next_turn = 0;
  return NULL;
}

static void
give_turns (ImpClientConnection *self, gsize n)
{
  self->turn_given = TRUE;
  while (n-- > 0 && self->crowded)
    {
      ImpRemoteAnalyzer *analyzer = take_turn (self);

      if (analyzer == NULL)
        return;
      g_object_ref (analyzer);
      analyzer->awaits_turn = FALSE;
      imp_client_connection_update_pause (self, analyzer);
      g_object_unref (analyzer);
    }
}

void
imp_client_connection_update_crowd (ImpClientConnection *self)
{
  gsize high = self->options.max_queued_all / 4, low = high / 4;

  if (self->lost)
    return;
  if (self->pending_size > low)
    self->turn_given = FALSE;
  if (self->pending_size > high && !self->crowded)
    {
      self->crowded = TRUE;
      await_turns (self);
    }
  else if (self->crowded && self->pending_size == 0)
    give_turns (self, G_MAXSIZE);
  else if (self->crowded && self->pending_size <= low && !self->turn_given)
    give_turns (self, (high - low) / TURN_SIZE + 1);
}
