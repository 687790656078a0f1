/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-refusal.h"

#include <sys/socket.h>

ImpRequestOutcome
relay_refusal_judge (const GError *error)
{
  if (error->domain == G_RESOLVER_ERROR)
    return IMP_REQUEST_NO_HOST;
  if (error->domain == IMP_ERROR)
    return error->code == IMP_ERROR_DENIED    ? IMP_REQUEST_DENIED
           : error->code == IMP_ERROR_TIMEOUT ? IMP_REQUEST_TIMED_OUT
                                              : IMP_REQUEST_FAILED;
  if (error->domain != G_IO_ERROR)
    return IMP_REQUEST_FAILED;
  switch (error->code)
    {
    case G_IO_ERROR_CONNECTION_REFUSED:
      return IMP_REQUEST_REFUSED;
    case G_IO_ERROR_NETWORK_UNREACHABLE:
      return IMP_REQUEST_NO_NETWORK;
    case G_IO_ERROR_HOST_UNREACHABLE:
    case G_IO_ERROR_HOST_NOT_FOUND:
      return IMP_REQUEST_NO_HOST;
    case G_IO_ERROR_TIMED_OUT:
      return IMP_REQUEST_TIMED_OUT;
    default:
      return IMP_REQUEST_FAILED;
    }
}

ImpLogKind
relay_refusal_get_kind (const GError *error)
{
  return g_error_matches (error, IMP_ERROR, IMP_ERROR_DENIED) ? IMP_LOG_CONNECTION_REFUSED
                                                              : IMP_LOG_CONNECTION_FAILED;
}

/* A regular end would say that the server had nothing to answer. */
void
relay_refusal_reset (GSocketConnection *client)
{
  struct linger linger = { .l_onoff = TRUE, .l_linger = 0 };
  GSocket *socket = g_socket_connection_get_socket (client);

  if (G_IS_TCP_CONNECTION (client))
    setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  g_io_stream_close (G_IO_STREAM (client), NULL, NULL);
}
