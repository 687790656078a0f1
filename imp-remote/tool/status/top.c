/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-question.h"
#include "tool/status/status-report.h"
#include "tool/status/status-table.h"
#include "tool/status/terminal.h"
#include "tool/tool.h"

/* Above the rows. */
#define HEAD_LINES 3

typedef struct
{
  guint interval; /* seconds */
  StatusQuestion question;

  GMainLoop *loop;
  Terminal *terminal;
  GCancellable *cancellable;
  JsonObject *answer; /* the last one */
  char *failure;      /* why there is no newer one, or NULL */
  gboolean asking;
  gboolean again; /* once that is over */
} Top;

typedef struct
{
  char key;
  const char *sort, *title;
} TopOrder;

static const TopOrder top_orders[] = {
  { 'w', "wait", "who stands still for longest" },
  { 'a', "age", "the oldest" },
  { 'h', "held", "who holds most" },
};

static const ImpLimit top_limits[] = {
  { "interval", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Top, interval), 1, 3600, 2,
    "how often it is looked" },
  { "timeout", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Top, question.timeout), 1, TOOL_MAX_SECONDS, 10,
    "how long to wait for an answer" },
};

static void
top_clear (Top *self)
{
  g_clear_pointer (&self->terminal, terminal_free);
  g_clear_pointer (&self->answer, json_object_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->failure, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Top, top_clear)

/* ---- the screen ---- */

static char *
top_make_help (const Top *self)
{
  const char *title = "";

  for (guint i = 0; i < G_N_ELEMENTS (top_orders); i++)
    if (g_str_equal (top_orders[i].sort, self->question.sort))
      title = top_orders[i].title;
  if (self->failure != NULL)
    return g_strdup_printf ("No answer any more: %s", self->failure);
  return g_strdup_printf ("First: %s.  Keys: w wait, a age, h held, q quit", title);
}

static void
top_add_row (JsonArray *array, guint index, JsonNode *node, gpointer user_data)
{
  g_ptr_array_add (user_data, status_table_make_row (json_node_get_object (node)));
}

static void
top_draw (Top *self)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (lines, status_table_make_summary (self->answer));
  g_ptr_array_add (lines, top_make_help (self));
  g_ptr_array_add (lines, status_table_make_head ());
  json_array_foreach_element (json_object_get_array_member (self->answer, "connections"),
                              top_add_row, lines);
  g_ptr_array_add (lines, NULL);
  terminal_draw (self->terminal, (const char *const *) lines->pdata);
}

/* ---- asking, again and again ---- */

static void top_ask (Top *self);

static void
top_ask_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  JsonObject *answer = status_question_ask (data, &error);

  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) json_object_unref);
  else
    g_task_return_error (task, error);
}

static void
top_on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Top *self = user_data;
  g_autoptr (GError) error = NULL;
  JsonObject *answer = g_task_propagate_pointer (G_TASK (result), &error);

  /* @self has gone already. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->asking = FALSE;
  g_clear_pointer (&self->failure, g_free);
  if (answer != NULL)
    {
      g_clear_pointer (&self->answer, json_object_unref);
      self->answer = answer;
    }
  else
    self->failure = g_strdup (error->message);
  top_draw (self);
  if (self->again)
    top_ask (self);
}

static void
top_ask (Top *self)
{
  g_autoptr (GTask) task = NULL;

  self->again = self->asking;
  if (self->asking)
    return;
  self->asking = TRUE;
  self->question.limit = MAX (terminal_get_height (self->terminal), HEAD_LINES) - HEAD_LINES;
  task = g_task_new (NULL, self->cancellable, top_on_answer, self);
  g_task_set_name (task, "imp-remote top");
  g_task_set_return_on_cancel (task, TRUE);
  g_task_set_task_data (task, g_memdup2 (&self->question, sizeof self->question), g_free);
  g_task_run_in_thread (task, top_ask_in_thread);
}

static gboolean
top_on_interval (gpointer user_data)
{
  Top *self = user_data;

  if (!self->asking)
    top_ask (self);
  return G_SOURCE_CONTINUE;
}

/* ---- what the user does ---- */

static void
top_on_key (char key, gpointer user_data)
{
  Top *self = user_data;

  if (key == 'q' || key == 'Q')
    g_main_loop_quit (self->loop);
  for (guint i = 0; i < G_N_ELEMENTS (top_orders); i++)
    if (top_orders[i].key == key)
      {
        self->question.sort = top_orders[i].sort;
        top_ask (self);
      }
}

static void
top_on_resized (gpointer user_data)
{
  top_draw (user_data);
  top_ask (user_data);
}

static void
top_on_ended (gpointer user_data)
{
  g_main_loop_quit (((Top *) user_data)->loop);
}

static const TerminalFuncs top_terminal_funcs = {
  .key = top_on_key,
  .resized = top_on_resized,
  .ended = top_on_ended,
};

static void
top_show (Top *self)
{
  guint source;

  self->loop = g_main_loop_new (NULL, FALSE);
  self->cancellable = g_cancellable_new ();
  self->terminal = terminal_new (&top_terminal_funcs, self);
  top_draw (self);
  top_ask (self);
  source = g_timeout_add_seconds (self->interval, top_on_interval, self);
  g_main_loop_run (self->loop);
  g_source_remove (source);
  /* What is still asked for is asked in a thread, which ends with the program. */
  g_cancellable_cancel (self->cancellable);
}

static gboolean
top_parse (Top *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
  const ToolOptions options = {
    .parameters = "ADDRESS - watch what the connections of a relay or a server wait for",
    .summary = "Asks at the control socket of a relay or a server (their option --control), again "
               "and\nagain, and shows the answer on the terminal. Where there is none it is shown "
               "once.",
    .entries = entries,
    .limits = limits,
  };

  limit_options_add_rows (limits, top_limits, G_N_ELEMENTS (top_limits), self);
  limit_options_set_letter (limits, "interval", 'i');
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (*argc != 2)
    *status = tool_usage_error ("top: exactly one ADDRESS is wanted");
  return *status == TOOL_DONE;
}

static int
top_run (int argc, char **argv)
{
  g_auto (Top) self = { .question = { .limit = STATUS_LIMIT_DEFAULT, .sort = "wait" } };
  g_autoptr (GError) error = NULL;
  int status;

  if (!top_parse (&self, &argc, &argv, &status))
    return status;
  self.question.address = argv[1];
  self.answer = status_question_ask (&self.question, &error);
  if (self.answer == NULL)
    return tool_option_error ("top", argv[1], error);
  if (terminal_is_there ())
    top_show (&self);
  else
    status_question_print (self.answer);
  return TOOL_DONE;
}

const ToolCommand tool_top = {
  .name = "top",
  .summary = "watch what connections wait for",
  .run = top_run,
};
