/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-state-private.h"

#include <string.h>

#include "core/imp-error.h"

/* PASS_PATTERN: what is held is unseen. Before a match it passes; from the match on all is fed
 * again. What may still become a match is held; the window has a copy of it, with the context that
 * the matcher wants, so that a search goes on where it stood. */

void
imp_flow_search_clear (ImpFlow *self)
{
  ImpSearch *search = g_steal_pointer (&self->search);

  if (search == NULL)
    return;
  imp_matcher_unref (search->matcher);
  g_byte_array_unref (search->window);
  g_free (search);
}

static void
flow_search_pass_unseen (ImpFlow *self, gint64 target)
{
  imp_flow_forward_held (self, target);
  self->verdict = MAX (self->verdict, self->settled);
}

static void
flow_search_finish (ImpFlow *self)
{
  imp_flow_search_clear (self);
  self->verdict = MAX (self->verdict, self->settled);
  self->refed = self->settled;
  self->gap = TRUE;
}

static void
flow_search_found (ImpFlow *self, gint64 position)
{
  /* A packet is fed whole; all before it has passed already. */
  if (imp_data_type_is_stream (self->search->data_type))
    flow_search_pass_unseen (self, position);
  position = self->settled;
  flow_search_finish (self);
  for (guint i = 0; i < self->held.n; i++)
    {
      ImpChunk *chunk = imp_held_get (&self->held, i);

      imp_flow_feed (self, imp_chunk_dup (chunk), position, chunk->data_type);
      position += chunk->length;
    }
}

/* Keeps what may belong to a match, and the context before it. */
static void
flow_search_keep_window (ImpSearch *search, const guint8 *data, gsize length, gsize from)
{
  gsize context = MIN (from, imp_matcher_get_context (search->matcher));
  gsize cut = from - context;

  if (data == search->window->data)
    g_byte_array_remove_range (search->window, 0, cut);
  else
    g_byte_array_append (search->window, data + cut, length - cut);
  search->start = search->start && cut == 0;
  search->context = context;
}

/* Nothing is found before @from. */
static void
flow_search_pass (ImpFlow *self, gint64 from)
{
  /* Part of a packet is none. */
  if (!self->search->is_busy || imp_data_type_is_stream (self->search->data_type))
    flow_search_pass_unseen (self, from);
}

/* Looks through the window and @data, which follows it. A search that takes long is left when its
 * slice is over: imp_flow_search_go_on() comes back to it. */
static gboolean
flow_search_examine (ImpFlow *self, const guint8 *data, gsize length, gboolean final,
                     GError **error)
{
  ImpSearch *search = self->search;
  ImpSearchRun run = { .position = search->context, .start = search->start };
  ImpMatchStatus status;
  gint64 origin;

  if (search->window->len > 0)
    {
      g_byte_array_append (search->window, data, length);
      data = search->window->data;
      length = search->window->len;
    }
  origin = search->end - (gint64) length;

  run.data = data;
  run.length = length;
  run.end = final ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN;
  run.effort = &self->effort;
  status = imp_matcher_find (search->matcher, &run, error);
  if (status == IMP_MATCH_FAILED)
    return FALSE;
  if (status == IMP_MATCH_FOUND)
    {
      flow_search_found (self, origin + (gint64) run.from);
      return TRUE;
    }
  search->is_busy = status == IMP_MATCH_BUSY;
  search->is_final = final;
  flow_search_pass (self, origin + (gint64) run.from);
  if (!final || search->is_busy)
    flow_search_keep_window (search, data, length, run.from);
  return TRUE;
}

/* What was searched so far has no continuation: a match lies in it now, or it passes. */
static gboolean
flow_search_end_run (ImpFlow *self, GError **error)
{
  return self->search->n_searched == 0 || flow_search_examine (self, NULL, 0, TRUE, error);
}

static void
flow_search_begin_run (ImpSearch *search, gint32 data_type)
{
  g_byte_array_set_size (search->window, 0);
  search->context = 0;
  search->start = TRUE;
  search->data_type = data_type;
}

static gboolean
flow_search_next (ImpFlow *self, GError **error)
{
  ImpSearch *search = self->search;
  gint32 data_type = imp_held_get (&self->held, search->n_searched)->data_type;
  gboolean is_stream = imp_data_type_is_stream (data_type);
  const guint8 *data;
  ImpChunk *chunk;

  /* Packets are searched one by one, and no match spans data of two types. */
  if (!is_stream || data_type != search->data_type)
    {
      if (!flow_search_end_run (self, error))
        return FALSE;
      if (self->search == NULL || search->is_busy)
        return TRUE;
      flow_search_begin_run (search, data_type);
    }

  chunk = imp_held_get (&self->held, search->n_searched);
  if (search->n_searched == 0)
    search->end = self->settled;
  search->n_searched++;
  search->end += chunk->length;
  data = (const guint8 *) g_bytes_get_data (chunk->bytes, NULL) + chunk->offset;
  return flow_search_examine (self, data, chunk->length, !is_stream, error);
}

gboolean
imp_flow_search_run (ImpFlow *self, GError **error)
{
  while (self->search != NULL && !self->search->is_busy && self->search->n_searched < self->held.n)
    if (!flow_search_next (self, error))
      return FALSE;
  return TRUE;
}

gboolean
imp_flow_search_end (ImpFlow *self, GError **error)
{
  if (self->search == NULL || self->search->is_busy)
    return TRUE;
  if (!flow_search_end_run (self, error))
    return FALSE;
  if (self->search != NULL && !self->search->is_busy)
    flow_search_finish (self);
  return TRUE;
}

/* Goes through all that is held, and the end if that has come. */
static gboolean
flow_search_advance (ImpFlow *self, GError **error)
{
  if (!imp_flow_search_run (self, error))
    return FALSE;
  if (self->end == END_UNKNOWN)
    return TRUE;
  if (!imp_flow_search_end (self, error))
    return FALSE;
  if (self->search == NULL)
    imp_flow_feed_end (self);
  return TRUE;
}

gboolean
imp_flow_search_go_on (ImpFlow *self, GError **error)
{
  self->search->is_busy = FALSE;
  return flow_search_examine (self, NULL, 0, self->search->is_final, error)
         && flow_search_advance (self, error);
}

/* To compile an expression is work that counts, or many could be asked for. */
static ImpMatcher *
flow_search_compile (ImpFlow *self, const char *regex, guint max_length, GError **error)
{
  gint64 time = imp_effort_begin (&self->effort);
  g_autoptr (ImpMatcher) matcher = NULL;

  if (strlen (regex) > IMP_FLOW_REGEX_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "The regular expression of a pass_pattern has %" G_GSIZE_FORMAT " bytes; the "
                   "limit is %d",
                   strlen (regex), IMP_FLOW_REGEX_MAX);
      return NULL;
    }
  matcher = imp_matcher_new_regex (regex, max_length, 0, 0, error);
  if (matcher == NULL || imp_effort_charge (&self->effort, &time, 0))
    return g_steal_pointer (&matcher);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT,
                       "The regular expressions of this connection take too much time");
  return NULL;
}

gboolean
imp_flow_search_begin (ImpFlow *self, const char *regex, guint max_length, GError **error)
{
  ImpMatcher *matcher = flow_search_compile (self, regex, max_length, error);

  if (matcher == NULL)
    return FALSE;

  self->search = g_new0 (ImpSearch, 1);
  self->search->matcher = matcher;
  self->search->window = g_byte_array_new ();
  return flow_search_advance (self, error);
}
