/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the base class promises providers and plugins. */
#include "core/imp-analyzer-private.h"
#include "core/imp-error.h"

/* A plugin that does as the test says. */
typedef struct
{
  ImpAnalyzer parent_instance;
  guint n_data, n_closed, n_busy;
  gint64 last_offset;
  gsize last_size;
  gboolean fail_silently, fail_loudly;
  gint64 pass_in_data; /* -2: do not */
  gint64 pass_other;   /* the same of the other direction */
} Plugin;
typedef ImpAnalyzerClass PluginClass;

GType plugin_get_type (void);
G_DEFINE_TYPE (Plugin, plugin, IMP_TYPE_ANALYZER)

static gboolean
plugin_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  Plugin *self = (Plugin *) analyzer;

  self->n_data++;
  self->last_offset = offset;
  self->last_size = g_bytes_get_size (data);
  if (self->fail_loudly)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FATAL, "boom");
      return FALSE;
    }
  if (self->pass_in_data != -2)
    imp_analyzer_pass_bytes (analyzer, direction, self->pass_in_data);
  if (self->pass_other != -2)
    imp_analyzer_pass_bytes (analyzer, 1 - direction, self->pass_other);
  return !self->fail_silently;
}

static gboolean
plugin_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy, GError **error)
{
  ((Plugin *) analyzer)->n_busy++;
  return TRUE;
}

static void
plugin_close (ImpAnalyzer *analyzer)
{
  ((Plugin *) analyzer)->n_closed++;
}

static void
plugin_init (Plugin *self)
{
  self->pass_in_data = self->pass_other = -2;
}

static void
plugin_class_init (PluginClass *klass)
{
  klass->data = plugin_data;
  klass->busy = plugin_busy;
  klass->close = plugin_close;
}

static Plugin *
plugin_new (void)
{
  return g_object_new (plugin_get_type (), NULL);
}

/* Says which of its functions was called, and with what. */

#define INPUT_DATA 1
#define INPUT_BYTES 2
#define INPUT_VIEW 4

static gboolean
input_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
            gint32 data_type, GError **error)
{
  imp_analyzer_account (analyzer, "data", "");
  return TRUE;
}

static gboolean
input_bytes (ImpAnalyzer *analyzer, ImpDirection direction, const guint8 *data, gsize length,
             gint64 offset, gint32 data_type, GError **error)
{
  g_autofree char *text = NULL;

  g_assert_nonnull (data);
  if (length == 0)
    return FALSE;
  text = g_strndup ((const char *) data, length);
  imp_analyzer_account (analyzer, "bytes", text);
  return TRUE;
}

static gboolean
input_view (ImpAnalyzer *analyzer, ImpDirection direction, const ImpView *view, gint64 offset,
            gint32 data_type, GError **error)
{
  imp_analyzer_account (analyzer, "view", "");
  return TRUE;
}

static void
input_class_init (ImpAnalyzerClass *klass, gpointer functions)
{
  klass->data = GPOINTER_TO_UINT (functions) & INPUT_DATA ? input_data : NULL;
  klass->bytes = GPOINTER_TO_UINT (functions) & INPUT_BYTES ? input_bytes : NULL;
  klass->view = GPOINTER_TO_UINT (functions) & INPUT_VIEW ? input_view : NULL;
}

static Plugin *
input_new (const char *name, guint functions)
{
  const GTypeInfo info = {
    .class_size = sizeof (ImpAnalyzerClass),
    .class_init = (GClassInitFunc) (void (*) (void)) input_class_init,
    .class_data = GUINT_TO_POINTER (functions),
    .instance_size = sizeof (ImpAnalyzer),
  };

  return g_object_new (g_type_register_static (IMP_TYPE_ANALYZER, name, &info, 0), NULL);
}

static void
collect (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  g_autofree char *text = imp_result_to_string (result);

  g_string_append_printf (user_data, "%s;", text);
}

static void
feed (Plugin *plugin, const char *text, gint64 offset)
{
  imp_analyzer_data_bytes (IMP_ANALYZER (plugin), 0, (const guint8 *) text, strlen (text), offset,
                           IMP_DATA_TYPE_STREAM);
}

