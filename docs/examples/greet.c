/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <imp-remote.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Says "bye" where the server says "HELLO": greet PORT, with a name on each line of its input. */

static ImpAnalyzer *
create_analyzer (GError **error)
{
  g_autoptr (ImpFactory) factory = imp_factory_new_from_settings (
    IMP_TYPE_PATTERN_FACTORY, "string=HELLO&rxdir=1&action=replace&actdata=bye", error);
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);

  return factory != NULL ? imp_factory_create_analyzer (factory, context, error) : NULL;
}

/* A client: what it reads comes from the server. */
static GIOStream *
open_stream (const char *port, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection
    = g_socket_client_connect_to_host (client, "127.0.0.1", atoi (port), NULL, error);
  g_autoptr (ImpAnalyzer) analyzer = connection != NULL ? create_analyzer (error) : NULL;

  if (analyzer == NULL)
    return NULL;
  return imp_io_stream_new (G_IO_STREAM (connection), analyzer, IMP_DIRECTION_FROM_SERVER);
}

static gboolean
talk (GIOStream *stream, GError **error)
{
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  g_autoptr (GDataInputStream) answers = g_data_input_stream_new (
    g_io_stream_get_input_stream (stream));
  char line[256];

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_autofree char *answer = NULL;

      if (!g_output_stream_write_all (output, line, strlen (line), NULL, NULL, error))
        return FALSE;
      answer = g_data_input_stream_read_line_utf8 (answers, NULL, NULL, error);
      if (answer == NULL)
        return FALSE;
      g_print ("%s\n", answer);
    }
  return g_io_stream_close (stream, NULL, error);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = NULL;

  if (argc != 2)
    {
      g_printerr ("Usage: greet PORT\n");
      return 1;
    }
  stream = open_stream (argv[1], &error);
  if (stream != NULL && talk (stream, &error))
    return 0;
  g_printerr ("%s\n", error != NULL ? error->message : "The server has ended the connection");
  return 1;
}
