/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A remote factory gets bytes from a server: when the connection is over, each of its analyzers
 * has exactly one outcome. */
#include "fuzz.h"
#include "fuzz-stream.h"
#include "test-outcome.h"

#include "core/imp-proxy-private.h"
#include "io/imp-arena-private.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/imp-shared-memory.h"
#include "wire/imp-wire-private.h"

#include <string.h>

#define N_ANALYZERS 3

static ImpRemoteFactory *
make_factory (FuzzStream *stream, guint8 choice)
{
  ImpRemoteFactory *factory = imp_remote_factory_new_for_stream (stream->ours);
  guint n_wires = 0;

  while (imp_wires[n_wires] != NULL)
    n_wires++;
  g_object_set (factory, "codec", imp_wires[choice % n_wires]->name, "fail",
                choice < 128 ? IMP_FAIL_HARD : IMP_FAIL_SOFT, "max-message", (guint64) 65536,
                "shared-memory", IMP_SHARED_MEMORY_ANY_PEER, "max-shared-memory",
                (guint64) IMP_BLOCK_SIZE, NULL);
  g_clear_object (&stream->ours);
  return factory;
}

static void
feed (TestOutcome *outcome, const char *text)
{
  for (int direction = 0; direction < 2; direction++)
    imp_analyzer_data_bytes (outcome->analyzer, direction, (const guint8 *) text, strlen (text), 0,
                             IMP_DATA_TYPE_STREAM);
}

/* As a relay does it, where memory is shared. */
static void
feed_shared (TestOutcome *outcome)
{
  ImpArena *arena = imp_proxy_peek_arena (outcome->analyzer);
  g_autoptr (GBytes) bytes = NULL;
  guint8 *memory;
  gsize room;

  memory = arena != NULL ? imp_arena_reserve (arena, IMP_ARENA_LEAST, &room) : NULL;
  if (memory == NULL)
    return;
  memset (memory, 'm', IMP_ARENA_LEAST);
  bytes = imp_arena_commit (arena, IMP_ARENA_LEAST);
  imp_analyzer_data (outcome->analyzer, IMP_DIRECTION_FROM_SERVER, bytes, 0, IMP_DATA_TYPE_STREAM);
}

static void
assert_outcome (const TestOutcome *outcome)
{
  if (!test_outcome_is_resolved (outcome))
    g_error ("No outcome: %s", outcome->text->str);
  /* Of its own it may say anything before that; but an end is an end. */
  g_assert_cmpuint (outcome->refusals, <=, 1);
  if (outcome->refusals > 0 && outcome->indefinite[0] + outcome->indefinite[1] < 2)
    g_assert_cmpuint (outcome->after, ==, 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  guint8 choice = fuzz_take (&input);
  FuzzStream stream;
  int next;
  ImpRemoteFactory *factory;
  TestOutcome *outcomes[N_ANALYZERS];

  fuzz_stream_run ();
  next = fuzz_next_descriptor ();
  fuzz_stream_open (&stream);
  factory = make_factory (&stream, choice);
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (IMP_FACTORY (factory), NULL,
                                                                      NULL);

      outcomes[i] = test_outcome_new (g_object_ref (analyzer));
      feed (outcomes[i], "hello world");
    }
  while (input.left > 0)
    {
      gsize n = MIN (input.left, 1024);

      fuzz_stream_exchange (&stream, input.data, n);
      input.data += n;
      input.left -= n;
      feed (outcomes[1], "more");
      feed_shared (outcomes[1]);
    }
  fuzz_stream_close (&stream);
  for (guint i = 0; i < N_ANALYZERS; i++)
    {
      assert_outcome (outcomes[i]);
      test_outcome_free (outcomes[i]);
    }
  g_assert_finalize_object (factory);
  fuzz_stream_run ();
  g_assert_cmpint (fuzz_next_descriptor (), ==, next);
  return 0;
}
