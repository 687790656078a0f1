/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a cascade makes of results that are about no data: of all parts, as one analyzer's. */
#include "cascade-rig.h"

#include "core/imp-analyzer-private.h"
#include "core/imp-proxy-private.h"
#include "provider/imp-filter.h"

static void
test_paused (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (3, NULL);

  imp_analyzer_pause (rig->parts[0], 0);
  cascade_rig_expect (rig, "pause0");
  imp_analyzer_pause (rig->parts[1], 0);
  imp_analyzer_pause (rig->parts[1], 1);
  cascade_rig_expect (rig, "pause1");
  imp_analyzer_resume (rig->parts[0], 0);
  cascade_rig_expect (rig, "");
  /* Whoever is not fed any more need not be spared. */
  imp_analyzer_pass_bytes (rig->parts[1], 0, IMP_MAX_OFFSET);
  cascade_rig_expect (rig, "continue0");
  imp_analyzer_resume (rig->parts[1], 1);
  cascade_rig_expect (rig, "continue1");
}

static void
make_busy (gpointer user_data)
{
  CascadeRig *rig = user_data;

  imp_analyzer_set_busy (rig->cascade, 0, TRUE);
}

static void
test_busy (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  cascade_rig_feed (rig, 0, "abcdef", "");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 6);
  mock_analyzer_expect (rig->mocks[1], "0<abcdef");
  imp_analyzer_set_busy (rig->cascade, 0, TRUE);
  mock_analyzer_expect (rig->mocks[0], "0<abcdef busy0");
  mock_analyzer_expect (rig->mocks[1], "busy0");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 2);
  cascade_rig_replace (rig, 1, 0, 4, "x");
  imp_analyzer_log (rig->parts[1], 1, 0, 0, IMP_LOG_LEVEL_INFO, "free");
  cascade_rig_expect (rig, "log1@0+0(free)");

  /* Busy again after the first of what waited. */
  rig->on_result = make_busy;
  imp_analyzer_set_busy (rig->cascade, 0, FALSE);
  cascade_rig_expect (rig, "pass0@2");
  imp_analyzer_set_busy (rig->cascade, 0, FALSE);
  cascade_rig_expect (rig, "replace0@4=x");
  g_assert_false (imp_analyzer_is_busy (rig->parts[0], 0));
  g_assert_false (imp_analyzer_is_busy (rig->parts[1], 0));
}

static void
test_want (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  /* The first part's is exact. */
  cascade_rig_feed (rig, 0, "abcd", "");
  imp_analyzer_want (rig->parts[0], 0, 6);
  cascade_rig_expect (rig, "want0@10");
  /* What the second one wants it may get from any byte more; while the first one waits for nobody,
   * there is nothing to be said. */
  imp_analyzer_pass_bytes (rig->parts[0], 0, 2);
  cascade_rig_expect (rig, "want0@4");
  imp_analyzer_want (rig->parts[1], 0, 100);
  cascade_rig_expect (rig, "want0@5");
  cascade_rig_feed (rig, 0, "e", "want0@6");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 5);
  cascade_rig_expect (rig, "");
  cascade_rig_feed (rig, 0, "f", "want0@7");
  /* Now the first one waits for nobody but itself. */
  cascade_rig_feed (rig, 0, "ghij", "");
}

static void
test_deny (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (3, mock_pass);

  rig->mocks[2]->func = NULL;
  cascade_rig_feed (rig, 0, "abc", "");
  imp_analyzer_pass_bytes (rig->parts[2], 0, 1);
  cascade_rig_expect (rig, "pass0@1");
  imp_analyzer_deny (rig->parts[1], 1, "no");
  cascade_rig_expect (rig, "deny1(no)");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (rig->mocks[i]->n_closed, ==, 1);
  imp_analyzer_pass_bytes (rig->parts[2], 0, 3);
  cascade_rig_feed (rig, 0, "def", "");
}

/* What it let through before comes first, and what others said after it is not heard. */
static gboolean
pass_and_drop (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
               gint32 data_type, GError **error)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (mock), direction, 2);
  imp_analyzer_account (IMP_ANALYZER (mock), "key", "value");
  imp_analyzer_drop (IMP_ANALYZER (mock));
  return TRUE;
}

static void
test_drop (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);

  rig->mocks[1]->func = pass_and_drop;
  cascade_rig_feed (rig, 0, "abc", "account_field:key=value pass0@2 drop");
}

static gboolean
fail_plainly (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
              gint32 data_type, GError **error)
{
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED, "broken");
  return FALSE;
}

