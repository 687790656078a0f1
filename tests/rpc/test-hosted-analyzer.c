/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server's analyzer and its input, without a connection: what the client is told, what counts as
 * held, whose turn it is, and what a plugin may do in a call. */
#include "mock-analyzer.h"

#include "core/imp-result-private.h"
#include "rpc/server/imp-hosted-analyzer-private.h"

#define N_ANALYZERS 3

typedef struct
{
  ImpAnalyzerHost host; /* the first, as in a connection */
  MockAnalyzer *mocks[N_ANALYZERS];
  ImpHostedAnalyzer *analyzers[N_ANALYZERS]; /* NULL: removed */
  GString *sent;                             /* "1:pause dir=0|" */
  gboolean blocked;                          /* the client does not read */
} Rig;

static void
rig_send (ImpAnalyzerHost *host, const ImpMessage *message)
{
  g_autofree char *text = imp_result_to_string (message->result);

  g_assert_cmpint (message->op, ==, IMP_OP_RESULT);
  g_string_append_printf (((Rig *) host)->sent, "%d:%s|", (int) message->id, text);
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

static const ImpAnalyzerHostFuncs host_funcs = { .send = rig_send, .fail = rig_fail };

static gboolean
rig_may_feed (gpointer user_data)
{
  return !((Rig *) user_data)->blocked;
}

static const ImpServerInputFuncs input_funcs = {
  .may_feed = rig_may_feed,
  .take_turn = imp_hosted_analyzer_take_turn,
};

static void
rig_init (Rig *rig, MockFunc func)
{
  *rig = (Rig){ .sent = g_string_new (NULL) };
  rig->host = (ImpAnalyzerHost){
    .funcs = &host_funcs,
    .input = imp_server_input_new (100, &input_funcs, rig),
    .max_held = 1000,
    .max_held_all = 1500,
  };
  imp_server_input_start (rig->host.input, g_main_context_default ());
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      rig->mocks[i] = mock_analyzer_new (func, rig);
      rig->analyzers[i] = imp_hosted_analyzer_new (&rig->host, i, IMP_ANALYZER (rig->mocks[i]));
      imp_hosted_analyzer_start (rig->analyzers[i]);
    }
}

static void
rig_clear (Rig *rig)
{
  imp_server_input_stop (rig->host.input);
  for (guint i = 0; i < N_ANALYZERS; i++)
    rig_remove (rig, i);
  g_assert_cmpuint (rig->host.held, ==, 0);
  imp_server_input_unref (rig->host.input);
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
  g_autoptr (GBytes) data = g_bytes_new (text, length);
  const ImpMessage message = { .op = IMP_OP_DATA, .id = id, .data = data, .data_type = -1 };

  imp_hosted_analyzer_feed (rig->analyzers[id], &message);
}

static void
rig_expect (Rig *rig, const char *sent)
{
  g_assert_cmpstr (rig->sent->str, ==, sent);
  g_string_truncate (rig->sent, 0);
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
test_limits (void)
{
  Rig rig;

  rig_init (&rig, NULL);
  rig_feed (&rig, 0, 1000);
  rig_expect (&rig, "0:pause dir=0|0:pause dir=1|");
  rig_feed (&rig, 0, 1);
  rig_expect (&rig, "0:failed|");
  g_assert_cmpuint (rig.host.held, ==, 0);
  rig_feed (&rig, 1, 400);
  rig_feed (&rig, 2, 1000);
  rig_expect (&rig, "2:pause dir=0|2:pause dir=1|");
  rig_feed (&rig, 1, 100);
  rig_expect (&rig, "");
  rig_feed (&rig, 1, 1);
  rig_expect (&rig, "1:pause dir=0|1:pause dir=1|1:failed|");
  g_assert_cmpuint (rig.host.held, ==, 1000);
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

static void
iterate (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hosted-analyzer/level", test_level);
  g_test_add_func ("/hosted-analyzer/pauses", test_pauses);
  g_test_add_func ("/hosted-analyzer/limits", test_limits);
  g_test_add_func ("/hosted-analyzer/removed-while-fed", test_removed_while_fed);
  g_test_add_func ("/hosted-analyzer/turns", test_turns);
  g_test_add_func ("/hosted-analyzer/busy", test_busy);
  g_test_add_func ("/hosted-analyzer/stopped", test_stopped);
  return g_test_run ();
}
