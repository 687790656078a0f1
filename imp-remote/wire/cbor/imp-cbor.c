/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "core/imp-result-private.h"
#include "wire/cbor/imp-cbor-private.h"

/* Bytes of everything before the payload of DATA or REPLACE: frame, array, op, up to four
 * numbers, and the payload's own head. */
#define FAST_MAX (IMP_CBOR_FRAME_HEAD + 1 + 3 + 4 * IMP_CBOR_HEAD_MAX + IMP_CBOR_HEAD_MAX)

#define ITEM_ARRAY(n) (IMP_CBOR_ARRAY << 5 | (n))
#define ITEM_UINT16 0x19

static ImpDecodeStatus
cbor_recognize (const guint8 *data, gsize length)
{
  g_assert (length > 0);

  return data[0] == IMP_CBOR_FRAME ? IMP_DECODE_DONE : IMP_DECODE_BAD;
}

static inline void
cbor_put_frame (guint8 *frame, gsize length)
{
  guint32 raw = GUINT32_TO_BE ((guint32) length);

  frame[0] = IMP_CBOR_FRAME;
  memcpy (frame + 1, &raw, sizeof raw);
}

static inline guint8 *
cbor_put_uint16 (guint8 *p, guint16 value)
{
  *p++ = ITEM_UINT16;
  *p++ = value >> 8;
  *p++ = value & 0xff;
  return p;
}

static inline gboolean
cbor_is_in_range (gint64 value, gint64 minimum)
{
  return value >= minimum && value <= IMP_MAX_ID;
}

/* Ends a message at @p, where its payload begins, if it has one. */
static inline gboolean
cbor_finish (ImpOutputBuffer *output, guint8 *start, guint8 *p, GBytes *payload)
{
  gsize length = payload != NULL ? g_bytes_get_size (payload) : 0;

  cbor_put_frame (start, p - start - IMP_CBOR_FRAME_HEAD + length);
  imp_output_buffer_commit (output, p - start);
  if (length > 0)
    imp_output_buffer_append_bytes (output, payload);
  return TRUE;
}

static inline gboolean
cbor_fits (GBytes *payload)
{
  return payload == NULL || g_bytes_get_size (payload) < G_MAXUINT32 - FAST_MAX;
}

/* The fast paths do what the tables say, for the two messages that come with every chunk.
 * Whatever is unusual is left to the general path, which also knows the errors. */
static gboolean
cbor_encode_data (const ImpMessage *message, ImpOutputBuffer *output)
{
  guint8 *start, *p;

  if (!cbor_is_in_range (message->id, 1) || !cbor_is_in_range (message->offset, -1)
      || !cbor_fits (message->data))
    return FALSE;
  start = imp_output_buffer_reserve (output, FAST_MAX);
  p = start + IMP_CBOR_FRAME_HEAD;
  *p++ = ITEM_ARRAY (6);
  p = cbor_put_uint16 (p, IMP_OP_DATA);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->id);
  *p++ = message->direction;
  p = imp_cbor_put_int (p, message->offset);
  p = imp_cbor_put_int (p, message->data_type);
  p = imp_cbor_put_head (p, IMP_CBOR_BYTES,
                         message->data != NULL ? g_bytes_get_size (message->data) : 0);
  return cbor_finish (output, start, p, message->data);
}

static gboolean
cbor_encode_result (const ImpMessage *message, ImpOutputBuffer *output)
{
  const ImpResult *result = message->result;
  guint8 *start, *p;

  if (result == NULL || !cbor_is_in_range (message->id, 1)
      || !cbor_is_in_range (result->offset, -1))
    return FALSE;
  if (result->type != IMP_RESULT_PASS
      && (result->type != IMP_RESULT_REPLACE || !cbor_fits (result->data)))
    return FALSE;
  start = imp_output_buffer_reserve (output, FAST_MAX);
  p = start + IMP_CBOR_FRAME_HEAD;
  *p++ = ITEM_ARRAY (result->type == IMP_RESULT_PASS ? 5 : 6);
  p = cbor_put_uint16 (p, IMP_OP_RESULT);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->id);
  p = cbor_put_uint16 (p, result->type);
  *p++ = result->direction;
  p = imp_cbor_put_int (p, result->offset);
  if (result->type == IMP_RESULT_PASS)
    return cbor_finish (output, start, p, NULL);
  p = imp_cbor_put_head (p, IMP_CBOR_BYTES, g_bytes_get_size (result->data));
  return cbor_finish (output, start, p, result->data);
}

