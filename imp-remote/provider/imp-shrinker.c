/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-shrinker-private.h"

/* Takes @candidate, which may be NULL, instead of the conversation if it will do. */
static gboolean
shrinker_replace (ImpShrinker *self, ImpConversation *candidate)
{
  g_autoptr (ImpConversation) owned = candidate;
  char *text;

  if (candidate == NULL || self->n_left == 0)
    return FALSE;
  self->n_left--;
  text = self->refute (candidate, self->user_data);
  if (text == NULL)
    return FALSE;
  g_free (self->difference);
  self->difference = text;
  imp_conversation_free (self->conversation);
  self->conversation = g_steal_pointer (&owned);
  return TRUE;
}

/* Without some of its chunks: half of them, then a quarter, and so on. */
static gboolean
shrinker_remove_chunks (ImpShrinker *self)
{
  gboolean smaller = FALSE;

  for (guint n = imp_conversation_get_length (self->conversation); n > 0; n /= 2)
    for (guint at = 0; at < imp_conversation_get_length (self->conversation);)
      if (shrinker_replace (self, imp_conversation_remove (self->conversation, at, n)))
        smaller = TRUE;
      else
        at += n;
  return smaller;
}

/* Two that belong together. */
static gboolean
shrinker_remove_pairs (ImpShrinker *self)
{
  gboolean smaller = FALSE;

  for (guint at = 0; at + 1 < imp_conversation_get_length (self->conversation);)
    if (shrinker_replace (self, imp_conversation_remove (self->conversation, at, 2)))
      smaller = TRUE;
    else
      at++;
  return smaller;
}

static gboolean
shrinker_trim_chunk (ImpShrinker *self, guint at)
{
  gboolean smaller = FALSE;
  gsize n = g_bytes_get_size (imp_conversation_get (self->conversation, at)->data) / 2;

  while (n > 0)
    {
      const ImpChunk *chunk = imp_conversation_get (self->conversation, at);

      if (n < g_bytes_get_size (chunk->data)
          && (shrinker_replace (self, imp_conversation_trim (self->conversation, at, n, 0))
              || shrinker_replace (self, imp_conversation_trim (self->conversation, at, 0, n))))
        smaller = TRUE;
      else
        n /= 2;
    }
  return smaller;
}

static gboolean
shrinker_merge_chunks (ImpShrinker *self)
{
  gboolean smaller = FALSE;

  for (guint at = 0; at < imp_conversation_get_length (self->conversation);)
    if (shrinker_replace (self, imp_conversation_merge (self->conversation, at)))
      smaller = TRUE;
    else
      at++;
  return smaller;
}

void
imp_shrinker_run (ImpShrinker *self)
{
  gboolean smaller;

  do
    {
      smaller = shrinker_remove_chunks (self);
      if (self->whole_chunks)
        {
          smaller |= shrinker_remove_pairs (self);
          continue;
        }
      for (guint at = 0; at < imp_conversation_get_length (self->conversation); at++)
        smaller |= shrinker_trim_chunk (self, at);
      smaller |= shrinker_merge_chunks (self);
    }
  while (smaller && self->n_left > 0);
}
