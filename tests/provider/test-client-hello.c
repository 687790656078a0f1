/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The beginning of TLS: the name in it, however it is cut, and what is none. What real programs
 * send is tested with the tool. */
#include "provider/imp-client-hello-private.h"
#include "test-guard.h"

#include <string.h>

static void
append_u16 (GByteArray *array, guint value)
{
  const guint8 raw[] = { value >> 8, value };

  g_byte_array_append (array, raw, sizeof raw);
}

/* A handshake; @extensions: NULL for one that has none. */
static GByteArray *
make_handshake (const void *extensions, gsize length)
{
  GByteArray *hello = g_byte_array_new (), *whole = g_byte_array_new ();
  guint8 random[34] = { 3, 3, [33] = 0xfe };

  g_byte_array_append (hello, random, sizeof random);
  g_byte_array_append (hello, (const guint8 *) "\x01\x77", 2);
  g_byte_array_append (hello, (const guint8 *) "\x00\x04\x13\x01\x13\x02", 6);
  g_byte_array_append (hello, (const guint8 *) "\x01\x00", 2);
  if (extensions != NULL)
    {
      append_u16 (hello, length);
      g_byte_array_append (hello, extensions, length);
    }
  g_byte_array_append (whole, (const guint8 *) "\x01\x00", 2);
  append_u16 (whole, hello->len);
  g_byte_array_append (whole, hello->data, hello->len);
  g_byte_array_unref (hello);
  return whole;
}

/* In records of at most @size bytes; small ones have empty ones between them. */
static GByteArray *
make_records (GByteArray *handshake, gsize size)
{
  GByteArray *records = g_byte_array_new ();

  for (gsize at = 0; at < handshake->len; at += size)
    {
      gsize n = MIN (size, handshake->len - at);

      if (size < 10)
        g_byte_array_append (records, (const guint8 *) "\x16\x03\x01\0\0", 5);
      g_byte_array_append (records, (const guint8 *) "\x16\x03\x01", 3);
      append_u16 (records, n);
      g_byte_array_append (records, handshake->data + at, n);
    }
  g_byte_array_unref (handshake);
  return records;
}

static ImpDecodeStatus
decode (TestGuard *guard, const guint8 *data, gsize length, char **name)
{
  return imp_client_hello_decode (test_guard_put (guard, data, length), length, name);
}

/* Nothing but the whole is a hello. */
static void
check_whole (const void *extensions, gsize length, gsize record_size, const char *wanted)
{
  g_autoptr (TestGuard) guard = test_guard_new (64 * 1024);
  g_autoptr (GByteArray) records = make_records (make_handshake (extensions, length), record_size);

  for (gsize n = 0; n <= records->len; n++)
    {
      g_autofree char *name = NULL;

      g_assert_cmpint (decode (guard, records->data, n, &name), ==,
                       n < records->len ? IMP_DECODE_MORE : IMP_DECODE_DONE);
      g_assert_cmpstr (name, ==, n < records->len ? NULL : wanted);
    }
  /* Whatever comes behind it. */
  {
    g_autofree char *name = NULL;

    g_byte_array_append (records, (const guint8 *) "\x17more", 5);
    g_assert_cmpint (decode (guard, records->data, records->len, &name), ==, IMP_DECODE_DONE);
    g_assert_cmpstr (name, ==, wanted);
  }
}

#define NAME_EXTENSION                                                                             \
  "\0\0\0\x10\0\x0e\0\0\x0b"                                                                       \
  "example.org"

static void
test_names (void)
{
  static const gsize sizes[] = { 16384, 40, 3, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      check_whole (NAME_EXTENSION, 20, sizes[i], "example.org");
      check_whole ("\0\x2b\0\x03\x02\x03\x04" NAME_EXTENSION "\0\x17\0\0", 31, sizes[i],
                   "example.org");
      check_whole ("\0\x2b\0\x03\x02\x03\x04", 7, sizes[i], NULL);
      check_whole (NULL, 0, sizes[i], NULL);
    }
}