/* Contexts up to this are usual; the heads of their strings have at most three bytes. */
#define USUAL_PAIRS 64
#define USUAL_SIZE 2048

static inline guint8 *
cbor_put_text (guint8 *p, const char *text, gsize length)
{
  p = imp_cbor_put_head (p, IMP_CBOR_TEXT, length);
  memcpy (p, text, length);
  return p + length;
}

static gboolean
cbor_encode_analyzer (const ImpMessage *message, ImpOutputBuffer *output)
{
  guint n_pairs = imp_context_get_n_pairs (message->context);
  gsize size = imp_context_get_size (message->context);
  ImpContextPair pair;
  gsize position = 0;
  guint8 *start, *p;

  if (!cbor_is_in_range (message->id, 1) || n_pairs > USUAL_PAIRS || size > USUAL_SIZE)
    return FALSE;
  start = imp_output_buffer_reserve (output, FAST_MAX + size + 2 * 3 * n_pairs);
  p = start + IMP_CBOR_FRAME_HEAD;
  *p++ = ITEM_ARRAY (message->op == IMP_OP_NEW_ANALYZER ? 3 : 2);
  p = cbor_put_uint16 (p, message->op);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->id);
  if (message->op == IMP_OP_DELETE_ANALYZER)
    return cbor_finish (output, start, p, NULL);

  p = imp_cbor_put_head (p, IMP_CBOR_MAP, n_pairs);
  while (imp_context_next_pair (message->context, &position, &pair))
    {
      p = cbor_put_text (p, pair.key, pair.key_length);
      p = cbor_put_text (p, pair.value, pair.value_length);
    }
  return cbor_finish (output, start, p, NULL);
}

static gboolean
cbor_encode_fast (const ImpMessage *message, ImpOutputBuffer *output)
{
  switch (message->op)
    {
    case IMP_OP_DATA:
      return cbor_encode_data (message, output);
    case IMP_OP_RESULT:
      return cbor_encode_result (message, output);
    case IMP_OP_NEW_ANALYZER:
    case IMP_OP_DELETE_ANALYZER:
      return cbor_encode_analyzer (message, output);
    default:
      return FALSE;
    }
}

static gboolean
cbor_encode_fields (const ImpMessage *message, guint version, ImpOutputBuffer *output,
                    GError **error)
{
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;
  ImpOutputBufferMark mark;
  gsize length;

  if (!imp_fields_from_message (&fields, message, version, error))
    return FALSE;
  imp_output_buffer_mark (output, &mark);
  cbor_put_frame (imp_output_buffer_reserve (output, IMP_CBOR_FRAME_HEAD), 0);
  imp_output_buffer_commit (output, IMP_CBOR_FRAME_HEAD);
  imp_cbor_write (&fields, output);
  length = imp_output_buffer_size_since (output, &mark) - IMP_CBOR_FRAME_HEAD;
  if (length > G_MAXUINT32)
    {
      imp_output_buffer_truncate (output, &mark);
      g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                   "A message of %" G_GSIZE_FORMAT " bytes is too long for CBOR", length);
      return FALSE;
    }
  cbor_put_frame (imp_output_buffer_at_mark (output, &mark), length);
  return TRUE;
}

static gboolean
cbor_encode (const ImpMessage *message, guint version, ImpOutputBuffer *output, GError **error)
{
  if (cbor_encode_fast (message, output))
    return TRUE;
  return cbor_encode_fields (message, version, output, error);
}