/* Takes what has queued, as text. */
static char *
polled (Plugin *plugin)
{
  GString *text = g_string_new (NULL);
  GList *results = imp_analyzer_poll_results (IMP_ANALYZER (plugin));

  for (GList *l = results; l != NULL; l = l->next)
    collect (NULL, l->data, text);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
  return g_string_free (text, FALSE);
}

#define assert_polled(plugin, expected)                                                            \
  do                                                                                               \
    {                                                                                              \
      g_autofree char *polled_text = polled (plugin);                                              \
      g_assert_cmpstr (polled_text, ==, expected);                                                 \
    }                                                                                              \
  while (0)

static void
test_queue_and_callback (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;
  g_autoptr (GString) text = g_string_new (NULL);

  imp_analyzer_pass_bytes (analyzer, 0, 5);
  imp_analyzer_account (analyzer, "user", "somebody");
  assert_polled (plugin, "pass dir=0 offset=5;account_field \"user\"=\"somebody\";");
  assert_polled (plugin, "");

  imp_analyzer_pause (analyzer, 1);
  imp_analyzer_set_callback (analyzer, collect, text, NULL);
  g_assert_cmpstr (text->str, ==, "pause dir=1;");
  imp_analyzer_resume (analyzer, 1);
  g_assert_cmpstr (text->str, ==, "pause dir=1;continue dir=1;");
}

static void
test_input (void)
{
  g_autoptr (GObject) all = (GObject *) input_new ("InputAll", 7);
  g_autoptr (GObject) both = (GObject *) input_new ("InputBoth", INPUT_BYTES | INPUT_VIEW);
  g_autoptr (GObject) bytes = (GObject *) input_new ("InputBytes", INPUT_BYTES);
  g_autoptr (GObject) none = (GObject *) input_new ("InputNone", 0);

  feed ((Plugin *) all, "a", 0);
  assert_polled ((Plugin *) all, "account_field \"data\"=\"\";");
  feed ((Plugin *) both, "b", 0);
  assert_polled ((Plugin *) both, "account_field \"bytes\"=\"b\";");
  feed ((Plugin *) bytes, "c", 0);
  feed ((Plugin *) bytes, "", 0);
  assert_polled ((Plugin *) bytes, "account_field \"bytes\"=\"c\";"
                                   "fatal \"InputBytes.bytes() failed without saying why\";");
  feed ((Plugin *) none, "d", 0);
  assert_polled ((Plugin *) none, "fatal \"InputNone.data() failed without saying why\";");
}

/* Says by the other functions what it thinks of what it is fed. */

static gboolean
terse_bytes (ImpAnalyzer *analyzer, ImpDirection direction, const guint8 *data, gsize length,
             gint64 offset, gint32 data_type, GError **error)
{
  if (length > 0 && data[0] == '+')
    imp_analyzer_data_bytes (analyzer, 1 - direction, data + 1, length - 1, 0, data_type);
  if (length > 0 && data[0] == '?')
    return TRUE;
  if (direction == IMP_DIRECTION_FROM_CLIENT)
    imp_analyzer_replace_data (analyzer, data, MIN (length, 1));
  else
    imp_analyzer_pass_data (analyzer);
  return TRUE;
}

static void
terse_class_init (ImpAnalyzerClass *klass, gpointer data)
{
  klass->bytes = terse_bytes;
}

static void
test_answers_to_input (void)
{
  const GTypeInfo info = {
    .class_size = sizeof (ImpAnalyzerClass),
    .class_init = (GClassInitFunc) (void (*) (void)) terse_class_init,
    .instance_size = sizeof (ImpAnalyzer),
  };
  GType type = g_type_register_static (IMP_TYPE_ANALYZER, "Terse", &info, 0);
  g_autoptr (GObject) object = g_object_new (type, NULL);
  Plugin *plugin = (Plugin *) object;

  /* What waits is answered with what comes. */
  feed (plugin, "?ab", 0);
  assert_polled (plugin, "");
  feed (plugin, "cde", 0);
  assert_polled (plugin, "replace dir=0 offset=6 data=1 bytes;");
  feed (plugin, "gap", 9);
  assert_polled (plugin, "replace dir=0 offset=12 data=1 bytes;");

  /* The other direction is fed meanwhile. */
  feed (plugin, "+xyz", 0);
  assert_polled (plugin, "pass dir=1 offset=3;replace dir=0 offset=16 data=1 bytes;");

  /* Nothing can stand in the place of an end. */
  feed (plugin, "", 0);
  assert_polled (plugin, "replace dir=0 offset=16 data=0 bytes;pass dir=0 offset=max;");
}

