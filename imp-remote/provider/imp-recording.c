/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-recording.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "provider/imp-recording-part-private.h"
#include "provider/imp-replay-private.h"
#include "provider/imp-trial-source-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT 5000

/**
 * ImpRecording:
 *
 * A conversation that was recorded, read from a file: what came from either side, in which chunks
 * and when, what the analyzer said, and what became of it.
 *
 * [class@Imp.Recorder] writes such files; what they consist of is told on [the page about
 * recordings](recordings.html). A file that breaks off, since the program that wrote it did, is
 * read up to its last whole entry: [method@Imp.Recording.is_complete] tells that.
 *
 * It can be played to other analyzers, in the same chunks or in others
 * ([method@Imp.Recording.replay_async]). What comes of that is compared with what came of it when
 * it was recorded ([method@Imp.Recording.compare]), or with what another analyzer makes of it
 * ([method@Imp.Replay.compare]); and where there is a difference, the smallest part of it is found
 * with which there still is one ([method@Imp.Recording.shrink]).
 *
 * Since: 0.1
 */
struct _ImpRecording
{
  GObject parent_instance;

  ImpTranscript *transcript;
  GArray *times;   /* of the chunks */
  ImpTrace *trace; /* what came of it, once somebody has asked */
  guint timeout;
};

G_DEFINE_FINAL_TYPE (ImpRecording, imp_recording, G_TYPE_OBJECT)

enum
{
  PROP_TIMEOUT = 1,
};

static GParamSpec *properties[PROP_TIMEOUT + 1];

static void
imp_recording_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_TIMEOUT)
    imp_recording_set_timeout (IMP_RECORDING (object), g_value_get_uint (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
imp_recording_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_TIMEOUT)
    g_value_set_uint (value, IMP_RECORDING (object)->timeout);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
imp_recording_finalize (GObject *object)
{
  ImpRecording *self = IMP_RECORDING (object);

  g_clear_pointer (&self->trace, imp_trace_free);
  g_clear_pointer (&self->transcript, imp_transcript_free);
  g_array_unref (self->times);
  G_OBJECT_CLASS (imp_recording_parent_class)->finalize (object);
}

static void
imp_recording_init (ImpRecording *self)
{
  self->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->timeout = TIMEOUT_DEFAULT;
}

static void
imp_recording_class_init (ImpRecordingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = imp_recording_set_property;
  object_class->get_property = imp_recording_get_property;
  object_class->finalize = imp_recording_finalize;

  /**
   * ImpRecording:timeout: (attributes org.gtk.Property.default=5000)
   *
   * How long to wait, in milliseconds, for an analyzer that does not answer at once, when it has
   * got all there is or wants a pause. Then it has no verdict.
   *
   * Since: 0.1
   */
  properties[PROP_TIMEOUT]
    = g_param_spec_uint ("timeout", NULL, NULL, 1, G_MAXINT32, TIMEOUT_DEFAULT,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

/* Takes @transcript. */
static ImpRecording *
recording_new (ImpTranscript *transcript)
{
  ImpRecording *self = g_object_new (IMP_TYPE_RECORDING, NULL);

  self->transcript = transcript;
  for (guint i = 0; i < transcript->steps->len; i++)
    {
      const ImpTranscriptStep *step = &g_array_index (transcript->steps, ImpTranscriptStep, i);

      if (step->result == NULL)
        g_array_append_val (self->times, step->time);
    }
  return self;
}

/* ---- reading ---- */

static GBytes *
recording_fail (const char *path, int number, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), "\"%s\": %s", path,
               g_strerror (number));
  return NULL;
}

/* It may become longer or shorter meanwhile. */
static GBytes *
recording_read_all (const char *path, int descriptor, gsize size, GError **error)
{
  g_autofree guint8 *data = g_try_malloc (MAX (size, 1));
  gsize length = 0;

  if (data == NULL)
    return recording_fail (path, ENOMEM, error);
  while (length < size)
    {
      const gssize n = read (descriptor, data + length, size - length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return recording_fail (path, errno, error);
      if (n == 0)
        break;
      length += n;
    }
  return g_bytes_new_take (g_steal_pointer (&data), length);
}

/* A file that is none would be read indefinitely, or would make the reader wait. */
static GBytes *
recording_read_descriptor (const char *path, int descriptor, GError **error)
{
  struct stat info;

  if (fstat (descriptor, &info) != 0)
    return recording_fail (path, errno, error);
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED, "\"%s\" is no regular file", path);
      return NULL;
    }
  if (info.st_size > IMP_TRANSCRIPT_SIZE_MAX)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "\"%s\" has %" G_GINT64_FORMAT " bytes; at most %" G_GINT64_FORMAT " are read",
                   path, (gint64) info.st_size, IMP_TRANSCRIPT_SIZE_MAX);
      return NULL;
    }
  return recording_read_all (path, descriptor, info.st_size, error);
}

