/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-transcript-private.h"

#include "core/imp-error.h"
#include "wire/imp-fields-private.h"

/* Reads one. */
typedef struct
{
  ImpTranscript *transcript;
  gint64 time;
  gint64 offsets[2];
  gboolean ended[2];
  gboolean has_outcome;
  gboolean has_end;
} TranscriptReader;

static void
transcript_step_clear (gpointer data)
{
  ImpTranscriptStep *step = data;

  g_clear_pointer (&step->result, imp_result_unref);
}

ImpTranscript *
imp_transcript_new (ImpRecordingHead *head)
{
  ImpTranscript *self = g_new0 (ImpTranscript, 1);

  self->head = *head;
  memset (head, 0, sizeof *head);
  self->conversation = imp_conversation_new ();
  self->steps = g_array_new (FALSE, FALSE, sizeof (ImpTranscriptStep));
  g_array_set_clear_func (self->steps, transcript_step_clear);
  self->outcome = IMP_OUTCOME_UNSETTLED;
  self->reason = g_strdup ("");
  return self;
}

void
imp_transcript_free (ImpTranscript *self)
{
  imp_recording_head_clear (&self->head);
  imp_conversation_free (self->conversation);
  g_array_unref (self->steps);
  g_free (self->reason);
  g_free (self->missing);
  g_free (self);
}

void
imp_transcript_add_chunk (ImpTranscript *self, gint64 time, ImpDirection direction, GBytes *data,
                          gint32 data_type)
{
  const ImpTranscriptStep step = { time, NULL };

  imp_conversation_add (self->conversation, direction, data, data_type);
  g_array_append_val (self->steps, step);
}

void
imp_transcript_add_result (ImpTranscript *self, gint64 time, ImpResult *result)
{
  const ImpTranscriptStep step = { time, result };

  g_array_append_val (self->steps, step);
}

/* ---- reading ---- */

#define transcript_bad(error, ...) imp_wire_bad (error, "", __VA_ARGS__)

static gboolean
transcript_reader_take_data (TranscriptReader *self, ImpRecordingEntry *entry, GError **error)
{
  const guint direction = entry->direction;
  const gsize size = g_bytes_get_size (entry->data);

  if (self->ended[direction])
    return transcript_bad (error, "there is data behind the end of direction %u", direction);
  if (entry->offset != self->offsets[direction])
    return transcript_bad (error,
                           "data of direction %u begins at %" G_GINT64_FORMAT
                           ", and not at %" G_GINT64_FORMAT,
                           direction, entry->offset, self->offsets[direction]);
  self->offsets[direction] += size;
  self->ended[direction] = size == 0;
  imp_transcript_add_chunk (self->transcript, self->time, direction, g_steal_pointer (&entry->data),
                            entry->data_type);
  return TRUE;
}

static void
transcript_reader_take_end (TranscriptReader *self, const ImpRecordingEntry *entry)
{
  const ImpRecordingLoss *loss = &entry->loss;

  self->has_end = TRUE;
  if (loss->bytes[0] == 0 && loss->bytes[1] == 0 && loss->n_verdicts == 0 && *entry->text == '\0')
    return;
  self->transcript->missing
    = g_strdup_printf ("%" G_GINT64_FORMAT " bytes from the client, %" G_GINT64_FORMAT
                       " from the server and %" G_GINT64_FORMAT " verdicts were left out: %s",
                       loss->bytes[0], loss->bytes[1], loss->n_verdicts, entry->text);
}

