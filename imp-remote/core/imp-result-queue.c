/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-result-queue-private.h"

#include "core/imp-result-private.h"

#include <string.h>

/* Data from this size on is kept by reference. Less is copied: a slice of a large read buffer would
 * keep all of it. */
#define REFERENCE_FROM (64 * 1024)
/* What an object takes beside its texts: itself, and what the allocator needs. */
#define OBJECT_SIZE 96

/* A record: a byte for kind and direction, one or two numbers, perhaps data. */
typedef enum
{
  RECORD_PASS,          /* step */
  RECORD_PREPASS,       /* step */
  RECORD_REPLACE,       /* step, length, data */
  RECORD_REPLACE_LATER, /* step, length of the promise */
  RECORD_TO_SENDER,     /* length, data */
  RECORD_OBJECT,        /* a pointer to the result */
} RecordKind;

static void
result_queue_begin (ImpPackedHead *head, RecordKind kind, const ImpResult *result)
{
  imp_packed_head_init (head, kind << 1 | result->direction);
}

static void
result_queue_add_step (ImpResultQueue *self, ImpPackedHead *head, gint64 offset)
{
  imp_packed_head_add_signed (head, (guint64) offset - (guint64) self->put);
  self->put = offset;
}

static void
result_queue_append_bytes (ImpResultQueue *self, ImpPackedHead *head, GBytes *bytes)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);

  imp_packed_head_add (head, length);
  imp_packed_queue_append (&self->records, head, data, length);
}

static gsize
result_queue_get_text_size (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

static gsize
result_queue_get_object_size (const ImpResult *result)
{
  gsize size = OBJECT_SIZE + result_queue_get_text_size (result->text)
               + result_queue_get_text_size (result->value);
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
result_queue_may_copy_data (const ImpResult *result)
{
  return g_bytes_get_size (result->data) < REFERENCE_FROM;
}

/* FALSE if it is kept as the object that it is. */
static gboolean
result_queue_push_as_record (ImpResultQueue *self, const ImpResult *result)
{
  ImpPackedHead head;

  if (result->type == IMP_RESULT_PASS || result->type == IMP_RESULT_PREPASS)
    {
      result_queue_begin (&head, result->type == IMP_RESULT_PASS ? RECORD_PASS : RECORD_PREPASS,
                          result);
      result_queue_add_step (self, &head, result->offset);
      imp_packed_queue_append (&self->records, &head, NULL, 0);
    }
  else if (result->type == IMP_RESULT_REPLACE && result_queue_may_copy_data (result))
    {
      result_queue_begin (&head, RECORD_REPLACE, result);
      result_queue_add_step (self, &head, result->offset);
      result_queue_append_bytes (self, &head, result->data);
    }
  else if (result->type == IMP_RESULT_REPLACE_LATER)
    {
      result_queue_begin (&head, RECORD_REPLACE_LATER, result);
      result_queue_add_step (self, &head, result->offset);
      imp_packed_head_add_signed (&head, (guint64) result->extra - (guint64) result->offset);
      imp_packed_queue_append (&self->records, &head, NULL, 0);
    }
  else if (result->type == IMP_RESULT_TO_SENDER && result_queue_may_copy_data (result))
    {
      result_queue_begin (&head, RECORD_TO_SENDER, result);
      result_queue_append_bytes (self, &head, result->data);
    }
  else
    return FALSE;
  return TRUE;
}

void
imp_result_queue_push (ImpResultQueue *self, ImpResult *result)
{
  ImpPackedHead head;

  g_assert (result != NULL);

  if (result_queue_push_as_record (self, result))
    {
      imp_result_unref (result);
      return;
    }
  result_queue_begin (&head, RECORD_OBJECT, result);
  imp_packed_queue_append (&self->records, &head, &result, sizeof result);
  self->records.size += result_queue_get_object_size (result);
}

static gint64
result_queue_read_step (ImpResultQueue *self)
{
  self->took = (guint64) self->took + (guint64) imp_packed_queue_read_signed (&self->records);
  return self->took;
}

static GBytes *
result_queue_read_data (ImpResultQueue *self)
{
  gsize length = imp_packed_queue_read (&self->records);

  return g_bytes_new (imp_packed_queue_read_bytes (&self->records, length), length);
}

static ImpResult *
result_queue_read_object (ImpResultQueue *self)
{
  ImpResult *result;

  memcpy (&result, imp_packed_queue_read_bytes (&self->records, sizeof result), sizeof result);
  self->records.size -= result_queue_get_object_size (result);
  return result;
}

static ImpResult *
result_queue_read (ImpResultQueue *self, RecordKind kind, ImpDirection direction)
{
  gint64 offset;

  switch (kind)
    {
    case RECORD_PASS:
      return imp_result_new_pass (direction, result_queue_read_step (self));
    case RECORD_PREPASS:
      return imp_result_new_prepass (direction, result_queue_read_step (self));
    case RECORD_REPLACE:
      offset = result_queue_read_step (self);
      return imp_result_new_replace_take (direction, offset, result_queue_read_data (self));
    case RECORD_REPLACE_LATER:
      offset = result_queue_read_step (self);
      return imp_result_new_replace_later (
        direction, offset,
        (guint64) offset + (guint64) imp_packed_queue_read_signed (&self->records));
    case RECORD_TO_SENDER:
      return imp_result_new_to_sender_take (direction, result_queue_read_data (self));
    case RECORD_OBJECT:
      return result_queue_read_object (self);
    }
  g_assert_not_reached ();
}

ImpResult *
imp_result_queue_pop (ImpResultQueue *self)
{
  ImpResult *result;
  guint8 tag;

  if (imp_result_queue_is_empty (self))
    return NULL;
  tag = imp_packed_queue_read_tag (&self->records);
  result = result_queue_read (self, tag >> 1, tag & 1);
  imp_packed_queue_finish (&self->records);
  return result;
}

/* The owner of some bytes may be told that they are free, and lead back here. */
void
imp_result_queue_clear (ImpResultQueue *self)
{
  ImpResultQueue old = *self;
  ImpResult *result;

  *self = (ImpResultQueue) IMP_RESULT_QUEUE_INIT;
  while ((result = imp_result_queue_pop (&old)) != NULL)
    imp_result_unref (result);
}
