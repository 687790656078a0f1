/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces that match or do not, factories bound to one, and what a plugin may do wrong. */
#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"

/* A plugin that fails as the test says, and remembers what it was told. */
typedef enum
{
  MAKE_ANALYZER,
  MAKE_PASS,
  MAKE_NOTHING,
  MAKE_ERROR,
} Make;

typedef struct
{
  ImpFactory parent_instance;
  Make make;
  gboolean fails; /* altogether, when it is asked whether it is interested */
  char *seen;     /* the context's caddr */
  guint n_keys;
} Plugin;
typedef ImpFactoryClass PluginClass;

GType plugin_get_type (void);
G_DEFINE_TYPE (Plugin, plugin, IMP_TYPE_FACTORY)

typedef ImpAnalyzer Mute;
typedef ImpAnalyzerClass MuteClass;
GType mute_get_type (void);
G_DEFINE_TYPE (Mute, mute, IMP_TYPE_ANALYZER)

static void
mute_class_init (MuteClass *klass)
{
}

static void
mute_init (Mute *self)
{
}

static ImpAnalyzer *
plugin_create (ImpFactory *factory, GHashTable *context, GError **error)
{
  Plugin *self = (Plugin *) factory;

  g_free (self->seen);
  self->seen = g_strdup (g_hash_table_lookup (context, "caddr"));
  self->n_keys = g_hash_table_size (context);
  switch (self->make)
    {
    case MAKE_ANALYZER:
      return g_object_new (mute_get_type (), NULL);
    case MAKE_PASS:
      return imp_pass_analyzer_new ();
    case MAKE_ERROR:
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT, "too many of them");
      return NULL;
    case MAKE_NOTHING:
    default:
      return NULL;
    }
}

static void
plugin_finalize (GObject *object)
{
  g_free (((Plugin *) object)->seen);
  G_OBJECT_CLASS (plugin_parent_class)->finalize (object);
}

static gboolean
plugin_ignores (ImpFactory *factory, GHashTable *context, GError **error)
{
  const char *app = g_hash_table_lookup (context, "app");

  if (((Plugin *) factory)->fails)
    imp_factory_fail (factory, "no rules");
  if (g_strcmp0 (app, "broken") == 0)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_LIMIT, "cannot say");
  return g_strcmp0 (app, "boring") == 0 || g_strcmp0 (app, "broken") == 0;
}

static void
plugin_class_init (PluginClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = plugin_finalize;
  klass->ignores = plugin_ignores;
  klass->create_analyzer = plugin_create;
}

static void
plugin_init (Plugin *self)
{
}

static ImpFactory *
plugin_new (Make make)
{
  Plugin *self = g_object_new (plugin_get_type (), NULL);

  self->make = make;
  return (ImpFactory *) self;
}

/* "type:results" with spaces between, in numbers. */
static GList *
parse_list (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  GList *list = NULL;

  for (gsize i = 0; words[i] != NULL; i++)
    {
      char *end;
      gint32 type = strtol (words[i], &end, 10);

      g_assert_cmpint (*end, ==, ':');
      list = g_list_append (list, imp_interface_new (type, strtoul (end + 1, NULL, 10)));
    }
  return list;
}

static char *
format_list (GList *list)
{
  GString *text = g_string_new (NULL);

  for (; list != NULL; list = list->next)
    g_string_append_printf (text, "%s%d:%u", text->len > 0 ? " " : "",
                            imp_interface_get_data_type (list->data),
                            imp_interface_get_results (list->data));
  return g_string_free (text, FALSE);
}

static void
free_list (GList *list)
{
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}

#define PASS 128     /* IMP_RESULT_FLAGS_PASS */
#define REPLACE 2048 /* IMP_RESULT_FLAGS_REPLACE */

