/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts that are given several at once come as they would one by one, whoever takes them. */
#include "core/imp-analyzer-private.h"
#include "core/imp-error.h"

#include <string.h>

typedef ImpAnalyzer Plugin;
typedef ImpAnalyzerClass PluginClass;

GType plugin_get_type (void);
G_DEFINE_TYPE (Plugin, plugin, IMP_TYPE_ANALYZER)

static gboolean
plugin_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  return TRUE;
}

static void
plugin_init (Plugin *self)
{
}

static void
plugin_class_init (PluginClass *klass)
{
  klass->data = plugin_data;
}

typedef struct
{
  ImpAnalyzer *analyzer;
  GString *text; /* what came: "[" and "]" around what came at once */
  guint n_taken;
  guint busy_after; /* makes the direction busy once it has taken so many; 0: never */
  guint close_after;
} Test;

static void
take (Test *t, const ImpVerdict *verdict)
{
  g_autoptr (ImpResult) result = imp_verdict_to_result (verdict);

  switch ((ImpResultType) verdict->type)
    {
    case IMP_RESULT_PASS:
      g_string_append_printf (t->text, "P%d ", (int) verdict->offset);
      break;
    case IMP_RESULT_REPLACE:
      g_string_append_printf (t->text, "R%d=%.*s ", (int) verdict->offset,
                              (int) verdict->data.length, verdict->data.data);
      break;
    case IMP_RESULT_FATAL:
      g_string_append (t->text, "FATAL ");
      break;
    default:
      g_assert_not_reached ();
    }
  if (++t->n_taken == t->busy_after)
    imp_analyzer_set_busy (t->analyzer, 0, TRUE);
  if (t->n_taken == t->close_after)
    imp_analyzer_close (t->analyzer);
}

static void
on_verdict (ImpAnalyzer *analyzer, const ImpVerdict *verdict, gpointer user_data)
{
  take (user_data, verdict);
}

static void
on_run (ImpAnalyzer *analyzer, const ImpVerdict *verdicts, guint n, gpointer user_data)
{
  Test *t = user_data;

  g_assert_cmpuint (n, >, 1);
  g_string_append (t->text, "[ ");
  for (guint i = 0; i < n; i++)
    take (t, &verdicts[i]);
  g_string_append (t->text, "] ");
}

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);

  take (user_data, &verdict);
}

static void
test_start (Test *t)
{
  t->analyzer = g_object_new (plugin_get_type (), NULL);
  t->text = g_string_new (NULL);
  imp_analyzer_set_sink (t->analyzer, on_verdict, t);
  imp_analyzer_set_run_sink (t->analyzer, on_run);
  imp_analyzer_data_bytes (t->analyzer, 0, (const guint8 *) "0123456789", 10, 0, -1);
}

static void
test_end (Test *t, const char *expected)
{
  g_assert_cmpstr (t->text->str, ==, expected);
  g_string_free (t->text, TRUE);
  g_clear_object (&t->analyzer);
}

static ImpVerdict
pass (gint64 offset)
{
  return imp_verdict_of_offset (IMP_RESULT_PASS, 0, offset);
}

static ImpVerdict
replace (gint64 offset, const char *text)
{
  return imp_verdict_of_data (IMP_RESULT_REPLACE, 0, offset,
                              imp_view_of_data ((const guint8 *) text, strlen (text)));
}

static void
test_whole (void)
{
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (20) };
  Test t = { 0 };

  test_start (&t);
  imp_analyzer_take_run (t.analyzer, verdicts, G_N_ELEMENTS (verdicts));
  imp_analyzer_take_run (t.analyzer, verdicts, 0);
  test_end (&t, "[ P2 R3=a P20 ] ");
}

/* One that is judged by itself, and what comes behind it. */
static void
test_parts (void)
{
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (IMP_MAX_OFFSET), pass (4) };
  Test t = { 0 };

  test_start (&t);
  imp_analyzer_take_run (t.analyzer, verdicts, G_N_ELEMENTS (verdicts));
  test_end (&t, "[ P2 R3=a ] P-1 ");
}

/* Behind the last of them, the end is settled. */
static void
test_end_of_stream (void)
{
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (9), replace (10, "b") };
  Test t = { 0 };

  test_start (&t);
  imp_analyzer_data_bytes (t.analyzer, 0, NULL, 0, 0, -1);
  imp_analyzer_take_run (t.analyzer, verdicts, 2);
  imp_analyzer_take_run (t.analyzer, verdicts + 2, 2);
  test_end (&t, "[ P2 R3=a ] [ P9 R10=b ] P-1 ");
}

