/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a cascade says of data, in the provider's offsets. */
#include "cascade-rig.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

static void
test_order (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (3, mock_shout);

  rig->mocks[0]->func = NULL;
  cascade_rig_feed (rig, 0, "abc", "");
  mock_analyzer_expect (rig->mocks[0], "0<abc");
  mock_analyzer_expect (rig->mocks[1], "");
  cascade_rig_feed (rig, 1, "xyz", "");
  mock_analyzer_expect (rig->mocks[2], "1<xyz");
  mock_analyzer_expect (rig->mocks[1], "1<XYZ");
  mock_analyzer_expect (rig->mocks[0], "1<XYZ");

  cascade_rig_replace (rig, 0, 0, 2, "dd");
  cascade_rig_expect (rig, "replace0@2=DD");
  mock_analyzer_expect (rig->mocks[1], "0<dd");
  mock_analyzer_expect (rig->mocks[2], "0<DD");
}

static void
test_untouched (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);

  cascade_rig_feed (rig, 0, "abc", "pass0@3");
  rig->mocks[1]->func = NULL;
  cascade_rig_feed (rig, 0, "def", "");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 4);
  cascade_rig_expect (rig, "pass0@4");

  /* One has only prepassed; what it says at last is said at last. */
  imp_analyzer_prepass_bytes (rig->parts[1], 0, 6);
  cascade_rig_expect (rig, "prepass0@6");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 6);
  cascade_rig_expect (rig, "pass0@6");
}

/* Each piece has that of what was done to it which counts most: replace, then prepass, then pass.
   */
static void
test_precedence (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (3, NULL);

  rig->mocks[2]->func = mock_pass;
  imp_analyzer_prepass_bytes (rig->parts[0], 0, IMP_MAX_OFFSET);
  cascade_rig_feed (rig, 0, "abcdef", "");
  cascade_rig_replace (rig, 1, 0, 2, "x");
  cascade_rig_expect (rig, "replace0@2=x");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 4);
  cascade_rig_expect (rig, "prepass0@4");
  cascade_rig_replace (rig, 1, 0, 4, "y");
  cascade_rig_expect (rig, "replace0@4=y");
}

static void
test_changed (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  cascade_rig_feed (rig, 0, "abcdefgh", "");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 2);
  cascade_rig_replace (rig, 0, 0, 5, "WXYZ");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 8);
  mock_analyzer_expect (rig->mocks[1], "0<ab 0<WXYZ 0<fgh");

  /* The second part cuts it elsewhere: the range goes with the last byte of it. */
  imp_analyzer_pass_bytes (rig->parts[1], 0, 4);
  cascade_rig_expect (rig, "pass0@2 replace0@2=WX");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 7);
  cascade_rig_expect (rig, "replace0@5=YZ pass0@6");
  cascade_rig_replace (rig, 1, 0, 8, "");
  cascade_rig_expect (rig, "replace0@7=");
  /* Put in. */
  cascade_rig_replace (rig, 1, 0, 8, "new");
  cascade_rig_expect (rig, "replace0@7=new");
}

static void
test_taken_away (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  cascade_rig_feed (rig, 0, "abcd", "");
  cascade_rig_replace (rig, 0, 0, 1, "");
  cascade_rig_expect (rig, "replace0@1=");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 2);
  /* There is something before it that is held. */
  cascade_rig_replace (rig, 0, 0, 3, "");
  cascade_rig_expect (rig, "");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 4);
  mock_analyzer_expect (rig->mocks[1], "0<b 0<d");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 1);
  cascade_rig_expect (rig, "pass0@2 replace0@3=");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 2);
  cascade_rig_expect (rig, "pass0@4");
}

static void
test_future (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  imp_analyzer_pass_bytes (rig->parts[0], 0, 10);
  cascade_rig_expect (rig, "");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 6);
  cascade_rig_expect (rig, "pass0@6");
  /* Under way. */
  cascade_rig_feed (rig, 0, "ab", "");
  cascade_rig_feed_at (rig, 0, "cdefgh", 6, STREAM, "");
  mock_analyzer_expect (rig->mocks[1], "0<cdef@6");
  mock_analyzer_expect (rig->mocks[0], "0<gh@10");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 12);
  imp_analyzer_pass_bytes (rig->parts[1], 0, 12);
  mock_analyzer_expect (rig->mocks[1], "0<gh");
  cascade_rig_expect (rig, "pass0@12");

  imp_analyzer_prepass_bytes (rig->parts[0], 0, IMP_MAX_OFFSET);
  imp_analyzer_pass_bytes (rig->parts[1], 0, 20);
  cascade_rig_expect (rig, "prepass0@20");
  cascade_rig_feed (rig, 0, "ij", "");
  mock_analyzer_expect (rig->mocks[0], "0<ij");
  imp_analyzer_pass_bytes (rig->parts[1], 0, IMP_MAX_OFFSET);
  cascade_rig_expect (rig, "prepass0@-1");
  imp_analyzer_pass_bytes (rig->parts[0], 0, IMP_MAX_OFFSET);
  cascade_rig_expect (rig, "pass0@-1");
}

/* Nothing is left out that somebody has yet to see. */
static void
test_gap (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  imp_analyzer_pass_bytes (rig->parts[0], 0, 10);
  imp_analyzer_pass_bytes (rig->parts[1], 0, 6);
  cascade_rig_expect (rig, "pass0@6");
  cascade_rig_feed_at (rig, 0, "x", 7, STREAM,
                       "fatal(part 2 of the cascade (GivenFactory): Input goes on at offset 7 "
                       "where 0 was next, and what lies between has not passed)");
}

