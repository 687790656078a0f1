/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input and verdicts are on their way for some time: from the flow to the proxy, from there to the
 * analyzer that hosts the plugin, and back, where they also wait while a direction is busy. So
 * everybody judges at another point of the input. Whatever the first one has let through, all
 * others must let through too, or the filter would fail where the analyzer has made no error. The
 * seed is printed; IMP_TEST_SEED sets it, IMP_TEST_STEPS the number of steps. */
#include "core/imp-analyzer-private.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-flow-private.h"
#include "core/imp-input-queue-private.h"
#include "core/imp-result-private.h"
#include "mock-analyzer.h"

#include <string.h>

#define DIRECTION IMP_DIRECTION_FROM_CLIENT
#define STEPS 300000
#define STEPS_PER_STREAM 150
#define INPUT_MAX 1000

typedef struct
{
  GRand *rand;
  ImpFlowEventQueue events; /* from the flow to the proxy */
  ImpFlow *flow;
  ImpAnalyzer *proxy;
  ImpInputQueue there; /* from the proxy to the plugin */
  ImpAnalyzer *plugin;
  GQueue back; /* of ImpResult, from the plugin to the proxy */
  GString *history;
  gint32 data_type;
  guint n_accepted, n_refused;
  guint n_of[IMP_RESULT_REPLACE + 1]; /* accepted, by type */
} Line;

static gint64
pick (Line *line, gint64 begin, gint64 end)
{
  return begin + g_rand_int_range (line->rand, 0, (gint32) (end - begin));
}

static gboolean
chance (Line *line, guint percent)
{
  return g_rand_int_range (line->rand, 0, 100) < (gint32) percent;
}

static void
note (Line *line, const char *who, const char *text)
{
  g_string_append_printf (line->history, "%s: %s\n", who, text);
}

static void
fail (Line *line, const char *who, const char *message)
{
  g_printerr ("%s", line->history->str);
  g_error ("%s refuses what the plugin's end has let through: %s", who, message);
}

/* --- on the way there --- */

static gboolean
on_proxy_data (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
               gint32 data_type, GError **error)
{
  Line *line = mock->user_data;

  imp_input_queue_push (&line->there, &(ImpInput){ data, offset, data_type, direction });
  return TRUE;
}

static void
push_input (Line *line)
{
  static const gint32 types[] = { -1, 1, -2, 2, -1, 1 };
  g_autofree char *text = NULL;
  guint8 data[32];
  gsize length = chance (line, 1) ? 0 : pick (line, 1, chance (line, 10) ? 32 : 8);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (imp_flow_has_ended (line->flow))
    return;
  if (imp_flow_get_input (line->flow) > INPUT_MAX)
    length = 0;
  if (chance (line, 10))
    line->data_type = types[pick (line, 0, G_N_ELEMENTS (types))];
  for (gsize i = 0; i < length; i++)
    data[i] = "abcd"[pick (line, 0, 4)];
  bytes = g_bytes_new (data, length);
  text = g_strdup_printf ("\"%.*s\" of type %d", (int) length, data, line->data_type);
  note (line, "input", text);
  imp_flow_push (line->flow, bytes, line->data_type, &error);
  g_assert_no_error (error);
}

static gboolean
feed_proxy (Line *line)
{
  ImpFlowEvent event;

  if (!imp_flow_event_queue_pop (&line->events, &event))
    return FALSE;
  if (event.kind == IMP_FLOW_EVENT_FEED)
    {
      g_autofree char *text = g_strdup_printf ("fed %d bytes, offset %" G_GINT64_FORMAT,
                                               (int) g_bytes_get_size (event.bytes), event.offset);

      note (line, "proxy", text);
      imp_analyzer_data (line->proxy, DIRECTION, event.bytes, event.offset, event.data_type);
    }
  g_bytes_unref (event.bytes);
  return TRUE;
}

