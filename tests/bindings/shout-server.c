/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serves analyzers that shout: shout-server ADDRESS [backward]. Ends with its standard input. */
#include "samples.h"

#include <glib-unix.h>

static gboolean
on_input (int fd, GIOCondition condition, gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (ImpFactory) factory = sample_shout_factory ();
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (ImpCodec) codec = sample_backward_new ();
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;

  if (argc > 2)
    imp_server_use_codec (server, codec);
  if (argc < 2 || !imp_server_listen (server, argv[1], &error))
    {
      g_printerr ("%s\n", error != NULL ? error->message : "An address is missing");
      return 1;
    }
  addresses = imp_server_list_addresses (server);
  g_print ("listening %s\n", addresses[0]);
  g_unix_fd_add (0, G_IO_IN | G_IO_HUP, on_input, loop);
  g_main_loop_run (loop);
  imp_server_close (server);
  return 0;
}
