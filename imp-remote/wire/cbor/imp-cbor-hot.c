/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two messages that come with every chunk, DATA and RESULT, and the two that come with every
 * analyzer, in the shape that they nearly always have: read where they lie, and written where they
 * go, with no object between. SHARED_DATA is nearly as quick. What is unusual, or wrong, is left to
 * the general path, which also knows the errors. */
#include "wire/cbor/imp-cbor-private.h"

/* Bytes of everything before the payload: frame, array, op, up to six numbers or types, and the
 * payload's own head. */
#define HOT_MAX (IMP_CBOR_FRAME_HEAD + 1 + 3 + 7 * IMP_CBOR_HEAD_MAX)

/* --- writing --- */

static inline gboolean
cbor_hot_fits (gsize length)
{
  return length < G_MAXUINT32 - HOT_MAX;
}

static inline void
cbor_hot_finish (ImpOutputBuffer *output, guint8 *start, guint8 *p, gsize payload)
{
  guint32 length = GUINT32_TO_BE ((guint32) (p - start - IMP_CBOR_FRAME_HEAD + payload));

  start[0] = IMP_CBOR_FRAME;
  memcpy (start + 1, &length, sizeof length);
  imp_output_buffer_commit (output, p - start);
}

static inline void
cbor_hot_finish_payload (ImpOutputBuffer *output, guint8 *start, guint8 *p, const ImpView *payload)
{
  p = imp_cbor_put_head (p, IMP_CBOR_BYTES, payload->length);
  cbor_hot_finish (output, start, p, payload->length);
  imp_output_buffer_append_view (output, payload);
}

gboolean
imp_cbor_encode_data (ImpOutputBuffer *output, gint64 id, ImpDirection direction,
                      const ImpView *data, gint64 offset, gint32 data_type)
{
  guint8 *start, *p;

  if (!imp_cbor_is_in_range (id, 1) || !imp_cbor_is_in_range (offset, -1) || data_type == 0
      || !cbor_hot_fits (data->length))
    return FALSE;
  start = imp_output_buffer_reserve (output, HOT_MAX);
  p = start + IMP_CBOR_FRAME_HEAD;
  *p++ = IMP_CBOR_ITEM_ARRAY (6);
  p = imp_cbor_put_uint16 (p, IMP_OP_DATA);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, id);
  *p++ = direction;
  p = imp_cbor_put_int (p, offset);
  p = imp_cbor_put_int (p, data_type);
  cbor_hot_finish_payload (output, start, p, data);
  return TRUE;
}

gboolean
imp_cbor_encode_shared_data (const ImpMessage *message, ImpOutputBuffer *output)
{
  guint8 *start, *p;

  if (!imp_cbor_is_in_range (message->id, 1) || !imp_cbor_is_in_range (message->offset, -1)
      || message->data_type == 0 || !imp_cbor_is_in_range (message->block, 0)
      || !imp_cbor_is_in_range (message->length, 0))
    return FALSE;
  start = imp_output_buffer_reserve (output, HOT_MAX);
  p = start + IMP_CBOR_FRAME_HEAD;
  *p++ = IMP_CBOR_ITEM_ARRAY (8);
  p = imp_cbor_put_uint16 (p, IMP_OP_SHARED_DATA);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->id);
  *p++ = message->direction;
  p = imp_cbor_put_int (p, message->offset);
  p = imp_cbor_put_int (p, message->data_type);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->block);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->position);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, message->length);
  cbor_hot_finish (output, start, p, 0);
  return TRUE;
}

gboolean
imp_cbor_encode_verdict (ImpOutputBuffer *output, gint64 id, const ImpVerdict *verdict)
{
  gboolean replaces = verdict->type == IMP_RESULT_REPLACE;
  guint8 *start, *p;

  if ((verdict->type != IMP_RESULT_PASS && verdict->type != IMP_RESULT_PREPASS && !replaces)
      || !imp_cbor_is_in_range (id, 1) || !imp_cbor_is_in_range (verdict->offset, -1)
      || (replaces && !cbor_hot_fits (verdict->data.length)))
    return FALSE;
  start = imp_output_buffer_reserve (output, HOT_MAX);
  p = start + IMP_CBOR_FRAME_HEAD;
  *p++ = IMP_CBOR_ITEM_ARRAY (5 + replaces);
  p = imp_cbor_put_uint16 (p, IMP_OP_RESULT);
  p = imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, id);
  p = imp_cbor_put_uint16 (p, verdict->type);
  *p++ = verdict->direction;
  p = imp_cbor_put_int (p, verdict->offset);
  if (replaces)
    cbor_hot_finish_payload (output, start, p, &verdict->data);
  else
    cbor_hot_finish (output, start, p, 0);
  return TRUE;
}