/* An unsigned integer or the head of a byte string. */
static inline gboolean
cbor_get_head (ImpCursor *input, guint major, guint64 *value)
{
  guint8 first;
  guint16 two;
  guint32 four;

  if (!imp_cursor_u8 (input, &first) || first >> 5 != major)
    return FALSE;
  first &= 0x1f;
  if (first < 24)
    {
      *value = first;
      return TRUE;
    }
  if (first == 24)
    return imp_cursor_u8 (input, &first) ? (*value = first, TRUE) : FALSE;
  if (first == 25)
    return imp_cursor_u16_be (input, &two) ? (*value = two, TRUE) : FALSE;
  if (first == 26)
    return imp_cursor_u32_be (input, &four) ? (*value = four, TRUE) : FALSE;
  return first == 27 && imp_cursor_u64_be (input, value);
}

/* An integer, whose negative values have one byte in what is usual. */
static inline gboolean
cbor_get_int (ImpCursor *input, gint64 *value)
{
  guint64 raw;

  if (imp_cursor_left (input) > 0 && *imp_cursor_here (input) >> 5 == IMP_CBOR_NEGATIVE)
    {
      if (!cbor_get_head (input, IMP_CBOR_NEGATIVE, &raw) || raw > G_MAXINT32)
        return FALSE;
      *value = ~(gint64) raw;
      return TRUE;
    }
  if (!cbor_get_head (input, IMP_CBOR_UNSIGNED, &raw) || raw > IMP_MAX_ID)
    return FALSE;
  *value = raw;
  return TRUE;
}

static inline gboolean
cbor_get_payload (ImpCursor *input, GBytes **payload)
{
  guint64 length;

  if (!cbor_get_head (input, IMP_CBOR_BYTES, &length) || length != imp_cursor_left (input))
    return FALSE;
  *payload = imp_cursor_take_bytes (input, length);
  return TRUE;
}

static gboolean
cbor_decode_data (ImpCursor *frame, ImpMessage *message)
{
  guint64 id, direction;
  gint64 offset, type;

  if (!cbor_get_head (frame, IMP_CBOR_UNSIGNED, &id) || id == 0 || id > IMP_MAX_ID
      || !cbor_get_head (frame, IMP_CBOR_UNSIGNED, &direction) || direction > 1
      || !cbor_get_int (frame, &offset) || offset < -1 || !cbor_get_int (frame, &type) || type == 0
      || type < G_MININT32 || type > G_MAXINT32 || !cbor_get_payload (frame, &message->data))
    return FALSE;
  message->op = IMP_OP_DATA;
  message->id = id;
  message->direction = direction;
  message->offset = offset;
  message->data_type = type;
  return TRUE;
}

static gboolean
cbor_decode_result (ImpCursor *frame, guint n, ImpMessage *message)
{
  guint64 id, type, direction;
  GBytes *payload;
  gint64 offset;

  if (!cbor_get_head (frame, IMP_CBOR_UNSIGNED, &id) || id == 0 || id > IMP_MAX_ID
      || !cbor_get_head (frame, IMP_CBOR_UNSIGNED, &type)
      || !cbor_get_head (frame, IMP_CBOR_UNSIGNED, &direction) || direction > 1
      || !cbor_get_int (frame, &offset) || offset < -1)
    return FALSE;
  if (type == IMP_RESULT_PASS && n == 5 && imp_cursor_left (frame) == 0)
    message->result = imp_result_new_pass (direction, offset);
  else if (type == IMP_RESULT_REPLACE && n == 6 && cbor_get_payload (frame, &payload))
    message->result = imp_result_new_replace_take (direction, offset, payload);
  else
    return FALSE;
  message->op = IMP_OP_RESULT;
  message->id = id;
  return TRUE;
}

