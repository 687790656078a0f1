/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server's analyzer, its input and its output, without a connection: what the client is told,
 * what counts as held, whose turn it is, and what a plugin may do in a call. */
#include "mock-analyzer.h"

#include "core/imp-result-private.h"
#include "rpc/server/imp-hosted-analyzer-private.h"

#define N_ANALYZERS 3
#define CONTEXT_SIZE 50

typedef struct
{
  ImpAnalyzerHost host; /* the first, as in a connection */
  MockAnalyzer *mocks[N_ANALYZERS];
  ImpHostedAnalyzer *analyzers[N_ANALYZERS]; /* NULL: removed */
  GString *sent;                             /* "1:pause dir=0|" */
  gboolean blocked;                          /* the client does not read */
  gboolean full;                             /* nothing can be sent */
  ImpServerTotals totals;
  int n_holds;
} Rig;

static gboolean
rig_may_send (ImpAnalyzerHost *host)
{
  return !((Rig *) host)->full;
}

static gboolean
rig_send (ImpAnalyzerHost *host, gint64 id, const ImpVerdict *verdict, GError **error)
{
  g_autoptr (ImpResult) result = imp_verdict_to_result (verdict);
  g_autofree char *text = imp_result_to_string (result);

  if (!rig_may_send (host))
    return FALSE;

  g_string_append_printf (((Rig *) host)->sent, "%d:%s|", (int) id, text);
  return TRUE;
}

static guint
rig_send_run (ImpAnalyzerHost *host, gint64 id, const ImpVerdict *verdicts, guint n, GError **error)
{
  guint sent = 0;

  while (sent < n && rig_send (host, id, &verdicts[sent], error))
    sent++;
  return sent;
}

static void
rig_remove (Rig *rig, gint64 id)
{
  ImpHostedAnalyzer *analyzer = g_steal_pointer (&rig->analyzers[id]);

  if (analyzer != NULL)
    imp_hosted_analyzer_remove (analyzer);
}

static void
rig_fail (ImpAnalyzerHost *host, gint64 id, const char *text)
{
  g_test_message ("%s", text);
  g_string_append_printf (((Rig *) host)->sent, "%d:failed|", (int) id);
  rig_remove ((Rig *) host, id);
}

static gboolean
rig_lose (ImpAnalyzerHost *host, gint64 id, const char *text, gboolean overload)
{
  g_string_append_printf (((Rig *) host)->sent, "%d:lost (%s)%s|", (int) id, text,
                          overload ? " by overload" : "");
  rig_remove ((Rig *) host, id);
  return TRUE;
}

static const ImpAnalyzerHostFuncs host_funcs = {
  .may_send = rig_may_send,
  .send = rig_send,
  .send_run = rig_send_run,
  .fail = rig_fail,
  .lose = rig_lose,
};

static Rig *
rig_of_account (ImpServerAccount *account)
{
  return (Rig *) ((char *) account - G_STRUCT_OFFSET (Rig, host.account));
}

static void
rig_pay (ImpServerAccount *account)
{
  ImpHostedAnalyzer *payer = imp_analyzer_host_find_hoarder (&rig_of_account (account)->host, NULL);

  imp_analyzer_host_have_pay (&rig_of_account (account)->host, imp_hosted_analyzer_get_id (payer),
                              imp_hosted_analyzer_get_memory (payer));
}

static void
rig_hold (ImpServerAccount *account)
{
  rig_of_account (account)->n_holds++;
}

static void
rig_release (ImpServerAccount *account)
{
  rig_of_account (account)->n_holds--;
}

static const ImpServerAccountFuncs account_funcs = {
  .pay = rig_pay,
  .hold = rig_hold,
  .release = rig_release,
};

static gboolean
rig_may_feed (gpointer user_data)
{
  return !((Rig *) user_data)->blocked;
}

static const ImpServerInputFuncs input_funcs = {
  .may_feed = rig_may_feed,
  .take_turn = imp_hosted_analyzer_take_input_turn,
};

