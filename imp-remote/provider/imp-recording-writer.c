/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-recording-writer.h"

#include "core/imp-error.h"
#include "provider/imp-filter-tap-private.h"
#include "provider/imp-recorder-private.h"
#include "provider/imp-recording-format-private.h"

/* Bytes of what others say that are kept. */
#define REASON_MAX 1024

/**
 * ImpRecordingWriter:
 *
 * Writes one recording: a file in the folder of an [class@Imp.Recorder].
 *
 * It can follow a filter ([method@Imp.RecordingWriter.follow]), which is all that is needed where
 * there is one; or be told what happens. Times are microseconds since 1970, or -1 for now.
 *
 * What cannot be written is left out, and so is all that follows, so that what is there can be
 * replayed. How much this was, the recording says, and [method@Imp.RecordingWriter.close].
 *
 * Since: 0.1
 */
struct _ImpRecordingWriter
{
  GObject parent_instance;

  ImpRecorder *recorder;
  ImpDiskFile *file; /* NULL: it is over, or could not be written */
  char *path;
  gint64 started;
  gint64 monotonic; /* when it was started here */
  gint64 last;      /* time of the entry before, as those of the format */
  guint64 size;
  gint64 offsets[2];
  gboolean ended[2];
  ImpRecordingLoss loss;
  char *lost; /* why something was left out; NULL: nothing was */

  ImpOutcome outcome;
  char *reason;
  gint64 outcome_time; /* -1: there is none */
  gboolean closed;

  ImpFilter *filter; /* as long as it is followed */
  ImpFilterTap tap;
};

G_DEFINE_FINAL_TYPE (ImpRecordingWriter, imp_recording_writer, G_TYPE_OBJECT)

/* From here on everything is left out. It need not be seen, either. */
static void
recording_writer_lose (ImpRecordingWriter *self, const char *why)
{
  if (self->lost != NULL)
    return;
  self->lost = g_strndup (why, REASON_MAX);
  self->tap.blind = TRUE;
}

/* Microseconds since the start. */
static gint64
recording_writer_get_time (ImpRecordingWriter *self, gint64 time)
{
  if (time < 0)
    time = self->started + g_get_monotonic_time () - self->monotonic;
  return MAX (time - self->started, self->last);
}

/* With what the entry is, but its time; FALSE: it was left out. That all recording stops is told at
 * once, and whoever hears it may drop the writer: the caller has a reference. */
static gboolean
recording_writer_append (ImpRecordingWriter *self, gint64 time, ImpRecordingEntry *entry)
{
  const guint64 max = imp_recorder_get_max_size (self->recorder);
  g_autoptr (ImpOutputBuffer) output = imp_output_buffer_new ();
  const gint64 now = recording_writer_get_time (self, time);
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (self->lost != NULL || self->file == NULL)
    return FALSE;
  entry->delta = now - self->last;
  if (!imp_recording_entry_write (entry, output, &error))
    {
      recording_writer_lose (self, error->message);
      return FALSE;
    }
  if (self->size > max || imp_output_buffer_get_size (output) > max - self->size)
    reason = g_strdup_printf ("a recording may have %" G_GUINT64_FORMAT " bytes (max-size)", max);
  bytes = imp_output_buffer_steal (output);
  if (reason != NULL || !imp_recorder_append (self->recorder, self->file, bytes, &reason))
    {
      recording_writer_lose (self, reason);
      return FALSE;
    }
  self->size += g_bytes_get_size (bytes);
  self->last = now;
  return TRUE;
}

/* ---- following a filter ---- */

static void
recording_writer_on_input (gpointer user_data, ImpDirection direction, GBytes *data,
                           gint32 data_type)
{
  imp_recording_writer_add_data (user_data, -1, direction, data, data_type);
}

static void
recording_writer_on_verdict (gpointer user_data, const ImpVerdict *verdict)
{
  ImpRecordingWriter *self = user_data;
  g_autoptr (ImpResult) result = NULL;

  if (self->lost != NULL)
    {
      self->loss.n_verdicts++;
      return;
    }
  result = imp_verdict_to_result (verdict);
  imp_recording_writer_add_result (self, -1, result);
}

