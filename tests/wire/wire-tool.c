/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-error.h"
#include "wire/imp-wire-private.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Translates messages between a wire format and JSON, for tests in other languages:
 *
 *   wire-tool encode FORMAT [VERSION]   JSON lines on stdin -> bytes of that format on stdout
 *   wire-tool decode FORMAT             bytes of that format on stdin -> JSON lines on stdout
 *
 * What cannot be translated becomes {"error":CODE,"message":TEXT,"goes_on":BOOL} on stderr, and the
 * exit status is 1; behind an error that it survives, so does the translation. */

static void
report (GError *error, gboolean goes_on)
{
  g_autoptr (GEnumClass) codes = g_type_class_ref (IMP_TYPE_ERROR);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *line = NULL;
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "error",
                                 g_enum_get_value (codes, error->code)->value_nick);
  json_object_set_string_member (object, "message", error->message);
  json_object_set_boolean_member (object, "goes_on", goes_on);
  json_node_take_object (node, object);
  line = json_to_string (node, FALSE);
  fprintf (stderr, "%s\n", line); /* as it is, whatever the locale says */
}

static GBytes *
read_all (void)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;

  if (g_output_stream_splice (output, input, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, &error) < 0)
    g_error ("Reading failed: %s", error->message);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (output));
}

static void
write_all (ImpOutputBuffer *buffer)
{
  g_autoptr (GOutputStream) output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  g_autoptr (GBytes) bytes = imp_output_buffer_steal (buffer);
  g_autoptr (GError) error = NULL;

  if (!g_output_stream_write_all (output, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                  NULL, NULL, &error))
    g_error ("Writing failed: %s", error->message);
}

/* One message from the one format to the other; FALSE at the end, or where nothing more can come.
 * */
static gboolean
translate_one (ImpCursor *input, const ImpWire *from, const ImpWire *to, guint version,
               ImpOutputBuffer *output, gboolean *good)
{
  ImpWireLimits limits = IMP_WIRE_LIMITS_INIT;
  ImpMessage message = IMP_MESSAGE_INIT;
  g_autoptr (GError) error = NULL;
  gsize need, before = input->position;
  ImpDecodeStatus status;

  if (imp_cursor_left (input) == 0)
    return FALSE;
  status = from->decode (input, &limits, &message, &need, &error);
  if (status == IMP_DECODE_MORE)
    error = g_error_new_literal (IMP_ERROR, IMP_ERROR_PROTOCOL, "The input ends in a message");
  if (status == IMP_DECODE_DONE)
    to->encode (&message, version, output, &error);
  imp_message_clear (&message);
  if (error == NULL)
    return TRUE;
  *good = FALSE;
  report (error, input->position != before);
  return input->position != before;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpOutputBuffer) output = imp_output_buffer_new ();
  g_autoptr (GBytes) bytes = NULL;
  gboolean encode = argc > 1 && g_str_equal (argv[1], "encode");
  guint version = argc > 3 ? atoi (argv[3]) : 2;
  const ImpWire *wire;
  gboolean good = TRUE;
  ImpCursor input;

  if (argc < 3 || (!encode && !g_str_equal (argv[1], "decode")))
    {
      g_printerr ("usage: wire-tool encode FORMAT [VERSION] | decode FORMAT\n");
      return 2;
    }
  wire = imp_wire_by_name (argv[2], &error);
  if (wire == NULL)
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  bytes = read_all ();
  imp_cursor_init_bytes (&input, bytes);
  while (translate_one (&input, encode ? &imp_wire_json : wire, encode ? wire : &imp_wire_json,
                        version, output, &good))
    continue;
  write_all (output);
  return good ? 0 : 1;
}
