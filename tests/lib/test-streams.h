/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Two ends of a new unix socket pair, as GSocketConnection. */
void test_stream_pair (GIOStream **one, GIOStream **other);

/* Takes @base, gives it back with faults injected. */
GIOStream *test_stream_faulty (GIOStream *base, const char *faults);

/* A socket pair of which the first end injects faults. */
void test_stream_pair_faulty (const char *faults, GIOStream **faulty, GIOStream **plain);

/* The common ones: every operation of @faulty moves one byte; its first @times operations of
 * each way say WOULD_BLOCK. */
void test_stream_pair_one_byte (GIOStream **faulty, GIOStream **plain);
void test_stream_pair_blocking (guint times, GIOStream **faulty, GIOStream **plain);

/* Fills the socket buffer between @stream and its peer, which never reads; returns the number of
 * bytes that went in. From then on the stream's output blocks. */
gsize test_stream_fill (GIOStream *stream);

/* Without a main loop: all of it, or the test fails. */
void test_stream_write (GIOStream *stream, gconstpointer data, gsize length);
GBytes *test_stream_read (GIOStream *stream, gsize length);
/* Up to the end of the stream. */
GBytes *test_stream_read_all (GIOStream *stream);

/* @length bytes that no offset shares with its neighbors. */
GBytes *test_bytes_pattern (gsize length);

/* Runs the thread-default main context until @done says so or @ms are over; returns what it last
 * said. */
gboolean test_run_until (gboolean (*done) (gpointer data), gpointer data, guint ms);
/* When the default main context would wake up by itself, in milliseconds from now: -1 for never. */
int test_get_next_wakeup (void);
