/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An analyzer that says nothing about what is held is named in the log, once for each time that it
 * stops; one that has a reason to say nothing is not. */
#include "core/imp-log-private.h"
#include "filter-script.h"

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define SERVER IMP_DIRECTION_FROM_SERVER
#define LIMIT 40 /* milliseconds */

static GPtrArray *heard; /* "DIRECTION BYTES@OFFSET MODULE" */

static GLogWriterOutput
on_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  if (g_strcmp0 (imp_log_find_field (fields, n_fields, "IMP_KIND"), "analyzer-silent") != 0)
    return g_log_writer_default (level, fields, n_fields, user_data);
  g_assert_cmpstr (imp_log_find_field (fields, n_fields, "PRIORITY"), ==, "4");
  g_ptr_array_add (heard, g_strdup_printf ("%s %s@%s %s",
                                           imp_log_find_field (fields, n_fields, "IMP_DIRECTION"),
                                           imp_log_find_field (fields, n_fields, "IMP_BYTES"),
                                           imp_log_find_field (fields, n_fields, "IMP_OFFSET"),
                                           imp_log_find_field (fields, n_fields, "IMP_MODULE")));
  return G_LOG_WRITER_HANDLED;
}

static FilterScript *
silence_new (void)
{
  FilterScript *t = filter_script_new (NULL);

  g_object_set (t->filter, "warn-silence", LIMIT, NULL);
  return t;
}

static void
wait_for (const char *wanted)
{
  while (heard->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (heard->len, ==, 1);
  g_assert_cmpstr (heard->pdata[0], ==, wanted);
  g_ptr_array_set_size (heard, 0);
}

static gboolean
on_time (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

/* For several times the limit. */
static void
hear_nothing (void)
{
  gboolean over = FALSE;

  g_timeout_add (5 * LIMIT, on_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (heard->len, ==, 0);
}

static void
test_stalls (void)
{
  g_autoptr (FilterScript) t = silence_new ();

  filter_script_push (t, SERVER, "abcd", "");
  wait_for ("server 4@0 MockAnalyzer");
  hear_nothing ();
  imp_analyzer_pass_bytes (t->analyzer, SERVER, 1);
  filter_script_expect (t, "1>a");
  wait_for ("server 3@1 MockAnalyzer");
  imp_analyzer_pass_bytes (t->analyzer, SERVER, 4);
  filter_script_expect (t, "1>bcd");
  hear_nothing ();
  filter_script_push (t, CLIENT, "x", "");
  wait_for ("client 1@0 MockAnalyzer");
}

static void
test_off (void)
{
  g_autoptr (FilterScript) t = silence_new ();

  g_object_set (t->filter, "warn-silence", 0, NULL);
  filter_script_push (t, CLIENT, "abcd", "");
  hear_nothing ();
  g_object_set (t->filter, "warn-silence", LIMIT, NULL);
  filter_script_push (t, CLIENT, "e", "");
  wait_for ("client 5@0 MockAnalyzer");
}

static void
test_reasons (void)
{
  g_autoptr (FilterScript) t = silence_new ();

  filter_script_push (t, CLIENT, "abcd", "");
  imp_analyzer_pause (t->analyzer, CLIENT);
  filter_script_expect (t, "paused0");
  hear_nothing ();
  imp_analyzer_resume (t->analyzer, CLIENT);
  filter_script_expect (t, "resumed0");
  wait_for ("client 4@0 MockAnalyzer");
}

static void
test_end (void)
{
  g_autoptr (FilterScript) t = silence_new ();

  filter_script_push (t, CLIENT, "abcd", "");
  imp_filter_close (t->filter);
  hear_nothing ();
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  heard = g_ptr_array_new_with_free_func (g_free);
  g_log_set_writer_func (on_log, NULL, NULL);
  g_test_add_func ("/filter-silence/stalls", test_stalls);
  g_test_add_func ("/filter-silence/off", test_off);
  g_test_add_func ("/filter-silence/reasons", test_reasons);
  g_test_add_func ("/filter-silence/end", test_end);
  status = g_test_run ();
  g_ptr_array_unref (heard);
  return status;
}