/* --- reading: each step gives where the next one begins, or NULL --- */

/* An offset or a type: not below -2^31, and not above what every peer can hold. */
static inline const guint8 *
cbor_hot_get_int (const guint8 *p, const guint8 *end, gint64 *value)
{
  gboolean negative = p != NULL && p < end && *p >> 5 == IMP_CBOR_NEGATIVE;
  guint64 raw;

  p = imp_cbor_get_head (p, end, negative ? IMP_CBOR_NEGATIVE : IMP_CBOR_UNSIGNED, &raw);
  if (p == NULL || raw > (negative ? G_MAXINT32 : IMP_MAX_ID))
    return NULL;
  *value = negative ? ~(gint64) raw : (gint64) raw;
  return p;
}

/* A payload is the last item. */
static inline gboolean
cbor_hot_get_payload (const guint8 *p, const guint8 *end, ImpHead *head)
{
  guint64 length;

  p = imp_cbor_get_head (p, end, IMP_CBOR_BYTES, &length);
  if (p == NULL || length != (gsize) (end - p))
    return FALSE;
  head->payload = p;
  head->length = length;
  return TRUE;
}

static inline const guint8 *
cbor_hot_get_direction (const guint8 *p, const guint8 *end, ImpHead *head)
{
  if (p == NULL || p == end || *p > 1)
    return NULL;
  head->direction = *p;
  return p + 1;
}

/* What input has before its bytes. */
static inline const guint8 *
cbor_hot_get_input (const guint8 *p, const guint8 *end, ImpHead *head)
{
  gint64 data_type;

  p = cbor_hot_get_direction (p, end, head);
  p = cbor_hot_get_int (p, end, &head->offset);
  p = cbor_hot_get_int (p, end, &data_type);
  if (p == NULL || head->offset < -1 || data_type == 0 || data_type > G_MAXINT32)
    return NULL;
  head->data_type = data_type;
  return p;
}

static inline gboolean
cbor_hot_read_data (const guint8 *p, const guint8 *end, ImpHead *head)
{
  p = cbor_hot_get_input (p, end, head);
  return p != NULL && cbor_hot_get_payload (p, end, head);
}

/* As far as the general path would take it; what it means is not known here. */
gboolean
imp_cbor_decode_shared_data (const ImpCursor *frame, ImpMessage *message)
{
  const guint8 *p = imp_cursor_here (frame), *end = p + imp_cursor_left (frame);
  guint64 op, id, block, position, length;
  ImpHead head;

  if (p == end || *p != IMP_CBOR_ITEM_ARRAY (8))
    return FALSE;
  p = imp_cbor_get_head (p + 1, end, IMP_CBOR_UNSIGNED, &op);
  p = imp_cbor_get_head (p, end, IMP_CBOR_UNSIGNED, &id);
  p = cbor_hot_get_input (p, end, &head);
  p = imp_cbor_get_head (p, end, IMP_CBOR_UNSIGNED, &block);
  p = imp_cbor_get_head (p, end, IMP_CBOR_UNSIGNED, &position);
  p = imp_cbor_get_head (p, end, IMP_CBOR_UNSIGNED, &length);
  if (p == NULL || p != end || op != IMP_OP_SHARED_DATA || id == 0 || id > IMP_MAX_ID
      || block > G_MAXINT32 || position > G_MAXINT32 || length > IMP_MAX_ID)
    return FALSE;
  message->op = op;
  message->id = id;
  message->direction = head.direction;
  message->offset = head.offset;
  message->data_type = head.data_type;
  message->block = block;
  message->position = position;
  message->length = length;
  return TRUE;
}

static inline gboolean
cbor_hot_read_result (const guint8 *p, const guint8 *end, guint n, ImpHead *head)
{
  guint64 type;

  p = imp_cbor_get_head (p, end, IMP_CBOR_UNSIGNED, &type);
  p = cbor_hot_get_direction (p, end, head);
  p = cbor_hot_get_int (p, end, &head->offset);
  if (p == NULL || head->offset < -1)
    return FALSE;
  if (n == 5 ? (type != IMP_RESULT_PASS && type != IMP_RESULT_PREPASS) || p != end
             : type != IMP_RESULT_REPLACE || !cbor_hot_get_payload (p, end, head))
    return FALSE;
  head->result = type;
  return TRUE;
}