static void
test_finished (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (3, mock_shout);

  rig->mocks[1]->func = mock_pass_ever;
  cascade_rig_feed (rig, 0, "a", "replace0@1=A");
  mock_analyzer_expect (rig->mocks[1], "0<A");
  cascade_rig_feed (rig, 0, "b", "replace0@2=B");
  cascade_rig_feed (rig, 1, "c", "replace1@1=C");
  mock_analyzer_expect (rig->mocks[1], "");
  mock_analyzer_expect (rig->mocks[2], "0<A 0<B 1<c");
}

static gboolean
say_at_end (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  if (g_bytes_get_size (data) == 0)
    imp_analyzer_replace_bytes (IMP_ANALYZER (mock), direction, mock->position[direction],
                                (const guint8 *) "END", 3);
  return TRUE;
}

static void
test_end (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, say_at_end);

  cascade_rig_feed (rig, 0, "abc", "");
  cascade_rig_feed (rig, 0, "", "replace0@3=END pass0@-1");
  mock_analyzer_expect (rig->mocks[0], "0<abc 0<.");
  mock_analyzer_expect (rig->mocks[1], "0<END 0<.");
  /* Of nothing, too. */
  rig->mocks[0]->func = mock_shout;
  cascade_rig_feed (rig, 1, "", "replace1@0=END pass1@-1");
  mock_analyzer_expect (rig->mocks[0], "1<END 1<.");
}

/* All has come out, but a part has not settled the end. */
static void
test_end_is_late (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, mock_pass);

  imp_analyzer_prepass_bytes (rig->parts[1], 0, 3);
  rig->mocks[1]->func = NULL;
  cascade_rig_feed (rig, 0, "abc", "prepass0@3");
  cascade_rig_feed (rig, 0, "", "");
  cascade_rig_replace (rig, 1, 0, 3, "more");
  cascade_rig_expect (rig, "pass0@3 replace0@3=more pass0@-1");
}

static void
test_packets (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  rig->mocks[1]->func = mock_pass;
  cascade_rig_feed_at (rig, 0, "abc", 0, PACKET, "");
  cascade_rig_feed_at (rig, 0, "de", 0, PACKET, "");
  cascade_rig_feed_at (rig, 0, "fgh", 0, PACKET, "");
  /* It would cut one. */
  imp_analyzer_pass_bytes (rig->parts[0], 0, 2);
  cascade_rig_expect (rig, "");
  cascade_rig_replace (rig, 0, 0, 5, "one");
  cascade_rig_expect (rig, "replace0@5=one");
  mock_analyzer_expect (rig->mocks[1], "0<one/1");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 8);
  cascade_rig_expect (rig, "pass0@8");
  mock_analyzer_expect (rig->mocks[1], "0<fgh/1");
}

static void
test_mixed_types (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  cascade_rig_feed_at (rig, 0, "abc", 0, STREAM, "");
  cascade_rig_feed_at (rig, 0, "def", 0, PACKET, "");
  cascade_rig_feed_at (rig, 0, "ghi", 0, -7, "");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 9);
  mock_analyzer_expect (rig->mocks[1], "0<abc 0<def/1 0<ghi/-7");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 5);
  cascade_rig_expect (rig, "pass0@3");
  cascade_rig_replace (rig, 1, 0, 7, "x");
  cascade_rig_expect (rig, "replace0@7=x");
}

static void
test_promise (void)
{
  g_autoptr (CascadeRig) rig = cascade_rig_new (2, NULL);

  /* What has not come yet is known to the first part only. */
  imp_analyzer_replace_later (rig->parts[0], 0, 0, 5);
  cascade_rig_expect (rig, "replace_later0@0-5");
  cascade_rig_feed (rig, 0, "abcdefgh", "");
  cascade_rig_replace (rig, 0, 0, 5, "1234567890");
  imp_analyzer_pass_bytes (rig->parts[0], 0, 8);
  cascade_rig_expect (rig, "");
  imp_analyzer_replace_later (rig->parts[1], 0, 8, 20);
  cascade_rig_expect (rig, "replace_later0@0-8");
  imp_analyzer_pass_bytes (rig->parts[1], 0, 3);
  cascade_rig_expect (rig, "replace0@0=123");
  cascade_rig_replace (rig, 1, 0, 13, "all");
  cascade_rig_expect (rig, "replace0@8=all");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cascade/order", test_order);
  g_test_add_func ("/cascade/untouched", test_untouched);
  g_test_add_func ("/cascade/precedence", test_precedence);
  g_test_add_func ("/cascade/changed", test_changed);
  g_test_add_func ("/cascade/taken-away", test_taken_away);
  g_test_add_func ("/cascade/future", test_future);
  g_test_add_func ("/cascade/gap", test_gap);
  g_test_add_func ("/cascade/finished", test_finished);
  g_test_add_func ("/cascade/end", test_end);
  g_test_add_func ("/cascade/end-is-late", test_end_is_late);
  g_test_add_func ("/cascade/packets", test_packets);
  g_test_add_func ("/cascade/mixed-types", test_mixed_types);
  g_test_add_func ("/cascade/promise", test_promise);
  return g_test_run ();
}