static void
test_fatal (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);

  rig->mocks[1]->func = fail_plainly;
  cascade_rig_feed (rig, 0, "abc", "fatal(broken)");
  g_assert_false (imp_analyzer_peek_loss (rig->cascade)->is_lost);
}

/* Whoever hosts the cascade has to know that it is no word of an analyzer's own. */
static void
test_lost (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);

  imp_analyzer_peek_loss (rig->parts[1])->is_overload = TRUE;
  imp_analyzer_resolve (rig->parts[1], IMP_FAIL_HARD, "gone");
  cascade_rig_expect (rig, "fatal(gone)");
  g_assert_true (imp_analyzer_peek_loss (rig->cascade)->is_lost);
  g_assert_true (imp_analyzer_peek_loss (rig->cascade)->is_overload);
}

/* One of two is lost, and that is soft: it passes, and the other one goes on. */
static void
test_lost_softly (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_shout);

  rig->mocks[1]->func = NULL;
  cascade_rig_feed (rig, 0, "abc", "");
  imp_analyzer_resolve (rig->parts[1], IMP_FAIL_SOFT, "gone");
  cascade_rig_expect (rig, "log0@0+0(gone) replace0@3=ABC");
  cascade_rig_feed (rig, 0, "def", "replace0@6=DEF");
}

static void
test_to_sender (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (3, NULL);

  rig->mocks[1]->func = mock_shout;
  cascade_rig_send_back (rig, 0, 0, "first");
  cascade_rig_expect (rig, "to_sender0=first");
  cascade_rig_send_back (rig, 2, 0, "last");
  mock_analyzer_expect (rig->mocks[1], "1<last");
  mock_analyzer_expect (rig->mocks[0], "1<LAST");
  cascade_rig_expect (rig, "");
  /* Offsets of the input do not count it. */
  cascade_rig_feed (rig, 1, "abc", "");
  imp_analyzer_pass_bytes (rig->parts[2], 1, 3);
  mock_analyzer_expect (rig->mocks[0], "1<ABC");
  imp_analyzer_pass_bytes (rig->parts[0], 1, 2);
  cascade_rig_expect (rig, "to_sender0=LA");
  imp_analyzer_pass_bytes (rig->parts[0], 1, 5);
  cascade_rig_expect (rig, "to_sender0=ST replace1@0=A");
  imp_analyzer_pass_bytes (rig->parts[0], 1, 7);
  cascade_rig_expect (rig, "replace1@3=BC");
  /* The other way. */
  cascade_rig_send_back (rig, 2, 1, "x");
  cascade_rig_expect (rig, "to_sender1=x");
}

static void
test_to_sender_replaced (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  cascade_rig_send_back (rig, 1, 0, "one");
  cascade_rig_feed (rig, 1, "ab", "");
  imp_analyzer_pass_bytes (rig->parts[1], 1, 2);
  mock_analyzer_expect (rig->mocks[0], "1<one 1<ab");
  /* Together with input it is a change of that. */
  cascade_rig_replace (rig, 0, 1, 2, "n");
  cascade_rig_replace (rig, 0, 1, 4, "xyz");
  cascade_rig_expect (rig, "to_sender0=n replace1@1=xyz");
  imp_analyzer_pass_bytes (rig->parts[0], 1, 5);
  cascade_rig_expect (rig, "pass1@2");
}

static void
test_to_sender_late (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  imp_analyzer_pass_bytes (rig->parts[0], 1, IMP_MAX_OFFSET);
  imp_analyzer_pass_bytes (rig->parts[1], 1, 0);
  cascade_rig_feed (rig, 1, "", "pass1@-1");
  cascade_rig_send_back (rig, 1, 0, "late");
  cascade_rig_expect (rig, "log0@0+0(What a part of the cascade sends back comes after the end of "
                           "the stream that it would go to)");
}

/* The provider was told that ten of its bytes pass unseen: what is put in takes none of them away.
   */
