/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A remote factory and a server over a real socket: the same for each wire format. */
#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"
#include "core/imp-analyzer-private.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/server/imp-server.h"

#include <glib/gstdio.h>
#include <string.h>

/* Upper-cases what it sees; says what its context has under "hello"; fails at "boom". */
typedef struct
{
  ImpAnalyzer parent_instance;
  gint64 seen[2];
} Shout;
typedef ImpAnalyzerClass ShoutClass;

GType shout_get_type (void);
G_DEFINE_TYPE (Shout, shout, IMP_TYPE_ANALYZER)

static guint n_live;

static gboolean
shout_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  Shout *self = (Shout *) analyzer;
  gsize size;
  const char *text = g_bytes_get_data (data, &size);
  g_autofree char *upper = NULL;

  if (size == 4 && memcmp (text, "boom", 4) == 0)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FATAL, "it went boom");
      return FALSE;
    }
  if (offset != 0)
    self->seen[direction] = offset;
  self->seen[direction] += size;
  if (size > 0)
    {
      upper = g_ascii_strup (text, size);
      imp_analyzer_replace_bytes (analyzer, direction, self->seen[direction],
                                  (const guint8 *) upper, size);
    }
  else if (imp_analyzer_lookup_context (analyzer, "hello") != NULL)
    imp_analyzer_replace_bytes (analyzer, direction, self->seen[direction], (const guint8 *) "!",
                                1);
  return TRUE;
}

static void
shout_close (ImpAnalyzer *analyzer)
{
  n_live--;
}

static void
shout_init (Shout *self)
{
  n_live++;
}

static void
shout_class_init (ShoutClass *klass)
{
  klass->data = shout_data;
  klass->close = shout_close;
}

typedef struct
{
  ImpServer *server;
  ImpRemoteFactory *remote;
  char *address;
} Pair;

static void
pair_set_up (Pair *pair, const char *codec)
{
  g_autoptr (ImpFactory) factory = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  factory = IMP_FACTORY (imp_type_factory_new (shout_get_type (), IMP_DATA_TYPE_STREAM,
                                               IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE));
  pair->server = imp_server_new (factory);
  if (codec != NULL && (g_str_equal (codec, "storable") || g_str_equal (codec, "sereal")))
    g_object_set (pair->server, "codec", codec, NULL);
  imp_server_listen (pair->server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (pair->server);
  pair->address = g_strdup (addresses[0]);
  pair->remote = imp_remote_factory_new (pair->address, &error);
  g_assert_no_error (error);
  if (codec != NULL)
    g_object_set (pair->remote, "codec", codec, NULL);
}

static void
pair_tear_down (Pair *pair)
{
  g_clear_object (&pair->remote);
  imp_server_close (pair->server);
  g_clear_object (&pair->server);
  g_free (pair->address);
  g_assert_cmpuint (n_live, ==, 0);
}

static void
collect (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  g_autofree char *text = imp_result_to_string (result);

  g_string_append_printf (user_data, "%s;", text);
}

static void
feed (ImpAnalyzer *analyzer, const char *text)
{
  imp_analyzer_data_bytes (analyzer, 0, (const guint8 *) text, strlen (text), 0,
                           IMP_DATA_TYPE_STREAM);
}

static gboolean
on_alarm (gpointer user_data)
{
  g_assert_not_reached ();
  return G_SOURCE_REMOVE;
}

/* Runs the loop until the text ends as expected. */
static void
run_until (GString *text, const char *expected)
{
  guint alarm = g_timeout_add_seconds (20, on_alarm, NULL);

  while (!g_str_equal (text->str, expected))
    {
      if (!g_str_has_prefix (expected, text->str))
        g_assert_cmpstr (text->str, ==, expected);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (alarm);
}

static void
test_results (gconstpointer codec)
{
  Pair pair;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  pair_set_up (&pair, codec);
  g_hash_table_insert (context, (char *) "hello", (char *) "world");
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (pair.remote), context, NULL);
  imp_analyzer_set_callback (analyzer, collect, text, NULL);
  feed (analyzer, "abc");
  feed (analyzer, "de");
  feed (analyzer, "");
  run_until (text, "replace dir=0 offset=3 data=3 bytes;replace dir=0 offset=5 data=2 bytes;"
                   "replace dir=0 offset=5 data=1 bytes;pass dir=0 offset=max;");
  imp_analyzer_close (analyzer);
  pair_tear_down (&pair);
}

static void
test_plugin_failure (gconstpointer codec)
{
  Pair pair;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ImpAnalyzer) first = NULL, second = NULL;

  pair_set_up (&pair, codec);
  first = imp_factory_create_analyzer (IMP_FACTORY (pair.remote), NULL, NULL);
  second = imp_factory_create_analyzer (IMP_FACTORY (pair.remote), NULL, NULL);
  imp_analyzer_set_callback (first, collect, text, NULL);
  imp_analyzer_set_callback (second, collect, text, NULL);
  feed (first, "boom");
  feed (second, "x");
  run_until (text, "fatal \"it went boom\";replace dir=0 offset=1 data=1 bytes;");
  imp_analyzer_close (first);
  imp_analyzer_close (second);
  pair_tear_down (&pair);
}

