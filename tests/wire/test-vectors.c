/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "test-heads.h"
#include "test-messages.h"
#include "wire/imp-wire-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The cases that lie in tests/vectors, where every implementation can read them. */

static JsonArray *
load_cases (JsonParser *parser, const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", name, NULL);
  g_autoptr (GError) error = NULL;
  JsonArray *cases;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  cases = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)),
                                        "cases");
  g_assert_cmpuint (json_array_get_length (cases), >, 40);
  return cases;
}

static GBytes *
from_hex (const char *hex)
{
  gsize length = strlen (hex) / 2;
  guint8 *data = g_malloc (length + 1);

  g_assert_cmpuint (strlen (hex) % 2, ==, 0);
  for (gsize i = 0; i < length; i++)
    {
      g_assert_true (g_ascii_isxdigit (hex[2 * i]) && g_ascii_isxdigit (hex[2 * i + 1]));
      data[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
    }
  return g_bytes_new_take (data, length);
}

static char *
to_hex (GBytes *bytes)
{
  GString *hex = g_string_new (NULL);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (hex, "%02x", data[i]);
  return g_string_free (hex, FALSE);
}

static GBytes *
line_of (const char *text)
{
  char *line = g_strconcat (text, "\n", NULL);

  return g_bytes_new_take (line, strlen (line));
}

static ImpMessage *
decode (const ImpWire *wire, GBytes *bytes, const char *name)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpMessage decoded = IMP_MESSAGE_INIT;
  g_autoptr (GError) error = NULL;
  ImpCursor cursor;
  gsize need;

  g_test_message ("%s of \"%s\"", wire->name, name);
  imp_cursor_init_bytes (&cursor, bytes);
  wire->decode (&cursor, &limits, &decoded, &need, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (cursor.position, ==, g_bytes_get_size (bytes));
  test_heads_agree (wire, cursor.data, cursor.length, &limits);
  return imp_message_steal (&decoded);
}

static void
check_same (const ImpWire *wire, GBytes *bytes, ImpMessage *expected, const char *name)
{
  g_autoptr (ImpMessage) message = decode (wire, bytes, name);

  if (imp_message_equal (message, expected))
    return;
  g_test_message ("got %s", imp_message_to_string (message));
  g_test_message ("not %s", imp_message_to_string (expected));
  g_test_fail ();
}

static void
check_message (JsonObject *row)
{
  const char *name = json_object_get_string_member (row, "name");
  const char *line = json_object_get_string_member (row, "json");
  const char *hex = json_object_get_string_member (row, "cbor");
  guint version = json_object_get_int_member_with_default (row, "version", 2);
  g_autoptr (GBytes) json = line_of (line);
  g_autoptr (GBytes) cbor = from_hex (hex);
  g_autoptr (ImpMessage) message = decode (&imp_wire_json, json, name);
  g_autoptr (GBytes) json_again = test_encode (&imp_wire_json, version, message);
  g_autoptr (GBytes) cbor_again = test_encode (&imp_wire_cbor, version, message);
  g_autofree char *hex_again = to_hex (cbor_again);
  g_autofree char *text_again = g_strndup (g_bytes_get_data (json_again, NULL),
                                           g_bytes_get_size (json_again) - 1);

  check_same (&imp_wire_cbor, cbor, message, name);
  g_assert_cmpstr (text_again, ==, line);
  g_assert_cmpstr (hex_again, ==, hex);
}

static void
check_alternatives (JsonObject *row)
{
  const char *name = json_object_get_string_member (row, "name");
  g_autoptr (GBytes) cbor = from_hex (json_object_get_string_member (row, "cbor"));
  g_autoptr (ImpMessage) message = decode (&imp_wire_cbor, cbor, name);
  const char *members[] = { "json_also", "cbor_also" };

  for (guint m = 0; m < G_N_ELEMENTS (members); m++)
    {
      JsonArray *others = NULL;

      if (json_object_has_member (row, members[m]))
        others = json_object_get_array_member (row, members[m]);
      for (guint i = 0; others != NULL && i < json_array_get_length (others); i++)
        {
          const char *text = json_array_get_string_element (others, i);
          g_autoptr (GBytes) bytes = m == 0 ? line_of (text) : from_hex (text);

          check_same (m == 0 ? &imp_wire_json : &imp_wire_cbor, bytes, message, text);
        }
    }
}

static void
test_messages (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *cases = load_cases (parser, "messages.json");

  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      check_message (json_array_get_object_element (cases, i));
      check_alternatives (json_array_get_object_element (cases, i));
    }
}

static GBytes *
bytes_of (JsonObject *row)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GByteArray) line = NULL;

  if (json_object_has_member (row, "line"))
    return line_of (json_object_get_string_member (row, "line"));
  bytes = from_hex (json_object_get_string_member (row, "hex"));
  return g_bytes_ref (bytes);
}

static int
code_of (const char *nick)
{
  g_autoptr (GEnumClass) codes = g_type_class_ref (IMP_TYPE_ERROR);
  GEnumValue *value = g_enum_get_value_by_nick (codes, nick);

  g_assert_nonnull (value);
  return value->value;
}

static void
check_bad (const ImpWire *wire, JsonObject *row, GBytes *bytes)
{
  const char *word = json_object_get_string_member (row, "word");
  gboolean goes_on = json_object_get_boolean_member (row, "goes_on");
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpMessage decoded = IMP_MESSAGE_INIT;
  g_autoptr (GError) error = NULL;
  ImpCursor cursor;
  gsize need;

  g_test_message ("bad %s: %s", wire->name, json_object_get_string_member (row, "name"));
  imp_cursor_init_bytes (&cursor, bytes);
  g_assert_cmpint (wire->decode (&cursor, &limits, &decoded, &need, &error), ==, IMP_DECODE_BAD);
  g_assert_error (error, IMP_ERROR, code_of (json_object_get_string_member (row, "error")));
  if (strstr (error->message, word) == NULL)
    {
      g_test_message ("\"%s\" lacks %s", error->message, word);
      g_test_fail ();
    }
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  for (const char *p = error->message; *p != '\0'; p++)
    g_assert_false (g_ascii_iscntrl (*p));
  g_assert_cmpuint (cursor.position, ==, goes_on ? g_bytes_get_size (bytes) : 0);
  g_assert_false (test_heads_agree (wire, cursor.data, cursor.length, &limits));
  imp_message_clear (&decoded);
}

/* With a line's end behind bytes that are given as such, where the format has one. */
static void
test_bad (gconstpointer data)
{
  const ImpWire *wire = data;
  g_autofree char *file = g_strdup_printf ("bad-%s.json", wire->name);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *cases = load_cases (parser, file);

  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *row = json_array_get_object_element (cases, i);
      g_autoptr (GBytes) bytes = bytes_of (row);

      if (wire == &imp_wire_json && !json_object_has_member (row, "line"))
        {
          g_autoptr (GByteArray) line = g_bytes_unref_to_array (g_steal_pointer (&bytes));

          g_byte_array_append (line, (const guint8 *) "\n", 1);
          bytes = g_byte_array_free_to_bytes (g_steal_pointer (&line));
        }
      check_bad (wire, row, bytes);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vectors/messages", test_messages);
  g_test_add_data_func ("/vectors/bad-cbor", &imp_wire_cbor, test_bad);
  g_test_add_data_func ("/vectors/bad-json", &imp_wire_json, test_bad);
  return g_test_run ();
}
