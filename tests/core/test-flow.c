/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of PASS, PREPASS, REPLACE, REPLACE_LATER and the end of a stream, one by one. */
#include "flow-script.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

static void
test_held (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "hello", "<hello");
  flow_script_push (s, STREAM, "world", "<world");
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 10);
  g_assert_cmpint (imp_flow_get_n_held (s->flow), ==, 2);
  g_assert_cmpint (imp_flow_get_settled (s->flow), ==, 0);
}

static void
test_pass_past (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "hello", "<hello");
  flow_script_push (s, STREAM, "world", "<world");
  flow_script_apply (s, pass (0), "");
  flow_script_apply (s, pass (2), ">he");
  flow_script_apply (s, pass (2), "");
  flow_script_apply (s, pass (7), ">llo >wo");
  flow_script_apply (s, pass (10), ">rld");
  g_assert_cmpint (imp_flow_get_passed (s->flow), ==, 10);
}

/* What is forwarded whole is the very GBytes that came in. */
static void
test_pass_no_copy (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("hello", 5);
  ImpFlowEvent fed, forwarded;

  g_assert_true (imp_flow_push (s->flow, bytes, STREAM, NULL));
  g_assert_true (imp_flow_pass (s->flow, 5, NULL));
  g_assert_true (imp_flow_event_queue_pop (&s->queue, &fed));
  g_assert_true (imp_flow_event_queue_pop (&s->queue, &forwarded));
  g_assert_true (fed.bytes == bytes);
  g_assert_true (forwarded.bytes == bytes);
  g_bytes_unref (fed.bytes);
  g_bytes_unref (forwarded.bytes);
}

static void
test_pass_future (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_apply (s, pass (6), ">ab");
  flow_script_push (s, STREAM, "cd", ">cd");
  flow_script_push (s, STREAM, "efgh", ">ef <gh@6");
  flow_script_push (s, STREAM, "ij", "<ij");
  g_assert_cmpint (imp_flow_get_settled (s->flow), ==, 6);
}

/* What has passed elsewhere counts; what comes behind it is fed with its place. */
static void
test_unseen (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  g_assert_cmpint (imp_flow_get_unseen_room (s->flow), ==, 0);
  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_apply (s, prepass (9), ">ab");
  g_assert_cmpint (imp_flow_get_unseen_room (s->flow), ==, 0);
  flow_script_apply (s, pass (6), "");
  g_assert_cmpint (imp_flow_get_unseen_room (s->flow), ==, 4);
  imp_flow_note_unseen (s->flow, 3, STREAM);
  g_assert_cmpint (imp_flow_get_unseen_room (s->flow), ==, 1);
  g_assert_cmpint (imp_flow_get_input (s->flow), ==, 5);
  g_assert_cmpint (imp_flow_get_passed (s->flow), ==, 5);
  g_assert_true (imp_flow_is_balanced (s->flow));
  flow_script_push (s, STREAM, "fghij", ">fghi <ghij@6");
  g_assert_cmpint (imp_flow_get_unseen_room (s->flow), ==, 0);
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">j");
  g_assert_cmpint (imp_flow_get_unseen_room (s->flow), ==, G_MAXINT64 - 1 - 10);
  imp_flow_note_unseen (s->flow, G_MAXINT64 - 1 - 10, STREAM);
  g_assert_cmpint (imp_flow_get_unseen_room (s->flow), ==, 0);
  g_assert_true (imp_flow_is_balanced (s->flow));
  imp_flow_deny (s->flow);
  g_assert_true (imp_flow_is_balanced (s->flow));
}