/* What was not seen has come nevertheless. */
static void
recording_writer_count_unseen (ImpRecordingWriter *self)
{
  for (guint direction = 0; direction < 2; direction++)
    self->loss.bytes[direction] = imp_filter_get_input (self->filter, direction)
                                  - self->offsets[direction];
}

static void
recording_writer_leave (ImpRecordingWriter *self)
{
  if (self->filter == NULL)
    return;
  recording_writer_count_unseen (self);
  imp_filter_remove_tap (self->filter, &self->tap);
  self->filter = NULL;
}

static void
recording_writer_on_over (gpointer user_data, ImpOutcome outcome, const char *reason)
{
  ImpRecordingWriter *self = user_data;

  recording_writer_count_unseen (self);
  self->filter = NULL;
  imp_recording_writer_set_outcome (self, outcome, reason);
}

static const ImpFilterTapFuncs recording_writer_tap_funcs = {
  .input = recording_writer_on_input,
  .verdict = recording_writer_on_verdict,
  .over = recording_writer_on_over,
};

/**
 * imp_recording_writer_follow:
 * @self: a writer
 * @filter: a filter that has not been given anything yet
 *
 * Records all that comes to the filter, what its analyzer says, and how it ends. Call it once,
 * before [method@Imp.Filter.set_output].
 *
 * The filter does not keep the writer alive.
 *
 * Since: 0.1
 */
void
imp_recording_writer_follow (ImpRecordingWriter *self, ImpFilter *filter)
{
  g_return_if_fail (IMP_IS_RECORDING_WRITER (self));
  g_return_if_fail (IMP_IS_FILTER (filter));
  g_return_if_fail (self->filter == NULL && !self->closed);

  self->filter = filter;
  self->tap.funcs = &recording_writer_tap_funcs;
  self->tap.user_data = self;
  imp_filter_add_tap (filter, &self->tap);
}

/* ---- what happens ---- */

/**
 * imp_recording_writer_add_data:
 * @self: a writer
 * @time: when, in microseconds since 1970, or -1 for now
 * @direction: where it comes from
 * @data: what has come; none at all is the end of that direction's stream
 * @data_type: its type
 *
 * Records a chunk. Nothing can follow the end of a direction.
 *
 * Since: 0.1
 */
void
imp_recording_writer_add_data (ImpRecordingWriter *self, gint64 time, ImpDirection direction,
                               GBytes *data, gint32 data_type)
{
  ImpRecordingEntry entry = { .kind = IMP_RECORDING_ENTRY_DATA };
  g_autoptr (ImpRecordingWriter) guard = NULL;
  gsize size;

  g_return_if_fail (IMP_IS_RECORDING_WRITER (self));
  g_return_if_fail (direction <= IMP_DIRECTION_FROM_SERVER);
  g_return_if_fail (data != NULL);
  g_return_if_fail (data_type != IMP_DATA_TYPE_ANY);
  g_return_if_fail (!self->closed && !self->ended[direction]);

  guard = g_object_ref (self);
  size = g_bytes_get_size (data);
  self->ended[direction] = size == 0;
  entry.direction = direction;
  entry.data_type = data_type;
  entry.offset = self->offsets[direction];
  entry.data = data;
  if (recording_writer_append (self, time, &entry))
    self->offsets[direction] += size;
  else
    self->loss.bytes[direction] += size;
}

/**
 * imp_recording_writer_add_result:
 * @self: a writer
 * @time: when, in microseconds since 1970, or -1 for now
 * @result: what the analyzer has said
 *
 * Records a verdict.
 *
 * Since: 0.1
 */
void
imp_recording_writer_add_result (ImpRecordingWriter *self, gint64 time, ImpResult *result)
{
  ImpRecordingEntry entry = { .kind = IMP_RECORDING_ENTRY_VERDICT };
  g_autoptr (ImpRecordingWriter) guard = NULL;

  g_return_if_fail (IMP_IS_RECORDING_WRITER (self));
  g_return_if_fail (result != NULL);
  g_return_if_fail (!self->closed);

  guard = g_object_ref (self);
  entry.result = result;
  if (!recording_writer_append (self, time, &entry))
    self->loss.n_verdicts++;
}

