/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* End to end from C, with the public API only. IMP_TEST_SERVER is the command of the server.
 *
 * Analyzers in another process, written in the language of the server, behind a filter in this
 * one. */
#include "samples.h"

#include <glib/gstdio.h>
#include <string.h>

#define MOST_HELD (1 << 20)

static char *folder;

typedef struct
{
  GSubprocess *process;
  ImpRemoteFactory *remote;
} Served;

static void
served_set_up (Served *served, const char *name, const char *argument)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) command = g_ptr_array_new ();
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL, *address = g_build_filename (folder, name, NULL);
  g_auto (GStrv) words = NULL;

  g_assert_true (g_shell_parse_argv (g_getenv ("IMP_TEST_SERVER"), NULL, &words, &error));
  for (guint i = 0; words[i] != NULL; i++)
    g_ptr_array_add (command, words[i]);
  g_ptr_array_add (command, address);
  g_ptr_array_add (command, (char *) argument);
  g_ptr_array_add (command, NULL);
  served->process = g_subprocess_newv ((const char *const *) command->pdata,
                                       G_SUBPROCESS_FLAGS_STDIN_PIPE
                                         | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                         | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                                       &error);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (served->process));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (line, "listening "));
  served->remote = imp_remote_factory_new (line + strlen ("listening "), &error);
  g_assert_no_error (error);
}

static void
served_tear_down (Served *served)
{
  g_autoptr (GError) error = NULL;

  imp_remote_factory_close (served->remote);
  g_output_stream_close (g_subprocess_get_stdin_pipe (served->process), NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait (served->process, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&served->remote);
  g_clear_object (&served->process);
}

static ImpAnalyzer *
create (Served *served, const char *key, const char *value)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer;

  if (key != NULL)
    g_hash_table_insert (context, (char *) key, (char *) value);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (served->remote), context, &error);
  g_assert_no_error (error);
  return analyzer;
}

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);

  if (size > 0)
    g_byte_array_append (user_data, bytes, size);
}

static void
push (ImpFilter *filter, const char *text)
{
  g_autoptr (GError) error = NULL;

  imp_filter_push_bytes (filter, 0, (const guint8 *) text, strlen (text), IMP_DATA_TYPE_STREAM,
                         &error);
  g_assert_no_error (error);
}

/* Pushes lines through a filter, and compares what comes out. */
static void
push_lines (Served *served, guint count)
{
  g_autoptr (ImpAnalyzer) analyzer = create (served, NULL, NULL);
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (GByteArray) heard = g_byte_array_new ();
  g_autoptr (GString) said = g_string_new (NULL);

  imp_filter_set_output (filter, on_output, heard, NULL);
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *line = g_strdup_printf ("line %u\n", i);

      g_string_append (said, line);
      push (filter, line);
      while (imp_filter_get_held (filter, 0) > MOST_HELD || imp_filter_is_paused (filter, 0))
        g_main_context_iteration (NULL, TRUE);
    }
  push (filter, "");
  while (!imp_filter_is_finished (filter, 0))
    g_main_context_iteration (NULL, TRUE);

  g_string_ascii_up (said);
  g_assert_cmpmem (said->str, said->len, heard->data, heard->len);
  g_assert_cmpint (imp_filter_get_replaced (filter, 0), ==, said->len);
  imp_filter_close (filter);
}

/* The answers to a chunk, without a main loop. */
static char *
answer (Served *served, ImpAnalyzer *analyzer, const char *chunk)
{
  GList *results = NULL;
  char *text;

  imp_analyzer_data_bytes (analyzer, 0, (const guint8 *) chunk, strlen (chunk), 0,
                           IMP_DATA_TYPE_STREAM);
  while (results == NULL)
    {
      g_assert_true (imp_remote_factory_wait (served->remote, 20000));
      results = imp_analyzer_poll_results (analyzer);
    }
  text = imp_result_to_string (results->data);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  return text;
}

static void
assert_contains (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("\"%s\" is not in \"%s\"", part, text);
}