/* Nor is there room behind the end, a refusal, or while a search goes on. */
static void
test_unseen_never (void)
{
  g_autoptr (FlowScript) ended = flow_script_new ();
  g_autoptr (FlowScript) denied = flow_script_new ();
  g_autoptr (FlowScript) searching = flow_script_new ();

  flow_script_apply (ended, pass (IMP_MAX_OFFSET), "");
  g_assert_cmpint (imp_flow_get_unseen_room (ended->flow), >, 0);
  flow_script_end (ended, ">.");
  g_assert_cmpint (imp_flow_get_unseen_room (ended->flow), ==, 0);

  flow_script_apply (denied, pass (IMP_MAX_OFFSET), "");
  imp_flow_deny (denied->flow);
  g_assert_cmpint (imp_flow_get_unseen_room (denied->flow), ==, 0);

  g_assert_true (imp_flow_pass_pattern (searching->flow, "x", 1, NULL));
  g_assert_cmpint (imp_flow_get_unseen_room (searching->flow), ==, 0);
}

static void
test_pass_indefinitely (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">ab");
  g_assert_true (imp_flow_is_passed (s->flow));
  flow_script_push (s, STREAM, "cd", ">cd");
  /* To say it again, or less, does no harm. */
  flow_script_apply (s, pass (IMP_MAX_OFFSET), "");
  flow_script_apply (s, pass (1), "");
  flow_script_apply (s, prepass (9), "");
  flow_script_refuse (s, replace (4, "x"), "indefinitely");
  flow_script_refuse (s, pattern ("x", 1), "indefinitely");
  flow_script_refuse (s, replace_later (4, 9), "indefinitely");
  flow_script_end (s, ">.");
  g_assert_true (imp_flow_is_finished (s->flow));
}

static void
test_pass_backward (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "abcdef", "<abcdef");
  flow_script_apply (s, pass (4), ">abcd");
  flow_script_refuse (s, pass (3), "backward offset 3, after a verdict up to 4");
  flow_script_refuse (s, pass (-2), "offset -2 is negative");
  flow_script_apply (s, pass (20), ">ef");
  flow_script_refuse (s, pass (19), "backward offset 19, after a verdict up to 20");
}

static void
test_prepass (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_apply (s, prepass (6), ">ab");
  flow_script_push (s, STREAM, "cd", ">cd <cd");
  /* The final verdict comes later, and says less than has passed already. */
  flow_script_apply (s, pass (1), "");
  flow_script_apply (s, pass (3), "");
  flow_script_refuse (s, pass (2), "backward offset 2, after a verdict up to 3");
  flow_script_push (s, STREAM, "efgh", ">ef <efgh");
  flow_script_apply (s, pass (6), "");
  flow_script_apply (s, pass (8), ">gh");
}

static void
test_prepass_backward (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, prepass (6), "");
  flow_script_refuse (s, prepass (5), "backward offset 5, after a verdict up to 6");
  flow_script_apply (s, pass (8), "");
  flow_script_refuse (s, prepass (7), "backward offset 7, after a verdict up to 8");
  flow_script_apply (s, prepass (8), "");
}

/* A PASS inside a prepassed region need not be fed; the rest of the region is. */
static void
test_pass_in_prepass (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, prepass (6), "");
  flow_script_push (s, STREAM, "ab", ">ab <ab");
  flow_script_apply (s, pass (4), "");
  flow_script_push (s, STREAM, "cdefgh", ">cdef <efgh@4");
}

static void
test_prepass_indefinitely (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_apply (s, prepass (IMP_MAX_OFFSET), ">ab");
  flow_script_push (s, STREAM, "cd", ">cd <cd");
  flow_script_refuse (s, replace (4, "x"), "indefinitely");
  flow_script_apply (s, pass (2), "");
  flow_script_end (s, ">. <.");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), "");
}

static void
test_prepass_then_pass_indefinitely (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, prepass (IMP_MAX_OFFSET), "");
  flow_script_push (s, STREAM, "ab", ">ab <ab");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), "");
  flow_script_push (s, STREAM, "cd", ">cd");
  flow_script_end (s, ">.");
}

static void
test_replace (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "abcd", "<abcd");
  flow_script_push (s, -2, "efgh", "<efgh/-2");
  flow_script_apply (s, replace (2, "XYZ"), ">XYZ");
  flow_script_apply (s, replace (3, ""), "");
  flow_script_apply (s, replace (5, "Q"), ">Q");
  flow_script_apply (s, pass (6), ">f/-2");
  flow_script_apply (s, replace (8, "R"), ">R/-2");
  g_assert_cmpint (imp_flow_get_replaced (s->flow), ==, 7);
  g_assert_cmpint (imp_flow_get_passed (s->flow), ==, 1);
}

