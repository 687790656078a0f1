/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings of filters: what is in the files, whose names and modes are what they should be, and
 * what happens where there is no room for more. */
#include <imp-remote.h>

#include "provider/imp-filter-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define STREAM IMP_DATA_TYPE_STREAM

typedef struct
{
  char *folder;
  ImpRecorder *recorder;
  char *stopped; /* why */
  guint n_stopped;
} Rig;

static void
rig_on_stopped (ImpRecorder *recorder, const char *reason, gpointer user_data)
{
  Rig *self = user_data;

  g_free (self->stopped);
  self->stopped = g_strdup (reason);
  self->n_stopped++;
}

static Rig *
rig_new (void)
{
  Rig *self = g_new0 (Rig, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_dir_make_tmp ("imp-recorder-XXXXXX", NULL);

  self->folder = g_build_filename (parent, "new", NULL);
  self->recorder = imp_recorder_new (self->folder, &error);
  g_assert_no_error (error);
  g_signal_connect (self->recorder, "stopped", G_CALLBACK (rig_on_stopped), self);
  return self;
}

/* Once all is written: the paths of all files. */
static GPtrArray *
rig_list (Rig *self)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) folder = NULL;
  const char *name;

  g_clear_object (&self->recorder);
  folder = g_dir_open (self->folder, 0, NULL);
  while ((name = g_dir_read_name (folder)) != NULL)
    g_ptr_array_add (paths, g_build_filename (self->folder, name, NULL));
  return paths;
}

static void
rig_free (Rig *self)
{
  g_autoptr (GPtrArray) paths = rig_list (self);
  g_autofree char *parent = g_path_get_dirname (self->folder);

  for (guint i = 0; i < paths->len; i++)
    g_assert_cmpint (g_unlink (paths->pdata[i]), ==, 0);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_assert_cmpint (g_rmdir (parent), ==, 0);
  g_free (self->folder);
  g_free (self->stopped);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

/* The only file there is. */
static ImpRecording *
rig_read (Rig *self)
{
  g_autoptr (GPtrArray) paths = rig_list (self);
  g_autoptr (GError) error = NULL;
  ImpRecording *recording;

  g_assert_cmpuint (paths->len, ==, 1);
  recording = imp_recording_new_for_file (paths->pdata[0], &error);
  g_assert_no_error (error);
  return recording;
}

static void
take_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
             gpointer user_data)
{
}

static ImpFilter *
filter_new (const char *settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (settings, &error);
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  g_assert_no_error (error);
  analyzer = imp_factory_create_analyzer (factory, context, &error);
  g_assert_no_error (error);
  return imp_filter_new (analyzer);
}

static ImpRecordingWriter *
follow (Rig *rig, ImpFilter *filter)
{
  const char *const modules[] = { "pattern", NULL };
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  ImpRecordingWriter *writer;

  g_hash_table_insert (context, (gpointer) "caddr", (gpointer) "192.0.2.1/../x");
  g_hash_table_insert (context, (gpointer) "cport", (gpointer) "12");
  writer = imp_recording_writer_new (rig->recorder, context, NULL, modules, -1, &error);
  g_assert_no_error (error);
  imp_recording_writer_follow (writer, filter);
  imp_filter_set_output (filter, take_output, NULL, NULL);
  return writer;
}

static void
push (ImpFilter *filter, ImpDirection direction, const char *text)
{
  imp_filter_push_bytes (filter, direction, (const guint8 *) text, strlen (text), STREAM, NULL);
}

