/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gdbus-common.h"

#include "bench.h"

typedef struct
{
  guint64 offset[2];
  GVariant *context;
} Analyzer;

static const char introspection[]
  = "<node><interface name='" BENCH_DBUS_INTERFACE "'>"
    "<method name='New'><arg type='u'/><arg type='a{ss}'/></method>"
    "<method name='Delete'><arg type='u'/></method>"
    "<method name='Data'><arg type='u'/><arg type='u'/><arg type='t'/><arg type='i'/>"
    "<arg type='ay'/><arg direction='out' type='t'/></method>"
    "</interface></node>";

static GHashTable *analyzers; /* id -> Analyzer */

static void
analyzer_free (gpointer data)
{
  Analyzer *analyzer = data;

  g_variant_unref (analyzer->context);
  g_free (analyzer);
}

static guint64
feed (GVariant *arguments)
{
  g_autoptr (GVariant) bytes = NULL;
  guint32 id, dir;
  guint64 offset;
  gint32 type;
  Analyzer *analyzer;

  g_variant_get (arguments, "(uuti@ay)", &id, &dir, &offset, &type, &bytes);
  analyzer = g_hash_table_lookup (analyzers, GUINT_TO_POINTER (id));
  if (analyzer == NULL || dir > 1)
    bench_die ("data for analyzer %u, direction %u", id, dir);
  if (offset != 0)
    analyzer->offset[dir] = offset;
  return analyzer->offset[dir] += g_variant_get_size (bytes);
}

static void
open_analyzer (GVariant *arguments)
{
  Analyzer *analyzer = g_new0 (Analyzer, 1);
  guint32 id;

  g_variant_get (arguments, "(u@a{ss})", &id, &analyzer->context);
  g_hash_table_insert (analyzers, GUINT_TO_POINTER (id), analyzer);
}

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
         const char *method, GVariant *arguments, GDBusMethodInvocation *invocation, gpointer data)
{
  GVariant *reply = NULL;
  guint32 id;

  if (method[0] == 'D' && method[1] == 'a')
    {
      reply = g_variant_new ("(t)", feed (arguments));
    }
  else if (method[0] == 'N')
    {
      open_analyzer (arguments);
    }
  else
    {
      g_variant_get (arguments, "(u)", &id);
      g_hash_table_remove (analyzers, GUINT_TO_POINTER (id));
    }
  g_dbus_method_invocation_return_value (invocation, reply);
}

static void
on_closed (GDBusConnection *connection, gboolean vanished, GError *error, gpointer loop)
{
  g_main_loop_quit (loop);
}

int
main (int argc, char **argv)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  BenchOptions options;
  int listener;

  bench_options_parse (&options, argc, argv);
  analyzers = g_hash_table_new_full (NULL, NULL, NULL, analyzer_free);
  listener = bench_listen (bench_options_address (&options));
  bench_print_listening (listener);
  connection = bench_dbus_connect (bench_accept (listener),
                                   G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), loop);
  if (g_dbus_connection_register_object (connection, BENCH_DBUS_PATH, node->interfaces[0], &vtable,
                                         NULL, NULL, &error)
      == 0)
    bench_die ("%s", error->message);
  g_dbus_connection_start_message_processing (connection);
  g_main_loop_run (loop);
  return 0;
}
