/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bare limit: what sockets and a fixed header can do, without GLib and without a library.
 *
 * It does what every implementation of the model has to do and nothing else: it frames, looks
 * analyzers up by their id, keeps an offset for each and answers each chunk by one PASS. */
#pragma once

#include "bench.h"

#include <sys/uio.h>

typedef enum
{
  LIMIT_OPEN = 1,
  LIMIT_CLOSE,
  LIMIT_DATA,
  LIMIT_PASS,
} LimitOp;

typedef struct
{
  uint32_t length; /* of the payload behind it */
  uint8_t op;
  uint8_t dir;
  uint16_t reserved;
  uint32_t id;
  int32_t type;
  uint64_t offset;
} LimitHeader;

typedef struct
{
  const uint8_t *data; /* NULL: in the arena, at offset */
  size_t offset;
  size_t length;
} LimitSegment;

typedef struct
{
  int fd, epoll;
  bool waits_for_output;
  uint8_t *in;
  size_t in_size, in_length;
  uint8_t *arena; /* headers and small payloads */
  size_t arena_size, arena_length;
  LimitSegment *segments;
  size_t segments_size, segments_length, segments_written;
} LimitLink;

/* Open addressing with linear probing; the value may not be NULL, the id not 0. */
typedef struct
{
  struct
  {
    uint32_t id;
    void *value;
  } * slots;
  uint32_t size, used;
} LimitTable;

void limit_link_init (LimitLink *link, int fd);
bool limit_link_read (LimitLink *link, void *owner); /* false: the connection has ended */
void limit_link_queue (LimitLink *link, const LimitHeader *header, const void *payload);
void limit_link_flush (LimitLink *link);
/* Sleeps until there is work, or for that long, or spins first; false: the connection has ended. */
bool limit_link_turn (LimitLink *link, void *owner, uint32_t spin_us, double seconds);

void *limit_table_lookup (const LimitTable *table, uint32_t id);
void limit_table_insert (LimitTable *table, uint32_t id, void *value);
void *limit_table_remove (LimitTable *table, uint32_t id);

/* Defined by each program. The payload is valid during the call only. */
void limit_handle (void *owner, const LimitHeader *header, const uint8_t *payload);
