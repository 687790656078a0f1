/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers that a plugin gives in other threads than the analyzer's. */
#include "core/imp-mailbox-private.h"
#include "core/imp-result-private.h"
#include "mock-analyzer.h"

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define STREAM IMP_DATA_TYPE_STREAM

typedef struct
{
  MockAnalyzer *mock;
  GThread *thread; /* in which results have to come */
  GString *seen;
  guint n_seen;
} Rig;

static void
on_rig_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Rig *rig = user_data;
  g_autofree char *text = imp_result_to_string (result);

  g_assert_true (g_thread_self () == rig->thread);
  g_string_append_printf (rig->seen, "%s;", text);
  rig->n_seen++;
}

static void
rig_init (Rig *self, MockFunc func)
{
  *self = (Rig){ mock_analyzer_new (func, self), g_thread_self (), g_string_new (NULL), 0 };
}

static void
rig_listen (Rig *self)
{
  self->thread = g_thread_self ();
  imp_analyzer_set_callback (IMP_ANALYZER (self->mock), on_rig_result, self, NULL);
}

static void
rig_feed (Rig *self, const char *text)
{
  imp_analyzer_data_bytes (IMP_ANALYZER (self->mock), CLIENT, (const guint8 *) text, strlen (text),
                           0, STREAM);
}

static void
rig_wait (Rig *self, guint n_results)
{
  while (self->n_seen < n_results)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}

static void
rig_clear (Rig *self)
{
  imp_analyzer_close (IMP_ANALYZER (self->mock));
  g_assert_finalize_object (self->mock);
  g_string_free (self->seen, TRUE);
}

static gpointer
run_elsewhere (GThreadFunc func, gpointer data)
{
  return g_thread_join (g_thread_new ("elsewhere", func, data));
}

static gpointer
pass_byte_by_byte (gpointer data)
{
  Rig *rig = data;

  for (gint64 offset = 1; offset <= 3; offset++)
    imp_analyzer_pass_bytes (IMP_ANALYZER (rig->mock), CLIENT, offset);
  imp_analyzer_log (IMP_ANALYZER (rig->mock), CLIENT, 3, 0, IMP_LOG_LEVEL_INFO, "done");
  return NULL;
}

static const char all_passed[] = "pass dir=0 offset=1;pass dir=0 offset=2;pass dir=0 offset=3;"
                                 "log dir=0 offset=3 length=0 level=2 \"done\";";

static void
test_loop (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_listen (&rig);
  rig_feed (&rig, "abc");
  run_elsewhere (pass_byte_by_byte, &rig);
  g_assert_cmpuint (rig.n_seen, ==, 0);
  rig_wait (&rig, 4);
  g_assert_cmpstr (rig.seen->str, ==, all_passed);
  rig_clear (&rig);
}

/* An analyzer belongs to the thread that listens to it, and to that thread's own context. */
static gpointer
listen_and_wait (gpointer data)
{
  Rig *rig = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  rig_listen (rig);
  rig_feed (rig, "abc");
  run_elsewhere (pass_byte_by_byte, rig);
  rig_wait (rig, 4);
  imp_analyzer_close (IMP_ANALYZER (rig->mock));
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_moved (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  run_elsewhere (listen_and_wait, &rig);
  g_assert_cmpstr (rig.seen->str, ==, all_passed);
  rig_clear (&rig);
}

/* Without a callback and a loop. */
static void
test_poll (void)
{
  Rig rig;
  GList *results;

  rig_init (&rig, NULL);
  rig_feed (&rig, "abc");
  run_elsewhere (pass_byte_by_byte, &rig);
  results = imp_analyzer_poll_results (IMP_ANALYZER (rig.mock));
  g_assert_cmpuint (g_list_length (results), ==, 4);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  /* The loop has something to say to nobody. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (imp_analyzer_poll_results (IMP_ANALYZER (rig.mock)));
  rig_clear (&rig);
}

/* With a callback, but the loop that there is is that of another thread. */
static gpointer
listen_without_loop (gpointer data)
{
  Rig *rig = data;

  rig_listen (rig);
  rig_feed (rig, "abc");
  run_elsewhere (pass_byte_by_byte, rig);
  g_assert_cmpuint (rig->n_seen, ==, 0);
  rig_feed (rig, "d");
  g_assert_cmpstr (rig->seen->str, ==, all_passed);
  imp_analyzer_close (IMP_ANALYZER (rig->mock));
  return NULL;
}

static void
test_no_loop (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  run_elsewhere (listen_without_loop, &rig);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  rig_clear (&rig);
}

static gpointer
listen_and_end (gpointer data)
{
  rig_listen (data);
  rig_feed (data, "abc");
  return run_elsewhere (pass_byte_by_byte, data);
}

/* The same, and it is called no more: that is said, and whoever comes next has the answer. */
static void
test_nobody (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  run_elsewhere (listen_and_end, &rig);
  g_test_expect_message ("Imp-core", G_LOG_LEVEL_WARNING, "*MockAnalyzer*runs no main loop*");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_test_assert_expected_messages ();
  g_assert_cmpuint (rig.n_seen, ==, 0);
  rig_listen (&rig);
  rig_feed (&rig, "d");
  g_assert_cmpstr (rig.seen->str, ==, all_passed);
  rig_clear (&rig);
}

static gpointer
pass_too_much (gpointer data)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (((Rig *) data)->mock), CLIENT, 7);
  imp_analyzer_replace_bytes (IMP_ANALYZER (((Rig *) data)->mock), CLIENT, 3, NULL, 0);
  return NULL;
}

