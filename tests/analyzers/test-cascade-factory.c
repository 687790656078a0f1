/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The factory of cascades: what it makes, what it can do, and how its parts are. */
#include "cascade-rig.h"
#include "core/imp-factory-private.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

static ImpFactory *
make_cascade (ImpFactory *first, ImpFactory *second)
{
  GList *list = g_list_prepend (NULL, second);
  ImpFactory *cascade;

  list = g_list_prepend (list, first);
  cascade = imp_cascade_new (list);
  g_list_free_full (list, g_object_unref);
  return cascade;
}

/* --- analyzers --- */

static void
test_failing (void)
{
  MockAnalyzer *mock = mock_analyzer_new (NULL, NULL);
  g_autoptr (ImpAnalyzer) keep = g_object_ref (IMP_ANALYZER (mock));
  g_autoptr (ImpFactory) cascade = make_cascade (
    cascade_rig_factory_new (IMP_ANALYZER (mock), NULL), cascade_rig_factory_new (NULL, "no luck"));
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_factory_create_analyzer (cascade, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "part 2 of the cascade (GivenFactory): no luck");
  g_assert_cmpuint (mock->n_closed, ==, 1);
}

static ImpFactory *
factory_new_not_interested (void)
{
  return imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_ALL);
}

static void
test_not_interested (void)
{
  ImpAnalyzer *analyzer = IMP_ANALYZER (mock_analyzer_new (NULL, NULL));
  g_autoptr (ImpFactory) one = make_cascade (factory_new_not_interested (),
                                             cascade_rig_factory_new (analyzer, NULL));
  g_autoptr (ImpFactory) none = make_cascade (factory_new_not_interested (),
                                              factory_new_not_interested ());
  g_autoptr (ImpFactory) empty = imp_cascade_new (NULL);
  g_autoptr (ImpAnalyzer) made = NULL;

  /* The only one that is left is it. */
  g_assert_false (imp_factory_ignores (one, NULL, NULL));
  made = imp_factory_create_analyzer (one, NULL, NULL);
  g_assert_true (made == analyzer);
  g_clear_object (&made);
  g_assert_true (imp_factory_ignores (none, NULL, NULL));
  made = imp_factory_create_analyzer (none, NULL, NULL);
  g_assert_true (IMP_IS_PASS_ANALYZER (made));
  g_clear_object (&made);
  g_assert_true (imp_factory_ignores (empty, NULL, NULL));
  made = imp_factory_create_analyzer (empty, NULL, NULL);
  g_assert_true (IMP_IS_PASS_ANALYZER (made));
}

static void
test_context (void)
{
  ImpAnalyzer *first = IMP_ANALYZER (mock_analyzer_new (NULL, NULL));
  ImpAnalyzer *second = IMP_ANALYZER (mock_analyzer_new (NULL, NULL));
  g_autoptr (ImpFactory) cascade = make_cascade (cascade_rig_factory_new (first, NULL),
                                                 cascade_rig_factory_new (second, NULL));
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (ImpAnalyzer) made = NULL;

  g_hash_table_insert (context, (char *) "app", (char *) "smtp");
  made = imp_factory_create_analyzer (cascade, context, NULL);
  g_assert_cmpstr (imp_analyzer_lookup_context (made, "app"), ==, "smtp");
  g_assert_cmpstr (imp_analyzer_lookup_context (first, "app"), ==, "smtp");
  g_assert_cmpstr (imp_analyzer_lookup_context (second, "app"), ==, "smtp");
  imp_analyzer_close (made);
}

/* --- interfaces --- */

static ImpFactory *
type_factory (gint32 data_type, ImpResultFlags results)
{
  return imp_type_factory_new (MOCK_TYPE_ANALYZER, data_type, results);
}

static void
check_interfaces (GList *list, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (GList *l = list; l != NULL; l = l->next)
    {
      g_autofree char *one = imp_interface_to_string (l->data);

      g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", one);
    }
  g_assert_cmpstr (text->str, ==, expected);
  g_list_free_full (list, (GDestroyNotify) imp_interface_unref);
}

static void
check_listed (ImpFactory *first, ImpFactory *second, const char *expected)
{
  g_autoptr (ImpFactory) cascade = make_cascade (first, second);

  check_interfaces (imp_factory_list_interfaces (cascade), expected);
}

static void
test_interfaces (void)
{
  check_listed (type_factory (STREAM, IMP_RESULT_FLAGS_PASS),
                type_factory (STREAM, IMP_RESULT_FLAGS_REPLACE | IMP_RESULT_FLAGS_LOG),
                "imp.data.stream: log, pass, replace");
  check_listed (type_factory (IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_PREPASS),
                type_factory (PACKET, IMP_RESULT_FLAGS_DENY), "imp.data.packet: prepass, deny");
  check_listed (type_factory (STREAM, IMP_RESULT_FLAGS_PASS),
                type_factory (STREAM, IMP_RESULT_FLAGS_ALL), "imp.data.stream: all results");
  check_listed (type_factory (STREAM, IMP_RESULT_FLAGS_PASS),
                type_factory (PACKET, IMP_RESULT_FLAGS_PASS), "");
  check_listed (type_factory (IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_PASS),
                type_factory (IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_DENY), "any data: pass, deny");
}

