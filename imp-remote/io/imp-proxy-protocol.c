/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-proxy-protocol-private.h"

#include "core/imp-error.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

/* Version 1 is a line, with its end no longer than this. */
#define LINE_MAX_LENGTH 107
#define LINE_PREFIX "PROXY "

static const guint8 signature[12] = "\r\n\r\n\0\r\nQUIT\n";

/* Version 2: the second byte of each field is what follows the signature. */
#define FIXED_LENGTH (sizeof signature + 4)
#define COMMAND_LOCAL 0x20
#define COMMAND_PROXY 0x21
#define FAMILY_UNSPECIFIED 0x00
#define FAMILY_TCP4 0x11
#define FAMILY_TCP6 0x21
#define FAMILY_UNIX_STREAM 0x31
#define UNIX_PATH_LENGTH 108
#define TLV_AUTHORITY 0x02
#define TLV_CRC32C 0x03
#define NAME_MAX_LENGTH 255

static ImpDecodeStatus proxy_header_refuse (GError **error, const char *format, ...)
  G_GNUC_PRINTF (2, 3);

static ImpDecodeStatus
proxy_header_refuse (GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "The PROXY header %s", what);
  return IMP_DECODE_BAD;
}

void
imp_proxy_header_clear (ImpProxyHeader *header)
{
  g_clear_object (&header->source);
  g_clear_object (&header->destination);
  g_clear_pointer (&header->name, g_free);
}

/* ---- version 1 ---- */

static GSocketAddress *
proxy_header_parse_address (const char *ip, const char *port, GSocketFamily family)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (ip);
  guint64 number;

  if (address == NULL || g_inet_address_get_family (address) != family)
    return NULL;
  if (!g_ascii_string_to_unsigned (port, 10, 0, G_MAXUINT16, &number, NULL)
      || (port[0] == '0' && port[1] != '\0'))
    return NULL;
  return g_inet_socket_address_new (address, (guint16) number);
}

/* @line: without its end. */
static ImpDecodeStatus
proxy_header_parse_line (const char *line, ImpProxyHeader *header, GError **error)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 8);
  GSocketFamily family = G_SOCKET_FAMILY_IPV4;

  /* What follows that is not to be looked at. */
  if (g_strcmp0 (words[1], "UNKNOWN") == 0)
    return IMP_DECODE_DONE;
  if (g_strcmp0 (words[1], "TCP6") == 0)
    family = G_SOCKET_FAMILY_IPV6;
  else if (g_strcmp0 (words[1], "TCP4") != 0)
    return proxy_header_refuse (error, "has none of TCP4, TCP6 and UNKNOWN: \"%s\"", line);
  if (g_strv_length (words) == 6)
    {
      header->source = proxy_header_parse_address (words[2], words[4], family);
      header->destination = proxy_header_parse_address (words[3], words[5], family);
    }
  if (header->source != NULL && header->destination != NULL)
    return IMP_DECODE_DONE;
  imp_proxy_header_clear (header);
  return proxy_header_refuse (error, "does not have two addresses and two ports: \"%s\"", line);
}

static ImpDecodeStatus
proxy_header_decode_line (const guint8 *data, gsize length, ImpProxyHeader *header, gsize *used,
                          GError **error)
{
  gsize seen = MIN (length, LINE_MAX_LENGTH);
  const guint8 *end = memchr (data, '\r', seen);
  gsize line_length = end != NULL ? (gsize) (end - data) : seen;
  g_autofree char *line = NULL;

  for (gsize i = 0; i < line_length; i++)
    if (!g_ascii_isprint (data[i]))
      return proxy_header_refuse (error, "has the byte 0x%02x in its line", data[i]);
  if (line_length + 2 > LINE_MAX_LENGTH)
    return proxy_header_refuse (error, "is longer than %d bytes", LINE_MAX_LENGTH);
  if (line_length + 2 > length)
    return IMP_DECODE_MORE;
  if (end[1] != '\n')
    return proxy_header_refuse (error, "has the byte 0x%02x behind its CR", end[1]);
  line = g_strndup ((const char *) data, line_length);
  *used = line_length + 2;
  return proxy_header_parse_line (line, header, error);
}