static void
test_replace_insertion (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  /* Nothing was ever fed: it is a stream. */
  flow_script_apply (s, replace (0, "1"), ">1");
  flow_script_push (s, -2, "ab", "<ab/-2");
  flow_script_apply (s, replace (0, "2"), ">2/-2");
  flow_script_apply (s, pass (2), ">ab/-2");
  flow_script_apply (s, replace (2, "3"), ">3/-2");
  flow_script_end (s, "<.");
  flow_script_apply (s, replace (2, "4"), ">4");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">.");
  g_assert_cmpint (imp_flow_get_replaced (s->flow), ==, 0);
}

static void
test_replace_refused (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "abcd", "<abcd");
  flow_script_apply (s, pass (2), ">ab");
  flow_script_refuse (s, replace (1, "x"), "backward offset 1, after a verdict up to 2");
  flow_script_refuse (s, replace (5, "x"), "offset 5 lies in the future, input ends at 4");
  flow_script_refuse (s, replace (-1, "x"), "offset -1 is negative");
  flow_script_apply (s, pass (6), ">cd");
  flow_script_refuse (s, replace (4, "x"), "all up to 6 has passed already");
  flow_script_push (s, STREAM, "efgh", ">ef <gh@6");
  flow_script_apply (s, prepass (10), ">gh");
  flow_script_refuse (s, replace (8, "x"), "all up to 10 has passed already");
  flow_script_push (s, STREAM, "ijkl", ">ij <ijkl");
  flow_script_apply (s, replace (10, "x"), ">x");
}

static void
test_replace_later (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "abcd", "<abcd");
  flow_script_apply (s, replace_later (2, 8), "");
  g_assert_true (imp_flow_has_promise (s->flow));
  flow_script_push (s, STREAM, "efghij", "<efghij");
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 10);
  flow_script_refuse (s, pass (4), "what lies between 2 and 8 was promised to be replaced");
  flow_script_refuse (s, prepass (12), "was promised to be replaced");
  flow_script_refuse (s, pass (IMP_MAX_OFFSET), "was promised to be replaced");
  flow_script_refuse (s, pattern ("x", 1), "was promised to be replaced");
  flow_script_apply (s, pass (2), ">ab");
  flow_script_apply (s, replace (5, "X"), ">X");
  g_assert_true (imp_flow_has_promise (s->flow));
  flow_script_refuse (s, pass (6), "between 5 and 8");
  flow_script_apply (s, replace (8, "Y"), ">Y");
  g_assert_false (imp_flow_has_promise (s->flow));
  flow_script_apply (s, pass (10), ">ij");
}

static void
test_replace_later_refused (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "abcd", "<abcd");
  flow_script_apply (s, pass (2), ">ab");
  flow_script_refuse (s, replace_later (0, 2), "backward offset 2, after a verdict up to 2");
  flow_script_refuse (s, replace_later (4, 3), "nothing lies between 4 and 3");
  flow_script_refuse (s, replace_later (3, 3), "nothing lies between 3 and 3");
  flow_script_refuse (s, replace_later (3, -1), "negative");
  flow_script_refuse (s, replace_later (-3, 4), "negative");
  flow_script_apply (s, pass (6), ">cd");
  flow_script_refuse (s, replace_later (0, 6), "backward offset 6, after a verdict up to 6");
  /* Only what has not passed can be promised. */
  flow_script_apply (s, replace_later (0, 8), "");
  flow_script_push (s, STREAM, "efghi", ">ef <ghi@6");
  flow_script_refuse (s, pass (7), "between 6 and 8");
}

static void
mark_freed (gpointer data)
{
  *(gboolean *) data = TRUE;
}

