/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flow against the naive model: random input, cut at random, of random types, under random
 * verdicts, legal and not, also while events are being handled. The seed is printed;
 * IMP_TEST_SEED sets it, IMP_TEST_STEPS the number of steps. */
#include "core/imp-error.h"
#include "core/imp-flow-private.h"
#include "naive-flow.h"

#include <string.h>

#define STEPS 200000
#define STEPS_PER_FLOW 120
#define INPUT_MAX 1200

typedef struct
{
  GRand *rand;
  ImpFlowEventQueue queue;
  ImpFlow *flow;
  NaiveFlow *naive;
  GArray *output;
  GArray *fed;
  guint compared_output;
  guint compared_fed;
  guint depth;
  GString *history;
  guint n_accepted;
  guint n_refused;
  guint n_found;
  guint n_finished;
  guint n_runs;
  guint n_late; /* matches whose beginning had been released */
} Test;

static gint64
pick (Test *t, gint64 begin, gint64 end)
{
  return begin + (gint64) g_rand_int_range (t->rand, 0, (gint32) (end - begin));
}

static gboolean
chance (Test *t, guint percent)
{
  return g_rand_int_range (t->rand, 0, 100) < (gint32) percent;
}

/* A verdict's offset: mostly near what matters, now and then far from it. */
static gint64
pick_offset (Test *t)
{
  static const gint64 odd[] = { -2, 0, 1, G_MAXINT64, G_MININT64, (gint64) 1 << 40 };
  gint64 settled = imp_flow_get_settled (t->flow);
  gint64 input = imp_flow_get_input (t->flow);

  switch (pick (t, 0, 8))
    {
    case 0:
    case 1:
      return input;
    case 2:
    case 3:
    case 4:
      return pick (t, settled, input + 1);
    case 5:
      return pick (t, settled, input + 40);
    case 6:
      return pick (t, MAX (0, settled - 10), settled + 10);
    default:
      return chance (t, 10) ? odd[pick (t, 0, G_N_ELEMENTS (odd))] : input;
    }
}

