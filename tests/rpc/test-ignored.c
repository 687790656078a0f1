/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Analyzers that a factory is not interested in: the server answers, makes none, and keeps to its
 * limits. */
#include "json-rig.h"
#include "server-rig.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "core/imp-type-factory.h"

#include <string.h>

#define N_MANY 1000

static guint n_made;

typedef struct
{
  ImpFactory parent_instance;
} Choosy;
typedef ImpFactoryClass ChoosyClass;

GType choosy_get_type (void);
G_DEFINE_TYPE (Choosy, choosy, IMP_TYPE_FACTORY)

static gboolean
choosy_ignores (ImpFactory *factory, GHashTable *context, GError **error)
{
  const char *app = g_hash_table_lookup (context, "app");

  if (g_strcmp0 (app, "broken") == 0)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FATAL, "cannot say");
  return app == NULL;
}

static ImpAnalyzer *
choosy_create_analyzer (ImpFactory *factory, GHashTable *context, GError **error)
{
  n_made++;
  return g_object_new (json_rig_analyzer_get_type (), NULL);
}

static void
choosy_class_init (ChoosyClass *klass)
{
  klass->ignores = choosy_ignores;
  klass->create_analyzer = choosy_create_analyzer;
}

static void
choosy_init (Choosy *self)
{
}

static JsonRig *
rig_new (const char *limit, guint64 value)
{
  g_autoptr (ImpFactory) factory = g_object_new (choosy_get_type (), NULL);

  n_made = 0;
  return json_rig_new_for_factory (factory, limit, value);
}

static void
assert_answer (char *answer, const char *expected)
{
  g_assert_cmpstr (answer, ==, expected);
  g_free (answer);
}

static void
assert_contains (char *answer, const char *expected)
{
  g_test_message ("%s", answer);
  g_assert_nonnull (strstr (answer, expected));
  g_free (answer);
}

static void
add_ignored (JsonRig *rig, guint id)
{
  g_autofree char *expected = g_strdup_printf (
    "{\"op\":\"result\",\"id\":%u,\"result\":\"pass\",\"dir\":0,\"offset\":-1}\n"
    "{\"op\":\"result\",\"id\":%u,\"result\":\"pass\",\"dir\":1,\"offset\":-1}\n",
    id, id);

  assert_answer (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":%u}", id), expected);
}

static guint64
get_statistic (JsonRig *rig, const char *name)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (rig->server);
  g_autoptr (GVariant) value = g_variant_lookup_value (statistics, name, NULL);

  g_assert_nonnull (value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32) ? g_variant_get_uint32 (value)
                                                             : g_variant_get_uint64 (value);
}

/* What comes for it is taken without a word, and nothing of it is kept. */
static void
test_answers (void)
{
  JsonRig *rig = rig_new (NULL, 0);
  g_autofree char *large = g_strnfill (100000, 'x');
  guint64 memory;

  add_ignored (rig, 1);
  memory = get_statistic (rig, "memory");
  for (guint i = 0; i < 20; i++)
    assert_answer (json_rig_ask (rig, "{\"op\":\"data\",\"id\":1,\"dir\":%u,\"text\":\"%s\"}",
                                 i % 2, large),
                   "");
  assert_answer (json_rig_ask (rig, "{\"op\":\"data\",\"id\":1,\"dir\":0,\"text\":\"\"}"), "");
  assert_answer (json_rig_ask (rig, "{\"op\":\"busy\",\"id\":1,\"dir\":0,\"busy\":true}"), "");
  assert_answer (json_rig_ask (rig, "{\"op\":\"busy\",\"id\":1,\"dir\":0,\"busy\":false}"), "");
  g_assert_cmpuint (get_statistic (rig, "memory"), ==, memory);
  g_assert_cmpuint (get_statistic (rig, "live-analyzers"), ==, 1);
  g_assert_cmpuint (get_statistic (rig, "analyzers"), ==, 1);
  g_assert_cmpuint (n_made, ==, 0);
  json_rig_free (rig);
}

/* Its id is in use until it is deleted. */
static void
test_id (void)
{
  JsonRig *rig = rig_new (NULL, 0);

  add_ignored (rig, 7);
  assert_contains (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":7}"),
                   "there is an analyzer 7 already");
  assert_answer (json_rig_ask (rig, "{\"op\":\"delete_analyzer\",\"id\":7}"), "");
  g_assert_cmpuint (get_statistic (rig, "live-analyzers"), ==, 0);
  g_assert_cmpuint (get_statistic (rig, "memory"), ==, 0);
  assert_contains (json_rig_ask (rig, "{\"op\":\"data\",\"id\":7,\"dir\":0,\"text\":\"x\"}"),
                   "there is no analyzer 7");

  /* The same id for one of interest, and the other way round. */
  assert_answer (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":7,"
                                    "\"context\":{\"app\":\"http\"}}"),
                 "");
  g_assert_cmpuint (n_made, ==, 1);
  assert_contains (json_rig_ask (rig, "{\"op\":\"data\",\"id\":7,\"dir\":0,\"text\":\"x\"}"),
                   "\"offset\":1");
  assert_answer (json_rig_ask (rig, "{\"op\":\"delete_analyzer\",\"id\":7}"), "");
  add_ignored (rig, 7);
  json_rig_free (rig);
}

