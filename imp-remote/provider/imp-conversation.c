/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-conversation-private.h"

#include "core/imp-data-type-private.h"

static void
chunk_clear (gpointer data)
{
  ImpChunk *self = data;

  g_bytes_unref (self->data);
}

static inline gboolean
chunk_is_end (const ImpChunk *self)
{
  return g_bytes_get_size (self->data) == 0;
}

/* Whether the bytes of two chunks of one direction may as well come as one. */
static gboolean
chunk_can_join (const ImpChunk *self, const ImpChunk *next)
{
  return self->direction == next->direction && self->data_type == next->data_type
         && imp_data_type_is_streaming (self->data_type) && !chunk_is_end (self)
         && !chunk_is_end (next);
}

ImpConversation *
imp_conversation_new (void)
{
  ImpConversation *self = g_new0 (ImpConversation, 1);

  self->chunks = g_array_new (FALSE, FALSE, sizeof (ImpChunk));
  g_array_set_clear_func (self->chunks, chunk_clear);
  return self;
}

void
imp_conversation_free (ImpConversation *self)
{
  g_array_unref (self->chunks);
  g_free (self);
}

void
imp_conversation_add (ImpConversation *self, ImpDirection direction, GBytes *data, gint32 data_type)
{
  const ImpChunk chunk = { data, self->said[direction], data_type, direction };

  g_array_append_val (self->chunks, chunk);
  self->said[direction] += g_bytes_get_size (data);
}

/* Some of the bytes of @chunk. */
static void
conversation_add_piece (ImpConversation *self, const ImpChunk *chunk, gsize start, gsize length)
{
  const ImpChunk piece = { g_bytes_new_from_bytes (chunk->data, start, length),
                           chunk->origin + start, chunk->data_type, chunk->direction };

  g_array_append_val (self->chunks, piece);
}

/* Takes @data instead of the chunk's own. */
static void
conversation_add_like (ImpConversation *self, const ImpChunk *chunk, GBytes *data)
{
  const ImpChunk like = { data, chunk->origin, chunk->data_type, chunk->direction };

  g_array_append_val (self->chunks, like);
}

static void
conversation_add_chunk (ImpConversation *self, const ImpChunk *chunk)
{
  conversation_add_like (self, chunk, g_bytes_ref (chunk->data));
}

gsize
imp_conversation_get_size (const ImpConversation *self)
{
  gsize size = 0;

  for (guint i = 0; i < self->chunks->len; i++)
    size += g_bytes_get_size (imp_conversation_get (self, i)->data);
  return size;
}

static gsize
chunk_count_cuts (const ImpChunk *self)
{
  if (chunk_is_end (self) || !imp_data_type_is_streaming (self->data_type))
    return 0;
  return g_bytes_get_size (self->data) - 1;
}

gsize
imp_conversation_count_cuts (const ImpConversation *self)
{
  gsize n = 0;

  for (guint i = 0; i < self->chunks->len; i++)
    n += chunk_count_cuts (imp_conversation_get (self, i));
  return n;
}

static void
conversation_add_range (ImpConversation *self, const ImpConversation *other, guint start, guint end)
{
  for (guint i = start; i < end; i++)
    conversation_add_chunk (self, imp_conversation_get (other, i));
}

/* ---- orders ---- */

gboolean
imp_conversation_has_end (const ImpConversation *self, guint direction)
{
  for (guint i = 0; i < self->chunks->len; i++)
    {
      const ImpChunk *chunk = imp_conversation_get (self, i);

      if (chunk->direction == direction && chunk_is_end (chunk))
        return TRUE;
    }
  return FALSE;
}

/* The next chunk of @direction at or after @index that is no end. */
static guint
conversation_find (const ImpConversation *self, guint direction, guint index)
{
  while (index < self->chunks->len
         && (imp_conversation_get (self, index)->direction != direction
             || chunk_is_end (imp_conversation_get (self, index))))
    index++;
  return index;
}

static void
conversation_add_ends (ImpConversation *self, const ImpConversation *other)
{
  for (guint i = 0; i < other->chunks->len; i++)
    if (chunk_is_end (imp_conversation_get (other, i)))
      conversation_add_chunk (self, imp_conversation_get (other, i));
}

