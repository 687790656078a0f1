/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "provider/imp-recording-format-private.h"
#include "wire/cbor/imp-cbor-private.h"

/* How deep the items of an entry are nested: the details of a result lie in its array, and that in
 * the entry's. */
#define DEPTH_MAX 8
/* Verdicts are messages of a server; no analyzer but one is in a recording. */
#define ANALYZER_ID 1

#define recording_bad(error, ...) imp_wire_bad (error, "", __VA_ARGS__)

void
imp_recording_entry_clear (ImpRecordingEntry *self)
{
  g_clear_pointer (&self->data, g_bytes_unref);
  g_clear_pointer (&self->result, imp_result_unref);
  g_clear_pointer (&self->text, g_free);
}

/* ---- writing ---- */

static void
recording_write_text (ImpOutputBuffer *output, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);

  imp_cbor_write_string (output, valid, strlen (valid));
}

static void
recording_write_start (const ImpRecordingEntry *self, guint n_items, ImpOutputBuffer *output)
{
  imp_cbor_write_head (output, IMP_CBOR_ARRAY, n_items);
  imp_cbor_write_int (output, self->kind);
  imp_cbor_write_int (output, self->delta);
}

static void
recording_write_data (const ImpRecordingEntry *self, ImpOutputBuffer *output)
{
  recording_write_start (self, 6, output);
  imp_cbor_write_int (output, self->direction);
  imp_cbor_write_int (output, self->offset);
  imp_cbor_write_int (output, self->data_type);
  imp_cbor_write_head (output, IMP_CBOR_BYTES, g_bytes_get_size (self->data));
  imp_output_buffer_append_bytes (output, self->data);
}

static gboolean
recording_write_verdict (const ImpRecordingEntry *self, ImpOutputBuffer *output, GError **error)
{
  g_autoptr (ImpMessage) message = imp_message_new_result (ANALYZER_ID, self->result);
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;

  if (!imp_fields_from_message (&fields, message, imp_wire_cbor.max_version, error))
    return FALSE;
  recording_write_start (self, 3, output);
  imp_cbor_write (&fields, output);
  return TRUE;
}

gboolean
imp_recording_entry_write (const ImpRecordingEntry *self, ImpOutputBuffer *output, GError **error)
{
  switch (self->kind)
    {
    case IMP_RECORDING_ENTRY_DATA:
      recording_write_data (self, output);
      return TRUE;
    case IMP_RECORDING_ENTRY_VERDICT:
      return recording_write_verdict (self, output, error);
    case IMP_RECORDING_ENTRY_OUTCOME:
      recording_write_start (self, 4, output);
      imp_cbor_write_int (output, self->outcome);
      recording_write_text (output, self->text);
      return TRUE;
    case IMP_RECORDING_ENTRY_END:
    case IMP_RECORDING_ENTRY_UNKNOWN:
    default:
      recording_write_start (self, 6, output);
      imp_cbor_write_int (output, self->loss.bytes[0]);
      imp_cbor_write_int (output, self->loss.bytes[1]);
      imp_cbor_write_int (output, self->loss.n_verdicts);
      recording_write_text (output, self->text);
      return TRUE;
    }
}

/* ---- how long an entry is ---- */

/* Bytes of the head that begins with @first. */
static gsize
recording_head_size (guint8 first)
{
  const guint info = first & 0x1f;

  return info >= 24 && info <= 27 ? 1 + ((gsize) 1 << (info - 24)) : 1;
}

static ImpRecordingRead recording_pass_item (ImpCursor *input, guint depth, GError **error);

static ImpRecordingRead
recording_pass_items (ImpCursor *input, guint64 n, guint depth, GError **error)
{
  ImpRecordingRead read = IMP_RECORDING_READ_ENTRY;

  if (n > imp_cursor_left (input))
    return IMP_RECORDING_READ_CUT;
  while (n-- > 0 && read == IMP_RECORDING_READ_ENTRY)
    read = recording_pass_item (input, depth, error);
  return read;
}