/* Both come with every connection that is inspected. */
static gboolean
cbor_decode_analyzer (ImpCursor *frame, ImpOp op, const ImpWireLimits *limits, ImpMessage *message)
{
  ImpContext *context = NULL;
  guint64 id;

  if (!cbor_get_head (frame, IMP_CBOR_UNSIGNED, &id) || id == 0 || id > IMP_MAX_ID)
    return FALSE;
  if (op == IMP_OP_NEW_ANALYZER && !imp_cbor_pairs (frame, limits, FALSE, &context, NULL))
    return FALSE;
  if (imp_cursor_left (frame) > 0)
    {
      imp_context_unref (context);
      return FALSE;
    }
  message->op = op;
  message->id = id;
  message->context = context;
  return TRUE;
}

static gboolean
cbor_decode_fast (ImpCursor frame, const ImpWireLimits *limits, ImpMessage *message)
{
  guint8 array;
  guint64 op;

  if (!imp_cursor_u8 (&frame, &array) || !cbor_get_head (&frame, IMP_CBOR_UNSIGNED, &op))
    return FALSE;
  if (op == IMP_OP_DATA && array == ITEM_ARRAY (6))
    return cbor_decode_data (&frame, message);
  if (op == IMP_OP_RESULT && (array == ITEM_ARRAY (5) || array == ITEM_ARRAY (6)))
    return cbor_decode_result (&frame, array & 0x1f, message);
  if ((op == IMP_OP_NEW_ANALYZER && array == ITEM_ARRAY (3))
      || (op == IMP_OP_DELETE_ANALYZER && array == ITEM_ARRAY (2)))
    return cbor_decode_analyzer (&frame, op, limits, message);
  return FALSE;
}

static ImpDecodeStatus
cbor_take_frame (ImpCursor *input, const ImpWireLimits *limits, ImpCursor *frame, gsize *need,
                 GError **error)
{
  ImpCursor ahead = *input;
  guint8 first;
  guint32 length;

  *need = IMP_CBOR_FRAME_HEAD;
  if (!imp_cursor_u8 (&ahead, &first))
    return IMP_DECODE_MORE;
  if (first != IMP_CBOR_FRAME)
    {
      imp_cbor_bad (error, "a message begins with 0x%02x instead of 0x%02x", first, IMP_CBOR_FRAME);
      return IMP_DECODE_BAD;
    }
  if (!imp_cursor_u32_be (&ahead, &length))
    return IMP_DECODE_MORE;
  if (limits->max_message < IMP_CBOR_FRAME_HEAD
      || length > limits->max_message - IMP_CBOR_FRAME_HEAD)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "A message of %" G_GUINT64_FORMAT " bytes is longer than %" G_GSIZE_FORMAT
                   " (max-message)",
                   (guint64) length + IMP_CBOR_FRAME_HEAD, limits->max_message);
      return IMP_DECODE_BAD;
    }
  if (!imp_cursor_take_cursor (&ahead, length, frame))
    {
      *need = (gsize) length + IMP_CBOR_FRAME_HEAD;
      return IMP_DECODE_MORE;
    }
  *input = ahead;
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
cbor_decode_fields (ImpCursor *frame, const ImpWireLimits *limits, ImpMessage *message,
                    GError **error)
{
  g_auto (ImpFields) fields = IMP_FIELDS_INIT;

  return imp_fields_finish (&fields, imp_cbor_read (frame, limits, &fields, error), message, error);
}

static ImpDecodeStatus
cbor_decode (ImpCursor *input, const ImpWireLimits *limits, ImpMessage *message, gsize *need,
             GError **error)
{
  ImpCursor frame;
  ImpDecodeStatus status = cbor_take_frame (input, limits, &frame, need, error);

  if (status != IMP_DECODE_DONE || cbor_decode_fast (frame, limits, message))
    return status;
  return cbor_decode_fields (&frame, limits, message, error);
}

const ImpWire imp_wire_cbor = {
  .name = "cbor",
  .max_version = 2,
  .recognize = cbor_recognize,
  .encode = cbor_encode,
  .decode = cbor_decode,
};