/* Whose turn it is, where both have something to say. */
static guint
order_choose (ImpOrder order, guint last, GRand *random)
{
  switch (order)
    {
    case IMP_ORDER_CLIENT_FIRST:
      return 0;
    case IMP_ORDER_SERVER_FIRST:
      return 1;
    case IMP_ORDER_RANDOM:
      return g_rand_int_range (random, 0, 2);
    case IMP_ORDER_TURNS:
    case IMP_ORDER_KEPT:
    default:
      return !last;
    }
}

/* Ends come last in any order but the given one: what an analyzer sends to a side cannot come
 * after the end of what is sent to it. */
ImpConversation *
imp_conversation_order (const ImpConversation *self, ImpOrder order, GRand *random)
{
  ImpConversation *ordered = imp_conversation_new ();
  guint at[2] = { conversation_find (self, 0, 0), conversation_find (self, 1, 0) };
  guint last = 1;

  if (order == IMP_ORDER_KEPT)
    {
      conversation_add_range (ordered, self, 0, self->chunks->len);
      return ordered;
    }
  while (at[0] < self->chunks->len || at[1] < self->chunks->len)
    {
      if (at[0] == self->chunks->len || at[1] == self->chunks->len)
        last = at[0] == self->chunks->len;
      else
        last = order_choose (order, last, random);
      conversation_add_chunk (ordered, imp_conversation_get (self, at[last]));
      at[last] = conversation_find (self, last, at[last] + 1);
    }
  conversation_add_ends (ordered, self);
  return ordered;
}

/* One chunk of all the streams that follow each other from @index on; this is moved behind them. */
static GBytes *
conversation_join_from (const ImpConversation *self, guint *index)
{
  const ImpChunk *first = imp_conversation_get (self, *index);
  GByteArray *joined = g_byte_array_new ();

  do
    {
      const ImpChunk *chunk = imp_conversation_get (self, *index);

      g_byte_array_append (joined, g_bytes_get_data (chunk->data, NULL),
                           g_bytes_get_size (chunk->data));
      *index += 1;
    }
  while (*index < self->chunks->len && chunk_can_join (first, imp_conversation_get (self, *index)));
  return g_byte_array_free_to_bytes (joined);
}

ImpConversation *
imp_conversation_join (const ImpConversation *self, ImpOrder order)
{
  g_autoptr (ImpConversation) ordered = imp_conversation_order (self, order, NULL);
  ImpConversation *joined = imp_conversation_new ();

  for (guint direction = 0; direction < 2; direction++)
    if (!imp_conversation_has_end (self, direction))
      imp_conversation_add (ordered, direction, g_bytes_new (NULL, 0), IMP_DATA_TYPE_STREAM);
  for (guint i = 0; i < ordered->chunks->len;)
    {
      const ImpChunk *first = imp_conversation_get (ordered, i);
      GBytes *data = conversation_join_from (ordered, &i);

      conversation_add_like (joined, first, data);
    }
  return joined;
}

/* Takes @joined. */
static void
conversation_add_cut (ImpConversation *self, const ImpChunk *first, GBytes *joined, gsize size)
{
  g_autoptr (GBytes) owned = joined;
  const ImpChunk whole = { owned, first->origin, first->data_type, first->direction };
  const gsize length = g_bytes_get_size (joined);
  gsize start = 0;

  if (size == 0 || !imp_data_type_is_streaming (first->data_type))
    size = length;
  do
    {
      const gsize n = MIN (size, length - start);

      conversation_add_piece (self, &whole, start, n);
      start += n;
    }
  while (start < length);
}

ImpConversation *
imp_conversation_rechunk (const ImpConversation *self, gsize size)
{
  ImpConversation *result = imp_conversation_new ();

  for (guint i = 0; i < self->chunks->len;)
    {
      const ImpChunk *first = imp_conversation_get (self, i);

      conversation_add_cut (result, first, conversation_join_from (self, &i), size);
    }
  return result;
}

/* ---- cuts ---- */