/* Moves behind an item, of which all lengths are told before what they are of. */
static ImpRecordingRead
recording_pass_item (ImpCursor *input, guint depth, GError **error)
{
  ImpCborHead head;

  if (imp_cursor_left (input) == 0
      || recording_head_size (*imp_cursor_here (input)) > imp_cursor_left (input))
    return IMP_RECORDING_READ_CUT;
  if (!imp_cbor_head (input, &head, error))
    return IMP_RECORDING_READ_BAD;
  if (head.indefinite)
    {
      recording_bad (error, "an item is of indefinite length");
      return IMP_RECORDING_READ_BAD;
    }
  if (depth >= DEPTH_MAX)
    {
      recording_bad (error, "items are nested more than %d deep", DEPTH_MAX);
      return IMP_RECORDING_READ_BAD;
    }
  switch (head.major)
    {
    case IMP_CBOR_BYTES:
    case IMP_CBOR_TEXT:
      return head.value <= imp_cursor_left (input) && imp_cursor_skip (input, head.value)
               ? IMP_RECORDING_READ_ENTRY
               : IMP_RECORDING_READ_CUT;
    case IMP_CBOR_ARRAY:
      return recording_pass_items (input, head.value, depth + 1, error);
    case IMP_CBOR_MAP:
      return head.value > imp_cursor_left (input)
               ? IMP_RECORDING_READ_CUT
               : recording_pass_items (input, 2 * head.value, depth + 1, error);
    case IMP_CBOR_TAG:
      return recording_pass_item (input, depth + 1, error);
    default:
      return IMP_RECORDING_READ_ENTRY;
    }
}

/* A file whose last part never reached the disk may have zeros there. */
static gboolean
recording_is_blank (const ImpCursor *input)
{
  const guint8 *here = imp_cursor_here (input);
  const gsize left = imp_cursor_left (input);

  return left > 0 && here[0] == 0 && memcmp (here, here + 1, left - 1) == 0;
}

/* ---- reading ---- */

static gboolean
recording_read_range (ImpCursor *input, const char *what, gint64 minimum, gint64 maximum,
                      gint64 *value, GError **error)
{
  if (!imp_cbor_int (input, value, error))
    return FALSE;
  if (*value >= minimum && *value <= maximum)
    return TRUE;
  return recording_bad (error,
                        "the %s %" G_GINT64_FORMAT " is not from %" G_GINT64_FORMAT
                        " to %" G_GINT64_FORMAT,
                        what, *value, minimum, maximum);
}

static gboolean
recording_read_text (ImpCursor *input, char **text, GError **error)
{
  g_autofree char *joined = NULL;
  const char *start;
  gsize length;

  if (!imp_cbor_string (input, &start, &length, &joined, error))
    return FALSE;
  if (!imp_text_is_valid (start, length))
    return recording_bad (error, "a text is not UTF-8, or holds U+0000");
  *text = g_strndup (start, length);
  return TRUE;
}

static gboolean
recording_read_data (ImpRecordingEntry *self, ImpCursor *input, GError **error)
{
  g_autofree char *joined = NULL;
  gint64 direction, data_type;
  const char *start;
  gsize length;

  if (!recording_read_range (input, "direction", 0, 1, &direction, error)
      || !recording_read_range (input, "offset", 0, IMP_MAX_ID, &self->offset, error)
      || !recording_read_range (input, "type", G_MININT32, G_MAXINT32, &data_type, error))
    return FALSE;
  if (data_type == IMP_DATA_TYPE_ANY)
    return recording_bad (error, "the type 0 is none of data");
  if (!imp_cbor_string (input, &start, &length, &joined, error))
    return FALSE;
  self->direction = direction;
  self->data_type = data_type;
  /* It was passed over before, so that it is in one piece. */
  input->position -= length;
  self->data = imp_cursor_take_bytes (input, length);
  return TRUE;
}

