/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many analyzers on one connection whose other end does not read. */
#include "core/imp-analyzer-private.h"
#include "core/imp-marks-private.h"
#include "rpc/client/imp-remote-factory.h"
#include "test-peer.h"
#include "test-streams.h"

#define N_ANALYZERS 50
#define PIECE 50000
#define LIMIT (4 * 1024 * 1024)

typedef struct
{
  ImpAnalyzer *analyzers[N_ANALYZERS + 1];
  guint n_refused;
} Many;

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Many *many = user_data;

  if (imp_result_get_result_type (result) != IMP_RESULT_FATAL)
    return;
  g_test_message ("%s", imp_result_get_message (result));
  many->n_refused++;
}

/* Of those that are open. */
static guint
count_paused (Many *many)
{
  guint n = 0;

  for (guint i = 0; i <= N_ANALYZERS; i++)
    n += many->analyzers[i] != NULL && !imp_analyzer_is_closed (many->analyzers[i])
         && imp_analyzer_peek_marks (many->analyzers[i], IMP_DIRECTION_FROM_CLIENT)->paused;
  return n;
}

static void
add_analyzer (Many *many, ImpRemoteFactory *factory, guint i)
{
  g_autoptr (GError) error = NULL;

  many->analyzers[i] = imp_factory_create_analyzer (IMP_FACTORY (factory), NULL, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (many->analyzers[i], on_result, many, NULL);
}

static gboolean
nobody_is_paused (gpointer data)
{
  return count_paused (data) == 0;
}

static void
feed_until_paused (Many *many)
{
  g_autoptr (GBytes) piece = test_bytes_pattern (PIECE);

  for (gsize i = 0; count_paused (many) == 0; i++)
    {
      g_assert_cmpuint (i * PIECE, <, 10 * LIMIT);
      imp_analyzer_data (many->analyzers[i % N_ANALYZERS], IMP_DIRECTION_FROM_CLIENT, piece, 0,
                         IMP_DATA_TYPE_STREAM);
    }
}

/* All are asked to pause, those who have brought nothing too, long before anything is refused; and
 * all may go on once it has been read. */
static void
check_congestion (Many *many, gboolean reads)
{
  GIOStream *ours, *theirs;
  g_autoptr (TestPeer) peer = NULL;
  g_autoptr (ImpRemoteFactory) factory = NULL;

  test_stream_pair (&ours, &theirs);
  peer = test_peer_new (theirs);
  peer->discard = TRUE;
  peer->read_limit = 0;
  test_peer_update (peer);
  factory = imp_remote_factory_new_for_stream (ours);
  g_object_unref (ours);
  g_object_set (factory, "max-queued-all", (guint64) LIMIT, NULL);
  for (guint i = 0; i < N_ANALYZERS; i++)
    add_analyzer (many, factory, i);

  feed_until_paused (many);
  g_assert_cmpuint (count_paused (many), ==, N_ANALYZERS);
  add_analyzer (many, factory, N_ANALYZERS);
  g_assert_cmpuint (count_paused (many), ==, N_ANALYZERS + 1);

  if (reads)
    {
      peer->read_limit = G_MAXSIZE;
      test_peer_update (peer);
    }
  else
    for (guint i = 0; i < N_ANALYZERS; i++)
      imp_analyzer_close (many->analyzers[i]);
  g_assert_true (test_run_until (nobody_is_paused, many, 5000));
  g_assert_cmpuint (many->n_refused, ==, 0);

  for (guint i = 0; i <= N_ANALYZERS; i++)
    {
      imp_analyzer_close (many->analyzers[i]);
      g_clear_object (&many->analyzers[i]);
    }
  imp_remote_factory_close (factory);
}

static void
test_read (void)
{
  Many many = { 0 };

  check_congestion (&many, TRUE);
}

/* Also when those whose data waited are gone. */
static void
test_gone (void)
{
  Many many = { 0 };

  check_congestion (&many, FALSE);
}

/* Each brings data whenever it may, always the same one first. */
static gsize
bring (Many *many, GBytes *piece, guint *brought)
{
  gsize total = 0;

  for (guint i = 0; i < N_ANALYZERS; i++)
    if (!imp_analyzer_peek_marks (many->analyzers[i], IMP_DIRECTION_FROM_CLIENT)->paused)
      {
        imp_analyzer_data (many->analyzers[i], IMP_DIRECTION_FROM_CLIENT, piece, 0,
                           IMP_DATA_TYPE_STREAM);
        brought[i]++;
        total++;
      }
  return total;
}

/* There is room for a few, and all get their share. */
static void
test_turns (void)
{
  Many many = { 0 };
  guint brought[N_ANALYZERS] = { 0 };
  g_autoptr (GBytes) piece = test_bytes_pattern (256 * 1024);
  g_autoptr (TestPeer) peer = NULL;
  g_autoptr (ImpRemoteFactory) factory = NULL;
  GIOStream *ours, *theirs;
  gsize total = 0;

  test_stream_pair (&ours, &theirs);
  peer = test_peer_new (theirs);
  peer->discard = TRUE;
  peer->read_most = 20000;
  factory = imp_remote_factory_new_for_stream (ours);
  g_object_unref (ours);
  g_object_set (factory, "max-queued-all", (guint64) 4 * LIMIT, NULL);
  for (guint i = 0; i < N_ANALYZERS; i++)
    add_analyzer (&many, factory, i);

  while (total < 6 * N_ANALYZERS)
    {
      total += bring (&many, piece, brought);
      g_main_context_iteration (NULL, TRUE);
    }
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      g_assert_cmpuint (brought[i], >=, 3);
      g_assert_cmpuint (brought[i], <=, 12);
      imp_analyzer_close (many.analyzers[i]);
      g_object_unref (many.analyzers[i]);
    }
  g_assert_cmpuint (many.n_refused, ==, 0);
  imp_remote_factory_close (factory);
}

static void
on_pause_close (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  ImpRemoteFactory **factory = user_data;

  if (imp_result_get_result_type (result) != IMP_RESULT_PAUSE || *factory == NULL)
    return;
  imp_remote_factory_close (*factory);
  g_clear_object (factory);
}

/* Whoever is asked to pause may give everything up. */
static void
test_given_up (void)
{
  g_autoptr (GBytes) piece = test_bytes_pattern (PIECE);
  GIOStream *ours, *theirs;
  ImpRemoteFactory *factory;
  ImpAnalyzer *analyzers[2];

  test_stream_pair (&ours, &theirs);
  factory = imp_remote_factory_new_for_stream (ours);
  g_object_unref (ours);
  g_object_set (factory, "high-water", (guint64) PIECE, NULL);
  for (guint i = 0; i < 2; i++)
    {
      analyzers[i] = imp_factory_create_analyzer (IMP_FACTORY (factory), NULL, NULL);
      imp_analyzer_set_callback (analyzers[i], on_pause_close, &factory, NULL);
    }
  for (gsize i = 0; factory != NULL; i++)
    {
      g_assert_cmpuint (i * PIECE, <, 10 * LIMIT);
      imp_analyzer_data (analyzers[0], IMP_DIRECTION_FROM_CLIENT, piece, 0, IMP_DATA_TYPE_STREAM);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (imp_analyzer_is_closed (analyzers[i]));
      imp_analyzer_close (analyzers[i]);
      g_object_unref (analyzers[i]);
    }
  g_object_unref (theirs);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/congestion/read", test_read);
  g_test_add_func ("/congestion/gone", test_gone);
  g_test_add_func ("/congestion/turns", test_turns);
  g_test_add_func ("/congestion/given-up", test_given_up);
  return g_test_run ();
}
