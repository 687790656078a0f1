/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-shelf-private.h"

#include "core/imp-data-type.h"
#include "core/imp-result-private.h"

#include <string.h>

/* Data from this size on is kept by reference. Less is copied: a slice of a large read buffer would
 * keep all of it. */
#define REFERENCE_FROM IMP_SHELF_PIECE_SIZE
#define BLOCK_MIN 64
#define BLOCK_MAX (16 * 1024)
/* What an object takes beside its texts: itself, and what the allocator needs. */
#define OBJECT_SIZE 96
/* The byte in front, and two numbers. */
#define HEAD_MAX (1 + 2 * 10)

/* A record: a byte for kind and direction, one or two numbers, perhaps data. */
typedef enum
{
  KIND_PASS,          /* step */
  KIND_PREPASS,       /* step */
  KIND_REPLACE,       /* step, length, data */
  KIND_REPLACE_LATER, /* step, length of the promise */
  KIND_TO_SENDER,     /* length, data */
  KIND_OBJECT,        /* a pointer to the result */
  KIND_INPUT,         /* offset, data type, length, data */
  KIND_INPUT_OBJECT,  /* offset, data type, a pointer to the GBytes */
} Kind;

typedef struct _ImpShelfBlock Block;

struct _ImpShelfBlock
{
  Block *next;
  gsize begin, end, capacity;
  guint8 data[];
};

typedef struct
{
  guint8 bytes[HEAD_MAX + 10];
  gsize length;
} Head;

/* --- writing --- */

static void
head_begin (Head *head, Kind kind, guint direction)
{
  head->bytes[0] = kind << 1 | direction;
  head->length = 1;
}

static void
head_add (Head *head, guint64 number)
{
  for (; number >= 0x80; number >>= 7)
    head->bytes[head->length++] = (number & 0x7f) | 0x80;
  head->bytes[head->length++] = number;
}

/* Small numbers of either sign are short. */
static void
head_add_signed (Head *head, gint64 number)
{
  guint64 bits = number;

  head_add (head, number < 0 ? ~(bits << 1) : bits << 1);
}

static void
head_add_step (Head *head, ImpShelf *self, gint64 offset)
{
  head_add_signed (head, (guint64) offset - (guint64) self->put);
  self->put = offset;
}

static guint8 *
reserve (ImpShelf *self, gsize length)
{
  Block *last = self->last;
  guint8 *place;

  if (last == NULL || length > last->capacity - last->end)
    {
      gsize usual = last == NULL ? BLOCK_MIN : MIN (2 * last->capacity, BLOCK_MAX);
      gsize capacity = MAX (usual, length);
      Block *block = g_malloc (sizeof (Block) + capacity);

      *block = (Block){ .capacity = capacity };
      if (last == NULL)
        self->first = block;
      else
        last->next = block;
      self->last = last = block;
    }
  place = last->data + last->end;
  last->end += length;
  self->size += length;
  return place;
}

static void
put (ImpShelf *self, const Head *head, gconstpointer data, gsize length)
{
  guint8 *place = reserve (self, head->length + length);

  memcpy (place, head->bytes, head->length);
  if (length > 0)
    memcpy (place + head->length, data, length);
}

static void
put_bytes (ImpShelf *self, Head *head, GBytes *bytes)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);

  head_add (head, length);
  put (self, head, data, length);
}

