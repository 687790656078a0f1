/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-streams.h"

#include <fcntl.h>
#include <gio/gunixfdmessage.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Takes what the other end says, whatever that is. */
static inline void
fuzz_stream_listen (FuzzStream *self)
{
  GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->theirs));
  char buffer[4096];

  while (g_socket_receive (socket, buffer, sizeof buffer, NULL, NULL) > 0)
    ;
}

/* Says something, and lets the other end act. */
static inline void
fuzz_stream_exchange (FuzzStream *self, const guint8 *data, gsize length)
{
  GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->theirs));

  (void) g_socket_send (socket, (const char *) data, length, NULL, NULL);
  fuzz_stream_run ();
  fuzz_stream_listen (self);
}

/* The same with a descriptor, or several. */
static inline void
fuzz_stream_exchange_descriptor (FuzzStream *self, const guint8 *data, gsize length, int fd,
                                 guint times)
{
  GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->theirs));
  GUnixFDList *list = g_unix_fd_list_new ();
  GSocketControlMessage *message;
  GOutputVector vector = { data, length };

  for (guint i = 0; i < times; i++)
    g_assert_cmpint (g_unix_fd_list_append (list, fd, NULL), >=, 0);
  message = g_unix_fd_message_new_with_fd_list (list);
  (void) g_socket_send_message (socket, NULL, &vector, 1, &message, 1, 0, NULL, NULL);
  g_object_unref (message);
  g_object_unref (list);
  fuzz_stream_run ();
  fuzz_stream_listen (self);
}

/* Memory to share: of @size bytes, where each byte is another one. */
static inline int
fuzz_memory_new (gsize size, int seals)
{
  int fd = memfd_create ("imp-fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  guint8 *memory;

  g_assert_true (fd >= 0 && ftruncate (fd, size) == 0);
  memory = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  g_assert_true (memory != MAP_FAILED);
  for (gsize i = 0; i < size; i++)
    memory[i] = i;
  munmap (memory, size);
  g_assert_true (seals == 0 || fcntl (fd, F_ADD_SEALS, seals) == 0);
  return fd;
}

/* The next descriptor that will be opened: the same again if none stays open. */
static inline int
fuzz_next_descriptor (void)
{
  int fd = dup (0);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
  return fd;
}

static inline void
fuzz_stream_close (FuzzStream *self)
{
  g_io_stream_close (self->theirs, NULL, NULL);
  g_clear_object (&self->theirs);
  fuzz_stream_run ();
}
