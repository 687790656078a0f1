/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <imp-remote.h>
#include <json-glib/json-glib.h>

/* Messages, results and interfaces in JSON, by json-glib, as an application has them: of the
 * library this knows the public functions only. */

static JsonArray *
load_cases (JsonParser *parser, const char *folder, const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", folder, name, NULL);
  g_autoptr (GError) error = NULL;
  JsonArray *cases;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  cases = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)),
                                        "cases");
  g_assert_cmpuint (json_array_get_length (cases), >, 40);
  return cases;
}

/* A line of the codec, without its end. */
static char *
encode (ImpMessage *message)
{
  g_autoptr (ImpCodec) codec = imp_json_codec_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) line = imp_codec_encode (codec, message, &error);

  g_assert_no_error (error);
  return g_strndup (g_bytes_get_data (line, NULL), g_bytes_get_size (line) - 1);
}

static ImpMessage *
decode (const char *text)
{
  g_autoptr (ImpCodec) codec = imp_json_codec_new ();
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  g_autoptr (GError) error = NULL;
  ImpMessage *message = NULL;

  imp_codec_decode (codec, bytes, &message, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  return message;
}

/* The members of a result are those of its message, but for the first two. */
static void
check_result (ImpResult *result, const char *line)
{
  g_autoptr (JsonNode) node = json_boxed_serialize (IMP_TYPE_RESULT, result);
  g_autoptr (JsonNode) whole = json_from_string (line, NULL);
  JsonObject *object = json_node_get_object (whole);
  ImpResult *again;

  json_object_remove_member (object, "op");
  json_object_remove_member (object, "id");
  g_assert_true (json_node_equal (node, whole));
  again = json_boxed_deserialize (IMP_TYPE_RESULT, node);
  g_assert_nonnull (again);
  g_assert_true (imp_result_equal (again, result));
  imp_result_unref (again);
}

static void
check_interface (ImpInterface *interface)
{
  g_autoptr (ImpMessage) message = imp_message_new_set_interface (interface);
  g_autofree char *line = encode (message);
  g_autoptr (JsonNode) whole = json_from_string (line, NULL);
  g_autoptr (JsonNode) node = json_boxed_serialize (IMP_TYPE_INTERFACE, interface);
  ImpInterface *again = json_boxed_deserialize (IMP_TYPE_INTERFACE, node);

  g_assert_true (
    json_node_equal (node, json_object_get_member (json_node_get_object (whole), "interface")));
  g_assert_nonnull (again);
  g_assert_true (imp_interface_equal (again, interface));
  imp_interface_unref (again);
}

static void
check_message (ImpMessage *message)
{
  g_autofree char *line = encode (message);
  g_autoptr (JsonNode) node = json_boxed_serialize (IMP_TYPE_MESSAGE, message);
  g_autoptr (JsonNode) whole = json_from_string (line, NULL);
  g_autoptr (ImpMessage) again = json_boxed_deserialize (IMP_TYPE_MESSAGE, node);

  g_test_message ("%s", line);
  g_assert_true (json_node_equal (node, whole));
  g_assert_nonnull (again);
  g_assert_true (imp_message_equal (again, message));
  if (imp_message_get_result (message) != NULL)
    check_result (imp_message_get_result (message), line);
  for (GList *l = imp_message_get_interfaces (message); l != NULL; l = l->next)
    check_interface (l->data);
}

static void
test_vectors (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *cases = load_cases (parser, "", "messages.json");

  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *row = json_array_get_object_element (cases, i);
      g_autoptr (ImpMessage) message = decode (json_object_get_string_member (row, "json"));

      check_message (message);
    }
}

/* Their messages stand there as JSON that no codec has written. */
static void
test_perl_vectors (gconstpointer folder)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *cases = load_cases (parser, folder, "messages.json");

  for (guint i = 0; i < json_array_get_length (cases); i++)
    {
      JsonObject *row = json_array_get_object_element (cases, i);
      JsonNode *node = json_object_get_member (row, "json");
      g_autoptr (ImpMessage) message = json_boxed_deserialize (IMP_TYPE_MESSAGE, node);
      g_autofree char *text = json_to_string (node, FALSE);
      g_autoptr (ImpMessage) expected = decode (text);

      g_assert_nonnull (message);
      g_assert_true (imp_message_equal (message, expected));
      check_message (message);
    }
}

static void
test_registered (void)
{
  const GType types[] = { IMP_TYPE_MESSAGE, IMP_TYPE_RESULT, IMP_TYPE_INTERFACE };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      JsonNodeType node_type;

      g_assert_true (json_boxed_can_serialize (types[i], &node_type));
      g_assert_cmpint (node_type, ==, JSON_NODE_OBJECT);
      g_assert_true (json_boxed_can_deserialize (types[i], JSON_NODE_OBJECT));
    }
}

/* What is none gives NULL. */
static void
test_wrong (void)
{
  static const struct
  {
    GType (*type) (void);
    const char *text;
  } rows[] = {
    { imp_message_get_type, "{}" },
    { imp_message_get_type, "{\"op\":\"dance\"}" },
    { imp_message_get_type, "{\"op\":\"data\",\"id\":1}" },
    { imp_message_get_type, "{\"op\":\"ping\",\"token\":1.5}" },
    { imp_result_get_type, "{}" },
    { imp_result_get_type, "{\"result\":\"dance\"}" },
    { imp_result_get_type, "{\"result\":\"pass\",\"dir\":0}" },
    { imp_result_get_type, "{\"result\":\"pass\",\"dir\":2,\"offset\":1}" },
    { imp_result_get_type, "{\"op\":\"ping\",\"token\":1}" },
    { imp_interface_get_type, "{\"type\":\"no.such.type\"}" },
    { imp_interface_get_type, "{\"type\":-1,\"results\":\"pass\"}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (rows[i].text, NULL);

      g_test_message ("%s", rows[i].text);
      g_assert_null (json_boxed_deserialize (rows[i].type (), node));
    }
}

/* What no message can carry has no JSON either. */
static void
test_unwritable (void)
{
  g_autoptr (ImpResult) result = imp_result_new_pass (IMP_DIRECTION_FROM_CLIENT, G_MAXINT64);

  g_assert_null (json_boxed_serialize (IMP_TYPE_RESULT, result));
}

/* Larger than any peer may send: no matter here. */
static void
test_large (void)
{
  gsize size = 40 * 1024 * 1024;
  g_autoptr (GBytes) data = g_bytes_new_take (g_strnfill (size, 'x'), size);
  g_autoptr (ImpResult) result = imp_result_new_replace (IMP_DIRECTION_FROM_SERVER, 7, data);
  g_autoptr (JsonNode) node = json_boxed_serialize (IMP_TYPE_RESULT, result);
  ImpResult *again = json_boxed_deserialize (IMP_TYPE_RESULT, node);

  g_assert_nonnull (again);
  g_assert_true (imp_result_equal (again, result));
  imp_result_unref (again);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-boxed/registered", test_registered);
  g_test_add_func ("/json-boxed/vectors", test_vectors);
  g_test_add_data_func ("/json-boxed/storable-vectors", "storable", test_perl_vectors);
  g_test_add_data_func ("/json-boxed/sereal-vectors", "sereal", test_perl_vectors);
  g_test_add_func ("/json-boxed/wrong", test_wrong);
  g_test_add_func ("/json-boxed/unwritable", test_unwritable);
  g_test_add_func ("/json-boxed/large", test_large);
  return g_test_run ();
}