static void
test_followed (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFilter) filter = filter_new ("string=wolf&action=replace&actdata=lamb");
  g_autoptr (ImpRecordingWriter) writer = follow (rig, filter);
  g_autoptr (ImpRecording) recording = NULL;
  g_autolist (ImpResult) results = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  GStatBuf info;

  push (filter, 0, "a wo");
  push (filter, 1, "hello");
  push (filter, 0, "lf");
  push (filter, 0, "");
  push (filter, 1, "");
  imp_filter_close (filter);
  g_assert_true (imp_recording_writer_close (writer, &error));
  g_assert_no_error (error);

  name = g_path_get_basename (imp_recording_writer_get_path (writer));
  g_assert_nonnull (strstr (name, "-192.0.2.1____x.12-unknown.unknown-"));
  g_assert_true (g_str_has_suffix (name, ".imprec"));
  g_assert_cmpint (g_stat (rig->folder, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  g_assert_cmpint (g_stat (imp_recording_writer_get_path (writer), &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  g_assert_cmpuint (imp_recorder_get_n_recordings (rig->recorder), ==, 1);
  g_assert_cmpuint (imp_recorder_get_n_incomplete (rig->recorder), ==, 0);

  g_clear_object (&writer);
  recording = rig_read (rig);
  g_assert_true (imp_recording_is_complete (recording));
  g_assert_cmpint (imp_recording_get_outcome (recording), ==, IMP_OUTCOME_PASSED);
  g_assert_cmpuint (imp_recording_get_n_chunks (recording), ==, 5);
  g_assert_cmpuint (g_bytes_get_size (imp_recording_get_chunk (recording, 2, NULL, NULL, NULL)), ==,
                    2);
  g_assert_cmpstr (imp_recording_get_modules (recording)[0], ==, "pattern");
  g_assert_cmpstr (g_hash_table_lookup (imp_recording_get_context (recording), "caddr"), ==,
                   "192.0.2.1/../x");
  results = imp_recording_list_results (recording);
  g_assert_cmpuint (g_list_length (results), >=, 3);
}

static void
test_outcomes (void)
{
  static const struct
  {
    const char *settings;
    gboolean fail;
    ImpOutcome outcome;
    const char *reason;
  } cases[] = {
    { "string=wolf&action=deny&actdata=go%20away", FALSE, IMP_OUTCOME_DENIED, "go away" },
    { "string=wolf&action=deny", TRUE, IMP_OUTCOME_FAILED, "no disk" },
    { "string=lamb&action=deny", FALSE, IMP_OUTCOME_UNSETTLED, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Rig) rig = rig_new ();
      g_autoptr (ImpFilter) filter = filter_new (cases[i].settings);
      g_autoptr (ImpRecordingWriter) writer = follow (rig, filter);
      g_autoptr (ImpRecording) recording = NULL;

      if (cases[i].fail)
        imp_filter_fail (filter, cases[i].reason);
      else
        push (filter, 0, "the wolf");
      imp_filter_close (filter);
      g_clear_object (&writer);
      recording = rig_read (rig);
      g_assert_true (imp_recording_is_complete (recording));
      g_assert_cmpint (imp_recording_get_outcome (recording), ==, cases[i].outcome);
      g_assert_cmpstr (imp_recording_get_reason (recording), ==, cases[i].reason);
    }
}

/* An end that no analyzer has decided is told by who knows about it. */
static void
test_broken (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFilter) filter = filter_new ("string=lamb&action=deny");
  g_autoptr (ImpRecordingWriter) writer = follow (rig, filter);
  g_autoptr (ImpRecording) recording = NULL;

  push (filter, 0, "abc");
  imp_filter_close (filter);
  imp_recording_writer_set_outcome (writer, IMP_OUTCOME_BROKEN, "reset");
  imp_recording_writer_set_outcome (writer, IMP_OUTCOME_PASSED, NULL);
  g_clear_object (&writer);
  recording = rig_read (rig);
  g_assert_cmpint (imp_recording_get_outcome (recording), ==, IMP_OUTCOME_BROKEN);
  g_assert_cmpstr (imp_recording_get_reason (recording), ==, "reset");
}

/* Where one is full, the rest is counted, and may pass unseen. */
static void
test_max_size (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFilter) filter = filter_new ("string=lamb&action=deny");
  g_autoptr (ImpRecordingWriter) writer = NULL;
  g_autoptr (ImpRecording) recording = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (2000, 'z');

  g_object_set (rig->recorder, "max-size", G_GUINT64_CONSTANT (5000), NULL);
  writer = follow (rig, filter);
  for (guint i = 0; i < 4; i++)
    push (filter, i % 2, text);
  push (filter, 0, "");
  push (filter, 1, "");
  imp_filter_close (filter);
  g_assert_false (imp_recording_writer_close (writer, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "2000 bytes from the client, 2000"));
  g_assert_nonnull (strstr (error->message, "max-size"));
  g_assert_cmpuint (imp_recorder_get_n_incomplete (rig->recorder), ==, 1);
  g_clear_object (&writer);
  recording = rig_read (rig);
  g_assert_false (imp_recording_is_complete (recording));
  g_assert_cmpuint (imp_recording_get_n_chunks (recording), ==, 2);
  g_assert_nonnull (strstr (imp_recording_get_missing (recording), "max-size"));
  g_assert_nonnull (strstr (imp_recording_get_missing (recording), "2000 bytes from the client"));
  g_assert_cmpint (imp_recording_get_outcome (recording), ==, IMP_OUTCOME_PASSED);
  g_assert_null (rig->stopped);
}

/* While it is recorded, nothing passes unseen; else it may. */
static void
test_unseen (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpAnalyzer) analyzer = imp_pass_analyzer_new ();
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (ImpRecordingWriter) writer = NULL;
  g_autofree char *text = g_strnfill (5000, 'z');

  g_object_set (rig->recorder, "max-size", G_GUINT64_CONSTANT (4096), NULL);
  writer = follow (rig, filter);
  push (filter, 0, "abc");
  g_assert_cmpint (imp_filter_get_unseen_room (filter, 0), ==, 0);
  push (filter, 0, text);
  g_assert_cmpint (imp_filter_get_unseen_room (filter, 0), >, 0);
  imp_filter_note_unseen (filter, 0, 123);
  g_clear_object (&writer);
  g_assert_cmpint (imp_filter_get_unseen_room (filter, 1), >, 0);
  g_clear_object (&filter);
  {
    g_autoptr (ImpRecording) recording = rig_read (rig);

    g_assert_nonnull (strstr (imp_recording_get_missing (recording), "5123 bytes"));
  }
}

