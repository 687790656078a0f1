/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ours, by the public API only, as any provider would use it. */
#include "bench.h"

#include <imp-remote.h>

static ImpFactory *remote, *factory;
static GHashTable *context;
static GMainLoop *loop;

/* An option that the library does not have must not be measured as if it were on. */
static void
set_busy_poll (ImpFactory *object, guint spin_us)
{
  if (spin_us == 0)
    return;
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (object), "busy-poll") == NULL)
    bench_die ("the remote factory has no property busy-poll");
  g_object_set (object, "busy-poll", spin_us, NULL);
}

void
bench_link_connect (const BenchOptions *options)
{
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (GError) error = NULL;

  context = g_hash_table_new (g_str_hash, g_str_equal);
  for (const char *const *s = bench_context; *s != NULL; s += 2)
    g_hash_table_insert (context, (gpointer) s[0], (gpointer) s[1]);
  loop = g_main_loop_new (NULL, FALSE);

  remote = IMP_FACTORY (imp_remote_factory_new (options->address, &error));
  if (remote == NULL)
    bench_die ("%s", error->message);
  g_object_set (remote, "codec", options->codec, NULL);
  set_busy_poll (remote, options->spin_us);
  factory = imp_factory_set_interface (remote, interface, &error);
  if (factory == NULL)
    bench_die ("%s", error->message);
}

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  if (imp_result_get_result_type (result) != IMP_RESULT_PASS)
    {
      g_autofree char *text = imp_result_to_string (result);

      bench_die ("%s instead of a pass", text);
    }
  bench_engine_passed (user_data, (guint64) imp_result_get_offset (result));
}

void
bench_link_open (BenchAnalyzer *analyzer)
{
  g_autoptr (GError) error = NULL;

  analyzer->link = imp_factory_create_analyzer (factory, context, &error);
  if (analyzer->link == NULL)
    bench_die ("%s", error->message);
  imp_analyzer_set_callback (analyzer->link, on_result, analyzer, NULL);
}

void
bench_link_send (BenchAnalyzer *analyzer)
{
  BenchPayload *payload = analyzer->payload;

  if (payload->link == NULL)
    payload->link = g_bytes_new_static (payload->data, payload->length);
  imp_analyzer_data (analyzer->link, IMP_DIRECTION_FROM_CLIENT, payload->link, 0,
                     IMP_DATA_TYPE_STREAM);
}

void
bench_link_close (BenchAnalyzer *analyzer)
{
  imp_analyzer_close (analyzer->link);
  g_clear_object (&analyzer->link);
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
  g_clear_object (&factory);
  g_clear_object (&remote);
}