static gboolean
recording_read_verdict (ImpRecordingEntry *self, ImpCursor *input, GError **error)
{
  const ImpWireLimits limits = { G_MAXSIZE, IMP_WIRE_MAX_CONTEXT_DEFAULT, DEPTH_MAX };
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;
  ImpMessage message = IMP_MESSAGE_INIT;
  ImpCursor ahead = *input, item;

  if (recording_pass_item (&ahead, 1, error) != IMP_RECORDING_READ_ENTRY)
    return recording_bad (error, "there is no verdict in it");
  imp_cursor_take_cursor (input, ahead.position - input->position, &item);
  if (imp_fields_finish (&fields, imp_cbor_read (&item, &limits, &fields, error), &message, error)
      == IMP_DECODE_DONE)
    self->result = g_steal_pointer (&message.result);
  imp_message_clear (&message);
  if (self->result != NULL || (error != NULL && *error != NULL))
    return self->result != NULL;
  return recording_bad (error, "what should be a verdict is a message of another kind");
}

static gboolean
recording_read_end (ImpRecordingEntry *self, ImpCursor *input, GError **error)
{
  ImpRecordingLoss *loss = &self->loss;

  return recording_read_range (input, "number of bytes", 0, IMP_MAX_ID, &loss->bytes[0], error)
         && recording_read_range (input, "number of bytes", 0, IMP_MAX_ID, &loss->bytes[1], error)
         && recording_read_range (input, "number of verdicts", 0, IMP_MAX_ID, &loss->n_verdicts,
                                  error)
         && recording_read_text (input, &self->text, error);
}

static gboolean
recording_read_rest (ImpRecordingEntry *self, ImpCursor *input, GError **error)
{
  gint64 outcome;

  switch (self->kind)
    {
    case IMP_RECORDING_ENTRY_DATA:
      return recording_read_data (self, input, error);
    case IMP_RECORDING_ENTRY_VERDICT:
      return recording_read_verdict (self, input, error);
    case IMP_RECORDING_ENTRY_OUTCOME:
      if (!recording_read_range (input, "outcome", 0, IMP_OUTCOME_BROKEN, &outcome, error))
        return FALSE;
      self->outcome = outcome;
      return recording_read_text (input, &self->text, error);
    case IMP_RECORDING_ENTRY_END:
      return recording_read_end (self, input, error);
    case IMP_RECORDING_ENTRY_UNKNOWN:
    default:
      return TRUE;
    }
}

/* The items of one entry; those behind the ones that are known are of a later version. */
static gboolean
recording_read_items (ImpRecordingEntry *self, ImpCursor *input, GError **error)
{
  ImpCborList list;
  gint64 kind;

  if (!imp_cbor_enter (input, IMP_CBOR_ARRAY, &list, error)
      || !recording_read_range (input, "kind", 0, IMP_MAX_ID, &kind, error)
      || !recording_read_range (input, "time", 0, IMP_MAX_ID, &self->delta, error))
    return FALSE;
  self->kind = MIN (kind, IMP_RECORDING_ENTRY_UNKNOWN);
  return recording_read_rest (self, input, error);
}

ImpRecordingRead
imp_recording_entry_read (ImpRecordingEntry *self, ImpCursor *input, GError **error)
{
  ImpCursor ahead = *input, item;
  ImpRecordingRead read;

  memset (self, 0, sizeof *self);
  if (recording_is_blank (input))
    return IMP_RECORDING_READ_CUT;
  read = recording_pass_item (&ahead, 0, error);
  if (read != IMP_RECORDING_READ_ENTRY)
    return read;
  item = *input;
  item.length = ahead.position;
  if (!recording_read_items (self, &item, error))
    {
      imp_recording_entry_clear (self);
      return IMP_RECORDING_READ_BAD;
    }
  *input = ahead;
  return IMP_RECORDING_READ_ENTRY;
}
