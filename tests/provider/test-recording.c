/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recorded conversation is replayed: with the same analyzer the same comes out, in whatever
 * chunks; with another one the differences are told, and made small. */
#include <imp-remote.h>

#include <glib/gstdio.h>
#include <string.h>

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define SERVER IMP_DIRECTION_FROM_SERVER
#define STREAM IMP_DATA_TYPE_STREAM

/* ---- analyzers that do what the test at hand wants ---- */

typedef struct _Subject Subject;
typedef void (*SubjectFunc) (Subject *self, ImpDirection direction, const char *data, gsize length);

struct _Subject
{
  ImpAnalyzer parent_instance;
  SubjectFunc func;
  gint64 fed[2];
  guint idle;
};

typedef ImpAnalyzerClass SubjectClass;

GType subject_get_type (void);
G_DEFINE_TYPE (Subject, subject, IMP_TYPE_ANALYZER)

static SubjectFunc subject_func;

static gboolean
subject_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
              gint32 data_type, GError **error)
{
  Subject *self = (Subject *) analyzer;
  gsize length;
  const char *bytes = g_bytes_get_data (data, &length);

  if (offset > 0)
    self->fed[direction] = offset;
  self->fed[direction] += length;
  subject_func (self, direction, bytes, length);
  return TRUE;
}

static void
subject_close (ImpAnalyzer *analyzer)
{
  Subject *self = (Subject *) analyzer;

  g_clear_handle_id (&self->idle, g_source_remove);
}

static void
subject_class_init (SubjectClass *klass)
{
  klass->data = subject_data;
  klass->close = subject_close;
}

static void
subject_init (Subject *self)
{
}

static ImpFactory *
subject_factory_new (SubjectFunc func)
{
  subject_func = func;
  return imp_type_factory_new (subject_get_type (), IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL);
}

/* ---- what the tests share ---- */

typedef struct
{
  char *folder;
  GMainLoop *loop;
} Rig;

static Rig *
rig_new (void)
{
  Rig *self = g_new0 (Rig, 1);

  self->folder = g_dir_make_tmp ("imp-replay-XXXXXX", NULL);
  self->loop = g_main_loop_new (NULL, FALSE);
  return self;
}

static void
rig_free (Rig *self)
{
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_main_loop_unref (self->loop);
  g_free (self->folder);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
take_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
             gpointer user_data)
{
}

static ImpFactory *
pattern_new (const char *settings)
{
  g_autoptr (GError) error = NULL;
  ImpFactory *factory = imp_pattern_factory_new (settings, &error);

  g_assert_no_error (error);
  return factory;
}

/* What is said: "0abc", "1def", "0" for an end; NULL: that is all. */
static ImpRecording *
rig_record (Rig *self, ImpFactory *factory, const char *const *said)
{
  g_autoptr (ImpRecorder) recorder = imp_recorder_new (self->folder, NULL);
  g_autoptr (ImpRecordingWriter) writer = NULL;
  g_autoptr (ImpFilter) filter = NULL;
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  ImpRecording *recording;

  filter = imp_filter_new (analyzer);
  writer = imp_recording_writer_new (recorder, NULL, NULL, NULL, -1, &error);
  g_assert_no_error (error);
  path = g_strdup (imp_recording_writer_get_path (writer));
  imp_recording_writer_follow (writer, filter);
  imp_filter_set_output (filter, take_output, NULL, NULL);
  for (; *said != NULL; said++)
    {
      imp_filter_push_bytes (filter, **said - '0', (const guint8 *) *said + 1, strlen (*said + 1),
                             STREAM, NULL);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  imp_filter_close (filter);
  g_assert_true (imp_recording_writer_close (writer, &error));
  g_clear_object (&writer);
  g_clear_object (&recorder);
  recording = imp_recording_new_for_file (path, &error);
  g_assert_no_error (error);
  g_assert_true (imp_recording_is_complete (recording));
  g_unlink (path);
  return recording;
}

typedef struct
{
  GMainLoop *loop;
  ImpReplay *replay;
  GError *error;
} Played;

static void
on_replayed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Played *played = user_data;

  played->replay = imp_recording_replay_finish (IMP_RECORDING (source), result, &played->error);
  g_main_loop_quit (played->loop);
}

