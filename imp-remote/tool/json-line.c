/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/json-line.h"

char *
json_line_new (JsonNode *root)
{
  g_autofree char *text = json_to_string (root, FALSE);

  return g_strconcat (text, "\n", NULL);
}

char *
json_line_new_for_object (JsonObject *object)
{
  g_autoptr (JsonNode) root = json_node_alloc ();

  json_node_init_object (root, object);
  return json_line_new (root);
}
