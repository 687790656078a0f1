/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the limit reads from and writes to: a socket, or OpenSSL over one. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* With IMP_BENCH_TLS in the environment, the connection begins with a handshake: its folder has the
 * certificates. It blocks until that is done. */
void limit_stream_begin (int fd, bool is_server);
/* As recv() and sendmsg(). */
ssize_t limit_stream_read (int fd, void *buffer, size_t length);
ssize_t limit_stream_write (int fd, const struct msghdr *message);
