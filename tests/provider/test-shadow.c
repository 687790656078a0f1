/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A shadow is asked, and decides nothing: what it would do otherwise is told, what was not compared
 * is counted, and the filter does not notice it, whatever it does. */
#include <imp-remote.h>

#include "mock-analyzer.h"
#include "provider/imp-filter-private.h"

#include <string.h>

#define STREAM IMP_DATA_TYPE_STREAM

typedef struct
{
  ImpFilter *filter;
  ImpShadow *shadow;
  MockAnalyzer *mock; /* the shadow's */
  GString *out;       /* of the filter */
  GString *told;      /* differences, and "over" */
} Rig;

static void
rig_on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
               gpointer user_data)
{
  Rig *self = user_data;
  gsize length;
  const char *bytes = g_bytes_get_data (data, &length);

  g_string_append_printf (self->out, "%u>%.*s ", direction, (int) length, bytes);
}

static void
rig_on_difference (ImpShadow *shadow, ImpDifference *difference, gpointer user_data)
{
  Rig *self = user_data;

  g_string_append_printf (self->told, "%s\n", imp_difference_get_text (difference));
}

static void
rig_on_over (ImpShadow *shadow, gpointer user_data)
{
  Rig *self = user_data;

  g_assert_true (imp_shadow_is_over (shadow));
  g_string_append (self->told, "over");
}

static Rig *
rig_new (MockFunc main_func, MockFunc shadow_func)
{
  Rig *self = g_new0 (Rig, 1);
  g_autoptr (MockAnalyzer) main_mock = mock_analyzer_new (main_func, NULL);

  self->out = g_string_new (NULL);
  self->told = g_string_new (NULL);
  self->mock = mock_analyzer_new (shadow_func, NULL);
  self->filter = imp_filter_new (IMP_ANALYZER (main_mock));
  self->shadow = imp_shadow_new (IMP_ANALYZER (self->mock));
  imp_shadow_set_linger (self->shadow, 20);
  g_signal_connect (self->shadow, "difference", G_CALLBACK (rig_on_difference), self);
  g_signal_connect (self->shadow, "over", G_CALLBACK (rig_on_over), self);
  imp_shadow_follow (self->shadow, self->filter);
  imp_filter_set_output (self->filter, rig_on_output, self, NULL);
  return self;
}