/* Where all is full, the recorder stops, once. */
static void
test_max_total (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autofree char *text = g_strnfill (3000, 'z');
  g_autoptr (GError) error = NULL;

  g_object_set (rig->recorder, "max-total", G_GUINT64_CONSTANT (8000), NULL);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (ImpFilter) filter = filter_new ("string=lamb&action=deny");
      g_autoptr (ImpRecordingWriter) writer = follow (rig, filter);

      push (filter, 0, text);
    }
  g_assert_cmpuint (rig->n_stopped, ==, 1);
  g_assert_nonnull (strstr (rig->stopped, "max-total"));
  g_assert_false (imp_recorder_check (rig->recorder, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_CLOSED);
  g_assert_null (imp_recording_writer_new (rig->recorder, NULL, NULL, NULL, -1, NULL));
  g_assert_cmpuint (imp_recorder_get_n_incomplete (rig->recorder), ==, 1);
  g_assert_cmpuint (imp_recorder_get_size (rig->recorder), <=, 8000);
}

/* A disk that takes no more: what is there stays readable. */
static void
test_full_disk (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFilter) filter = filter_new ("string=lamb&action=deny");
  g_autoptr (ImpRecordingWriter) writer = NULL;
  g_autoptr (ImpRecording) recording = NULL;
  g_autofree char *text = g_strnfill (60000, 'z');
  struct rlimit before, limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 100000;
  writer = follow (rig, filter);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  push (filter, 0, text);
  push (filter, 1, text);
  while (rig->stopped == NULL)
    g_main_context_iteration (NULL, TRUE);
  push (filter, 0, text);
  g_assert_true (imp_filter_check (filter, NULL));
  imp_filter_close (filter);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpuint (rig->n_stopped, ==, 1);
  g_assert_nonnull (strstr (rig->stopped, g_strerror (EFBIG)));
  g_clear_object (&writer);
  recording = rig_read (rig);
  g_assert_cmpuint (imp_recording_get_n_chunks (recording), ==, 1);
  g_assert_nonnull (strstr (imp_recording_get_missing (recording), "breaks off"));
}

/* What is closed before the disk has refused it is counted, too. */
static void
test_full_disk_closed (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autofree char *text = g_strnfill (60000, 'z');
  struct rlimit before, limit;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 100000;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ImpFilter) filter = filter_new ("string=lamb&action=deny");
      g_autoptr (ImpRecordingWriter) writer = follow (rig, filter);

      push (filter, 0, text);
      if (i > 0)
        push (filter, 1, text);
    }
  imp_recorder_flush (rig->recorder);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_cmpuint (imp_recorder_get_n_recordings (rig->recorder), ==, 2);
  g_assert_cmpuint (imp_recorder_get_n_incomplete (rig->recorder), ==, 1);
  g_assert_cmpuint (rig->n_stopped, ==, 1);
  g_assert_nonnull (strstr (rig->stopped, g_strerror (EFBIG)));
  g_assert_false (imp_recorder_check (rig->recorder, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_CLOSED);
}