static GBytes *
recording_read_file (const char *path, GError **error)
{
  const int descriptor = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  GBytes *bytes;

  if (descriptor < 0)
    return recording_fail (path, errno, error);
  bytes = recording_read_descriptor (path, descriptor, error);
  close (descriptor);
  return bytes;
}

/**
 * imp_recording_new_for_file:
 * @path: (type filename): a file
 * @error: return location for an error
 *
 * Reads a recording. It is kept in memory; a file of more than 1 GiB is refused.
 *
 * Returns: (transfer full): the recording, or %NULL with a #GFileError; an %IMP_ERROR_PROTOCOL that
 *   names the place if the file is none; an %IMP_ERROR_VERSION if it is one of a later version; or
 *   an %IMP_ERROR_LIMIT
 *
 * Since: 0.1
 */
ImpRecording *
imp_recording_new_for_file (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  ImpRecording *self;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  bytes = recording_read_file (path, error);
  if (bytes == NULL)
    return NULL;
  self = imp_recording_new_for_bytes (bytes, error);
  if (self == NULL)
    g_prefix_error (error, "\"%s\": ", path);
  return self;
}

/**
 * imp_recording_new_for_bytes:
 * @bytes: what stands in a file
 * @error: return location for an error
 *
 * Reads a recording that is in memory.
 *
 * Returns: (transfer full): the recording, or %NULL with an error as
 *   [ctor@Imp.Recording.new_for_file] has it
 *
 * Since: 0.1
 */
ImpRecording *
imp_recording_new_for_bytes (GBytes *bytes, GError **error)
{
  ImpTranscript *transcript;

  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  transcript = imp_transcript_parse (bytes, error);
  return transcript != NULL ? recording_new (transcript) : NULL;
}

/* ---- what is in it ---- */

/**
 * imp_recording_get_started:
 * @self: a recording
 *
 * Gets when it begins.
 *
 * Returns: microseconds since 1970
 *
 * Since: 0.1
 */
gint64
imp_recording_get_started (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), 0);

  return self->transcript->head.started;
}

/**
 * imp_recording_get_context:
 * @self: a recording
 *
 * Gets what was known about the conversation, as its analyzer was told it.
 *
 * Returns: (transfer none) (element-type utf8 utf8): keys and values
 *
 * Since: 0.1
 */
GHashTable *
imp_recording_get_context (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);

  return self->transcript->head.context;
}

/**
 * imp_recording_get_interface:
 * @self: a recording
 *
 * Gets what the analyzer was bound to.
 *
 * Returns: (transfer none) (nullable): an interface, if the recording names one
 *
 * Since: 0.1
 */
ImpInterface *
imp_recording_get_interface (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);

  return self->transcript->head.interface;
}

/**
 * imp_recording_get_modules:
 * @self: a recording
 *
 * Gets which modules have decided. Their settings are in no recording.
 *
 * Returns: (transfer none) (array zero-terminated=1): names, none if the recording has none
 *
 * Since: 0.1
 */
const char *const *
imp_recording_get_modules (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);

  return (const char *const *) self->transcript->head.modules;
}

/**
 * imp_recording_get_n_chunks:
 * @self: a recording
 *
 * Gets in how many chunks the input came, ends of a direction among them.
 *
 * Returns: a number of chunks
 *
 * Since: 0.1
 */
guint
imp_recording_get_n_chunks (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), 0);

  return imp_conversation_get_length (self->transcript->conversation);
}

/**
 * imp_recording_get_chunk:
 * @self: a recording
 * @index: which chunk, counted from 0
 * @direction: (out) (optional): where it comes from
 * @data_type: (out) (optional): its type
 * @time: (out) (optional): when it came, in microseconds since the start
 *
 * Gets a chunk of the input.
 *
 * Returns: (transfer none) (nullable): its bytes, none at all for the end of its direction; or
 *   %NULL if there is no such chunk
 *
 * Since: 0.1
 */
GBytes *
imp_recording_get_chunk (ImpRecording *self, guint index, ImpDirection *direction,
                         gint32 *data_type, gint64 *time)
{
  const ImpChunk *chunk;

  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);

  if (index >= imp_recording_get_n_chunks (self))
    return NULL;
  chunk = imp_conversation_get (self->transcript->conversation, index);
  if (direction != NULL)
    *direction = chunk->direction;
  if (data_type != NULL)
    *data_type = chunk->data_type;
  if (time != NULL)
    *time = g_array_index (self->times, gint64, index);
  return chunk->data;
}

/**
 * imp_recording_list_results:
 * @self: a recording
 *
 * Gets what the analyzer said, in its order.
 *
 * Returns: (transfer full) (element-type ImpResult): results
 *
 * Since: 0.1
 */
