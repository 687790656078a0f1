/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/json-line.h"
#include "tool/status/status-question.h"
#include "tool/status/status-report.h"
#include "tool/status/status-why.h"
#include "tool/tool.h"

#include <string.h>

typedef struct
{
  gboolean json;
  gint64 why; /* the connection to be explained, or 0 */
  guint limit;
  guint timeout; /* seconds */
} Status;

static const ImpLimit status_limits[] = {
  { "limit", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (Status, limit), 0, STATUS_LIMIT_MAX,
    STATUS_LIMIT_DEFAULT, "how many connections are shown" },
  { "timeout", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Status, timeout), 1, TOOL_MAX_SECONDS, 10,
    "how long to wait for an answer" },
};

static gboolean
status_parse (Status *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &self->json, "Print one JSON object, for programs", NULL },
    { "why", 'w', 0, G_OPTION_ARG_INT64, &self->why,
      "Explain what this connection waits for, and what can be done", "ID" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "ADDRESS - show what a running relay or server does",
    .summary = "Asks at the control socket of a relay or a server (their option --control) which\n"
               "connections there are.",
    .entries = entries,
    .limits = limits,
  };

  limit_options_add_rows (limits, status_limits, G_N_ELEMENTS (status_limits), self);
  limit_options_set_letter (limits, "timeout", 't');
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (self->why < 0)
    *status = tool_usage_error ("--why \"%" G_GINT64_FORMAT "\": the number of a connection is "
                                "wanted, as the table has it",
                                self->why);
  else if (*argc != 2)
    *status = tool_usage_error ("status: exactly one ADDRESS is wanted");
  return *status == TOOL_DONE;
}

static JsonObject *
status_ask (const Status *self, const char *address, GError **error)
{
  const StatusQuestion question = {
    .address = address,
    .timeout = self->timeout,
    .limit = self->why > 0 ? 1 : self->limit,
    .id = self->why,
    .sort = "wait",
  };

  return status_question_ask (&question, error);
}

static void
status_print_json (JsonObject *answer)
{
  g_autofree char *line = json_line_new_for_object (answer);

  tool_print_json (line, strlen (line));
}

static int
status_explain (const Status *self, const char *address, JsonObject *answer)
{
  JsonArray *rows = json_object_get_array_member (answer, "connections");
  g_autofree char *text = NULL;

  if (json_array_get_length (rows) == 0)
    return tool_error ("status \"%s\": there is no connection %" G_GINT64_FORMAT, address,
                       self->why);
  text = status_why_explain (json_array_get_object_element (rows, 0));
  tool_print_lines (text);
  return TOOL_DONE;
}

static int
status_run (int argc, char **argv)
{
  Status self = { 0 };
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!status_parse (&self, &argc, &argv, &status))
    return status;
  answer = status_ask (&self, argv[1], &error);
  if (answer == NULL)
    return tool_option_error ("status", argv[1], error);
  if (self.json)
    status_print_json (answer);
  else if (self.why > 0)
    return status_explain (&self, argv[1], answer);
  else
    status_question_print (answer);
  return TOOL_DONE;
}

const ToolCommand tool_status = {
  .name = "status",
  .summary = "show what a running relay or server does",
  .run = status_run,
};
