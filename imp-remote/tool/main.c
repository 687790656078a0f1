/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/completion/completion.h"
#include "tool/in-place.h"
#include "tool/log.h"
#include "tool/tool.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const ToolCommand *const commands[] = {
  &tool_serve,   &tool_relay,  &tool_filter, &tool_pcap,       &tool_modules,
  &tool_new,     &tool_ping,   &tool_prove,  &tool_rehearse,   &tool_replay,
  &tool_conform, &tool_status, &tool_top,    &tool_completion, NULL,
};

static const ToolCommand *
command_find (const char *name)
{
  for (gsize i = 0; commands[i] != NULL; i++)
    if (g_str_equal (commands[i]->name, name) || g_strcmp0 (commands[i]->alias, name) == 0)
      return commands[i];
  return NULL;
}

static char *
command_list_names (void)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; commands[i] != NULL; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", commands[i]->name);
  return g_string_free (text, FALSE);
}

static void
command_print_help (void)
{
  printf ("Usage:\n  imp-remote COMMAND [ARGUMENT...]\n\n"
          "Inspects and changes the traffic of other programs.\n\nCommands:\n");
  for (gsize i = 0; commands[i] != NULL; i++)
    {
      const char *alias = commands[i]->alias;
      g_autofree char *names = g_strjoin (", ", commands[i]->name, alias, NULL);

      printf ("  %-18s%s\n", names, commands[i]->summary);
    }
  printf ("\n\"imp-remote COMMAND --help\" says more. Options instead of a command:\n"
          "  --help            show this\n  --version         show the version\n");
}

int
main (int argc, char **argv)
{
  const ToolCommand *command;
  g_autofree char *names = command_list_names ();

#ifdef TOOL_IN_PLACE
  in_place_set_up_environment ();
#endif
  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  /* Standard output is for results. */
  g_log_writer_default_set_use_stderr (TRUE);
  log_start ();
  completion_set_commands (commands);
  g_set_prgname ("imp-remote");

  if (argc < 2)
    return tool_usage_error ("a command is missing: %s", names);
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    {
      command_print_help ();
      return TOOL_DONE;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      printf ("imp-remote %d.%d.%d\n", IMP_MAJOR_VERSION, IMP_MINOR_VERSION, IMP_MICRO_VERSION);
      return TOOL_DONE;
    }

  command = command_find (argv[1]);
  if (command == NULL)
    return tool_usage_error ("there is no command \"%s\"; there are %s", argv[1], names);
  tool_raise_descriptor_limit ();
  return command->run (argc - 1, argv + 1);
}