static void
rig_init (Rig *rig, MockFunc func)
{
  *rig = (Rig){
    .sent = g_string_new (NULL),
    .totals.max_memory = 1024 * 1024 * 1024,
    .totals.max_held_per_peer = 1024 * 1024 * 1024,
  };
  rig->host = (ImpAnalyzerHost){
    .funcs = &host_funcs,
    .input = imp_server_input_new (100, &input_funcs, rig),
    .output = imp_server_turns_new (imp_hosted_analyzer_take_output_turn),
    .max_held = 1000,
    .max_output = 2000,
    .max_held_all = 1500,
  };
  imp_server_account_open (&rig->host.account, &rig->totals, NULL, &account_funcs);
  imp_server_input_start (rig->host.input, g_main_context_default ());
  imp_server_turns_start (rig->host.output, g_main_context_default ());
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      rig->mocks[i] = mock_analyzer_new (func, rig);
      rig->analyzers[i] = imp_hosted_analyzer_new (&rig->host, i,
                                                   g_object_ref (IMP_ANALYZER (rig->mocks[i])),
                                                   CONTEXT_SIZE);
      imp_hosted_analyzer_start (rig->analyzers[i]);
    }
}

static void
rig_clear (Rig *rig)
{
  imp_server_input_stop (rig->host.input);
  imp_server_turns_stop (rig->host.output);
  for (guint i = 0; i < N_ANALYZERS; i++)
    rig_remove (rig, i);
  g_assert_cmpuint (rig->host.held, ==, 0);
  g_assert_cmpuint (rig->totals.memory, ==, 0);
  imp_server_account_close (&rig->host.account);
  imp_server_input_free (rig->host.input);
  imp_server_turns_unref (rig->host.output);
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      g_assert_cmpuint (rig->mocks[i]->n_closed, ==, 1);
      g_assert_finalize_object (rig->mocks[i]);
    }
  g_string_free (rig->sent, TRUE);
}

static void
rig_feed (Rig *rig, guint id, gsize length)
{
  g_autofree char *text = g_strnfill (length, 'x');
  const ImpView data = imp_view_of_data ((const guint8 *) text, length);

  imp_hosted_analyzer_feed (rig->analyzers[id], IMP_DIRECTION_FROM_CLIENT, &data, 0,
                            IMP_DATA_TYPE_STREAM);
}

static void
rig_expect (Rig *rig, const char *sent)
{
  g_assert_cmpstr (rig->sent->str, ==, sent);
  g_string_truncate (rig->sent, 0);
}

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* PAUSE above half of what it may hold, CONTINUE once that is a quarter. */
static void
test_level (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_feed (&rig, 1, 500);
  rig_expect (&rig, "");
  rig_feed (&rig, 1, 1);
  rig_expect (&rig, "1:pause dir=0|1:pause dir=1|");
  imp_analyzer_pass_bytes (IMP_ANALYZER (rig.mocks[1]), 0, 375);
  rig_expect (&rig, "1:pass dir=0 offset=375|");
  imp_analyzer_pass_bytes (IMP_ANALYZER (rig.mocks[1]), 0, 376);
  rig_expect (&rig, "1:pass dir=0 offset=376|1:continue dir=0|1:continue dir=1|");
  g_assert_cmpuint (rig.host.held, ==, 125);
  rig_clear (&rig);
}

/* There are two reasons to pause; the client hears of the first and of the end of the last. */
static void
test_pauses (void)
{
  Rig rig;
  ImpAnalyzer *plugin;

  rig_init (&rig, NULL);
  plugin = IMP_ANALYZER (rig.mocks[0]);
  imp_analyzer_pause (plugin, 0);
  rig_expect (&rig, "0:pause dir=0|");
  rig_feed (&rig, 0, 600);
  rig_expect (&rig, "0:pause dir=1|");
  imp_analyzer_resume (plugin, 0);
  rig_expect (&rig, "");
  imp_analyzer_pause (plugin, 0);
  imp_analyzer_pass_bytes (plugin, 0, 600);
  rig_expect (&rig, "0:pass dir=0 offset=600|0:continue dir=1|");
  imp_analyzer_resume (plugin, 0);
  rig_expect (&rig, "0:continue dir=0|");
  rig_clear (&rig);
}

static void
test_max_held (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_feed (&rig, 0, 1000);
  rig_expect (&rig, "0:pause dir=0|0:pause dir=1|");
  rig_feed (&rig, 0, 1);
  rig_expect (&rig, "0:failed|");
  g_assert_cmpuint (rig.host.held, ==, 0);
  rig_clear (&rig);
}

