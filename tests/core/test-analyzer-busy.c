/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever a provider does - directions that are busy and free again in any moment, also within a
 * callback; nobody who listens for a while; results that are polled - each result comes once, those
 * of a direction in the order in which they were given, and none of them while it is busy; what a
 * flow makes of them is what it makes of them without all that. */
#include "core/imp-analyzer-private.h"
#include "core/imp-flow-private.h"

#include <string.h>

/* A plugin that says what the test has it say, and remembers what it was notified of. */
typedef struct
{
  ImpAnalyzer parent_instance;
  gboolean busy[2];
  guint n_busy; /* how often it was notified */
} Plugin;
typedef ImpAnalyzerClass PluginClass;

GType plugin_get_type (void);
G_DEFINE_TYPE (Plugin, plugin, IMP_TYPE_ANALYZER)

static gboolean
plugin_data (ImpAnalyzer *analyzer, ImpDirection direction, GBytes *data, gint64 offset,
             gint32 data_type, GError **error)
{
  return TRUE;
}

static gboolean
plugin_busy (ImpAnalyzer *analyzer, ImpDirection direction, gboolean busy, GError **error)
{
  Plugin *self = (Plugin *) analyzer;

  g_assert_true (self->busy[direction] != busy);
  self->busy[direction] = busy;
  self->n_busy++;
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
  klass->busy = plugin_busy;
}

typedef struct
{
  ImpFlow *flow;
  ImpFlowEventQueue events;
  GString *output;
} Stream;

typedef struct
{
  ImpAnalyzer *analyzer;
  Stream streams[2], model[2];
  GQueue given[2]; /* texts of what has to wait, not taken yet */
  guint n_urgent;  /* given and not taken */
  gint64 fed[2], settled[2];
  gboolean busy[2];
  gboolean listening;
  guint depth;
} Provider;

static void provider_act (Provider *self);

static void
stream_init (Stream *self, ImpDirection direction)
{
  imp_flow_event_queue_init (&self->events);
  self->flow = imp_flow_new (&self->events, direction);
  self->output = g_string_new (NULL);
}

static void
stream_clear (Stream *self)
{
  imp_flow_free (self->flow);
  imp_flow_event_queue_clear (&self->events);
  g_string_free (self->output, TRUE);
}

static void
stream_work (Stream *self)
{
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (&self->events, &event))
    {
      if (event.kind == IMP_FLOW_EVENT_FORWARD)
        g_string_append_len (self->output, g_bytes_get_data (event.bytes, NULL),
                             g_bytes_get_size (event.bytes));
      g_bytes_unref (event.bytes);
    }
}

static void
stream_apply (Stream *self, ImpResult *result)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autoptr (GError) error = NULL;

  imp_flow_apply (self->flow, &verdict, &error);
  g_assert_no_error (error);
  stream_work (self);
}

static gboolean
is_urgent (ImpResult *result)
{
  ImpResultType type = imp_result_get_result_type (result);

  return type == IMP_RESULT_PAUSE || type == IMP_RESULT_CONTINUE
         || type == IMP_RESULT_ACCOUNT_FIELD;
}

static void
provider_take (Provider *self, ImpResult *result)
{
  ImpDirection direction = imp_result_get_direction (result);
  g_autofree char *text = imp_result_to_string (result);
  g_autofree char *expected = NULL;

  if (is_urgent (result))
    {
      g_assert_cmpuint (self->n_urgent--, >, 0);
      return;
    }
  g_assert_false (self->busy[direction]);
  expected = g_queue_pop_head (&self->given[direction]);
  g_assert_cmpstr (text, ==, expected);
  stream_apply (&self->streams[direction], result);
}

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  Provider *self = user_data;

  provider_take (self, result);
  if (self->depth < 3 && g_random_int_range (0, 3) == 0)
    {
      self->depth++;
      provider_act (self);
      self->depth--;
    }
}

static void
feed (Provider *self, ImpDirection direction)
{
  gsize size = g_random_int_range (1, 30);
  g_autoptr (GBytes) bytes = NULL;
  char *text = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    text[i] = g_random_int_range ('a', 'z');
  bytes = g_bytes_new_take (text, size);
  imp_flow_push (self->streams[direction].flow, bytes, IMP_DATA_TYPE_STREAM, NULL);
  imp_flow_push (self->model[direction].flow, bytes, IMP_DATA_TYPE_STREAM, NULL);
  stream_work (&self->streams[direction]);
  stream_work (&self->model[direction]);
  self->fed[direction] += size;
  imp_analyzer_data (self->analyzer, direction, bytes, 0, IMP_DATA_TYPE_STREAM);
}

