/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/chunks.h"

#include "tool/tool.h"

/* Of the one analyzer that there is. */
#define ANALYZER_ID 1

void
chunks_print (ImpDirection direction, gint32 data_type, GBytes *data)
{
  g_autoptr (ImpCodec) codec = imp_json_codec_new ();
  g_autoptr (ImpMessage) message = imp_message_new_data (ANALYZER_ID, direction, 0, data_type,
                                                         data);
  g_autoptr (GBytes) line = imp_codec_encode (codec, message, NULL);

  tool_print_json (g_bytes_get_data (line, NULL), g_bytes_get_size (line));
}