/* What the model forbids is a FATAL in its place, and what follows is not heard. */
static void
test_forbidden (void)
{
  const ImpVerdict backward[] = { pass (2), replace (3, "a"), pass (1), pass (4) };
  const ImpVerdict future[] = { pass (2), replace (11, "a"), pass (12) };
  const ImpVerdict ahead[] = { pass (12), replace (13, "a") };
  Test t = { 0 };

  test_start (&t);
  imp_analyzer_take_run (t.analyzer, backward, G_N_ELEMENTS (backward));
  test_end (&t, "[ P2 R3=a ] FATAL ");
  test_start (&t);
  imp_analyzer_take_run (t.analyzer, future, G_N_ELEMENTS (future));
  test_end (&t, "P2 FATAL ");
  test_start (&t);
  imp_analyzer_take_run (t.analyzer, ahead, G_N_ELEMENTS (ahead));
  test_end (&t, "P12 FATAL ");
}

/* Nothing but what the interface has, also within a run. */
static void
test_interface (void)
{
  g_autoptr (ImpInterface) interface = imp_interface_new (-1, IMP_RESULT_FLAGS_PASS);
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (4) };
  Test t = { 0 };

  test_start (&t);
  imp_analyzer_bind (t.analyzer, NULL, interface);
  imp_analyzer_data_bytes (t.analyzer, 0, (const guint8 *) "0123456789", 10, 0, -1);
  imp_analyzer_take_run (t.analyzer, verdicts, G_N_ELEMENTS (verdicts));
  test_end (&t, "P2 FATAL ");
}

/* A direction that is busy gets nothing; once it is free, all of it. */
static void
test_busy (void)
{
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (4) };
  const ImpVerdict more[] = { pass (5), pass (6) };
  Test t = { .busy_after = 2 };

  test_start (&t);
  imp_analyzer_take_run (t.analyzer, verdicts, G_N_ELEMENTS (verdicts));
  imp_analyzer_take_run (t.analyzer, more, G_N_ELEMENTS (more));
  g_assert_cmpstr (t.text->str, ==, "[ P2 R3=a P4 ] ");
  imp_analyzer_set_busy (t.analyzer, 0, FALSE);
  test_end (&t, "[ P2 R3=a P4 ] P5 P6 ");
}

/* A callback has each by itself, and is heard between them. */
static void
test_callback (void)
{
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (4) };
  Test t = { .close_after = 2 };

  test_start (&t);
  imp_analyzer_set_callback (t.analyzer, on_result, &t, NULL);
  imp_analyzer_set_run_sink (t.analyzer, on_run);
  imp_analyzer_take_run (t.analyzer, verdicts, G_N_ELEMENTS (verdicts));
  test_end (&t, "P2 R3=a ");
}

static void
on_run_unref (ImpAnalyzer *analyzer, const ImpVerdict *verdicts, guint n, gpointer user_data)
{
  Test *t = user_data;

  on_run (analyzer, verdicts, n, user_data);
  g_clear_object (&t->analyzer);
}

/* The last reference may go meanwhile. */
static void
test_gone (void)
{
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (1) };
  Test t = { 0 };

  test_start (&t);
  imp_analyzer_set_run_sink (t.analyzer, on_run_unref);
  g_assert_cmpuint (imp_analyzer_try_run (t.analyzer, verdicts, 3), ==, 2);
  g_assert_null (t.analyzer);
  test_end (&t, "[ P2 R3=a ] ");
}

/* From another thread they wait for the one that the analyzer belongs to. */
static gpointer
answer (gpointer data)
{
  const ImpVerdict verdicts[] = { pass (2), replace (3, "a"), pass (4) };

  imp_analyzer_take_run (data, verdicts, G_N_ELEMENTS (verdicts));
  return NULL;
}

static void
test_thread (void)
{
  Test t = { 0 };

  test_start (&t);
  g_thread_join (g_thread_new ("answers", answer, t.analyzer));
  g_assert_cmpstr (t.text->str, ==, "");
  while (t.n_taken < 3)
    g_main_context_iteration (NULL, TRUE);
  test_end (&t, "P2 R3=a P4 ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analyzer/run/whole", test_whole);
  g_test_add_func ("/analyzer/run/parts", test_parts);
  g_test_add_func ("/analyzer/run/end", test_end_of_stream);
  g_test_add_func ("/analyzer/run/forbidden", test_forbidden);
  g_test_add_func ("/analyzer/run/interface", test_interface);
  g_test_add_func ("/analyzer/run/busy", test_busy);
  g_test_add_func ("/analyzer/run/callback", test_callback);
  g_test_add_func ("/analyzer/run/gone", test_gone);
  g_test_add_func ("/analyzer/run/thread", test_thread);
  return g_test_run ();
}