/* Where a text begins that has its length in the first byte of its head or in the second one. */
static inline const guint8 *
cbor_hot_get_text (const guint8 *p, const guint8 *end, gsize *length)
{
  if (p == end || *p >> 5 != IMP_CBOR_TEXT)
    return NULL;
  *length = *p++ & 0x1f;
  if (*length >= 24)
    {
      if (*length > 24 || p == end)
        return NULL;
      *length = *p++;
    }
  return *length <= (gsize) (end - p) ? p : NULL;
}

/* Writes the texts where they are kept. Their heads, of one byte or two, are what the limit counts
 * for each, or less; the block has two. */
static ImpContext *
cbor_hot_read_pairs (const guint8 *p, const guint8 *end, guint n_pairs)
{
  char *to;
  ImpContext *context = imp_context_begin_block (n_pairs, end - p + 2 * n_pairs, &to);
  gsize length;

  for (guint i = 0; i < 2 * n_pairs && to != NULL; i++)
    {
      p = cbor_hot_get_text (p, end, &length);
      if (p == NULL)
        break;
      to = imp_context_put_plain (to, (const char *) p, length);
      p += length;
    }
  if (to == NULL || p != end)
    {
      imp_context_unref (context);
      return NULL;
    }
  imp_context_end_block (context, to);
  return context;
}

G_GNUC_NO_INLINE
static gboolean
cbor_hot_read_analyzer (const guint8 *p, const guint8 *end, guint8 array,
                        const ImpWireLimits *limits, ImpHead *head)
{
  guint n_pairs;

  head->context = NULL;
  if (array == IMP_CBOR_ITEM_ARRAY (2))
    return head->op == IMP_OP_DELETE_ANALYZER && p == end;
  if (array != IMP_CBOR_ITEM_ARRAY (3) || head->op != IMP_OP_NEW_ANALYZER)
    return FALSE;
  n_pairs = p < end && *p >> 5 == IMP_CBOR_MAP ? *p & 0x1f : 24;
  if (n_pairs >= 24 || (gsize) (end - ++p) > limits->max_context)
    return FALSE;
  if (n_pairs == 0)
    return p == end;
  head->context = cbor_hot_read_pairs (p, end, n_pairs);
  return head->context != NULL;
}

gsize
imp_cbor_decode_head (const guint8 *data, gsize available, const ImpWireLimits *limits,
                      ImpHead *head)
{
  const guint8 *p = data + IMP_CBOR_FRAME_HEAD, *end;
  guint32 length;
  guint64 id;

  if (available < IMP_CBOR_FRAME_HEAD + 4 || data[0] != IMP_CBOR_FRAME)
    return 0;
  memcpy (&length, data + 1, sizeof length);
  length = GUINT32_FROM_BE (length);
  /* A frame of which a part is missing, or that is too long, is none of this. */
  if (length < 4 || length > available - IMP_CBOR_FRAME_HEAD
      || (gsize) length + IMP_CBOR_FRAME_HEAD > limits->max_message)
    return 0;
  end = p + length;
  if (p[1] != IMP_CBOR_ITEM_UINT16)
    return 0;
  head->op = p[2] << 8 | p[3];
  p = imp_cbor_get_head (p + 4, end, IMP_CBOR_UNSIGNED, &id);
  if (p == NULL || id == 0 || id > IMP_MAX_ID)
    return 0;
  head->id = id;
  switch (data[IMP_CBOR_FRAME_HEAD])
    {
    case IMP_CBOR_ITEM_ARRAY (5):
      if (head->op != IMP_OP_RESULT || !cbor_hot_read_result (p, end, 5, head))
        return 0;
      break;
    case IMP_CBOR_ITEM_ARRAY (6):
      if (head->op == IMP_OP_DATA
            ? !cbor_hot_read_data (p, end, head)
            : head->op != IMP_OP_RESULT || !cbor_hot_read_result (p, end, 6, head))
        return 0;
      break;
    default:
      if (!cbor_hot_read_analyzer (p, end, data[IMP_CBOR_FRAME_HEAD], limits, head))
        return 0;
    }
  return IMP_CBOR_FRAME_HEAD + length;
}
