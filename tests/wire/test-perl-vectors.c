/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "perl-values.h"
#include "wire/imp-wire-private.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

/* The vectors: what Perl's own modules write is read for what it means, and what is written here is
 * what they write. The script that made them makes them anew, and it must come to the same. */

static JsonNode *
load (const char *format, const char *which)
{
  g_autofree char *name = g_strdup_printf ("%s.json", which);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", format, name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  return json_parser_steal_root (parser);
}

static JsonNode *
remake (const char *format, const char *which)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "wire", "make-perl-vectors.pl",
                                                   NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                                                      "perl", script, format, which, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_no_error (error);
  json_parser_load_from_stream (parser, g_subprocess_get_stdout_pipe (process), NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_wait_check (process, NULL, &error));
  return json_parser_steal_root (parser);
}

static GBytes *
bytes_of (JsonObject *test)
{
  g_auto (GStrv) words = g_strsplit (json_object_get_string_member (test, "hex"), " ", 0);
  GByteArray *bytes = g_byte_array_new ();

  for (char **w = words; *w != NULL; w++)
    {
      const char *star = strchr (*w, '*');
      gsize digits = star != NULL ? (gsize) (star - *w) : strlen (*w);
      guint64 times = star != NULL ? g_ascii_strtoull (star + 1, NULL, 10) : 1;

      for (; times > 0; times--)
        for (gsize i = 0; i < digits; i += 2)
          {
            guint8 byte = g_ascii_xdigit_value ((*w)[i]) << 4 | g_ascii_xdigit_value ((*w)[i + 1]);

            g_byte_array_append (bytes, &byte, 1);
          }
    }
  return g_byte_array_free_to_bytes (bytes);
}

/* A message that is written in JSON. */
static ImpMessage *
message_of (JsonNode *node)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (ImpCodec) codec = imp_json_codec_new ();
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  ImpMessage *message = NULL;
  gsize used;

  json_generator_set_root (generator, node);
  text = json_generator_to_data (generator, NULL);
  line = g_strconcat (text, "\n", NULL);
  bytes = g_bytes_new (line, strlen (line));
  imp_codec_decode (codec, bytes, &message, &used, &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  return message;
}

static void
assert_same (ImpMessage *message, ImpMessage *expected)
{
  if (imp_message_equal (message, expected))
    return;
  g_test_message ("got %s, not %s", imp_message_to_string (message),
                  imp_message_to_string (expected));
  g_test_fail ();
}

static ImpDecodeStatus
decode (const ImpWire *wire, GBytes *bytes, gsize length, ImpMessage **message, gsize *used,
        gsize *need, GError **error)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpMessage into = IMP_MESSAGE_INIT;
  g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, NULL), length);
  ImpCursor input = { .data = copy, .length = length };
  ImpDecodeStatus status = wire->decode (&input, &limits, &into, need, error);

  *used = input.position;
  if (status == IMP_DECODE_DONE && message != NULL)
    *message = imp_message_steal (&into);
  imp_message_clear (&into);
  return status;
}

static void
check_cut (const ImpWire *wire, GBytes *bytes)
{
  gsize length = g_bytes_get_size (bytes);

  for (gsize cut = 0; cut < length; cut++)
    {
      g_autoptr (GError) error = NULL;
      gsize used = 0, need = 0;

      g_assert_cmpint (decode (wire, bytes, cut, NULL, &used, &need, &error), ==, IMP_DECODE_MORE);
      g_assert_no_error (error);
      g_assert_cmpuint (used, ==, 0);
      g_assert_cmpuint (need, >, cut);
      g_assert_cmpuint (need, <=, length);
    }
}