/* Whoever has most goes, also if it is another one that wants more. */
static void
test_max_held_all (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_feed (&rig, 1, 400);
  rig_feed (&rig, 2, 1000);
  rig_expect (&rig, "2:pause dir=0|2:pause dir=1|");
  rig_feed (&rig, 1, 100);
  rig_expect (&rig, "");
  rig_feed (&rig, 1, 1);
  rig_expect (&rig, "1:pause dir=0|1:pause dir=1|2:failed|");
  g_assert_cmpuint (rig.host.held, ==, 501);
  rig_feed (&rig, 0, 500);
  rig_feed (&rig, 1, 300);
  rig_feed (&rig, 0, 201);
  rig_expect (&rig, "0:pause dir=0|0:pause dir=1|1:failed|");
  g_assert_cmpuint (rig.host.held, ==, 701);
  rig_clear (&rig);
}

/* Where none has more, it is the one that wants more. */
static void
test_max_held_all_of_equals (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_feed (&rig, 0, 500);
  rig_feed (&rig, 2, 499);
  rig_feed (&rig, 1, 500);
  rig_feed (&rig, 2, 2);
  rig_expect (&rig, "2:pause dir=0|2:pause dir=1|2:failed|");
  rig_clear (&rig);
}

static void
rig_replace (Rig *rig, guint id, gint64 offset, gsize length)
{
  g_autofree char *text = g_strnfill (length, '=');

  imp_analyzer_replace_bytes (IMP_ANALYZER (rig->mocks[id]), 0, offset, (const guint8 *) text,
                              length);
}

/* What cannot be sent waits, and so does the input that would bring more of it; nobody else
 * does. */
static void
test_output_waits (void)
{
  Rig rig;

  rig_init (&rig, mock_pass);
  rig.full = TRUE;
  rig_feed (&rig, 0, 10);
  rig_feed (&rig, 0, 20);
  g_assert_cmpuint (rig.mocks[0]->n_data, ==, 1);
  g_assert_cmpuint (rig.host.held, >, 20);
  imp_analyzer_pause (IMP_ANALYZER (rig.mocks[0]), 0);
  rig_expect (&rig, "");

  rig.full = FALSE;
  rig_feed (&rig, 1, 5);
  rig_expect (&rig, "1:pass dir=0 offset=5|");
  imp_server_turns_resume (rig.host.output);
  iterate ();
  rig_expect (&rig, "0:pass dir=0 offset=10|0:pause dir=0|0:pass dir=0 offset=30|");
  g_assert_cmpuint (rig.host.held, ==, 0);
  rig_feed (&rig, 0, 1);
  rig_expect (&rig, "0:pass dir=0 offset=31|");
  rig_clear (&rig);
}

static void
test_max_output (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig.host.max_held_all = 10000;
  rig_feed (&rig, 0, 900);
  rig_feed (&rig, 1, 900);
  rig.full = TRUE;
  rig_replace (&rig, 0, 1, 1500);
  rig_replace (&rig, 1, 1, 1000);
  rig_replace (&rig, 1, 2, 900);
  g_assert_nonnull (rig.analyzers[1]);
  g_string_truncate (rig.sent, 0);
  rig_replace (&rig, 1, 3, 100);
  rig_expect (&rig, "1:failed|");
  g_assert_cmpuint (rig.host.held, <, 900 + 1600);

  rig.full = FALSE;
  imp_server_turns_resume (rig.host.output);
  iterate ();
  g_assert_true (g_str_has_prefix (rig.sent->str, "0:replace dir=0 offset=1 "));
  rig_clear (&rig);
}

/* Output counts like what is held: here the one that says most is not the one that wants more. */
static void
test_max_held_all_by_output (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_feed (&rig, 0, 400);
  rig.full = TRUE;
  rig_replace (&rig, 0, 400, 1000);
  rig_feed (&rig, 1, 450);
  rig_expect (&rig, "");
  rig_feed (&rig, 2, 100);
  rig_expect (&rig, "0:failed|");
  g_assert_cmpuint (rig.host.held, ==, 550);
  rig_clear (&rig);
}

#define N_REPLACEMENTS 40
#define REPLACEMENT_SIZE 4000

