/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

#include "tool/limit-options.h"

G_BEGIN_DECLS

/* How the program ends. */
enum
{
  TOOL_DONE = 0,
  TOOL_FAILED = 1,
  TOOL_USAGE = 2,
  TOOL_DENIED = 3, /* by an analyzer, as it should */
};

/* A subcommand. Each stands in a file of its own, and in the table in main.c. */
typedef struct
{
  const char *name;
  const char *alias; /* another name, or NULL */
  const char *summary;
  int (*run) (int argc, char **argv); /* argv[0] is its name */
} ToolCommand;

extern const ToolCommand tool_serve, tool_relay, tool_filter, tool_completion, tool_conform,
  tool_modules, tool_new, tool_pcap, tool_ping, tool_prove, tool_rehearse, tool_replay, tool_status,
  tool_top;

/* What a subcommand takes. */
typedef struct
{
  const char *parameters; /* what stands in the line of usage */
  const char *summary;
  const GOptionEntry *entries;
  LimitOptions *limits; /* more options, or NULL */
  gboolean has_access;  /* listens, and takes the options about who may connect */
  gboolean has_log;     /* takes those of the log and of traces */
  gboolean has_metrics; /* counts, and takes the options about who may see it */
  gboolean has_scripts; /* takes --module, and so the options of scripts */
  gpointer data;        /* for callbacks among the entries */
} ToolOptions;

/* Parses options; what stays in @argv are the arguments. FALSE: it is over, with *@status. */
gboolean tool_parse_options (const ToolOptions *options, int *argc, char ***argv, int *status);

/* All of them, for those who read them from somewhere else. */
OptionTable *tool_new_option_table (const ToolOptions *options);

/* Gives the options of a subcommand that is run to @func, and nothing is done; with NULL it is
 * done again. */
typedef void (*ToolOptionsFunc) (const ToolOptions *options, OptionTable *table,
                                 gpointer user_data);
void tool_catch_options (ToolOptionsFunc func, gpointer user_data);

/* Prints on standard error, in one line, what is wrong, and returns the program's status. */
int tool_usage_error (const char *format, ...) G_GNUC_PRINTF (1, 2);
int tool_error (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same for what failed about @option (e.g. "--listen") with @value; a usage error if what the
 * user wrote is wrong in itself. */
int tool_option_error (const char *option, const char *value, const GError *error);

/* Gives what would be printed to @func instead; with NULL it is printed again. */
typedef void (*ToolErrorFunc) (const char *text, gpointer user_data);
void tool_catch_errors (ToolErrorFunc func, gpointer user_data);

/* The longest time that an option takes. */
#define TOOL_MAX_SECONDS 86400

/* Prints a line on standard output, in which what others may have said is as in the log. */
void tool_print (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same with several, each of which has an end. */
void tool_print_lines (const char *text);
/* JSON, which stays what it is. */
void tool_print_json (const char *json, gsize length);
/* Has what was printed written now. */
void tool_flush (void);
/* "listening ADDRESS" on standard output, at once. */
void tool_print_listening (const char *address);
/* "metrics ADDRESS", the same. */
void tool_print_metrics (const char *address);

/* Calls @stop at the first SIGTERM or SIGINT, and ends the program with TOOL_FAILED at the second
 * one. SIGHUP does the same where the program has a terminal, and nothing where it has none. */
void tool_watch_signals (void (*stop) (gpointer), gpointer user_data);

/* After it: calls @reload at each SIGHUP, whether there is a terminal or not. */
void tool_watch_reload (void (*reload) (gpointer));
/* Calls @func as well at each SIGHUP that ends nothing. In any order with
 * tool_watch_signals(). */
void tool_watch_hangup (void (*func) (gpointer), gpointer user_data);

/* Allows as many descriptors as the hard limit does. */
void tool_raise_descriptor_limit (void);
/* How many of @wanted connections there can be, if each needs @descriptors of them. Those for which
 * there are none would be accepted and dropped; so they have to wait. */
guint tool_limit_connections (guint wanted, guint descriptors);

/* Whether scripts are only looked for from now on, and not run: for those who serve nothing.
 * Returns what it was before. */
gboolean tool_only_check_modules (gboolean only);
/* The factory for some --module options (may be NULL): of several, a cascade. */
ImpFactory *tool_new_factory (const char *const *modules, int *status);
/* The same; each of them must work with @data_type, streams or packets, since @who has nothing
 * else. */
ImpFactory *tool_new_factory_for (const char *const *modules, gint32 data_type, const char *who,
                                  int *status);

/* The names of modules without their settings, which may be passwords, or the names of keys. */
GStrv tool_name_modules (const char *const *modules);

G_END_DECLS
