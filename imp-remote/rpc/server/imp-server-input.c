/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-input-private.h"

#include "core/imp-data-type.h"
#include "io/imp-source-private.h"

/* Turns per wake-up in which something is fed. */
#define TURNS_MAX 8

struct _ImpServerInput
{
  guint ref_count; /* of one thread */
  gsize max_waiting;
  const ImpServerInputFuncs *funcs;
  gpointer user_data;
  GMainContext *context; /* NULL before it is started and once it is stopped */
  GQueue backlog;        /* of ImpServerInputEntry: with input that waits */
  GSource *resume;       /* gives them their turns */
};

ImpServerInput *
imp_server_input_new (gsize max_waiting, const ImpServerInputFuncs *funcs, gpointer user_data)
{
  ImpServerInput *self = g_new0 (ImpServerInput, 1);

  self->ref_count = 1;
  self->max_waiting = max_waiting;
  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

void
imp_server_input_unref (ImpServerInput *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->backlog.length == 0);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

void
imp_server_input_start (ImpServerInput *self, GMainContext *context)
{
  g_assert (self->context == NULL);
  self->context = g_main_context_ref (context);
}

void
imp_server_input_stop (ImpServerInput *self)
{
  imp_source_clear (&self->resume);
  g_clear_pointer (&self->context, g_main_context_unref);
}

static gboolean
server_input_is_backlogged (ImpServerInput *self, ImpServerInputEntry *entry,
                            ImpDirection direction)
{
  return imp_analyzer_get_waiting (entry->analyzer, direction) > self->max_waiting;
}

static gboolean
server_input_may_feed (ImpServerInput *self, ImpServerInputEntry *entry, ImpDirection direction)
{
  return entry->queues != NULL && !imp_input_queue_is_empty (&entry->queues[direction])
         && !server_input_is_backlogged (self, entry, direction)
         && self->funcs->may_feed (self->user_data);
}

void
imp_server_input_clear (ImpServerInput *self, ImpServerInputEntry *entry)
{
  ImpInputQueue *queues = g_steal_pointer (&entry->queues);

  if (queues == NULL)
    return;
  g_queue_unlink (&self->backlog, &entry->node);
  imp_input_queue_clear (&queues[0]);
  imp_input_queue_clear (&queues[1]);
  g_free (queues);
}

/* Messages are slices of a large read buffer, which smaller ones must not keep. */
static void
server_input_push (ImpServerInput *self, ImpServerInputEntry *entry, const ImpMessage *message)
{
  const ImpInput input = { message->data, message->offset, message->data_type, message->direction };

  if (entry->queues == NULL)
    {
      entry->queues = g_new (ImpInputQueue, 2);
      imp_input_queue_init (&entry->queues[0], IMP_INPUT_PIECE_SIZE);
      imp_input_queue_init (&entry->queues[1], IMP_INPUT_PIECE_SIZE);
      entry->node.data = entry;
      g_queue_push_tail_link (&self->backlog, &entry->node);
    }
  imp_input_queue_push (&entry->queues[message->direction], &input);
}

gboolean
imp_server_input_feed (ImpServerInput *self, ImpServerInputEntry *entry, ImpDirection direction)
{
  ImpInput input;

  if (!server_input_may_feed (self, entry, direction)
      || !imp_input_queue_take (&entry->queues[direction], IMP_INPUT_PIECE_SIZE, &input))
    return FALSE;
  imp_analyzer_feed (entry->analyzer, direction, input.data, input.offset, input.data_type);
  g_bytes_unref (input.data);
  /* Had it been ended meanwhile, there would be none. */
  if (entry->queues != NULL && imp_input_queue_is_empty (&entry->queues[0])
      && imp_input_queue_is_empty (&entry->queues[1]))
    imp_server_input_clear (self, entry);
  return TRUE;
}

/* Mostly nothing waits, and the message is small enough. */
void
imp_server_input_take (ImpServerInput *self, ImpServerInputEntry *entry, const ImpMessage *message)
{
  gsize size = g_bytes_get_size (message->data);
  ImpDirection direction = message->direction;

  if (entry->queues == NULL && !server_input_is_backlogged (self, entry, direction)
      && (size <= IMP_INPUT_PIECE_SIZE || !imp_data_type_is_stream (message->data_type)))
    {
      imp_analyzer_feed (entry->analyzer, direction, message->data, message->offset,
                         message->data_type);
      if (entry->queues != NULL)
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

static gboolean
server_input_on_resume (gpointer user_data)
{
  ImpServerInput *self = user_data;
  guint fed = 0;

  for (guint n = self->backlog.length; n > 0 && fed < TURNS_MAX && self->backlog.length > 0; n--)
    {
      GList *node = g_queue_pop_head_link (&self->backlog);

      g_queue_push_tail_link (&self->backlog, node);
      fed += self->funcs->take_turn (node->data);
    }
  if (fed > 0 && self->resume != NULL)
    return G_SOURCE_CONTINUE;
  imp_source_clear (&self->resume);
  return G_SOURCE_REMOVE;
}

void
imp_server_input_resume (ImpServerInput *self)
{
  if (self->backlog.length == 0 || self->resume != NULL || self->context == NULL)
    return;
  self->ref_count++;
  self->resume = g_idle_source_new ();
  g_source_set_priority (self->resume, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->resume, "imp server input");
  g_source_set_callback (self->resume, server_input_on_resume, self,
                         (GDestroyNotify) imp_server_input_unref);
  g_source_attach (self->resume, self->context);
}