/* Memory is really given back, for what is held and for what comes. */
static void
test_replace_later_forgets (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  for (guint i = 0; i < 2; i++)
    {
      gboolean freed = FALSE;
      GBytes *bytes = g_bytes_new_with_free_func ("abcd", 4, mark_freed, &freed);

      g_assert_true (imp_flow_push (s->flow, bytes, STREAM, NULL));
      g_bytes_unref (bytes);
      flow_script_expect (s, "<abcd");
      g_assert_true (freed == (i == 1));
      if (i == 0)
        flow_script_apply (s, replace_later (0, 12), "");
      g_assert_true (freed);
    }
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 8);
  flow_script_apply (s, replace (6, "X"), ">X");
  flow_script_apply (s, replace (8, "Y"), ">Y");
}

/* Two promises that touch are one. */
static void
test_replace_later_in_parts (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  gboolean freed = FALSE;
  GBytes *bytes = g_bytes_new_with_free_func ("abcd", 4, mark_freed, &freed);

  g_assert_true (imp_flow_push (s->flow, bytes, STREAM, NULL));
  g_bytes_unref (bytes);
  flow_script_expect (s, "<abcd");
  flow_script_apply (s, replace_later (2, 4), "");
  g_assert_false (freed);
  flow_script_apply (s, replace_later (0, 2), "");
  g_assert_true (freed);
  flow_script_refuse (s, pass (4), "between 0 and 4");
}

/* Promises far apart from each other are kept up to a number, and then ignored: a hint. */
static void
test_replace_later_many (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autofree char *text = g_strnfill (400, 'a');
  g_autofree char *rest = g_strnfill (400 - 321, 'a');
  g_autofree char *passed = g_strdup_printf (">%s", rest);
  g_autofree char *fed = g_strdup_printf ("<%s", text);

  flow_script_push (s, STREAM, text, fed);
  for (gint64 i = 0; i < 34; i++)
    flow_script_apply (s, replace_later (10 * i, 10 * i + 1), "");
  flow_script_refuse (s, pass (IMP_MAX_OFFSET), "between 0 and 1");
  flow_script_apply (s, replace (311, ""), "");
  g_assert_false (imp_flow_has_promise (s->flow));
  flow_script_apply (s, replace (321, ""), "");
  flow_script_apply (s, pass (400), passed);
}

static void
test_packets (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, PACKET, "abc", "<abc/1");
  flow_script_push (s, PACKET, "def", "<def/1");
  flow_script_push (s, PACKET, "ghi", "<ghi/1");
  flow_script_refuse (s, replace (2, "x"), "offset 2 is not the border of a packet");
  flow_script_apply (s, pass (5), ">abc/1");
  /* What it would have cut is still to be decided, from its border on. */
  flow_script_apply (s, pass (3), "");
  flow_script_refuse (s, replace (4, "x"), "border");
  flow_script_apply (s, replace (6, "XX"), ">XX/1");
  flow_script_apply (s, pass (9), ">ghi/1");
}

/* The same verdicts before the packets come: the same outcome, only that less is fed. */
static void
test_packets_future (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pass (5), "");
  flow_script_push (s, PACKET, "abc", ">abc/1");
  flow_script_push (s, PACKET, "def", "<def@3/1");
  flow_script_push (s, PACKET, "ghi", "<ghi/1");
  flow_script_apply (s, pass (3), "");
  flow_script_apply (s, replace (6, "XX"), ">XX/1");
  flow_script_apply (s, prepass (10), ">ghi/1");
  flow_script_push (s, PACKET, "jkl", "<jkl/1");
  flow_script_apply (s, replace (9, "I"), ">I/1");
}

static void
test_end (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_end (s, "<.");
  g_assert_true (imp_flow_has_ended (s->flow));
  flow_script_apply (s, pass (2), ">ab");
  g_assert_false (imp_flow_is_finished (s->flow));
  g_assert_false (imp_flow_push (s->flow, bytes, STREAM, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">.");
  g_assert_true (imp_flow_is_finished (s->flow));
  flow_script_apply (s, pass (IMP_MAX_OFFSET), "");
}

static void
test_end_held (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_end (s, "<.");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">ab >.");
}

