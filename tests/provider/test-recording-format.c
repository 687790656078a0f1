/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a recording consists of: what is read of which bytes, cut ones and hostile ones. */
#include <imp-remote.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD                                                                                       \
  "{\"format\":\"imp-recording\",\"version\":1,\"started\":\"2026-01-02T03:04:05.000006Z\"}\n"

/* @text: with "\\x.." for bytes beyond ASCII already resolved by the compiler. */
static ImpRecording *
read_bytes (const char *head, const char *items, gsize length, GError **error)
{
  GByteArray *array = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  g_byte_array_append (array, (const guint8 *) head, strlen (head));
  g_byte_array_append (array, (const guint8 *) items, length);
  bytes = g_byte_array_free_to_bytes (array);
  return imp_recording_new_for_bytes (bytes, error);
}

/* Data "abc" of the client after 7 us, PASS 3 after 8 more, its end, passed and over. */
static const char whole[] = "\x86\x00\x07\x00\x00\x20\x43"
                            "abc"
                            "\x83\x01\x08\x85\x19\x41\x03\x01\x19\x10\x01\x00\x03"
                            "\x86\x00\x00\x00\x03\x20\x40"
                            "\x84\x02\x00\x04\x60"
                            "\x86\x03\x00\x00\x00\x00\x60";
#define WHOLE_LENGTH (sizeof whole - 1)

static void
test_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRecording) recording = read_bytes (HEAD, whole, WHOLE_LENGTH, &error);
  g_autolist (ImpResult) results = NULL;
  g_autofree char *text = NULL;
  ImpDirection direction;
  gint32 data_type;
  gint64 time;
  GBytes *data;

  g_assert_no_error (error);
  g_assert_cmpint (imp_recording_get_started (recording), ==, 1767323045000006);
  g_assert_cmpuint (g_hash_table_size (imp_recording_get_context (recording)), ==, 0);
  g_assert_null (imp_recording_get_interface (recording));
  g_assert_null (imp_recording_get_modules (recording)[0]);
  g_assert_cmpuint (imp_recording_get_n_chunks (recording), ==, 2);
  data = imp_recording_get_chunk (recording, 0, &direction, &data_type, &time);
  g_assert_cmpmem (g_bytes_get_data (data, NULL), g_bytes_get_size (data), "abc", 3);
  g_assert_cmpint (direction, ==, IMP_DIRECTION_FROM_CLIENT);
  g_assert_cmpint (data_type, ==, IMP_DATA_TYPE_STREAM);
  g_assert_cmpint (time, ==, 7);
  g_assert_cmpuint (g_bytes_get_size (imp_recording_get_chunk (recording, 1, NULL, NULL, &time)),
                    ==, 0);
  g_assert_cmpint (time, ==, 15);
  g_assert_null (imp_recording_get_chunk (recording, 2, NULL, NULL, NULL));
  results = imp_recording_list_results (recording);
  g_assert_cmpuint (g_list_length (results), ==, 1);
  text = imp_result_to_string (results->data);
  g_assert_nonnull (strstr (text, "pass"));
  g_assert_cmpint (imp_recording_get_outcome (recording), ==, IMP_OUTCOME_UNSETTLED);
  g_assert_cmpstr (imp_recording_get_reason (recording), ==, "");
  g_assert_true (imp_recording_is_complete (recording));
  g_assert_null (imp_recording_get_missing (recording));
}

/* At each place: what is whole is read, and that the rest is missing is said. */
static void
test_cuts (void)
{
  guint n_before = 0;

  for (gsize length = 0; length < WHOLE_LENGTH; length++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpRecording) recording = read_bytes (HEAD, whole, length, &error);
      guint n;

      g_assert_no_error (error);
      g_assert_false (imp_recording_is_complete (recording));
      g_assert_nonnull (strstr (imp_recording_get_missing (recording), "it breaks off"));
      n = imp_recording_get_n_chunks (recording);
      g_assert_cmpuint (n, >=, n_before);
      n_before = n;
    }
  g_assert_cmpuint (n_before, ==, 2);
}

