/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-address-private.h"

#include "core/imp-error.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/un.h>

#define PATH_MAX_LENGTH (sizeof (((struct sockaddr_un *) 0)->sun_path) - 1)

static ImpAddress *
address_new (ImpAddressKind kind, const char *host, gsize length)
{
  ImpAddress *self = g_new0 (ImpAddress, 1);

  self->kind = kind;
  self->host = g_strndup (host, length);
  self->fd = -1;
  return self;
}

ImpAddress *
imp_address_copy (const ImpAddress *self)
{
  ImpAddress *copy = address_new (self->kind, self->host, strlen (self->host));

  copy->port = self->port;
  copy->tls = self->tls;
  copy->fd = self->fd;
  return copy;
}

void
imp_address_free (ImpAddress *self)
{
  g_free (self->host);
  g_free (self);
}

static ImpAddress *
address_refuse (GError **error, const char *text, const char *why)
{
  g_autofree char *shown = g_strescape (text, NULL);

  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "The address \"%s\" %s; an address is /PATH, ./PATH, @NAME, HOST:PORT or "
               "[IPV6]:PORT, the last two with or without tls:// in front",
               shown, why);
  return NULL;
}

static ImpAddress *
address_parse_unix (const char *text, ImpAddressKind kind, const char *name, GError **error)
{
  if (*name == '\0')
    return address_refuse (error, text, "lacks a name");
  if (strlen (name) > PATH_MAX_LENGTH - (kind == IMP_ADDRESS_ABSTRACT))
    {
      g_autofree char *why = g_strdup_printf (
        "is too long: a unix socket's name has at most %" G_GSIZE_FORMAT " bytes",
        PATH_MAX_LENGTH - (kind == IMP_ADDRESS_ABSTRACT));

      return address_refuse (error, text, why);
    }
  return address_new (kind, name, strlen (name));
}

/* Other programs write "unix:/PATH" and "tcp://HOST:PORT". As a path that would be one in a folder
 * that hardly anybody has; who does writes "./" before it. */
static gboolean
address_has_scheme (const char *text)
{
  const char *colon = text
                      + strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789+.-");

  return g_ascii_isalpha (text[0]) && colon[0] == ':'
         && (strchr (colon, '/') != NULL || g_ascii_strncasecmp (text, "unix:", 5) == 0
             || g_ascii_strncasecmp (text, "tcp:", 4) == 0
             || g_ascii_strncasecmp (text, "tls:", 4) == 0);
}

static ImpAddress *
address_refuse_scheme (const char *text, GError **error)
{
  g_autofree char *scheme = g_ascii_strdown (text, strchr (text, ':') - text);
  const char *rest = text + strlen (scheme) + 1;
  g_autofree char *shown = NULL, *why = NULL;

  if (g_str_equal (scheme, "unix"))
    {
      while (g_str_has_prefix (rest, "//"))
        rest++;
      shown = g_strconcat (strchr (rest, '/') == NULL ? "./" : "", rest, NULL);
    }
  else if (g_str_equal (scheme, "tcp"))
    shown = g_strdup (rest + strspn (rest, "/"));
  else if (g_str_equal (scheme, "tls"))
    shown = g_strconcat (IMP_ADDRESS_TLS_PREFIX, rest + strspn (rest, "/"), NULL);
  if (shown != NULL)
    why = g_strdup_printf ("has \"%s:\" in front: write \"%s\"", scheme, shown);
  else
    why = g_strdup_printf ("has \"%s:\" in front, which no address has (a path may begin with "
                           "\"./\")",
                           scheme);
  return address_refuse (error, text, why);
}

/* @text: the whole, for errors; @rest: without what stands in front. */
static ImpAddress *
address_parse_fd (const char *text, const char *rest, GError **error)
{
  guint64 number;
  ImpAddress *self;

  if (!g_ascii_string_to_unsigned (rest + strlen ("fd:"), 10, 0, G_MAXINT, &number, NULL))
    return address_refuse (error, text, "needs a descriptor's number behind \"fd:\"");
  self = address_new (IMP_ADDRESS_FD, rest, strlen (rest));
  self->fd = (int) number;
  return self;
}

