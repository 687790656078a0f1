/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-input-queue-private.h"

#include "core/imp-data-type-private.h"

#include <string.h>

/* What a GBytes takes beside its bytes, with what the allocator needs. */
#define OBJECT_SIZE 96

/* A record: a byte for kind and direction, then offset, data type, and: */
typedef enum
{
  RECORD_COPY,      /* length, data */
  RECORD_REFERENCE, /* a pointer to the GBytes */
} RecordKind;

void
imp_input_queue_init (ImpInputQueue *self, gsize copy_below)
{
  *self = (ImpInputQueue){ .copy_below = copy_below };
}

static void
input_queue_append_reference (ImpInputQueue *self, const ImpPackedHead *head, const ImpView *data)
{
  GBytes *bytes = imp_view_ref_bytes (data);

  imp_packed_queue_append (&self->records, head, &bytes, sizeof bytes);
  self->records.size += OBJECT_SIZE + data->length;
}

void
imp_input_queue_push_view (ImpInputQueue *self, ImpDirection direction, const ImpView *data,
                           gint64 offset, gint32 data_type)
{
  RecordKind kind = data->length < self->copy_below ? RECORD_COPY : RECORD_REFERENCE;
  ImpPackedHead head;

  g_assert (direction <= IMP_DIRECTION_FROM_SERVER);

  imp_packed_head_init (&head, kind << 1 | direction);
  imp_packed_head_add_signed (&head, offset);
  imp_packed_head_add_signed (&head, data_type);
  self->n_bytes += data->length;
  if (kind == RECORD_REFERENCE)
    {
      input_queue_append_reference (self, &head, data);
      return;
    }
  imp_packed_head_add (&head, data->length);
  imp_packed_queue_append (&self->records, &head, data->data, data->length);
}

void
imp_input_queue_push (ImpInputQueue *self, const ImpInput *input)
{
  const ImpView view = imp_view_of_bytes (input->data);

  imp_input_queue_push_view (self, input->direction, &view, input->offset, input->data_type);
}

/* Reads the first record; its size still counts until the input is given away. */
static void
input_queue_read (ImpInputQueue *self, ImpInput *input)
{
  ImpPackedQueue *records = &self->records;
  guint8 tag = imp_packed_queue_read_tag (records);

  input->direction = tag & 1;
  input->offset = imp_packed_queue_read_signed (records);
  input->data_type = imp_packed_queue_read_signed (records);
  if (tag >> 1 == RECORD_COPY)
    {
      gsize length = imp_packed_queue_read (records);

      input->data = g_bytes_new (imp_packed_queue_read_bytes (records, length), length);
      records->size += OBJECT_SIZE + length;
    }
  else
    memcpy (&input->data, imp_packed_queue_read_bytes (records, sizeof input->data),
            sizeof input->data);
  imp_packed_queue_finish (records);
}

/* Of the one that is split: another piece, but not the last. */
static void
input_queue_take_piece (ImpInputQueue *self, gsize length, ImpInput *input)
{
  *input = self->split;
  input->data = g_bytes_new_from_bytes (self->split.data, self->n_taken, length);
  self->split.offset = 0;
  self->n_taken += length;
  self->n_bytes -= length;
  self->records.size -= length;
}

/* All of it, or its last piece. */
static void
input_queue_take_rest (ImpInputQueue *self, ImpInput *input)
{
  gsize length = g_bytes_get_size (self->split.data) - self->n_taken;

  *input = self->split;
  self->split.data = NULL;
  if (self->n_taken > 0)
    {
      g_autoptr (GBytes) whole = input->data;

      input->data = g_bytes_new_from_bytes (whole, self->n_taken, length);
      self->n_taken = 0;
    }
  self->n_bytes -= length;
  self->records.size -= OBJECT_SIZE + length;
}

gboolean
imp_input_queue_take (ImpInputQueue *self, gsize max, ImpInput *input)
{
  g_assert (max > 0);

  if (imp_input_queue_is_empty (self))
    return FALSE;
  if (self->split.data == NULL)
    input_queue_read (self, &self->split);
  if (g_bytes_get_size (self->split.data) - self->n_taken > max
      && imp_data_type_is_streaming (self->split.data_type))
    input_queue_take_piece (self, max, input);
  else
    input_queue_take_rest (self, input);
  return TRUE;
}

/* The first record; nothing is made of what was copied. */
static void
input_queue_drop (ImpPackedQueue *records)
{
  guint8 tag = imp_packed_queue_read_tag (records);
  GBytes *bytes = NULL;

  imp_packed_queue_read_signed (records);
  imp_packed_queue_read_signed (records);
  if (tag >> 1 == RECORD_COPY)
    imp_packed_queue_read_bytes (records, imp_packed_queue_read (records));
  else
    memcpy (&bytes, imp_packed_queue_read_bytes (records, sizeof bytes), sizeof bytes);
  imp_packed_queue_finish (records);
  g_bytes_unref (bytes);
}

/* The owner of some bytes may be told that they are free, and lead back here. */
void
imp_input_queue_clear (ImpInputQueue *self)
{
  ImpInputQueue old = *self;

  imp_input_queue_init (self, old.copy_below);
  g_bytes_unref (old.split.data);
  while (!imp_packed_queue_is_empty (&old.records))
    input_queue_drop (&old.records);
}