static ImpReplay *
rig_replay (Rig *self, ImpRecording *recording, ImpFactory *factory, int chunk_size)
{
  Played played = { self->loop, NULL, NULL };

  imp_recording_replay_async (recording, factory, chunk_size, NULL, on_replayed, &played);
  g_main_loop_run (self->loop);
  g_assert_no_error (played.error);
  return played.replay;
}

/* The texts of differences, one behind the other. */
static char *
show (GList *differences)
{
  GString *text = g_string_new (NULL);

  for (GList *l = differences; l != NULL; l = l->next)
    g_string_append_printf (text, "%s%s", l == differences ? "" : "; ",
                            imp_difference_get_text (l->data));
  g_list_free_full (differences, (GDestroyNotify) imp_difference_unref);
  return g_string_free (text, FALSE);
}

static char *
rig_compare (Rig *self, ImpRecording *recording, ImpFactory *factory, int chunk_size)
{
  g_autoptr (ImpReplay) replay = rig_replay (self, recording, factory, chunk_size);

  return show (imp_recording_compare (recording, replay));
}

static void
rig_assert (Rig *self, ImpRecording *recording, ImpFactory *factory, int chunk_size,
            const char *differences)
{
  g_autofree char *text = rig_compare (self, recording, factory, chunk_size);

  g_assert_cmpstr (text, ==, differences);
}

/* `0"ab" 0. 1"x"` */
static char *
show_chunks (ImpRecording *recording)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < imp_recording_get_n_chunks (recording); i++)
    {
      ImpDirection direction;
      GBytes *data = imp_recording_get_chunk (recording, i, &direction, NULL, NULL);

      g_string_append_printf (text, "%s%u", i > 0 ? " " : "", direction);
      if (g_bytes_get_size (data) == 0)
        g_string_append_c (text, '.');
      else
        g_string_append_printf (text, "\"%.*s\"", (int) g_bytes_get_size (data),
                                (const char *) g_bytes_get_data (data, NULL));
    }
  return g_string_free (text, FALSE);
}

static const char *const wolves[] = { "0There once",      "1hello wolf", "0 was a wo", "0lf; ",
                                      "0the wolf is old", "0",           "1",          NULL };

/* ---- tests ---- */

static void
test_same (void)
{
  static const int sizes[] = { IMP_RECORDING_AS_RECORDED, IMP_RECORDING_AT_ONCE, 1, 2, 7, 1000 };
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) factory = pattern_new ("string=wolf&action=replace&actdata=lamb");
  g_autoptr (ImpRecording) recording = rig_record (rig, factory, wolves);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (ImpReplay) replay = rig_replay (rig, recording, factory, sizes[i]);
      g_autoptr (GBytes) output = imp_replay_get_output (replay, CLIENT);
      g_autofree char *text = show (imp_recording_compare (recording, replay));

      g_assert_cmpstr (text, ==, "");
      g_assert_cmpint (imp_replay_get_outcome (replay), ==, IMP_OUTCOME_PASSED);
      g_assert_cmpmem (g_bytes_get_data (output, NULL), g_bytes_get_size (output),
                       "There once was a lamb; the lamb is old", 38);
    }
}

static void
test_changed (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) factory = pattern_new ("string=wolf&action=replace&actdata=lamb");
  g_autoptr (ImpFactory) changed = pattern_new ("string=wolf&action=replace&actdata=sheep");
  g_autoptr (ImpFactory) client = pattern_new ("string=wolf&action=replace&actdata=sheep&rxdir=0");
  g_autoptr (ImpFactory) denies = pattern_new ("string=wolf&action=deny&actdata=no%20wolves");
  g_autoptr (ImpRecording) recording = rig_record (rig, factory, wolves);
  g_autoptr (ImpReplay) one = NULL;
  g_autoptr (ImpReplay) other = NULL;
  g_autolist (ImpDifference) list = NULL;
  ImpDifference *first;

  rig_assert (rig, recording, changed, 3,
              "the output to the server differs at byte 17, after \"here once was a \": \"sheep; "
              "the sheep is old\", and not \"lamb; the lamb is old\"; the output to the client "
              "differs at byte 6, after \"hello \": \"sheep\", and not \"lamb\"");
  rig_assert (rig, recording, denies, 0, "it was denied: \"no wolves\", and not: it went through");

  one = rig_replay (rig, recording, changed, 0);
  other = rig_replay (rig, recording, client, 0);
  list = imp_replay_compare (one, other);
  g_assert_cmpuint (g_list_length (list), ==, 1);
  first = list->data;
  g_assert_cmpint (imp_difference_get_kind (first), ==, IMP_DIFFERENCE_OUTPUT);
  g_assert_cmpint (imp_difference_get_direction (first), ==, SERVER);
  g_assert_cmpint (imp_difference_get_offset (first), ==, 6);
}