static void
check_bad (const void *extensions, gsize length)
{
  g_autoptr (GByteArray) records = make_records (make_handshake (extensions, length), 16384);
  g_autofree char *name = NULL;

  g_assert_cmpint (imp_client_hello_decode (records->data, records->len, &name), ==,
                   IMP_DECODE_BAD);
  g_assert_null (name);
}

static void
test_bad_names (void)
{
  check_bad ("\0\0\0\x10\0\x0e\0\0\x0b"
             "exam\0le.org",
             20); /* a 0 in it */
  check_bad ("\0\0\0\x10\0\x0e\0\0\x0b"
             "exam le.org",
             20);
  check_bad ("\0\0\0\x10\0\x0e\1\0\x0b"
             "example.org",
             20); /* of another type */
  check_bad ("\0\0\0\x10\0\x0f\0\0\x0b"
             "example.org",
             20); /* a list that is too long */
  check_bad ("\0\0\0\x10\0\x0e\0\0\x0c"
             "example.org",
             20);
  check_bad ("\0\0\0\x10\0\x0d\0\0\x0a"
             "example.org",
             20);                          /* something behind it */
  check_bad ("\0\0\0\x05\0\x03\0\0\0", 9); /* no name */
  check_bad ("\0\0\0\0", 4);
  check_bad (NAME_EXTENSION NAME_EXTENSION, 40);
  check_bad (NAME_EXTENSION "\0", 21);
  check_bad ("\0\x17\0\x01", 4);
}

static void
check_bytes (const void *bytes, gsize length, ImpDecodeStatus status)
{
  g_autoptr (TestGuard) guard = test_guard_new (64 * 1024);
  g_autofree char *name = NULL;

  g_assert_cmpint (decode (guard, bytes, length, &name), ==, status);
  g_assert_null (name);
}

/* What is something else is known from its first bytes. */
static void
test_other_protocols (void)
{
  check_bytes ("", 0, IMP_DECODE_MORE);
  check_bytes ("G", 1, IMP_DECODE_BAD);
  check_bytes ("SSH-2.0-", 8, IMP_DECODE_BAD);
  check_bytes ("\x80\x2e\x01", 3, IMP_DECODE_BAD); /* SSL 2 */
  check_bytes ("\x16", 1, IMP_DECODE_MORE);
  check_bytes ("\x16\x02", 2, IMP_DECODE_BAD);
  check_bytes ("\x16\x03\x01\x00\x00", 5, IMP_DECODE_MORE);    /* an empty record */
  check_bytes ("\x16\x03\x01\x40\x01", 5, IMP_DECODE_BAD);     /* one that is too long */
  check_bytes ("\x16\x03\x01\x00\x01\x02", 6, IMP_DECODE_BAD); /* a server's hello */
  check_bytes ("\x16\x03\x01\x00\x01\x01\x15", 7, IMP_DECODE_BAD);
  check_bytes ("\x16\x03\x01\x00\x04\x01\x00\x40\x01", 9, IMP_DECODE_BAD); /* too long */
}

static void
test_limit (void)
{
  g_autofree guint8 *data = g_malloc0 (IMP_CLIENT_HELLO_MAX);

  memcpy (data, "\x16\x03\x01\x40\x00\x01\x00\x3f\xff", 9);
  check_bytes (data, IMP_CLIENT_HELLO_MAX - 1, IMP_DECODE_MORE);
  check_bytes (data, IMP_CLIENT_HELLO_MAX, IMP_DECODE_BAD);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client-hello/names", test_names);
  g_test_add_func ("/client-hello/bad-names", test_bad_names);
  g_test_add_func ("/client-hello/other-protocols", test_other_protocols);
  g_test_add_func ("/client-hello/limit", test_limit);
  return g_test_run ();
}