static void note (Test *t, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
note (Test *t, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_string_append_printf (t->history, "%*s", (int) (2 * t->depth), "");
  g_string_append_vprintf (t->history, format, args);
  g_string_append_c (t->history, '\n');
  va_end (args);
}

static void
fail (Test *t, const char *what)
{
  g_printerr ("%s\nflow: input %" G_GINT64_FORMAT " settled %" G_GINT64_FORMAT "\n",
              t->history->str, imp_flow_get_input (t->flow), imp_flow_get_settled (t->flow));
  g_error ("flow and model differ: %s", what);
}

/* What the one accepted and the other refused is an error of the flow's. */
static gboolean
agree (Test *t, gboolean by_flow, gboolean by_naive, GError *error)
{
  if (by_flow != by_naive)
    fail (t, by_flow ? "the model refuses" : error->message);
  if (!by_flow)
    g_assert_nonnull (error);
  t->n_accepted += by_flow;
  t->n_refused += !by_flow;
  g_clear_error (&error);
  return by_flow;
}

static void
random_push (Test *t)
{
  static const gint32 types[] = { -1, 1, -2, 2, -1, 1 };
  guint8 data[64];
  gsize length = chance (t, 1) ? 0 : pick (t, 1, chance (t, 10) ? 64 : 12);
  gint32 type = t->naive->last_type;
  g_autoptr (GBytes) bytes = NULL;
  GError *error = NULL;
  gboolean by_flow;

  if (t->naive->input > INPUT_MAX)
    length = 0;
  if (type == 0 || chance (t, 10))
    type = types[pick (t, 0, G_N_ELEMENTS (types))];
  for (gsize i = 0; i < length; i++)
    data[i] = "abcd"[pick (t, 0, 4)];
  bytes = g_bytes_new (data, length);
  note (t, "push %.*s (%d bytes, type %d)", (int) length, data, (int) length, type);
  by_flow = imp_flow_push (t->flow, bytes, type, &error);
  agree (t, by_flow, naive_flow_push (t->naive, data, length, type), error);
}

static void
random_pass (Test *t, gboolean prepass)
{
  guint indefinitely = imp_flow_has_ended (t->flow) ? 10 : 1;
  gint64 offset = chance (t, indefinitely) ? IMP_MAX_OFFSET : pick_offset (t);
  GError *error = NULL;
  gboolean by_flow;

  note (t, "%s %" G_GINT64_FORMAT, prepass ? "prepass" : "pass", offset);
  if (prepass)
    by_flow = imp_flow_prepass (t->flow, offset, &error);
  else
    by_flow = imp_flow_pass (t->flow, offset, &error);
  agree (t, by_flow,
         prepass ? naive_flow_prepass (t->naive, offset) : naive_flow_pass (t->naive, offset),
         error);
}

static void
random_replace (Test *t)
{
  gint64 offset = pick_offset (t);
  gsize length = pick (t, 0, 5);
  const ImpView data = imp_view_of_data ((const guint8 *) "WXYZ", length);
  GError *error = NULL;
  gboolean by_flow;

  note (t, "replace %" G_GINT64_FORMAT " by %d bytes", offset, (int) length);
  by_flow = imp_flow_replace (t->flow, offset, &data, &error);
  agree (t, by_flow, naive_flow_replace (t->naive, offset, data.data, length), error);
}

/* Several verdicts at once; after one that is refused, nobody looks at the others. */
static void
random_run (Test *t)
{
  ImpVerdict verdicts[8];
  guint n = pick (t, 1, G_N_ELEMENTS (verdicts) + 1);
  gint64 last = imp_flow_get_settled (t->flow);
  gboolean by_flow, by_naive = TRUE;
  GError *error = NULL;

  for (guint i = 0; i < n; i++)
    {
      gint64 step = pick (t, 0, 5);
      gint64 offset = last = chance (t, 5) || last > G_MAXINT64 - step ? pick_offset (t)
                                                                       : last + step;
      const ImpView data = imp_view_of_data ((const guint8 *) "WXYZ", pick (t, 0, 5));

      verdicts[i] = chance (t, 50) ? imp_verdict_of_offset (IMP_RESULT_PASS, 0, offset)
                                   : imp_verdict_of_data (IMP_RESULT_REPLACE, 0, offset, data);
      note (t, "run: %s %" G_GINT64_FORMAT, imp_result_type_to_string (verdicts[i].type), offset);
    }
  for (guint i = 0; i < n && by_naive; i++)
    by_naive = verdicts[i].type == IMP_RESULT_PASS
                 ? naive_flow_pass (t->naive, verdicts[i].offset)
                 : naive_flow_replace (t->naive, verdicts[i].offset, verdicts[i].data.data,
                                       verdicts[i].data.length);
  by_flow = imp_flow_apply_run (t->flow, verdicts, n, &error);
  t->n_runs += agree (t, by_flow, by_naive, error) && n > 1;
}

static void
random_replace_later (Test *t)
{
  gint64 begin = pick_offset (t);
  gint64 end = pick (t, MAX (0, imp_flow_get_settled (t->flow) - 5),
                     imp_flow_get_input (t->flow) + 50);
  GError *error = NULL;
  gboolean by_flow;

  note (t, "replace_later %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, begin, end);
  by_flow = imp_flow_replace_later (t->flow, begin, end, &error);
  agree (t, by_flow, naive_flow_replace_later (t->naive, begin, end), error);
}

static void
random_pass_pattern (Test *t)
{
  static const char *patterns[] = { "a", "ab", "abc", "aab", "dcba", "abababab", "zz" };
  const char *pattern = patterns[pick (t, 0, G_N_ELEMENTS (patterns))];
  guint max_length = pick (t, 0, 4) + (chance (t, 80) ? strlen (pattern) : 0);
  GError *error = NULL;
  gboolean by_flow;

  if (chance (t, 2))
    max_length = 65537;
  note (t, "pass_pattern %s %u", pattern, max_length);
  by_flow = imp_flow_pass_pattern (t->flow, pattern, max_length, &error);
  agree (t, by_flow, naive_flow_pass_pattern (t->naive, pattern, max_length), error);
}

static void
random_release (Test *t)
{
  GError *error = NULL;

  note (t, "release");
  imp_flow_release (t->flow, &error);
  g_assert_no_error (error);
  naive_flow_release (t->naive);
}

static void
random_operation (Test *t)
{
  gboolean searching = imp_flow_is_searching (t->flow);
  gint64 kind = pick (t, 0, 100);

  if (searching && chance (t, 30))
    random_release (t);
  else if (kind < 45)
    random_push (t);
  else if (kind < 65)
    random_pass (t, FALSE);
  else if (kind < 73)
    random_pass (t, TRUE);
  else if (kind < 81)
    random_replace (t);
  else if (kind < 88)
    random_run (t);
  else if (kind < 94)
    random_replace_later (t);
  else if (kind < 99)
    random_pass_pattern (t);
  else if (chance (t, 30))
    {
      note (t, "deny");
      imp_flow_deny (t->flow);
      naive_flow_deny (t->naive);
    }

  if (!naive_flow_search_settled (t->naive, imp_flow_get_settled (t->flow)))
    fail (t, "settled differs");
  t->n_found += searching && !imp_flow_is_searching (t->flow);
}

static void
take_event (Test *t, ImpFlowEvent *event)
{
  g_autoptr (GBytes) bytes = event->bytes;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  naive_append (event->kind == IMP_FLOW_EVENT_FEED ? t->fed : t->output, data, length,
                event->data_type, event->offset);
}

/* Carries out what is queued; what is called meanwhile does something of its own at times. */
static void
drain (Test *t)
{
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (&t->queue, &event))
    {
      take_event (t, &event);
      if (chance (t, 15) && t->depth < 20)
        {
          t->depth++;
          random_operation (t);
        }
    }
  t->depth = 0;
}

static void
compare_tokens (Test *t, GArray *real, GArray *naive, guint *compared, const char *what)
{
  if (real->len == *compared && naive->len == *compared)
    return;
  if (real->len > naive->len
      || memcmp ((NaiveToken *) real->data + *compared, (NaiveToken *) naive->data + *compared,
                 (real->len - *compared) * sizeof (NaiveToken))
           != 0)
    fail (t, what);
  /* What waited to be fed when the direction was denied is not fed any more. */
  if (real->len < naive->len && !(real == t->fed && imp_flow_is_denied (t->flow)))
    fail (t, what);
  *compared = real->len;
}

static void
compare_number (Test *t, gint64 real, gint64 naive, const char *what)
{
  g_autofree char *text = g_strdup_printf ("%s: %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT, what,
                                           real, naive);

  if (real != naive)
    fail (t, text);
}

static void
compare (Test *t)
{
  NaiveFlow *naive = t->naive;

  compare_tokens (t, t->output, naive->output, &t->compared_output, "output differs");
  compare_tokens (t, t->fed, naive->fed, &t->compared_fed, "what is fed differs");
  compare_number (t, imp_flow_get_input (t->flow), naive->input, "input");
  compare_number (t, imp_flow_get_held (t->flow), naive_flow_count (naive, NAIVE_HELD), "held");
  compare_number (t, imp_flow_get_passed (t->flow), naive_flow_count (naive, NAIVE_PASSED),
                  "passed");
  compare_number (t, imp_flow_get_replaced (t->flow), naive_flow_count (naive, NAIVE_REPLACED),
                  "replaced");
  compare_number (t, imp_flow_get_denied (t->flow), naive_flow_count (naive, NAIVE_DENIED),
                  "denied");
  compare_number (t, imp_flow_has_promise (t->flow), naive_flow_has_promise (naive), "promise");
  compare_number (t, imp_flow_is_searching (t->flow), naive->pattern != NULL, "searching");
  compare_number (t, imp_flow_is_finished (t->flow), naive->end_forwarded, "finished");
  compare_number (t, imp_flow_is_balanced (t->flow), TRUE, "balance");
}

static void
run_flow (Test *t)
{
  imp_flow_event_queue_init (&t->queue);
  t->flow = imp_flow_new (&t->queue, IMP_DIRECTION_FROM_CLIENT);
  t->naive = naive_flow_new ();
  t->output = g_array_new (FALSE, TRUE, sizeof (NaiveToken));
  t->fed = g_array_new (FALSE, TRUE, sizeof (NaiveToken));
  t->compared_output = t->compared_fed = 0;
  g_string_truncate (t->history, 0);

  for (guint step = 0; step < STEPS_PER_FLOW; step++)
    {
      random_operation (t);
      drain (t);
      compare (t);
    }

  t->n_finished += t->naive->end_forwarded;
  t->n_late += t->naive->n_late;
  imp_flow_free (t->flow);
  imp_flow_event_queue_clear (&t->queue);
  naive_flow_free (t->naive);
  g_array_unref (t->output);
  g_array_unref (t->fed);
}

static guint
get_number (const char *variable, guint otherwise)
{
  const char *text = g_getenv (variable);

  return text == NULL ? otherwise : (guint) g_ascii_strtoull (text, NULL, 10);
}

static void
test_random (void)
{
  guint seed = get_number ("IMP_TEST_SEED", g_random_int ());
  guint steps = get_number ("IMP_TEST_STEPS", STEPS);
  Test t = { .rand = g_rand_new_with_seed (seed), .history = g_string_new (NULL) };

  g_test_message ("IMP_TEST_SEED=%u", seed);
  g_printerr ("IMP_TEST_SEED=%u\n", seed);
  for (guint done = 0; done < steps; done += STEPS_PER_FLOW)
    run_flow (&t);

  g_test_message (
    "%u accepted, %u refused, %u searches ended, %u matches late, %u streams finished",
    t.n_accepted, t.n_refused, t.n_found, t.n_late, t.n_finished);
  /* It tests nothing if nearly all is refused, or the rare things never come. */
  g_assert_cmpuint (t.n_accepted, >, t.n_refused / 2);
  g_assert_cmpuint (t.n_found, >, 0);
  g_assert_cmpuint (t.n_runs, >, 0);
  g_assert_cmpuint (t.n_late, >, 0);
  g_assert_cmpuint (t.n_finished, >, 0);
  g_rand_free (t.rand);
  g_string_free (t.history, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flow/random", test_random);
  return g_test_run ();
}