static void
test_shrink (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) factory = pattern_new ("string=wolf&action=replace&actdata=lamb");
  g_autoptr (ImpFactory) changed = pattern_new ("string=wolf&action=replace&actdata=sheep");
  g_autoptr (ImpFactory) denies = pattern_new ("string=old&action=deny&actdata=no");
  g_autoptr (ImpRecording) recording = rig_record (rig, factory, wolves);
  g_autoptr (ImpRecording) part = NULL;
  g_autoptr (ImpRecording) against = NULL;
  g_autoptr (ImpRecording) refused = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *shown_against = NULL;
  g_autofree char *shown_refused = NULL;

  part = imp_recording_shrink (recording, changed, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  shown = show_chunks (part);
  g_assert_cmpstr (shown, ==, "0\"wolf\" 0. 1.");
  rig_assert (rig, part, changed, 0,
              "the output to the server differs at byte 0: \"sheep\", and not \"lamb\"");

  against = imp_recording_shrink (recording, denies, factory, 0, NULL, &error);
  g_assert_no_error (error);
  shown_against = show_chunks (against);
  g_assert_cmpstr (shown_against, ==, "0\"old\" 0. 1.");

  refused = imp_recording_shrink (recording, denies, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  shown_refused = show_chunks (refused);
  g_assert_cmpstr (shown_refused, ==, "0\" is old\" 0. 1.");

  g_assert_null (imp_recording_shrink (recording, factory, NULL, 0, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FAILED);
}

/* One that puts something in at the end. */

static void
subject_append (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (length == 0)
    imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, self->fed[direction],
                                (const guint8 *) "end", 3);
  else
    imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}

static void
test_end (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) factory = subject_factory_new (subject_append);
  g_autoptr (ImpRecording) recording = rig_record (rig, factory, wolves);
  g_autoptr (ImpReplay) replay = rig_replay (rig, recording, factory, 5);
  g_autoptr (GBytes) output = imp_replay_get_output (replay, SERVER);
  g_autofree char *text = show (imp_recording_compare (recording, replay));

  g_assert_cmpstr (text, ==, "");
  g_assert_cmpmem (g_bytes_get_data (output, NULL), g_bytes_get_size (output), "hello wolfend", 13);
}

/* Logs, accounts, answers, and outcomes that no verdict tells. */

static void
subject_tell (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      const gint64 at = self->fed[direction] - length + i;
      const char byte[] = { data[i], '\0' };

      if (data[i] == 'l')
        imp_analyzer_log (IMP_ANALYZER (self), direction, at, 1, IMP_LOG_LEVEL_WARNING, "an l");
      if (data[i] == 'a')
        imp_analyzer_account (IMP_ANALYZER (self), "letter", byte);
      if (data[i] == 's')
        imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "S", 1);
      if (data[i] == 'd')
        imp_analyzer_deny (IMP_ANALYZER (self), direction, "a d");
    }
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}

static void
subject_pass (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->fed[direction]);
}