static ImpResult *
make_verdict (Provider *self, ImpDirection direction)
{
  g_autoptr (GBytes) data = NULL;
  gint64 left = self->fed[direction] - self->settled[direction];
  gint64 offset = self->settled[direction] + g_random_int_range (0, left + 1);
  g_autofree char *text = g_strdup_printf ("[%" G_GINT64_FORMAT "]", offset);

  switch (g_random_int_range (0, 8))
    {
    case 0:
      return imp_result_new_log (direction, offset, 1, IMP_LOG_LEVEL_INFO, text, NULL);
    case 1:
      data = g_bytes_new (text, strlen (text));
      return imp_result_new_to_sender (direction, data);
    case 2:
    case 3:
    case 4:
      self->settled[direction] = offset;
      data = g_bytes_new (text, strlen (text));
      return imp_result_new_replace (direction, offset, data);
    default:
      self->settled[direction] = offset;
      return imp_result_new_pass (direction, offset);
    }
}

/* The model hears of it at once. */
static void
say (Provider *self, ImpDirection direction)
{
  g_autoptr (ImpResult) result = NULL;

  switch (g_random_int_range (0, 10))
    {
    case 0:
      result = imp_result_new_pause (direction);
      break;
    case 1:
      result = imp_result_new_account_field ("key", "value");
      break;
    default:
      result = make_verdict (self, direction);
    }
  if (is_urgent (result))
    self->n_urgent++;
  else
    {
      g_queue_push_tail (&self->given[direction], imp_result_to_string (result));
      stream_apply (&self->model[direction], result);
    }
  imp_analyzer_add_result (self->analyzer, result);
}

static void
set_busy (Provider *self, ImpDirection direction, gboolean busy)
{
  self->busy[direction] = busy;
  imp_analyzer_set_busy (self->analyzer, direction, busy);
}

static void
listen_or_not (Provider *self, gboolean listening)
{
  self->listening = listening;
  imp_analyzer_set_callback (self->analyzer, listening ? on_result : NULL, self, NULL);
}

/* Not within a callback: what is taken there would come before what is being delivered. */
static void
poll (Provider *self)
{
  GList *results;

  if (self->depth > 0)
    return;
  results = imp_analyzer_poll_results (self->analyzer);
  for (GList *l = results; l != NULL; l = l->next)
    provider_take (self, l->data);
  g_list_free_full (results, (GDestroyNotify) imp_result_unref);
}

static void
provider_act (Provider *self)
{
  ImpDirection direction = g_random_int_range (0, 2);

  switch (g_random_int_range (0, 20))
    {
    case 0:
    case 1:
    case 2:
      feed (self, direction);
      break;
    case 3:
    case 4:
      set_busy (self, direction, TRUE);
      break;
    case 5:
    case 6:
      set_busy (self, direction, FALSE);
      break;
    case 7:
      if (self->depth == 0)
        listen_or_not (self, !self->listening);
      break;
    case 8:
      poll (self);
      break;
    default:
      say (self, direction);
    }
}

static void
provider_check (Provider *self)
{
  for (guint direction = 0; direction < 2; direction++)
    {
      Plugin *plugin = (Plugin *) self->analyzer;

      /* It is notified of nothing but what is so, or will be once what waits has been taken. */
      if (self->busy[direction] || (self->listening && self->given[direction].length == 0))
        g_assert_true (plugin->busy[direction] == self->busy[direction]);
      if (self->listening && !self->busy[direction])
        {
          g_assert_cmpuint (self->given[direction].length, ==, 0);
          g_assert_cmpstr (self->streams[direction].output->str, ==,
                           self->model[direction].output->str);
        }
    }
  if (self->listening)
    g_assert_cmpuint (self->n_urgent, ==, 0);
}

