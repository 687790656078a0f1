/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers in Perl, on Perl's own Storable and Sereal: a client against our server, and a server
 * behind our remote factory. */
#include "analyzers/imp-pattern-factory.h"
#include "core/imp-error.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#include <glib/gstdio.h>
#include <string.h>

static gboolean
on_alarm (gpointer user_data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

static void
on_talked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, user_data, NULL, &error);
  g_assert_no_error (error);
}

/* Has the Perl client run @script; returns what it printed. */
static char *
run_client (const char *form, const char *path, const char *script)
{
  g_autofree char *program = g_test_build_filename (G_TEST_DIST, "rpc", "perl-client.pl", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE
                                                        | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                                      &error, "perl", program, form, path, NULL);
  guint alarm = g_timeout_add_seconds (60, on_alarm, NULL);
  char *output = NULL;

  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (process, script, NULL, on_talked, &output);
  while (output == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (alarm);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  g_assert_no_error (error);
  return output;
}

typedef struct
{
  const char *form;  /* what Perl speaks */
  const char *codec; /* what our end has been set to */
} Way;

static void
with_server (const Way *way, ImpFactory *factory, const char *script, const char *expected)
{
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "socket", NULL);
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;

  g_object_set (server, "codec", way->codec, NULL);
  imp_server_listen (server, path, &error);
  g_assert_no_error (error);
  output = run_client (way->form, path, script);
  g_assert_cmpstr (output, ==, expected);
  imp_server_close (server);
  g_rmdir (folder);
}

static void
test_replace (gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (
    "string=secret&action=replace&actdata=%23%23%23&hold-timeout=0", &error);

  g_assert_no_error (error);
  with_server (user_data, factory,
               "interface\n"
               "expect 2\n"
               "set -1 4097 4113 4099 1 2 3 4 4352\n"
               "new 1 caddr 10.0.0.1\n"
               "new 300 caddr 10.0.0.2\n"
               "data 1 0 0 -1 my secret is sec\n"
               "expect 3\n"
               "data 1 0 0 -1 ret, isn't it\n"
               "expect 2\n"
               "data 300 1 0 -1 \\x00\\xffsecretsecret\n"
               "expect 3\n"
               "data 1 0 0 -1\n"
               "expect 1\n"
               "delete 1\n"
               "delete 300\n",
               "0x4006 1\n"
               "0x4102 [-1 [4097 4113 16 17]]\n"
               "0x4103 1 4097 0 3\n"
               "0x4103 1 4113 0 9 \"###\"\n"
               "0x4103 1 4097 0 13\n"
               "0x4103 1 4113 0 19 \"###\"\n"
               "0x4103 1 4097 0 29\n"
               "0x4103 300 4097 1 2\n"
               "0x4103 300 4113 1 8 \"###\"\n"
               "0x4103 300 4113 1 14 \"###\"\n"
               "0x4103 1 4097 0 -1\n");
}

static void
test_deny (gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (
    "rx=virus[0-9]&rxlen=6&rxdir=0&action=deny&actdata=no%20thanks", &error);

  g_assert_no_error (error);
  with_server (user_data, factory,
               "new 7 caddr 10.0.0.1\n"
               "expect 2\n"
               "data 7 0 0 -1 a virus1\n"
               "expect 2\n"
               "data 8 0 0 -1 x\n"
               "expect 1\n",
               "0x4006 1\n"
               "0x4103 7 4097 1 -1\n"
               "0x4103 7 4097 0 2\n"
               "0x4103 7 4352 0 \"no thanks\"\n"
               "0x4101 8 \"there is no analyzer 8\"\n");
}

/* --- a server in Perl --- */

typedef struct
{
  GSubprocess *process;
  char *folder;
  char *path;
  ImpRemoteFactory *remote;
  GString *text;
} Rig;

static void
rig_set_up (Rig *rig, const Way *way)
{
  g_autofree char *program = g_test_build_filename (G_TEST_DIST, "rpc", "perl-server.pl", NULL);
  g_autoptr (GDataInputStream) lines = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  rig->folder = g_dir_make_tmp (NULL, NULL);
  rig->path = g_build_filename (rig->folder, "socket", NULL);
  rig->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "perl", program,
                                   way->form, rig->path, NULL);
  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (rig->process));
  line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
  g_assert_cmpstr (line, ==, "listening");

  rig->remote = imp_remote_factory_new (rig->path, &error);
  g_assert_no_error (error);
  g_object_set (rig->remote, "codec", way->codec, NULL);
  rig->text = g_string_new (NULL);
}

static void
rig_tear_down (Rig *rig)
{
  imp_remote_factory_close (rig->remote);
  g_clear_object (&rig->remote);
  g_subprocess_force_exit (rig->process);
  g_subprocess_wait (rig->process, NULL, NULL);
  g_clear_object (&rig->process);
  g_unlink (rig->path);
  g_rmdir (rig->folder);
  g_free (rig->path);
  g_free (rig->folder);
  g_string_free (rig->text, TRUE);
}

