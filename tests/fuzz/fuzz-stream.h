/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-streams.h"

/* A connection whose other end is the fuzzer. */
typedef struct
{
  GIOStream *ours; /* for what is tested */
  GIOStream *theirs;
} FuzzStream;

/* What there is to do; a peer that always finds something is one that spins. */
static inline void
fuzz_stream_run (void)
{
  for (int i = 0; g_main_context_iteration (NULL, FALSE); i++)
    g_assert_cmpint (i, <, 100000);
}

static inline void
fuzz_stream_open (FuzzStream *self)
{
  test_stream_pair (&self->ours, &self->theirs);
  g_socket_set_blocking (g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->theirs)),
                         FALSE);
}

/* Says something, lets the other end act, and takes what it says, whatever that is. */
static inline void
fuzz_stream_exchange (FuzzStream *self, const guint8 *data, gsize length)
{
  GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->theirs));
  char buffer[4096];

  (void) g_socket_send (socket, (const char *) data, length, NULL, NULL);
  fuzz_stream_run ();
  while (g_socket_receive (socket, buffer, sizeof buffer, NULL, NULL) > 0)
    ;
}

static inline void
fuzz_stream_close (FuzzStream *self)
{
  g_io_stream_close (self->theirs, NULL, NULL);
  g_clear_object (&self->theirs);
  fuzz_stream_run ();
}
