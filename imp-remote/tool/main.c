/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const ToolCommand commands[] = {
  { "serve", "let others use analyzers of this process", tool_serve_run },
  { "relay", "forward connections through analyzers", tool_relay_run },
  { "modules", "list modules and their settings", tool_modules_run },
  { "ping", "see whether a server answers", tool_ping_run },
  { "rehearse", "inject faults between a provider and a server", tool_rehearse_run },
};

static const ToolCommand *
find_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, name))
      return &commands[i];
  return NULL;
}

static char *
command_names (void)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", commands[i].name);
  return g_string_free (text, FALSE);
}

static void
print_help (void)
{
  printf ("Usage:\n  imp-remote COMMAND [ARGUMENT...]\n\n"
          "Inspects and changes the traffic of other programs.\n\nCommands:\n");
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    printf ("  %-10s%s\n", commands[i].name, commands[i].summary);
  printf ("\n\"imp-remote COMMAND --help\" says more. Options instead of a command:\n"
          "  --help    show this\n  --version show the version\n");
}

int
main (int argc, char **argv)
{
  const ToolCommand *command;
  g_autofree char *names = command_names ();

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  /* Standard output is for results. */
  g_log_writer_default_set_use_stderr (TRUE);
  g_set_prgname ("imp-remote");

  if (argc < 2)
    return tool_usage_error ("a command is missing: %s", names);
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    {
      print_help ();
      return TOOL_DONE;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      printf ("imp-remote %d.%d.%d\n", IMP_MAJOR_VERSION, IMP_MINOR_VERSION, IMP_MICRO_VERSION);
      return TOOL_DONE;
    }

  command = find_command (argv[1]);
  if (command == NULL)
    {
      g_autofree char *given = tool_clean_text (argv[1]);

      return tool_usage_error ("there is no command \"%s\"; there are %s", given, names);
    }
  return command->run (argc - 1, argv + 1);
}