static gpointer
pass_data_from_thread (gpointer analyzer)
{
  imp_analyzer_pass_data (analyzer);
  return NULL;
}

static gboolean
elsewhere_bytes (ImpAnalyzer *analyzer, ImpDirection direction, const guint8 *data, gsize length,
                 gint64 offset, gint32 data_type, GError **error)
{
  g_thread_join (g_thread_new ("answer", pass_data_from_thread, analyzer));
  return TRUE;
}

static void
elsewhere_class_init (ImpAnalyzerClass *klass, gpointer data)
{
  klass->bytes = elsewhere_bytes;
}

static void
test_answers_to_no_input (void)
{
  const GTypeInfo info = {
    .class_size = sizeof (ImpAnalyzerClass),
    .class_init = (GClassInitFunc) (void (*) (void)) elsewhere_class_init,
    .instance_size = sizeof (ImpAnalyzer),
  };
  GType type = g_type_register_static (IMP_TYPE_ANALYZER, "Elsewhere", &info, 0);
  g_autoptr (GObject) early = (GObject *) plugin_new ();
  g_autoptr (GObject) late = (GObject *) plugin_new ();
  g_autoptr (GObject) elsewhere = g_object_new (type, NULL);

  imp_analyzer_pass_data ((ImpAnalyzer *) early);
  assert_polled ((Plugin *) early,
                 "fatal \"Plugin: pass_data() was called while nothing is being fed\";");
  feed ((Plugin *) late, "x", 0);
  imp_analyzer_replace_data ((ImpAnalyzer *) late, (const guint8 *) "y", 1);
  assert_polled ((Plugin *) late,
                 "fatal \"Plugin: replace_data() was called while nothing is being fed\";");
  feed ((Plugin *) elsewhere, "x", 0);
  assert_polled ((Plugin *) elsewhere,
                 "fatal \"Elsewhere: pass_data() was called while nothing is being fed\";");
}

static void
test_closed_after_refusal (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;

  imp_analyzer_log (analyzer, 0, 0, 3, IMP_LOG_LEVEL_NOTICE, "well");
  imp_analyzer_deny (analyzer, 0, "no");
  imp_analyzer_pass_bytes (analyzer, 0, 5);
  imp_analyzer_fail (analyzer, "late");
  g_assert_true (imp_analyzer_is_closed (analyzer));
  feed (plugin, "more", 0);
  g_assert_cmpuint (plugin->n_data, ==, 0);
  assert_polled (plugin, "log dir=0 offset=0 length=3 level=3 \"well\";deny dir=0 \"no\";");

  g_assert_cmpuint (plugin->n_closed, ==, 0);
  imp_analyzer_close (analyzer);
  imp_analyzer_close (analyzer);
  g_assert_cmpuint (plugin->n_closed, ==, 1);
}

static void
test_plugin_failures (void)
{
  g_autoptr (GObject) loud = (GObject *) plugin_new ();
  g_autoptr (GObject) silent = (GObject *) plugin_new ();

  ((Plugin *) loud)->fail_loudly = TRUE;
  feed ((Plugin *) loud, "x", 0);
  assert_polled ((Plugin *) loud, "fatal \"boom\";");

  ((Plugin *) silent)->fail_silently = TRUE;
  feed ((Plugin *) silent, "x", 0);
  assert_polled ((Plugin *) silent, "fatal \"Plugin.data() failed without saying why\";");
}