static void
test_match (void)
{
  static const struct
  {
    const char *offered, *wanted, *matches;
  } cases[] = {
    /* an entry without a result list accepts all; the answer has the plugin's results */
    { "-1:2176", "-1:0", "-1:2176" },
    { "-1:2176", "-1:2176", "-1:2176" },
    { "-1:2176", "-1:128", "" },
    { "-1:128", "-1:2176", "-1:128" },
    { "-1:128", "1:0", "" },
    /* any type becomes the wanted one, in the provider's order */
    { "0:128", "1:0 -1:0", "1:128 -1:128" },
    { "0:0", "-1:0", "-1:0" },
    { "0:0", "-1:2176", "" },
    { "0:128", "0:0", "0:128" },
    { "-1:128", "0:0", "" },
    /* hints and FATAL (16496) are never demanded */
    { "-1:16624", "-1:128", "-1:16624" },
    { "-1:16624", "-1:256", "" },
    { "-1:16496", "-1:256", "-1:16496" },
    /* several offers for one wish, and one offer for several wishes: no doubles */
    { "-1:128 1:128", "-1:0 1:0", "-1:128 1:128" },
    { "-1:128 0:2048", "-1:0", "-1:128 -1:2048" },
    { "-1:128 0:128", "-1:0 -1:128", "-1:128" },
  };

  g_assert_cmpuint (IMP_RESULT_FLAGS_PASS, ==, PASS);
  g_assert_cmpuint (IMP_RESULT_FLAGS_REPLACE, ==, REPLACE);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GList *offered = parse_list (cases[i].offered), *wanted = parse_list (cases[i].wanted);
      GList *matches = imp_interface_list_match (offered, wanted);
      g_autofree char *text = format_list (matches);

      g_test_message ("%s for %s", cases[i].offered, cases[i].wanted);
      g_assert_cmpstr (text, ==, cases[i].matches);
      free_list (offered);
      free_list (wanted);
      free_list (matches);
    }
}

static void
assert_matches (ImpFactory *factory, const char *wanted, const char *expected)
{
  GList *list = wanted == NULL ? NULL : parse_list (wanted);
  GList *matches = imp_factory_match_interfaces (factory, list);
  g_autofree char *text = format_list (matches);

  g_assert_cmpstr (text, ==, expected);
  free_list (list);
  free_list (matches);
}

static void
test_defaults (void)
{
  g_autoptr (ImpFactory) factory = plugin_new (MAKE_ANALYZER);

  assert_matches (factory, NULL, "0:0");
  assert_matches (factory, "1:0 -1:0", "1:0 -1:0");
  assert_matches (factory, "-1:128", "");
}

static void
test_create (void)
{
  g_autoptr (ImpFactory) factory = plugin_new (MAKE_ANALYZER);
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ImpAnalyzer) analyzer = NULL, other = NULL, third = NULL;
  g_autoptr (ImpContext) packed = NULL;
  g_autoptr (GError) error = NULL;
  Plugin *plugin = (Plugin *) factory;

  g_hash_table_insert (context, (char *) "caddr", (char *) "192.0.2.1");
  analyzer = imp_factory_create_analyzer (factory, context, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (plugin->seen, ==, "192.0.2.1");
  g_assert_cmpstr (imp_analyzer_lookup_context (analyzer, "caddr"), ==, "192.0.2.1");
  g_assert_null (imp_analyzer_get_interface (analyzer));

  other = imp_factory_create_analyzer (factory, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (plugin->n_keys, ==, 0);
  g_assert_null (imp_analyzer_lookup_context (other, "caddr"));

  packed = imp_context_from_table (context);
  third = imp_factory_create_packed (factory, packed, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (plugin->seen, ==, "192.0.2.1");
  g_assert_true (imp_analyzer_peek_context (third) == packed);
}

static void
test_create_fails (void)
{
  g_autoptr (ImpFactory) silent = plugin_new (MAKE_NOTHING), loud = plugin_new (MAKE_ERROR);
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_factory_create_analyzer (silent, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "Plugin"));
  g_clear_error (&error);

  g_assert_null (imp_factory_create_analyzer (loud, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_cmpstr (error->message, ==, "too many of them");
  g_clear_error (&error);

  /* Nobody has to want the error. */
  g_assert_null (imp_factory_create_analyzer (silent, NULL, NULL));
  g_assert_null (imp_factory_create_analyzer (loud, NULL, NULL));
}

static void
test_bound (void)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (
    mute_get_type (), IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_PAUSE);
  g_autoptr (ImpInterface) narrow = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (ImpInterface) wide = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpFactory) bound = NULL, again = NULL;
  g_autoptr (ImpAnalyzer) first = NULL, second = NULL, free_one = NULL;
  g_autoptr (GError) error = NULL;

  bound = imp_factory_set_interface (factory, narrow, &error);
  g_assert_no_error (error);
  assert_matches (bound, NULL, "-1:128");
  assert_matches (factory, NULL, "-1:144");

  first = imp_factory_create_analyzer (bound, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (imp_interface_equal (imp_analyzer_get_interface (first), narrow));
  imp_analyzer_pause (first, 0);
  g_assert_null (imp_analyzer_poll_results (first));

  /* Bound anew, it is the plugin that decides, not the binding before. */
  again = imp_factory_set_interface (bound, wide, &error);
  g_assert_no_error (error);
  second = imp_factory_create_packed (again, NULL, &error);
  g_assert_true (imp_interface_equal (imp_analyzer_get_interface (second), wide));

  free_one = imp_factory_create_analyzer (factory, NULL, &error);
  g_assert_null (imp_analyzer_get_interface (free_one));
}

static void
test_bound_fails (void)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (mute_get_type (), IMP_DATA_TYPE_STREAM,
                                                         IMP_RESULT_FLAGS_REPLACE);
  g_autoptr (ImpInterface) packets = imp_interface_new (IMP_DATA_TYPE_PACKET, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpInterface) pass = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_factory_set_interface (factory, packets, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "imp.data.packet: all results"));
  g_clear_error (&error);

  g_assert_null (imp_factory_set_interface (factory, pass, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "imp.data.stream: pass"));
}

