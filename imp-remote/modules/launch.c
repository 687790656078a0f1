/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts a program that runs a script: gives it a session of its own and limits, and sees to it
 * that what it leaves behind ends. A program of its own, since a process with threads may do next
 * to nothing between fork() and exec().
 *
 * usage: launch [--parent=PID] [--max-memory=BYTES] [--max-files=N] [--no-new-privileges]
 *        [--ignore-stops] -- PROGRAM [ARGUMENT]...
 *
 * Descriptor LIFELINE_FD is the end of a pipe that nobody writes to. When its other end is closed,
 * all of the session's process group is killed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIFELINE_FD 4

typedef struct
{
  unsigned long long parent;     /* with which it dies; 0: none */
  unsigned long long max_memory; /* bytes, 0: no limit */
  unsigned long long max_files;  /* the same */
  int no_new_privileges;
  int ignore_stops;
} Launch;

static void
launch_fail (const char *what)
{
  fprintf (stderr, "%s: %s\n", what, strerror (errno));
  exit (127);
}

static int
launch_read_number (const char *argument, const char *option, unsigned long long *value)
{
  size_t length = strlen (option);
  char *end;

  if (strncmp (argument, option, length) != 0)
    return 0;
  errno = 0;
  *value = strtoull (argument + length, &end, 10);
  return errno == 0 && *end == '\0' && end != argument + length;
}

/* Gives the arguments that are the program's, or NULL. */
static char **
launch_parse (Launch *self, char **argv)
{
  for (argv++; *argv != NULL; argv++)
    {
      if (strcmp (*argv, "--") == 0)
        return argv[1] != NULL ? argv + 1 : NULL;
      if (strcmp (*argv, "--no-new-privileges") == 0)
        self->no_new_privileges = 1;
      else if (strcmp (*argv, "--ignore-stops") == 0)
        self->ignore_stops = 1;
      else if (!launch_read_number (*argv, "--parent=", &self->parent)
               && !launch_read_number (*argv, "--max-memory=", &self->max_memory)
               && !launch_read_number (*argv, "--max-files=", &self->max_files))
        return NULL;
    }
  return NULL;
}

/* The parent may have ended before it was asked for. */
static void
launch_die_with_parent (const Launch *self)
{
  if (self->parent == 0)
    return;
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0)
    launch_fail ("PR_SET_PDEATHSIG");
  if ((unsigned long long) getppid () != self->parent)
    exit (1);
}

/* Lives in the process group, whose number therefore belongs to nobody else until then. */
static void
launch_guard (void)
{
  sigset_t all;
  char byte;

  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
  prctl (PR_SET_NAME, "imp-lifeline");
  for (int fd = 0; fd < LIFELINE_FD; fd++)
    close (fd);
  if (chdir ("/") != 0)
    _exit (1);
  while (read (LIFELINE_FD, &byte, 1) < 0 && errno == EINTR)
    ;
  kill (0, SIGKILL);
  _exit (0);
}

/* Twice, so that the program has no child that it does not know of. */
static void
launch_start_guard (void)
{
  int status = 0;
  pid_t pid = fork ();

  if (pid < 0)
    launch_fail ("fork");
  if (pid == 0)
    {
      pid_t guard = fork ();

      if (guard == 0)
        launch_guard ();
      _exit (guard < 0 ? errno : 0);
    }
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  errno = WIFEXITED (status) ? WEXITSTATUS (status) : EAGAIN;
  if (errno != 0)
    launch_fail ("fork");
  close (LIFELINE_FD);
}

/* Never above what is allowed already. */
static void
launch_limit (int resource, const char *name, unsigned long long wanted)
{
  struct rlimit limit;

  if (getrlimit (resource, &limit) != 0)
    launch_fail (name);
  if (limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max)
    limit.rlim_max = wanted;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (resource, &limit) != 0)
    launch_fail (name);
}

/* Memory is what a process can write to and shares with nobody: interpreters reserve much more of
 * the address space than they ever use. */
static void
launch_set_limits (const Launch *self)
{
  launch_limit (RLIMIT_CORE, "RLIMIT_CORE", 0);
  if (self->max_memory > 0)
    launch_limit (RLIMIT_DATA, "RLIMIT_DATA", self->max_memory);
  if (self->max_files > 0)
    launch_limit (RLIMIT_NOFILE, "RLIMIT_NOFILE", self->max_files);
  if (self->no_new_privileges && prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    launch_fail ("PR_SET_NO_NEW_PRIVS");
}

/* What this process was started with, or its parent has done, to stop orders is not passed on. A
 * program that only waits for another one ignores them; that one has handlers of its own. */
static void
launch_reset_signals (const Launch *self)
{
  sigset_t none;

  if (self->ignore_stops)
    signal (SIGHUP, SIG_IGN);
  signal (SIGINT, self->ignore_stops ? SIG_IGN : SIG_DFL);
  signal (SIGTERM, self->ignore_stops ? SIG_IGN : SIG_DFL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

int
main (int argc, char **argv)
{
  Launch self = { 0 };
  char **program = launch_parse (&self, argv);

  if (program == NULL)
    {
      fprintf (stderr, "%s: runs scripts for imp-remote, which knows its arguments\n", argv[0]);
      return 2;
    }
  launch_die_with_parent (&self);
  if (setsid () < 0)
    launch_fail ("setsid");
  launch_start_guard ();
  launch_set_limits (&self);
  launch_reset_signals (&self);
  execvp (program[0], program);
  launch_fail (program[0]);
}
