/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a verdict may say is the same everywhere: for the analyzer that hosts a plugin, for the one
 * that proxies it, for the flow that has the bytes, and for the naive model; in every state that a
 * direction can be in, for each result, and for each second one after it. */
#include "core/imp-analyzer-private.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-flow-private.h"
#include "core/imp-result-private.h"
#include "mock-analyzer.h"
#include "naive-flow.h"

#include <string.h>

#define DIRECTION IMP_DIRECTION_FROM_SERVER

typedef enum
{
  ANSWER_REFUSED,
  ANSWER_ACCEPTED,
  ANSWER_IGNORED, /* all is over */
} Answer;

/* All who judge, each fed the same. */
typedef struct
{
  ImpFlowEventQueue events;
  ImpFlow *flow;
  ImpAnalyzer *plugin;
  ImpAnalyzer *proxy;
  NaiveFlow *naive; /* or NULL, since it is large */
  const char *where;
  guint n_delivered; /* results that have come to the flow */
  gboolean closed;
} Judges;

static ImpAnalyzer *
analyzer_new (void)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (mock_analyzer_new (NULL, NULL));

  /* What the base class says by itself is none of the verdicts to be compared. */
  imp_analyzer_set_settles_end (analyzer, FALSE);
  return analyzer;
}

static void judges_apply (Judges *self, ImpResult *result);

static void
on_proxy_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  judges_apply (user_data, result);
}

static Judges *
judges_new (gboolean with_naive)
{
  Judges *self = g_new0 (Judges, 1);

  imp_flow_event_queue_init (&self->events);
  self->flow = imp_flow_new (&self->events, DIRECTION);
  self->plugin = analyzer_new ();
  self->proxy = analyzer_new ();
  imp_analyzer_set_is_proxy (self->proxy);
  imp_analyzer_set_callback (self->proxy, on_proxy_result, self, NULL);
  self->naive = with_naive ? naive_flow_new () : NULL;
  return self;
}

static void
judges_free (Judges *self)
{
  g_assert_true (imp_flow_is_balanced (self->flow));
  imp_flow_free (self->flow);
  imp_flow_event_queue_clear (&self->events);
  g_assert_finalize_object (self->plugin);
  g_assert_finalize_object (self->proxy);
  g_clear_pointer (&self->naive, naive_flow_free);
  g_free (self);
}

static void
judges_feed (Judges *self)
{
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (&self->events, &event))
    {
      if (event.kind == IMP_FLOW_EVENT_FEED)
        {
          imp_analyzer_data (self->plugin, DIRECTION, event.bytes, event.offset, event.data_type);
          imp_analyzer_data (self->proxy, DIRECTION, event.bytes, event.offset, event.data_type);
        }
      g_bytes_unref (event.bytes);
    }
}

static void
judges_push (Judges *self, const char *text, gint32 data_type)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  imp_flow_push (self->flow, bytes, data_type, &error);
  g_assert_no_error (error);
  if (self->naive != NULL)
    naive_flow_push (self->naive, (const guint8 *) text, strlen (text), data_type);
  judges_feed (self);
}

static Answer
ask_analyzer (ImpAnalyzer *analyzer, ImpResult *result, gboolean closed)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autoptr (GError) error = NULL;

  if (!imp_analyzer_try_verdict (analyzer, &verdict, &error))
    {
      g_assert_true (error->code == IMP_ERROR_PROTOCOL || error->code == IMP_ERROR_SETTINGS);
      return ANSWER_REFUSED;
    }
  return closed ? ANSWER_IGNORED : ANSWER_ACCEPTED;
}

static Answer
ask_flow (ImpFlow *flow, ImpResult *result, gboolean closed)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autoptr (GError) error = NULL;

  if (!imp_flow_apply (flow, &verdict, &error))
    {
      if (g_error_matches (error, IMP_ERROR, IMP_ERROR_CLOSED))
        return ANSWER_IGNORED;
      g_assert_true (error->code == IMP_ERROR_PROTOCOL || error->code == IMP_ERROR_SETTINGS);
      return ANSWER_REFUSED;
    }
  return closed ? ANSWER_IGNORED : ANSWER_ACCEPTED;
}

static gboolean
is_plain_pattern (const ImpResult *result)
{
  return strpbrk (result->text, "*(") == NULL;
}