/* However much one has to say, others have their turns. */
static void
test_output_turns (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig.host.max_output = rig.host.max_held_all = 1024 * 1024;
  rig_feed (&rig, 0, 100);
  rig_feed (&rig, 1, 100);
  rig.full = TRUE;
  for (guint i = 1; i <= N_REPLACEMENTS; i++)
    rig_replace (&rig, 0, i, REPLACEMENT_SIZE);
  rig_replace (&rig, 1, 1, 10);
  rig_expect (&rig, "");
  rig.full = FALSE;
  imp_server_turns_resume (rig.host.output);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_nonnull (strstr (rig.sent->str, "1:replace"));
  g_assert_nonnull (strstr (rig.sent->str, "0:replace dir=0 offset=17 "));
  g_assert_null (strstr (rig.sent->str, "0:replace dir=0 offset=18 "));
  iterate ();
  g_assert_nonnull (strstr (rig.sent->str, "0:replace dir=0 offset=40 "));
  rig_clear (&rig);
}

/* Who makes the server keep too much pays with the analyzer that has most. */
static void
test_max_memory (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  g_assert_cmpuint (rig.totals.memory, ==,
                    N_ANALYZERS * (IMP_HOSTED_ANALYZER_MEMORY + CONTEXT_SIZE));
  rig.totals.max_memory = rig.totals.memory + 600;
  rig_feed (&rig, 0, 400);
  rig_feed (&rig, 1, 200);
  rig_expect (&rig, "");
  rig_feed (&rig, 2, 1);
  rig_expect (&rig, "0:failed|");
  g_assert_cmpuint (rig.totals.memory, ==, 2 * (IMP_HOSTED_ANALYZER_MEMORY + CONTEXT_SIZE) + 201);
  g_assert_cmpuint (rig.totals.n_refusals[IMP_SERVER_REFUSAL_MAX_MEMORY], ==, 1);
  g_assert_cmpint (rig.n_holds, ==, 0);
  rig_clear (&rig);
}

static gboolean
remove_itself (MockAnalyzer *mock, ImpDirection direction, GBytes *data, gint64 offset,
               gint32 data_type, GError **error)
{
  Rig *rig = mock->user_data;

  for (guint i = 0; i < N_ANALYZERS; i++)
    if (rig->mocks[i] == mock)
      rig_remove (rig, i);
  imp_analyzer_pass_bytes (IMP_ANALYZER (mock), direction, 1);
  return TRUE;
}

/* In a call a plugin may do anything, such as run a loop in which its analyzer is deleted. */
static void
test_removed_while_fed (void)
{
  Rig rig;

  rig_init (&rig, remove_itself);
  rig_feed (&rig, 1, 10);
  g_assert_null (rig.analyzers[1]);
  rig_expect (&rig, "");
  rig_clear (&rig);
}

/* A large message is fed in pieces, one per direction and turn, each analyzer in its turn. */
static void
test_turns (void)
{
  const gsize size = 4 * IMP_INPUT_PIECE_SIZE;
  Rig rig;

  rig_init (&rig, mock_pass);
  rig.host.max_held = rig.host.max_held_all = 10 * size;
  rig.blocked = TRUE;
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      rig_feed (&rig, i, size);
      g_assert_cmpuint (rig.mocks[i]->n_data, ==, 0);
    }
  g_assert_cmpuint (rig.host.held, >=, 3 * size);
  iterate ();
  g_assert_cmpuint (rig.mocks[0]->n_data, ==, 0);

  rig.blocked = FALSE;
  imp_server_input_resume (rig.host.input);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  for (guint i = 0; i < N_ANALYZERS; i++)
    g_assert_cmpuint (rig.mocks[i]->n_data, ==, 1);
  iterate ();
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      g_assert_cmpuint (rig.mocks[i]->n_data, ==, 4);
      g_assert_cmpint (rig.mocks[i]->position[0], ==, (gint64) size);
    }
  g_assert_cmpuint (rig.host.held, ==, 0);
  rig_clear (&rig);
}