static void
test_server_goes (gconstpointer codec)
{
  Pair pair;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *expected = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL, late = NULL;

  pair_set_up (&pair, codec);
  g_object_set (pair.remote, "fail", IMP_FAIL_SOFT, NULL);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (pair.remote), NULL, NULL);
  imp_analyzer_set_callback (analyzer, collect, text, NULL);
  feed (analyzer, "abc");
  run_until (text, "replace dir=0 offset=3 data=3 bytes;");
  g_string_truncate (text, 0);
  imp_server_close (pair.server);
  expected = g_strdup_printf ("log dir=0 offset=0 length=0 level=5 \"%s: The peer closed the "
                              "connection\";pass dir=0 offset=max;pass dir=1 offset=max;",
                              pair.address);
  run_until (text, expected);
  g_assert_cmpint (imp_remote_factory_get_state (pair.remote), ==, IMP_REMOTE_STATE_DOWN);

  g_object_set (pair.remote, "fail", IMP_FAIL_HARD, NULL);
  late = imp_factory_create_analyzer (IMP_FACTORY (pair.remote), NULL, NULL);
  g_string_truncate (text, 0);
  imp_analyzer_set_callback (late, collect, text, NULL);
  g_assert_true (g_str_has_prefix (text->str, "fatal "));
  imp_analyzer_close (analyzer);
  imp_analyzer_close (late);
  pair_tear_down (&pair);
}

static void
test_polling_without_a_loop (gconstpointer codec)
{
  Pair pair;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  GList *results = NULL;

  pair_set_up (&pair, codec);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (pair.remote), NULL, NULL);
  feed (analyzer, "abc");
  for (guint i = 0; i < 50 && results == NULL; i++)
    {
      imp_remote_factory_wait (pair.remote, 1000);
      results = imp_analyzer_poll_results (analyzer);
    }
  g_assert_cmpuint (g_list_length (results), ==, 1);
  g_assert_cmpint (imp_result_get_result_type (results->data), ==, IMP_RESULT_REPLACE);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  g_assert_false (imp_remote_factory_wait (pair.remote, 20));
  imp_analyzer_close (analyzer);
  pair_tear_down (&pair);
}

static void
on_interfaces (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GList *list = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);

  g_assert_no_error (error);
  for (GList *l = list; l != NULL; l = l->next)
    {
      g_autofree char *text = imp_interface_to_string (l->data);

      g_string_append_printf (user_data, "%s;", text);
    }
  g_string_append (user_data, "end");
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}

static void
test_interfaces (gconstpointer codec)
{
  Pair pair;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ImpInterface) stream
    = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_REPLACE);
  g_autoptr (ImpInterface) packet = imp_interface_new (IMP_DATA_TYPE_PACKET, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpFactory) bound = NULL, unsupported = NULL;
  g_autoptr (ImpAnalyzer) good = NULL, bad = NULL;
  GList two = { packet, NULL, NULL }, one = { stream, &two, NULL };

  pair_set_up (&pair, codec);
  imp_factory_query_interfaces_async (IMP_FACTORY (pair.remote), &one, NULL, on_interfaces, text);
  run_until (text, "imp.data.stream: pass, replace;end");

  bound = imp_factory_set_interface (IMP_FACTORY (pair.remote), stream, NULL);
  good = imp_factory_create_analyzer (bound, NULL, NULL);
  g_string_truncate (text, 0);
  imp_analyzer_set_callback (good, collect, text, NULL);
  feed (good, "x");
  run_until (text, "replace dir=0 offset=1 data=1 bytes;");

  unsupported = imp_factory_set_interface (IMP_FACTORY (pair.remote), packet, NULL);
  bad = imp_factory_create_analyzer (unsupported, NULL, NULL);
  g_string_truncate (text, 0);
  imp_analyzer_set_callback (bad, collect, text, NULL);
  while (text->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (text->str, "fatal "));
  g_assert_nonnull (strstr (text->str, "imp.data.packet"));
  imp_analyzer_close (good);
  imp_analyzer_close (bad);
  pair_tear_down (&pair);
}