static gboolean
naive_accepts (NaiveFlow *naive, const ImpResult *result)
{
  switch ((ImpResultType) result->type)
    {
    case IMP_RESULT_PASS:
      return naive_flow_pass (naive, result->offset);
    case IMP_RESULT_PREPASS:
      return naive_flow_prepass (naive, result->offset);
    case IMP_RESULT_REPLACE:
      return naive_flow_replace (naive, result->offset, (const guint8 *) "R", 1);
    case IMP_RESULT_REPLACE_LATER:
      return naive_flow_replace_later (naive, result->offset, result->extra);
    case IMP_RESULT_PASS_PATTERN:
      return is_plain_pattern (result)
             && naive_flow_pass_pattern (naive, result->text, result->extra);
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
    case IMP_RESULT_FATAL:
      naive_flow_deny (naive);
      return TRUE;
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
    case IMP_RESULT_ACCOUNT_FIELD:
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
    case IMP_RESULT_WANT:
    case IMP_RESULT_TO_SENDER:
      return TRUE;
    }
  g_assert_not_reached ();
}

static gboolean
is_same_promise (const ImpPromises *one, const ImpPromises *other)
{
  if (one == NULL || other == NULL)
    return one == other;
  return one->n == other->n && memcmp (one->ranges, other->ranges, one->n * sizeof (ImpRange)) == 0;
}

/* Not only the answer, also what it makes of the direction. */
static void
judges_check_marks (Judges *self)
{
  const ImpMarks *plugin = imp_analyzer_peek_marks (self->plugin, DIRECTION);
  const ImpMarks *proxy = imp_analyzer_peek_marks (self->proxy, DIRECTION);

  g_assert_cmpint (plugin->fed, ==, proxy->fed);
  g_assert_cmpint (plugin->final, ==, proxy->final);
  g_assert_cmpint (plugin->prepassed, ==, proxy->prepassed);
  g_assert_cmpint (plugin->searching, ==, proxy->searching);
  g_assert_cmpint (plugin->deferred, ==, proxy->deferred);
  g_assert_cmpint (plugin->paused, ==, proxy->paused);
  g_assert_cmpint (plugin->ended, ==, proxy->ended);
  g_assert_true (is_same_promise (imp_marks_get_promises (plugin), imp_marks_get_promises (proxy)));
  if (self->closed)
    return;
  g_assert_cmpint (imp_marks_has_promise (plugin), ==, imp_flow_has_promise (self->flow));
  g_assert_cmpint (plugin->searching && !plugin->deferred, ==, imp_flow_is_searching (self->flow));
  g_assert_cmpint (imp_marks_get_settled (plugin) == IMP_MARK_INDEFINITE, ==,
                   imp_flow_is_passed (self->flow));
  if (!plugin->searching)
    g_assert_cmpint (imp_marks_get_unsettled (plugin), ==,
                     imp_flow_get_held (self->flow) - imp_flow_get_gathered (self->flow));
}

/* What the flow says, and what the model does. */
static Answer
judges_ask_flow (Judges *self, ImpResult *result)
{
  Answer answer = ask_flow (self->flow, result, self->closed);
  gboolean expected;

  if (self->naive == NULL || self->closed)
    return answer;
  expected = naive_accepts (self->naive, result);
  if (expected != (answer == ANSWER_ACCEPTED))
    {
      g_autofree char *text = imp_result_to_string (result);

      g_error ("%s, %s: flow %d, model %d", self->where, text, answer, expected);
    }
  return answer;
}

/* What the proxy has let through, perhaps after some time. */
static void
judges_apply (Judges *self, ImpResult *result)
{
  g_autofree char *text = imp_result_to_string (result);

  self->n_delivered++;
  if (judges_ask_flow (self, result) != ANSWER_ACCEPTED)
    g_error ("%s, %s: refused by the flow", self->where, text);
}

/* Asks all of them, who have to agree. */
static Answer
judges_ask (Judges *self, ImpResult *result, const char *where)
{
  guint n_delivered = self->n_delivered;
  Answer plugin, proxy, flow;

  self->where = where;
  plugin = ask_analyzer (self->plugin, result, self->closed);
  proxy = flow = ask_analyzer (self->proxy, result, self->closed);
  /* Else it has been asked already, or will be when its time has come. */
  if (self->n_delivered == n_delivered
      && !imp_analyzer_peek_marks (self->proxy, DIRECTION)->deferred)
    flow = judges_ask_flow (self, result);
  if (plugin != proxy || plugin != flow)
    {
      g_autofree char *text = imp_result_to_string (result);

      g_error ("%s, %s: plugin %d, proxy %d, flow %d", where, text, plugin, proxy, flow);
    }
  judges_feed (self);
  if (plugin == ANSWER_ACCEPTED)
    self->closed = self->closed || result->type == IMP_RESULT_DENY
                   || result->type == IMP_RESULT_DROP || result->type == IMP_RESULT_FATAL;
  g_assert_cmpint (imp_analyzer_is_closed (self->plugin), ==, self->closed);
  g_assert_cmpint (imp_analyzer_is_closed (self->proxy), ==, self->closed);
  judges_check_marks (self);
  return plugin;
}

