/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One read and one write per wake-up; small payloads are copied, large ones written in place. */
#include "limit-wire.h"

#include "limit-stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define VECTORS 1024 /* IOV_MAX */

void
limit_link_init (LimitLink *link, int fd)
{
  struct epoll_event event = { .events = EPOLLIN };

  memset (link, 0, sizeof *link);
  link->fd = fd;
  link->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (link->epoll < 0 || epoll_ctl (link->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
    bench_die ("epoll: %s", strerror (errno));
  link->in_size = BENCH_READ_SIZE;
  link->in = malloc (link->in_size);
  if (link->in == NULL)
    bench_die ("out of memory");
}

static void *
grow (void *array, size_t *size, size_t needed, size_t item)
{
  if (needed <= *size)
    return array;
  *size = needed * 2 > 1024 ? needed * 2 : 1024;
  if (*size > SIZE_MAX / 2 / item || (array = realloc (array, *size * item)) == NULL)
    bench_die ("out of memory");
  return array;
}

static void
add_segment (LimitLink *link, const uint8_t *data, size_t offset, size_t length)
{
  LimitSegment *last = link->segments_length > 0 ? &link->segments[link->segments_length - 1]
                                                 : NULL;

  if (data == NULL && last != NULL && last->data == NULL && last->length > 0)
    {
      last->length += length;
      return;
    }
  link->segments = grow (link->segments, &link->segments_size, link->segments_length + 1,
                         sizeof *link->segments);
  link->segments[link->segments_length++] = (LimitSegment){ data, offset, length };
}

/* A payload above BENCH_COPY_LIMIT must stay as it is until it has been written. */
void
limit_link_queue (LimitLink *link, const LimitHeader *header, const void *payload)
{
  size_t copied = header->length <= BENCH_COPY_LIMIT ? header->length : 0;
  size_t offset = link->arena_length;

  link->arena = grow (link->arena, &link->arena_size, offset + sizeof *header + copied, 1);
  memcpy (link->arena + offset, header, sizeof *header);
  if (copied > 0)
    memcpy (link->arena + offset + sizeof *header, payload, copied);
  link->arena_length += sizeof *header + copied;
  add_segment (link, NULL, offset, sizeof *header + copied);
  if (header->length > copied)
    add_segment (link, payload, 0, header->length);
}

static void
wait_for_output (LimitLink *link, bool wait)
{
  struct epoll_event event = { .events = EPOLLIN | (wait ? EPOLLOUT : 0) };

  if (link->waits_for_output == wait)
    return;
  if (epoll_ctl (link->epoll, EPOLL_CTL_MOD, link->fd, &event) != 0)
    bench_die ("epoll: %s", strerror (errno));
  link->waits_for_output = wait;
}

static void
consume_segments (LimitLink *link, size_t written)
{
  while (written > 0)
    {
      LimitSegment *segment = &link->segments[link->segments_written];
      size_t part = written < segment->length ? written : segment->length;

      segment->length -= part;
      segment->offset += part;
      if (segment->data != NULL)
        segment->data += part;
      written -= part;
      if (segment->length == 0)
        link->segments_written++;
    }
  if (link->segments_written == link->segments_length)
    link->segments_written = link->segments_length = link->arena_length = 0;
}

void
limit_link_flush (LimitLink *link)
{
  struct iovec vectors[VECTORS];

  while (link->segments_written < link->segments_length)
    {
      struct msghdr message = { .msg_iov = vectors };
      ssize_t written;

      for (size_t i = link->segments_written;
           i < link->segments_length && message.msg_iovlen < VECTORS; i++)
        {
          const LimitSegment *segment = &link->segments[i];
          const uint8_t *data = segment->data != NULL ? segment->data
                                                      : link->arena + segment->offset;

          vectors[message.msg_iovlen++] = (struct iovec){ (void *) data, segment->length };
        }
      written = limit_stream_write (link->fd, &message);
      if (written < 0 && errno == EAGAIN)
        break;
      if (written < 0 && errno != EINTR)
        bench_die ("write: %s", strerror (errno));
      if (written > 0)
        consume_segments (link, (size_t) written);
    }
  wait_for_output (link, link->segments_written < link->segments_length);
}

/* Makes room for a frame that is larger than the buffer, once its length is known. */
static void
make_room (LimitLink *link)
{
  LimitHeader header;

  if (link->in_length < sizeof header)
    return;
  memcpy (&header, link->in, sizeof header);
  if (header.length > BENCH_MAX_MESSAGE)
    bench_die ("a frame of %u bytes", header.length);
  if (sizeof header + header.length > link->in_size)
    {
      link->in_size = sizeof header + header.length;
      link->in = realloc (link->in, link->in_size);
      if (link->in == NULL)
        bench_die ("out of memory");
    }
}

static void
handle_frames (LimitLink *link, void *owner)
{
  size_t position = 0;

  while (link->in_length - position >= sizeof (LimitHeader))
    {
      LimitHeader header;

      memcpy (&header, link->in + position, sizeof header);
      if (header.length > link->in_length - position - sizeof header)
        break;
      limit_handle (owner, &header, link->in + position + sizeof header);
      position += sizeof header + header.length;
    }
  link->in_length -= position;
  if (link->in_length > 0 && position > 0)
    memmove (link->in, link->in + position, link->in_length);
  make_room (link);
}

/* -1: nothing there, 0: the end, 1: something was read and handled. */
static int
read_once (LimitLink *link, void *owner)
{
  ssize_t got = limit_stream_read (link->fd, link->in + link->in_length,
                                   link->in_size - link->in_length);

  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return -1;
  if (got <= 0)
    return 0;
  link->in_length += (size_t) got;
  handle_frames (link, owner);
  limit_link_flush (link);
  return 1;
}

bool
limit_link_read (LimitLink *link, void *owner)
{
  return read_once (link, owner) != 0;
}

bool
limit_link_turn (LimitLink *link, void *owner, uint32_t spin_us, double seconds)
{
  struct epoll_event event;
  int got, count;

  if (spin_us > 0 && !link->waits_for_output)
    for (uint64_t stop = bench_now () + spin_us * 1000ull; bench_now () < stop;)
      if ((got = read_once (link, owner)) >= 0)
        return got > 0;

  count = epoll_wait (link->epoll, &event, 1, seconds < 0 ? -1 : (int) (seconds * 1000));
  if (count < 0 && errno != EINTR)
    bench_die ("epoll: %s", strerror (errno));
  if (count <= 0)
    return true;
  if (event.events & EPOLLOUT)
    limit_link_flush (link);
  return (event.events & ~(uint32_t) EPOLLOUT) == 0 || limit_link_read (link, owner);
}
