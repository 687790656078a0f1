/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-recording.h"

#include "core/imp-error.h"
#include "provider/imp-transcript-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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
 * Since: 0.1
 */
struct _ImpRecording
{
  GObject parent_instance;

  ImpTranscript *transcript;
  GArray *times; /* of the chunks */
};

G_DEFINE_FINAL_TYPE (ImpRecording, imp_recording, G_TYPE_OBJECT)

static void
imp_recording_finalize (GObject *object)
{
  ImpRecording *self = IMP_RECORDING (object);

  g_clear_pointer (&self->transcript, imp_transcript_unref);
  g_array_unref (self->times);
  G_OBJECT_CLASS (imp_recording_parent_class)->finalize (object);
}

static void
imp_recording_init (ImpRecording *self)
{
  self->times = g_array_new (FALSE, FALSE, sizeof (gint64));
}

static void
imp_recording_class_init (ImpRecordingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_recording_finalize;
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