static void
test_bound (void)
{
  g_autoptr (ImpFactory) cascade
    = make_cascade (type_factory (STREAM, IMP_RESULT_FLAGS_PASS | IMP_RESULT_FLAGS_PAUSE),
                    type_factory (IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_REPLACE));
  g_autoptr (ImpInterface) stream = imp_interface_new (STREAM, IMP_RESULT_FLAGS_PASS
                                                                 | IMP_RESULT_FLAGS_REPLACE);
  g_autoptr (ImpInterface) packet = imp_interface_new (PACKET, IMP_RESULT_FLAGS_ALL);
  GList wanted = { .data = stream };
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) bound = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  check_interfaces (imp_factory_match_interfaces (cascade, &wanted),
                    "imp.data.stream: pause, pass, replace");
  bound = imp_factory_set_interface (cascade, stream, &error);
  g_assert_no_error (error);
  g_assert_true (IMP_IS_CASCADE (bound) && bound != cascade);
  check_interfaces (imp_factory_list_interfaces (bound), "imp.data.stream: pass, replace");
  /* The first one is as it was, and its parts are. */
  check_interfaces (imp_factory_list_interfaces (cascade), "imp.data.stream: pause, pass, replace");
  analyzer = imp_factory_create_analyzer (bound, NULL, &error);
  g_assert_no_error (error);
  imp_analyzer_close (analyzer);

  g_assert_null (imp_factory_set_interface (cascade, packet, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_assert_true (g_str_has_prefix (error->message, "part 1 of the cascade (ImpTypeFactory): "));
}

static void
on_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static void
test_asked (void)
{
  g_autoptr (ImpFactory) cascade = make_cascade (type_factory (STREAM, IMP_RESULT_FLAGS_PASS),
                                                 type_factory (IMP_DATA_TYPE_ANY,
                                                               IMP_RESULT_FLAGS_REPLACE));
  g_autoptr (ImpInterface) stream = imp_interface_new (STREAM, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpInterface) packet = imp_interface_new (PACKET, IMP_RESULT_FLAGS_ALL);
  g_autoptr (GList) wanted = g_list_append (g_list_append (NULL, packet), stream);
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  imp_factory_query_interfaces_async (cascade, wanted, NULL, on_ready, &first);
  check_interfaces (imp_factory_query_interfaces_finish (cascade, wait_for (&first), &error),
                    "imp.data.stream: pass, replace");
  g_assert_no_error (error);
  imp_factory_query_interfaces_async (cascade, NULL, NULL, on_ready, &second);
  check_interfaces (imp_factory_query_interfaces_finish (cascade, wait_for (&second), &error),
                    "imp.data.stream: pass, replace");
  g_assert_no_error (error);
}

static void
test_asked_in_vain (void)
{
  g_autoptr (ImpFactory) cascade = make_cascade (type_factory (STREAM, IMP_RESULT_FLAGS_PASS),
                                                 type_factory (STREAM, IMP_RESULT_FLAGS_PASS));
  ImpFactory *broken = type_factory (STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (ImpFactory) other = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  imp_factory_fail (broken, "it is broken");
  other = make_cascade (g_object_ref (cascade), broken);
  imp_factory_query_interfaces_async (other, NULL, NULL, on_ready, &result);
  g_assert_null (imp_factory_query_interfaces_finish (other, wait_for (&result), &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_cmpstr (error->message, ==, "part 2 of the cascade (ImpTypeFactory): it is broken");
}

/* --- statuses --- */

static void
check_statuses (GList *list, const char *first, const char *second)
{
  g_autofree char *one = imp_factory_status_to_string (list->data);
  g_autofree char *two = imp_factory_status_to_string (list->next->data);

  g_assert_cmpuint (g_list_length (list), ==, 2);
  g_assert_cmpstr (one, ==, first);
  g_assert_cmpstr (two, ==, second);
  imp_factory_status_list_free (list);
}

static void
test_statuses (void)
{
  ImpFactory *first = type_factory (STREAM, IMP_RESULT_FLAGS_PASS);
  ImpFactory *second = type_factory (STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (ImpFactory) cascade = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  imp_factory_set_name (first, "first");
  imp_factory_fail (second, "it is broken");
  cascade = make_cascade (first, second);
  check_statuses (imp_factory_list_statuses (cascade), "first: up",
                  "ImpTypeFactory: unusable: it is broken");
  imp_factory_query_statuses_async (cascade, 1000, NULL, on_ready, &result);
  check_statuses (imp_factory_query_statuses_finish (cascade, wait_for (&result), &error),
                  "first: up", "ImpTypeFactory: unusable: it is broken");
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cascade-factory/failing", test_failing);
  g_test_add_func ("/cascade-factory/not-interested", test_not_interested);
  g_test_add_func ("/cascade-factory/context", test_context);
  g_test_add_func ("/cascade-factory/interfaces", test_interfaces);
  g_test_add_func ("/cascade-factory/bound", test_bound);
  g_test_add_func ("/cascade-factory/asked", test_asked);
  g_test_add_func ("/cascade-factory/asked-in-vain", test_asked_in_vain);
  g_test_add_func ("/cascade-factory/statuses", test_statuses);
  return g_test_run ();
}
