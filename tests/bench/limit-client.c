/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit-stream.h"
#include "limit-wire.h"

#include <string.h>
#include <unistd.h>

static LimitLink wire;
static LimitTable table;
static uint32_t spin_us;
static bool stopped;
static uint8_t context[256]; /* strings with their zeros, as any provider would have to send it */
static uint32_t context_length;

static void
prepare_context (void)
{
  for (const char *const *s = bench_context; *s != NULL; s++)
    {
      size_t length = strlen (*s) + 1;

      memcpy (context + context_length, *s, length);
      context_length += (uint32_t) length;
    }
}

void
bench_link_connect (const BenchOptions *options)
{
  int fd = bench_connect (bench_options_address (options));

  prepare_context ();
  spin_us = options->spin_us;
  limit_stream_begin (fd, false);
  limit_link_init (&wire, fd);
}

void
bench_link_open (BenchAnalyzer *analyzer)
{
  LimitHeader header = { .op = LIMIT_OPEN, .id = analyzer->id, .length = context_length };

  limit_table_insert (&table, analyzer->id, analyzer);
  limit_link_queue (&wire, &header, context);
}

void
bench_link_send (BenchAnalyzer *analyzer)
{
  LimitHeader header
    = { .op = LIMIT_DATA, .id = analyzer->id, .type = -1, .length = analyzer->payload->length };

  limit_link_queue (&wire, &header, analyzer->payload->data);
}

void
bench_link_close (BenchAnalyzer *analyzer)
{
  LimitHeader header = { .op = LIMIT_CLOSE, .id = analyzer->id };

  limit_table_remove (&table, analyzer->id);
  limit_link_queue (&wire, &header, NULL);
}

void
limit_handle (void *owner, const LimitHeader *header, const uint8_t *payload)
{
  BenchAnalyzer *analyzer = limit_table_lookup (&table, header->id);

  if (header->op != LIMIT_PASS || analyzer == NULL || header->dir != 0)
    bench_die ("operation %u for analyzer %u", header->op, header->id);
  bench_engine_passed (analyzer, header->offset);
}

void
bench_link_run (double seconds)
{
  uint64_t end = bench_now () + (uint64_t) (seconds > 0 ? seconds * 1e9 : 0);

  stopped = false;
  limit_link_flush (&wire);
  while (!stopped && (seconds < 0 || bench_now () < end))
    if (!limit_link_turn (&wire, NULL, spin_us, seconds))
      bench_die ("the server has closed the connection");
}

void
bench_link_stop (void)
{
  stopped = true;
}

void
bench_link_disconnect (void)
{
  close (wire.fd);
}