/* The rules are the same there. */
static void
test_illegal (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_listen (&rig);
  rig_feed (&rig, "abc");
  run_elsewhere (pass_too_much, &rig);
  rig_wait (&rig, 2);
  g_assert_true (g_str_has_prefix (rig.seen->str, "pass dir=0 offset=7;fatal \"MockAnalyzer: "));
  rig_clear (&rig);
}

static void
test_closed (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_listen (&rig);
  rig_feed (&rig, "abc");
  run_elsewhere (pass_byte_by_byte, &rig);
  imp_analyzer_close (IMP_ANALYZER (rig.mock));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  run_elsewhere (pass_byte_by_byte, &rig);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (rig.n_seen, ==, 0);
  rig_clear (&rig);
}

static void
on_finalized (gpointer thread, GObject *object)
{
  *(GThread **) thread = g_thread_self ();
}

static gpointer
answer_and_unref (gpointer data)
{
  imp_analyzer_pass_bytes (data, CLIENT, 1);
  g_object_unref (data);
  return NULL;
}

/* The last reference that a plugin's thread gives back does not end the analyzer there. */
static void
test_last_reference (void)
{
  MockAnalyzer *mock = mock_analyzer_new (NULL, NULL);
  GThread *thread = NULL;

  g_object_weak_ref (G_OBJECT (mock), on_finalized, &thread);
  run_elsewhere (answer_and_unref, mock);
  g_assert_null (thread);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (thread == g_thread_self ());
}

static gpointer
flood (gpointer data)
{
  g_autofree guint8 *bytes = g_malloc0 (1024 * 1024);

  for (guint i = 0; i < 4 * IMP_MAILBOX_MAX / (1024 * 1024); i++)
    imp_analyzer_send_back (IMP_ANALYZER (((Rig *) data)->mock), CLIENT, bytes, 1024 * 1024);
  return NULL;
}

static void
on_flood_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Rig *rig = user_data;

  rig->n_seen++;
  g_string_assign (rig->seen, imp_result_type_to_string (result->type));
}

/* Of what is lost because it is too much, the provider hears. */
static void
test_flood (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  imp_analyzer_set_callback (IMP_ANALYZER (rig.mock), on_flood_result, &rig, NULL);
  rig_feed (&rig, "abc");
  run_elsewhere (flood, &rig);
  while (!g_str_equal (rig.seen->str, "fatal"))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (rig.n_seen, >=, IMP_MAILBOX_MAX / (1024 * 1024));
  g_assert_cmpuint (rig.n_seen, <=, IMP_MAILBOX_MAX / (1024 * 1024) + 3);
  rig_clear (&rig);
}

#define N_THREADS 4
#define N_ANSWERS 5000

static gpointer
log_often (gpointer data)
{
  for (guint i = 0; i < N_ANSWERS; i++)
    imp_analyzer_account (IMP_ANALYZER (((Rig *) data)->mock), "key", "value");
  return NULL;
}

/* Many threads at once, and the analyzer's own among them: nothing is lost. */
static void
test_many (void)
{
  Rig rig;
  GThread *threads[N_THREADS];

  rig_init (&rig, NULL);
  rig_listen (&rig);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("one of many", log_often, &rig);
  log_often (&rig);
  rig_wait (&rig, (N_THREADS + 1) * N_ANSWERS);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  /* A call that finds that all has been taken already may be due. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (rig.n_seen, ==, (N_THREADS + 1) * N_ANSWERS);
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analyzer-threads/loop", test_loop);
  g_test_add_func ("/analyzer-threads/moved", test_moved);
  g_test_add_func ("/analyzer-threads/poll", test_poll);
  g_test_add_func ("/analyzer-threads/no-loop", test_no_loop);
  g_test_add_func ("/analyzer-threads/nobody", test_nobody);
  g_test_add_func ("/analyzer-threads/illegal", test_illegal);
  g_test_add_func ("/analyzer-threads/closed", test_closed);
  g_test_add_func ("/analyzer-threads/last-reference", test_last_reference);
  g_test_add_func ("/analyzer-threads/flood", test_flood);
  g_test_add_func ("/analyzer-threads/many", test_many);
  return g_test_run ();
}
