/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the analyzers of a connection are fed with, and when. Verdicts can take much more memory
 * than the input that they are about, so that while they cannot go out, input waits and not
 * verdicts: those of a busy direction, up to a mark, those that the client does not read, and those
 * of one large message, which is fed in pieces. Nothing of it changes what a plugin sees of a
 * direction, since streams have no borders and packets stay whole. */
#include "core/imp-data-type.h"
#include "rpc/server/imp-server-connection-state-private.h"

/* So many pieces are fed per wake-up. */
#define TURNS_MAX 8

static gboolean
is_dammed (ImpServerConnectionAnalyzer *entry, ImpDirection direction)
{
  const ImpServerConnectionOptions *options = &entry->connection->options;

  return imp_analyzer_get_waiting (entry->analyzer, direction)
         > MIN (options->max_waiting, options->max_held / 8);
}

static gboolean
may_feed (ImpServerConnectionAnalyzer *entry, ImpDirection direction)
{
  return !entry->removed && entry->unfed != NULL
         && !imp_input_queue_is_empty (&entry->unfed[direction]) && !is_dammed (entry, direction)
         && imp_link_may_queue (entry->connection->link);
}

void
imp_server_connection_input_clear (ImpServerConnectionAnalyzer *entry)
{
  ImpInputQueue *unfed = g_steal_pointer (&entry->unfed);

  if (unfed == NULL)
    return;
  g_queue_unlink (&entry->connection->dammed, &entry->dammed_node);
  imp_input_queue_clear (&unfed[0]);
  imp_input_queue_clear (&unfed[1]);
  g_free (unfed);
}

gsize
imp_server_connection_input_count (const ImpServerConnectionAnalyzer *entry)
{
  return imp_input_queue_get_size (&entry->unfed[0]) + imp_input_queue_get_size (&entry->unfed[1]);
}

/* Messages are slices of a large read buffer, which smaller ones must not keep. */
static void
analyzer_enqueue_input (ImpServerConnectionAnalyzer *entry, ImpMessage *message)
{
  ImpInput input = { message->data, message->offset, message->data_type, message->direction };

  if (entry->unfed == NULL)
    {
      entry->unfed = g_new (ImpInputQueue, 2);
      imp_input_queue_init (&entry->unfed[0], IMP_INPUT_PIECE_SIZE);
      imp_input_queue_init (&entry->unfed[1], IMP_INPUT_PIECE_SIZE);
      entry->dammed_node.data = entry;
      g_queue_push_tail_link (&entry->connection->dammed, &entry->dammed_node);
    }
  imp_input_queue_push (&entry->unfed[message->direction], &input);
}

static gboolean
feed_piece (ImpServerConnectionAnalyzer *entry, ImpDirection direction)
{
  ImpInput input;

  if (!may_feed (entry, direction)
      || !imp_input_queue_take (&entry->unfed[direction], IMP_INPUT_PIECE_SIZE, &input))
    return FALSE;
  imp_analyzer_feed (entry->analyzer, direction, input.data, input.offset, input.data_type);
  g_bytes_unref (input.data);
  if (entry->unfed != NULL && imp_input_queue_is_empty (&entry->unfed[0])
      && imp_input_queue_is_empty (&entry->unfed[1]))
    imp_server_connection_input_clear (entry);
  return TRUE;
}

/* Mostly nothing waits, and the message is small enough. */
void
imp_server_connection_input_take (ImpServerConnectionAnalyzer *entry, ImpMessage *message)
{
  gsize size = g_bytes_get_size (message->data);
  ImpDirection direction = message->direction;

  if (entry->unfed == NULL && !is_dammed (entry, direction)
      && (size <= IMP_INPUT_PIECE_SIZE || !imp_data_type_is_stream (message->data_type)))
    {
      imp_analyzer_feed (entry->analyzer, direction, message->data, message->offset,
                         message->data_type);
      if (entry->unfed != NULL)
        imp_server_connection_resume_input (entry->connection);
      return;
    }
  if (imp_analyzer_is_closed (entry->analyzer))
    {
      imp_server_connection_input_clear (entry);
      return;
    }

  analyzer_enqueue_input (entry, message);
  for (gsize n = size / IMP_INPUT_PIECE_SIZE + 1; n > 0 && feed_piece (entry, direction); n--)
    ;
  imp_server_connection_resume_input (entry->connection);
}

/* A plugin that is in a call already, and runs a loop there, is fed behind it. */
static gboolean
feed_in_turn (ImpServerConnectionAnalyzer *entry)
{
  gboolean fed = FALSE;

  if (entry->calls > 0)
    return FALSE;
  imp_server_connection_analyzer_enter (entry);
  for (guint direction = 0; direction < 2; direction++)
    fed |= feed_piece (entry, direction);
  if (fed)
    imp_server_connection_analyzer_check (entry);
  imp_server_connection_analyzer_leave (entry);
  return fed;
}

static gboolean
on_resume (gpointer user_data)
{
  ImpServerConnection *self = user_data;
  guint fed = 0;

  for (guint n = self->dammed.length; n > 0 && fed < TURNS_MAX && self->dammed.length > 0; n--)
    {
      GList *node = g_queue_pop_head_link (&self->dammed);

      g_queue_push_tail_link (&self->dammed, node);
      fed += feed_in_turn (node->data);
    }
  if (fed > 0 && self->funcs != NULL)
    return G_SOURCE_CONTINUE;
  imp_server_connection_stop_input (self);
  return G_SOURCE_REMOVE;
}

void
imp_server_connection_resume_input (ImpServerConnection *self)
{
  if (self->dammed.length == 0 || self->resume != NULL || self->funcs == NULL)
    return;
  self->resume = g_idle_source_new ();
  g_source_set_priority (self->resume, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->resume, "imp input that waited");
  g_source_set_callback (self->resume, on_resume, imp_server_connection_ref (self),
                         (GDestroyNotify) imp_server_connection_unref);
  g_source_attach (self->resume, self->context);
}

void
imp_server_connection_stop_input (ImpServerConnection *self)
{
  g_autoptr (GSource) resume = g_steal_pointer (&self->resume);

  if (resume != NULL)
    g_source_destroy (resume);
}