GList *
imp_recording_list_results (ImpRecording *self)
{
  GQueue results = G_QUEUE_INIT;

  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);

  for (guint i = 0; i < self->transcript->steps->len; i++)
    {
      ImpResult *result = g_array_index (self->transcript->steps, ImpTranscriptStep, i).result;

      if (result != NULL)
        g_queue_push_tail (&results, imp_result_ref (result));
    }
  return results.head;
}

/**
 * imp_recording_get_outcome:
 * @self: a recording
 *
 * Gets what became of the conversation: %IMP_OUTCOME_UNSETTLED as well if the recording does not
 * say.
 *
 * Returns: the outcome
 *
 * Since: 0.1
 */
ImpOutcome
imp_recording_get_outcome (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), IMP_OUTCOME_UNSETTLED);

  return self->transcript->outcome;
}

/**
 * imp_recording_get_reason:
 * @self: a recording
 *
 * Gets why the conversation was refused, has failed or was broken.
 *
 * Returns: text, "" if there is none
 *
 * Since: 0.1
 */
const char *
imp_recording_get_reason (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);

  return self->transcript->reason;
}

/**
 * imp_recording_is_complete:
 * @self: a recording
 *
 * Tells whether all of the conversation is in it.
 *
 * Returns: %FALSE if something was left out, or the file breaks off
 *
 * Since: 0.1
 */
gboolean
imp_recording_is_complete (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), FALSE);

  return self->transcript->is_whole;
}

/**
 * imp_recording_get_missing:
 * @self: a recording
 *
 * Gets what is missing in a recording that is not complete.
 *
 * Returns: (nullable): text for people, or %NULL if nothing is
 *
 * Since: 0.1
 */
const char *
imp_recording_get_missing (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);

  return self->transcript->missing;
}

/**
 * imp_recording_set_timeout: (set-property timeout)
 * @self: a recording
 * @timeout: a time in milliseconds
 *
 * Sets how long to wait for an analyzer that does not answer at once.
 *
 * Since: 0.1
 */
void
imp_recording_set_timeout (ImpRecording *self, guint timeout)
{
  g_return_if_fail (IMP_IS_RECORDING (self));
  g_return_if_fail (timeout >= 1 && timeout <= G_MAXINT32);

  if (self->timeout == timeout)
    return;
  self->timeout = timeout;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TIMEOUT]);
}

/**
 * imp_recording_get_timeout: (get-property timeout)
 * @self: a recording
 *
 * Gets how long to wait for an analyzer that does not answer at once.
 *
 * Returns: a time in milliseconds
 *
 * Since: 0.1
 */
guint
imp_recording_get_timeout (ImpRecording *self)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), 0);

  return self->timeout;
}

/* ---- playing it ---- */

/* Of a task. */
typedef struct
{
  ImpTrial *trial; /* NULL: it was given away */
  GSource *source;
  GSource *cancelled;
  gboolean rechunked;
} RecordingReplay;

static void
recording_replay_free (gpointer data)
{
  RecordingReplay *self = data;

  imp_source_clear (&self->source);
  imp_source_clear (&self->cancelled);
  g_clear_pointer (&self->trial, imp_trial_free);
  g_free (self);
}

static gboolean
recording_replay_on_end (gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  RecordingReplay *self = g_task_get_task_data (task);
  ImpTrial *trial = g_steal_pointer (&self->trial);

  imp_source_clear (&self->cancelled);
  imp_source_clear (&self->source);
  g_task_return_pointer (task, imp_replay_new (imp_trial_finish (trial), self->rechunked),
                         g_object_unref);
  return G_SOURCE_REMOVE;
}

static gboolean
recording_replay_on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  RecordingReplay *self = g_task_get_task_data (task);

  imp_source_clear (&self->source);
  imp_source_clear (&self->cancelled);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
recording_replay_start (RecordingReplay *self, GTask *task, guint timeout)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  self->source = imp_trial_source_new (self->trial, timeout);
  g_source_set_callback (self->source, recording_replay_on_end, g_object_ref (task),
                         g_object_unref);
  g_source_attach (self->source, g_task_get_context (task));
  if (cancellable == NULL)
    return;
  self->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_static_name (self->cancelled, "imp recording: cancelled");
  g_source_set_callback (self->cancelled, G_SOURCE_FUNC (recording_replay_on_cancelled), task,
                         NULL);
  g_source_attach (self->cancelled, g_task_get_context (task));
}