static void
test_many_chunks (void)
{
  const char *chunks = g_getenv ("IMP_TEST_CHUNKS");
  Served served;

  served_set_up (&served, "many", NULL);
  push_lines (&served, chunks != NULL ? g_ascii_strtoull (chunks, NULL, 10) : 200000);
  served_tear_down (&served);
}

static void
test_json (void)
{
  Served served;

  served_set_up (&served, "json", NULL);
  g_object_set (served.remote, "codec", "json", NULL);
  push_lines (&served, 100);
  g_assert_cmpstr (imp_remote_factory_get_codec_name (served.remote), ==, "json");
  served_tear_down (&served);
}

static void
test_exception (void)
{
  g_autofree char *first = NULL, *second = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL, other = NULL;
  Served served;

  served_set_up (&served, "exception", NULL);
  analyzer = create (&served, NULL, NULL);
  first = answer (&served, analyzer, "raise");
  assert_contains (first, "fatal \"");
  assert_contains (first, "bad thing");
  other = create (&served, NULL, NULL);
  second = answer (&served, other, "goes on");
  assert_contains (second, "replace");
  served_tear_down (&served);
}

static void
test_context (void)
{
  g_autofree char *text = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  Served served;

  served_set_up (&served, "context", NULL);
  analyzer = create (&served, "caddr", "10.1.2.3");
  text = answer (&served, analyzer, "context");
  assert_contains (text, "10.1.2.3");
  served_tear_down (&served);
}

static void
test_filter_fails (void)
{
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (ImpFilter) filter = NULL;
  g_autoptr (GByteArray) heard = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  Served served;

  served_set_up (&served, "fails", NULL);
  analyzer = create (&served, NULL, NULL);
  filter = imp_filter_new (analyzer);
  imp_filter_set_output (filter, on_output, heard, NULL);
  push (filter, "raise");
  while (imp_filter_check (filter, &error))
    g_main_context_iteration (NULL, TRUE);
  assert_contains (error->message, "bad thing");
  g_assert_cmpint (imp_filter_get_denied (filter, 0), ==, 5);
  g_assert_cmpuint (heard->len, ==, 0);
  served_tear_down (&served);
}

static void
test_server_dies (void)
{
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autofree char *text = NULL;
  GList *results = NULL;
  Served served;

  served_set_up (&served, "dies", NULL);
  analyzer = create (&served, NULL, NULL);
  text = answer (&served, analyzer, "hello");
  g_subprocess_force_exit (served.process);
  while (results == NULL)
    {
      imp_remote_factory_wait (served.remote, 20000);
      results = imp_analyzer_poll_results (analyzer);
    }
  g_assert_cmpuint (g_list_length (results), ==, 1);
  g_assert_cmpint (imp_result_get_result_type (results->data), ==, IMP_RESULT_FATAL);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  served_tear_down (&served);
}

static void
test_own_codec (void)
{
  g_autoptr (ImpCodec) codec = sample_backward_new ();
  Served served;

  served_set_up (&served, "own-codec", "backward");
  imp_remote_factory_use_codec (served.remote, codec);
  push_lines (&served, 1000);
  g_assert_cmpstr (imp_remote_factory_get_codec_name (served.remote), ==, "backward");
  served_tear_down (&served);
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (g_getenv ("IMP_TEST_SERVER"));
  folder = g_dir_make_tmp ("imp-test-XXXXXX", NULL);
  g_test_add_func ("/bindings/remote/many-chunks", test_many_chunks);
  g_test_add_func ("/bindings/remote/json", test_json);
  g_test_add_func ("/bindings/remote/exception", test_exception);
  g_test_add_func ("/bindings/remote/context", test_context);
  g_test_add_func ("/bindings/remote/filter-fails", test_filter_fails);
  g_test_add_func ("/bindings/remote/server-dies", test_server_dies);
  g_test_add_func ("/bindings/remote/own-codec", test_own_codec);
  status = g_test_run ();
  remove_folder ();
  g_free (folder);
  return status;
}
