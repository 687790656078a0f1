/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit-stream.h"
#include "limit-wire.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  uint32_t id;
  uint32_t context_length;
  uint64_t offset[2];
  uint8_t context[];
} Analyzer;

static LimitLink wire;
static LimitTable table;

static void
open_analyzer (const LimitHeader *header, const uint8_t *context)
{
  Analyzer *analyzer = malloc (sizeof *analyzer + header->length);

  if (analyzer == NULL)
    bench_die ("out of memory");
  analyzer->id = header->id;
  analyzer->offset[0] = analyzer->offset[1] = 0;
  analyzer->context_length = header->length;
  memcpy (analyzer->context, context, header->length);
  limit_table_insert (&table, header->id, analyzer);
}

static void
feed (const LimitHeader *header)
{
  LimitHeader reply = { .op = LIMIT_PASS, .id = header->id, .dir = header->dir };
  Analyzer *analyzer = limit_table_lookup (&table, header->id);

  if (analyzer == NULL || header->dir > 1)
    bench_die ("data for analyzer %u, direction %u", header->id, header->dir);
  if (header->offset != 0)
    analyzer->offset[header->dir] = header->offset;
  analyzer->offset[header->dir] += header->length;
  reply.offset = analyzer->offset[header->dir];
  limit_link_queue (&wire, &reply, NULL);
}

void
limit_handle (void *owner, const LimitHeader *header, const uint8_t *payload)
{
  switch (header->op)
    {
    case LIMIT_OPEN:
      open_analyzer (header, payload);
      break;
    case LIMIT_CLOSE:
      free (limit_table_remove (&table, header->id));
      break;
    case LIMIT_DATA:
      feed (header);
      break;
    default:
      bench_die ("operation %u", header->op);
    }
}

int
main (int argc, char **argv)
{
  BenchOptions options;
  int listener, fd;

  bench_options_parse (&options, argc, argv);
  listener = bench_listen (bench_options_address (&options));
  bench_print_listening (listener);
  fd = bench_accept (listener);
  limit_stream_begin (fd, true);
  limit_link_init (&wire, fd);
  while (limit_link_turn (&wire, NULL, options.spin_us, -1))
    ;
  return 0;
}
