/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-turns-private.h"

#include "core/imp-source-private.h"

/* Turns per wake-up in which something is done. */
#define TURNS_MAX 8

struct _ImpServerTurns
{
  guint ref_count; /* of one thread */
  ImpServerTurnFunc take_turn;
  GMainContext *context; /* NULL before it is started and once it is stopped */
  GQueue waiting;
  GSource *source;
};

ImpServerTurns *
imp_server_turns_new (ImpServerTurnFunc take_turn)
{
  ImpServerTurns *self = g_new0 (ImpServerTurns, 1);

  self->ref_count = 1;
  self->take_turn = take_turn;
  return self;
}

void
imp_server_turns_unref (ImpServerTurns *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->waiting.length == 0);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

void
imp_server_turns_start (ImpServerTurns *self, GMainContext *context)
{
  g_assert (self->context == NULL);
  self->context = g_main_context_ref (context);
}

void
imp_server_turns_stop (ImpServerTurns *self)
{
  imp_source_clear (&self->source);
  g_clear_pointer (&self->context, g_main_context_unref);
}

void
imp_server_turns_join (ImpServerTurns *self, GList *node)
{
  g_queue_push_tail_link (&self->waiting, node);
}

void
imp_server_turns_leave (ImpServerTurns *self, GList *node)
{
  g_queue_unlink (&self->waiting, node);
}

static gboolean
server_turns_on_source (gpointer user_data)
{
  ImpServerTurns *self = user_data;
  guint done = 0;

  for (guint n = self->waiting.length; n > 0 && done < TURNS_MAX && self->waiting.length > 0; n--)
    {
      GList *node = g_queue_pop_head_link (&self->waiting);

      g_queue_push_tail_link (&self->waiting, node);
      done += self->take_turn (node->data);
    }
  if (done > 0 && self->source != NULL)
    return G_SOURCE_CONTINUE;
  imp_source_clear (&self->source);
  return G_SOURCE_REMOVE;
}

void
imp_server_turns_resume (ImpServerTurns *self)
{
  if (self->waiting.length == 0 || self->source != NULL || self->context == NULL)
    return;
  self->ref_count++;
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->source, "imp server turns");
  g_source_set_callback (self->source, server_turns_on_source, self,
                         (GDestroyNotify) imp_server_turns_unref);
  g_source_attach (self->source, self->context);
}
