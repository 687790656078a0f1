/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-search-private.h"

/* What may still become a match is held; the window has a copy of it, with the context that the
 * matcher wants, so that a search goes on where it stood. */
struct _ImpFlowSearch
{
  ImpMatcher *matcher;
  GByteArray *window; /* context, then the bytes of the first @n_searched held chunks */
  gsize context;
  gboolean start; /* the window begins where its run of one data type begins */
  guint n_searched;
  gint64 end;         /* position of the end of these chunks */
  gint32 data_type;   /* theirs; 0 before the first */
  gboolean is_busy;   /* the time of a step is over */
  gboolean is_within; /* and that was in the middle of what the window has, */
  gboolean is_final;  /* behind which nothing comes */
};

ImpFlowSearch *
imp_flow_search_new (ImpMatcher *matcher)
{
  ImpFlowSearch *self = g_new0 (ImpFlowSearch, 1);

  self->matcher = imp_matcher_ref (matcher);
  self->window = g_byte_array_new ();
  return self;
}

void
imp_flow_search_free (ImpFlowSearch *self)
{
  imp_matcher_unref (self->matcher);
  g_byte_array_unref (self->window);
  g_free (self);
}

/* Keeps what may belong to a match, and the context before it. */
static void
search_keep_window (ImpFlowSearch *self, const guint8 *data, gsize length, gsize from)
{
  gsize context = MIN (from, imp_matcher_get_context (self->matcher));
  gsize cut = from - context;

  if (data == self->window->data)
    g_byte_array_remove_range (self->window, 0, cut);
  else
    g_byte_array_append (self->window, data + cut, length - cut);
  self->start = self->start && cut == 0;
  self->context = context;
}

/* Where @from in the window is. Part of a packet is none: it is passed, or fed, as a whole, and
 * stands at the @begin of what is held, since all before it has passed. */
static gint64
search_get_position (const ImpFlowSearch *self, gint64 begin, gint64 origin, gsize from)
{
  return imp_data_type_is_streaming (self->data_type) ? origin + (gint64) from : begin;
}

/* Looks through the window and @data, which follows it. */
static ImpFlowSearchStep
search_examine (ImpFlowSearch *self, const guint8 *data, gsize length, gint64 begin, gboolean final,
                ImpEffort *effort, gint64 *position, GError **error)
{
  ImpSearchRun run = { .position = self->context, .start = self->start, .effort = effort };
  ImpMatchStatus status;
  gint64 origin;

  if (self->window->len > 0)
    {
      g_byte_array_append (self->window, data, length);
      data = self->window->data;
      length = self->window->len;
    }
  origin = self->end - (gint64) length;

  run.data = data;
  run.length = length;
  run.end = final ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN;
  status = imp_matcher_find (self->matcher, &run, error);
  if (status == IMP_MATCH_FAILED)
    return IMP_FLOW_SEARCH_FAILED;
  if (status == IMP_MATCH_FOUND)
    {
      *position = search_get_position (self, begin, origin, run.from);
      return IMP_FLOW_SEARCH_FOUND;
    }
  self->is_within = status == IMP_MATCH_BUSY;
  self->is_final = final;
  *position = self->is_within ? search_get_position (self, begin, origin, run.from)
                              : origin + (gint64) run.from;
  if (!final || self->is_within)
    search_keep_window (self, data, length, run.from);
  return IMP_FLOW_SEARCH_PASSED;
}

static void
search_begin_run (ImpFlowSearch *self, gint32 data_type)
{
  g_byte_array_set_size (self->window, 0);
  self->context = 0;
  self->start = TRUE;
  self->data_type = data_type;
}

/* The next chunk that is held. Packets are searched one by one, and no match spans data of two
 * types: what was searched so far has no continuation then, and a match lies in it now, or it
 * passes. */
static ImpFlowSearchStep
search_continue (ImpFlowSearch *self, ImpHeld *held, gint64 begin, ImpEffort *effort,
                 gint64 *position, GError **error)
{
  ImpChunk *chunk = imp_held_get (held, self->n_searched);
  gboolean is_stream = imp_data_type_is_streaming (chunk->data_type);

  if (!is_stream || chunk->data_type != self->data_type)
    {
      if (self->n_searched > 0)
        return search_examine (self, NULL, 0, begin, TRUE, effort, position, error);
      search_begin_run (self, chunk->data_type);
    }
  if (self->n_searched == 0)
    self->end = begin;
  self->n_searched++;
  self->end += chunk->length;
  return search_examine (self, imp_chunk_get_data (chunk), chunk->length, begin, !is_stream, effort,
                         position, error);
}

static ImpFlowSearchStep
search_step (ImpFlowSearch *self, ImpHeld *held, gint64 begin, gboolean final, ImpEffort *effort,
             gint64 *position, GError **error)
{
  if (self->is_within)
    return search_examine (self, NULL, 0, begin, self->is_final, effort, position, error);
  if (self->n_searched < imp_held_get_n (held))
    return search_continue (self, held, begin, effort, position, error);
  if (final && self->n_searched > 0)
    return search_examine (self, NULL, 0, begin, TRUE, effort, position, error);
  return IMP_FLOW_SEARCH_IDLE;
}

ImpFlowSearchStep
imp_flow_search_step (ImpFlowSearch *self, ImpHeld *held, gint64 begin, gboolean final,
                      ImpEffort *effort, gint64 *position, GError **error)
{
  ImpFlowSearchStep step;

  g_assert (self->n_searched <= imp_held_get_n (held));

  step = search_step (self, held, begin, final, effort, position, error);
  self->is_busy = self->is_within
                  || (self->n_searched < imp_held_get_n (held)
                      && imp_effort_slice_is_over (effort));
  return step;
}

gboolean
imp_flow_search_is_busy (const ImpFlowSearch *self)
{
  return self->is_busy;
}

void
imp_flow_search_note_dropped (ImpFlowSearch *self)
{
  if (self->n_searched > 0)
    self->n_searched--;
}
