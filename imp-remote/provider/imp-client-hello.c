/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-client-hello-private.h"

#include "provider/imp-request-private.h"

/* RFC 8446, and RFC 6066 for the name. */
#define RECORD_HANDSHAKE 22
#define RECORD_MAX_LENGTH 16384
#define HANDSHAKE_CLIENT_HELLO 1
#define RANDOM_LENGTH 32
#define SESSION_ID_MAX_LENGTH 32
#define EXTENSION_SERVER_NAME 0
#define NAME_TYPE_HOST 0

/* The lengths of vectors: of one byte, or of two. */
static gboolean
client_hello_take_vector8 (ImpCursor *cursor, ImpCursor *vector)
{
  guint8 length;

  return imp_cursor_u8 (cursor, &length) && imp_cursor_take_cursor (cursor, length, vector);
}

static gboolean
client_hello_take_vector16 (ImpCursor *cursor, ImpCursor *vector)
{
  guint16 length;

  return imp_cursor_u16_be (cursor, &length) && imp_cursor_take_cursor (cursor, length, vector);
}

/* One name, of a host; there has never been another type. */
static gboolean
client_hello_parse_names (ImpCursor *extension, char **name)
{
  ImpCursor list, host;
  const char *text;
  guint8 type;

  if (*name != NULL || !client_hello_take_vector16 (extension, &list)
      || imp_cursor_left (extension) > 0 || !imp_cursor_u8 (&list, &type) || type != NAME_TYPE_HOST
      || !client_hello_take_vector16 (&list, &host) || imp_cursor_left (&list) > 0)
    return FALSE;
  text = (const char *) imp_cursor_here (&host);
  if (!imp_request_is_name (text, imp_cursor_left (&host)))
    return FALSE;
  *name = g_strndup (text, imp_cursor_left (&host));
  return TRUE;
}

static gboolean
client_hello_parse_extensions (ImpCursor *extensions, char **name)
{
  while (imp_cursor_left (extensions) > 0)
    {
      ImpCursor extension;
      guint16 type;

      if (!imp_cursor_u16_be (extensions, &type)
          || !client_hello_take_vector16 (extensions, &extension))
        return FALSE;
      if (type == EXTENSION_SERVER_NAME && !client_hello_parse_names (&extension, name))
        return FALSE;
    }
  return TRUE;
}

static gboolean
client_hello_parse (ImpCursor *hello, char **name)
{
  ImpCursor session, suites, compression, extensions;
  guint16 version;

  if (!imp_cursor_u16_be (hello, &version) || version >> 8 != 3
      || !imp_cursor_skip (hello, RANDOM_LENGTH) || !client_hello_take_vector8 (hello, &session)
      || imp_cursor_left (&session) > SESSION_ID_MAX_LENGTH
      || !client_hello_take_vector16 (hello, &suites) || imp_cursor_left (&suites) < 2
      || !client_hello_take_vector8 (hello, &compression) || imp_cursor_left (&compression) < 1)
    return FALSE;
  /* Old ones end here. */
  if (imp_cursor_left (hello) == 0)
    return TRUE;
  return client_hello_take_vector16 (hello, &extensions) && imp_cursor_left (hello) == 0
         && client_hello_parse_extensions (&extensions, name);
}

/* The beginning of a handshake may be cut into records anywhere, and OpenSSL takes empty ones. Adds
 * what there is of the next one; MORE if nothing can follow yet. */
static ImpDecodeStatus
client_hello_take_record (ImpCursor *cursor, GByteArray *handshake)
{
  guint8 type, major, minor;
  guint16 length;
  gsize n;

  if (!imp_cursor_u8 (cursor, &type))
    return IMP_DECODE_MORE;
  if (type != RECORD_HANDSHAKE)
    return IMP_DECODE_BAD;
  if (!imp_cursor_u8 (cursor, &major))
    return IMP_DECODE_MORE;
  if (major != 3)
    return IMP_DECODE_BAD;
  if (!imp_cursor_u8 (cursor, &minor) || !imp_cursor_u16_be (cursor, &length))
    return IMP_DECODE_MORE;
  if (length > RECORD_MAX_LENGTH)
    return IMP_DECODE_BAD;
  n = MIN (length, imp_cursor_left (cursor));
  g_byte_array_append (handshake, imp_cursor_take (cursor, n), n);
  return n == length ? IMP_DECODE_DONE : IMP_DECODE_MORE;
}

/* Of what has been gathered: is it whole? */
static ImpDecodeStatus
client_hello_decode_handshake (const GByteArray *handshake, char **name)
{
  ImpCursor cursor = { .data = handshake->data, .length = handshake->len }, hello;
  guint8 type, high;
  guint16 low;

  if (!imp_cursor_u8 (&cursor, &type))
    return IMP_DECODE_MORE;
  if (type != HANDSHAKE_CLIENT_HELLO)
    return IMP_DECODE_BAD;
  if (!imp_cursor_u8 (&cursor, &high) || !imp_cursor_u16_be (&cursor, &low))
    return IMP_DECODE_MORE;
  if ((gsize) (high << 16 | low) > IMP_CLIENT_HELLO_MAX)
    return IMP_DECODE_BAD;
  if (!imp_cursor_take_cursor (&cursor, high << 16 | low, &hello))
    return IMP_DECODE_MORE;
  if (client_hello_parse (&hello, name))
    return IMP_DECODE_DONE;
  g_clear_pointer (name, g_free);
  return IMP_DECODE_BAD;
}

ImpDecodeStatus
imp_client_hello_decode (const guint8 *data, gsize length, char **name)
{
  ImpCursor cursor = { .data = data, .length = MIN (length, IMP_CLIENT_HELLO_MAX) };
  g_autoptr (GByteArray) handshake = g_byte_array_new ();
  ImpDecodeStatus record, status;

  *name = NULL;
  do
    {
      record = client_hello_take_record (&cursor, handshake);
      if (record == IMP_DECODE_BAD)
        return IMP_DECODE_BAD;
      status = client_hello_decode_handshake (handshake, name);
    }
  while (record == IMP_DECODE_DONE && status == IMP_DECODE_MORE);
  if (status == IMP_DECODE_MORE && length >= IMP_CLIENT_HELLO_MAX)
    return IMP_DECODE_BAD;
  return status;
}
