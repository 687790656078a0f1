/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-heads.h"

#include <string.h>

static ImpMessage *
message_of_head (const ImpHead *head)
{
  const ImpView view = imp_view_of_data (head->payload, head->length);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (ImpResult) result = NULL;
  ImpVerdict verdict;

  if (head->op == IMP_OP_DATA)
    {
      bytes = imp_view_to_bytes (&view);
      return imp_message_new_data (head->id, head->direction, head->offset, head->data_type, bytes);
    }
  if (head->op == IMP_OP_NEW_ANALYZER)
    {
      g_autoptr (GHashTable) table = imp_context_to_table (head->context);

      return imp_message_new_new_analyzer (head->id, table);
    }
  if (head->op == IMP_OP_DELETE_ANALYZER)
    return imp_message_new_delete_analyzer (head->id);
  g_assert_cmpint (head->op, ==, IMP_OP_RESULT);
  verdict = imp_verdict_of_data (head->result, head->direction, head->offset, view);
  result = imp_verdict_to_result (&verdict);
  return imp_message_new_result (head->id, result);
}

/* What the short way writes, or NULL where it leaves that to the general one. */
static GBytes *
encode_short (const ImpWire *wire, ImpMessage *message)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  gboolean done = FALSE;

  if (message->op == IMP_OP_DATA)
    {
      const ImpView view = imp_view_of_bytes (message->data);

      done = wire->encode_data (buffer, message->id, message->direction, &view, message->offset,
                                message->data_type);
    }
  else if (message->op == IMP_OP_RESULT)
    {
      const ImpVerdict verdict = imp_verdict_of_result (message->result);

      done = wire->encode_verdict (buffer, message->id, &verdict);
    }
  if (!done)
    g_assert_cmpuint (imp_output_buffer_get_size (buffer), ==, 0);
  return done ? imp_output_buffer_steal (buffer) : NULL;
}

static void
check_written (const ImpWire *wire, ImpMessage *message)
{
  g_autoptr (GBytes) by_short = encode_short (wire, message);
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GBytes) by_general = NULL;

  if (by_short == NULL)
    return;
  g_assert_true (wire->encode (message, wire->max_version, buffer, NULL));
  by_general = imp_output_buffer_steal (buffer);
  g_assert_true (g_bytes_equal (by_short, by_general));
}

/* Also in the order of the pairs. Takes @by_head. */
static void
check_contexts (ImpContext *by_head, ImpContext *context)
{
  gsize length_by_head, length;
  const char *block_by_head = imp_context_peek_block (by_head, &length_by_head);
  const char *block = imp_context_peek_block (context, &length);

  g_assert_cmpmem (block_by_head, length_by_head, block, length);
  g_assert_cmpuint (imp_context_get_n_pairs (by_head), ==, imp_context_get_n_pairs (context));
  imp_context_unref (by_head);
}

gboolean
test_heads_agree (const ImpWire *wire, const guint8 *data, gsize length,
                  const ImpWireLimits *limits)
{
  ImpMessage message = IMP_MESSAGE_INIT;
  ImpCursor cursor = { .data = data, .length = length };
  g_autofree guint8 *exact = NULL;
  ImpDecodeStatus status;
  gsize taken, need;
  ImpHead head;

  if (wire->decode_head == NULL)
    return FALSE;
  /* On a copy that ends where the input ends, so that every look behind it is seen. */
  exact = g_malloc (MAX (length, 1));
  if (length > 0)
    memcpy (exact, data, length);
  taken = wire->decode_head (exact, length, limits, &head);
  status = wire->decode (&cursor, limits, &message, &need, NULL);
  if (taken > 0)
    {
      g_autoptr (ImpMessage) by_head = message_of_head (&head);

      g_assert_cmpint (status, ==, IMP_DECODE_DONE);
      g_assert_cmpuint (taken, ==, cursor.position);
      g_assert_true (imp_message_equal (by_head, &message));
      if (head.op == IMP_OP_NEW_ANALYZER)
        check_contexts (head.context, message.context);
    }
  if (status == IMP_DECODE_DONE)
    check_written (wire, &message);
  imp_message_clear (&message);
  return taken > 0;
}