static void
test_told (void)
{
  static const char *const said[] = { "0a b c l m", "1 s t", "0 l", "0", "1", NULL };
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) teller = subject_factory_new (subject_tell);
  g_autoptr (ImpRecording) recording = rig_record (rig, teller, said);
  g_autoptr (ImpReplay) replay = rig_replay (rig, recording, teller, 1);
  g_auto (GStrv) log = imp_replay_list_log (replay, CLIENT);
  g_auto (GStrv) accounts = imp_replay_list_accounts (replay);
  g_autoptr (GBytes) sent = imp_replay_get_sent (replay, CLIENT);
  g_autofree char *text = show (imp_recording_compare (recording, replay));
  g_autofree char *silent = NULL;

  g_assert_cmpstr (text, ==, "");
  g_assert_cmpuint (g_strv_length (log), ==, 2);
  g_assert_cmpuint (g_strv_length (accounts), ==, 1);
  g_assert_cmpmem (g_bytes_get_data (sent, NULL), g_bytes_get_size (sent), "S", 1);
  subject_func = subject_pass;
  silent = rig_compare (rig, recording, teller, 0);
  g_assert_nonnull (strstr (silent, "the log of what goes to the server differs at entry 0: "
                                    "nothing, and not "));
  g_assert_nonnull (strstr (silent, "what the analyzer itself sends to the server differs at byte "
                                    "0: nothing, and not \"S\""));
  g_assert_nonnull (strstr (silent, "the account differs: nothing, and not "));
}

static gboolean
subject_on_idle (gpointer user_data)
{
  Subject *self = user_data;

  self->idle = 0;
  for (guint i = 0; i < 2; i++)
    imp_analyzer_pass_bytes (IMP_ANALYZER (self), i, self->fed[i]);
  return G_SOURCE_REMOVE;
}

static void
subject_later (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (self->idle == 0)
    self->idle = g_idle_add (subject_on_idle, self);
}

static void
subject_never (Subject *self, ImpDirection direction, const char *data, gsize length)
{
}

/* When a verdict comes makes no difference; that none comes does. */
static void
test_later (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) factory = subject_factory_new (subject_pass);
  g_autoptr (ImpRecording) recording = rig_record (rig, factory, wolves);
  g_autofree char *text = NULL;

  subject_func = subject_later;
  rig_assert (rig, recording, factory, 1, "");
  subject_func = subject_never;
  imp_recording_set_timeout (recording, 30);
  text = rig_compare (rig, recording, factory, 1);
  g_assert_true (g_str_has_prefix (text, "the analyzer has no verdict on 38 bytes"));
}

static gboolean
subject_on_resume (gpointer user_data)
{
  Subject *self = user_data;

  self->idle = 0;
  imp_analyzer_resume (IMP_ANALYZER (self), CLIENT);
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), CLIENT, self->fed[CLIENT]);
  return G_SOURCE_REMOVE;
}

/* After each chunk it wants a pause, in which nothing may come. */
static void
subject_pause (Subject *self, ImpDirection direction, const char *data, gsize length)
{
  if (direction == SERVER)
    {
      subject_pass (self, direction, data, length);
      return;
    }
  g_assert_cmpuint (self->idle, ==, 0);
  imp_analyzer_pause (IMP_ANALYZER (self), direction);
  self->idle = g_idle_add (subject_on_resume, self);
}

static void
test_paused (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) factory = subject_factory_new (subject_pass);
  g_autoptr (ImpRecording) recording = rig_record (rig, factory, wolves);

  subject_func = subject_pause;
  rig_assert (rig, recording, factory, 2, "");
}

/* One that was recorded before its end: what comes later may be anything, but not what came. */
static void
test_beginning (void)
{
  static const char *const said[] = { "0a wolf", "1x", NULL };
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) never = subject_factory_new (subject_never);
  g_autoptr (ImpRecording) recording = rig_record (rig, never, said);
  g_autoptr (ImpRecording) passed = NULL;
  g_autofree char *text = NULL;
  g_autofree char *shorter = NULL;

  g_assert_cmpint (imp_recording_get_outcome (recording), ==, IMP_OUTCOME_UNSETTLED);
  subject_func = subject_pass;
  rig_assert (rig, recording, never, 0, "");
  passed = rig_record (rig, never, said);
  rig_assert (rig, passed, never, 1, "");
  subject_func = subject_never;
  imp_recording_set_timeout (passed, 30);
  shorter = rig_compare (rig, passed, never, 0);
  g_assert_true (g_str_has_prefix (shorter, "the output to the server differs at byte 0: nothing, "
                                            "and not \"a wolf\""));
}