/* Nothing can be made in the folder. */
static void
test_no_folder (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autofree char *below = g_build_filename (rig->folder, "no", "such", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) gone = NULL;

  g_assert_null (imp_recorder_new (below, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, below));

  g_assert_cmpint (g_rmdir (rig->folder), ==, 0);
  g_assert_null (imp_recording_writer_new (rig->recorder, NULL, NULL, NULL, -1, &gone));
  g_assert_error (gone, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_cmpuint (rig->n_stopped, ==, 1);
  g_assert_cmpint (g_mkdir (rig->folder, 0700), ==, 0);
}

/* Told by hand, with times of long ago, by a program that waits for the disk. */
static void
test_by_hand (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpRecordingWriter) writer = NULL;
  g_autoptr (ImpRecording) recording = NULL;
  g_autoptr (ImpResult) pass = imp_result_new_pass (1, IMP_MAX_OFFSET);
  g_autoptr (ImpInterface)
    interface = imp_interface_new (STREAM, IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_DENY);
  g_autofree char *text = g_strnfill (10000, 'z');
  g_autoptr (GBytes) data = g_bytes_new (text, 10000);
  g_autoptr (GBytes) end = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;
  gint64 time;

  g_object_set (rig->recorder, "may-wait", TRUE, "max-buffered", G_GUINT64_CONSTANT (4096), NULL);
  writer = imp_recording_writer_new (rig->recorder, NULL, interface, NULL, 1000000000000, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 100; i++)
    imp_recording_writer_add_data (writer, 1000000000000 + i, 0, data, STREAM);
  /* Time does not run backwards. */
  imp_recording_writer_add_data (writer, 1000000000050, 0, end, STREAM);
  imp_recording_writer_add_result (writer, 1000000000200, pass);
  imp_recording_writer_set_outcome (writer, IMP_OUTCOME_UNSETTLED, NULL);
  g_assert_true (imp_recording_writer_close (writer, &error));
  g_clear_object (&writer);
  recording = rig_read (rig);
  g_assert_true (imp_recording_is_complete (recording));
  g_assert_cmpint (imp_recording_get_started (recording), ==, 1000000000000);
  g_assert_cmpuint (imp_recording_get_n_chunks (recording), ==, 101);
  imp_recording_get_chunk (recording, 42, NULL, NULL, &time);
  g_assert_cmpint (time, ==, 42);
  imp_recording_get_chunk (recording, 100, NULL, NULL, &time);
  g_assert_cmpint (time, ==, 99);
  g_assert_true (imp_interface_equal (imp_recording_get_interface (recording), interface));
}

static void
drop_writer (ImpRecorder *recorder, const char *reason, gpointer user_data)
{
  g_clear_object ((ImpRecordingWriter **) user_data);
}

/* An application may let a writer go when it hears that there is no room. */
static void
test_dropped_when_full (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autofree char *text = g_strnfill (5000, 'z');
  g_autoptr (ImpFilter) filter = filter_new ("string=lamb&action=deny");
  ImpRecordingWriter *writer;

  g_object_set (rig->recorder, "max-total", G_GUINT64_CONSTANT (4096), NULL);
  writer = follow (rig, filter);
  g_signal_connect (rig->recorder, "stopped", G_CALLBACK (drop_writer), &writer);
  push (filter, 0, text);
  g_assert_null (writer);
  g_assert_cmpuint (rig->n_stopped, ==, 1);
  push (filter, 0, text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recorder/followed", test_followed);
  g_test_add_func ("/recorder/outcomes", test_outcomes);
  g_test_add_func ("/recorder/broken", test_broken);
  g_test_add_func ("/recorder/max-size", test_max_size);
  g_test_add_func ("/recorder/unseen", test_unseen);
  g_test_add_func ("/recorder/max-total", test_max_total);
  g_test_add_func ("/recorder/max-total/dropped", test_dropped_when_full);
  g_test_add_func ("/recorder/full-disk", test_full_disk);
  g_test_add_func ("/recorder/full-disk/closed", test_full_disk_closed);
  g_test_add_func ("/recorder/no-folder", test_no_folder);
  g_test_add_func ("/recorder/by-hand", test_by_hand);
  return g_test_run ();
}
