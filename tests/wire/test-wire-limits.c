/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/imp-wire-private.h"

/* Each limit of the specification: what just fits is taken, one more is refused by name. */

static GBytes *
line (const char *begin, const char *middle, guint n, const char *end)
{
  g_autoptr (GString) text = g_string_new (begin);

  for (guint i = 0; i < n; i++)
    g_string_append (text, middle);
  g_string_append (text, end);
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

static GBytes *
frame (const char *begin, gsize begin_length, const char *middle, gsize middle_length, guint n)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint32 length = GUINT32_TO_BE ((guint32) (begin_length + n * middle_length));

  g_byte_array_append (bytes, (const guint8 *) "\x5a", 1);
  g_byte_array_append (bytes, (const guint8 *) &length, sizeof length);
  g_byte_array_append (bytes, (const guint8 *) begin, begin_length);
  for (guint i = 0; i < n; i++)
    g_byte_array_append (bytes, (const guint8 *) middle, middle_length);
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

#define FRAME(begin, middle, n) frame (begin, sizeof (begin) - 1, middle, sizeof (middle) - 1, n)

/* Takes the bytes. Without @word they must be read. */
static void
check (const ImpWire *wire, const ImpWireLimits *limits, GBytes *bytes, const char *word,
       gboolean goes_on)
{
  g_autoptr (GBytes) owned = bytes;
  ImpMessage decoded = IMP_MESSAGE_INIT;
  g_autoptr (GError) error = NULL;
  ImpCursor cursor;
  gsize need;

  imp_cursor_init_bytes (&cursor, owned);
  g_assert_cmpint (wire->decode (&cursor, limits, &decoded, &need, &error), ==,
                   word == NULL ? IMP_DECODE_DONE : IMP_DECODE_BAD);
  if (word == NULL)
    {
      g_assert_no_error (error);
    }
  else
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
      g_assert_nonnull (strstr (error->message, word));
    }
  g_assert_cmpuint (cursor.position, ==, goes_on ? g_bytes_get_size (owned) : 0);
  imp_message_clear (&decoded);
}

static void
test_json_depth (void)
{
  static const char *const opens[] = { "[", "{\"a\":" }, *const closes[] = { "]", "}" };
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  limits.max_depth = 7;
  for (guint more = 0; more < 2; more++)
    {
      const char *word = more == 0 ? NULL : "max-depth";

      for (guint i = 0; i < G_N_ELEMENTS (opens); i++)
        {
          g_autoptr (GBytes) opened = line ("{\"op\":\"ping\",\"x\":", opens[i], 6 + more, "1");
          g_autoptr (GBytes) closed = line ("", closes[i], 6 + more, "}\n");
          g_autoptr (GByteArray) whole = g_byte_array_new ();

          g_byte_array_append (whole, g_bytes_get_data (opened, NULL), g_bytes_get_size (opened));
          g_byte_array_append (whole, g_bytes_get_data (closed, NULL), g_bytes_get_size (closed));
          check (&imp_wire_json, &limits, g_byte_array_free_to_bytes (g_steal_pointer (&whole)),
                 word, TRUE);
        }
    }
}

static void
test_cbor_depth (void)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  limits.max_depth = 7;
  for (guint n = 5; n <= 7; n++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      g_autoptr (GBytes) framed = NULL;

      g_byte_array_append (bytes, (const guint8 *) "\x83\x19\x40\x08\x01", 5);
      for (guint i = 0; i < n; i++)
        g_byte_array_append (bytes, (const guint8 *) "\x81", 1);
      g_byte_array_append (bytes, (const guint8 *) "\x00", 1);
      framed = frame ((const char *) bytes->data, bytes->len, "", 0, 0);
      check (&imp_wire_cbor, &limits, g_steal_pointer (&framed), n < 7 ? NULL : "max-depth", TRUE);
    }
}

