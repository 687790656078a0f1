/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-request-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"

#include <string.h>

/* That of a domain name, in text. */
#define HOST_MAX_LENGTH 253
#define LABEL_MAX_LENGTH 63

void
imp_request_clear (ImpRequest *self)
{
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->reply, g_bytes_unref);
}

static gboolean
request_is_name_byte (char byte)
{
  return g_ascii_isalnum (byte) || (byte != '\0' && strchr ("-_", byte) != NULL);
}

gboolean
imp_request_is_name (const char *host, gsize length)
{
  gsize label = 0;

  if (length == 0 || length > HOST_MAX_LENGTH || host[0] == '-')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      /* Only the whole name may end in a dot. */
      if (host[i] == '.' && label > 0)
        label = 0;
      else if (!request_is_name_byte (host[i]) || ++label > LABEL_MAX_LENGTH)
        return FALSE;
    }
  return TRUE;
}

/* g_hostname_is_ip_address() takes anything behind a "%", which nobody may pass on. This takes the
 * zones that there are. */
static gboolean
request_is_ip (const char *text, guint16 port)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (text, port);

  return address != NULL;
}

gboolean
imp_request_set_target (ImpRequest *self, const char *host, gsize length, guint16 port,
                        GError **error)
{
  g_autofree char *text = g_strndup (host, length);
  g_autofree char *shown = NULL;

  if (strlen (text) == length && port != 0
      && (imp_request_is_name (text, length) || request_is_ip (text, port)))
    {
      g_free (self->host);
      self->host = g_steal_pointer (&text);
      self->port = port;
      return TRUE;
    }
  shown = imp_clean_text (host, length, 0);
  if (port == 0)
    g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "The client asks for port 0 of \"%s\"",
                 shown);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                 "The client asks for \"%s\", which is neither a name nor an IP address", shown);
  return FALSE;
}