/* A host may be called so as well: what follows is a port then. */
static gboolean
address_is_systemd (const char *text)
{
  const char *name = text + strlen ("systemd");

  return g_str_has_prefix (text, "systemd")
         && (*name == '\0'
             || (name[0] == ':' && name[1] != '\0' && strchr (name + 1, ':') == NULL
                 && strspn (name + 1, "0123456789") < strlen (name + 1)));
}

static gboolean
address_is_inherited (const char *text)
{
  return g_str_has_prefix (text, "fd:") || address_is_systemd (text);
}

static ImpAddress *
address_parse_inherited (const char *text, const char *rest, GError **error)
{
  if (address_is_systemd (rest))
    return address_new (IMP_ADDRESS_SYSTEMD, rest, strlen (rest));
  return address_parse_fd (text, rest, error);
}

/* The same as a host would be written: whoever means a host of that name gives it its dot. */
static ImpAddress *
address_refuse_ambiguous (const char *text, const char *rest, GError **error)
{
  const char *colon = strchr (rest, ':');
  g_autofree char *socket = g_strconcat (IMP_ADDRESS_TLS_INHERITED_PREFIX, rest, NULL);
  g_autofree char *host = g_strdup_printf (IMP_ADDRESS_TLS_PREFIX "%.*s.%s",
                                           (int) (colon != NULL ? (gsize) (colon - rest)
                                                                : strlen (rest)),
                                           rest, colon != NULL ? colon : ":PORT");
  g_autofree char *why = g_strdup_printf ("is not clear: write \"%s\" for a socket that is handed "
                                          "over, or \"%s\" for a host",
                                          socket, host);

  return address_refuse (error, text, why);
}

