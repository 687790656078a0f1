/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

typedef enum
{
  IO_MOVER_ASYNC,
  IO_MOVER_POLLABLE,
  IO_MOVER_MIXED, /* each call as chance has it */
} IOMoverMode;

/* Sends through a stream and receives from it at the same time, in the main loop. What is to be
 * sent is @data again and again, up to @to_send bytes; what is expected is the same with each byte
 * twisted by @twist, unless all that comes is kept in @received. */
typedef struct
{
  GIOStream *stream;
  IOMoverMode mode;
  gsize most;        /* bytes per call, at most */
  guint cancel_rate; /* one asynchronous call in so many is canceled; 0: none */
  gboolean reads_nothing;
  gboolean ends; /* once all is sent the output is closed */
  GBytes *data;
  gsize to_send;
  gsize sent;
  gboolean has_ended;
  guint8 twist;
  GByteArray *received;
  gsize n_received;
  gboolean got_end;
  GError *write_error;
  GError *read_error;
  guint n_canceled;
  guint n_running; /* calls and sources that are not over */
  guint8 *buffer;
} IOMover;

IOMover *io_mover_new (GIOStream *stream, IOMoverMode mode, GBytes *data, gsize to_send);
void io_mover_free (IOMover *self);
/* Keeps what comes, instead of comparing it. */
void io_mover_keep (IOMover *self);
void io_mover_start (IOMover *self);
/* It has sent all, and received the end, or failed to; for test_run_until(). */
gboolean io_mover_is_over (gpointer self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IOMover, io_mover_free)