static gboolean
feed_plugin (Line *line)
{
  g_autofree char *text = NULL;
  ImpInput input;

  if (!imp_input_queue_take (&line->there, chance (line, 50) ? 3 : G_MAXSIZE, &input))
    return FALSE;
  text = g_strdup_printf ("fed %d bytes, offset %" G_GINT64_FORMAT,
                          (int) g_bytes_get_size (input.data), input.offset);
  note (line, "plugin", text);
  imp_analyzer_data (line->plugin, DIRECTION, input.data, input.offset, input.data_type);
  g_bytes_unref (input.data);
  return TRUE;
}

/* --- on the way back --- */

static gint64
pick_offset (Line *line)
{
  const ImpMarks *marks = imp_analyzer_peek_marks (line->plugin, DIRECTION);
  gint64 settled = MIN (marks->final, marks->fed);

  switch (pick (line, 0, 8))
    {
    case 0:
      return pick (line, settled, marks->fed + 40);
    case 1:
      return pick (line, MAX (0, settled - 5), settled + 5);
    case 2:
      return chance (line, 10) ? IMP_MAX_OFFSET : marks->fed;
    default:
      return pick (line, settled, marks->fed + 1);
    }
}

static ImpResult *
random_result (Line *line)
{
  static const char *patterns[] = { "a", "ab", "abc", "aab", "dcba", "zz" };
  g_autoptr (GBytes) data = g_bytes_new_static ("XYZ", pick (line, 0, 4));
  gint64 offset = pick_offset (line);
  gint64 kind = pick (line, 0, 100);

  if (kind < 35)
    return imp_result_new_pass (DIRECTION, offset);
  if (kind < 50)
    return imp_result_new_prepass (DIRECTION, offset);
  if (kind < 85)
    return imp_result_new_replace (DIRECTION, offset, data);
  if (kind < 93)
    return imp_result_new_replace_later (DIRECTION, offset, offset + pick (line, 0, 20));
  return imp_result_new_pass_pattern (DIRECTION, patterns[pick (line, 0, G_N_ELEMENTS (patterns))],
                                      4);
}

static void
answer (Line *line)
{
  g_autoptr (ImpResult) result = random_result (line);
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autofree char *text = imp_result_to_string (result);
  g_autoptr (GError) error = NULL;

  if (!imp_analyzer_try_verdict (line->plugin, &verdict, &error))
    {
      line->n_refused++;
      return;
    }
  note (line, "plugin", text);
  line->n_accepted++;
  line->n_of[MIN (result->type, IMP_RESULT_REPLACE)]++;
}

static void
on_plugin_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  g_queue_push_tail (&((Line *) user_data)->back, imp_result_ref (result));
}

static gboolean
answer_proxy (Line *line)
{
  g_autoptr (ImpResult) result = g_queue_pop_head (&line->back);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  ImpVerdict verdict;

  if (result == NULL)
    return FALSE;
  verdict = imp_verdict_of_result (result);
  text = imp_result_to_string (result);
  note (line, "proxy", text);
  if (!imp_analyzer_try_verdict (line->proxy, &verdict, &error))
    fail (line, "the proxy", error->message);
  return TRUE;
}

static void
on_proxy_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Line *line = user_data;
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autofree char *text = imp_result_to_string (result);
  g_autoptr (GError) error = NULL;

  note (line, "flow", text);
  if (!imp_flow_apply (line->flow, &verdict, &error))
    fail (line, "the flow", error->message);
}

/* --- all together --- */

static void
line_begin (Line *line)
{
  imp_flow_event_queue_init (&line->events);
  line->flow = imp_flow_new (&line->events, DIRECTION);
  imp_input_queue_init (&line->there, 0);
  line->proxy = IMP_ANALYZER (mock_analyzer_new (on_proxy_data, line));
  imp_analyzer_set_is_proxy (line->proxy);
  imp_analyzer_set_settles_end (line->proxy, FALSE);
  line->plugin = IMP_ANALYZER (mock_analyzer_new (NULL, NULL));
  imp_analyzer_set_callback (line->plugin, on_plugin_result, line, NULL);
  imp_analyzer_set_callback (line->proxy, on_proxy_result, line, NULL);
  line->data_type = chance (line, 60) ? IMP_DATA_TYPE_STREAM : IMP_DATA_TYPE_PACKET;
  g_string_truncate (line->history, 0);
}

