/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "provider/imp-request-private.h"

#include <string.h>

#define COMMAND_CONNECT 1

/* Version 4 (and 4a): numbers of its own. */
#define V4_GRANTED 90
#define V4_REJECTED 91
#define V4_FIXED_LENGTH 8
#define V4_TEXT_MAX 255

/* Version 5, RFC 1928. */
#define V5_NO_AUTHENTICATION 0x00
#define V5_NO_METHOD 0xff
#define V5_ADDRESS_IPV4 1
#define V5_ADDRESS_NAME 3
#define V5_ADDRESS_IPV6 4

enum
{
  V5_GRANTED = 0,
  V5_FAILED = 1,
  V5_NOT_ALLOWED = 2,
  V5_NO_NETWORK = 3,
  V5_NO_HOST = 4,
  V5_REFUSED = 5,
  V5_EXPIRED = 6,
  V5_COMMAND_UNSUPPORTED = 7,
  V5_ADDRESS_UNSUPPORTED = 8,
};

static ImpDecodeStatus socks_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static ImpDecodeStatus
socks_refuse (GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "The SOCKS client %s", what);
  return IMP_DECODE_BAD;
}

static void
socks_set_reply (ImpRequest *self, const guint8 *data, gsize length)
{
  g_clear_pointer (&self->reply, g_bytes_unref);
  self->reply = g_bytes_new (data, length);
}

/* ---- answers ---- */

static GBytes *
socks_answer_v4 (guint8 code)
{
  const guint8 answer[V4_FIXED_LENGTH] = { 0, code };

  return g_bytes_new (answer, sizeof answer);
}

/* With the address at which the server sees the client, or none. */
static GBytes *
socks_answer_v5 (guint8 code, GSocketAddress *local)
{
  static const guint8 nothing[4] = { 0 };
  GByteArray *answer = g_byte_array_new ();
  guint8 head[4] = { 5, code, 0, V5_ADDRESS_IPV4 };
  const guint8 *ip = nothing;
  gsize size = sizeof nothing;
  guint16 port = 0;

  if (G_IS_INET_SOCKET_ADDRESS (local))
    {
      GInetAddress *address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local));

      ip = g_inet_address_to_bytes (address);
      size = g_inet_address_get_native_size (address);
      port = GUINT16_TO_BE (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)));
      head[3] = size == sizeof nothing ? V5_ADDRESS_IPV4 : V5_ADDRESS_IPV6;
    }
  g_byte_array_append (answer, head, sizeof head);
  g_byte_array_append (answer, ip, size);
  g_byte_array_append (answer, (const guint8 *) &port, sizeof port);
  return g_byte_array_free_to_bytes (answer);
}

static guint8
socks_get_v5_code (ImpRequestOutcome outcome)
{
  switch (outcome)
    {
    case IMP_REQUEST_GRANTED:
      return V5_GRANTED;
    case IMP_REQUEST_DENIED:
      return V5_NOT_ALLOWED;
    case IMP_REQUEST_NO_NETWORK:
      return V5_NO_NETWORK;
    case IMP_REQUEST_NO_HOST:
      return V5_NO_HOST;
    case IMP_REQUEST_REFUSED:
      return V5_REFUSED;
    /* No code is for this one; the nearest says that time ran out on the way. */
    case IMP_REQUEST_TIMED_OUT:
      return V5_EXPIRED;
    case IMP_REQUEST_FAILED:
    default:
      return V5_FAILED;
    }
}

static GBytes *
socks_answer (const ImpRequest *self, ImpRequestOutcome outcome, const char *reason,
              GSocketAddress *local)
{
  /* Who has not said its version, or not been greeted, does not wait for this. */
  if (self->version == 0 || (self->version == 5 && !self->greeted))
    return g_bytes_new (NULL, 0);
  if (self->version == 4)
    return socks_answer_v4 (outcome == IMP_REQUEST_GRANTED ? V4_GRANTED : V4_REJECTED);
  return socks_answer_v5 (socks_get_v5_code (outcome),
                          outcome == IMP_REQUEST_GRANTED ? local : NULL);
}

/* ---- version 4 ---- */

