/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ours: one factory of analyzers that pass chunk by chunk, served until the last client leaves. */
#include "bench.h"
#include "pass-analyzer.h"

#include <glib/gstdio.h>

static guint connections;

static void
on_connected (ImpServer *server, gpointer connection, gpointer loop)
{
  connections++;
}

static void
on_disconnected (ImpServer *server, gpointer connection, const char *reason, gpointer loop)
{
  if (--connections == 0)
    g_main_loop_quit (loop);
}

/* An option that the library does not have must not be measured as if it were on. */
static void
set_busy_poll (ImpServer *server, guint spin_us)
{
  if (spin_us == 0)
    return;
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (server), "busy-poll") == NULL)
    bench_die ("the server has no property busy-poll");
  g_object_set (server, "busy-poll", spin_us, NULL);
}

/* As for the limit: see limit-stream.h. */
static void
set_tls (ImpServer *server)
{
  const char *folder = g_getenv ("IMP_BENCH_TLS");
  g_autofree char *certificate = NULL, *key = NULL;

  if (folder == NULL)
    return;
  certificate = g_build_filename (folder, "server.pem", NULL);
  key = g_build_filename (folder, "server.key", NULL);
  g_object_set (server, "tls-cert", certificate, "tls-key", key, NULL);
}

static const char *
get_address (const BenchOptions *options, char **owned)
{
  const char *address = bench_options_address (options);

  if (g_getenv ("IMP_BENCH_TLS") == NULL || g_str_has_prefix (address, "tls://"))
    return address;
  *owned = g_strconcat ("tls://", address, NULL);
  return *owned;
}

int
main (int argc, char **argv)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (BENCH_TYPE_PASS, IMP_DATA_TYPE_STREAM,
                                                         IMP_RESULT_FLAGS_PASS);
  g_autoptr (ImpServer) server = imp_server_new (factory);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;
  g_autofree char *owned = NULL;
  BenchOptions options;

  bench_options_parse (&options, argc, argv);
  g_object_set (server, "max-analyzers", 200000, NULL);
  set_tls (server);
  set_busy_poll (server, options.spin_us);
  if (options.shared_memory)
    g_object_set (server, "shared-memory", IMP_SHARED_MEMORY_AUTO, NULL);
  bench_pass_touches = options.shared_memory;
  g_signal_connect (server, "connected", G_CALLBACK (on_connected), loop);
  g_signal_connect (server, "disconnected", G_CALLBACK (on_disconnected), loop);
  if (!imp_server_listen (server, get_address (&options, &owned), &error))
    bench_die ("%s", error->message);
  addresses = imp_server_list_addresses (server);
  g_print ("listening %s\n", addresses[0]);
  g_main_loop_run (loop);
  return 0;
}
