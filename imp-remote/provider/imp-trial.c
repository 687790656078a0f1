/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trial-private.h"

#include "provider/imp-filter-object-private.h"

/* Bytes by which an analyzer may lengthen a direction, all of which are kept. */
#define MAX_GROWTH (G_GUINT64_CONSTANT (256) << 20)

/* Microseconds of silence in which an analyzer elsewhere may still say something. */
#define LAST_WORDS (250 * 1000)

struct _ImpTrial
{
  ImpConversation *conversation;
  ImpFilter *filter;
  ImpTrace *trace;
  guint fed; /* so many chunks */
  gboolean ended;
  gboolean has_ends; /* both directions end in the conversation */
  gint64 end;        /* see imp_trial_get_end(); 0: not known yet */
  gsize said;        /* so much was, then */
};

void
imp_trial_limit_filter (ImpFilter *filter)
{
  imp_filter_set_max_held (filter, G_MAXINT64);
  g_object_set (filter, "max-growth", MAX_GROWTH, NULL);
}

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
  self->has_ends = imp_conversation_has_end (self->conversation, 0)
                   && imp_conversation_has_end (self->conversation, 1);
  self->filter = imp_filter_new (analyzer);
  imp_trial_limit_filter (self->filter);
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
  g_clear_pointer (&self->trace, imp_trace_free);
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
imp_trial_can_feed (const ImpTrial *self)
{
  return self->fed < imp_conversation_get_length (self->conversation)
         && self->filter->state == STATE_OPEN
         && !imp_filter_is_paused (self->filter,
                                   imp_conversation_get (self->conversation, self->fed)->direction);
}

/* Of a conversation that has no end, nothing says that it is over but that nothing is open. */
static gboolean
trial_is_settled (const ImpTrial *self)
{
  return !self->has_ends && self->fed == imp_conversation_get_length (self->conversation)
         && imp_filter_get_held (self->filter, 0) == 0
         && imp_filter_get_held (self->filter, 1) == 0;
}

gboolean
imp_trial_is_over (const ImpTrial *self)
{
  return self->filter->state != STATE_OPEN || (self->filter->ended[0] && self->filter->ended[1])
         || trial_is_settled (self);
}

static gboolean
trial_may_say_more (const ImpTrial *self)
{
  return self->filter->state == STATE_OPEN && imp_trace_has_prepassed (self->trace)
         && IMP_ANALYZER_GET_CLASS (self->filter->analyzer)->proxy != NULL;
}

gint64
imp_trial_get_end (ImpTrial *self, gint64 now)
{
  const gsize said = imp_trace_count_said (self->trace);

  if (!imp_trial_is_over (self))
    return -1;
  if (!trial_may_say_more (self))
    return now;
  if (self->end == 0 || said != self->said)
    self->end = now + LAST_WORDS;
  self->said = said;
  return self->end;
}

const ImpTrace *
imp_trial_end (ImpTrial *self)
{
  if (!self->ended)
    imp_trace_end (self->trace, self->filter);
  self->ended = TRUE;
  return self->trace;
}

ImpTrace *
imp_trial_finish (ImpTrial *self)
{
  ImpTrace *trace;

  imp_trial_end (self);
  trace = g_steal_pointer (&self->trace);
  imp_filter_observe (self->filter, 0, NULL, NULL);
  imp_trial_free (self);
  return trace;
}