/* A text that ends in 0: DONE with its length, or what else there is to say. */
static ImpDecodeStatus
socks_take_text (ImpCursor *cursor, const char *what, const guint8 **text, gsize *length,
                 GError **error)
{
  gsize left = imp_cursor_left (cursor);
  const guint8 *end;

  *text = imp_cursor_here (cursor);
  end = memchr (*text, '\0', MIN (left, V4_TEXT_MAX + 1));
  if (end == NULL && left > V4_TEXT_MAX)
    return socks_refuse (error, "sends a %s of more than %d bytes", what, V4_TEXT_MAX);
  if (end == NULL)
    return IMP_DECODE_MORE;
  *length = end - *text;
  return imp_cursor_skip (cursor, *length + 1) ? IMP_DECODE_DONE : IMP_DECODE_MORE;
}

/* 0.0.0.x, where x is not 0, says that a name follows. */
static gboolean
socks_is_name_mark (const guint8 *ip)
{
  return ip[0] == 0 && ip[1] == 0 && ip[2] == 0 && ip[3] != 0;
}

static ImpDecodeStatus
socks_decode_v4_target (ImpRequest *self, ImpCursor *cursor, const guint8 *ip, guint16 port,
                        GError **error)
{
  g_autofree char *text = g_strdup_printf ("%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
  const guint8 *user, *name = (const guint8 *) text;
  gsize length, name_length = strlen (text);
  ImpDecodeStatus status = socks_take_text (cursor, "user", &user, &length, error);

  if (status == IMP_DECODE_DONE && socks_is_name_mark (ip))
    status = socks_take_text (cursor, "name", &name, &name_length, error);
  if (status != IMP_DECODE_DONE)
    return status;
  return imp_request_set_target (self, (const char *) name, name_length, port, error)
           ? IMP_DECODE_DONE
           : IMP_DECODE_BAD;
}

static ImpDecodeStatus
socks_decode_v4 (ImpRequest *self, const guint8 *data, gsize length, gsize *used, GError **error)
{
  ImpCursor cursor = { .data = data, .length = length, .position = 1 };
  ImpDecodeStatus status;
  const guint8 *ip;
  guint8 command;
  guint16 port;

  if (!imp_cursor_u8 (&cursor, &command) || !imp_cursor_u16_be (&cursor, &port)
      || (ip = imp_cursor_take (&cursor, 4)) == NULL)
    return IMP_DECODE_MORE;
  status = socks_decode_v4_target (self, &cursor, ip, port, error);
  if (status == IMP_DECODE_DONE && command != COMMAND_CONNECT)
    status = socks_refuse (error, "wants the command %u, not CONNECT", command);
  if (status == IMP_DECODE_BAD)
    self->reply = socks_answer_v4 (V4_REJECTED);
  if (status == IMP_DECODE_DONE)
    *used = cursor.position;
  return status;
}

/* ---- version 5 ---- */

static ImpDecodeStatus
socks_decode_greeting (ImpRequest *self, const guint8 *data, gsize length, gsize *used,
                       GError **error)
{
  static const guint8 accepted[] = { 5, V5_NO_AUTHENTICATION }, none[] = { 5, V5_NO_METHOD };
  ImpCursor cursor = { .data = data, .length = length, .position = 1 };
  const guint8 *methods;
  guint8 n;

  if (!imp_cursor_u8 (&cursor, &n) || (methods = imp_cursor_take (&cursor, n)) == NULL)
    return IMP_DECODE_MORE;
  *used = cursor.position;
  if (n > 0 && memchr (methods, V5_NO_AUTHENTICATION, n) != NULL)
    {
      self->greeted = TRUE;
      socks_set_reply (self, accepted, sizeof accepted);
      return IMP_DECODE_MORE;
    }
  socks_set_reply (self, none, sizeof none);
  if (n == 0)
    return socks_refuse (error, "offers no method of authentication");
  return socks_refuse (error, "insists on authentication (method 0x%02x)", methods[0]);
}

static ImpDecodeStatus
socks_fail_v5 (ImpRequest *self, guint8 code)
{
  g_clear_pointer (&self->reply, g_bytes_unref);
  self->reply = socks_answer_v5 (code, NULL);
  return IMP_DECODE_BAD;
}

/* The address as text; DONE, MORE, or BAD without an error: the type is not known. */
static ImpDecodeStatus
socks_take_v5_address (ImpCursor *cursor, guint8 type, GString *text)
{
  g_autoptr (GInetAddress) ip = NULL;
  g_autofree char *ip_text = NULL;
  const guint8 *data;
  guint8 length;

  switch (type)
    {
    case V5_ADDRESS_NAME:
      if (!imp_cursor_u8 (cursor, &length) || (data = imp_cursor_take (cursor, length)) == NULL)
        return IMP_DECODE_MORE;
      g_string_append_len (text, (const char *) data, length);
      return IMP_DECODE_DONE;
    case V5_ADDRESS_IPV4:
      if ((data = imp_cursor_take (cursor, 4)) == NULL)
        return IMP_DECODE_MORE;
      ip = g_inet_address_new_from_bytes (data, G_SOCKET_FAMILY_IPV4);
      break;
    case V5_ADDRESS_IPV6:
      if ((data = imp_cursor_take (cursor, 16)) == NULL)
        return IMP_DECODE_MORE;
      ip = g_inet_address_new_from_bytes (data, G_SOCKET_FAMILY_IPV6);
      break;
    default:
      return IMP_DECODE_BAD;
    }
  ip_text = g_inet_address_to_string (ip);
  g_string_append (text, ip_text);
  return IMP_DECODE_DONE;
}

/* @cursor: behind the type of the address. */
static ImpDecodeStatus
socks_decode_v5_target (ImpRequest *self, ImpCursor *cursor, guint8 command, guint8 type,
                        GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  ImpDecodeStatus status = socks_take_v5_address (cursor, type, text);
  guint16 port;

  if (status == IMP_DECODE_BAD)
    {
      socks_refuse (error, "sends an address of the type %u", type);
      return socks_fail_v5 (self, V5_ADDRESS_UNSUPPORTED);
    }
  if (status == IMP_DECODE_MORE || !imp_cursor_u16_be (cursor, &port))
    return IMP_DECODE_MORE;
  if (command != COMMAND_CONNECT)
    {
      socks_refuse (error, "wants the command %u, not CONNECT", command);
      return socks_fail_v5 (self, V5_COMMAND_UNSUPPORTED);
    }
  if (!imp_request_set_target (self, text->str, text->len, port, error))
    return socks_fail_v5 (self, V5_FAILED);
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
socks_decode_v5 (ImpRequest *self, const guint8 *data, gsize length, gsize *used, GError **error)
{
  ImpCursor cursor = { .data = data, .length = length, .position = 1 };
  ImpDecodeStatus status;
  guint8 command, reserved, type;

  if (!imp_cursor_u8 (&cursor, &command) || !imp_cursor_u8 (&cursor, &reserved)
      || !imp_cursor_u8 (&cursor, &type))
    return IMP_DECODE_MORE;
  if (reserved != 0)
    {
      socks_refuse (error, "sends 0x%02x in a reserved place", reserved);
      return socks_fail_v5 (self, V5_FAILED);
    }
  status = socks_decode_v5_target (self, &cursor, command, type, error);
  if (status == IMP_DECODE_DONE)
    *used = cursor.position;
  return status;
}

static ImpDecodeStatus
socks_decode (ImpRequest *self, const guint8 *data, gsize length, gsize *used, GError **error)
{
  *used = 0;
  if (length == 0)
    return IMP_DECODE_MORE;
  if (data[0] != 5 && (data[0] != 4 || self->greeted))
    return socks_refuse (error, "says version %u, not 4 or 5", data[0]);
  self->version = data[0];
  if (self->version == 4)
    return socks_decode_v4 (self, data, length, used, error);
  if (!self->greeted)
    return socks_decode_greeting (self, data, length, used, error);
  return socks_decode_v5 (self, data, length, used, error);
}

/* The longest are a user and a name of version 4a. */
const ImpRequestProtocol imp_request_socks = {
  .name = "SOCKS",
  .max_length = V4_FIXED_LENGTH + 2 * (V4_TEXT_MAX + 1),
  .decode = socks_decode,
  .answer = socks_answer,
};