static void
test_cancelled (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (ImpFactory) factory = subject_factory_new (subject_pass);
  g_autoptr (ImpRecording) recording = rig_record (rig, factory, wolves);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Played played = { rig->loop, NULL, NULL };

  subject_func = subject_never;
  imp_recording_replay_async (recording, factory, 0, cancellable, on_replayed, &played);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_cancellable_cancel (cancellable);
  g_main_loop_run (rig->loop);
  g_assert_error (played.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&played.error);
  g_assert_null (imp_recording_shrink (recording, factory, NULL, 0, cancellable, &played.error));
  g_assert_nonnull (played.error);
  g_clear_error (&played.error);
}

/* ---- any conversation ---- */

static const char *const rewriters[] = {
  "string=ab&action=replace&actdata=X",     "rx=a%2Bb&rxlen=6&action=replace&actdata=YYYY",
  "rx=b.a&rxlen=3&action=replace&actdata=", "string=abba&action=deny&actdata=no",
  "string=zz&action=replace&actdata=Z",
};

static GPtrArray *
random_conversation (void)
{
  GPtrArray *said = g_ptr_array_new_with_free_func (g_free);
  const int n = g_test_rand_int_range (1, 12);

  for (int i = 0; i < n; i++)
    {
      GString *text = g_string_new (NULL);
      const int length = g_test_rand_int_range (1, 9);

      g_string_append_c (text, '0' + g_test_rand_int_range (0, 2));
      for (int j = 0; j < length; j++)
        g_string_append_c (text, "abz"[g_test_rand_int_range (0, 3)]);
      g_ptr_array_add (said, g_string_free (text, FALSE));
    }
  if (g_test_rand_int_range (0, 4) > 0)
    {
      g_ptr_array_add (said, g_strdup ("0"));
      g_ptr_array_add (said, g_strdup ("1"));
    }
  g_ptr_array_add (said, NULL);
  return said;
}

/* An analyzer that does not see the borders of chunks does the same in any. With one that does
 * something else there is a difference exactly if something else comes out, and in a part too. */
static void
test_random (void)
{
  g_autoptr (Rig) rig = rig_new ();

  for (guint i = 0; i < 150; i++)
    {
      g_autoptr (ImpFactory) factory = pattern_new (
        rewriters[g_test_rand_int_range (0, G_N_ELEMENTS (rewriters))]);
      g_autoptr (ImpFactory) other = pattern_new (
        rewriters[g_test_rand_int_range (0, G_N_ELEMENTS (rewriters))]);
      g_autoptr (GPtrArray) said = random_conversation ();
      g_autoptr (ImpRecording) recording = rig_record (rig, factory,
                                                       (const char *const *) said->pdata);
      g_autoptr (ImpReplay) one = NULL;
      g_autoptr (ImpReplay) two = NULL;
      g_autofree char *recorded = NULL;
      g_autofree char *replayed = NULL;
      const int size = g_test_rand_int_range (-1, 6);

      imp_recording_set_timeout (recording, 1);
      rig_assert (rig, recording, factory, size, "");
      one = rig_replay (rig, recording, factory, 0);
      two = rig_replay (rig, recording, other, g_test_rand_int_range (-1, 6));
      recorded = show (imp_recording_compare (recording, two));
      replayed = show (imp_replay_compare (one, two));
      if (imp_recording_get_outcome (recording) != IMP_OUTCOME_UNSETTLED)
        g_assert_cmpstr (recorded, ==, replayed);
      g_free (recorded);
      recorded = rig_compare (rig, recording, other, 0);
      if (*recorded != '\0')
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (ImpRecording) part = imp_recording_shrink (recording, other, NULL, 0, NULL,
                                                                &error);

          g_assert_no_error (error);
          g_assert_cmpuint (imp_recording_get_n_chunks (part), >, 0);
          imp_recording_set_timeout (part, 1);
          g_free (recorded);
          recorded = rig_compare (rig, part, other, 0);
          g_assert_cmpstr (recorded, !=, "");
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recording/same", test_same);
  g_test_add_func ("/recording/changed", test_changed);
  g_test_add_func ("/recording/shrink", test_shrink);
  g_test_add_func ("/recording/end", test_end);
  g_test_add_func ("/recording/told", test_told);
  g_test_add_func ("/recording/later", test_later);
  g_test_add_func ("/recording/paused", test_paused);
  g_test_add_func ("/recording/beginning", test_beginning);
  g_test_add_func ("/recording/cancelled", test_cancelled);
  g_test_add_func ("/recording/random", test_random);
  return g_test_run ();
}