static void
test_random (void)
{
  for (guint round = 0; round < 300; round++)
    {
      Provider self = { .analyzer = g_object_new (plugin_get_type (), NULL) };

      for (guint direction = 0; direction < 2; direction++)
        {
          stream_init (&self.streams[direction], direction);
          stream_init (&self.model[direction], direction);
        }
      for (guint step = 0; step < 500; step++)
        {
          provider_act (&self);
          provider_check (&self);
        }
      listen_or_not (&self, TRUE);
      while (self.busy[0] || self.busy[1])
        {
          set_busy (&self, 0, FALSE);
          set_busy (&self, 1, FALSE);
        }
      provider_check (&self);
      g_assert_cmpuint (imp_analyzer_get_waiting (self.analyzer, 0), ==, 0);
      g_assert_cmpuint (imp_analyzer_get_waiting (self.analyzer, 1), ==, 0);
      imp_analyzer_close (self.analyzer);
      g_object_unref (self.analyzer);
      for (guint direction = 0; direction < 2; direction++)
        {
          g_assert_cmpuint (self.given[direction].length, ==, 0);
          stream_clear (&self.streams[direction]);
          stream_clear (&self.model[direction]);
        }
    }
}

static void
append (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  g_autofree char *text = imp_result_to_string (result);

  g_string_append_printf (user_data, "%s;", text);
}

/* What was ready before a direction became busy comes before what was said after that. */
static void
test_ready_before (void)
{
  g_autoptr (GObject) object = g_object_new (plugin_get_type (), NULL);
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;
  g_autoptr (GString) text = g_string_new (NULL);

  imp_analyzer_pass_bytes (analyzer, 0, 1);
  imp_analyzer_set_busy (analyzer, 0, TRUE);
  imp_analyzer_pass_bytes (analyzer, 0, 2);
  imp_analyzer_set_callback (analyzer, append, text, NULL);
  g_assert_cmpstr (text->str, ==, "");
  imp_analyzer_set_busy (analyzer, 0, FALSE);
  g_assert_cmpstr (text->str, ==, "pass dir=0 offset=1;pass dir=0 offset=2;");
}

/* What was let through before a refusal comes before it, unless the direction is busy. */
static void
test_refusal (void)
{
  g_autoptr (GObject) object = g_object_new (plugin_get_type (), NULL);
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;
  g_autoptr (GString) text = g_string_new (NULL);

  imp_analyzer_set_busy (analyzer, 0, TRUE);
  imp_analyzer_set_busy (analyzer, 1, TRUE);
  imp_analyzer_pass_bytes (analyzer, 0, 1);
  imp_analyzer_pass_bytes (analyzer, 1, 1);
  imp_analyzer_set_busy (analyzer, 0, FALSE);
  imp_analyzer_deny (analyzer, 0, "no");
  imp_analyzer_set_callback (analyzer, append, text, NULL);
  imp_analyzer_set_busy (analyzer, 1, FALSE);
  g_assert_cmpstr (text->str, ==, "pass dir=0 offset=1;deny dir=0 \"no\";");
  g_assert_cmpuint (imp_analyzer_get_waiting (analyzer, 1), ==, 0);
}

static void
toggle (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  append (analyzer, result, user_data);
  g_string_append (user_data, ((Plugin *) analyzer)->busy[0] ? "busy;" : "free;");
  imp_analyzer_set_busy (analyzer, 0, TRUE);
  imp_analyzer_set_busy (analyzer, 0, FALSE);
}

/* A direction that is free for a moment between two results is not free for the plugin. */
static void
test_notified_late (void)
{
  g_autoptr (GObject) object = g_object_new (plugin_get_type (), NULL);
  ImpAnalyzer *analyzer = (ImpAnalyzer *) object;
  g_autoptr (GString) text = g_string_new (NULL);

  imp_analyzer_set_callback (analyzer, toggle, text, NULL);
  imp_analyzer_set_busy (analyzer, 0, TRUE);
  for (guint i = 1; i <= 3; i++)
    imp_analyzer_pass_bytes (analyzer, 0, i);
  imp_analyzer_set_busy (analyzer, 0, FALSE);
  g_assert_cmpstr (text->str, ==,
                   "pass dir=0 offset=1;busy;pass dir=0 offset=2;busy;"
                   "pass dir=0 offset=3;busy;");
  g_assert_cmpuint (((Plugin *) analyzer)->n_busy, ==, 2);
  g_assert_false (((Plugin *) analyzer)->busy[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analyzer-busy/random", test_random);
  g_test_add_func ("/analyzer-busy/ready-before", test_ready_before);
  g_test_add_func ("/analyzer-busy/refusal", test_refusal);
  g_test_add_func ("/analyzer-busy/notified-late", test_notified_late);
  return g_test_run ();
}
