/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-state-private.h"

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
pass_unseen (ImpFlow *self, gint64 target)
{
  imp_flow_forward_held (self, target);
  self->verdict = MAX (self->verdict, self->settled);
}

static void
end_search (ImpFlow *self)
{
  imp_flow_search_clear (self);
  self->verdict = MAX (self->verdict, self->settled);
  self->refed = self->settled;
  self->gap = TRUE;
}

static void
found (ImpFlow *self, gint64 position)
{
  /* A packet is fed whole; all before it has passed already. */
  if (imp_data_type_is_stream (self->search->data_type))
    pass_unseen (self, position);
  position = self->settled;
  end_search (self);
  for (guint i = 0; i < self->held.n; i++)
    {
      ImpChunk *chunk = imp_held_get (&self->held, i);

      imp_flow_feed (self, imp_chunk_dup (chunk), position, chunk->data_type);
      position += chunk->length;
    }
}

/* Keeps what may belong to a match, and the context before it. */
static void
keep_window (ImpSearch *search, const guint8 *data, gsize length, gsize from)
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

/* Looks through the window and @data, which follows it. */
static gboolean
examine (ImpFlow *self, const guint8 *data, gsize length, gboolean final, GError **error)
{
  ImpSearch *search = self->search;
  gsize from = 0, to = 0;
  gint64 origin;

  if (search->window->len > 0)
    {
      g_byte_array_append (search->window, data, length);
      data = search->window->data;
      length = search->window->len;
    }
  origin = search->end - (gint64) length;

  switch (imp_matcher_find (search->matcher, data, length, search->context, search->start, final,
                            &from, &to, error))
    {
    case IMP_MATCH_FAILED:
      return FALSE;
    case IMP_MATCH_FOUND:
      found (self, origin + (gint64) from);
      return TRUE;
    case IMP_MATCH_NONE:
    case IMP_MATCH_MORE:
      break;
    }
  pass_unseen (self, origin + (gint64) from);
  if (!final)
    keep_window (search, data, length, from);
  return TRUE;
}

/* What was searched so far has no continuation: a match lies in it now, or it passes. */
static gboolean
end_run (ImpFlow *self, GError **error)
{
  return self->search->n_searched == 0 || examine (self, NULL, 0, TRUE, error);
}

static void
begin_run (ImpSearch *search, gint32 data_type)
{
  g_byte_array_set_size (search->window, 0);
  search->context = 0;
  search->start = TRUE;
  search->data_type = data_type;
}

static gboolean
search_next (ImpFlow *self, GError **error)
{
  ImpSearch *search = self->search;
  gint32 data_type = imp_held_get (&self->held, search->n_searched)->data_type;
  gboolean is_stream = imp_data_type_is_stream (data_type);
  const guint8 *data;
  ImpChunk *chunk;

  /* Packets are searched one by one, and no match spans data of two types. */
  if (!is_stream || data_type != search->data_type)
    {
      if (!end_run (self, error))
        return FALSE;
      if (self->search == NULL)
        return TRUE;
      begin_run (search, data_type);
    }

  chunk = imp_held_get (&self->held, search->n_searched);
  if (search->n_searched == 0)
    search->end = self->settled;
  search->n_searched++;
  search->end += chunk->length;
  data = (const guint8 *) g_bytes_get_data (chunk->bytes, NULL) + chunk->offset;
  return examine (self, data, chunk->length, !is_stream, error);
}

gboolean
imp_flow_search_run (ImpFlow *self, GError **error)
{
  while (self->search != NULL && self->search->n_searched < self->held.n)
    if (!search_next (self, error))
      return FALSE;
  return TRUE;
}

gboolean
imp_flow_search_end (ImpFlow *self, GError **error)
{
  if (!end_run (self, error))
    return FALSE;
  if (self->search != NULL)
    end_search (self);
  return TRUE;
}

gboolean
imp_flow_search_begin (ImpFlow *self, const char *regex, guint max_length, GError **error)
{
  g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (regex, max_length, error);

  if (matcher == NULL)
    return FALSE;

  self->search = g_new0 (ImpSearch, 1);
  self->search->matcher = g_steal_pointer (&matcher);
  self->search->window = g_byte_array_new ();
  if (!imp_flow_search_run (self, error))
    return FALSE;
  if (self->end == END_UNKNOWN)
    return TRUE;
  if (self->search != NULL && !imp_flow_search_end (self, error))
    return FALSE;
  imp_flow_feed_end (self);
  return TRUE;
}