/* What a PASS has left out before the end is said with the end. */
static void
test_end_after_gap (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pass (10), "");
  flow_script_push (s, STREAM, "ab", ">ab");
  flow_script_end (s, "<.@2");
  flow_script_apply (s, prepass (IMP_MAX_OFFSET), ">.");
}

static void
test_end_at_once (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_end (s, "<.");
  flow_script_apply (s, replace (0, "x"), ">x");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">.");
}

static void
test_deny (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("cd", 2);

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_apply (s, pass (1), ">a");
  /* A feed that still waits is not carried out. */
  g_assert_true (imp_flow_push (s->flow, bytes, STREAM, NULL));
  flow_script_apply (s, imp_result_new_deny (IMP_DIRECTION_FROM_CLIENT, "no", NULL), "");
  g_assert_true (imp_flow_is_denied (s->flow));
  flow_script_push (s, STREAM, "ef", "");
  flow_script_refuse (s, pass (6), "denied");
  flow_script_end (s, "");
  g_assert_cmpint (imp_flow_get_denied (s->flow), ==, 5);
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 0);
  g_assert_false (imp_flow_is_passed (s->flow));
}

/* What is done for an analyzer that is gone, if its mode is soft; not if the provider was told to
 * forget something. */
static void
test_gone (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (FlowScript) promised = flow_script_new ();
  g_autoptr (GError) error = NULL;

  flow_script_push (s, STREAM, "ab", "<ab");
  g_assert_true (imp_flow_pass (s->flow, IMP_MAX_OFFSET, NULL));
  flow_script_expect (s, ">ab");
  flow_script_push (s, STREAM, "cd", ">cd");

  flow_script_push (promised, STREAM, "ab", "<ab");
  flow_script_apply (promised, replace_later (0, 1), "");
  g_assert_false (imp_flow_pass (promised->flow, IMP_MAX_OFFSET, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
  flow_script_expect (promised, "");
}

/* A peer that sends single bytes does not fill the memory with book-keeping. */
static void
test_small_chunks (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (GString) expected = g_string_new (NULL);
  g_autoptr (GString) seen = g_string_new (NULL);
  ImpFlowEvent event;

  for (guint i = 0; i < 10000; i++)
    {
      char text[2] = { "abcdefg"[i % 7], 0 };
      char fed[3] = { '<', text[0], 0 };

      flow_script_push (s, STREAM, text, fed);
      g_string_append (expected, text);
    }
  g_assert_cmpint (imp_flow_get_n_held (s->flow), <, 100);
  g_assert_true (imp_flow_pass (s->flow, 5000, NULL));
  g_assert_true (imp_flow_pass (s->flow, 10000, NULL));
  while (imp_flow_event_queue_pop (&s->queue, &event))
    {
      g_string_append_len (seen, g_bytes_get_data (event.bytes, NULL),
                           g_bytes_get_size (event.bytes));
      g_bytes_unref (event.bytes);
    }
  g_assert_cmpstr (seen->str, ==, expected->str);
}

static void
test_input_limit (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GBytes) large = g_bytes_new_static ("x", G_MAXINT64 - 2);
  ImpFlowEvent event;

  /* One byte more than positions can say; nobody looks at what is not there. */
  g_assert_true (imp_flow_push (s->flow, large, STREAM, NULL));
  g_assert_true (imp_flow_event_queue_pop (&s->queue, &event));
  g_bytes_unref (event.bytes);
  flow_script_push (s, STREAM, "y", "<y");
  g_assert_false (imp_flow_push (s->flow, bytes, STREAM, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  flow_script_expect (s, "");
}

static void
test_no_type (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  g_assert_false (imp_flow_push (s->flow, bytes, IMP_DATA_TYPE_ANY, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
  flow_script_expect (s, "");
}

/* While one event is handled, what comes of it must wait its turn. */
static void
test_order (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (GBytes) first = g_bytes_new_static ("ab", 2);
  g_autoptr (GBytes) second = g_bytes_new_static ("cd", 2);
  ImpFlowEvent event;

  g_assert_true (imp_flow_push (s->flow, first, STREAM, NULL));
  g_assert_true (imp_flow_event_queue_pop (&s->queue, &event));
  g_assert_cmpint (event.kind, ==, IMP_FLOW_EVENT_FEED);
  g_bytes_unref (event.bytes);
  /* The analyzer that is fed "ab" answers, and somebody pushes. */
  g_assert_true (imp_flow_pass (s->flow, 1, NULL));
  g_assert_true (imp_flow_push (s->flow, second, STREAM, NULL));
  g_assert_true (imp_flow_pass (s->flow, 4, NULL));
  flow_script_expect (s, ">a <cd >b >cd");
}

/* No offset may be taken for one that is reached, however far behind it is. */
static void
test_run_far_backward (void)
{
  const gint64 offsets[] = { G_MININT64, G_MININT64 + 1, -G_MAXINT64, -2 };

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    for (guint j = 0; j < 2; j++)
      {
        const ImpResultType type = j == 0 ? IMP_RESULT_PASS : IMP_RESULT_REPLACE;
        const ImpView data = imp_view_of_data ((const guint8 *) "x", 1);
        const ImpVerdict verdict = imp_verdict_of_data (type, 0, offsets[i], data);
        g_autoptr (FlowScript) s = flow_script_new ();
        g_autoptr (GError) error = NULL;

        flow_script_push (s, STREAM, "hello", "<hello");
        flow_script_apply (s, pass (2), ">he");
        g_assert_false (imp_flow_apply_run (s->flow, &verdict, 1, &error));
        g_assert_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL);
        g_assert_cmpint (imp_flow_get_settled (s->flow), ==, 2);
        g_assert_cmpint (imp_flow_get_passed (s->flow), ==, 2);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flow/held", test_held);
  g_test_add_func ("/flow/pass/past", test_pass_past);
  g_test_add_func ("/flow/pass/no-copy", test_pass_no_copy);
  g_test_add_func ("/flow/pass/future", test_pass_future);
  g_test_add_func ("/flow/pass/indefinitely", test_pass_indefinitely);
  g_test_add_func ("/flow/unseen", test_unseen);
  g_test_add_func ("/flow/unseen/never", test_unseen_never);
  g_test_add_func ("/flow/pass/backward", test_pass_backward);
  g_test_add_func ("/flow/prepass", test_prepass);
  g_test_add_func ("/flow/prepass/backward", test_prepass_backward);
  g_test_add_func ("/flow/prepass/pass-inside", test_pass_in_prepass);
  g_test_add_func ("/flow/prepass/indefinitely", test_prepass_indefinitely);
  g_test_add_func ("/flow/prepass/then-pass-indefinitely", test_prepass_then_pass_indefinitely);
  g_test_add_func ("/flow/replace", test_replace);
  g_test_add_func ("/flow/replace/insertion", test_replace_insertion);
  g_test_add_func ("/flow/replace/refused", test_replace_refused);
  g_test_add_func ("/flow/replace-later", test_replace_later);
  g_test_add_func ("/flow/replace-later/refused", test_replace_later_refused);
  g_test_add_func ("/flow/replace-later/forgets", test_replace_later_forgets);
  g_test_add_func ("/flow/replace-later/in-parts", test_replace_later_in_parts);
  g_test_add_func ("/flow/replace-later/many", test_replace_later_many);
  g_test_add_func ("/flow/packets", test_packets);
  g_test_add_func ("/flow/packets/future", test_packets_future);
  g_test_add_func ("/flow/end", test_end);
  g_test_add_func ("/flow/end/held", test_end_held);
  g_test_add_func ("/flow/end/after-gap", test_end_after_gap);
  g_test_add_func ("/flow/end/at-once", test_end_at_once);
  g_test_add_func ("/flow/deny", test_deny);
  g_test_add_func ("/flow/gone", test_gone);
  g_test_add_func ("/flow/small-chunks", test_small_chunks);
  g_test_add_func ("/flow/input-limit", test_input_limit);
  g_test_add_func ("/flow/no-type", test_no_type);
  g_test_add_func ("/flow/order", test_order);
  g_test_add_func ("/flow/run/far-backward", test_run_far_backward);
  return g_test_run ();
}
