/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-recorder-private.h"

#include "core/imp-error.h"
#include "core/imp-initable-private.h"
#include "provider/imp-recording-format-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#define MAX_SIZE_DEFAULT (G_GUINT64_CONSTANT (16) << 20)
#define MAX_TOTAL_DEFAULT (G_GUINT64_CONSTANT (1) << 30)
#define MAX_BUFFERED_DEFAULT (G_GUINT64_CONSTANT (16) << 20)
#define MAX_SIZE_MIN 4096
/* With what says how it ends, it is no more than is read. */
#define MAX_SIZE_MAX (G_GUINT64_CONSTANT (1023) << 20)

/**
 * ImpRecorder:
 *
 * A folder that conversations are recorded in, each in a file of its own.
 *
 * A recording has what came, with its times and the borders of its chunks, what the analyzer said,
 * and what became of it; [class@Imp.RecordingWriter] makes one, and [class@Imp.Recording] reads it.
 * The names of the files say when they begin and between which addresses they are, and are never
 * those of files that exist. Nobody but their owner can read them: they have mode 0600, and a
 * folder that the recorder makes has 0700.
 *
 * A thread writes them, so that nothing waits for the disk. What waits for the thread is limited by
 * [property@Imp.Recorder:max-buffered], each file by [property@Imp.Recorder:max-size], and all of
 * them by [property@Imp.Recorder:max-total]. A recording that comes to one of the first two limits
 * says how much of it was left out. Where all is used up, or the disk is full, the recorder stops,
 * once and for all; [signal@Imp.Recorder::stopped] says why, and whatever is recorded goes on.
 *
 * The last reference is to be given up from a thread that may wait until everything is written.
 *
 * Since: 0.1
 */
struct _ImpRecorder
{
  GObject parent_instance;

  char *folder;
  guint64 limits[3]; /* the properties that are such */
  gboolean may_wait;

  ImpDiskWriter *disk; /* since there are recordings */
  guint64 size;
  guint64 n_recordings;
  guint64 n_incomplete;
  char *stopped; /* why; NULL: it has not */
};

static void recorder_init_initable (GInitableIface *iface);

/* clang-format off */
G_DEFINE_FINAL_TYPE_WITH_CODE (ImpRecorder, imp_recorder, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, recorder_init_initable)
                               G_IMPLEMENT_INTERFACE (G_TYPE_ASYNC_INITABLE,
                                                      imp_initable_init_async_interface))
/* clang-format on */

typedef enum
{
  PROP_MAX_SIZE = 1,
  PROP_MAX_TOTAL,
  PROP_MAX_BUFFERED,
  PROP_MAY_WAIT,
  PROP_FOLDER,
} RecorderProperty;

static GParamSpec *properties[PROP_FOLDER + 1];
static guint signal_stopped;

static inline guint64
recorder_get (ImpRecorder *self, RecorderProperty property)
{
  return self->limits[property - PROP_MAX_SIZE];
}

/**
 * imp_recorder_get_max_size: (get-property max-size)
 * @self: a recorder
 *
 * Gets how many bytes one recording may have, but for the few that say how it ends.
 *
 * Returns: the value of [property@Imp.Recorder:max-size]
 *
 * Since: 0.2
 */
guint64
imp_recorder_get_max_size (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), 0);

  return recorder_get (self, PROP_MAX_SIZE);
}

void
imp_recorder_stop (ImpRecorder *self, const char *reason)
{
  if (self->stopped != NULL)
    return;
  self->stopped = g_strdup (reason);
  g_signal_emit (self, signal_stopped, 0, self->stopped);
}

void
imp_recorder_note_incomplete (ImpRecorder *self)
{
  self->n_incomplete++;
}

/* Recordings that were closed can still fail to be written, which nobody is told at once. */
static void
recorder_note_unreported (ImpRecorder *self)
{
  const char *reason = NULL;
  g_autofree char *text = NULL;

  if (self->stopped != NULL || self->disk == NULL
      || imp_disk_writer_get_n_unreported (self->disk, &reason) == 0)
    return;
  text = g_strdup_printf ("a recording cannot be written to its end: %s", reason);
  imp_recorder_stop (self, text);
}

static gboolean
recorder_ensure_disk (ImpRecorder *self, GError **error)
{
  if (self->disk == NULL)
    self->disk = imp_disk_writer_new (recorder_get (self, PROP_MAX_BUFFERED), error);
  return self->disk != NULL;
}

