/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-socket-private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define KEEPALIVE_PROBES 3
#define KEEPALIVE_SECONDS_MAX 32767 /* the kernel's */

void
imp_socket_take_urgent_inline (GSocket *socket)
{
  /* A socket that refuses has no urgent bytes. */
  g_socket_set_option (socket, SOL_SOCKET, SO_OOBINLINE, 1, NULL);
}

void
imp_socket_set_keepalive (GSocket *socket, guint milliseconds)
{
  guint seconds = CLAMP (milliseconds / 1000, 1, KEEPALIVE_SECONDS_MAX);

  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return;
  g_socket_set_keepalive (socket, milliseconds > 0);
  /* Where one of these cannot be set the system's own times hold. */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, seconds, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, MAX (1, seconds / KEEPALIVE_PROBES),
                       NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES, NULL);
}
