/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-original.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* Of linux/netfilter_ipv4.h and its twin for IPv6, which do not go with netinet/in.h. */
#define ORIGINAL_DESTINATION 80

static GSocketAddress *
relay_original_ask (GSocket *client, int level)
{
  struct sockaddr_storage address;
  socklen_t length = sizeof address;

  if (getsockopt (g_socket_get_fd (client), level, ORIGINAL_DESTINATION, &address, &length) != 0)
    return NULL;
  return g_socket_address_new_from_native (&address, length);
}

GSocketAddress *
relay_original_destination (GSocket *client, GError **error)
{
  GSocketAddress *address = NULL;

  if (g_socket_get_family (client) == G_SOCKET_FAMILY_UNIX)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           "At a unix socket no client has been redirected (--transparent)");
      return NULL;
    }
  if (g_socket_get_family (client) == G_SOCKET_FAMILY_IPV6)
    address = relay_original_ask (client, SOL_IPV6);
  /* A socket of IPv6 may have a client of IPv4. */
  if (address == NULL)
    address = relay_original_ask (client, SOL_IP);
  return address != NULL ? address : g_socket_get_local_address (client, error);
}