static void
assert_passes_all (ImpAnalyzer *analyzer)
{
  GList *results = imp_analyzer_poll_results (analyzer);

  g_assert_cmpuint (g_list_length (results), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      ImpResult *result = g_list_nth_data (results, i);

      g_assert_cmpint (imp_result_get_result_type (result), ==, IMP_RESULT_PASS);
      g_assert_cmpint (imp_result_get_direction (result), ==, i);
      g_assert_cmpint (imp_result_get_offset (result), ==, IMP_MAX_OFFSET);
    }
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
}

/* Also where the interface has no PASS, and when it is fed nevertheless. */
static void
test_not_interested (void)
{
  g_autoptr (ImpFactory) factory = plugin_new (MAKE_PASS), bound = NULL;
  g_autoptr (ImpInterface) stream = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpAnalyzer) analyzer = NULL, unlikely = NULL;
  g_autoptr (ImpInterface) deny = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_DENY);

  bound = imp_factory_set_interface (factory, stream, NULL);
  analyzer = imp_factory_create_analyzer (bound, NULL, NULL);
  assert_passes_all (analyzer);
  imp_analyzer_data_bytes (analyzer, 0, (const guint8 *) "x", 1, 0, IMP_DATA_TYPE_STREAM);
  imp_analyzer_data_bytes (analyzer, 0, NULL, 0, 0, IMP_DATA_TYPE_STREAM);
  g_assert_null (imp_analyzer_poll_results (analyzer));

  unlikely = imp_factory_create_bound (factory, NULL, deny, NULL);
  assert_passes_all (unlikely);
}

static ImpAnalyzer *
create_for (ImpFactory *factory, const char *app, GError **error)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (context, (char *) "app", (char *) app);
  return imp_factory_create_analyzer (factory, context, error);
}

static gboolean
ignores (ImpFactory *factory, const char *app, GError **error)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (context, (char *) "app", (char *) app);
  return imp_factory_ignores (factory, context, error);
}