#define N_MANY 300
#define N_CHUNKS 40

typedef struct
{
  gint64 replaced;
  gboolean ended;
} Progress;

static void
progress_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Progress *progress = user_data;

  if (imp_result_get_result_type (result) == IMP_RESULT_REPLACE)
    {
      g_assert_cmpint (imp_result_get_offset (result), >, progress->replaced);
      progress->replaced = imp_result_get_offset (result);
    }
  else if (imp_result_get_result_type (result) == IMP_RESULT_PASS)
    progress->ended = TRUE;
}

/* Many analyzers at once, with pieces from one byte to half a megabyte. */
static void
test_many (gconstpointer codec)
{
  Pair pair;
  Progress progress[N_MANY] = { 0 };
  ImpAnalyzer *analyzers[N_MANY];
  gint64 sent[N_MANY] = { 0 };
  g_autofree guint8 *block = g_malloc (512 * 1024);
  guint n_ended = 0;

  memset (block, 'a', 512 * 1024);
  pair_set_up (&pair, codec);
  for (guint i = 0; i < N_MANY; i++)
    {
      analyzers[i] = imp_factory_create_analyzer (IMP_FACTORY (pair.remote), NULL, NULL);
      imp_analyzer_set_callback (analyzers[i], progress_result, &progress[i], NULL);
    }
  for (guint n = 0; n < N_CHUNKS; n++)
    for (guint i = 0; i < N_MANY; i++)
      {
        gsize size = 1 + g_test_rand_int_range (0, n == 7 && i % 50 == 0 ? 512 * 1024 - 1 : 700);

        imp_analyzer_data_bytes (analyzers[i], 0, block, size, 0, IMP_DATA_TYPE_STREAM);
        sent[i] += size;
        if (n == N_CHUNKS - 1)
          imp_analyzer_data_bytes (analyzers[i], 0, NULL, 0, 0, IMP_DATA_TYPE_STREAM);
        if (g_test_rand_bit ())
          g_main_context_iteration (NULL, FALSE);
      }
  while (n_ended < N_MANY)
    {
      g_main_context_iteration (NULL, TRUE);
      for (n_ended = 0; n_ended < N_MANY && progress[n_ended].ended; n_ended++)
        ;
    }
  for (guint i = 0; i < N_MANY; i++)
    {
      g_assert_cmpint (progress[i].replaced, ==, sent[i]);
      imp_analyzer_close (analyzers[i]);
      g_object_unref (analyzers[i]);
    }
  while (imp_server_get_n_analyzers (pair.server) > 0)
    g_main_context_iteration (NULL, TRUE);
  pair_tear_down (&pair);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_true (imp_server_stop_finish (IMP_SERVER (source), result, NULL));
  *(gboolean *) user_data = TRUE;
}