/* --- results --- */

static const gint64 offsets[] = { -2, IMP_MAX_OFFSET, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                  20, G_MAXINT64 };

static const struct
{
  gint64 begin, end;
} promises[] = { { 0, 0 },  { 0, 2 }, { 0, 20 }, { -1, 4 }, { 1, -1 }, { 3, 2 },
                 { 3, 3 },  { 2, 5 }, { 5, 6 },  { 6, 8 },  { 8, 12 }, { 11, NAIVE_POSITIONS - 1 },
                 { -2, -1 } };

static const struct
{
  const char *regex;
  guint max_length;
} patterns[] = { { "xy", 2 }, { "cd", 2 }, { "fg", 2 },   { "(", 3 },
                 { "x*", 3 }, { "x", 0 },  { "x", 70000 } };

static void
add_offset_results (GPtrArray *results, gint64 offset)
{
  g_autoptr (GBytes) data = g_bytes_new_static ("R", 1);

  g_ptr_array_add (results, imp_result_new_pass (DIRECTION, offset));
  g_ptr_array_add (results, imp_result_new_prepass (DIRECTION, offset));
  g_ptr_array_add (results, imp_result_new_replace (DIRECTION, offset, data));
}

/* Every type of result, with every offset that could matter. */
static GPtrArray *
list_results (void)
{
  GPtrArray *results = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_result_unref);
  g_autoptr (GBytes) data = g_bytes_new_static ("S", 1);

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++)
    add_offset_results (results, offsets[i]);
  for (guint i = 0; i < G_N_ELEMENTS (promises); i++)
    g_ptr_array_add (results,
                     imp_result_new_replace_later (DIRECTION, promises[i].begin, promises[i].end));
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    g_ptr_array_add (results, imp_result_new_pass_pattern (DIRECTION, patterns[i].regex,
                                                           patterns[i].max_length));
  g_ptr_array_add (results, imp_result_new_log (DIRECTION, 0, 1, IMP_LOG_LEVEL_INFO, "x", NULL));
  g_ptr_array_add (results, imp_result_new_port (IMP_RESULT_PORT_OPEN, DIRECTION, 1));
  g_ptr_array_add (results, imp_result_new_port (IMP_RESULT_PORT_CLOSE, DIRECTION, 1));
  g_ptr_array_add (results, imp_result_new_account_field ("key", "value"));
  g_ptr_array_add (results, imp_result_new_pause (DIRECTION));
  g_ptr_array_add (results, imp_result_new_continue (DIRECTION));
  g_ptr_array_add (results, imp_result_new_want (DIRECTION, 7));
  g_ptr_array_add (results, imp_result_new_to_sender (DIRECTION, data));
  g_ptr_array_add (results, imp_result_new_deny (DIRECTION, "no", NULL));
  g_ptr_array_add (results, imp_result_new_drop ());
  g_ptr_array_add (results, imp_result_new_fatal ("no"));
  return results;
}

/* The table is worth nothing if a type is missing from it. */
static void
test_complete (void)
{
  g_autoptr (GPtrArray) results = list_results ();
  g_autoptr (GEnumClass) types = g_type_class_ref (IMP_TYPE_RESULT_TYPE);

  for (guint i = 0; i < types->n_values; i++)
    {
      gboolean found = FALSE;

      for (guint n = 0; n < results->len; n++)
        found = found || ((ImpResult *) results->pdata[n])->type == types->values[i].value;
      if (!found)
        g_error ("there is no %s in the table", types->values[i].value_nick);
    }
}

/* --- states --- */

/* How a direction gets there, in words: "+abc" a stream, "=abc" a packet, "." the end, "pass N",
 * "prepass N", "replace N", "later N M", "many", "seek PATTERN", "pause", "continue", "deny",
 * "drop", "fatal". */