static gboolean
transcript_reader_take (TranscriptReader *self, ImpRecordingEntry *entry, GError **error)
{
  ImpTranscript *transcript = self->transcript;

  if (self->has_end)
    return transcript_bad (error, "there is something behind the end");
  if (transcript->steps->len >= IMP_TRANSCRIPT_ENTRIES_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT, "there are more than %d entries",
                   IMP_TRANSCRIPT_ENTRIES_MAX);
      return FALSE;
    }
  /* Each is below 2^53, and there are not that many. */
  self->time = MIN (self->time, G_MAXINT64 - entry->delta) + entry->delta;
  switch (entry->kind)
    {
    case IMP_RECORDING_ENTRY_DATA:
      return transcript_reader_take_data (self, entry, error);
    case IMP_RECORDING_ENTRY_VERDICT:
      imp_transcript_add_result (transcript, self->time, g_steal_pointer (&entry->result));
      return TRUE;
    case IMP_RECORDING_ENTRY_OUTCOME:
      self->has_outcome = TRUE;
      transcript->outcome = entry->outcome;
      g_free (transcript->reason);
      transcript->reason = g_steal_pointer (&entry->text);
      return TRUE;
    case IMP_RECORDING_ENTRY_END:
      transcript_reader_take_end (self, entry);
      return TRUE;
    case IMP_RECORDING_ENTRY_UNKNOWN:
    default:
      return TRUE;
    }
}

/* What is left when the last whole entry has been read. */
static void
transcript_reader_finish (TranscriptReader *self, gsize left)
{
  ImpTranscript *transcript = self->transcript;

  if (transcript->missing == NULL && !self->has_end)
    transcript->missing = left > 0 ? g_strdup_printf ("it breaks off: the last %" G_GSIZE_FORMAT
                                                      " bytes are no whole entry",
                                                      left)
                                   : g_strdup ("it breaks off: there is no entry that ends it");
  transcript->is_whole = transcript->missing == NULL && self->has_outcome;
  if (transcript->missing == NULL && !self->has_outcome)
    transcript->missing = g_strdup ("it does not say how the conversation ended");
}

static gboolean
transcript_reader_run (TranscriptReader *self, ImpCursor *input, GError **error)
{
  while (imp_cursor_left (input) > 0)
    {
      const gsize position = input->position;
      g_auto (ImpRecordingEntry) entry = { 0 };
      ImpRecordingRead read = imp_recording_entry_read (&entry, input, error);

      if (read == IMP_RECORDING_READ_CUT && !self->has_end)
        break;
      if (read == IMP_RECORDING_READ_CUT)
        transcript_bad (error, "there is something behind the end");
      if (read != IMP_RECORDING_READ_ENTRY || !transcript_reader_take (self, &entry, error))
        {
          g_prefix_error (error, "entry at byte %" G_GSIZE_FORMAT ": ", position);
          return FALSE;
        }
    }
  transcript_reader_finish (self, imp_cursor_left (input));
  return TRUE;
}

/* Moves behind the first line. */
static gboolean
transcript_read_head (ImpRecordingHead *head, ImpCursor *input, GError **error)
{
  const gsize shown = MIN (imp_cursor_left (input), IMP_RECORDING_HEAD_MAX);
  const guint8 *end = memchr (imp_cursor_here (input), '\n', shown);
  ImpCursor line;

  if (end == NULL)
    return transcript_bad (error, "its first %" G_GSIZE_FORMAT " bytes have no end of a line",
                           shown);
  imp_cursor_take_cursor (input, end - imp_cursor_here (input), &line);
  imp_cursor_skip (input, 1);
  return imp_recording_head_read (head, &line, error);
}

ImpTranscript *
imp_transcript_parse (GBytes *bytes, GError **error)
{
  g_auto (ImpRecordingHead) head = { 0 };
  g_autoptr (ImpTranscript) transcript = NULL;
  TranscriptReader reader = { 0 };
  ImpCursor input;

  imp_cursor_init_bytes (&input, bytes);
  if (!transcript_read_head (&head, &input, error))
    {
      g_prefix_error (error, "it is no recording: ");
      return NULL;
    }
  transcript = imp_transcript_new (&head);
  reader.transcript = transcript;
  if (!transcript_reader_run (&reader, &input, error))
    return NULL;
  return g_steal_pointer (&transcript);
}