static void
test_busy (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;
  g_autoptr (GString) text = g_string_new (NULL);

  feed (plugin, "0123456789", 0);
  imp_analyzer_set_busy (analyzer, 0, TRUE);
  imp_analyzer_set_busy (analyzer, 0, TRUE);
  g_assert_cmpuint (plugin->n_busy, ==, 1);
  imp_analyzer_pass_bytes (analyzer, 0, 1);
  imp_analyzer_pass_bytes (analyzer, 1, 9);
  imp_analyzer_account (analyzer, "k", "v");
  imp_analyzer_resume (analyzer, 0);
  imp_analyzer_pause (analyzer, 0);
  assert_polled (plugin,
                 "pause dir=0;continue dir=0;account_field \"k\"=\"v\";pass dir=1 offset=9;");

  imp_analyzer_set_callback (analyzer, collect, text, NULL);
  imp_analyzer_pass_bytes (analyzer, 0, 2);
  g_assert_cmpstr (text->str, ==, "");
  imp_analyzer_set_busy (analyzer, 0, FALSE);
  g_assert_cmpstr (text->str, ==, "pass dir=0 offset=1;pass dir=0 offset=2;");

  imp_analyzer_set_busy (analyzer, 0, TRUE);
  imp_analyzer_pass_bytes (analyzer, 0, 3);
  imp_analyzer_deny (analyzer, 0, "no");
  imp_analyzer_set_busy (analyzer, 0, FALSE);
  g_assert_cmpstr (text->str, ==, "pass dir=0 offset=1;pass dir=0 offset=2;deny dir=0 \"no\";");
}

static void
test_interface (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (ImpResult) replace = imp_result_new_replace (0, 1, bytes);

  imp_analyzer_pause (analyzer, 0);
  imp_analyzer_bind (analyzer, NULL, interface);
  feed (plugin, "abc", 0);
  imp_analyzer_pause (analyzer, 0);
  imp_analyzer_pass_bytes (analyzer, 0, 1);
  assert_polled (plugin, "pass dir=0 offset=1;");
  imp_analyzer_add_result (analyzer, replace);
  assert_polled (plugin, "fatal \"Plugin: answered replace, which the interface (imp.data.stream: "
                         "pass) does not have\";");
}

static void
assert_refused (void (*answer) (ImpAnalyzer *), const char *expected)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  g_autofree char *text = NULL;

  feed ((Plugin *) object, "0123456789", 0);
  imp_analyzer_pass_bytes ((ImpAnalyzer *) object, 0, 5);
  answer ((ImpAnalyzer *) object);
  text = polled ((Plugin *) object);
  g_assert_true (imp_analyzer_is_closed ((ImpAnalyzer *) object));
  g_assert_nonnull (strstr (text, expected));
}

static void
answer_backward (ImpAnalyzer *analyzer)
{
  imp_analyzer_pass_bytes (analyzer, 0, 4);
}

static void
answer_backward_replace (ImpAnalyzer *analyzer)
{
  imp_analyzer_replace_bytes (analyzer, 0, 4, NULL, 0);
}

static void
answer_future_replace (ImpAnalyzer *analyzer)
{
  imp_analyzer_replace_bytes (analyzer, 0, 11, NULL, 0);
}

static void
answer_after_indefinitely (ImpAnalyzer *analyzer)
{
  imp_analyzer_pass_bytes (analyzer, 0, IMP_MAX_OFFSET);
  imp_analyzer_pass_bytes (analyzer, 0, 3); /* harmless */
  imp_analyzer_replace_bytes (analyzer, 0, 10, NULL, 0);
}

static void
answer_empty_promise (ImpAnalyzer *analyzer)
{
  imp_analyzer_replace_later (analyzer, 0, 0, 5);
}

static void
test_illegal_verdicts (void)
{
  assert_refused (answer_backward, "direction 0: pass: backward offset 4, after a verdict up to 5");
  assert_refused (answer_backward_replace,
                  "direction 0: replace: backward offset 4, after a verdict up to 5");
  assert_refused (answer_future_replace,
                  "direction 0: replace: offset 11 lies in the future, input ends at 10");
  assert_refused (answer_after_indefinitely,
                  "direction 0: replace: the direction has passed indefinitely already");
  assert_refused (answer_empty_promise,
                  "direction 0: replace_later: backward offset 5, after a verdict up to 5");
}

