/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trial-private.h"

#include "provider/imp-filter-object-private.h"

struct _ImpTrial
{
  ImpConversation *conversation;
  ImpFilter *filter;
  ImpTrace *trace;
  guint fed; /* so many chunks */
  gboolean ended;
};

ImpTrial *
imp_trial_new (ImpFactory *factory, GHashTable *context, ImpConversation *conversation,
               GError **error)
{
  g_autoptr (ImpConversation) owned = conversation;
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, context, error);
  ImpTrial *self;

  if (analyzer == NULL)
    return NULL;
  self = g_new0 (ImpTrial, 1);
  self->conversation = g_steal_pointer (&owned);
  self->filter = imp_filter_new (analyzer);
  self->trace = imp_trace_new (self->filter);
  return self;
}

void
imp_trial_free (ImpTrial *self)
{
  /* It may still be known elsewhere: nothing of it may reach the trace. */
  imp_filter_observe (self->filter, 0, NULL, NULL);
  imp_filter_close (self->filter);
  g_object_unref (self->filter);
  imp_trace_free (self->trace);
  imp_conversation_free (self->conversation);
  g_free (self);
}

const ImpConversation *
imp_trial_get_conversation (const ImpTrial *self)
{
  return self->conversation;
}

gboolean
imp_trial_feed (ImpTrial *self)
{
  const ImpChunk *chunk;

  if (self->fed == imp_conversation_get_length (self->conversation)
      || self->filter->state != STATE_OPEN)
    return FALSE;
  chunk = imp_conversation_get (self->conversation, self->fed++);
  /* Why it is refused is in the filter. */
  return imp_filter_push (self->filter, chunk->direction, chunk->data, chunk->data_type, NULL);
}

gboolean
imp_trial_is_over (const ImpTrial *self)
{
  return self->filter->state != STATE_OPEN || (self->filter->ended[0] && self->filter->ended[1]);
}

const ImpTrace *
imp_trial_end (ImpTrial *self)
{
  if (!self->ended)
    imp_trace_end (self->trace, self->filter);
  self->ended = TRUE;
  return self->trace;
}
