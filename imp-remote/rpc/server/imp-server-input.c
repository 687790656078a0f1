/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-input-private.h"

#include "core/imp-data-type.h"
#include "rpc/server/imp-server-turns-private.h"

struct _ImpServerInput
{
  gsize max_waiting;
  const ImpServerInputFuncs *funcs;
  gpointer user_data;
  ImpServerTurns *turns; /* of those with input that waits */
};

ImpServerInput *
imp_server_input_new (gsize max_waiting, const ImpServerInputFuncs *funcs, gpointer user_data)
{
  ImpServerInput *self = g_new0 (ImpServerInput, 1);

  self->max_waiting = max_waiting;
  self->funcs = funcs;
  self->user_data = user_data;
  self->turns = imp_server_turns_new ((ImpServerTurnFunc) funcs->take_turn);
  return self;
}

void
imp_server_input_free (ImpServerInput *self)
{
  imp_server_turns_unref (self->turns);
  g_free (self);
}

void
imp_server_input_start (ImpServerInput *self, GMainContext *context)
{
  imp_server_turns_start (self->turns, context);
}

void
imp_server_input_stop (ImpServerInput *self)
{
  imp_server_turns_stop (self->turns);
}

void
imp_server_input_resume (ImpServerInput *self)
{
  imp_server_turns_resume (self->turns);
}

static gboolean
server_input_is_backlogged (ImpServerInput *self, ImpServerInputEntry *entry,
                            ImpDirection direction)
{
  return entry->blocked
         || imp_analyzer_get_waiting (entry->analyzer, direction) > self->max_waiting;
}

static gboolean
server_input_may_feed (ImpServerInput *self, ImpServerInputEntry *entry, ImpDirection direction)
{
  return entry->waiting != NULL && !imp_input_queue_is_empty (&entry->waiting->queues[direction])
         && !server_input_is_backlogged (self, entry, direction)
         && self->funcs->may_feed (self->user_data);
}

void
imp_server_input_clear (ImpServerInput *self, ImpServerInputEntry *entry)
{
  ImpServerInputWaiting *waiting = g_steal_pointer (&entry->waiting);

  if (waiting == NULL)
    return;
  imp_server_turns_leave (self->turns, &waiting->node);
  imp_input_queue_clear (&waiting->queues[0]);
  imp_input_queue_clear (&waiting->queues[1]);
  g_free (waiting);
}

/* Messages are slices of a large read buffer, which smaller ones must not keep. */
static void
server_input_push (ImpServerInput *self, ImpServerInputEntry *entry, const ImpMessage *message)
{
  const ImpInput input = { message->data, message->offset, message->data_type, message->direction };

  if (entry->waiting == NULL)
    {
      entry->waiting = g_new0 (ImpServerInputWaiting, 1);
      imp_input_queue_init (&entry->waiting->queues[0], IMP_INPUT_PIECE_SIZE);
      imp_input_queue_init (&entry->waiting->queues[1], IMP_INPUT_PIECE_SIZE);
      entry->waiting->node.data = entry;
      imp_server_turns_join (self->turns, &entry->waiting->node);
    }
  imp_input_queue_push (&entry->waiting->queues[message->direction], &input);
}

gboolean
imp_server_input_feed (ImpServerInput *self, ImpServerInputEntry *entry, ImpDirection direction)
{
  ImpInput input;

  if (!server_input_may_feed (self, entry, direction)
      || !imp_input_queue_take (&entry->waiting->queues[direction], IMP_INPUT_PIECE_SIZE, &input))
    return FALSE;
  imp_analyzer_feed (entry->analyzer, direction, input.data, input.offset, input.data_type);
  g_bytes_unref (input.data);
  /* Had it been ended meanwhile, there would be none. */
  if (entry->waiting != NULL && imp_input_queue_is_empty (&entry->waiting->queues[0])
      && imp_input_queue_is_empty (&entry->waiting->queues[1]))
    imp_server_input_clear (self, entry);
  return TRUE;
}

/* Mostly nothing waits, and the message is small enough. */
void
imp_server_input_take (ImpServerInput *self, ImpServerInputEntry *entry, const ImpMessage *message)
{
  gsize size = g_bytes_get_size (message->data);
  ImpDirection direction = message->direction;

  if (entry->waiting == NULL && !server_input_is_backlogged (self, entry, direction)
      && (size <= IMP_INPUT_PIECE_SIZE || !imp_data_type_is_stream (message->data_type)))
    {
      imp_analyzer_feed (entry->analyzer, direction, message->data, message->offset,
                         message->data_type);
      if (entry->waiting != NULL)
        imp_server_input_resume (self);
      return;
    }
  if (imp_analyzer_is_closed (entry->analyzer))
    {
      imp_server_input_clear (self, entry);
      return;
    }

  server_input_push (self, entry, message);
  for (gsize n = size / IMP_INPUT_PIECE_SIZE + 1;
       n > 0 && imp_server_input_feed (self, entry, direction); n--)
    ;
  imp_server_input_resume (self);
}
