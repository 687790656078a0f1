/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-input-private.h"

#include "core/imp-data-type-private.h"
#include "core/imp-flow-private.h"
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
server_input_push (ImpServerInput *self, ImpServerInputEntry *entry, const ImpInput *input)
{
  if (entry->waiting == NULL)
    {
      entry->waiting = g_new0 (ImpServerInputWaiting, 1);
      imp_input_queue_init (&entry->waiting->queues[0], IMP_INPUT_PIECE_SIZE);
      imp_input_queue_init (&entry->waiting->queues[1], IMP_INPUT_PIECE_SIZE);
      entry->waiting->node.data = entry;
      imp_server_turns_join (self->turns, &entry->waiting->node);
    }
  imp_input_queue_push (&entry->waiting->queues[input->direction], input);
}

/* So much is fed in one go: more, where the analyzer has said that it can say nothing before. */
static gsize
server_input_get_piece (ImpServerInputEntry *entry, ImpDirection direction)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (entry->analyzer, direction);
  gint64 wanted = marks->extra != NULL ? marks->extra->wanted - marks->fed : 0;

  return CLAMP (wanted, IMP_INPUT_PIECE_SIZE, IMP_FLOW_GATHER_MAX);
}

gboolean
imp_server_input_feed (ImpServerInput *self, ImpServerInputEntry *entry, ImpDirection direction)
{
  ImpInput input;
  ImpView view;

  if (!server_input_may_feed (self, entry, direction)
      || !imp_input_queue_take (&entry->waiting->queues[direction],
                                server_input_get_piece (entry, direction), &input))
    return FALSE;
  view = imp_view_of_bytes (input.data);
  imp_analyzer_feed (entry->analyzer, direction, &view, input.offset, input.data_type);
  g_bytes_unref (input.data);
  /* Had it been ended meanwhile, there would be none. */
  if (entry->waiting != NULL && imp_input_queue_is_empty (&entry->waiting->queues[0])
      && imp_input_queue_is_empty (&entry->waiting->queues[1]))
    imp_server_input_clear (self, entry);
  return TRUE;
}

static void
server_input_take_later (ImpServerInput *self, ImpServerInputEntry *entry, ImpDirection direction,
                         const ImpView *data, gint64 offset, gint32 data_type)
{
  g_autoptr (GBytes) bytes = NULL;
  ImpInput input;

  if (imp_analyzer_is_closed (entry->analyzer))
    {
      imp_server_input_clear (self, entry);
      return;
    }
  bytes = imp_view_ref_bytes (data);
  input = (ImpInput){ bytes, offset, data_type, direction };
  server_input_push (self, entry, &input);
  for (gsize n = data->length / IMP_INPUT_PIECE_SIZE + 1;
       n > 0 && imp_server_input_feed (self, entry, direction); n--)
    ;
  imp_server_input_resume (self);
}

/* Mostly nothing waits, and the message is small enough. */
void
imp_server_input_take (ImpServerInput *self, ImpServerInputEntry *entry, ImpDirection direction,
                       const ImpView *data, gint64 offset, gint32 data_type)
{
  if (entry->waiting != NULL || server_input_is_backlogged (self, entry, direction)
      || (data->length > IMP_INPUT_PIECE_SIZE && imp_data_type_is_streaming (data_type)))
    {
      server_input_take_later (self, entry, direction, data, offset, data_type);
      return;
    }
  imp_analyzer_feed (entry->analyzer, direction, data, offset, data_type);
  if (entry->waiting != NULL)
    imp_server_input_resume (self);
}