/* Checks that all of it really goes. */
static void
rig_free (Rig *self)
{
  g_object_unref (self->mock);
  g_object_add_weak_pointer (G_OBJECT (self->shadow), (gpointer *) &self->shadow);
  g_object_unref (self->shadow);
  g_assert_null (self->shadow);
  g_string_free (self->out, TRUE);
  g_string_free (self->told, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
rig_push (Rig *self, ImpDirection direction, const char *text)
{
  imp_filter_push_bytes (self->filter, direction, (const guint8 *) text, strlen (text), STREAM,
                         NULL);
}

static void
rig_run (Rig *self)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Ends it, and waits for the shadow. */
static void
rig_end (Rig *self)
{
  rig_push (self, 0, "");
  rig_push (self, 1, "");
  imp_filter_close (self->filter);
  g_clear_object (&self->filter);
  while (!imp_shadow_is_over (self->shadow))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_same (void)
{
  g_autoptr (Rig) rig = rig_new (mock_shout, mock_shout);

  rig_push (rig, 0, "abc");
  rig_push (rig, 1, "defg");
  rig_run (rig);
  rig_push (rig, 0, "hij");
  rig_end (rig);
  g_assert_cmpstr (rig->out->str, ==, "0>ABC 1>DEFG 0>HIJ 0> 1> ");
  g_assert_cmpstr (rig->told->str, ==, "over");
  g_assert_cmpint (imp_shadow_get_compared (rig->shadow, 0), ==, 6);
  g_assert_cmpint (imp_shadow_get_compared (rig->shadow, 1), ==, 4);
  g_assert_cmpint (imp_shadow_get_uncompared (rig->shadow, 0), ==, 0);
  g_assert_null (imp_shadow_get_gave_up (rig->shadow));
  g_assert_cmpint (imp_shadow_get_mean_lag (rig->shadow), >=, 0);
  g_assert_cmpint (imp_shadow_get_max_lag (rig->shadow), >=, imp_shadow_get_mean_lag (rig->shadow));
}

static void
test_output (void)
{
  g_autoptr (Rig) rig = rig_new (mock_pass, mock_shout);

  rig_push (rig, 0, "ABcd");
  rig_push (rig, 1, "XYZ");
  rig_end (rig);
  g_assert_cmpstr (rig->out->str, ==, "0>ABcd 1>XYZ 0> 1> ");
  g_assert_cmpstr (rig->told->str, ==,
                   "the output to the server differs at byte 2: \"CD\", and not \"cd\"\nover");
  g_assert_cmpuint (imp_shadow_get_n_differences (rig->shadow), ==, 1);
  g_assert_cmpint (imp_shadow_get_compared (rig->shadow, 0), ==, 2);
  g_assert_cmpint (imp_shadow_get_uncompared (rig->shadow, 0), ==, 2);
  g_assert_cmpint (imp_shadow_get_compared (rig->shadow, 1), ==, 3);
}

/* ---- one comes later than the other, in other pieces ---- */

static gboolean
mock_pass_pairs (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
                 gint32 data_type, GError **error)
{
  const gint64 position = self->position[direction];
  const gboolean is_end = g_bytes_get_size (data) == 0;

  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, is_end ? position : position / 2 * 2);
  return TRUE;
}

static void
test_pieces (void)
{
  g_autoptr (Rig) late = rig_new (mock_pass, mock_pass_pairs);
  g_autoptr (Rig) early = rig_new (mock_pass_pairs, mock_pass);
  Rig *const rigs[] = { late, early };

  for (guint i = 0; i < 2; i++)
    {
      for (guint j = 0; j < 50; j++)
        {
          rig_push (rigs[i], j % 2, &"abcdefg"[j % 7]);
          if (j % 3 == 0)
            rig_run (rigs[i]);
        }
      rig_end (rigs[i]);
      g_assert_cmpstr (rigs[i]->told->str, ==, "over");
      g_assert_null (imp_shadow_get_gave_up (rigs[i]->shadow));
    }
  g_assert_cmpint (imp_shadow_get_compared (late->shadow, 0), ==,
                   imp_shadow_get_compared (early->shadow, 0));
}

/* ---- outcomes ---- */

static gboolean
mock_fail (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  return FALSE;
}

static gboolean
mock_drop (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
           gint32 data_type, GError **error)
{
  g_autoptr (ImpResult) drop = imp_result_new_drop ();

  imp_analyzer_add_result (IMP_ANALYZER (self), drop);
  return TRUE;
}

static gboolean
mock_longer (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  if (g_bytes_get_size (data) == 0 && direction == 1)
    imp_analyzer_send_back (IMP_ANALYZER (self), 0, (const guint8 *) "more", 4);
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, self->position[direction]);
  return TRUE;
}

static void
test_outcomes (void)
{
  static const struct
  {
    MockFunc one;
    MockFunc other;
    const char *out;
    const char *told;
  } cases[] = {
    { mock_pass, mock_deny, "0>abc 1>def 0>ghi 0> 1> ",
      "the outcome differs: denied: \"mock\", and not passed\nover" },
    { mock_deny, mock_pass, "",
      "the outcome differs: nothing was refused, and not denied: \"mock\"\nover" },
    { mock_deny, mock_deny, "", "over" },
    { mock_deny, mock_drop, "", "the outcome differs: dropped, and not denied: \"mock\"\nover" },
    { mock_pass, mock_drop, "0>abc 1>def 0>ghi 0> 1> ",
      "the outcome differs: dropped, and not passed\nover" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Rig) rig = rig_new (cases[i].one, cases[i].other);

      rig_push (rig, 0, "abc");
      rig_push (rig, 1, "def");
      rig_run (rig);
      rig_push (rig, 0, "ghi");
      rig_end (rig);
      g_assert_cmpstr (rig->out->str, ==, cases[i].out);
      g_assert_cmpstr (rig->told->str, ==, cases[i].told);
    }
}

static void
test_failure (void)
{
  g_autoptr (Rig) rig = rig_new (mock_pass, mock_fail);

  rig_push (rig, 0, "abc");
  rig_end (rig);
  g_assert_cmpstr (rig->out->str, ==, "0>abc 0> 1> ");
  g_assert_true (g_str_has_prefix (rig->told->str, "the outcome differs: failed: "));
}

static void
test_sent (void)
{
  g_autoptr (Rig) rig = rig_new (mock_pass, mock_longer);

  rig_push (rig, 0, "abc");
  rig_push (rig, 1, "");
  rig_run (rig);
  rig_end (rig);
  g_assert_cmpstr (rig->out->str, ==, "0>abc 1> 0> ");
  g_assert_cmpstr (rig->told->str, ==,
                   "what the analyzer itself sends to the client differs at byte 0: \"more\", and "
                   "not nothing\nover");
}

/* ---- a connection that breaks off ---- */

static void
test_broken (void)
{
  g_autoptr (Rig) passes = rig_new (mock_pass, mock_pass);
  g_autoptr (Rig) denies = rig_new (mock_pass, mock_deny);
  Rig *const rigs[] = { passes, denies };

  for (guint i = 0; i < 2; i++)
    {
      rig_push (rigs[i], 0, "abc");
      imp_filter_close (rigs[i]->filter);
      g_clear_object (&rigs[i]->filter);
      while (!imp_shadow_is_over (rigs[i]->shadow))
        g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpstr (passes->told->str, ==, "over");
  g_assert_cmpint (imp_shadow_get_compared (passes->shadow, 0), ==, 3);
  g_assert_cmpstr (denies->told->str, ==,
                   "the outcome differs: denied: \"mock\", and not nothing was refused\nover");
}

/* ---- shadows that are no good ---- */

/* One that never says anything. */
static void
test_silent (void)
{
  g_autoptr (Rig) rig = rig_new (mock_pass, NULL);

  rig_push (rig, 0, "abc");
  rig_end (rig);
  g_assert_cmpstr (rig->out->str, ==, "0>abc 0> 1> ");
  g_assert_cmpstr (rig->told->str, ==, "over");
  g_assert_nonnull (strstr (imp_shadow_get_gave_up (rig->shadow), "linger"));
  g_assert_cmpint (imp_shadow_get_uncompared (rig->shadow, 0), ==, 3);
}

/* The same, and much comes: no more than the limit is kept. */
static void
test_backlog (void)
{
  g_autofree char *text = g_strnfill (1000, 'z');

  for (guint paused = 0; paused < 2; paused++)
    {
      g_autoptr (Rig) rig = rig_new (mock_pass, NULL);

      imp_shadow_set_max_queued (rig->shadow, 20000);
      if (paused)
        {
          imp_analyzer_pause (IMP_ANALYZER (rig->mock), 0);
          rig_run (rig);
        }
      for (guint i = 0; i < 100; i++)
        {
          rig_push (rig, 0, text);
          rig_run (rig);
          g_assert_cmpint (rig->mock->position[0], <=, 21000);
        }
      g_assert_nonnull (strstr (imp_shadow_get_gave_up (rig->shadow), "max-queued"));
      g_assert_cmpint (rig->mock->n_closed, ==, 1);
      rig_end (rig);
      g_assert_cmpstr (rig->told->str, ==, "over");
      g_assert_cmpint (imp_shadow_get_uncompared (rig->shadow, 0), ==, 100000);
      g_assert_cmpuint (rig->out->len, ==, 100 * 1003 + 6);
    }
}

static gboolean
mock_flood (MockAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  static const guint8 zeros[1000];

  for (guint i = 0; i < 1000; i++)
    imp_analyzer_send_back (IMP_ANALYZER (self), direction, zeros, sizeof zeros);
  return TRUE;
}

static void
test_flood (void)
{
  g_autoptr (Rig) rig = rig_new (mock_pass, mock_flood);

  imp_shadow_set_max_queued (rig->shadow, 20000);
  rig_push (rig, 0, "abc");
  rig_run (rig);
  g_assert_nonnull (imp_shadow_get_gave_up (rig->shadow));
  rig_end (rig);
  g_assert_cmpstr (rig->out->str, ==, "0>abc 0> 1> ");
}

/* What no analyzer wants to see may pass unseen once the shadow does not want it either. */
static void
test_unseen (void)
{
  g_autoptr (Rig) rig = rig_new (mock_pass_ever, mock_pass);

  rig_push (rig, 0, "abc");
  rig_run (rig);
  g_assert_cmpint (imp_filter_get_unseen_room (rig->filter, 0), ==, 0);
  imp_shadow_close (rig->shadow);
  g_assert_cmpint (imp_filter_get_unseen_room (rig->filter, 0), >, 0);
  imp_filter_note_unseen (rig->filter, 0, 100);
  rig_end (rig);
}

static void
test_closed (void)
{
  g_autoptr (Rig) rig = rig_new (mock_pass, mock_pass);

  rig_push (rig, 0, "abc");
  imp_shadow_close (rig->shadow);
  g_assert_cmpstr (rig->told->str, ==, "over");
  g_assert_cmpint (imp_shadow_get_uncompared (rig->shadow, 0), ==, 3);
  rig_push (rig, 0, "def");
  imp_shadow_close (rig->shadow);
  rig_end (rig);
  g_assert_cmpstr (rig->out->str, ==, "0>abc 0>def 0> 1> ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shadow/same", test_same);
  g_test_add_func ("/shadow/output", test_output);
  g_test_add_func ("/shadow/pieces", test_pieces);
  g_test_add_func ("/shadow/outcomes", test_outcomes);
  g_test_add_func ("/shadow/failure", test_failure);
  g_test_add_func ("/shadow/sent", test_sent);
  g_test_add_func ("/shadow/broken", test_broken);
  g_test_add_func ("/shadow/silent", test_silent);
  g_test_add_func ("/shadow/backlog", test_backlog);
  g_test_add_func ("/shadow/flood", test_flood);
  g_test_add_func ("/shadow/unseen", test_unseen);
  g_test_add_func ("/shadow/closed", test_closed);
  return g_test_run ();
}