static void
collect (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  g_autofree char *text = imp_result_to_string (result);

  g_string_append_printf (user_data, "%s;", text);
}

static void
run_until (GString *text, const char *expected)
{
  guint alarm = g_timeout_add_seconds (30, on_alarm, NULL);

  while (!g_str_equal (text->str, expected))
    {
      if (!g_str_has_prefix (expected, text->str))
        g_assert_cmpstr (text->str, ==, expected);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (alarm);
  g_string_truncate (text, 0);
}

static void
feed (ImpAnalyzer *analyzer, ImpDirection direction, const char *text)
{
  imp_analyzer_data_bytes (analyzer, direction, (const guint8 *) text, strlen (text), 0,
                           IMP_DATA_TYPE_STREAM);
}

static ImpAnalyzer *
new_analyzer (Rig *rig, const char *caddr)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer;

  g_hash_table_insert (context, (char *) "caddr", (char *) caddr);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (rig->remote), context, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (analyzer, collect, rig->text, NULL);
  return analyzer;
}

static void
test_perl_server (gconstpointer user_data)
{
  Rig rig;
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  rig_set_up (&rig, user_data);
  analyzer = new_analyzer (&rig, "10.0.0.1");
  feed (analyzer, IMP_DIRECTION_FROM_CLIENT, "GET /");
  run_until (rig.text, "log dir=0 offset=0 length=5 level=2 \"caddr=10.0.0.1\";"
                       "pass dir=0 offset=5;");
  g_assert_cmpuint (imp_remote_factory_get_version (rig.remote), ==, 1);
  g_assert_cmpstr (imp_remote_factory_get_codec_name (rig.remote), ==,
                   ((const Way *) user_data)->codec);

  feed (analyzer, IMP_DIRECTION_FROM_SERVER, "more Perl, Pe");
  run_until (rig.text, "replace dir=1 offset=11 data=11 bytes;");
  feed (analyzer, IMP_DIRECTION_FROM_SERVER, "rl");
  run_until (rig.text, "replace dir=1 offset=15 data=4 bytes;");
  feed (analyzer, IMP_DIRECTION_FROM_SERVER, "end with P");
  run_until (rig.text, "pass dir=1 offset=24;");
  feed (analyzer, IMP_DIRECTION_FROM_SERVER, "");
  run_until (rig.text, "pass dir=1 offset=25;pass dir=1 offset=max;");
  feed (analyzer, IMP_DIRECTION_FROM_CLIENT, "");
  run_until (rig.text, "pass dir=0 offset=max;");
  imp_analyzer_close (analyzer);
  rig_tear_down (&rig);
}

static void
test_perl_server_refuses (gconstpointer user_data)
{
  Rig rig;
  g_autoptr (ImpAnalyzer) refused = NULL, denied = NULL, excepted = NULL, good = NULL;
  g_autofree char *expected = NULL;

  rig_set_up (&rig, user_data);
  refused = new_analyzer (&rig, "refused");
  run_until (rig.text, "fatal \"refused\";");
  denied = new_analyzer (&rig, "a");
  feed (denied, IMP_DIRECTION_FROM_CLIENT, "a forbidden word");
  run_until (rig.text, "deny dir=0 \"forbidden word\" word=\"forbidden\";");
  excepted = new_analyzer (&rig, "b");
  feed (excepted, IMP_DIRECTION_FROM_CLIENT, "an exception");
  expected = g_strdup_printf ("fatal \"%s: an exception as ordered\";", rig.path);
  run_until (rig.text, expected);
  good = new_analyzer (&rig, "c");
  feed (good, IMP_DIRECTION_FROM_SERVER, "Perl");
  run_until (rig.text, "replace dir=1 offset=4 data=4 bytes;");

  /* A server that dies: every analyzer is resolved. */
  g_subprocess_force_exit (rig.process);
  while (rig.text->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (rig.text->str, "fatal "));
  imp_analyzer_close (good);
  imp_analyzer_close (refused);
  imp_analyzer_close (denied);
  imp_analyzer_close (excepted);
  rig_tear_down (&rig);
}

static void
add_tests (const Way *way)
{
  static const struct
  {
    const char *name;
    gboolean both; /* also where our end is not set to one */
    void (*run) (gconstpointer way);
  } tests[] = {
    { "replace", TRUE, test_replace },
    { "deny", TRUE, test_deny },
    { "server", FALSE, test_perl_server },
    { "server-refuses", FALSE, test_perl_server_refuses },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/rpc/perl-peers/%s/%s/%s", way->form, way->codec,
                                               tests[i].name);

      if (tests[i].both || g_str_equal (way->form, way->codec))
        g_test_add_data_func (path, way, tests[i].run);
    }
}

int
main (int argc, char **argv)
{
  static const Way ways[] = {
    { "storable", "storable" },
    { "storable", "auto" },
    { "sereal", "sereal" },
    { "sereal", "auto" },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    add_tests (&ways[i]);
  return g_test_run ();
}