static void
check_message (const ImpWire *wire, JsonObject *test)
{
  g_autoptr (GBytes) bytes = bytes_of (test);
  g_autoptr (ImpMessage) expected = message_of (json_object_get_member (test, "json"));
  g_autoptr (ImpMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gsize used, need;

  g_test_message ("%s: %s", wire->name, json_object_get_string_member (test, "name"));
  decode (wire, bytes, g_bytes_get_size (bytes), &message, &used, &need, &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  g_assert_cmpuint (used, ==, g_bytes_get_size (bytes));
  assert_same (message, expected);
  check_cut (wire, bytes);
}

/* Storable says which minor version wrote it; ours is the oldest that will do. */
static void
hide_minor (const ImpWire *wire, GByteArray *bytes)
{
  if (wire == &imp_wire_storable)
    bytes->data[7] = 0;
}

static void
check_written (const ImpWire *wire, JsonObject *test)
{
  JsonNode *written = json_object_get_member (test, "written");
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (ImpMessage) message = NULL;
  g_autoptr (GByteArray) ours = NULL;
  g_autoptr (GByteArray) theirs = NULL;
  g_autoptr (GError) error = NULL;

  if (written == NULL)
    return;
  message = message_of (JSON_NODE_HOLDS_OBJECT (written) ? written
                                                         : json_object_get_member (test, "json"));
  wire->encode (message, 1, buffer, &error);
  g_assert_no_error (error);
  ours = g_bytes_unref_to_array (imp_output_buffer_steal (buffer));
  theirs = g_bytes_unref_to_array (bytes_of (test));
  hide_minor (wire, ours);
  hide_minor (wire, theirs);
  g_assert_cmpmem (ours->data, ours->len, theirs->data, theirs->len);
}

static void
check_messages (const ImpWire *wire, JsonNode *vectors)
{
  JsonArray *cases = json_object_get_array_member (json_node_get_object (vectors), "cases");

  g_assert_cmpuint (json_array_get_length (cases), >, 50);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      check_message (wire, json_array_get_object_element (cases, i));
      check_written (wire, json_array_get_object_element (cases, i));
    }
}

static void
test_messages (gconstpointer user_data)
{
  const ImpWire *wire = user_data;
  g_autoptr (JsonNode) vectors = load (wire->name, "messages");

  check_messages (wire, vectors);
}

static void
check_refused (const ImpWire *wire, JsonObject *test)
{
  g_autoptr (GBytes) bytes = bytes_of (test);
  g_autoptr (GError) error = NULL;
  gsize used, need;
  ImpDecodeStatus status = decode (wire, bytes, g_bytes_get_size (bytes), NULL, &used, &need,
                                   &error);
  GEnumClass *codes = g_type_class_ref (IMP_TYPE_ERROR);
  GEnumValue *code = g_enum_get_value_by_nick (codes,
                                               json_object_get_string_member (test, "error"));

  g_test_message ("%s: %s: %s", wire->name, json_object_get_string_member (test, "name"),
                  error != NULL ? error->message : "no error");
  g_assert_cmpint (status, ==, IMP_DECODE_BAD);
  g_assert_error (error, IMP_ERROR, code->value);
  g_assert_nonnull (strstr (error->message, json_object_get_string_member (test, "word")));
  g_assert_cmpuint (used, ==,
                    json_object_get_boolean_member (test, "goes_on") ? g_bytes_get_size (bytes)
                                                                     : 0);
  g_type_class_unref (codes);
}

static void
test_refused (gconstpointer user_data)
{
  const ImpWire *wire = user_data;
  g_autoptr (JsonNode) vectors = load (wire->name, "refused");
  JsonArray *cases = json_object_get_array_member (json_node_get_object (vectors), "cases");

  g_assert_cmpuint (json_array_get_length (cases), >, 50);
  for (guint i = 0; i < json_array_get_length (cases); i++)
    check_refused (wire, json_array_get_object_element (cases, i));
}

/* Other versions of the modules may write other bytes; then what they mean is compared. */
static void
test_remade (gconstpointer user_data)
{
  const ImpWire *wire = user_data;
  g_autoptr (JsonNode) kept = load (wire->name, "messages");
  g_autoptr (JsonNode) made = remake (wire->name, "messages");
  g_autoptr (JsonNode) kept_refused = load (wire->name, "refused");
  g_autoptr (JsonNode) made_refused = remake (wire->name, "refused");
  JsonNode *kept_with = json_object_get_member (json_node_get_object (kept), "made_with");
  JsonNode *made_with = json_object_get_member (json_node_get_object (made), "made_with");

  check_messages (wire, made);
  if (json_node_equal (kept_with, made_with))
    {
      g_assert_true (json_node_equal (kept, made));
      g_assert_true (json_node_equal (kept_refused, made_refused));
    }
  else
    {
      g_test_message ("The vectors were made with other versions: bytes are not compared");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/wire/perl-vectors/storable/messages", &imp_wire_storable, test_messages);
  g_test_add_data_func ("/wire/perl-vectors/storable/refused", &imp_wire_storable, test_refused);
  g_test_add_data_func ("/wire/perl-vectors/storable/remade", &imp_wire_storable, test_remade);
  g_test_add_data_func ("/wire/perl-vectors/sereal/messages", &imp_wire_sereal, test_messages);
  g_test_add_data_func ("/wire/perl-vectors/sereal/refused", &imp_wire_sereal, test_refused);
  g_test_add_data_func ("/wire/perl-vectors/sereal/remade", &imp_wire_sereal, test_remade);
  return g_test_run ();
}