static const struct
{
  const char *name;
  const char *steps;
} states[] = {
  { "fresh", "" },
  { "fed", "+abcdef" },
  { "fed-in-two-types", "+abc,+def" },
  { "passed-part", "+abcdef,pass 3" },
  { "passed-all", "+abcdef,pass 6" },
  { "replaced-part", "+abcdef,replace 3" },
  { "inserted", "+abcdef,pass 3,replace 3" },
  { "future-pass", "+abcdef,pass 10" },
  { "future-pass-half-there", "+abcdef,pass 10,+gh" },
  { "future-pass-reached", "+abcdef,pass 10,+ghij" },
  { "future-pass-left-behind", "+abcdef,pass 10,+ghijkl" },
  { "future-pass-at-once", "pass 4" },
  { "passed-indefinitely", "+abcdef,pass -1" },
  { "prepassed-part", "+abcdef,prepass 3" },
  { "prepassed-into-future", "+abcdef,prepass 10" },
  { "prepassed-into-future-fed", "+abcdef,prepass 10,+gh" },
  { "prepassed-then-held", "+abcdef,prepass 8,+ghij" },
  { "passed-in-prepassed", "+abcdef,prepass 10,pass 8" },
  { "passed-before-prepassed", "+abcdef,prepass 10,pass 4" },
  { "prepassed-indefinitely", "+abcdef,prepass -1" },
  { "passed-in-prepassed-indefinitely", "+abcdef,prepass -1,pass 8" },
  { "promised", "+abcdef,later 2 8" },
  { "promised-all", "+abcdef,later 0 6" },
  { "promised-and-replaced-in-part", "+abcdef,later 2 8,replace 5" },
  { "promised-behind-future-pass", "+abcdef,pass 8,later 0 12" },
  { "promised-behind-prepassed", "+abcdef,prepass 4,later 0 5" },
  { "promised-too-much", "+abcdef,many" },
  { "searching", "+abcdef,pass 6,seek xy" },
  { "searching-in-held", "+abcdef,seek xy" },
  { "searching-with-a-beginning", "+abcdef,seek fx" },
  { "searching-behind-prepassed", "+ab,prepass 6,seek xy,+cdef" },
  { "searching-behind-gap", "+ab,pass 4,prepass 12,seek xy,+cdefgh" },
  { "found", "+abcdef,seek cd" },
  { "found-at-the-beginning", "+abcdef,seek ab" },
  { "found-later", "+abcdef,seek fx,+xyz" },
  { "found-and-settled", "+abcdef,seek cd,pass 3" },
  { "found-behind-gap", "+ab,pass 4,prepass 8,seek xy,+cdefghxy" },
  { "ended", "+abcdef,." },
  { "ended-at-once", "." },
  { "ended-and-settled", "+abcdef,pass 6,." },
  { "ended-behind-gap", "+ab,pass 8,+cd,." },
  { "ended-promised", "+abcdef,later 2 6,." },
  { "ended-prepassed-indefinitely", "+abcdef,prepass -1,." },
  { "ended-while-searching", "+abcdef,seek fx,." },
  { "sought-after-the-end", "+abcdef,pass 2,.,seek xy" },
  { "passed-after-the-end", "+abcdef,.,pass -1" },
  { "packets", "=abc,=def" },
  { "packets-passed", "=abc,=def,pass 3" },
  { "packets-passed-inside", "=abc,=def,pass 4" },
  { "packets-prepassed-inside", "=abc,=def,prepass 5" },
  { "packets-passed-inside-in-future", "pass 4,=abc,=def" },
  { "packets-prepassed-inside-in-future", "prepass 4,=abc,=def" },
  { "packets-left-out", "=abc,pass 8,=def,=ghi" },
  { "packets-promised-inside", "=abc,=def,later 1 5" },
  { "packets-sought", "=abc,=def,seek de" },
  { "packet-between-streams", "+ab,=cde,+fg,+hi" },
  { "stream-between-packets", "=abc,+defg,=hij" },
  { "stream-between-packets-passed", "=abc,+defg,=hij,pass 5" },
  { "paused", "+abcdef,pause" },
  { "resumed", "+abcdef,pause,continue" },
  { "wanting", "+abcdef,pass 2,want" },
  { "denied", "+abcdef,pass 2,deny" },
  { "dropped", "+abcdef,pass 2,drop" },
  { "failed", "+abcdef,pass 2,fatal" },
};

static void
do_verdict (Judges *judges, ImpResult *result, const char *state)
{
  g_assert_cmpint (judges_ask (judges, result, state), ==, ANSWER_ACCEPTED);
  imp_result_unref (result);
}

static void
do_many (Judges *judges, const char *state)
{
  for (gint64 i = 0; i < 34; i++)
    do_verdict (judges, imp_result_new_replace_later (DIRECTION, 3 * i, 3 * i + 1), state);
}

