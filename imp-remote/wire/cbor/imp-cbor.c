/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "core/imp-result-private.h"
#include "wire/cbor/imp-cbor-private.h"

/* Bytes of frame, array, op and id. */
#define START_MAX (IMP_CBOR_FRAME_HEAD + 1 + 3 + IMP_CBOR_HEAD_MAX)

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

/* The fast paths do what the tables say, for the two messages that come with every connection that
 * is inspected. Whatever is unusual is left to the general path, which also knows the errors. */
static inline gboolean
cbor_finish (ImpOutputBuffer *output, guint8 *start, guint8 *p)
{
  cbor_put_frame (start, p - start - IMP_CBOR_FRAME_HEAD);
  imp_output_buffer_commit (output, p - start);
  return TRUE;
}

/* Contexts up to this are usual; the heads of their strings have at most three bytes. */
#define USUAL_PAIRS 64
#define USUAL_SIZE 2048

/* Nearly all are of 4 to 16 bytes; to have them copied takes longer. */
static inline guint8 *
cbor_put_text (guint8 *p, const char *text, gsize length)
{
  guint64 words[2];
  guint32 halves[2];

  p = imp_cbor_put_head (p, IMP_CBOR_TEXT, length);
  if (length >= 8 && length <= 16)
    {
      memcpy (&words[0], text, 8);
      memcpy (&words[1], text + length - 8, 8);
      memcpy (p, &words[0], 8);
      memcpy (p + length - 8, &words[1], 8);
    }
  else if (length >= 4 && length < 8)
    {
      memcpy (&halves[0], text, 4);
      memcpy (&halves[1], text + length - 4, 4);
      memcpy (p, &halves[0], 4);
      memcpy (p + length - 4, &halves[1], 4);
    }
  else
    memcpy (p, text, length);
  return p + length;
}

static guint8 *
cbor_put_texts (guint8 *p, ImpContext *context)
{
  gsize size, length;
  const char *text = imp_context_peek_block (context, &size), *end = text + size;

  for (; text < end; text += length + 1)
    {
      length = (guint8) *text++;
      if (length == IMP_CONTEXT_LONG)
        length = strlen (text);
      p = cbor_put_text (p, text, length);
    }
  return p;
}

static gboolean
cbor_encode_analyzer (const ImpMessage *message, ImpOutputBuffer *output)
{
  guint n_pairs = imp_context_get_n_pairs (message->context);
  gsize size = imp_context_get_size (message->context);
  guint8 *start, *p;

  if (!imp_cbor_is_in_range (message->id, 1) || n_pairs > USUAL_PAIRS || size > USUAL_SIZE)
    return FALSE;
  start = imp_output_buffer_reserve (output, START_MAX + 3 + size + 2 * 3 * n_pairs);
  p = start + IMP_CBOR_FRAME_HEAD;
  *p++ = IMP_CBOR_ITEM_ARRAY (message->op == IMP_OP_NEW_ANALYZER ? 3 : 2);
  p = imp_cbor_put_uint16 (p, message->op);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->id);
  if (message->op == IMP_OP_DELETE_ANALYZER)
    return cbor_finish (output, start, p);

  p = imp_cbor_put_head (p, IMP_CBOR_MAP, n_pairs);
  return cbor_finish (output, start, cbor_put_texts (p, message->context));
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
  if ((message->op == IMP_OP_NEW_ANALYZER || message->op == IMP_OP_DELETE_ANALYZER)
      && cbor_encode_analyzer (message, output))
    return TRUE;
  if (message->op == IMP_OP_SHARED_DATA && version >= 2
      && imp_cbor_encode_shared_data (message, output))
    return TRUE;
  return cbor_encode_fields (message, version, output, error);
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

  if (status != IMP_DECODE_DONE || imp_cbor_decode_shared_data (&frame, message))
    return status;
  return cbor_decode_fields (&frame, limits, message, error);
}

const ImpWire imp_wire_cbor = {
  .name = "cbor",
  .max_version = 2,
  .recognize = cbor_recognize,
  .encode = cbor_encode,
  .decode = cbor_decode,
  .encode_data = imp_cbor_encode_data,
  .encode_verdict = imp_cbor_encode_verdict,
  .decode_head = imp_cbor_decode_head,
};
