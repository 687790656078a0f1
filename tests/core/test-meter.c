/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is counted of a factory's analyzers, and how long they take. */
#include "core/imp-factory-private.h"
#include "core/imp-meter-private.h"
#include "core/imp-type-factory.h"

#include "mock-analyzer.h"
#include "test-clock.h"

#include <string.h>

#define MS G_GINT64_CONSTANT (1000000)

typedef struct
{
  ImpFactory *factory;
  ImpAnalyzer *analyzer;
} Rig;

static void
rig_on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
}

static void
rig_init (Rig *rig)
{
  g_autoptr (GError) error = NULL;

  rig->factory = imp_type_factory_new (MOCK_TYPE_ANALYZER, IMP_DATA_TYPE_STREAM,
                                       IMP_RESULT_FLAGS_ALL);
  imp_factory_set_measured (rig->factory, TRUE);
  rig->analyzer = imp_factory_create_analyzer (rig->factory, NULL, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (rig->analyzer, rig_on_result, NULL, NULL);
  test_clock_advance (1000 * MS, 0);
}

static void
rig_clear (Rig *rig)
{
  imp_analyzer_close (rig->analyzer);
  g_clear_object (&rig->analyzer);
  g_clear_object (&rig->factory);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rig, rig_clear)

static void
feed (ImpAnalyzer *analyzer, ImpDirection direction, const char *text)
{
  imp_analyzer_data_bytes (analyzer, direction, (const guint8 *) text, strlen (text), 0,
                           IMP_DATA_TYPE_STREAM);
}

static guint64
count_verdicts (Rig *rig, const char *name)
{
  g_autoptr (GVariant) all = imp_factory_get_measurements (rig->factory);
  g_autoptr (GVariant) verdicts = NULL;
  guint64 n = G_MAXUINT64;

  verdicts = g_variant_lookup_value (all, "verdicts", G_VARIANT_TYPE ("a{st}"));
  g_assert_true (g_variant_lookup (verdicts, name, "t", &n));
  return n;
}

static guint64
count (Rig *rig, const char *name)
{
  g_autoptr (GVariant) all = imp_factory_get_measurements (rig->factory);
  guint64 n = G_MAXUINT64;

  g_assert_true (g_variant_lookup (all, name, "t", &n));
  return n;
}

/* How many were timed, with the sum of it; and all of them in the right places. */
static guint64
count_times (Rig *rig, double *total)
{
  g_autoptr (GVariant) all = imp_factory_get_measurements (rig->factory);
  g_autoptr (GVariant) times = g_variant_lookup_value (all, "times", G_VARIANT_TYPE ("at"));
  g_autoptr (GVariant) bounds = g_variant_lookup_value (all, "time-bounds", G_VARIANT_TYPE ("ad"));
  gsize n_times, n_bounds;
  const guint64 *counts = g_variant_get_fixed_array (times, &n_times, sizeof *counts);
  const double *ends = g_variant_get_fixed_array (bounds, &n_bounds, sizeof *ends);
  guint64 sum = 0;

  g_assert_cmpuint (n_times, ==, n_bounds + 1);
  for (gsize i = 1; i < n_bounds; i++)
    g_assert_cmpfloat (ends[i - 1], <, ends[i]);
  for (gsize i = 0; i < n_times; i++)
    sum += counts[i];
  g_assert_true (g_variant_lookup (all, "total-time", "d", total));
  return sum;
}

static guint64
get_bucket (Rig *rig, guint i)
{
  g_autoptr (GVariant) all = imp_factory_get_measurements (rig->factory);
  g_autoptr (GVariant) times = g_variant_lookup_value (all, "times", G_VARIANT_TYPE ("at"));
  guint64 n;

  g_variant_get_child (times, i, "t", &n);
  return n;
}

static void
test_off (void)
{
  g_autoptr (ImpFactory) factory = imp_type_factory_new (MOCK_TYPE_ANALYZER, IMP_DATA_TYPE_STREAM,
                                                         IMP_RESULT_FLAGS_ALL);

  g_assert_null (imp_factory_get_measurements (factory));
  imp_factory_set_measured (factory, TRUE);
  g_variant_unref (imp_factory_get_measurements (factory));
  imp_factory_set_measured (factory, FALSE);
  g_assert_null (imp_factory_get_measurements (factory));
}

static void
test_verdicts (void)
{
  g_auto (Rig) rig = { 0 };

  rig_init (&rig);
  feed (rig.analyzer, 0, "abcdef");
  imp_analyzer_pass_bytes (rig.analyzer, 0, 1);
  imp_analyzer_pass_bytes (rig.analyzer, 0, 2);
  imp_analyzer_replace_bytes (rig.analyzer, 0, 4, (const guint8 *) "x", 1);
  imp_analyzer_log (rig.analyzer, 0, 0, 0, IMP_LOG_LEVEL_INFO, "hello");
  imp_analyzer_pass_bytes (rig.analyzer, 0, IMP_MAX_OFFSET);
  /* That is said twice, and heard once. */
  imp_analyzer_pass_bytes (rig.analyzer, 0, IMP_MAX_OFFSET);
  g_assert_cmpuint (count_verdicts (&rig, "pass"), ==, 3);
  g_assert_cmpuint (count_verdicts (&rig, "replace"), ==, 1);
  g_assert_cmpuint (count_verdicts (&rig, "log"), ==, 1);
  imp_analyzer_deny (rig.analyzer, 0, "no");
  imp_analyzer_deny (rig.analyzer, 0, "no");
  g_assert_cmpuint (count_verdicts (&rig, "deny"), ==, 1);
  g_assert_cmpuint (count_verdicts (&rig, "fatal"), ==, 0);
}

/* What the model does not allow is no verdict, but a failure. */
static void
test_malformed (void)
{
  g_auto (Rig) rig = { 0 };

  rig_init (&rig);
  feed (rig.analyzer, 0, "abc");
  imp_analyzer_replace_bytes (rig.analyzer, 0, 9, (const guint8 *) "x", 1);
  g_assert_cmpuint (count_verdicts (&rig, "replace"), ==, 0);
  g_assert_cmpuint (count_verdicts (&rig, "fatal"), ==, 1);
}

static void
test_analyzers (void)
{
  g_auto (Rig) rig = { 0 };
  g_autoptr (ImpAnalyzer) other = NULL;

  rig_init (&rig);
  other = imp_factory_create_analyzer (rig.factory, NULL, NULL);
  g_assert_cmpuint (count (&rig, "analyzers"), ==, 2);
  g_assert_cmpuint (count (&rig, "live-analyzers"), ==, 2);
  g_clear_object (&other);
  g_assert_cmpuint (count (&rig, "analyzers"), ==, 2);
  g_assert_cmpuint (count (&rig, "live-analyzers"), ==, 1);
}

/* From when a byte was fed until a verdict is there about it. */
static void
test_time (void)
{
  g_auto (Rig) rig = { 0 };
  double total;

  rig_init (&rig);
  feed (rig.analyzer, 0, "abc");
  test_clock_advance (3 * MS, 0);
  imp_analyzer_pass_bytes (rig.analyzer, 0, 2);
  g_assert_cmpuint (count_times (&rig, &total), ==, 0);
  test_clock_advance (3 * MS, 0);
  imp_analyzer_pass_bytes (rig.analyzer, 0, 3);
  g_assert_cmpuint (count_times (&rig, &total), ==, 1);
  g_assert_cmpfloat_with_epsilon (total, 0.006, 1e-9);
  /* 5 ms < it <= 10 ms. */
  g_assert_cmpuint (get_bucket (&rig, 9), ==, 1);

  /* One in each direction at a time. */
  feed (rig.analyzer, 0, "d");
  feed (rig.analyzer, 1, "e");
  test_clock_advance (20 * MS, 0);
  imp_analyzer_pass_bytes (rig.analyzer, 1, 1);
  imp_analyzer_deny (rig.analyzer, 0, "no");
  g_assert_cmpuint (count_times (&rig, &total), ==, 3);
  g_assert_cmpuint (get_bucket (&rig, 10), ==, 2);
}

/* What ends without a verdict, or has one before it comes, has no time. */
static void
test_no_time (void)
{
  g_auto (Rig) rig = { 0 };
  double total;

  rig_init (&rig);
  feed (rig.analyzer, 0, "abc");
  imp_analyzer_close (rig.analyzer);
  g_assert_cmpuint (count_times (&rig, &total), ==, 0);

  g_clear_object (&rig.analyzer);
  rig.analyzer = imp_factory_create_analyzer (rig.factory, NULL, NULL);
  imp_analyzer_set_callback (rig.analyzer, rig_on_result, NULL, NULL);
  imp_analyzer_pass_bytes (rig.analyzer, 0, 100);
  imp_analyzer_pass_bytes (rig.analyzer, 1, IMP_MAX_OFFSET);
  for (guint i = 0; i < 20; i++)
    {
      test_clock_advance (5 * MS, 0);
      feed (rig.analyzer, 0, "abcde");
      feed (rig.analyzer, 1, "abcde");
    }
  g_assert_cmpuint (count_times (&rig, &total), ==, 0);
  feed (rig.analyzer, 0, "f");
  imp_analyzer_pass_bytes (rig.analyzer, 0, 101);
  g_assert_cmpuint (count_times (&rig, &total), ==, 1);
}

static guint64
run_at (Rig *rig, guint n, gint64 gap)
{
  double total;
  const guint64 before = count_times (rig, &total);

  for (guint i = 0; i < n; i++)
    {
      test_clock_advance (gap, 0);
      feed (rig->analyzer, 0, "a");
      imp_analyzer_pass_bytes (rig->analyzer, 0, imp_analyzer_peek_marks (rig->analyzer, 0)->fed);
    }
  return count_times (rig, &total) - before;
}

/* Each where there is time for it, few where there is none, and all verdicts are counted. */
static void
test_rate (void)
{
  g_auto (Rig) rig = { 0 };
  guint64 n;

  rig_init (&rig);
  g_assert_cmpuint (run_at (&rig, 100, 2 * MS), ==, 100);
  g_assert_cmpuint (count_verdicts (&rig, "pass"), ==, 100);
  n = run_at (&rig, 100 * IMP_METER_MAX_INTERVAL, 1);
  g_assert_cmpuint (n, >=, 95);
  g_assert_cmpuint (n, <=, 110);
  g_assert_cmpuint (count_verdicts (&rig, "pass"), ==, 100 + 100 * IMP_METER_MAX_INTERVAL);
  /* And again each, soon after that is over. */
  run_at (&rig, IMP_METER_MAX_INTERVAL + 1, 2 * MS);
  g_assert_cmpuint (run_at (&rig, 100, 2 * MS), ==, 100);
}

/* A factory that is made of it for an interface counts for it. */
static void
test_bound (void)
{
  g_auto (Rig) rig = { 0 };
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  g_autoptr (ImpFactory) bound = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GError) error = NULL;

  rig_init (&rig);
  bound = imp_factory_set_interface (rig.factory, interface, &error);
  g_assert_no_error (error);
  analyzer = imp_factory_create_analyzer (bound, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count (&rig, "analyzers"), ==, 2);
  imp_analyzer_pass_bytes (analyzer, 0, IMP_MAX_OFFSET);
  g_assert_cmpuint (count_verdicts (&rig, "pass"), ==, 1);
}