static void
do_step (Judges *judges, const char *step, const char *state)
{
  g_auto (GStrv) words = g_strsplit (step, " ", -1);
  gint64 offset = words[0] == NULL || words[1] == NULL ? 0 : g_ascii_strtoll (words[1], NULL, 10);
  g_autoptr (GBytes) data = g_bytes_new_static ("R", 1);

  if (*step == '+' || *step == '=')
    judges_push (judges, step + 1, *step == '+' ? IMP_DATA_TYPE_STREAM : IMP_DATA_TYPE_PACKET);
  else if (g_str_equal (step, "."))
    judges_push (judges, "", IMP_DATA_TYPE_STREAM);
  else if (g_str_equal (words[0], "pass"))
    do_verdict (judges, imp_result_new_pass (DIRECTION, offset), state);
  else if (g_str_equal (words[0], "prepass"))
    do_verdict (judges, imp_result_new_prepass (DIRECTION, offset), state);
  else if (g_str_equal (words[0], "replace"))
    do_verdict (judges, imp_result_new_replace (DIRECTION, offset, data), state);
  else if (g_str_equal (words[0], "later"))
    do_verdict (judges,
                imp_result_new_replace_later (DIRECTION, offset,
                                              g_ascii_strtoll (words[2], NULL, 10)),
                state);
  else if (g_str_equal (words[0], "seek"))
    do_verdict (judges, imp_result_new_pass_pattern (DIRECTION, words[1], 2), state);
  else if (g_str_equal (step, "many"))
    do_many (judges, state);
  else if (g_str_equal (step, "pause"))
    do_verdict (judges, imp_result_new_pause (DIRECTION), state);
  else if (g_str_equal (step, "continue"))
    do_verdict (judges, imp_result_new_continue (DIRECTION), state);
  else if (g_str_equal (step, "want"))
    do_verdict (judges, imp_result_new_want (DIRECTION, 100), state);
  else if (g_str_equal (step, "deny"))
    do_verdict (judges, imp_result_new_deny (DIRECTION, "no", NULL), state);
  else if (g_str_equal (step, "drop"))
    do_verdict (judges, imp_result_new_drop (), state);
  else if (g_str_equal (step, "fatal"))
    do_verdict (judges, imp_result_new_fatal ("no"), state);
  else
    g_error ("there is no step \"%s\"", step);
}

static Judges *
enter_state (guint state, gboolean with_naive)
{
  g_auto (GStrv) steps = g_strsplit (states[state].steps, ",", -1);
  Judges *judges = judges_new (with_naive);

  for (guint i = 0; steps[i] != NULL; i++)
    do_step (judges, steps[i], states[state].name);
  return judges;
}

/* --- the table --- */

/* What comes after it, if it was let through: input, and any second result. */
static void
ask_second (guint state, ImpResult *first, const char *text, GPtrArray *results)
{
  g_autofree char *where = g_strdup_printf ("%s, %s", states[state].name, text);

  for (guint i = 0; i < results->len; i++)
    {
      Judges *judges = enter_state (state, FALSE);

      judges_ask (judges, first, states[state].name);
      if (i % 2 == 0 && !imp_flow_has_ended (judges->flow))
        judges_push (judges, i % 6 == 0 ? "" : "ghxy",
                     i % 4 == 0 ? IMP_DATA_TYPE_STREAM : IMP_DATA_TYPE_PACKET);
      judges_ask (judges, results->pdata[i], where);
      judges_free (judges);
    }
}

static void
test_state (gconstpointer data)
{
  guint state = GPOINTER_TO_UINT (data);
  g_autoptr (GPtrArray) results = list_results ();
  guint n_accepted = 0, n_ignored = 0;

  for (guint i = 0; i < results->len; i++)
    {
      Judges *judges = enter_state (state, TRUE);
      g_autofree char *text = imp_result_to_string (results->pdata[i]);
      Answer answer = judges_ask (judges, results->pdata[i], states[state].name);

      g_test_message ("%s: %d", text, answer);
      judges_free (judges);
      n_accepted += answer == ANSWER_ACCEPTED;
      n_ignored += answer == ANSWER_IGNORED;
      if (answer == ANSWER_ACCEPTED)
        ask_second (state, results->pdata[i], text, results);
    }
  /* In any state that is not the end some can be said and some not. */
  if (n_ignored > 0)
    g_assert_cmpuint (n_ignored, ==, results->len);
  else
    g_assert_cmpuint (n_accepted, >=, 10);
  g_assert_cmpuint (n_accepted, <, results->len);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/marks/complete", test_complete);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autofree char *path = g_strdup_printf ("/marks/%s", states[i].name);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_state);
    }
  return g_test_run ();
}