/* Verdicts for a busy direction wait up to a mark; then it is the input that waits. */
static void
test_busy (void)
{
  Rig rig;

  rig_init (&rig, mock_shout);
  imp_hosted_analyzer_set_busy (rig.analyzers[0], 0, TRUE);
  rig_feed (&rig, 0, 100);
  g_assert_cmpuint (rig.mocks[0]->n_data, ==, 1);
  rig_feed (&rig, 0, 10);
  rig_feed (&rig, 0, 10);
  g_assert_cmpuint (rig.mocks[0]->n_data, ==, 1);
  rig_expect (&rig, "");

  imp_hosted_analyzer_set_busy (rig.analyzers[0], 0, FALSE);
  iterate ();
  g_assert_cmpint (rig.mocks[0]->position[0], ==, 120);
  g_assert_true (g_str_has_prefix (rig.sent->str, "0:replace dir=0 offset=100"));
  g_assert_nonnull (strstr (rig.sent->str, "offset=120"));
  rig_clear (&rig);
}

/* What is stopped is not fed, whatever is waiting, and a source that is due does no harm. */
static void
test_stopped (void)
{
  Rig rig;

  rig_init (&rig, mock_pass);
  rig.host.max_held = rig.host.max_held_all = 10 * IMP_INPUT_PIECE_SIZE;
  rig.blocked = TRUE;
  rig_feed (&rig, 0, 2 * IMP_INPUT_PIECE_SIZE);
  rig.blocked = FALSE;
  imp_server_input_resume (rig.host.input);
  rig_clear (&rig);
  iterate ();
}

/* An analyzer that itself stands for one elsewhere, and has lost it, is no analyzer that fails. */
static void
test_lost (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  imp_analyzer_resolve (IMP_ANALYZER (rig.mocks[0]), IMP_FAIL_HARD, "gone");
  rig_expect (&rig, "0:lost (gone)|");
  imp_analyzer_peek_loss (IMP_ANALYZER (rig.mocks[1]))->is_overload = TRUE;
  imp_analyzer_resolve (IMP_ANALYZER (rig.mocks[1]), IMP_FAIL_HARD, "too much");
  rig_expect (&rig, "1:lost (too much) by overload|");
  imp_analyzer_fail (IMP_ANALYZER (rig.mocks[2]), "own words");
  rig_expect (&rig, "2:fatal \"own words\"|");
  rig_clear (&rig);
}

/* What it has said by then is told while it starts, and can be the end of it. */
static void
test_lost_before (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_remove (&rig, 1);
  g_assert_finalize_object (rig.mocks[1]);
  rig.mocks[1] = mock_analyzer_new (NULL, &rig);
  imp_analyzer_resolve (IMP_ANALYZER (rig.mocks[1]), IMP_FAIL_HARD, "gone");
  rig.analyzers[1] = imp_hosted_analyzer_new (&rig.host, 1,
                                              g_object_ref (IMP_ANALYZER (rig.mocks[1])),
                                              CONTEXT_SIZE);
  imp_hosted_analyzer_start (rig.analyzers[1]);
  rig_expect (&rig, "1:lost (gone)|");
  g_assert_null (rig.analyzers[1]);
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hosted-analyzer/level", test_level);
  g_test_add_func ("/hosted-analyzer/pauses", test_pauses);
  g_test_add_func ("/hosted-analyzer/max-held", test_max_held);
  g_test_add_func ("/hosted-analyzer/max-held-all", test_max_held_all);
  g_test_add_func ("/hosted-analyzer/max-held-all/of-equals", test_max_held_all_of_equals);
  g_test_add_func ("/hosted-analyzer/max-held-all/by-output", test_max_held_all_by_output);
  g_test_add_func ("/hosted-analyzer/max-memory", test_max_memory);
  g_test_add_func ("/hosted-analyzer/max-output", test_max_output);
  g_test_add_func ("/hosted-analyzer/output/waits", test_output_waits);
  g_test_add_func ("/hosted-analyzer/output/turns", test_output_turns);
  g_test_add_func ("/hosted-analyzer/removed-while-fed", test_removed_while_fed);
  g_test_add_func ("/hosted-analyzer/turns", test_turns);
  g_test_add_func ("/hosted-analyzer/busy", test_busy);
  g_test_add_func ("/hosted-analyzer/stopped", test_stopped);
  g_test_add_func ("/hosted-analyzer/lost", test_lost);
  g_test_add_func ("/hosted-analyzer/lost/before", test_lost_before);
  return g_test_run ();
}