/* What a file system may leave behind the last bytes that reached the disk. */
static void
test_zeros (void)
{
  char items[200] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRecording) recording = NULL;

  memcpy (items, whole, 10);
  recording = read_bytes (HEAD, items, 200, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (imp_recording_get_n_chunks (recording), ==, 1);
  g_assert_nonnull (strstr (imp_recording_get_missing (recording), "190 bytes"));
}

static void
test_head (void)
{
  const char *head = "{\"format\":\"imp-recording\",\"version\":1,"
                     "\"started\":\"2026-01-02T03:04:05Z\","
                     "\"context\":{\"caddr\":\"192.0.2.1\",\"n\\u00e4me\":\"\"},"
                     "\"interface\":{\"type\":-1,\"results\":[\"pass\",\"later-invention\"]},"
                     "\"modules\":[\"pattern\",\"./a.py\"],"
                     "\"later\":{\"invention\":[1,2,{\"x\":null}]}}\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRecording) recording = read_bytes (head, whole, WHOLE_LENGTH, &error);
  ImpInterface *interface;

  g_assert_no_error (error);
  g_assert_cmpstr (g_hash_table_lookup (imp_recording_get_context (recording), "caddr"), ==,
                   "192.0.2.1");
  g_assert_cmpstr (g_hash_table_lookup (imp_recording_get_context (recording), "näme"), ==, "");
  interface = imp_recording_get_interface (recording);
  g_assert_cmpint (imp_interface_get_data_type (interface), ==, IMP_DATA_TYPE_STREAM);
  g_assert_cmpint (imp_interface_get_results (interface), ==, IMP_RESULT_FLAGS_PASS);
  g_assert_cmpstr (imp_recording_get_modules (recording)[1], ==, "./a.py");
  g_assert_null (imp_recording_get_modules (recording)[2]);
}

/* Each is refused with an error that says this. */
static const struct
{
  const char *head;
  const char *items;
  gsize length;
  const char *message;
} bad[] = {
#define ITEMS(text) text, sizeof text - 1
  { "", ITEMS (""), "no end of a line" },
  { "\n", ITEMS (""), "it is no recording" },
  { "{}\n", ITEMS (""), "\"format\"" },
  { "{\"format\":\"imp-recording\"}\n", ITEMS (""), "version 0" },
  { "{\"format\":\"imp-recording\",\"version\":1}\n", ITEMS (""), "\"started\"" },
  { "{\"format\":\"imp-recording\",\"version\":2,\"started\":\"2026-01-02T03:04:05Z\"}\n",
    ITEMS (""), "version is 2" },
  { "{\"format\":\"imp-recording\",\"version\":1,\"started\":\"today\"}\n", ITEMS (""), "today" },
  { "{\"format\":\"imp-recording\",\"version\":1,\"started\":\"2026-01-02T03:04:05Z\"} x\n",
    ITEMS (""), "follows" },
  { "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}\n", ITEMS (""), "it is no recording" },
  { HEAD, ITEMS ("\x05"), "an array was expected" },
  { HEAD, ITEMS ("\x80"), "at byte" },
  { HEAD, ITEMS ("\x9f\x00\xff"), "indefinite" },
  { HEAD, ITEMS ("\x82\x20\x00"), "the kind -1" },
  { HEAD, ITEMS ("\x82\x00\x20"), "the time -1" },
  { HEAD, ITEMS ("\x86\x00\x00\x02\x00\x20\x40"), "the direction 2" },
  { HEAD, ITEMS ("\x86\x00\x00\x00\x05\x20\x41x"), "begins at 5" },
  { HEAD, ITEMS ("\x86\x00\x00\x00\x00\x00\x41x"), "the type 0" },
  { HEAD, ITEMS ("\x86\x00\x00\x00\x00\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x41x"), "the type" },
  { HEAD, ITEMS ("\x86\x00\x00\x00\x00\x20\x40\x86\x00\x00\x00\x00\x20\x40"), "behind the end" },
  { HEAD, ITEMS ("\x86\x00\x00\x00\x00\x20\x05"), "a string was expected" },
  { HEAD, ITEMS ("\x83\x01\x00\x05"), "an array was expected" },
  { HEAD, ITEMS ("\x83\x01\x00\x82\x19\x40\x04\x01"), "another kind" },
  { HEAD, ITEMS ("\x82\x01\x00"), "no verdict" },
  { HEAD, ITEMS ("\x84\x02\x00\x18\x63\x60"), "the outcome 99" },
  { HEAD, ITEMS ("\x84\x02\x00\x00\x61\xff"), "UTF-8" },
  { HEAD, ITEMS ("\x86\x03\x00\x00\x00\x00\x60\x82\x09\x00"), "behind the end" },
  { HEAD, ITEMS ("\x82\x18\x63\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x00"), "nested" },
#undef ITEMS
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpRecording) recording = read_bytes (bad[i].head, bad[i].items, bad[i].length,
                                                       &error);

      if (recording != NULL)
        g_error ("case %" G_GSIZE_FORMAT " is taken, and should be refused: %s", i, bad[i].message);
      g_assert_cmpint (error->domain, ==, IMP_ERROR);
      if (strstr (error->message, bad[i].message) == NULL)
        g_error ("case %" G_GSIZE_FORMAT ": not in \"%s\": \"%s\"", i, error->message,
                 bad[i].message);
    }
}

