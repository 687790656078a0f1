/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-message-log-private.h"

#include "core/imp-log-private.h"

/* For all of the library, not for a room of it. */
#define DOMAIN "Imp"

char *
imp_message_log_name (GIOStream *stream, int fd)
{
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *text = NULL;

  if (g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, DOMAIN)
      && g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN))
    return NULL;
  if (G_IS_SOCKET_CONNECTION (stream))
    address = g_socket_connection_get_remote_address (G_SOCKET_CONNECTION (stream), NULL);
  if (address == NULL)
    return g_strdup_printf ("%s %p", G_OBJECT_TYPE_NAME (stream), stream);
  text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
  return g_strdup_printf ("%s (fd %d)", text, fd);
}

void
imp_message_log_state (const char *name, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  if (name == NULL)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  imp_log_debug ("%s: %s", name, text);
}

void
imp_message_log (const char *name, const char *what, const ImpMessage *message)
{
  g_autofree char *text = imp_message_to_string ((ImpMessage *) message);

  imp_log (DOMAIN, G_LOG_LEVEL_DEBUG, "%s: %s %s", name, what, text);
}

void
imp_message_log_malformed (const char *name, const GError *error)
{
  imp_log (DOMAIN, G_LOG_LEVEL_DEBUG, "%s: got a malformed message: %s", name, error->message);
}
