/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* One end of a unix socket pair, at which the test says lines byte by byte, and sends descriptors.
 * What is at the other end is served in turns, from the default main context. */
typedef struct
{
  int fd;         /* -1 after the end */
  int descriptor; /* the last that has come, or -1 */
  guint n_descriptors;
  guint n_refused; /* messages whose descriptors the kernel did not send */
  gboolean ended;
  GString *heard;
} RawSocket;

/* @other: the other end. */
RawSocket *raw_socket_new (GIOStream **other);
void raw_socket_free (RawSocket *self);
/* No more is said, nor heard. */
void raw_socket_hang_up (RawSocket *self);

/* @text with @n copies of @descriptor, or without, if the other end refuses them. */
void raw_socket_send (RawSocket *self, const char *text, int descriptor, guint n);
/* The same with a newline. */
void raw_socket_say (RawSocket *self, const char *text, int descriptor, guint n);
/* Runs until this is heard, so often. */
void raw_socket_expect (RawSocket *self, const char *text, guint times);
void raw_socket_expect_end (RawSocket *self);

/* Memory with these seals, of so many bytes, without holes. */
int raw_memory_new (gsize size, int seals);
#define RAW_MEMORY_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

/* What this process has open, once it has closed what others have sent, and mapped of memory to be
 * shared. */
guint raw_count_descriptors (void);
guint raw_count_maps (void);
