/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a name and settings to a factory. Modules in files are tested with the tool. */
#include "analyzers/imp-pattern-factory.h"
#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "modules/imp-module-private.h"
#include "rpc/client/imp-remote-factory.h"

typedef ImpFactory TestFactory;
typedef ImpFactoryClass TestFactoryClass;
typedef ImpFactory TestOther;
typedef ImpFactoryClass TestOtherClass;

GType test_factory_get_type (void);
GType test_other_get_type (void);
G_DEFINE_TYPE (TestFactory, test_factory, IMP_TYPE_FACTORY)
G_DEFINE_TYPE (TestOther, test_other, IMP_TYPE_FACTORY)

static void
test_factory_class_init (TestFactoryClass *klass)
{
}

static void
test_factory_init (TestFactory *self)
{
}

static void
test_other_class_init (TestOtherClass *klass)
{
}

static void
test_other_init (TestOther *self)
{
}

static void
test_pass (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_module_new_factory ("pass", &error);
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  GList *interfaces;

  g_assert_no_error (error);
  analyzer = imp_factory_create_analyzer (factory, NULL, &error);
  g_assert_true (IMP_IS_PASS_ANALYZER (analyzer));
  interfaces = imp_factory_list_interfaces (factory);
  g_assert_cmpint (imp_interface_get_data_type (interfaces->data), ==, IMP_DATA_TYPE_ANY);
  g_list_free_full (interfaces, (GDestroyNotify) imp_interface_unref);
}

static void
test_settings (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) pattern = NULL, remote = NULL;
  g_autofree char *settings = NULL, *address = NULL;

  pattern = imp_module_new_factory ("pattern=string=a%3Db&action=replace&actdata=", &error);
  g_assert_no_error (error);
  g_assert_true (IMP_IS_PATTERN_FACTORY (pattern));
  settings = imp_factory_get_settings (pattern);
  g_assert_nonnull (strstr (settings, "string=a%3Db"));
  g_assert_nonnull (strstr (settings, "action=replace"));

  /* A short name of a setting, also where another one only begins with it. */
  remote = imp_module_new_factory ("remote=fail=soft&addr=@nowhere", &error);
  g_assert_no_error (error);
  g_assert_true (IMP_IS_REMOTE_FACTORY (remote));
  address = imp_factory_get_settings (remote);
  g_assert_cmpstr (address, ==, "address=@nowhere&fail=soft");
}

static void
test_errors (void)
{
  static const struct
  {
    const char *spec;
    ImpError code;
    const char *says;
  } cases[] = {
    { "", IMP_ERROR_SETTINGS, "http-headers, pass, pattern, protocol-pinning, remote" },
    { "patern=rx=x", IMP_ERROR_SETTINGS, "\"patern\"" },
    { "Pattern", IMP_ERROR_SETTINGS, "\"Pattern\"" },
    { "http-headers=set_request=X", IMP_ERROR_SETTINGS, "\"X\" is not like \"Name: value\"" },
    { "http-headers=remove_response=Content-Length", IMP_ERROR_SETTINGS, "Content-Length follows" },
    { "pass=x=1", IMP_ERROR_SETTINGS, "no settings" },
    { "pattern=string=x&shade=red", IMP_ERROR_SETTINGS, "shade=red" },
    { "pattern", IMP_ERROR_SETTINGS, "rx or string" },
    { "remote=addr=nowhere", IMP_ERROR_SETTINGS, "\"nowhere\"" },
    { "remote=addr=@a&address=@b", IMP_ERROR_SETTINGS, "addr and address are the same" },
    { "remote", IMP_ERROR_SETTINGS, "address" },
    { "./nothing.so", IMP_ERROR_SETTINGS, "./nothing.so" },
    { "nothing.so=x=1", IMP_ERROR_SETTINGS, "nothing.so" },
    { "./nothing.py", IMP_ERROR_SETTINGS, "./nothing.py" },
    { "/nothing.mjs", IMP_ERROR_SETTINGS, "/nothing.mjs" },
    { "./nothing.txt", IMP_ERROR_SETTINGS, ".so, .py, .js or .mjs" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].spec);
      g_assert_null (imp_module_new_factory (cases[i].spec, &error));
      g_assert_error (error, IMP_ERROR, (int) cases[i].code);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

/* In the order of their names, each with a description of its own. */
static void
test_list (void)
{
  g_auto (GStrv) names = imp_module_list ();

  g_assert_cmpuint (g_strv_length (names), >=, 3);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = imp_module_describe (names[i], &error);

      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (text, names[i]));
      if (i > 0)
        g_assert_cmpstr (names[i - 1], <, names[i]);
    }
}