/* @text: the whole, for errors; @rest: without what stands in front. */
static ImpAddress *
address_parse_tcp (const char *text, const char *rest, GError **error)
{
  const char *colon = strrchr (rest, ':');
  guint64 port;
  ImpAddress *self;

  if (colon == NULL || colon == rest)
    return address_refuse (error, text, "is no address");
  if (!g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    return address_refuse (error, text, "needs a port from 0 to 65535 behind the colon");

  if (rest[0] == '[')
    {
      if (colon[-1] != ']' || colon - rest < 3)
        return address_refuse (error, text, "lacks a closing bracket before the colon");
      self = address_new (IMP_ADDRESS_TCP, rest + 1, colon - rest - 2);
      if (!g_hostname_is_ip_address (self->host) || strchr (self->host, ':') == NULL)
        {
          imp_address_free (self);
          return address_refuse (error, text, "has no IPv6 address in its brackets");
        }
    }
  else
    {
      if (memchr (rest, ':', colon - rest) != NULL)
        return address_refuse (error, text, "has several colons; IPv6 needs brackets");
      for (const char *c = rest; c < colon; c++)
        if (!g_ascii_isalnum (*c) && strchr (".-_", *c) == NULL)
          return address_refuse (error, text, "has a character that no host name has");
      self = address_new (IMP_ADDRESS_TCP, rest, colon - rest);
    }
  self->port = (guint16) port;
  return self;
}

static ImpAddress *
address_parse_tls (const char *text, GError **error)
{
  const char *rest = text + strlen (IMP_ADDRESS_TLS_PREFIX);
  ImpAddress *self;

  if (address_is_inherited (rest))
    return address_refuse_ambiguous (text, rest, error);
  self = address_parse_tcp (text, rest, error);
  if (self != NULL)
    self->tls = TRUE;
  return self;
}

static ImpAddress *
address_parse_tls_inherited (const char *text, GError **error)
{
  ImpAddress *self
    = address_parse_inherited (text, text + strlen (IMP_ADDRESS_TLS_INHERITED_PREFIX), error);

  if (self != NULL)
    self->tls = TRUE;
  return self;
}

static gboolean
address_has_prefix (const char *text, const char *prefix)
{
  return g_ascii_strncasecmp (text, prefix, strlen (prefix)) == 0;
}

ImpAddress *
imp_address_parse (const char *text, GError **error)
{
  if (!g_utf8_validate (text, -1, NULL))
    return address_refuse (error, text, "is not UTF-8");
  /* It is shown in lines. */
  for (const char *c = text; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      return address_refuse (error, text, "has a control character");
  if (text[0] == '@')
    return address_parse_unix (text, IMP_ADDRESS_ABSTRACT, text + 1, error);
  if (address_has_prefix (text, IMP_ADDRESS_TLS_PREFIX))
    return address_parse_tls (text, error);
  if (address_has_prefix (text, IMP_ADDRESS_TLS_INHERITED_PREFIX)
      && address_is_inherited (text + strlen (IMP_ADDRESS_TLS_INHERITED_PREFIX)))
    return address_parse_tls_inherited (text, error);
  if (address_has_scheme (text))
    return address_refuse_scheme (text, error);
  if (strchr (text, '/') != NULL)
    return address_parse_unix (text, IMP_ADDRESS_PATH, text, error);
  if (address_is_inherited (text))
    return address_parse_inherited (text, text, error);
  return address_parse_tcp (text, text, error);
}

gboolean
imp_address_refuse_tls (const ImpAddress *self, const char *text, GError **error)
{
  if (self->tls)
    address_refuse (error, text,
                    "is one with TLS, which is for servers of analyzers and their clients: this "
                    "passes on what comes as it is");
  return !self->tls;
}

GSocketConnectable *
imp_address_to_connectable (const ImpAddress *self, GError **error)
{
  g_autofree char *text = NULL;

  switch (self->kind)
    {
    case IMP_ADDRESS_PATH:
      return G_SOCKET_CONNECTABLE (g_unix_socket_address_new (self->host));
    case IMP_ADDRESS_ABSTRACT:
      return G_SOCKET_CONNECTABLE (
        g_unix_socket_address_new_with_type (self->host, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT));
    case IMP_ADDRESS_TCP:
      return g_network_address_new (self->host, self->port);
    case IMP_ADDRESS_FD:
    case IMP_ADDRESS_SYSTEMD:
      break;
    }
  text = imp_address_to_text (self);
  address_refuse (error, text, "is for listening only");
  return NULL;
}

char *
imp_address_to_text (const ImpAddress *self)
{
  gboolean v6;

  switch (self->kind)
    {
    case IMP_ADDRESS_PATH:
      return g_strdup (self->host);
    case IMP_ADDRESS_ABSTRACT:
      return g_strconcat ("@", self->host, NULL);
    case IMP_ADDRESS_TCP:
      v6 = strchr (self->host, ':') != NULL;
      return g_strdup_printf ("%s%s%s%s:%u", self->tls ? IMP_ADDRESS_TLS_PREFIX : "", v6 ? "[" : "",
                              self->host, v6 ? "]" : "", self->port);
    case IMP_ADDRESS_FD:
    case IMP_ADDRESS_SYSTEMD:
      break;
    }
  return g_strconcat (self->tls ? IMP_ADDRESS_TLS_INHERITED_PREFIX : "", self->host, NULL);
}

char *
imp_address_of_socket (GSocketAddress *address)
{
  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    {
      GUnixSocketAddress *unix_address = G_UNIX_SOCKET_ADDRESS (address);
      GUnixSocketAddressType type = g_unix_socket_address_get_address_type (unix_address);
      const char *prefix = type == G_UNIX_SOCKET_ADDRESS_ABSTRACT ? "@" : "";

      if (type == G_UNIX_SOCKET_ADDRESS_ANONYMOUS)
        return g_strdup ("unix");
      return g_strconcat (prefix, g_unix_socket_address_get_path (unix_address), NULL);
    }

  if (G_IS_INET_SOCKET_ADDRESS (address))
    {
      GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
      GInetAddress *ip = g_inet_socket_address_get_address (inet);
      g_autofree char *host = g_inet_address_to_string (ip);
      gboolean v6 = g_inet_address_get_family (ip) == G_SOCKET_FAMILY_IPV6;

      return g_strdup_printf ("%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
                              g_inet_socket_address_get_port (inet));
    }
  return g_strdup ("unknown");
}