/* --- answers that come before anybody can count --- */

typedef ImpAnalyzer Early;
typedef ImpAnalyzerClass EarlyClass;
GType early_get_type (void);
G_DEFINE_TYPE (Early, early, IMP_TYPE_ANALYZER)

static void
early_init (Early *self)
{
  imp_analyzer_pass_bytes (self, 0, IMP_MAX_OFFSET);
  imp_analyzer_deny (self, 0, "nobody");
}

static gboolean
early_data (ImpAnalyzer *self, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  return TRUE;
}

static void
early_class_init (EarlyClass *klass)
{
  klass->data = early_data;
}

static void
test_early (void)
{
  g_auto (Rig) rig = { 0 };
  g_autoptr (GList) results = NULL;

  rig.factory = imp_type_factory_new (early_get_type (), IMP_DATA_TYPE_STREAM,
                                      IMP_RESULT_FLAGS_ALL);
  imp_factory_set_measured (rig.factory, TRUE);
  rig.analyzer = imp_factory_create_analyzer (rig.factory, NULL, NULL);
  g_assert_cmpuint (count_verdicts (&rig, "pass"), ==, 1);
  g_assert_cmpuint (count_verdicts (&rig, "deny"), ==, 1);
  g_assert_true (imp_analyzer_is_closed (rig.analyzer));
  results = imp_analyzer_poll_results (rig.analyzer);
  g_assert_cmpuint (g_list_length (results), ==, 2);
  g_list_free_full (g_steal_pointer (&results), (GDestroyNotify) imp_result_unref);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/meter/off", test_off);
  g_test_add_func ("/meter/verdicts", test_verdicts);
  g_test_add_func ("/meter/malformed", test_malformed);
  g_test_add_func ("/meter/analyzers", test_analyzers);
  g_test_add_func ("/meter/time", test_time);
  g_test_add_func ("/meter/no-time", test_no_time);
  g_test_add_func ("/meter/rate", test_rate);
  g_test_add_func ("/meter/bound", test_bound);
  g_test_add_func ("/meter/early", test_early);
  return g_test_run ();
}
