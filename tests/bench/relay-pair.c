/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A relay with dense verdicts, and the server that gives them, which take turns; with --in-process
 * the analyzer is the relay's own. Sends --count times --chunk bytes through it, and compares what
 * comes out. */
#include "dense.h"
#include "pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

typedef struct
{
  ImpRelay *relay;
  int source, sink; /* the client of the relay, and the server behind it */
  gboolean over;
} Rig;

/* As the tool does, which logs what an analyzer wants to be logged. */
static void
on_log (ImpRelay *relay, ImpResult *result, gpointer user_data)
{
  bench_die ("the analyzer has something to log");
}

static void
on_over (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Rig *rig = user_data;

  if (!imp_relay_run_finish (IMP_RELAY (source), result, &error))
    bench_die ("%s", error->message);
  rig->over = TRUE;
}

static ImpAnalyzer *
make_analyzer (const BenchOptions *options)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ImpFactory) factory = NULL;
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer;

  factory = imp_pattern_factory_new (BENCH_DENSE_SETTINGS, &error);
  if (factory != NULL && !options->in_process)
    {
      ImpRemoteFactory *remote = bench_pair_serve (factory);

      g_object_set (remote, "codec", options->codec, NULL);
      g_object_unref (factory);
      factory = IMP_FACTORY (remote);
    }
  analyzer = factory == NULL ? NULL : imp_factory_create_analyzer (factory, context, &error);
  if (analyzer == NULL)
    bench_die ("%s", error->message);
  return analyzer;
}

static void
rig_start (Rig *rig, const BenchOptions *options)
{
  g_autoptr (GIOStream) client = bench_pair_make_stream (&rig->source);
  g_autoptr (GIOStream) server = bench_pair_make_stream (&rig->sink);
  g_autoptr (ImpAnalyzer) analyzer = make_analyzer (options);

  rig->relay = imp_relay_new (client, server, analyzer);
  g_signal_connect (rig->relay, "result::log", G_CALLBACK (on_log), NULL);
  imp_relay_run_async (rig->relay, NULL, on_over, rig);
}

/* What there is of it. */
static size_t
receive (int fd, uint8_t *data, size_t length)
{
  ssize_t got = recv (fd, data, length, MSG_DONTWAIT);

  if (got == 0 && length > 0)
    bench_die ("the relay has ended");
  if (got < 0 && errno != EAGAIN)
    bench_die ("receive: %s", strerror (errno));
  return got > 0 ? (size_t) got : 0;
}

/* All of it fits into the socket. */
static void
rig_pass_chunk (Rig *rig, const uint8_t *in, size_t length, const uint8_t *expected, size_t size)
{
  g_autofree uint8_t *out = g_malloc (size);
  size_t received = 0;

  if (send (rig->source, in, length, MSG_NOSIGNAL) != (ssize_t) length)
    bench_die ("a chunk of %zu bytes does not fit into a socket", length);
  while (received < size)
    {
      bench_pair_turn ();
      received += receive (rig->sink, out + received, size - received);
    }
  if (memcmp (out, expected, size) != 0)
    bench_die ("what came out of the relay is not what was to come out");
}

static void
rig_end (Rig *rig)
{
  shutdown (rig->source, SHUT_WR);
  shutdown (rig->sink, SHUT_WR);
  while (!rig->over)
    bench_pair_turn ();
  g_object_unref (rig->relay);
}

int
main (int argc, char **argv)
{
  g_autofree uint8_t *in = NULL;
  g_autofree uint8_t *out = NULL;
  size_t matches = 0;
  BenchOptions options;
  Rig rig = { 0 };

  bench_options_parse (&options, argc, argv);
  if (options.count == 0)
    bench_die ("--count is missing");
  in = g_malloc (options.chunk);
  out = g_malloc (2 * (gsize) options.chunk);
  bench_pair_init ();
  rig_start (&rig, &options);
  for (uint64_t i = 0; i < options.count; i++)
    {
      matches += bench_dense_fill (in, options.chunk);
      rig_pass_chunk (&rig, in, options.chunk, out, bench_dense_replace (in, options.chunk, out));
    }
  rig_end (&rig);
  bench_pair_close ();
  printf ("{\"chunks\": %" G_GUINT64_FORMAT ", \"matches\": %zu}\n", (guint64) options.count,
          matches);
  return 0;
}
