/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json/imp-json-private.h"

#include "core/imp-log-private.h"

#include <json-glib/json-glib.h>

/* json_boxed_serialize() and json_boxed_deserialize() for messages, results and interfaces, where
 * speed does not matter. The one place that knows how they look in JSON is the codec, so that they
 * go through it: what json-glib reads is what the codec has written, which holds none of what
 * json-glib stumbles over. A result is a message without its op and its analyzer, an interface what
 * a set_interface has. */

#define VERSION 2
#define RESULT_BEGIN "{\"op\":\"result\",\"id\":1,"
#define INTERFACE_BEGIN "{\"op\":\"set_interface\",\"interface\":"

static JsonNode *
boxed_write_message (const ImpMessage *message)
{
  g_autoptr (ImpOutputBuffer) buffer = imp_output_buffer_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  JsonNode *node = NULL;

  if (imp_wire_json.encode (message, VERSION, buffer, &error))
    {
      bytes = imp_output_buffer_steal (buffer);
      text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      node = json_from_string (text, &error);
    }
  if (error != NULL)
    imp_log_debug ("no JSON of a message: %s", error->message);
  return node;
}

/* json-glib 1.6 leaves U+001F in a string as it is, where no JSON may have it. */
static char *
boxed_dup_text (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);
  g_auto (GStrv) parts = g_strsplit (text, "\x1f", -1);

  return g_strjoinv ("\\u001f", parts);
}

/* An application's own data are not bound by the limits for peers. */
static gboolean
boxed_read_message (const char *begin, const char *text, const char *end, ImpMessage *message)
{
  const ImpWireLimits limits = { G_MAXSIZE, G_MAXSIZE, IMP_WIRE_MAX_DEPTH_DEFAULT };
  g_autofree char *line = g_strconcat (begin, text, end, "\n", NULL);
  g_autoptr (GError) error = NULL;
  ImpCursor cursor = { .data = (const guint8 *) line, .length = strlen (line) };
  gsize need;

  if (imp_wire_json.decode (&cursor, &limits, message, &need, &error) == IMP_DECODE_DONE)
    return TRUE;
  imp_log_debug ("no message in JSON: %s", error->message);
  imp_message_clear (message);
  return FALSE;
}

static JsonNode *
boxed_serialize_message (gconstpointer boxed)
{
  return boxed_write_message (boxed);
}

static gpointer
boxed_deserialize_message (JsonNode *node)
{
  g_autofree char *text = boxed_dup_text (node);
  ImpMessage message = IMP_MESSAGE_INIT;

  return boxed_read_message ("", text, "", &message) ? imp_message_steal (&message) : NULL;
}

static JsonNode *
boxed_serialize_result (gconstpointer boxed)
{
  ImpMessage message = { .op = IMP_OP_RESULT, .id = 1, .result = (ImpResult *) boxed };
  JsonNode *node = boxed_write_message (&message);

  if (node == NULL)
    return NULL;
  json_object_remove_member (json_node_get_object (node), "op");
  json_object_remove_member (json_node_get_object (node), "id");
  return node;
}

static gpointer
boxed_deserialize_result (JsonNode *node)
{
  g_autofree char *text = NULL;
  ImpMessage message = IMP_MESSAGE_INIT;
  gpointer result = NULL;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  text = boxed_dup_text (node);
  if (boxed_read_message (RESULT_BEGIN, text + strlen ("{"), "", &message))
    result = g_steal_pointer (&message.result);
  imp_message_clear (&message);
  return result;
}

static JsonNode *
boxed_serialize_interface (gconstpointer boxed)
{
  GList interfaces = { (ImpInterface *) boxed, NULL, NULL };
  ImpMessage message = { .op = IMP_OP_SET_INTERFACE, .interfaces = &interfaces };
  g_autoptr (JsonNode) node = boxed_write_message (&message);

  return node != NULL ? json_object_dup_member (json_node_get_object (node), "interface") : NULL;
}

static gpointer
boxed_deserialize_interface (JsonNode *node)
{
  g_autofree char *text = boxed_dup_text (node);
  ImpMessage message = IMP_MESSAGE_INIT;
  gpointer interface = NULL;

  if (boxed_read_message (INTERFACE_BEGIN, text, "}", &message))
    interface = imp_interface_ref (message.interfaces->data);
  imp_message_clear (&message);
  return interface;
}

static const struct
{
  GType (*get_type) (void);
  JsonBoxedSerializeFunc serialize;
  JsonBoxedDeserializeFunc deserialize;
} boxed_types[] = {
  { imp_message_get_type, boxed_serialize_message, boxed_deserialize_message },
  { imp_result_get_type, boxed_serialize_result, boxed_deserialize_result },
  { imp_interface_get_type, boxed_serialize_interface, boxed_deserialize_interface },
};

/* As soon as the library is there: results and interfaces belong to a room that knows no JSON. */
static void __attribute__ ((constructor)) boxed_register (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (boxed_types); i++)
    {
      GType type = boxed_types[i].get_type ();

      json_boxed_register_serialize_func (type, JSON_NODE_OBJECT, boxed_types[i].serialize);
      json_boxed_register_deserialize_func (type, JSON_NODE_OBJECT, boxed_types[i].deserialize);
    }
}
