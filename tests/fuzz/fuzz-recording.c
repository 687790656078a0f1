/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of recordings: it never reads beyond its input; what can be read can be read again
 * when it is cut anywhere, and is the beginning of the same then; and it can be written again. */
#include "fuzz.h"

#include "provider/imp-transcript-private.h"

#include <string.h>

/* On a copy that ends where the input ends. */
static ImpTranscript *
parse (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, length);

  return imp_transcript_parse (bytes, error);
}

static void
check_cuts (const ImpTranscript *whole, const guint8 *data, gsize length)
{
  const guint8 *end = memchr (data, '\n', length);
  const gsize first = end - data + 1;
  const gsize step = (length - first) / 32 + 1;

  for (gsize cut = first; cut < length; cut += step)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpTranscript) part = parse (data, cut, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (part->steps->len, <=, whole->steps->len);
      for (guint i = 0; i < imp_conversation_get_length (part->conversation); i++)
        g_assert_true (g_bytes_equal (imp_conversation_get (part->conversation, i)->data,
                                      imp_conversation_get (whole->conversation, i)->data));
    }
}

/* Of what can be read, everything can be written. */
static void
check_round_trip (const ImpTranscript *whole)
{
  g_autoptr (ImpOutputBuffer) output = imp_output_buffer_new ();
  g_autoptr (ImpTranscript) again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  gint64 offsets[2] = { 0 };
  guint n_chunks = 0;

  if (!imp_recording_head_write (&whole->head, output, &error))
    return;
  for (guint i = 0; i < whole->steps->len; i++)
    {
      const ImpTranscriptStep *step = &g_array_index (whole->steps, ImpTranscriptStep, i);
      ImpRecordingEntry entry = { .kind = IMP_RECORDING_ENTRY_VERDICT, .result = step->result };

      if (step->result == NULL)
        {
          const ImpChunk *chunk = imp_conversation_get (whole->conversation, n_chunks++);

          entry.kind = IMP_RECORDING_ENTRY_DATA;
          entry.direction = chunk->direction;
          entry.data_type = chunk->data_type;
          entry.offset = offsets[chunk->direction];
          entry.data = chunk->data;
          offsets[chunk->direction] += g_bytes_get_size (chunk->data);
        }
      g_assert_true (imp_recording_entry_write (&entry, output, &error));
    }
  bytes = imp_output_buffer_steal (output);
  again = imp_transcript_parse (bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->steps->len, ==, whole->steps->len);
  g_assert_cmpint (again->head.started, ==, whole->head.started);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpTranscript) transcript = parse (data, length, &error);

  if (transcript == NULL)
    {
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  g_assert_no_error (error);
  g_assert_true (transcript->is_whole == (transcript->missing == NULL));
  check_cuts (transcript, data, length);
  check_round_trip (transcript);
  return 0;
}
