/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-context-private.h"

#include <string.h>

/* The block holds, for each key and each value, its length in one byte (or IMP_CONTEXT_LONG), its
 * bytes, and NUL. */
struct _ImpContext
{
  gatomicrefcount ref_count;
  guint n_pairs;
  gsize size;
  char block[];
};

ImpContext *
imp_context_ref (ImpContext *self)
{
  if (self != NULL)
    g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
imp_context_unref (ImpContext *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

void
imp_context_builder_init (ImpContextBuilder *builder)
{
  builder->block = builder->small;
  builder->length = 0;
  builder->size = sizeof builder->small;
  builder->n_pairs = 0;
}

void
imp_context_builder_grow (ImpContextBuilder *builder, gsize length)
{
  gsize needed;

  if (!g_size_checked_add (&needed, builder->length, length) || needed > G_MAXSIZE / 2)
    g_error ("A context of more than %" G_GSIZE_FORMAT " bytes", builder->length);
  builder->size = needed * 2;
  if (builder->block != builder->small)
    {
      builder->block = g_realloc (builder->block, builder->size);
      return;
    }
  builder->block = g_malloc (builder->size);
  memcpy (builder->block, builder->small, builder->length);
}

gsize
imp_context_builder_size (ImpContextBuilder *builder)
{
  return builder->length - 4 * builder->n_pairs;
}

ImpContext *
imp_context_begin_block (guint n_pairs, gsize room, char **block)
{
  ImpContext *self = g_malloc (sizeof (ImpContext) + room);

  g_atomic_ref_count_init (&self->ref_count);
  self->n_pairs = n_pairs;
  self->size = 0;
  *block = self->block;
  return self;
}

void
imp_context_end_block (ImpContext *self, const char *end)
{
  self->size = end - self->block;
}

const char *
imp_context_peek_block (ImpContext *self, gsize *length)
{
  *length = self != NULL ? self->size : 0;
  return self != NULL ? self->block : NULL;
}

ImpContext *
imp_context_builder_finish (ImpContextBuilder *builder)
{
  ImpContext *self;
  char *block;

  if (builder->n_pairs == 0)
    return NULL;

  self = imp_context_begin_block (builder->n_pairs, builder->length, &block);
  memcpy (block, builder->block, builder->length);
  imp_context_end_block (self, block + builder->length);
  imp_context_builder_clear (builder);
  return self;
}

void
imp_context_builder_clear (ImpContextBuilder *builder)
{
  if (builder->block != builder->small)
    g_free (builder->block);
  imp_context_builder_init (builder);
}

/* Wire formats carry UTF-8: what a careless caller gives becomes readable here, once. */
static void
context_add_valid (ImpContextBuilder *builder, const char *key, gsize key_length, const char *value,
                   gsize value_length)
{
  g_autofree char *valid_key = NULL;
  g_autofree char *valid_value = NULL;

  if (!imp_text_is_valid (key, key_length))
    {
      key = valid_key = g_utf8_make_valid (key, key_length);
      key_length = strlen (key);
    }
  if (!imp_text_is_valid (value, value_length))
    {
      value = valid_value = g_utf8_make_valid (value, value_length);
      value_length = strlen (value);
    }
  imp_context_builder_add (builder, key, key_length, value, value_length);
}

static void
context_add_pair (gpointer key, gpointer value, gpointer builder)
{
  const char *text = value != NULL ? value : "";
  gsize key_length = strlen (key), length = strlen (text);

  if (G_UNLIKELY (!imp_context_builder_add_plain (builder, key, key_length, text, length)))
    context_add_valid (builder, key, key_length, text, length);
}

ImpContext *
imp_context_from_table (GHashTable *table)
{
  ImpContextBuilder builder;

  if (table == NULL)
    return NULL;

  imp_context_builder_init (&builder);
  g_hash_table_foreach (table, context_add_pair, &builder);
  return imp_context_builder_finish (&builder);
}

GHashTable *
imp_context_to_table (ImpContext *self)
{
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gsize position = 0;
  const char *key, *value;

  while (imp_context_next (self, &position, &key, &value))
    g_hash_table_insert (table, g_strdup (key), g_strdup (value));
  return table;
}

guint
imp_context_get_n_pairs (ImpContext *self)
{
  return self == NULL ? 0 : self->n_pairs;
}

gsize
imp_context_get_size (ImpContext *self)
{
  return self == NULL ? 0 : self->size - 4 * self->n_pairs;
}

static inline const char *
context_read_text (const ImpContext *self, gsize *position, gsize *length)
{
  guint8 head = self->block[*position];
  const char *text = self->block + *position + 1;

  *length = head != IMP_CONTEXT_LONG ? head : strlen (text);
  *position += *length + 2;
  return text;
}

gboolean
imp_context_next_pair (ImpContext *self, gsize *position, ImpContextPair *pair)
{
  if (self == NULL || *position >= self->size)
    return FALSE;

  pair->key = context_read_text (self, position, &pair->key_length);
  pair->value = context_read_text (self, position, &pair->value_length);
  return TRUE;
}

static gboolean
context_pair_is_of_peer (const ImpContextPair *pair)
{
  const gsize length = sizeof IMP_CONTEXT_PEER_PREFIX - 1;

  return pair->key_length >= length && memcmp (pair->key, IMP_CONTEXT_PEER_PREFIX, length) == 0;
}

/* What a client says about a peer is false, and seldom said. */
static ImpContext *
context_drop_peer (ImpContext *self)
{
  ImpContextBuilder builder;
  ImpContextPair pair;
  gsize position = 0;

  imp_context_builder_init (&builder);
  while (imp_context_next_pair (self, &position, &pair))
    if (!context_pair_is_of_peer (&pair))
      imp_context_builder_add (&builder, pair.key, pair.key_length, pair.value, pair.value_length);
  return imp_context_builder_finish (&builder);
}

static gboolean
context_has_peer (ImpContext *self)
{
  ImpContextPair pair;
  gsize position = 0;

  while (imp_context_next_pair (self, &position, &pair))
    if (G_UNLIKELY (context_pair_is_of_peer (&pair)))
      return TRUE;
  return FALSE;
}

ImpContext *
imp_context_with_peer (ImpContext *self, ImpContext *peer)
{
  g_autoptr (ImpContext) own = NULL;
  ImpContext *both;
  char *block;

  own = G_UNLIKELY (context_has_peer (self)) ? context_drop_peer (self) : imp_context_ref (self);
  if (peer == NULL)
    return g_steal_pointer (&own);
  if (own == NULL)
    return imp_context_ref (peer);
  both = imp_context_begin_block (own->n_pairs + peer->n_pairs, own->size + peer->size, &block);
  memcpy (block, own->block, own->size);
  memcpy (block + own->size, peer->block, peer->size);
  imp_context_end_block (both, block + own->size + peer->size);
  return both;
}

const char *
imp_context_lookup (ImpContext *self, const char *key)
{
  gsize position = 0;
  const char *found, *value, *last = NULL;

  /* The last one of several wins, as in the hash table that scripts see. */
  while (imp_context_next (self, &position, &found, &value))
    if (g_str_equal (found, key))
      last = value;
  return last;
}

/* Is every pair of @a that counts, which is the last of its key, in @b too? */
static gboolean
context_is_within (ImpContext *a, ImpContext *b)
{
  gsize position = 0;
  const char *key, *value;

  while (imp_context_next (a, &position, &key, &value))
    if (g_strcmp0 (imp_context_lookup (a, key), imp_context_lookup (b, key)) != 0)
      return FALSE;
  return TRUE;
}

gboolean
imp_context_equal (ImpContext *a, ImpContext *b)
{
  return context_is_within (a, b) && context_is_within (b, a);
}