static void
test_describe (void)
{
  g_autofree char *text = imp_module_describe ("remote", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *pattern = imp_module_describe ("pattern", NULL);
  g_autofree char *pinning = imp_module_describe ("protocol-pinning", NULL);

  g_assert_nonnull (strstr (text, "  address=text in UTF-8 (or addr)\n"));
  g_assert_nonnull (strstr (pattern, "(or replacement, reason, answer)"));
  g_assert_nonnull (strstr (pinning, "  rxN=text in UTF-8 (or regexN) (N: 0, 1, "));
  g_assert_nonnull (strstr (text, "  fail=hard or soft (default: hard)\n"));
  g_assert_nonnull (strstr (text, "\n      where the server listens\n"));
  g_assert_null (strstr (text, "\n  state="));

  g_assert_null (imp_module_describe ("nothing", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_null (imp_module_describe ("./script.py", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

static gboolean
list_has (const char *name)
{
  g_auto (GStrv) names = imp_module_list ();

  return g_strv_contains ((const char *const *) names, name);
}

/* A name that a program adds is as good as those of the library, and takes nobody's place. */
static void
test_register (void)
{
  static const char *const no_names[] = { "", "a/b", "a=b", "a&b", "x.so", "x.py", "pass", "own" };
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = NULL;
  g_autofree char *text = NULL;

  g_assert_true (imp_module_register ("own", test_factory_get_type (), "does as it likes", &error));
  g_assert_no_error (error);
  g_assert_true (list_has ("own"));
  text = imp_module_describe ("own", &error);
  g_assert_cmpstr (text, ==, "own: does as it likes\n  no settings\n");
  factory = imp_module_new_factory ("own", &error);
  g_assert_no_error (error);
  g_assert_true (G_TYPE_CHECK_INSTANCE_TYPE (factory, test_factory_get_type ()));

  for (gsize i = 0; i < G_N_ELEMENTS (no_names); i++)
    {
      g_assert_false (imp_module_register (no_names[i], test_other_get_type (), "x", &error));
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
      g_assert_nonnull (strstr (error->message, no_names[i]));
      g_clear_error (&error);
    }
  g_assert_false (imp_module_register ("another", test_factory_get_type (), "x", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_false (imp_module_register ("object", G_TYPE_OBJECT, "x", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

/* GIO's own way does as well; what cannot be a module is an error where it is used. */
static void
test_extension (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = NULL;
  g_autofree char *text = NULL;

  g_assert_true (list_has ("pattern"));
  g_assert_nonnull (g_io_extension_point_implement (IMP_MODULE_EXTENSION_POINT_NAME,
                                                    test_other_get_type (), "other", 5));
  g_assert_nonnull (g_io_extension_point_implement (IMP_MODULE_EXTENSION_POINT_NAME, G_TYPE_OBJECT,
                                                    "nothing-of-ours", 5));
  g_assert_true (list_has ("other"));
  text = imp_module_describe ("other", &error);
  g_assert_cmpstr (text, ==, "other: TestOther, of this program\n  no settings\n");
  factory = imp_module_new_factory ("other", &error);
  g_assert_no_error (error);
  g_assert_null (imp_module_new_factory ("nothing-of-ours", &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "GObject"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/module/pass", test_pass);
  g_test_add_func ("/module/settings", test_settings);
  g_test_add_func ("/module/errors", test_errors);
  g_test_add_func ("/module/list", test_list);
  g_test_add_func ("/module/register", test_register);
  g_test_add_func ("/module/extension", test_extension);
  g_test_add_func ("/module/describe", test_describe);
  return g_test_run ();
}
