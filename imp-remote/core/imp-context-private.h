/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

#include <string.h>

G_BEGIN_DECLS

/* Is that ASCII without NUL? Told eight bytes at a time, of which the last ones may be looked at
 * twice. */
static inline gboolean
imp_text_is_plain (const char *text, gsize length)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101), tops = ones << 7;
  guint32 first, last;
  guint64 word, bad = 0;

  if (length < 4)
    {
      for (gsize i = 0; i < length; i++)
        bad |= (guint8) (text[i] - 1) >= 0x7f;
      return bad == 0;
    }
  if (length < 8)
    {
      memcpy (&first, text, sizeof first);
      memcpy (&last, text + length - sizeof last, sizeof last);
      word = (guint64) first << 32 | last;
      return ((word | (word - ones)) & tops) == 0;
    }
  for (gsize position = 0; length - position > sizeof word; position += sizeof word)
    {
      memcpy (&word, text + position, sizeof word);
      bad |= word | (word - ones);
    }
  memcpy (&word, text + length - sizeof word, sizeof word);
  bad |= word | (word - ones);
  return (bad & tops) == 0;
}

/* Is that UTF-8 without NUL? */
static inline gboolean
imp_text_is_valid (const char *text, gsize length)
{
  return imp_text_is_plain (text, length) || g_utf8_validate_len (text, length, NULL);
}

/* The keys and values that describe one inspected connection, packed into one block: they come
 * with every new analyzer, and a hash table each would cost more than the analyzer itself.
 * Immutable and reference counted. The empty context is NULL, everywhere. */
typedef struct _ImpContext ImpContext;

ImpContext *imp_context_ref (ImpContext *self);
void imp_context_unref (ImpContext *self);

ImpContext *imp_context_from_table (GHashTable *table); /* utf8 -> utf8; NULL table is fine */
GHashTable *imp_context_to_table (ImpContext *self);    /* (transfer full), never NULL */

/* Keys that begin so say who a client is; clients cannot set them. */
#define IMP_CONTEXT_PEER_PREFIX "peer."

/* The same context with the pairs of @peer, and without its own ones about a peer. */
ImpContext *imp_context_with_peer (ImpContext *self, ImpContext *peer);

/* For decoders: append pairs, then finish. Text must be valid UTF-8 without NUL (len bytes).
 * The usual context is collected on the stack, so that its block is the only allocation. */
typedef struct
{
  char *block; /* small, or from the heap */
  gsize length, size;
  guint n_pairs;
  char small[512];
} ImpContextBuilder;

/* Strings of 255 bytes and more are marked by this instead of their length. */
#define IMP_CONTEXT_LONG 0xff

void imp_context_builder_init (ImpContextBuilder *builder);
void imp_context_builder_grow (ImpContextBuilder *builder, gsize length);
/* Bytes of all keys and values so far. */
gsize imp_context_builder_size (ImpContextBuilder *builder);
/* NULL where nothing was added. */
ImpContext *imp_context_builder_finish (ImpContextBuilder *builder);
void imp_context_builder_clear (ImpContextBuilder *builder);

guint imp_context_get_n_pairs (ImpContext *self);
gsize imp_context_get_size (ImpContext *self); /* bytes of all keys and values */
const char *imp_context_lookup (ImpContext *self, const char *key);
gboolean imp_context_equal (ImpContext *a, ImpContext *b);

typedef struct
{
  const char *key, *value; /* end with NUL */
  gsize key_length, value_length;
} ImpContextPair;

/* Walks all pairs in the order they were added: start with *position = 0. */
gboolean imp_context_next_pair (ImpContext *self, gsize *position, ImpContextPair *pair);

static inline gboolean
imp_context_next (ImpContext *self, gsize *position, const char **key, const char **value)
{
  ImpContextPair pair;

  if (!imp_context_next_pair (self, position, &pair))
    return FALSE;
  *key = pair.key;
  *value = pair.value;
  return TRUE;
}

/* Writes a text as the block has it, if it is short and ASCII without NUL, and gives where the next
 * one goes; NULL if it is something else. There is room for length + 2 bytes. It is copied and
 * looked at in one go; see imp_text_is_plain(). */
static inline char *
imp_context_put_plain (char *to, const char *text, gsize length)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101), tops = ones << 7;
  guint64 word, bad = 0;
  guint32 first, last;

  if (G_UNLIKELY (length >= IMP_CONTEXT_LONG))
    return NULL;
  *to++ = length;
  if (length >= sizeof word)
    {
      for (gsize position = 0; length - position > sizeof word; position += sizeof word)
        {
          memcpy (&word, text + position, sizeof word);
          memcpy (to + position, &word, sizeof word);
          bad |= word | (word - ones);
        }
      memcpy (&word, text + length - sizeof word, sizeof word);
      memcpy (to + length - sizeof word, &word, sizeof word);
      bad |= word | (word - ones);
    }
  else if (length >= sizeof first)
    {
      memcpy (&first, text, sizeof first);
      memcpy (&last, text + length - sizeof last, sizeof last);
      memcpy (to, &first, sizeof first);
      memcpy (to + length - sizeof last, &last, sizeof last);
      word = (guint64) first << 32 | last;
      bad = word | (word - ones);
    }
  else
    for (gsize i = 0; i < length; i++)
      {
        to[i] = text[i];
        bad |= (guint8) (text[i] - 1) >= 0x7f ? tops : 0;
      }
  to[length] = '\0';
  return (bad & tops) == 0 ? to + length + 1 : NULL;
}

/* For a decoder that writes the block where it stays: of at most @room bytes, with twice as many
 * texts as there are pairs (at least one), and then it says where it ends. */
ImpContext *imp_context_begin_block (guint n_pairs, gsize room, char **block);
void imp_context_end_block (ImpContext *self, const char *end);
/* All keys and values in the order in which they were added: for each its length, or
 * IMP_CONTEXT_LONG, its bytes and NUL. */
const char *imp_context_peek_block (ImpContext *self, gsize *length);

static inline void
imp_context_builder_add_text (ImpContextBuilder *builder, const char *text, gsize length)
{
  char *end = builder->block + builder->length;

  *end++ = MIN (length, IMP_CONTEXT_LONG);
  memcpy (end, text, length);
  end[length] = '\0';
  builder->length += length + 2;
}

static inline void
imp_context_builder_add (ImpContextBuilder *builder, const char *key, gsize key_length,
                         const char *value, gsize value_length)
{
  gsize room = builder->size - builder->length;

  /* Both lengths are of memory that exists, so that their sum is a number. */
  if (room < 4 || key_length + value_length > room - 4)
    imp_context_builder_grow (builder, key_length + value_length + 4);
  imp_context_builder_add_text (builder, key, key_length);
  imp_context_builder_add_text (builder, value, value_length);
  builder->n_pairs++;
}

/* The same for texts of which it is not known whether they are valid: FALSE, and nothing is added,
 * if they are not plain and short. */
static inline gboolean
imp_context_builder_add_plain (ImpContextBuilder *builder, const char *key, gsize key_length,
                               const char *value, gsize value_length)
{
  gsize room = builder->size - builder->length;
  char *p = builder->block + builder->length;

  if (room < 4 || key_length > room - 4 || value_length > room - 4 - key_length)
    return FALSE;
  p = imp_context_put_plain (p, key, key_length);
  if (p != NULL)
    p = imp_context_put_plain (p, value, value_length);
  if (p == NULL)
    return FALSE;
  builder->length = p - builder->block;
  builder->n_pairs++;
  return TRUE;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpContext, imp_context_unref)

G_END_DECLS