/**
 * imp_recording_writer_set_outcome:
 * @self: a writer
 * @outcome: what has become of the conversation
 * @reason: (nullable): why, if it was refused, has failed or is broken
 *
 * Records the outcome, as of now. A refusal stays what it is; another outcome can be replaced by
 * %IMP_OUTCOME_BROKEN.
 *
 * Since: 0.1
 */
void
imp_recording_writer_set_outcome (ImpRecordingWriter *self, ImpOutcome outcome, const char *reason)
{
  g_return_if_fail (IMP_IS_RECORDING_WRITER (self));
  g_return_if_fail (outcome <= IMP_OUTCOME_BROKEN);

  if (self->closed
      || (self->outcome_time >= 0
          && !(outcome == IMP_OUTCOME_BROKEN && self->outcome == IMP_OUTCOME_UNSETTLED)))
    return;
  g_free (self->reason);
  self->outcome = outcome;
  self->reason = g_strndup (reason != NULL ? reason : "", REASON_MAX);
  self->outcome_time = recording_writer_get_time (self, -1);
}

/* ---- beginning and end ---- */

static void
recording_writer_append_end (ImpRecordingWriter *self)
{
  g_autoptr (ImpOutputBuffer) output = imp_output_buffer_new ();
  g_autoptr (GBytes) bytes = NULL;
  const gint64 now = recording_writer_get_time (self, -1);
  ImpRecordingEntry outcome = {
    .kind = IMP_RECORDING_ENTRY_OUTCOME,
    .outcome = self->outcome,
    .text = self->reason,
  };
  ImpRecordingEntry end = {
    .kind = IMP_RECORDING_ENTRY_END,
    .loss = self->loss,
    .text = self->lost,
  };
  gsize length;
  const guint8 *data;

  if (self->outcome_time >= 0)
    {
      outcome.delta = MAX (self->outcome_time - self->last, 0);
      self->last += outcome.delta;
      imp_recording_entry_write (&outcome, output, NULL);
    }
  end.delta = MAX (now - self->last, 0);
  imp_recording_entry_write (&end, output, NULL);
  bytes = imp_output_buffer_steal (output);
  data = g_bytes_get_data (bytes, &length);
  imp_disk_file_append_last (self->file, data, length);
}

/**
 * imp_recording_writer_close:
 * @self: a writer
 * @error: return location for an error
 *
 * Ends the recording, which says then how much of it was left out. What waits for the disk is still
 * written, by the recorder's thread; whether it could be, [method@Imp.Recorder.flush] tells. Can be
 * called more than once; without it, the last reference does it.
 *
 * Returns: %TRUE if nothing was left out so far; %FALSE with an %IMP_ERROR_LIMIT that says what
 *   was, and why
 *
 * Since: 0.1
 */