static void
test_interfaces (void)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  check (&imp_wire_json, &limits,
         line ("{\"op\":\"get_interface\",\"interfaces\":[{}", ",{}", 1023, "]}\n"), NULL, TRUE);
  check (&imp_wire_json, &limits,
         line ("{\"op\":\"get_interface\",\"interfaces\":[{}", ",{}", 1024, "]}\n"),
         "1024 interfaces", TRUE);
  check (&imp_wire_cbor, &limits, FRAME ("\x82\x19\x40\x01\x99\x04\x00", "\x80", 1024), NULL, TRUE);
  check (&imp_wire_cbor, &limits, FRAME ("\x82\x19\x40\x01\x99\x04\x01", "\x80", 1025),
         "1024 interfaces", TRUE);
}

static void
test_features (void)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  check (&imp_wire_json, &limits,
         line ("{\"op\":\"set_version\",\"version\":2,\"features\":[\"\"", ",\"\"", 63, "]}\n"),
         NULL, TRUE);
  check (&imp_wire_json, &limits,
         line ("{\"op\":\"set_version\",\"version\":2,\"features\":[\"\"", ",\"\"", 64, "]}\n"),
         "64 features", TRUE);
  check (&imp_wire_cbor, &limits, FRAME ("\x85\x19\x40\x06\x02\x01\xa0\x98\x40", "\x60", 64), NULL,
         TRUE);
  check (&imp_wire_cbor, &limits, FRAME ("\x85\x19\x40\x06\x02\x01\xa0\x98\x41", "\x60", 65),
         "64 features", TRUE);
}

/* A multitude of empty keys and values counts too, in each of the maps. */
static void
test_empty_pairs (void)
{
  const char *context = "{\"op\":\"new_analyzer\",\"id\":1,\"context\":{\"\":\"\"";
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  limits.max_context = 20;
  check (&imp_wire_cbor, &limits, FRAME ("\x83\x19\x40\x03\x01\xaa", "\x60\x60", 10), NULL, TRUE);
  check (&imp_wire_cbor, &limits, FRAME ("\x83\x19\x40\x03\x01\xab", "\x60\x60", 11), "max-context",
         TRUE);
  check (&imp_wire_cbor, &limits,
         FRAME ("\x86\x19\x41\x03\x01\x19\x11\x00\x00\x60\xab", "\x60\x60", 11), "max-context",
         TRUE);
  check (&imp_wire_cbor, &limits, FRAME ("\x84\x19\x40\x06\x02\x01\xab", "\x60\x00", 11),
         "max-context", TRUE);
  check (&imp_wire_json, &limits, line (context, ",\"\":\"\"", 9, "}}\n"), NULL, TRUE);
  check (&imp_wire_json, &limits, line (context, ",\"\":\"\"", 10, "}}\n"), "max-context", TRUE);
}

static void
test_blanks (void)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;

  check (&imp_wire_json, &limits, line ("", "\n", 4096, "{\"op\":\"ping\"}\n"), NULL, TRUE);
  check (&imp_wire_json, &limits, line ("", "\n", 4097, "{\"op\":\"ping\"}\n"), "blank", FALSE);
  check (&imp_wire_json, &limits, line ("", " \t\r\n", 2000, "{\"op\":\"ping\"}\n"), "blank",
         FALSE);
}

/* A line without an end is refused as soon as it is too long, not when its end comes. */
static void
test_endless_line (void)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  g_autoptr (GBytes) endless = line ("{\"op\":\"", "x", 993, "");
  ImpMessage decoded = IMP_MESSAGE_INIT;
  ImpCursor cursor;
  gsize need;

  limits.max_message = 1000;
  imp_cursor_init_bytes (&cursor, endless);
  cursor.length = 999;
  g_assert_cmpint (imp_wire_json.decode (&cursor, &limits, &decoded, &need, NULL), ==,
                   IMP_DECODE_MORE);
  check (&imp_wire_json, &limits, g_steal_pointer (&endless), "max-message", FALSE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/json-depth", test_json_depth);
  g_test_add_func ("/limits/cbor-depth", test_cbor_depth);
  g_test_add_func ("/limits/interfaces", test_interfaces);
  g_test_add_func ("/limits/features", test_features);
  g_test_add_func ("/limits/empty-pairs", test_empty_pairs);
  g_test_add_func ("/limits/blanks", test_blanks);
  g_test_add_func ("/limits/endless-line", test_endless_line);
  return g_test_run ();
}