static gsize
text_size (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

static gsize
get_object_size (const ImpResult *result)
{
  gsize size = OBJECT_SIZE + text_size (result->text) + text_size (result->value);
  GHashTableIter iter;
  gpointer key, value;

  if (result->data != NULL)
    size += g_bytes_get_size (result->data);
  if (result->details == NULL)
    return size;
  g_hash_table_iter_init (&iter, result->details);
  while (g_hash_table_iter_next (&iter, &key, &value))
    size += OBJECT_SIZE + strlen (key) + strlen (value);
  return size;
}

static gboolean
is_small (const ImpResult *result)
{
  return g_bytes_get_size (result->data) < REFERENCE_FROM;
}

/* FALSE if it is kept as the object that it is. */
static gboolean
put_as_record (ImpShelf *self, const ImpResult *result)
{
  Head head;

  if (result->type == IMP_RESULT_PASS || result->type == IMP_RESULT_PREPASS)
    {
      head_begin (&head, result->type == IMP_RESULT_PASS ? KIND_PASS : KIND_PREPASS,
                  result->direction);
      head_add_step (&head, self, result->offset);
      put (self, &head, NULL, 0);
    }
  else if (result->type == IMP_RESULT_REPLACE && is_small (result))
    {
      head_begin (&head, KIND_REPLACE, result->direction);
      head_add_step (&head, self, result->offset);
      put_bytes (self, &head, result->data);
    }
  else if (result->type == IMP_RESULT_REPLACE_LATER)
    {
      head_begin (&head, KIND_REPLACE_LATER, result->direction);
      head_add_step (&head, self, result->offset);
      head_add_signed (&head, (guint64) result->extra - (guint64) result->offset);
      put (self, &head, NULL, 0);
    }
  else if (result->type == IMP_RESULT_TO_SENDER && is_small (result))
    {
      head_begin (&head, KIND_TO_SENDER, result->direction);
      put_bytes (self, &head, result->data);
    }
  else
    return FALSE;
  return TRUE;
}

void
imp_shelf_put_result (ImpShelf *self, ImpResult *result)
{
  Head head;

  if (put_as_record (self, result))
    {
      imp_result_unref (result);
      return;
    }
  head_begin (&head, KIND_OBJECT, result->direction);
  self->size += get_object_size (result);
  put (self, &head, &result, sizeof result);
}

static void
put_piece (ImpShelf *self, GBytes *data, gint64 offset, gint32 data_type)
{
  gboolean refers = g_bytes_get_size (data) >= REFERENCE_FROM;
  Head head;

  head_begin (&head, refers ? KIND_INPUT_OBJECT : KIND_INPUT, 0);
  head_add_signed (&head, offset);
  head_add_signed (&head, data_type);
  if (!refers)
    {
      put_bytes (self, &head, data);
      return;
    }
  self->size += OBJECT_SIZE + g_bytes_get_size (data);
  g_bytes_ref (data);
  put (self, &head, &data, sizeof data);
}

void
imp_shelf_put_input (ImpShelf *self, GBytes *data, gint64 offset, gint32 data_type)
{
  gsize length = g_bytes_get_size (data);

  if (length <= IMP_SHELF_PIECE_SIZE || !imp_data_type_is_stream (data_type))
    {
      put_piece (self, data, offset, data_type);
      return;
    }
  for (gsize done = 0, step; done < length; done += step)
    {
      g_autoptr (GBytes) piece = NULL;

      step = MIN (length - done, IMP_SHELF_PIECE_SIZE);
      piece = g_bytes_new_from_bytes (data, done, step);
      put_piece (self, piece, done == 0 ? offset : 0, data_type);
    }
}

/* --- reading: all of it was written above --- */

static guint64
take_number (ImpShelf *self)
{
  Block *block = self->first;
  guint64 number = 0;
  guint8 byte;

  for (guint shift = 0;; shift += 7)
    {
      byte = block->data[block->begin++];
      self->size--;
      number |= (guint64) (byte & 0x7f) << shift;
      if (byte < 0x80)
        return number;
    }
}

static gint64
take_signed (ImpShelf *self)
{
  guint64 bits = take_number (self);

  return (bits & 1) != 0 ? ~(bits >> 1) : bits >> 1;
}

static gint64
take_step (ImpShelf *self)
{
  self->took = (guint64) self->took + (guint64) take_signed (self);
  return self->took;
}

static GBytes *
take_bytes (ImpShelf *self)
{
  gsize length = take_number (self);
  Block *block = self->first;
  GBytes *bytes = g_bytes_new (block->data + block->begin, length);

  block->begin += length;
  self->size -= length;
  return bytes;
}

static gpointer
take_pointer (ImpShelf *self)
{
  Block *block = self->first;
  gpointer pointer;

  memcpy (&pointer, block->data + block->begin, sizeof pointer);
  block->begin += sizeof pointer;
  self->size -= sizeof pointer;
  return pointer;
}

static guint8
take_head (ImpShelf *self)
{
  Block *block = self->first;

  self->size--;
  return block->data[block->begin++];
}

/* A block goes as soon as all of it has been taken. */
static void
finish_record (ImpShelf *self)
{
  Block *block = self->first;

  if (block->begin < block->end)
    return;
  self->first = block->next;
  g_free (block);
  if (self->first == NULL)
    *self = (ImpShelf) IMP_SHELF_INIT;
}

static ImpResult *
take_result (ImpShelf *self, Kind kind, ImpDirection direction)
{
  ImpResult *result = NULL;
  gint64 offset;

  switch (kind)
    {
    case KIND_PASS:
      return imp_result_new_pass (direction, take_step (self));
    case KIND_PREPASS:
      return imp_result_new_prepass (direction, take_step (self));
    case KIND_REPLACE:
      offset = take_step (self);
      return imp_result_new_replace_take (direction, offset, take_bytes (self));
    case KIND_REPLACE_LATER:
      offset = take_step (self);
      return imp_result_new_replace_later (direction, offset,
                                           (guint64) offset + (guint64) take_signed (self));
    case KIND_TO_SENDER:
      return imp_result_new_to_sender_take (direction, take_bytes (self));
    case KIND_OBJECT:
      result = take_pointer (self);
      self->size -= get_object_size (result);
      break;
    case KIND_INPUT:
    case KIND_INPUT_OBJECT:
      g_assert_not_reached ();
    }
  return result;
}

ImpResult *
imp_shelf_take_result (ImpShelf *self)
{
  ImpResult *result;
  guint8 head;

  if (imp_shelf_is_empty (self))
    return NULL;
  head = take_head (self);
  result = take_result (self, head >> 1, head & 1);
  finish_record (self);
  return result;
}

GBytes *
imp_shelf_take_input (ImpShelf *self, gint64 *offset, gint32 *data_type)
{
  GBytes *data;
  Kind kind;

  if (imp_shelf_is_empty (self))
    return NULL;
  kind = take_head (self) >> 1;
  *offset = take_signed (self);
  *data_type = take_signed (self);
  if (kind == KIND_INPUT)
    data = take_bytes (self);
  else
    {
      data = take_pointer (self);
      self->size -= OBJECT_SIZE + g_bytes_get_size (data);
    }
  finish_record (self);
  return data;
}

void
imp_shelf_clear (ImpShelf *self)
{
  ImpShelf old = *self;

  *self = (ImpShelf) IMP_SHELF_INIT;
  while (!imp_shelf_is_empty (&old))
    {
      Kind kind = old.first->data[old.first->begin] >> 1;
      gint64 offset;
      gint32 data_type;

      if (kind == KIND_INPUT || kind == KIND_INPUT_OBJECT)
        g_bytes_unref (imp_shelf_take_input (&old, &offset, &data_type));
      else
        imp_result_unref (imp_shelf_take_result (&old));
    }
}