gboolean
imp_recording_writer_close (ImpRecordingWriter *self, GError **error)
{
  g_return_val_if_fail (IMP_IS_RECORDING_WRITER (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  recording_writer_leave (self);
  if (!self->closed)
    {
      self->closed = TRUE;
      if (self->file != NULL)
        recording_writer_append_end (self);
      g_clear_pointer (&self->file, imp_disk_file_close);
      if (self->lost != NULL)
        imp_recorder_note_incomplete (self->recorder);
    }
  if (self->lost == NULL)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "\"%s\" lacks %" G_GINT64_FORMAT " bytes from the client, %" G_GINT64_FORMAT
               " from the server and %" G_GINT64_FORMAT " verdicts: %s",
               self->path, self->loss.bytes[0], self->loss.bytes[1], self->loss.n_verdicts,
               self->lost);
  return FALSE;
}

/* The thread could not write. */
static void
recording_writer_on_error (GObject *owner, const char *reason)
{
  ImpRecordingWriter *self = IMP_RECORDING_WRITER (owner);
  g_autofree char *text = g_strdup_printf ("\"%s\": %s", self->path, reason);

  g_clear_pointer (&self->file, imp_disk_file_close);
  recording_writer_lose (self, reason);
  imp_recorder_stop (self->recorder, text);
}

static gboolean
recording_writer_open (ImpRecordingWriter *self, GHashTable *context, GError **error)
{
  static const char *const keys[] = { "caddr", "cport", "saddr", "sport" };
  g_autoptr (GMainContext) main_context = g_main_context_ref_thread_default ();
  const char *texts[G_N_ELEMENTS (keys)] = { NULL };

  for (guint i = 0; context != NULL && i < G_N_ELEMENTS (keys); i++)
    texts[i] = g_hash_table_lookup (context, keys[i]);
  self->file = imp_recorder_open (self->recorder, self->started / G_USEC_PER_SEC, texts,
                                  G_OBJECT (self), main_context, recording_writer_on_error,
                                  &self->path, error);
  return self->file != NULL;
}

static void
recording_writer_append_head (ImpRecordingWriter *self, ImpOutputBuffer *output)
{
  g_autoptr (ImpRecordingWriter) guard = g_object_ref (self);
  g_autoptr (GBytes) bytes = imp_output_buffer_steal (output);
  g_autofree char *reason = NULL;

  self->size = g_bytes_get_size (bytes);
  if (!imp_recorder_append (self->recorder, self->file, bytes, &reason))
    recording_writer_lose (self, reason);
}

/**
 * imp_recording_writer_new:
 * @recorder: where it goes
 * @context: (nullable) (element-type utf8 utf8): what is known about the conversation
 * @interface: (nullable): what the analyzer was bound to
 * @modules: (nullable) (array zero-terminated=1): the names of the modules that decide, without
 *   their settings: these may hold what should not stand in a file
 * @started: when it begins, in microseconds since 1970, or -1 for now
 * @error: return location for an error
 *
 * Begins a recording. The name of its file comes from @started, and from the addresses in @context:
 * caddr, cport, saddr and sport.
 *
 * Returns: (transfer full): a new writer, or %NULL with an %IMP_ERROR_CLOSED if the recorder has
 *   stopped before, an %IMP_ERROR_LIMIT if @context is too large, an
 *   %IMP_ERROR_PROTOCOL if @started is no date, or a #GFileError
 *
 * Since: 0.1
 */
ImpRecordingWriter *
imp_recording_writer_new (ImpRecorder *recorder, GHashTable *context, ImpInterface *interface,
                          const char *const *modules, gint64 started, GError **error)
{
  g_autoptr (ImpRecordingWriter) self = NULL;
  g_autoptr (ImpOutputBuffer) output = NULL;
  ImpRecordingHead head = { started, context, interface, (char **) modules };

  g_return_val_if_fail (IMP_IS_RECORDER (recorder), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (started < 0)
    head.started = g_get_real_time ();
  output = imp_output_buffer_new ();
  if (!imp_recording_head_write (&head, output, error))
    return NULL;
  self = g_object_new (IMP_TYPE_RECORDING_WRITER, NULL);
  self->recorder = g_object_ref (recorder);
  self->started = head.started;
  if (!recording_writer_open (self, context, error))
    return NULL;
  recording_writer_append_head (self, output);
  return g_steal_pointer (&self);
}

/**
 * imp_recording_writer_get_path:
 * @self: a writer
 *
 * Gets where it writes.
 *
 * Returns: (type filename): a path
 *
 * Since: 0.1
 */
const char *
imp_recording_writer_get_path (ImpRecordingWriter *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING_WRITER (self), NULL);

  return self->path;
}

static void
imp_recording_writer_finalize (GObject *object)
{
  ImpRecordingWriter *self = IMP_RECORDING_WRITER (object);

  if (self->path != NULL)
    imp_recording_writer_close (self, NULL);
  g_clear_object (&self->recorder);
  g_free (self->path);
  g_free (self->lost);
  g_free (self->reason);
  G_OBJECT_CLASS (imp_recording_writer_parent_class)->finalize (object);
}

static void
imp_recording_writer_init (ImpRecordingWriter *self)
{
  self->monotonic = g_get_monotonic_time ();
  self->outcome_time = -1;
  self->outcome = IMP_OUTCOME_UNSETTLED;
}

static void
imp_recording_writer_class_init (ImpRecordingWriterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_recording_writer_finalize;
}