/**
 * imp_recording_replay_async:
 * @self: a recording
 * @factory: a factory, bound to an interface if it needs that
 * @chunk_size: how many bytes a chunk of a stream has, %IMP_RECORDING_AS_RECORDED, or
 *   %IMP_RECORDING_AT_ONCE
 * @cancellable: (nullable): to cancel it
 * @callback: called when it is over
 * @user_data: data for @callback
 *
 * Plays the conversation to a new analyzer of @factory, which is told the recorded context: as fast
 * as the analyzer takes it, with the directions in the recorded order. Packets stay what they are.
 *
 * Since: 0.1
 */
void
imp_recording_replay_async (ImpRecording *self, ImpFactory *factory, int chunk_size,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  RecordingReplay *replay;
  GError *error = NULL;

  g_return_if_fail (IMP_IS_RECORDING (self));
  g_return_if_fail (IMP_IS_FACTORY (factory));
  g_return_if_fail (chunk_size >= IMP_RECORDING_AT_ONCE);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_recording_replay_async);
  g_task_set_name (task, "imp_recording_replay_async");
  if (g_task_return_error_if_cancelled (task))
    return;
  replay = g_new0 (RecordingReplay, 1);
  g_task_set_task_data (task, replay, recording_replay_free);
  replay->rechunked = chunk_size != IMP_RECORDING_AS_RECORDED;
  replay->trial = imp_trial_new (
    factory, self->transcript->head.context,
    imp_recording_part_rechunk (self->transcript->conversation, chunk_size), &error);
  if (replay->trial == NULL)
    g_task_return_error (task, error);
  else
    recording_replay_start (replay, task, self->timeout);
}

/**
 * imp_recording_replay_finish:
 * @self: a recording
 * @result: the result
 * @error: return location for an error
 *
 * Finishes an operation started with [method@Imp.Recording.replay_async]. An analyzer that refuses
 * the conversation or fails is no error here, but an outcome.
 *
 * Returns: (transfer full): what came of it, or %NULL with the factory's error or
 *   %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
ImpReplay *
imp_recording_replay_finish (ImpRecording *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * imp_recording_compare:
 * @self: a recording
 * @replay: what came of it now
 *
 * Compares what came of the conversation now with what came of it when it was recorded: the
 * verdicts that were given then are applied again for that. What is compared is told at
 * [method@Imp.Replay.compare].
 *
 * When a recording is not complete, or the conversation had not come to its end, more may have come
 * out now. And more may have been logged and accounted now by an analyzer that passes what it still
 * looks at (PREPASS): nobody has heard it any more when the conversation was over.
 *
 * Returns: (transfer full) (element-type ImpDifference): the differences, none if there is none
 *
 * Since: 0.1
 */
GList *
imp_recording_compare (ImpRecording *self, ImpReplay *replay)
{
  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);
  g_return_val_if_fail (IMP_IS_REPLAY (replay), NULL);

  if (self->trace == NULL)
    self->trace = imp_reenact (self->transcript, self->transcript->conversation);
  return imp_replay_list_differences (imp_trace_list_differences (
    self->trace, imp_replay_get_trace (replay),
    imp_recording_part_get_extent (self->transcript, imp_replay_is_rechunked (replay))));
}

/**
 * imp_recording_shrink:
 * @self: a recording
 * @factory: a factory, as for [method@Imp.Recording.replay_async]
 * @against: (nullable): another one to compare with; %NULL: with the recording
 * @chunk_size: as there
 * @cancellable: (nullable): to cancel it
 * @error: return location for an error
 *
 * Finds the smallest part of the conversation with which the same kind of difference is left. With
 * @against, any bytes are left out that can be, since both sides can be asked about each part.
 * Without, what was recorded about a part is taken for what would have been said of that part
 * alone; so only whole pieces are left out on which there was one verdict.
 *
 * This takes as long as many replays do. It iterates the thread's default main context where an
 * analyzer does not answer at once.
 *
 * Returns: (transfer full): the part, with the verdicts on it that were recorded; or %NULL with
 *   %IMP_ERROR_FAILED if nothing differs, an error of a factory, or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
ImpRecording *
imp_recording_shrink (ImpRecording *self, ImpFactory *factory, ImpFactory *against, int chunk_size,
                      GCancellable *cancellable, GError **error)
{
  g_autoptr (GMainContext) main_context = g_main_context_ref_thread_default ();
  g_autoptr (ImpConversation) part = NULL;

  g_return_val_if_fail (IMP_IS_RECORDING (self), NULL);
  g_return_val_if_fail (IMP_IS_FACTORY (factory), NULL);
  g_return_val_if_fail (against == NULL || IMP_IS_FACTORY (against), NULL);
  g_return_val_if_fail (chunk_size >= IMP_RECORDING_AT_ONCE, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  part = imp_recording_part_find (self->transcript, factory, against, chunk_size, self->timeout,
                                  main_context, cancellable, error);
  return part == NULL ? NULL : recording_new (imp_reenact_extract (self->transcript, part));
}