static void
test_end_is_settled (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;

  feed (plugin, "abc", 0);
  feed (plugin, "", 0);
  assert_polled (plugin, "");
  imp_analyzer_pass_bytes (analyzer, 0, 2);
  assert_polled (plugin, "pass dir=0 offset=2;");
  imp_analyzer_pass_bytes (analyzer, 0, 3);
  assert_polled (plugin, "pass dir=0 offset=3;pass dir=0 offset=max;");
}

static void
test_insertion_at_the_end (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;

  feed (plugin, "abc", 0);
  imp_analyzer_set_settles_end ((ImpAnalyzer *) plugin, FALSE);
  imp_analyzer_pass_bytes ((ImpAnalyzer *) plugin, 0, 3);
  feed (plugin, "", 0);
  imp_analyzer_replace_bytes ((ImpAnalyzer *) plugin, 0, 3, (const guint8 *) "tail", 4);
  imp_analyzer_set_settles_end ((ImpAnalyzer *) plugin, TRUE);
  assert_polled (plugin,
                 "pass dir=0 offset=3;replace dir=0 offset=3 data=4 bytes;pass dir=0 offset=max;");
}

static void
test_not_fed_after_indefinitely (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;

  imp_analyzer_pass_bytes ((ImpAnalyzer *) plugin, 0, IMP_MAX_OFFSET);
  feed (plugin, "under way", 0);
  g_assert_cmpuint (plugin->n_data, ==, 0);
  imp_analyzer_prepass_bytes ((ImpAnalyzer *) plugin, 1, IMP_MAX_OFFSET);
  imp_analyzer_data_bytes ((ImpAnalyzer *) plugin, 1, (const guint8 *) "x", 1, 0, -1);
  g_assert_cmpuint (plugin->n_data, ==, 1);
}

/* What follows a PASS into the future says its offset, and so does a match. So a search that comes
 * behind such a PASS is not asked for until that has been reached. */
static void
test_pattern_waits_for_pass (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;

  feed (plugin, "ab", 0);
  imp_analyzer_pass_bytes (analyzer, 0, 10);
  imp_analyzer_pass_pattern (analyzer, 0, "x", 1);
  assert_polled (plugin, "pass dir=0 offset=10;");
  feed (plugin, "under way", 0);
  g_assert_cmpuint (plugin->n_data, ==, 1);
  assert_polled (plugin, "pass_pattern dir=0 max-length=1 \"x\";");
  feed (plugin, "also", 0);
  g_assert_cmpuint (plugin->n_data, ==, 1);
  feed (plugin, "x...", 20);
  g_assert_cmpuint (plugin->n_data, ==, 2);

  imp_analyzer_pass_bytes (analyzer, 0, 30);
  imp_analyzer_pass_pattern (analyzer, 0, "x", 1);
  feed (plugin, "behind the gap", 30);
  g_assert_cmpuint (plugin->n_data, ==, 2);
  assert_polled (plugin, "pass dir=0 offset=30;pass_pattern dir=0 max-length=1 \"x\";");
}

/* Whatever it was fed when it has settled all before the end, that is due. */
static void
test_end_of_other (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;

  feed (plugin, "all", 0);
  feed (plugin, "", 0);
  assert_polled (plugin, "");
  plugin->pass_other = 3;
  imp_analyzer_data_bytes ((ImpAnalyzer *) plugin, 1, (const guint8 *) "answer", 6, 0,
                           IMP_DATA_TYPE_STREAM);
  assert_polled (plugin, "pass dir=0 offset=3;pass dir=0 offset=max;");
}

/* Unless there is nothing left to be searched: at the end, or since it has passed anyway. */
static void
test_pattern_waits_in_vain (void)
{
  g_autoptr (GObject) ended = (GObject *) plugin_new ();
  g_autoptr (GObject) passed = (GObject *) plugin_new ();

  imp_analyzer_pass_bytes ((ImpAnalyzer *) ended, 0, 10);
  imp_analyzer_pass_pattern ((ImpAnalyzer *) ended, 0, "x", 1);
  feed ((Plugin *) ended, "", 4);
  g_assert_cmpuint (((Plugin *) ended)->n_data, ==, 1);
  assert_polled ((Plugin *) ended, "pass dir=0 offset=10;pass dir=0 offset=max;");

  imp_analyzer_pass_bytes ((ImpAnalyzer *) passed, 0, 10);
  imp_analyzer_pass_pattern ((ImpAnalyzer *) passed, 0, "x", 1);
  imp_analyzer_pass_bytes ((ImpAnalyzer *) passed, 0, IMP_MAX_OFFSET);
  feed ((Plugin *) passed, "more", 10);
  assert_polled ((Plugin *) passed, "pass dir=0 offset=10;pass dir=0 offset=max;");
  g_assert_cmpuint (((Plugin *) passed)->n_data, ==, 0);
}

