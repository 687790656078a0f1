/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* How the program ends. */
enum
{
  TOOL_DONE = 0,
  TOOL_FAILED = 1,
  TOOL_USAGE = 2,
};

/* One subcommand. */
typedef struct
{
  const char *name;
  const char *summary;
  int (*run) (int argc, char **argv); /* argv[0] is its name */
} ToolCommand;

int tool_serve_run (int argc, char **argv);
int tool_relay_run (int argc, char **argv);
int tool_modules_run (int argc, char **argv);
int tool_ping_run (int argc, char **argv);
int tool_rehearse_run (int argc, char **argv);

/* Parses options; what stays in @argv are the arguments. FALSE: it is over, with *@status. */
gboolean tool_parse_options (const char *parameters, const char *summary,
                             const GOptionEntry *entries, gpointer data, int *argc, char ***argv,
                             int *status);

/* Says on standard error, in one line, what is wrong. */
int tool_usage_error (const char *format, ...) G_GNUC_PRINTF (1, 2);
int tool_error (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same for what failed about @option (e.g. "--listen") with @value; usage if what the user
 * wrote is wrong in itself. */
int tool_option_error (const char *option, const char *value, const GError *error);

#define TOOL_MAX_SECONDS 86400
int tool_check_range (const char *option, int value, int minimum, int maximum);

/* "listening ADDRESS" on standard output, at once. */
void tool_print_listening (const char *address);

/* Text from elsewhere, fit for one line of a log. */
char *tool_clean_text (const char *text);

/* Calls @stop at the first SIGTERM or SIGINT, and ends the program with TOOL_FAILED at the second
 * one. */
void tool_watch_signals (void (*stop) (gpointer), gpointer user_data);

/* The factory for some --module options (may be NULL), bound to streams. */
ImpFactory *tool_new_factory (const char *const *modules, int *status);

G_END_DECLS