/* A message about it that cannot be understood ends it, as any other. */
static void
test_malformed (void)
{
  JsonRig *rig = rig_new (NULL, 0);

  add_ignored (rig, 1);
  assert_contains (json_rig_ask (rig, "{\"op\":\"data\",\"id\":1,\"dir\":5,\"text\":\"x\"}"),
                   "{\"op\":\"exception\",\"id\":1,");
  g_assert_cmpuint (get_statistic (rig, "live-analyzers"), ==, 0);
  json_rig_free (rig);
}

static void
test_fails (void)
{
  JsonRig *rig = rig_new (NULL, 0);

  assert_contains (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":1,"
                                      "\"context\":{\"app\":\"broken\"}}"),
                   "{\"op\":\"exception\",\"id\":1,\"message\":\"cannot say\"");
  g_assert_cmpuint (get_statistic (rig, "live-analyzers"), ==, 0);
  g_assert_cmpuint (n_made, ==, 0);
  json_rig_free (rig);
}

static void
test_max_analyzers (void)
{
  JsonRig *rig = rig_new ("max-analyzers", 2);

  add_ignored (rig, 1);
  add_ignored (rig, 2);
  assert_contains (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":3}"), "(max-analyzers)");
  json_rig_free (rig);
}

/* Where ids are all that takes memory, it is ids that pay for others. */
static void
test_max_memory (void)
{
  const gsize id = 128, analyzer = 1024;
  JsonRig *rig = rig_new ("max-memory", 10 * id + analyzer);
  g_autoptr (TestPeer) other = NULL;
  g_autoptr (GIOStream) far = NULL;
  GIOStream *near;

  /* Before the factory is asked, there has to be room for an analyzer. */
  for (guint i = 1; i <= 11; i++)
    add_ignored (rig, i);
  g_assert_cmpuint (get_statistic (rig, "memory"), ==, 11 * id);
  assert_contains (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":12}"),
                   "(max-memory is 2304)");

  test_stream_pair (&near, &far);
  g_assert_true (imp_server_add_stream (rig->server, far, NULL));
  other = test_peer_new (near);
  server_rig_say (other, SERVER_RIG_GREETING);
  server_rig_ask (other, "{\"op\":\"new_analyzer\",\"id\":1,\"context\":{\"app\":\"\"}}\n");
  g_assert_cmpuint (get_statistic (rig, "memory"), ==, 9 * id + analyzer + strlen ("app"));
  assert_contains (json_rig_ask (rig, "{\"op\":\"ping\",\"token\":2}"),
                   "the analyzer takes 128 bytes, and all of the server 1408 (max-memory is 2304)");
  json_rig_free (rig);
}

/* They go with their connection, and with all that it had. */
static void
test_end (void)
{
  JsonRig *rig = rig_new (NULL, 0);

  for (guint i = 1; i <= N_MANY; i++)
    json_rig_say (rig, "{\"op\":\"new_analyzer\",\"id\":%u%s}", i,
                  i % 2 == 0 ? "" : ",\"context\":{\"app\":\"http\"}");
  g_free (json_rig_ask (rig, "{\"op\":\"delete_analyzer\",\"id\":2}"));
  g_assert_cmpuint (get_statistic (rig, "live-analyzers"), ==, N_MANY - 1);
  g_assert_cmpuint (n_made, ==, N_MANY / 2);
  imp_server_close (rig->server);
  g_assert_cmpuint (get_statistic (rig, "memory"), ==, 0);
  g_assert_cmpuint (get_statistic (rig, "live-analyzers"), ==, 0);
  json_rig_free (rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ignored/answers", test_answers);
  g_test_add_func ("/ignored/id", test_id);
  g_test_add_func ("/ignored/malformed", test_malformed);
  g_test_add_func ("/ignored/fails", test_fails);
  g_test_add_func ("/ignored/max-analyzers", test_max_analyzers);
  g_test_add_func ("/ignored/max-memory", test_max_memory);
  g_test_add_func ("/ignored/end", test_end);
  return g_test_run ();
}