static void
test_to_sender_ahead (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (3, NULL);

  for (guint i = 0; i < 3; i++)
    imp_analyzer_pass_bytes (rig->parts[i], 1, i == 1 ? 12 : 10);
  cascade_rig_expect (rig, "pass1@10");
  cascade_rig_send_back (rig, 2, 0, "abc");
  cascade_rig_expect (rig, "to_sender0=abc");
  /* Two would have been too few to be seen. */
  cascade_rig_send_back (rig, 2, 0, "de");
  cascade_rig_expect (rig, "to_sender0=de");
  cascade_rig_feed_at (rig, 1, "x", 10, IMP_DATA_TYPE_STREAM, "");
  mock_analyzer_expect (rig->mocks[2], "1<x@10");
  imp_analyzer_pass_bytes (rig->parts[2], 1, 11);
  mock_analyzer_expect (rig->mocks[1], "1<x@12");
  imp_analyzer_pass_bytes (rig->parts[1], 1, 13);
  mock_analyzer_expect (rig->mocks[0], "1<x@10");
  imp_analyzer_pass_bytes (rig->parts[0], 1, 11);
  cascade_rig_expect (rig, "pass1@11");
}

static void
test_log (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  cascade_rig_feed (rig, 0, "abcdefgh", "");
  imp_analyzer_log (rig->parts[0], 0, 2, 3, IMP_LOG_LEVEL_INFO, "one");
  cascade_rig_expect (rig, "log0@2+3(one)");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 2);
  cascade_rig_replace (rig, 0, 0, 5, "12");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 8);
  /* ab12fgh */
  imp_analyzer_log (rig->parts[1], 0, 1, 1, IMP_LOG_LEVEL_INFO, "b");
  imp_analyzer_log (rig->parts[1], 0, 2, 2, IMP_LOG_LEVEL_INFO, "12");
  imp_analyzer_log (rig->parts[1], 0, 3, 1, IMP_LOG_LEVEL_INFO, "2");
  imp_analyzer_log (rig->parts[1], 0, 5, 2, IMP_LOG_LEVEL_INFO, "gh");
  cascade_rig_expect (rig, "log0@1+1(b) log0@2+3(12) log0@2+3(2)~ log0@6+2(gh)");
  /* What has gone is known as far as nothing was changed since. */
  imp_analyzer_pass_bytes (rig->parts[1], 0, 7);
  cascade_rig_expect (rig, "pass0@2 replace0@5=12 pass0@8");
  imp_analyzer_log (rig->parts[1], 0, 1, 1, IMP_LOG_LEVEL_INFO, "b");
  imp_analyzer_log (rig->parts[1], 0, 3, 0, IMP_LOG_LEVEL_INFO, "2");
  imp_analyzer_log (rig->parts[1], 0, 6, 1, IMP_LOG_LEVEL_INFO, "h");
  imp_analyzer_log (rig->parts[1], 0, 9, 1, IMP_LOG_LEVEL_INFO, "beyond");
  cascade_rig_expect (rig, "log0@1+1(b) log0@5+0(2)~ log0@7+1(h) log0@8+0(beyond)~");
  /* There are no such places, and so no exact ones. */
  imp_analyzer_log (rig->parts[1], 0, G_MININT64, 1, IMP_LOG_LEVEL_INFO, "far");
  imp_analyzer_log (rig->parts[1], 0, G_MAXINT64, G_MAXINT64, IMP_LOG_LEVEL_INFO, "far");
  cascade_rig_expect (rig, "log0@0+1(far)~ log0@8+0(far)~");
}

static void
test_others (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);
  g_autoptr (ImpResult) port = imp_result_new_port (IMP_RESULT_PORT_OPEN, 0, 3);

  cascade_rig_feed (rig, 0, "abcd", "");
  cascade_rig_replace (rig, 0, 0, 2, "");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 4);
  cascade_rig_expect (rig, "replace0@2=");
  imp_analyzer_account (rig->parts[1], "key", "value");
  cascade_rig_expect (rig, "account_field:key=value");
  imp_analyzer_add_result (rig->parts[0], port);
  cascade_rig_expect (rig, "port_open0@3");
}

/* A search of a part is done here, since others have to see what is searched. */
static void
test_pattern (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);

  rig->mocks[1]->func = NULL;
  imp_analyzer_pass_pattern (rig->parts[1], 0, "f+o", 5);
  cascade_rig_feed (rig, 0, "abc", "pass0@3");
  cascade_rig_feed (rig, 0, "def", "pass0@5");
  mock_analyzer_expect (rig->mocks[0], "0<abc 0<def");
  mock_analyzer_expect (rig->mocks[1], "");
  cascade_rig_feed (rig, 0, "ogh", "");
  mock_analyzer_expect (rig->mocks[1], "0<f@5 0<ogh");
  cascade_rig_replace (rig, 1, 0, 7, "!");
  cascade_rig_expect (rig, "replace0@7=!");
}

static gboolean
on_alarm (gpointer user_data)
{
  g_error ("what is held is not released");
  return G_SOURCE_REMOVE;
}