/* Entries and items of a later version are passed over. */
static void
test_later (void)
{
  static const char items[] = "\x83\x18\x63\x05\xa1\x61x\x82\x01\x02"
                              "\x87\x00\x07\x00\x00\x20\x43"
                              "abc\xf6"
                              "\x85\x02\x00\x01\x62no\x01"
                              "\x87\x03\x00\x00\x00\x00\x60\x05";
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpRecording) recording = read_bytes (HEAD, items, sizeof items - 1, &error);
  gint64 time;

  g_assert_no_error (error);
  g_assert_cmpuint (imp_recording_get_n_chunks (recording), ==, 1);
  g_assert_nonnull (imp_recording_get_chunk (recording, 0, NULL, NULL, &time));
  g_assert_cmpint (time, ==, 12);
  g_assert_cmpint (imp_recording_get_outcome (recording), ==, IMP_OUTCOME_DENIED);
  g_assert_cmpstr (imp_recording_get_reason (recording), ==, "no");
  g_assert_true (imp_recording_is_complete (recording));
}

static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("imp-recording-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autoptr (GError) missing = NULL;
  g_autoptr (GError) fifo = NULL;
  g_autoptr (GError) large = NULL;

  g_assert_null (imp_recording_new_for_file (path, &missing));
  g_assert_error (missing, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (missing->message, path));

  /* Nobody writes to it. */
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_assert_null (imp_recording_new_for_file (path, &fifo));
  g_assert_error (fifo, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  unlink (path);

  g_assert_true (g_file_set_contents (path, HEAD, -1, NULL));
  g_assert_cmpint (truncate (path, ((off_t) 1 << 30) + 1), ==, 0);
  g_assert_null (imp_recording_new_for_file (path, &large));
  g_assert_error (large, IMP_ERROR, IMP_ERROR_LIMIT);
  unlink (path);
  rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recording-format/whole", test_whole);
  g_test_add_func ("/recording-format/cuts", test_cuts);
  g_test_add_func ("/recording-format/zeros", test_zeros);
  g_test_add_func ("/recording-format/head", test_head);
  g_test_add_func ("/recording-format/bad", test_bad);
  g_test_add_func ("/recording-format/later", test_later);
  g_test_add_func ("/recording-format/files", test_files);
  return g_test_run ();
}
