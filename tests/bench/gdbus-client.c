/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gdbus-common.h"

#include "bench.h"

static GDBusConnection *connection;
static GVariant *context;
static GMainLoop *loop;

void
bench_link_connect (const BenchOptions *options)
{
  GVariantBuilder builder;

  if (options->spin_us != 0)
    bench_die ("GDBus cannot spin");
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  for (const char *const *s = bench_context; *s != NULL; s += 2)
    g_variant_builder_add (&builder, "{ss}", s[0], s[1]);
  context = g_variant_ref_sink (g_variant_builder_end (&builder));

  loop = g_main_loop_new (NULL, FALSE);
  connection = bench_dbus_connect (bench_connect (bench_options_address (options)),
                                   G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT);
  g_dbus_connection_start_message_processing (connection);
}

/* Without a callback the call says that it wants no reply. */
static void
call (const char *method, GVariant *arguments, GAsyncReadyCallback callback, gpointer user_data)
{
  g_dbus_connection_call (connection, NULL, BENCH_DBUS_PATH, BENCH_DBUS_INTERFACE, method,
                          arguments, callback != NULL ? G_VARIANT_TYPE ("(t)") : NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, callback, user_data);
}

void
bench_link_open (BenchAnalyzer *analyzer)
{
  call ("New", g_variant_new ("(u@a{ss})", analyzer->id, context), NULL, NULL);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (connection, result, &error);
  guint64 offset;

  if (reply == NULL)
    bench_die ("%s", error->message);
  g_variant_get (reply, "(t)", &offset);
  bench_engine_passed (user_data, offset);
}

void
bench_link_send (BenchAnalyzer *analyzer)
{
  BenchPayload *payload = analyzer->payload;

  if (payload->link == NULL)
    payload->link = g_bytes_new_static (payload->data, payload->length);
  call ("Data",
        g_variant_new ("(uuti@ay)", analyzer->id, 0u, (guint64) 0, -1,
                       g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, payload->link, TRUE)),
        on_reply, analyzer);
}

void
bench_link_close (BenchAnalyzer *analyzer)
{
  call ("Delete", g_variant_new ("(u)", analyzer->id), NULL, NULL);
}

static gboolean
on_timeout (gpointer user_data)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
bench_link_run (double seconds)
{
  if (seconds >= 0)
    g_timeout_add ((guint) (seconds * 1000), on_timeout, NULL);
  g_main_loop_run (loop);
}

void
bench_link_stop (void)
{
  g_main_loop_quit (loop);
}

void
bench_link_disconnect (void)
{
  g_dbus_connection_close_sync (connection, NULL, NULL);
}
