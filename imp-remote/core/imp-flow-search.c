/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-search-private.h"

/* What may still become a match is in doubt; the window has a copy of it, with the context that the
 * matcher wants, so that a search goes on where it stood. What is in doubt is held, unless it was
 * held for too long: then some of it, or all, has gone. */
struct _ImpFlowSearch
{
  ImpMatcher *matcher;
  GByteArray *window; /* context, then what is in doubt: the last of it are the bytes of the first
                       * @n_searched held chunks */
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

static gboolean
search_has_doubt (const ImpFlowSearch *self)
{
  return self->window->len > self->context;
}

static void
search_clear_window (ImpFlowSearch *self)
{
  g_byte_array_set_size (self->window, 0);
  self->context = 0;
}

/* Looks through the window and @data, which follows it. */
static ImpFlowSearchStep
search_examine (ImpFlowSearch *self, const guint8 *data, gsize length, gint64 begin,
                ImpMatchEnd end, ImpEffort *effort, gint64 *position, GError **error)
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
  run.end = end;
  status = imp_matcher_find (self->matcher, &run, error);
  if (status == IMP_MATCH_FAILED)
    return IMP_FLOW_SEARCH_FAILED;
  if (status == IMP_MATCH_FOUND)
    {
      *position = search_get_position (self, begin, origin, run.from);
      return IMP_FLOW_SEARCH_FOUND;
    }
  self->is_within = status == IMP_MATCH_BUSY;
  self->is_final = end == IMP_MATCH_END_FINAL;
  *position = self->is_within ? search_get_position (self, begin, origin, run.from)
                              : origin + (gint64) run.from;
  if (!self->is_final || self->is_within)
    search_keep_window (self, data, length, run.from);
  else
    search_clear_window (self);
  return IMP_FLOW_SEARCH_PASSED;
}

static void
search_begin_run (ImpFlowSearch *self, gint32 data_type)
{
  search_clear_window (self);
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
      if (search_has_doubt (self))
        return search_examine (self, NULL, 0, begin, IMP_MATCH_END_FINAL, effort, position, error);
      search_begin_run (self, chunk->data_type);
    }
  if (self->n_searched == 0)
    self->end = begin;
  self->n_searched++;
  self->end += chunk->length;
  return search_examine (self, imp_chunk_get_data (chunk), chunk->length, begin,
                         is_stream ? IMP_MATCH_END_OPEN : IMP_MATCH_END_FINAL, effort, position,
                         error);
}

static ImpFlowSearchStep
search_step (ImpFlowSearch *self, ImpHeld *held, gint64 begin, gboolean final, ImpEffort *effort,
             gint64 *position, GError **error)
{
  if (self->is_within)
    return search_examine (self, NULL, 0, begin,
                           self->is_final ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN, effort,
                           position, error);
  if (self->n_searched < imp_held_get_n (held))
    return search_continue (self, held, begin, effort, position, error);
  if (final && search_has_doubt (self))
    return search_examine (self, NULL, 0, begin, IMP_MATCH_END_FINAL, effort, position, error);
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

ImpFlowSearchStep
imp_flow_search_pause (ImpFlowSearch *self, gint64 begin, ImpEffort *effort, gint64 *position,
                       GError **error)
{
  g_assert (!self->is_busy);

  if (!search_has_doubt (self))
    return IMP_FLOW_SEARCH_IDLE;
  return search_examine (self, NULL, 0, begin, IMP_MATCH_END_PAUSE, effort, position, error);
}

GBytes *
imp_flow_search_copy_gone (const ImpFlowSearch *self, gint64 position, gint64 begin,
                           gint32 *data_type)
{
  gint64 origin = self->end - (gint64) self->window->len;

  g_assert (position >= origin && begin <= self->end);

  *data_type = self->data_type;
  return g_bytes_new (self->window->data + (position - origin), begin - position);
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