/* The old server finishes what it has while a new one serves what comes. */
static void
test_takeover (void)
{
  g_autofree char *directory = g_dir_make_tmp ("imp-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "socket", NULL);
  g_autoptr (ImpFactory) factory = IMP_FACTORY (
    imp_type_factory_new (shout_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
  g_autoptr (ImpServer) old = imp_server_new (factory), fresh = imp_server_new (factory);
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (ImpAnalyzer) first = NULL, second = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean stopped = FALSE;

  g_assert_true (imp_server_listen (old, path, NULL));
  g_assert_false (imp_server_listen (fresh, path, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  remote = imp_remote_factory_new (path, NULL);
  first = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, NULL);
  imp_analyzer_set_callback (first, collect, text, NULL);
  feed (first, "a");
  run_until (text, "replace dir=0 offset=1 data=1 bytes;");

  g_object_set (fresh, "replace", TRUE, NULL);
  g_assert_true (imp_server_listen (fresh, path, NULL));
  imp_server_stop_async (old, NULL, on_stopped, &stopped);
  while (imp_server_get_n_connections (fresh) == 0)
    g_main_context_iteration (NULL, TRUE);
  second = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, NULL);
  g_string_truncate (text, 0);
  imp_analyzer_set_callback (second, collect, text, NULL);
  feed (first, "b");
  run_until (text, "replace dir=0 offset=2 data=1 bytes;");
  feed (second, "c");
  run_until (text, "replace dir=0 offset=2 data=1 bytes;replace dir=0 offset=1 data=1 bytes;");
  g_assert_false (stopped);
  imp_analyzer_close (first);
  while (!stopped)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (imp_server_get_n_analyzers (fresh), ==, 1);
  imp_analyzer_close (second);
  g_clear_object (&remote);
  imp_server_close (fresh);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_rmdir (directory);
}

static gpointer
run_in_thread (gpointer codec)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ImpFactory) factory = NULL;
  g_autoptr (ImpServer) server = NULL;
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_auto (GStrv) addresses = NULL;

  g_main_context_push_thread_default (context);
  factory = IMP_FACTORY (
    imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL));
  server = imp_server_new (factory);
  g_assert_true (imp_server_listen (server, "127.0.0.1:0", NULL));
  addresses = imp_server_list_addresses (server);
  remote = imp_remote_factory_new (addresses[0], NULL);
  g_object_set (remote, "codec", codec, NULL);
  for (guint i = 0; i < 500; i++)
    {
      analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, NULL);
      imp_analyzer_set_callback (analyzer, collect, text, NULL);
      while (!g_str_equal (text->str, "pass dir=0 offset=max;pass dir=1 offset=max;"))
        g_main_context_iteration (context, TRUE);
      g_string_truncate (text, 0);
      imp_analyzer_close (analyzer);
      g_clear_object (&analyzer);
    }
  g_clear_object (&remote);
  imp_server_close (server);
  g_clear_object (&server);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_two_threads (void)
{
  GThread *one = g_thread_new ("one", run_in_thread, (gpointer) "cbor");
  GThread *two = g_thread_new ("two", run_in_thread, (gpointer) "json");

  g_thread_join (one);
  g_thread_join (two);
}

static void
drop_on_fatal (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  ImpAnalyzer **reference = user_data;

  if (imp_result_get_result_type (result) == IMP_RESULT_FATAL)
    g_clear_object (reference);
}

/* The callback gives the last reference away, while the analyzer is fed what is too much. */
static void
check_gone_while_fed (const char *limit, gint32 data_type)
{
  const gsize length = 100001;
  g_autofree guint8 *bytes = g_malloc0 (length);
  g_autoptr (ImpRemoteFactory) remote = imp_remote_factory_new ("127.0.0.1:1", NULL);
  ImpAnalyzer *analyzer;

  g_object_set (remote, limit, (guint64) length - 1, NULL);
  analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, NULL);
  imp_analyzer_set_callback (analyzer, drop_on_fatal, &analyzer, NULL);
  imp_analyzer_data_bytes (analyzer, 0, bytes, length, 0, data_type);
  g_assert_null (analyzer);
}

static void
test_gone_while_fed (void)
{
  check_gone_while_fed ("max-queued", IMP_DATA_TYPE_STREAM);
  check_gone_while_fed ("max-message", IMP_DATA_TYPE_PACKET);
}

static void
add (const char *codec, const char *name, GTestDataFunc func)
{
  g_autofree char *path = g_strdup_printf ("/remote/%s/%s", codec, name);

  g_test_add_data_func (path, codec, func);
}

int
main (int argc, char **argv)
{
  const char *codecs[] = { "cbor", "json" };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++)
    {
      add (codecs[i], "results", test_results);
      add (codecs[i], "plugin-failure", test_plugin_failure);
      add (codecs[i], "server-goes", test_server_goes);
      add (codecs[i], "polling", test_polling_without_a_loop);
      add (codecs[i], "interfaces", test_interfaces);
      add (codecs[i], "many", test_many);
    }
  g_test_add_func ("/remote/takeover", test_takeover);
  g_test_add_func ("/remote/gone-while-fed", test_gone_while_fed);
  g_test_add_func ("/remote/two-threads", test_two_threads);
  return g_test_run ();
}
