/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"
#include "core/imp-log-private.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <unistd.h>

#define CHUNK_SIZE (64 * 1024)

/* A pipe has one direction: what is read comes from one side, and goes to the other one. Of that
 * side nothing comes, and what an analyzer says to the side that is read is heard by nobody. */
typedef struct
{
  char **modules;
  char *from;
  gboolean verbose;
  guint deadline; /* seconds, 0: none */

  GMainLoop *loop;
  GCancellable *cancellable;
  GInputStream *input;
  GOutputStream *output;
  ImpFilter *filter;
  ImpDirection direction;
  GQueue waiting; /* of GBytes, to be written */
  GSource *step;  /* or NULL */
  gboolean reading;
  gboolean writing;
  gboolean ended; /* all has been read */
  GError *error;  /* of reading or writing */
  gsize n_unheard;
} Filter;

static const ImpLimit filter_limits[] = {
  { "deadline", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Filter, deadline), 0, TOOL_MAX_SECONDS, 60,
    "how long the analyzer may leave data without a verdict, 0 for as long as it likes" },
};

static void
filter_clear (Filter *self)
{
  if (self->step != NULL)
    g_source_destroy (self->step);
  g_clear_pointer (&self->step, g_source_unref);
  if (self->filter != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->filter, self);
      imp_filter_close (self->filter);
    }
  g_clear_object (&self->filter);
  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_error (&self->error);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) g_bytes_unref);
  g_strfreev (self->modules);
  g_free (self->from);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Filter, filter_clear)

static gboolean
filter_parse (Filter *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "module", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &self->modules,
      "The analyzer: a module and its settings; several: one behind the other", "NAME[=SETTINGS]" },
    { "from", 0, 0, G_OPTION_ARG_STRING, &self->from,
      "Which side says what is read (default: client)", "client|server" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &self->verbose, "Log every verdict of the analyzer",
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "--module NAME[=SETTINGS]... - send standard input through a module",
    .summary = "Reads standard input, and writes to standard output what the module makes of it.\n"
               "The exit status is 3 if it denies or drops, and 1 if it fails.",
    .entries = entries,
    .limits = limits,
    .has_scripts = TRUE,
  };

  limit_options_add_rows (limits, filter_limits, G_N_ELEMENTS (filter_limits), self);
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (*argc > 1)
    *status = tool_usage_error ("filter: \"%s\": what is filtered comes on standard input",
                                (*argv)[1]);
  else if (self->modules == NULL)
    *status = tool_usage_error ("filter: --module NAME[=SETTINGS] is missing");
  else if (self->from != NULL && !g_str_equal (self->from, "client")
           && !g_str_equal (self->from, "server"))
    *status = tool_usage_error ("--from \"%s\": it is \"client\" or \"server\"", self->from);
  return *status == TOOL_DONE;
}

/* ---- what is to be done next ---- */

static gboolean filter_step (gpointer user_data);

/* From the main loop, once for all that has happened by then. */
static void
filter_schedule (Filter *self)
{
  if (self->step != NULL)
    return;
  self->step = g_idle_source_new ();
  g_source_set_priority (self->step, G_PRIORITY_DEFAULT);
  g_source_set_static_name (self->step, "imp-remote filter: step");
  g_source_set_callback (self->step, filter_step, self, NULL);
  g_source_attach (self->step, NULL);
}

static void
filter_on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Filter *self = user_data;

  self->writing = FALSE;
  g_bytes_unref (g_queue_pop_head (&self->waiting));
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL,
                                    self->error == NULL ? &self->error : NULL);
  filter_schedule (self);
}

static void
filter_write (Filter *self)
{
  gsize length;
  const void *data = g_bytes_get_data (g_queue_peek_head (&self->waiting), &length);

  self->writing = TRUE;
  g_output_stream_write_all_async (self->output, data, length, G_PRIORITY_DEFAULT,
                                   self->cancellable, filter_on_written, self);
}

static void
filter_on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Filter *self = user_data;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result,
                                                               self->error == NULL ? &self->error
                                                                                   : NULL);

  self->reading = FALSE;
  if (bytes != NULL)
    {
      self->ended = g_bytes_get_size (bytes) == 0;
      /* What fails is found by the next step. */
      imp_filter_push (self->filter, self->direction, bytes, IMP_DATA_TYPE_STREAM, NULL);
      /* The other side has nothing to say to that. */
      if (self->ended)
        imp_filter_push (self->filter, !self->direction, bytes, IMP_DATA_TYPE_STREAM, NULL);
    }
  filter_schedule (self);
}

/* Whether nothing more will come that could be written. */
static gboolean
filter_is_over (Filter *self)
{
  return !imp_filter_check (self->filter, NULL)
         || imp_filter_is_finished (self->filter, self->direction);
}