ImpDiskFile *
imp_recorder_open (ImpRecorder *self, gint64 seconds, const char *const texts[4], GObject *owner,
                   GMainContext *context, ImpDiskFileFunc func, char **path, GError **error)
{
  g_autoptr (GError) local = NULL;
  int descriptor = -1;

  if (!imp_recorder_check (self, error))
    return NULL;
  if (recorder_ensure_disk (self, &local))
    descriptor = imp_disk_file_create (self->folder, seconds, texts, IMP_RECORDING_SUFFIX, path,
                                       &local);
  if (descriptor < 0)
    {
      g_prefix_error (&local, "cannot make a file in \"%s\": ", self->folder);
      imp_recorder_stop (self, local->message);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  self->n_recordings++;
  return imp_disk_file_new (self->disk, descriptor, owner, context, func);
}

gboolean
imp_recorder_append (ImpRecorder *self, ImpDiskFile *file, GBytes *bytes, char **reason)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  if (self->stopped == NULL && length > recorder_get (self, PROP_MAX_TOTAL) - self->size)
    {
      g_autofree char *text = g_strdup_printf ("all recordings together may have %" G_GUINT64_FORMAT
                                               " bytes (max-total)",
                                               recorder_get (self, PROP_MAX_TOTAL));

      imp_recorder_stop (self, text);
    }
  if (self->stopped != NULL)
    {
      *reason = g_strdup (self->stopped);
      return FALSE;
    }
  if (self->may_wait)
    imp_disk_file_append_waiting (file, data, length);
  else if (!imp_disk_file_append (file, data, length, reason))
    return FALSE;
  self->size += length;
  return TRUE;
}

/* ---- the object ---- */

static void
imp_recorder_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ImpRecorder *self = IMP_RECORDER (object);

  switch ((RecorderProperty) id)
    {
    case PROP_MAX_SIZE:
    case PROP_MAX_TOTAL:
    case PROP_MAX_BUFFERED:
      g_value_set_uint64 (value, self->limits[id - PROP_MAX_SIZE]);
      break;
    case PROP_MAY_WAIT:
      g_value_set_boolean (value, self->may_wait);
      break;
    case PROP_FOLDER:
      g_value_set_string (value, self->folder);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
recorder_set_limit (ImpRecorder *self, guint id, guint64 limit)
{
  guint64 *place = &self->limits[id - PROP_MAX_SIZE];

  /* What has been used is not taken back. */
  if (id == PROP_MAX_TOTAL)
    limit = MAX (limit, self->size);
  if (*place == limit)
    return;
  *place = limit;
  g_object_notify_by_pspec (G_OBJECT (self), properties[id]);
}

static void
imp_recorder_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ImpRecorder *self = IMP_RECORDER (object);

  switch ((RecorderProperty) id)
    {
    case PROP_MAX_SIZE:
    case PROP_MAX_TOTAL:
    case PROP_MAX_BUFFERED:
      recorder_set_limit (self, id, g_value_get_uint64 (value));
      break;
    case PROP_MAY_WAIT:
      if (self->may_wait == g_value_get_boolean (value))
        break;
      self->may_wait = !self->may_wait;
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_FOLDER:
      self->folder = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
imp_recorder_finalize (GObject *object)
{
  ImpRecorder *self = IMP_RECORDER (object);

  g_clear_pointer (&self->disk, imp_disk_writer_unref);
  g_free (self->stopped);
  g_free (self->folder);
  G_OBJECT_CLASS (imp_recorder_parent_class)->finalize (object);
}

static void
imp_recorder_init (ImpRecorder *self)
{
}

static void
recorder_class_install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * ImpRecorder:max-size: (attributes org.gtk.Property.default=16777216)
   *
   * How many bytes one recording may have, but for the few that say how it ends. What is more is
   * left out, from there on, and counted.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_SIZE] = g_param_spec_uint64 ("max-size", NULL, NULL, MAX_SIZE_MIN,
                                                   MAX_SIZE_MAX, MAX_SIZE_DEFAULT,
                                                   flags | G_PARAM_CONSTRUCT);

  /**
   * ImpRecorder:max-total: (attributes org.gtk.Property.default=1073741824)
   *
   * How many bytes all recordings together may have that this recorder writes. Then it stops.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_TOTAL] = g_param_spec_uint64 ("max-total", NULL, NULL, MAX_SIZE_MIN,
                                                    G_MAXINT64, MAX_TOTAL_DEFAULT,
                                                    flags | G_PARAM_CONSTRUCT);

  /**
   * ImpRecorder:max-buffered: (attributes org.gtk.Property.default=16777216)
   *
   * How many bytes may wait for the disk, in all recordings together. It is read when the first one
   * is made.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_BUFFERED] = g_param_spec_uint64 ("max-buffered", NULL, NULL, MAX_SIZE_MIN,
                                                       G_MAXINT64, MAX_BUFFERED_DEFAULT,
                                                       flags | G_PARAM_CONSTRUCT);

  /**
   * ImpRecorder:may-wait: (attributes org.gtk.Property.default=FALSE)
   *
   * Whether a recording waits for the disk where too much waits for it already, instead of leaving
   * something out: for programs that have nothing more urgent to do.
   *
   * Since: 0.1
   */
  properties[PROP_MAY_WAIT] = g_param_spec_boolean ("may-wait", NULL, NULL, FALSE, flags);

  /**
   * ImpRecorder:folder: (attributes org.gtk.Property.default=none)
   *
   * Where the recordings are.
   *
   * Since: 0.1
   */
  properties[PROP_FOLDER] = g_param_spec_string ("folder", NULL, NULL, NULL,
                                                 flags | G_PARAM_CONSTRUCT_ONLY);

  g_object_class_install_properties (klass, G_N_ELEMENTS (properties), properties);
}