ImpConversation *
imp_conversation_cut (const ImpConversation *self, ImpCutFunc cut, gpointer user_data)
{
  ImpConversation *result = imp_conversation_new ();
  gsize index = 0;

  for (guint i = 0; i < self->chunks->len; i++)
    {
      const ImpChunk *chunk = imp_conversation_get (self, i);
      const gsize n_cuts = chunk_count_cuts (chunk);
      gsize start = 0;

      for (gsize end = 1; end <= n_cuts; end++)
        if (cut (index++, user_data))
          {
            conversation_add_piece (result, chunk, start, end - start);
            start = end;
          }
      conversation_add_piece (result, chunk, start, g_bytes_get_size (chunk->data) - start);
    }
  return result;
}

/* The first of @places behind @offset. */
static guint
conversation_find_place (const GArray *places, gint64 offset)
{
  guint low = 0, high = places->len;

  while (low < high)
    {
      const guint middle = low + (high - low) / 2;

      if (g_array_index (places, gint64, middle) <= offset)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
conversation_add_cut_at (ImpConversation *self, const ImpChunk *chunk, const GArray *places)
{
  const gsize n_cuts = chunk_count_cuts (chunk);
  gsize start = 0;

  for (guint i = conversation_find_place (places, chunk->origin); i < places->len; i++)
    {
      const gint64 at = g_array_index (places, gint64, i) - chunk->origin;

      if (at > (gint64) n_cuts)
        break;
      if (at > (gint64) start)
        conversation_add_piece (self, chunk, start, at - start);
      start = at;
    }
  conversation_add_piece (self, chunk, start, g_bytes_get_size (chunk->data) - start);
}

ImpConversation *
imp_conversation_cut_at (const ImpConversation *self, GArray *const places[2])
{
  ImpConversation *result = imp_conversation_new ();

  for (guint i = 0; i < self->chunks->len; i++)
    {
      const ImpChunk *chunk = imp_conversation_get (self, i);

      conversation_add_cut_at (result, chunk, places[chunk->direction]);
    }
  return result;
}

/* ---- smaller ones ---- */

ImpConversation *
imp_conversation_remove (const ImpConversation *self, guint index, guint n)
{
  g_autoptr (ImpConversation) result = imp_conversation_new ();

  for (guint i = 0; i < self->chunks->len; i++)
    {
      const ImpChunk *chunk = imp_conversation_get (self, i);

      if (i < index || i - index >= n || chunk_is_end (chunk))
        conversation_add_chunk (result, chunk);
    }
  return result->chunks->len < self->chunks->len ? g_steal_pointer (&result) : NULL;
}

static GBytes *
bytes_concatenate (GBytes *first, GBytes *second)
{
  GByteArray *joined = g_byte_array_new ();

  g_byte_array_append (joined, g_bytes_get_data (first, NULL), g_bytes_get_size (first));
  g_byte_array_append (joined, g_bytes_get_data (second, NULL), g_bytes_get_size (second));
  return g_byte_array_free_to_bytes (joined);
}

ImpConversation *
imp_conversation_merge (const ImpConversation *self, guint index)
{
  const ImpChunk *first, *second;
  ImpConversation *result;

  if (index + 1 >= self->chunks->len)
    return NULL;
  first = imp_conversation_get (self, index);
  second = first + 1;
  if (!chunk_can_join (first, second))
    return NULL;

  result = imp_conversation_new ();
  conversation_add_range (result, self, 0, index);
  conversation_add_like (result, first, bytes_concatenate (first->data, second->data));
  conversation_add_range (result, self, index + 2, self->chunks->len);
  return result;
}

ImpConversation *
imp_conversation_trim (const ImpConversation *self, guint index, gsize start, gsize end)
{
  const ImpChunk *chunk = imp_conversation_get (self, index);
  ImpConversation *result = imp_conversation_new ();
  const gsize left = g_bytes_get_size (chunk->data) - start - end;

  conversation_add_range (result, self, 0, index);
  conversation_add_piece (result, chunk, start, left);
  conversation_add_range (result, self, index + 1, self->chunks->len);
  return result;
}
