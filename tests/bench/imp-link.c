/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "imp-link.h"

#ifdef BENCH_SHARED
#include "core/imp-proxy-private.h"
#include "io/imp-arena-private.h"
#endif

static ImpFactory *remote, *factory;
static GHashTable *context;

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
bench_imp_use (ImpRemoteFactory *taken, const BenchOptions *options)
{
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (GError) error = NULL;

  context = g_hash_table_new (g_str_hash, g_str_equal);
  for (const char *const *s = bench_context; *s != NULL; s += 2)
    g_hash_table_insert (context, (gpointer) s[0], (gpointer) s[1]);

  remote = IMP_FACTORY (taken);
  g_object_set (remote, "codec", options->codec, NULL);
  set_busy_poll (remote, options->spin_us);
  imp_factory_set_measured (remote, g_getenv ("IMP_BENCH_MEASURED") != NULL);
  factory = imp_factory_set_interface (remote, interface, &error);
  if (factory == NULL)
    bench_die ("%s", error->message);
}

void
bench_imp_release (void)
{
  g_clear_object (&factory);
  g_clear_object (&remote);
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

#ifdef BENCH_SHARED
/* As if it had just been read into memory that the server sees: each line of the cache is another
 * one. NULL while there is no such memory. */
static GBytes *
read_shared (BenchAnalyzer *analyzer)
{
  static guint8 next;
  ImpArena *arena = imp_proxy_peek_arena (analyzer->link);
  gsize length = analyzer->payload->length;
  gsize room;
  guint8 *memory = arena != NULL ? imp_arena_reserve (arena, length, &room) : NULL;

  if (memory == NULL)
    return NULL;
  next++;
  for (gsize i = 0; i < length; i += 64)
    memory[i] = next;
  return imp_arena_commit (arena, length);
}
#else
static GBytes *
read_shared (BenchAnalyzer *analyzer)
{
  return NULL;
}
#endif

void
bench_link_send (BenchAnalyzer *analyzer)
{
  g_autoptr (GBytes) shared = read_shared (analyzer);
  BenchPayload *payload = analyzer->payload;

  if (shared != NULL)
    {
      imp_analyzer_data (analyzer->link, IMP_DIRECTION_FROM_CLIENT, shared, 0,
                         IMP_DATA_TYPE_STREAM);
      return;
    }
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