static void
test_pattern_held (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);
  guint alarm = g_timeout_add_seconds (30, on_alarm, NULL);

  imp_analyzer_pass_pattern (rig->parts[1], 0, "f+o", 5);
  cascade_rig_feed (rig, 0, "f", "");
  while (rig->log->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (alarm);
  cascade_rig_expect (rig, "prepass0@1");
  /* It is a match nevertheless. */
  cascade_rig_feed (rig, 0, "o", "pass0@2");
  mock_analyzer_expect (rig->mocks[1], "0<f 0<o");
}

static void
test_held (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);
  g_autofree char *much = g_strnfill (1024 * 1024, 'x');

  rig->mocks[1]->func = NULL;
  for (guint i = 0; i < 16; i++)
    cascade_rig_feed (rig, i % 2, much, "");
  cascade_rig_feed (rig, 0, "x",
                    "fatal(part 2 of the cascade (GivenFactory): It leaves 16777217 bytes "
                    "unsettled; the limit is 16777216 (property max-held of ImpCascade))");
}

/* --- the provider may do anything when it is called --- */

static void
feed_more (gpointer user_data)
{
  CascadeRig *rig = user_data;

  imp_analyzer_data_bytes (rig->cascade, 0, (const guint8 *) "more", 4, 0, IMP_DATA_TYPE_STREAM);
}

static void
test_feed_from_callback (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_shout);

  rig->on_result = feed_more;
  cascade_rig_feed (rig, 0, "abc", "replace0@3=ABC replace0@7=MORE");
  mock_analyzer_expect (rig->mocks[1], "0<ABC 0<MORE");
}

static void
close_now (gpointer user_data)
{
  imp_analyzer_close (((CascadeRig *) user_data)->cascade);
}

static gboolean
shout_bytewise (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
                gint32 data_type, GError **error)
{
  for (gsize i = g_bytes_get_size (data); i-- > 0;)
    imp_analyzer_replace_bytes (IMP_ANALYZER (mock), direction,
                                mock->position[direction] - (gint64) i, (const guint8 *) "!", 1);
  return TRUE;
}

static void
test_close_from_callback (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_shout);
  g_autoptr (CascadeRig) other = cascade_rig_new (2, shout_bytewise);

  rig->on_result = close_now;
  cascade_rig_feed (rig, 0, "abc", "replace0@3=ABC");
  other->on_result = close_now;
  cascade_rig_feed (other, 0, "abc", "replace0@1=!");
}

/* Who is it that takes too long, and who decides about that? */
static void
test_names (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);

  rig->mocks[1]->func = NULL;
  g_assert_cmpstr (imp_proxy_peek_name (rig->cascade), ==, "ImpCascadeAnalyzer");
  cascade_rig_feed (rig, 0, "abc", "");
  g_assert_cmpstr (imp_proxy_peek_name (rig->cascade), ==, "part 2 of the cascade (GivenFactory)");
  g_assert_false (imp_proxy_has_deadline (rig->cascade));
  g_assert_false (imp_proxy_keeps_deadline (rig->cascade));
}

/* In the thread of the provider, whichever it was when the analyzer was made. */
static gpointer
feed_in_thread (gpointer user_data)
{
  cascade_rig_listen (user_data);
  cascade_rig_feed (user_data, 0, "abc", "replace0@3=ABC");
  return NULL;
}

static void
test_thread (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_shout);

  g_thread_join (g_thread_new ("provider", feed_in_thread, rig));
}

static const struct
{
  const char *path;
  void (*func) (void);
} tests[] = {
  { "paused", test_paused },
  { "busy", test_busy },
  { "want", test_want },
  { "deny", test_deny },
  { "drop", test_drop },
  { "fatal", test_fatal },
  { "lost", test_lost },
  { "lost-softly", test_lost_softly },
  { "to-sender", test_to_sender },
  { "to-sender-replaced", test_to_sender_replaced },
  { "to-sender-late", test_to_sender_late },
  { "to-sender-ahead", test_to_sender_ahead },
  { "log", test_log },
  { "others", test_others },
  { "pattern", test_pattern },
  { "pattern-held", test_pattern_held },
  { "held", test_held },
  { "feed-from-callback", test_feed_from_callback },
  { "close-from-callback", test_close_from_callback },
  { "names", test_names },
  { "thread", test_thread },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/cascade-results/", tests[i].path, NULL);

      g_test_add_func (path, tests[i].func);
    }
  return g_test_run ();
}