/* ---- version 2 ---- */

static guint32
proxy_header_crc32c (guint32 crc, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      crc ^= data[i];
      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
  return crc;
}

/* The sum was made with 0 in its own place. */
static gboolean
proxy_header_is_sum_right (const guint8 *data, gsize length, const guint8 *place)
{
  static const guint8 zero[4] = { 0 };
  gsize before = place - data, behind = before + sizeof zero;
  guint32 crc = proxy_header_crc32c (~0u, data, before), wanted;

  crc = proxy_header_crc32c (crc, zero, sizeof zero);
  crc = ~proxy_header_crc32c (crc, data + behind, length - behind);
  memcpy (&wanted, place, sizeof wanted);
  return GUINT32_FROM_BE (wanted) == crc;
}

static gboolean
proxy_header_is_text (const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (data[i]))
      return FALSE;
  return TRUE;
}

/* @whole: the header from its beginning. */
static ImpDecodeStatus
proxy_header_decode_extras (ImpCursor *extras, const ImpCursor *whole, ImpProxyHeader *header,
                            GError **error)
{
  while (imp_cursor_left (extras) > 0)
    {
      const guint8 *value;
      guint16 length;
      guint8 type;

      if (!imp_cursor_u8 (extras, &type) || !imp_cursor_u16_be (extras, &length)
          || (value = imp_cursor_take (extras, length)) == NULL)
        return proxy_header_refuse (error, "has a field that is longer than the header");
      if (type == TLV_CRC32C
          && (length != sizeof (guint32)
              || !proxy_header_is_sum_right (whole->data, whole->length, value)))
        return proxy_header_refuse (error, "has a wrong checksum");
      if (type != TLV_AUTHORITY)
        continue;
      if (length == 0 || length > NAME_MAX_LENGTH || !proxy_header_is_text (value, length))
        return proxy_header_refuse (error, "has an authority of %u bytes that is no name", length);
      g_free (header->name);
      header->name = g_strndup ((const char *) value, length);
    }
  return IMP_DECODE_DONE;
}

static GSocketAddress *
proxy_header_take_ip (const guint8 *ip, const guint8 *port, GSocketFamily family)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (ip, family);

  return g_inet_socket_address_new (address, port[0] << 8 | port[1]);
}

static gboolean
proxy_header_take_ips (ImpCursor *body, GSocketFamily family, ImpProxyHeader *header)
{
  gsize size = family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;
  const guint8 *data = imp_cursor_take (body, 2 * size + 4);

  if (data == NULL)
    return FALSE;
  header->source = proxy_header_take_ip (data, data + 2 * size, family);
  header->destination = proxy_header_take_ip (data + size, data + 2 * size + 2, family);
  return TRUE;
}

/* NULL if it is none that can be shown. */
static GSocketAddress *
proxy_header_take_path (const guint8 *data)
{
  gboolean is_abstract = data[0] == '\0' && data[1] != '\0';
  const char *path = (const char *) data + is_abstract;
  gsize length = strnlen (path, UNIX_PATH_LENGTH - is_abstract);
  GUnixSocketAddressType type = is_abstract ? G_UNIX_SOCKET_ADDRESS_ABSTRACT
                                            : G_UNIX_SOCKET_ADDRESS_PATH;

  if (!proxy_header_is_text ((const guint8 *) path, length))
    return NULL;
  return g_unix_socket_address_new_with_type (path, (int) length,
                                              length == 0 ? G_UNIX_SOCKET_ADDRESS_ANONYMOUS : type);
}

static gboolean
proxy_header_take_paths (ImpCursor *body, ImpProxyHeader *header)
{
  const guint8 *data = imp_cursor_take (body, 2 * UNIX_PATH_LENGTH);

  if (data == NULL)
    return FALSE;
  header->source = proxy_header_take_path (data);
  header->destination = proxy_header_take_path (data + UNIX_PATH_LENGTH);
  return header->source != NULL && header->destination != NULL;
}