static void
imp_recorder_class_init (ImpRecorderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = imp_recorder_get_property;
  object_class->set_property = imp_recorder_set_property;
  object_class->finalize = imp_recorder_finalize;
  recorder_class_install_properties (object_class);

  /**
   * ImpRecorder::stopped:
   * @self: the recorder
   * @reason: why, for people
   *
   * Emitted once, when nothing can be recorded any more.
   *
   * Since: 0.1
   */
  signal_stopped = g_signal_new ("stopped", IMP_TYPE_RECORDER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

/* ---- for applications ---- */

/* It is there, or it is made. */
static gboolean
recorder_ensure_folder (const char *folder, GError **error)
{
  GStatBuf info;
  int number = 0;

  if (g_mkdir (folder, 0700) != 0)
    number = errno;
  if (number == EEXIST && g_stat (folder, &info) == 0)
    number = S_ISDIR (info.st_mode) ? 0 : ENOTDIR;
  if (number == 0)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (number), "\"%s\": %s", folder,
               g_strerror (number));
  return FALSE;
}

static gboolean
recorder_initialize (GInitable *initable, GCancellable *cancellable, GError **error)
{
  ImpRecorder *self = IMP_RECORDER (initable);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (self->folder != NULL)
    return recorder_ensure_folder (self->folder, error);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                       "A recorder needs a folder to record in");
  return FALSE;
}

static void
recorder_init_initable (GInitableIface *iface)
{
  iface->init = recorder_initialize;
}

/**
 * imp_recorder_new:
 * @folder: (type filename): where to record
 * @error: return location for an error
 *
 * Creates a recorder, and the folder with mode 0700 if it is not there.
 *
 * Returns: (transfer full): a new recorder, or %NULL with a #GFileError
 *
 * Since: 0.1
 */
ImpRecorder *
imp_recorder_new (const char *folder, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return g_initable_new (IMP_TYPE_RECORDER, NULL, error, "folder", folder, NULL);
}

/**
 * imp_recorder_get_folder: (get-property folder)
 * @self: a recorder
 *
 * Gets where the recordings are.
 *
 * Returns: (type filename): a path
 *
 * Since: 0.1
 */
const char *
imp_recorder_get_folder (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), NULL);

  return self->folder;
}

/**
 * imp_recorder_check:
 * @self: a recorder
 * @error: return location for an error
 *
 * Tells whether it has stopped.
 *
 * Returns: %TRUE if something can be recorded; %FALSE with an %IMP_ERROR_CLOSED that says why not
 *
 * Since: 0.1
 */
gboolean
imp_recorder_check (ImpRecorder *self, GError **error)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), FALSE);

  recorder_note_unreported (self);
  if (self->stopped == NULL)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_CLOSED, "Nothing is recorded any more: %s",
               self->stopped);
  return FALSE;
}

/**
 * imp_recorder_flush:
 * @self: a recorder
 *
 * Waits until all that was recorded so far is in its files. If something cannot be written, of
 * recordings that are closed, then the recorder has stopped afterwards
 * ([method@Imp.Recorder.check]), and they are counted
 * ([method@Imp.Recorder.get_n_incomplete]).
 *
 * Since: 0.1
 */
void
imp_recorder_flush (ImpRecorder *self)
{
  g_return_if_fail (IMP_IS_RECORDER (self));

  if (self->disk == NULL)
    return;
  imp_disk_writer_flush (self->disk);
  recorder_note_unreported (self);
}

/**
 * imp_recorder_get_n_recordings:
 * @self: a recorder
 *
 * Gets how many recordings were begun.
 *
 * Returns: a number of recordings
 *
 * Since: 0.1
 */
guint64
imp_recorder_get_n_recordings (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), 0);

  return self->n_recordings;
}

/**
 * imp_recorder_get_n_incomplete:
 * @self: a recorder
 *
 * Gets how many of the recordings are incomplete, since something of them was left out or could not
 * be written. What still waits for the disk is not known to be bad:
 * [method@Imp.Recorder.flush] waits for it.
 *
 * Returns: a number of recordings
 *
 * Since: 0.1
 */
guint64
imp_recorder_get_n_incomplete (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), 0);

  return self->n_incomplete
         + (self->disk != NULL ? imp_disk_writer_get_n_unreported (self->disk, NULL) : 0);
}

/**
 * imp_recorder_get_size:
 * @self: a recorder
 *
 * Gets how much was recorded, but for the few bytes that say how a recording ends.
 *
 * Returns: a number of bytes
 *
 * Since: 0.1
 */
guint64
imp_recorder_get_size (ImpRecorder *self)
{
  g_return_val_if_fail (IMP_IS_RECORDER (self), 0);

  return self->size;
}