static void
test_pattern_hides_what_was_under_way (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  Plugin *plugin = (Plugin *) object;

  imp_analyzer_pass_pattern ((ImpAnalyzer *) plugin, 0, "x", 1);
  feed (plugin, "under way", 0);
  g_assert_cmpuint (plugin->n_data, ==, 0);
  feed (plugin, "x...", IMP_MAX_OFFSET);
  g_assert_cmpuint (plugin->n_data, ==, 1);
  g_assert_cmpint (plugin->last_offset, ==, 0);
  imp_analyzer_pass_bytes ((ImpAnalyzer *) plugin, 0, 1);
  imp_analyzer_pass_pattern ((ImpAnalyzer *) plugin, 0, "x", 1);
  feed (plugin, "under way", 0);
  feed (plugin, "x", 100);
  g_assert_cmpuint (plugin->n_data, ==, 2);
  g_assert_cmpint (plugin->last_offset, ==, 100);
}

static void
test_settle (void)
{
  g_autoptr (GObject) hard = (GObject *) plugin_new ();
  g_autoptr (GObject) soft = (GObject *) plugin_new ();
  g_autoptr (GObject) promised = (GObject *) plugin_new ();

  imp_analyzer_resolve ((ImpAnalyzer *) hard, IMP_FAIL_HARD, "gone");
  imp_analyzer_resolve ((ImpAnalyzer *) hard, IMP_FAIL_SOFT, "gone again");
  assert_polled ((Plugin *) hard, "fatal \"gone\";");

  imp_analyzer_pass_bytes ((ImpAnalyzer *) soft, 1, IMP_MAX_OFFSET);
  imp_analyzer_pause ((ImpAnalyzer *) soft, 0);
  imp_analyzer_resolve ((ImpAnalyzer *) soft, IMP_FAIL_SOFT, "gone");
  imp_analyzer_resolve ((ImpAnalyzer *) soft, IMP_FAIL_SOFT, "gone again");
  assert_polled ((Plugin *) soft, "pass dir=1 offset=max;pause dir=0;log dir=0 offset=0 "
                                  "length=0 level=5 \"gone\";pass dir=0 offset=max;"
                                  "continue dir=0;");

  feed ((Plugin *) promised, "abc", 0);
  imp_analyzer_replace_later ((ImpAnalyzer *) promised, 0, 0, 3);
  imp_analyzer_resolve ((ImpAnalyzer *) promised, IMP_FAIL_SOFT, "gone");
  assert_polled ((Plugin *) promised, "replace_later dir=0 offset=0 end-offset=3;fatal \"gone\";");
}

static void
test_settle_while_busy (void)
{
  g_autoptr (GObject) object = (GObject *) plugin_new ();
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;

  imp_analyzer_set_busy (analyzer, 0, TRUE);
  imp_analyzer_resolve (analyzer, IMP_FAIL_SOFT, "gone");
  assert_polled ((Plugin *) object, "pass dir=1 offset=max;");
  imp_analyzer_set_busy (analyzer, 0, FALSE);
  assert_polled ((Plugin *) object,
                 "log dir=0 offset=0 length=0 level=5 \"gone\";pass dir=0 offset=max;");
}

/* A callback that does the worst it can: closes the analyzer and gives its reference away. */
static void
close_and_drop (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  GObject **reference = user_data;

  imp_analyzer_close (analyzer);
  g_clear_object (reference);
}

static void
test_callback_drops_everything (void)
{
  GObject *object = (GObject *) plugin_new ();

  ((Plugin *) object)->pass_in_data = 1;
  imp_analyzer_set_callback ((ImpAnalyzer *) object, close_and_drop, &object, NULL);
  feed ((Plugin *) object, "x", 0);
  g_assert_null (object);
}

