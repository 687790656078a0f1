/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "slow-descriptor.h"

#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int
slow_descriptor_new (int *other)
{
  static const char zeros[65536];
  const struct linger linger = { .l_onoff = 1, .l_linger = SLOW_DESCRIPTOR_SECONDS };
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, length), ==, 0);
  g_assert_cmpint (listen (listener, 1), ==, 0);
  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &address, &length), ==, 0);
  fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, length), ==, 0);
  *other = accept (listener, NULL, NULL);
  g_assert_cmpint (*other, >=, 0);
  close (listener);
  while (send (fd, zeros, sizeof zeros, MSG_DONTWAIT) > 0)
    ;
  /* Only from a call that may block is the close one that does. */
  g_assert_cmpint (fcntl (fd, F_SETFL, 0), ==, 0);
  g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), ==, 0);
  return fd;
}
