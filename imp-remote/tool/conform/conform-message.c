/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-message.h"

#include "core/imp-error.h"

#include <string.h>

/* What a client of version 1 greets with lacks the fields of version 2, which codecs write. */
static const char conform_message_old_json[] = "{\"op\":\"set_version\",\"version\":1}\n";
static const guint8 conform_message_old_cbor[] = { 0x5a, 0, 0, 0, 5, 0x82, 0x19, 0x40, 0x06, 0x01 };

static ImpCodec *
conform_message_get_json (void)
{
  return conform_format_get_codec (conform_format_by_name ("json", NULL));
}

ImpMessage *
conform_message_parse (const char *json, GError **error)
{
  g_autofree char *line = g_strconcat (json, "\n", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (line, strlen (line));
  ImpMessage *message = NULL;

  if (imp_codec_decode (conform_message_get_json (), bytes, &message, NULL, error)
      && message == NULL)
    g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "\"%s\" is no whole message", json);
  return message;
}

GBytes *
conform_message_encode (ImpMessage *message, const ConformFormat *format, GError **error)
{
  gboolean is_old = imp_message_get_op (message) == IMP_OP_SET_VERSION
                    && imp_message_get_version (message) == 1 && format->max_version > 1;

  if (is_old && format->is_lines)
    return g_bytes_new_static (conform_message_old_json, strlen (conform_message_old_json));
  if (is_old)
    return g_bytes_new_static (conform_message_old_cbor, sizeof conform_message_old_cbor);
  return imp_codec_encode (conform_format_get_codec (format), message, error);
}

char *
conform_message_to_json (ImpMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = imp_codec_encode (conform_message_get_json (), message, &error);
  gsize length;
  const char *text;

  if (bytes == NULL)
    return g_strdup (error->message);
  text = g_bytes_get_data (bytes, &length);
  return g_strndup (text, length > 0 ? length - 1 : 0);
}

static JsonObject *
conform_message_parse_object (JsonParser *parser, const char *json)
{
  JsonNode *root;

  if (!json_parser_load_from_data (parser, json, -1, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
}

static gboolean
conform_message_is_empty (JsonNode *node)
{
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_object_get_size (json_node_get_object (node)) == 0;
  if (JSON_NODE_HOLDS_ARRAY (node))
    return json_array_get_length (json_node_get_array (node)) == 0;
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return *json_node_get_string (node) == '\0';
  return json_node_get_value_type (node) == G_TYPE_BOOLEAN && !json_node_get_boolean (node);
}

static gboolean
conform_message_field_matches (JsonNode *wanted, JsonNode *got)
{
  if (JSON_NODE_HOLDS_NULL (wanted))
    return conform_message_is_empty (got);
  return got != NULL && json_node_equal (wanted, got);
}

/* Of a set_version of version 1, what it lacks is read as its own version. */
static gboolean
conform_message_lacks (ImpMessage *message, const char *name)
{
  return imp_message_get_op (message) == IMP_OP_SET_VERSION && g_str_equal (name, "minimum")
         && (imp_message_get_minimum (message) == 0
             || imp_message_get_minimum (message) == imp_message_get_version (message));
}

gboolean
conform_message_matches (ImpMessage *message, const char *pattern)
{
  g_autofree char *json = conform_message_to_json (message);
  g_autoptr (JsonParser) got_parser = json_parser_new ();
  g_autoptr (JsonParser) wanted_parser = json_parser_new ();
  JsonObject *got = conform_message_parse_object (got_parser, json);
  JsonObject *wanted = conform_message_parse_object (wanted_parser, pattern);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (got == NULL || wanted == NULL)
    return FALSE;
  json_object_iter_init (&iter, wanted);
  while (json_object_iter_next (&iter, &name, &node))
    if (!conform_message_field_matches (node, json_object_get_member (got, name))
        && !(JSON_NODE_HOLDS_NULL (node) && conform_message_lacks (message, name)))
      return FALSE;
  return TRUE;
}

char *
conform_message_get_field (ImpMessage *message, const char *name)
{
  g_autofree char *json = conform_message_to_json (message);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = conform_message_parse_object (parser, json);
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL ? json_to_string (node, FALSE) : g_strdup ("");
}

char *
conform_message_get_first_interface (ImpMessage *message)
{
  GList *interfaces = imp_message_get_interfaces (message);
  g_autoptr (ImpMessage) setting = NULL;

  if (imp_message_get_op (message) != IMP_OP_INTERFACE || interfaces == NULL)
    return NULL;
  setting = imp_message_new_set_interface (interfaces->data);
  return conform_message_get_field (setting, "interface");
}

/* "*100" behind a byte; the end of it. */
static const char *
conform_bytes_repeat (GByteArray *bytes, const char *at)
{
  guint64 n = g_ascii_strtoull (at + 1, (char **) &at, 10);
  guint8 byte = bytes->len > 0 ? bytes->data[bytes->len - 1] : 0;

  for (guint64 i = 1; i < n && n <= G_MAXINT32; i++)
    g_byte_array_append (bytes, &byte, 1);
  return at;
}

GByteArray *
conform_bytes_parse (const char *hex, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (const char *at = hex; *at != '\0';)
    {
      if (*at == ' ')
        at++;
      else if (*at == '*')
        at = conform_bytes_repeat (bytes, at);
      else if (g_ascii_isxdigit (at[0]) && g_ascii_isxdigit (at[1]))
        {
          guint8 byte = (g_ascii_xdigit_value (at[0]) << 4) | g_ascii_xdigit_value (at[1]);

          g_byte_array_append (bytes, &byte, 1);
          at += 2;
        }
      else
        {
          g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "\"%s\" is not hexadecimal", hex);
          return NULL;
        }
    }
  return g_steal_pointer (&bytes);
}

static void
conform_bytes_add_rest (GString *text, gsize length, gsize max)
{
  if (length > max)
    g_string_append_printf (text, " (and %" G_GSIZE_FORMAT " more)", length - max);
}

char *
conform_bytes_to_hex (const guint8 *data, gsize length, gsize max)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < MIN (length, max); i++)
    g_string_append_printf (text, "%02x", data[i]);
  conform_bytes_add_rest (text, length, max);
  return g_string_free (text, FALSE);
}

char *
conform_bytes_to_text (const guint8 *data, gsize length, gsize max)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < MIN (length, max); i++)
    if (data[i] == '\n')
      g_string_append (text, "\\n");
    else if (data[i] == '\\')
      g_string_append (text, "\\\\");
    else if (g_ascii_isprint (data[i]))
      g_string_append_c (text, data[i]);
    else
      g_string_append_printf (text, "\\x%02x", data[i]);
  conform_bytes_add_rest (text, length, max);
  return g_string_free (text, FALSE);
}