static ImpDecodeStatus
proxy_header_decode_body (guint8 command, guint8 family, ImpCursor *body, const ImpCursor *whole,
                          ImpProxyHeader *header, GError **error)
{
  gboolean whole_addresses = TRUE;

  /* The proxy's own connection, as to see who is alive; what follows is not to be looked at. */
  if (command == COMMAND_LOCAL)
    return IMP_DECODE_DONE;
  if (family == FAMILY_TCP4)
    whole_addresses = proxy_header_take_ips (body, G_SOCKET_FAMILY_IPV4, header);
  else if (family == FAMILY_TCP6)
    whole_addresses = proxy_header_take_ips (body, G_SOCKET_FAMILY_IPV6, header);
  else if (family == FAMILY_UNIX_STREAM)
    whole_addresses = proxy_header_take_paths (body, header);
  else if (family != FAMILY_UNSPECIFIED)
    return proxy_header_refuse (error, "has the family 0x%02x, which is no stream's", family);
  if (!whole_addresses)
    return proxy_header_refuse (error, "of family 0x%02x lacks its addresses", family);
  return proxy_header_decode_extras (body, whole, header, error);
}

static ImpDecodeStatus
proxy_header_decode_binary (const guint8 *data, gsize length, ImpProxyHeader *header, gsize *used,
                            GError **error)
{
  ImpCursor cursor = { .data = data, .length = length, .position = sizeof signature }, body, whole;
  guint8 command, family;
  guint16 size;

  if (!imp_cursor_u8 (&cursor, &command))
    return IMP_DECODE_MORE;
  if (command != COMMAND_LOCAL && command != COMMAND_PROXY)
    return proxy_header_refuse (error, "has the version and command 0x%02x", command);
  if (!imp_cursor_u8 (&cursor, &family) || !imp_cursor_u16_be (&cursor, &size))
    return IMP_DECODE_MORE;
  if (size > IMP_PROXY_HEADER_MAX - FIXED_LENGTH)
    return proxy_header_refuse (error, "is %u bytes long; the limit is %d",
                                size + (guint) FIXED_LENGTH, IMP_PROXY_HEADER_MAX);
  if (!imp_cursor_take_cursor (&cursor, size, &body))
    return IMP_DECODE_MORE;
  *used = FIXED_LENGTH + size;
  whole = (ImpCursor){ .data = data, .length = *used };
  if (proxy_header_decode_body (command, family, &body, &whole, header, error) == IMP_DECODE_DONE)
    return IMP_DECODE_DONE;
  imp_proxy_header_clear (header);
  return IMP_DECODE_BAD;
}

static gboolean
proxy_header_begins_with (const guint8 *data, gsize length, const void *prefix, gsize prefix_length)
{
  return memcmp (data, prefix, MIN (length, prefix_length)) == 0;
}

ImpDecodeStatus
imp_proxy_header_decode (const guint8 *data, gsize length, ImpProxyHeader *header, gsize *used,
                         GError **error)
{
  *header = (ImpProxyHeader){ 0 };
  *used = 0;
  if (length == 0)
    return IMP_DECODE_MORE;
  if (proxy_header_begins_with (data, length, LINE_PREFIX, strlen (LINE_PREFIX)))
    return proxy_header_decode_line (data, length, header, used, error);
  if (!proxy_header_begins_with (data, length, signature, sizeof signature))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "No PROXY header comes first: the connection begins with the byte 0x%02x",
                   data[0]);
      return IMP_DECODE_BAD;
    }
  if (length < sizeof signature)
    return IMP_DECODE_MORE;
  return proxy_header_decode_binary (data, length, header, used, error);
}

/* ---- encoding ---- */