static void
line_step (Line *line)
{
  switch (pick (line, 0, 10))
    {
    case 0:
    case 1:
      push_input (line);
      break;
    case 2:
    case 3:
      feed_proxy (line);
      break;
    case 4:
    case 5:
      feed_plugin (line);
      break;
    case 6:
    case 7:
      answer (line);
      break;
    case 8:
      answer_proxy (line);
      break;
    default:
      imp_analyzer_set_busy (chance (line, 50) ? line->proxy : line->plugin, DIRECTION,
                             chance (line, 50));
    }
}

/* Once all has arrived everywhere, all stand at the same point. */
static void
line_end (Line *line)
{
  const ImpMarks *proxy = imp_analyzer_peek_marks (line->proxy, DIRECTION);
  const ImpMarks *plugin = imp_analyzer_peek_marks (line->plugin, DIRECTION);
  gboolean going;

  imp_analyzer_set_busy (line->plugin, DIRECTION, FALSE);
  imp_analyzer_set_busy (line->proxy, DIRECTION, FALSE);
  do
    {
      going = feed_proxy (line);
      going = feed_plugin (line) || going;
      going = answer_proxy (line) || going;
    }
  while (going);

  /* A packet that is known later is spared later: whoever is further away is stricter. */
  g_assert_cmpint (imp_marks_get_settled (proxy), <=, imp_marks_get_settled (plugin));
  g_assert_cmpint (proxy->final, <=, plugin->final);
  if (!plugin->deferred)
    {
      g_assert_cmpint (proxy->searching, ==, plugin->searching);
      g_assert_cmpint (proxy->searching, ==, imp_flow_is_searching (line->flow));
    }
  g_assert_cmpint (imp_marks_has_promise (plugin), ==, imp_flow_has_promise (line->flow));
  /* What was under way when it lost interest or began to search is kept from the plugin. */
  if (!imp_marks_is_passed (proxy) && !plugin->searching)
    g_assert_cmpint (proxy->fed, ==, plugin->fed);
  if (!proxy->searching)
    g_assert_cmpint (imp_flow_get_held (line->flow), ==, imp_marks_get_unsettled (proxy));
  g_assert_true (imp_flow_is_balanced (line->flow));

  g_assert_finalize_object (line->proxy);
  g_assert_finalize_object (line->plugin);
  imp_flow_free (line->flow);
  imp_flow_event_queue_clear (&line->events);
  imp_input_queue_clear (&line->there);
}

static guint
get_number (const char *variable, guint otherwise)
{
  const char *text = g_getenv (variable);

  return text == NULL ? otherwise : (guint) g_ascii_strtoull (text, NULL, 10);
}

static void
test_late (void)
{
  guint seed = get_number ("IMP_TEST_SEED", g_random_int ());
  guint steps = get_number ("IMP_TEST_STEPS", STEPS);
  Line line = { .rand = g_rand_new_with_seed (seed), .history = g_string_new (NULL) };

  g_test_message ("IMP_TEST_SEED=%u", seed);
  g_printerr ("IMP_TEST_SEED=%u\n", seed);
  for (guint done = 0; done < steps; done += STEPS_PER_STREAM)
    {
      line_begin (&line);
      for (guint i = 0; i < STEPS_PER_STREAM; i++)
        line_step (&line);
      line_end (&line);
    }

  g_test_message ("%u accepted, %u refused", line.n_accepted, line.n_refused);
  /* It tests nothing if nearly all is refused, or a type never comes. */
  g_assert_cmpuint (line.n_accepted, >, line.n_refused / 4);
  g_assert_cmpuint (line.n_of[IMP_RESULT_PASS], >, steps / 1000);
  g_assert_cmpuint (line.n_of[IMP_RESULT_PREPASS], >, steps / 1000);
  g_assert_cmpuint (line.n_of[IMP_RESULT_REPLACE], >, steps / 1000);
  g_assert_cmpuint (line.n_of[IMP_RESULT_REPLACE_LATER], >, steps / 1000);
  g_assert_cmpuint (line.n_of[IMP_RESULT_PASS_PATTERN], >, steps / 1000);
  g_rand_free (line.rand);
  g_string_free (line.history, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/marks/late", test_late);
  return g_test_run ();
}