/* Who ignores a connection is not asked for an analyzer, also under an interface without PASS. */
static void
test_ignores (void)
{
  g_autoptr (ImpFactory) factory = plugin_new (MAKE_ERROR), bound = NULL;
  g_autoptr (ImpInterface) deny = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpAnalyzer) analyzer = NULL, by_bound = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (ignores (factory, "boring", &error));
  g_assert_no_error (error);
  analyzer = create_for (factory, "boring", &error);
  g_assert_no_error (error);
  g_assert_true (IMP_IS_PASS_ANALYZER (analyzer));
  g_assert_cmpstr (imp_analyzer_lookup_context (analyzer, "app"), ==, "boring");
  assert_passes_all (analyzer);

  bound = imp_factory_set_interface (factory, deny, NULL);
  g_assert_true (ignores (bound, "boring", &error));
  by_bound = create_for (bound, "boring", &error);
  g_assert_no_error (error);
  assert_passes_all (by_bound);

  g_assert_false (ignores (factory, "http", &error));
  g_assert_no_error (error);
  g_assert_false (imp_factory_ignores (factory, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (create_for (factory, "http", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
}

/* Whatever it says besides, who cannot tell ignores nobody, and inspects nobody. */
static void
test_ignores_fails (void)
{
  g_autoptr (ImpFactory) factory = plugin_new (MAKE_ANALYZER);
  g_autoptr (GError) error = NULL, create_error = NULL, fail_error = NULL;
  gboolean ignored = TRUE;

  g_assert_false (ignores (factory, "broken", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_null (create_for (factory, "broken", &create_error));
  g_assert_error (create_error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_cmpstr (create_error->message, ==, "cannot say");

  ((Plugin *) factory)->fails = TRUE;
  g_assert_null (imp_factory_create_wanted (factory, NULL, &ignored, &fail_error));
  g_assert_false (ignored);
  g_assert_error (fail_error, IMP_ERROR, IMP_ERROR_FATAL);
  g_clear_error (&fail_error);
  g_assert_false (ignores (factory, "boring", &fail_error));
  g_assert_error (fail_error, IMP_ERROR, IMP_ERROR_FATAL);
}

/* A factory whose analyzers all pass needs none. */
static void
test_ignores_all (void)
{
  g_autoptr (ImpFactory) all = imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_ANY,
                                                     IMP_RESULT_FLAGS_PASS);
  g_autoptr (ImpFactory) none = imp_type_factory_new (mute_get_type (), IMP_DATA_TYPE_ANY,
                                                      IMP_RESULT_FLAGS_PASS);
  g_autoptr (GError) error = NULL;
  gboolean ignored = FALSE;

  g_assert_true (imp_factory_ignores (all, NULL, &error));
  g_assert_null (imp_factory_create_wanted (all, NULL, &ignored, &error));
  g_assert_true (ignored);
  g_assert_false (imp_factory_ignores (none, NULL, &error));
  g_assert_no_error (error);
}

static void
on_queried (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GList *matches = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);

  g_assert_no_error (error);
  *(char **) user_data = format_list (matches);
  free_list (matches);
}

static void
test_query (void)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (mute_get_type (), IMP_DATA_TYPE_ANY,
                                                         IMP_RESULT_FLAGS_PASS);
  GList *wanted = parse_list ("1:0 -1:2048 -1:128");
  g_autofree char *answer = NULL;

  imp_factory_query_interfaces_async (factory, wanted, NULL, on_queried, &answer);
  free_list (wanted);
  g_assert_null (answer);
  while (answer == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (answer, ==, "1:128 -1:128");
}

static void
test_type_factory (void)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (
    mute_get_type (), IMP_DATA_TYPE_PACKET, IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_DENY);
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  ImpTypeFactory *self = (ImpTypeFactory *) factory;

  g_assert_true (IMP_IS_TYPE_FACTORY (factory));
  g_assert_cmpuint (imp_type_factory_get_analyzer_type (self), ==, mute_get_type ());
  g_assert_cmpint (imp_type_factory_get_data_type (self), ==, IMP_DATA_TYPE_PACKET);
  g_assert_cmpuint (imp_type_factory_get_results (self), ==,
                    IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_DENY);
  analyzer = imp_factory_create_analyzer (factory, NULL, NULL);
  g_assert_true (G_OBJECT_TYPE (analyzer) == mute_get_type ());
}

typedef struct
{
  GList *interfaces;
  GError *error;
} QueryAnswer;

static void
on_query_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  QueryAnswer *answer = user_data;

  answer->interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result,
                                                            &answer->error);
}

/* A factory that has failed says so to all who want something of it, always in the same words. */
static void
test_failed (void)
{
  g_autoptr (ImpFactory) factory = g_object_new (plugin_get_type (), NULL);
  g_autoptr (ImpInterface) stream = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpFactory) bound = imp_factory_set_interface (factory, stream, NULL);
  g_autoptr (GError) create_error = NULL, bound_error = NULL, set_error = NULL;
  QueryAnswer answer = { NULL };

  imp_factory_fail (factory, "no rules");
  imp_factory_fail (factory, "another reason");
  g_assert_null (imp_factory_create_analyzer (factory, NULL, &create_error));
  g_assert_error (create_error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_cmpstr (create_error->message, ==, "no rules");
  g_assert_null (imp_factory_create_analyzer (bound, NULL, &bound_error));
  g_assert_cmpstr (bound_error->message, ==, "no rules");
  g_assert_null (imp_factory_set_interface (factory, stream, &set_error));
  g_assert_cmpstr (set_error->message, ==, "no rules");

  imp_factory_query_interfaces_async (factory, NULL, NULL, on_query_answer, &answer);
  while (answer.error == NULL && answer.interfaces == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (answer.interfaces);
  g_assert_error (answer.error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_cmpstr (answer.error->message, ==, "no rules");
  g_clear_error (&answer.error);
}

/* Analyzers that give a verdict while they are made: which one, the test says. */
static void (*verdict_at_once) (ImpAnalyzer *self);

typedef ImpAnalyzer Hasty;
typedef ImpAnalyzerClass HastyClass;
GType hasty_get_type (void);
G_DEFINE_TYPE (Hasty, hasty, IMP_TYPE_ANALYZER)

static void
hasty_class_init (HastyClass *klass)
{
}

static void
hasty_init (Hasty *self)
{
  imp_analyzer_log (self, 0, 0, 0, IMP_LOG_LEVEL_INFO, "first");
  verdict_at_once (self);
}

static void
fail_at_once (ImpAnalyzer *self)
{
  imp_analyzer_fail (self, "half made");
}

static void
deny_at_once (ImpAnalyzer *self)
{
  imp_analyzer_deny (self, 0, "not today");
}

/* One that has failed while it was made is no analyzer; one that refuses is. */
static void
test_failed_analyzer (void)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (hasty_get_type (), IMP_DATA_TYPE_STREAM,
                                                         IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GError) error = NULL;
  GList *results;

  verdict_at_once = fail_at_once;
  g_assert_null (imp_factory_create_analyzer (factory, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_cmpstr (error->message, ==, "half made");

  verdict_at_once = deny_at_once;
  analyzer = imp_factory_create_analyzer (factory, NULL, NULL);
  g_assert_nonnull (analyzer);
  results = imp_analyzer_poll_results (analyzer);
  g_assert_cmpuint (g_list_length (results), ==, 2);
  g_assert_cmpint (imp_result_get_result_type (results->data), ==, IMP_RESULT_LOG);
  g_assert_cmpint (imp_result_get_result_type (results->next->data), ==, IMP_RESULT_DENY);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  imp_analyzer_close (analyzer);
}

/* --- statuses --- */

/* A factory of two parts, one of which is not well, or one that fails while it is asked. */
typedef struct
{
  ImpFactory parent_instance;
  gboolean fails;
  gboolean says_nothing;
} Sick;
typedef ImpFactoryClass SickClass;

GType sick_get_type (void);
G_DEFINE_TYPE (Sick, sick, IMP_TYPE_FACTORY)

static GList *
sick_list_statuses (ImpFactory *factory)
{
  Sick *self = (Sick *) factory;
  GList *list = NULL;

  if (self->says_nothing)
    return NULL;
  if (self->fails)
    imp_factory_fail (factory, "it failed when it was asked");
  list = g_list_prepend (list, imp_factory_status_new ("second", IMP_FACTORY_STATE_RESTARTING,
                                                       "bad \xff byte", 1234, 300));
  return g_list_prepend (list,
                         imp_factory_status_new ("first", IMP_FACTORY_STATE_UP, NULL, -1, -1));
}

static void
sick_class_init (SickClass *klass)
{
  klass->list_statuses = sick_list_statuses;
}

static void
sick_init (Sick *self)
{
}

static char *
format_statuses (GList *statuses)
{
  GString *text = g_string_new (NULL);

  for (GList *l = statuses; l != NULL; l = l->next)
    {
      g_autofree char *line = imp_factory_status_to_string (l->data);

      g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", line);
    }
  imp_factory_status_list_free (statuses);
  return g_string_free (text, FALSE);
}

static void
on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GList *statuses = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, &error);

  if (error != NULL)
    g_assert_null (statuses);
  *(char **) user_data = error != NULL ? g_strdup (error->message) : format_statuses (statuses);
}

/* Both ways to ask say the same. */
static void
assert_statuses (ImpFactory *factory, const char *expected)
{
  g_autofree char *listed = format_statuses (imp_factory_list_statuses (factory));
  g_autofree char *queried = NULL;

  g_assert_cmpstr (listed, ==, expected);
  imp_factory_query_statuses_async (factory, 1000, NULL, on_statuses, &queried);
  while (queried == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (queried, ==, expected);
}

static void
test_statuses (void)
{
  g_autoptr (ImpFactory) plugin = plugin_new (MAKE_ANALYZER);
  g_autoptr (ImpInterface) interface = imp_interface_new (IMP_DATA_TYPE_STREAM, 0);
  g_autoptr (ImpFactory) sick = g_object_new (sick_get_type (), NULL);
  g_autoptr (ImpFactory) bound = imp_factory_set_interface (sick, interface, NULL);

  assert_statuses (plugin, "Plugin: up");
  imp_factory_set_name (plugin, "plugin.so");
  assert_statuses (plugin, "plugin.so: up");
  imp_factory_fail (plugin, "out of luck");
  assert_statuses (plugin, "plugin.so: unusable: out of luck");

  /* What has an interface is no other module. */
  assert_statuses (bound, "first: up; second: restarting for 1.2 s, next attempt in 0.3 s: bad "
                          "\xef\xbf\xbd byte");
  ((Sick *) sick)->says_nothing = TRUE;
  assert_statuses (bound, "Sick: up");
  ((Sick *) sick)->says_nothing = FALSE;
  ((Sick *) sick)->fails = TRUE;
  assert_statuses (bound, "Sick: unusable: it failed when it was asked");
  ((Sick *) sick)->fails = FALSE;
  assert_statuses (sick, "Sick: unusable: it failed when it was asked");
}

static void
test_status (void)
{
  g_autoptr (ImpFactoryStatus) status = imp_factory_status_new ("a", IMP_FACTORY_STATE_RESTARTING,
                                                                "why", 60000, 0);
  g_autoptr (ImpFactoryStatus) same = imp_factory_status_ref (status);
  g_autofree char *text = imp_factory_status_to_string (same);

  g_assert_cmpstr (text, ==, "a: restarting for 60.0 s, being tried now: why");
  g_assert_cmpstr (imp_factory_status_get_name (status), ==, "a");
  g_assert_cmpint (imp_factory_status_get_state (status), ==, IMP_FACTORY_STATE_RESTARTING);
  g_assert_cmpstr (imp_factory_status_get_reason (status), ==, "why");
  g_assert_cmpint (imp_factory_status_get_since (status), ==, 60000);
  g_assert_cmpint (imp_factory_status_get_retry (status), ==, 0);
}

static void
test_statuses_cancelled (void)
{
  g_autoptr (ImpFactory) plugin = plugin_new (MAKE_ANALYZER);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *said = NULL;

  imp_factory_query_statuses_async (plugin, 1000, cancellable, on_statuses, &said);
  g_cancellable_cancel (cancellable);
  while (said == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (said, ==, "Operation was cancelled");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/factory/match", test_match);
  g_test_add_func ("/factory/defaults", test_defaults);
  g_test_add_func ("/factory/create", test_create);
  g_test_add_func ("/factory/create-fails", test_create_fails);
  g_test_add_func ("/factory/bound", test_bound);
  g_test_add_func ("/factory/bound-fails", test_bound_fails);
  g_test_add_func ("/factory/not-interested", test_not_interested);
  g_test_add_func ("/factory/ignores", test_ignores);
  g_test_add_func ("/factory/ignores-fails", test_ignores_fails);
  g_test_add_func ("/factory/ignores-all", test_ignores_all);
  g_test_add_func ("/factory/query", test_query);
  g_test_add_func ("/factory/type-factory", test_type_factory);
  g_test_add_func ("/factory/failed", test_failed);
  g_test_add_func ("/factory/failed-analyzer", test_failed_analyzer);
  g_test_add_func ("/factory/status", test_status);
  g_test_add_func ("/factory/statuses", test_statuses);
  g_test_add_func ("/factory/statuses/cancelled", test_statuses_cancelled);
  return g_test_run ();
}