static gboolean
filter_step (gpointer user_data)
{
  Filter *self = user_data;

  g_clear_pointer (&self->step, g_source_unref);
  if (self->error != NULL)
    g_main_loop_quit (self->loop);
  else if (self->writing)
    return G_SOURCE_REMOVE;
  else if (!g_queue_is_empty (&self->waiting))
    filter_write (self);
  else if (filter_is_over (self))
    g_main_loop_quit (self->loop);
  else if (!self->reading && !self->ended && !imp_filter_is_paused (self->filter, self->direction))
    {
      self->reading = TRUE;
      g_input_stream_read_bytes_async (self->input, CHUNK_SIZE, G_PRIORITY_DEFAULT,
                                       self->cancellable, filter_on_read, self);
    }
  return G_SOURCE_REMOVE;
}

/* ---- what the analyzer says ---- */

static void
filter_on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
                  gpointer user_data)
{
  Filter *self = user_data;

  if (direction != self->direction)
    self->n_unheard += g_bytes_get_size (data);
  else if (g_bytes_get_size (data) > 0)
    g_queue_push_tail (&self->waiting, g_bytes_ref (data));
  filter_schedule (self);
}

static void
filter_on_result (ImpFilter *filter, ImpResult *result, gpointer user_data)
{
  g_autofree char *text = imp_result_to_string (result);

  imp_log_message ("%s", text);
}

static void
filter_watch (Filter *self)
{
  const char *told[] = { "log", "account-field" };

  imp_filter_set_output (self->filter, filter_on_output, self, NULL);
  if (self->verbose)
    g_signal_connect (self->filter, "result", G_CALLBACK (filter_on_result), self);
  else
    for (guint i = 0; i < G_N_ELEMENTS (told); i++)
      {
        g_autofree char *signal = g_strconcat ("result::", told[i], NULL);

        g_signal_connect (self->filter, signal, G_CALLBACK (filter_on_result), self);
      }
  g_signal_connect_swapped (self->filter, "denied", G_CALLBACK (filter_schedule), self);
  g_signal_connect_swapped (self->filter, "dropped", G_CALLBACK (filter_schedule), self);
  g_signal_connect_swapped (self->filter, "failed", G_CALLBACK (filter_schedule), self);
  g_signal_connect_swapped (self->filter, "paused-changed", G_CALLBACK (filter_schedule), self);
}

/* ---- the command ---- */

static void
filter_stop (gpointer user_data)
{
  Filter *self = user_data;

  if (self->error == NULL)
    self->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Stopped by a signal");
  g_cancellable_cancel (self->cancellable);
  filter_schedule (self);
}

static int
filter_judge (Filter *self)
{
  g_autoptr (GError) error = NULL;

  if (self->n_unheard > 0)
    imp_log_message ("%" G_GSIZE_FORMAT " bytes were for the side that is read, and are lost",
                     self->n_unheard);
  if (self->error != NULL)
    return tool_error ("filter: %s", self->error->message);
  if (imp_filter_check (self->filter, &error))
    return TOOL_DONE;
  tool_error ("filter: %s", error->message);
  return g_error_matches (error, IMP_ERROR, IMP_ERROR_DENIED) ? TOOL_DENIED : TOOL_FAILED;
}

static ImpAnalyzer *
filter_make_analyzer (ImpFactory *factory, int *status)
{
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer = imp_factory_create_analyzer (factory, NULL, &error);

  if (error == NULL)
    return analyzer != NULL ? analyzer : imp_pass_analyzer_new ();
  *status = tool_error ("filter: %s", error->message);
  return NULL;
}

static void
filter_run_analyzer (Filter *self, ImpAnalyzer *analyzer)
{
  const gboolean from_server = g_strcmp0 (self->from, "server") == 0;

  self->direction = from_server ? IMP_DIRECTION_FROM_SERVER : IMP_DIRECTION_FROM_CLIENT;
  self->filter = imp_filter_new (analyzer);
  imp_filter_set_deadline (self->filter, self->deadline * 1000);
  self->input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  self->output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  filter_watch (self);
  filter_schedule (self);
  g_main_loop_run (self->loop);
}

static int
filter_run (int argc, char **argv)
{
  g_auto (Filter) self = { 0 };
  g_autoptr (ImpFactory) factory = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  int status;

  if (!filter_parse (&self, &argc, &argv, &status))
    return status;
  factory = tool_new_factory_for ((const char *const *) self.modules, IMP_DATA_TYPE_STREAM,
                                  "filter", &status);
  if (factory == NULL)
    return status;
  analyzer = filter_make_analyzer (factory, &status);
  if (analyzer == NULL)
    return status;
  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  tool_watch_signals (filter_stop, &self);
  filter_run_analyzer (&self, analyzer);
  return filter_judge (&self);
}

const ToolCommand tool_filter = {
  .name = "filter",
  .summary = "send standard input through a module, to standard output",
  .run = filter_run,
};
