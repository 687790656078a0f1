/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits as properties: what a row says is what the property does. */
#include "rpc/client/imp-remote-factory.h"
#include "rpc/imp-limits-private.h"
#include "rpc/server/imp-server.h"

typedef struct
{
  guint count, seconds, milliseconds, microseconds;
  gsize bytes;
} Owner;

static const ImpLimit rows[] = {
  { "count", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (Owner, count), 1, 9, 3, "how many" },
  { "bytes", IMP_LIMIT_BYTES, G_STRUCT_OFFSET (Owner, bytes), 1, G_MAXUINT32, 1 << 20, "how much" },
  { "seconds", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Owner, seconds), 0, 60, 10, "how long" },
  { "milliseconds", IMP_LIMIT_MILLISECONDS, G_STRUCT_OFFSET (Owner, milliseconds), 0, G_MAXINT32,
    10000, "how long" },
  { "microseconds", IMP_LIMIT_MICROSECONDS, G_STRUCT_OFFSET (Owner, microseconds), 0, G_MAXINT32, 0,
    "how long" },
};

static void
test_rows (void)
{
  Owner owner = { 77, 77, 77, 77, 77 };

  imp_limits_init (rows, G_N_ELEMENTS (rows), &owner);
  g_assert_cmpuint (owner.count, ==, 3);
  g_assert_cmpuint (owner.bytes, ==, 1 << 20);
  g_assert_cmpuint (owner.seconds, ==, 10);
  g_assert_cmpuint (owner.milliseconds, ==, 10000);
  g_assert_cmpuint (owner.microseconds, ==, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_false (imp_limit_set (&rows[i], &owner, rows[i].standard));
      g_assert_true (imp_limit_set (&rows[i], &owner, rows[i].maximum));
      g_assert_cmpuint (imp_limit_get (&rows[i], &owner), ==, rows[i].maximum);
    }
  g_assert_cmpuint (owner.bytes, ==, G_MAXUINT32);
  g_assert_cmpuint (owner.count, ==, 9);
}

static void
test_specs (void)
{
  static const char *const units[] = { "N", "BYTES", "SECONDS", "MS", "US" };
  GParamSpec *specs[G_N_ELEMENTS (rows)];

  imp_limits_make_specs (rows, G_N_ELEMENTS (rows), specs);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpstr (specs[i]->name, ==, rows[i].name);
      g_assert_cmpstr (g_param_spec_get_blurb (specs[i]), ==, rows[i].blurb);
      g_assert_cmpstr (imp_limit_get_unit (specs[i]), ==, units[i]);
      g_param_spec_unref (g_param_spec_ref_sink (specs[i]));
    }
}

static void
count_notify (GObject *object, GParamSpec *spec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static guint64
get_number (GObject *object, const char *name)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_UINT64);
  g_object_get_property (object, name, &value);
  return g_value_get_uint64 (&value);
}

static void
set_number (GObject *object, const char *name, guint64 number)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_UINT64);
  g_value_set_uint64 (&value, number);
  g_object_set_property (object, name, &value);
}

/* A change is notified of, and nothing else is. */
static void
check_property (GObject *object, GParamSpec *spec)
{
  guint64 standard = get_number (object, spec->name);
  guint notified = 0;
  gulong handler;

  g_test_message ("%s", spec->name);
  handler = g_signal_connect (object, "notify", G_CALLBACK (count_notify), &notified);
  set_number (object, spec->name, standard);
  g_assert_cmpuint (notified, ==, 0);
  set_number (object, spec->name, standard + 1);
  g_assert_cmpuint (notified, ==, 1);
  g_assert_cmpuint (get_number (object, spec->name), ==, standard + 1);
  set_number (object, spec->name, standard + 1);
  g_assert_cmpuint (notified, ==, 1);
  g_signal_handler_disconnect (object, handler);
}

static void
check_class (GObject *object, guint n_expected)
{
  guint n_specs, n_limits = 0;
  g_autofree GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object),
                                                                  &n_specs);

  for (guint i = 0; i < n_specs; i++)
    if (imp_limit_get_unit (specs[i]) != NULL)
      {
        check_property (object, specs[i]);
        n_limits++;
      }
  g_assert_cmpuint (n_limits, >=, n_expected);
}

static void
test_server (void)
{
  g_autoptr (ImpServer) server = g_object_new (IMP_TYPE_SERVER, NULL);

  check_class (G_OBJECT (server), 11);
}

static void
test_remote_factory (void)
{
  g_autoptr (ImpRemoteFactory) remote = imp_remote_factory_new ("@nobody", NULL);

  check_class (G_OBJECT (remote), 12);
}

/* The properties that are no limits keep to the same. */
static void
check_other (GObject *object, const char *name, const char *value)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
  g_auto (GValue) text = G_VALUE_INIT, other = G_VALUE_INIT;
  guint notified = 0;
  gulong handler = g_signal_connect (object, "notify", G_CALLBACK (count_notify), &notified);

  g_value_init (&other, spec->value_type);
  if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    g_value_set_boolean (&other, g_str_equal (value, "TRUE"));
  else if (G_IS_PARAM_SPEC_ENUM (spec))
    g_value_set_enum (
      &other, g_enum_get_value_by_nick (G_PARAM_SPEC_ENUM (spec)->enum_class, value)->value);
  else
    g_value_set_string (&other, value);
  g_object_set_property (object, name, &other);
  g_assert_cmpuint (notified, ==, 1);
  g_object_set_property (object, name, &other);
  g_assert_cmpuint (notified, ==, 1);
  g_value_init (&text, spec->value_type);
  g_object_get_property (object, name, &text);
  g_assert_cmpint (g_param_values_cmp (spec, &text, &other), ==, 0);
  g_signal_handler_disconnect (object, handler);
}

static void
test_others (void)
{
  g_autoptr (ImpServer) server = g_object_new (IMP_TYPE_SERVER, NULL);
  g_autoptr (ImpRemoteFactory) remote = imp_remote_factory_new ("@nobody", NULL);

  check_other (G_OBJECT (server), "codec", "json");
  check_other (G_OBJECT (server), "replace", "TRUE");
  check_other (G_OBJECT (server), "insecure", "TRUE");
  check_other (G_OBJECT (remote), "codec", "json");
  check_other (G_OBJECT (remote), "fail", "soft");
  check_other (G_OBJECT (remote), "reconnect", "FALSE");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/rows", test_rows);
  g_test_add_func ("/limits/specs", test_specs);
  g_test_add_func ("/limits/server", test_server);
  g_test_add_func ("/limits/remote-factory", test_remote_factory);
  g_test_add_func ("/limits/others", test_others);
  return g_test_run ();
}