/* Of both addresses the family that can say them: IPv4 can be said in IPv6. */
static GSocketFamily
proxy_header_get_family (GSocketAddress *source, GSocketAddress *destination)
{
  if (!G_IS_INET_SOCKET_ADDRESS (source) || !G_IS_INET_SOCKET_ADDRESS (destination))
    return G_SOCKET_FAMILY_INVALID;
  return g_socket_address_get_family (source) == G_SOCKET_FAMILY_IPV4
             && g_socket_address_get_family (destination) == G_SOCKET_FAMILY_IPV4
           ? G_SOCKET_FAMILY_IPV4
           : G_SOCKET_FAMILY_IPV6;
}

static GInetAddress *
proxy_header_map (GSocketAddress *address, GSocketFamily family)
{
  guint8 mapped[16] = { [10] = 0xff, [11] = 0xff };
  GInetAddress *ip = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));

  if (g_inet_address_get_family (ip) == family)
    return g_object_ref (ip);
  memcpy (mapped + 12, g_inet_address_to_bytes (ip), 4);
  return g_inet_address_new_from_bytes (mapped, family);
}

static GBytes *
proxy_header_encode_line (GInetAddress *source, guint16 source_port, GInetAddress *destination,
                          guint16 destination_port, GSocketFamily family)
{
  g_autofree char *from = g_inet_address_to_string (source);
  g_autofree char *to = g_inet_address_to_string (destination);
  char *line = g_strdup_printf (LINE_PREFIX "%s %s %s %u %u\r\n",
                                family == G_SOCKET_FAMILY_IPV4 ? "TCP4" : "TCP6", from, to,
                                source_port, destination_port);

  return g_bytes_new_take (line, strlen (line));
}

static void
proxy_header_append_u16 (GByteArray *array, guint16 value)
{
  guint16 raw = GUINT16_TO_BE (value);

  g_byte_array_append (array, (const guint8 *) &raw, sizeof raw);
}

/* A header for @size bytes of addresses. */
static GByteArray *
proxy_header_begin (guint8 family, guint16 size)
{
  GByteArray *array = g_byte_array_new ();
  const guint8 what[] = { COMMAND_PROXY, family };

  g_byte_array_append (array, signature, sizeof signature);
  g_byte_array_append (array, what, sizeof what);
  proxy_header_append_u16 (array, size);
  return array;
}

static GBytes *
proxy_header_encode_binary (GInetAddress *source, guint16 source_port, GInetAddress *destination,
                            guint16 destination_port, GSocketFamily family)
{
  gsize size = g_inet_address_get_native_size (source);
  GByteArray *array
    = proxy_header_begin (family == G_SOCKET_FAMILY_IPV4 ? FAMILY_TCP4 : FAMILY_TCP6, 2 * size + 4);

  g_byte_array_append (array, g_inet_address_to_bytes (source), size);
  g_byte_array_append (array, g_inet_address_to_bytes (destination), size);
  proxy_header_append_u16 (array, source_port);
  proxy_header_append_u16 (array, destination_port);
  return g_byte_array_free_to_bytes (array);
}

GBytes *
imp_proxy_header_encode (guint version, GSocketAddress *source, GSocketAddress *destination)
{
  GSocketFamily family = proxy_header_get_family (source, destination);
  g_autoptr (GInetAddress) from = NULL, to = NULL;
  guint16 from_port, to_port;

  g_assert (version == 1 || version == 2);
  if (family == G_SOCKET_FAMILY_INVALID && version == 1)
    return g_bytes_new_static (LINE_PREFIX "UNKNOWN\r\n", strlen (LINE_PREFIX "UNKNOWN\r\n"));
  if (family == G_SOCKET_FAMILY_INVALID)
    return g_byte_array_free_to_bytes (proxy_header_begin (FAMILY_UNSPECIFIED, 0));
  from = proxy_header_map (source, family);
  to = proxy_header_map (destination, family);
  from_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (source));
  to_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (destination));
  return version == 1 ? proxy_header_encode_line (from, from_port, to, to_port, family)
                      : proxy_header_encode_binary (from, from_port, to, to_port, family);
}