/* The same by what is told that the callback is not needed any more. */
static void
test_close_drops_everything (void)
{
  ImpAnalyzer *analyzer = (ImpAnalyzer *) plugin_new ();
  GWeakRef weak;

  g_weak_ref_init (&weak, analyzer);
  imp_analyzer_set_callback (analyzer, close_and_drop, analyzer, g_object_unref);
  imp_analyzer_close (analyzer);
  g_assert_null (g_weak_ref_get (&weak));
  g_weak_ref_clear (&weak);
}

static void
count_call (gpointer user_data, GObject *object)
{
  ++*(guint *) user_data;
}

static void
count_closure (gpointer user_data, GClosure *closure)
{
  ++*(guint *) user_data;
}

/* Whoever follows an object hears once of its end, whichever end that is. */
static void
test_disposal (gconstpointer runs_dispose)
{
  GObject *object = (GObject *) plugin_new ();
  gpointer pointer = object;
  guint n_weak = 0, n_closures = 0, n_watched = 0;
  GClosure *watched = g_cclosure_new (G_CALLBACK (count_call), &n_watched, NULL);
  GWeakRef weak;

  g_closure_ref (watched);
  g_closure_sink (watched);
  g_weak_ref_init (&weak, object);
  g_object_weak_ref (object, count_call, &n_weak);
  g_object_add_weak_pointer (object, &pointer);
  g_signal_connect_data (object, "notify", G_CALLBACK (count_call), &n_closures, count_closure, 0);
  g_object_watch_closure (object, watched);
  if (runs_dispose != NULL)
    {
      g_object_run_dispose (object);
      g_assert_cmpuint (n_weak, ==, 1);
      g_assert_cmpuint (n_closures, ==, 1);
      g_assert_true (watched->is_invalid);
    }
  g_object_unref (object);
  g_assert_cmpuint (n_weak, ==, 1);
  g_assert_cmpuint (n_closures, ==, 1);
  g_assert_true (watched->is_invalid);
  g_assert_null (pointer);
  g_assert_null (g_weak_ref_get (&weak));
  g_weak_ref_clear (&weak);
  g_closure_unref (watched);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analyzer/end-of-other", test_end_of_other);
  g_test_add_func ("/analyzer/queue-and-callback", test_queue_and_callback);
  g_test_add_func ("/analyzer/closed-after-refusal", test_closed_after_refusal);
  g_test_add_func ("/analyzer/plugin-failures", test_plugin_failures);
  g_test_add_func ("/analyzer/answers-to-input", test_answers_to_input);
  g_test_add_func ("/analyzer/answers-to-no-input", test_answers_to_no_input);
  g_test_add_func ("/analyzer/busy", test_busy);
  g_test_add_func ("/analyzer/interface", test_interface);
  g_test_add_func ("/analyzer/illegal-verdicts", test_illegal_verdicts);
  g_test_add_func ("/analyzer/end-is-settled", test_end_is_settled);
  g_test_add_func ("/analyzer/insertion-at-the-end", test_insertion_at_the_end);
  g_test_add_func ("/analyzer/not-fed-after-for-ever", test_not_fed_after_indefinitely);
  g_test_add_func ("/analyzer/pattern-hides", test_pattern_hides_what_was_under_way);
  g_test_add_func ("/analyzer/pattern-waits", test_pattern_waits_for_pass);
  g_test_add_func ("/analyzer/pattern-waits-in-vain", test_pattern_waits_in_vain);
  g_test_add_func ("/analyzer/input", test_input);
  g_test_add_func ("/analyzer/settle", test_settle);
  g_test_add_func ("/analyzer/settle-while-busy", test_settle_while_busy);
  g_test_add_func ("/analyzer/callback-drops-everything", test_callback_drops_everything);
  g_test_add_func ("/analyzer/close-drops-everything", test_close_drops_everything);
  g_test_add_data_func ("/analyzer/disposal/last-reference", NULL, test_disposal);
  g_test_add_data_func ("/analyzer/disposal/in-use", "", test_disposal);
  return g_test_run ();
}
