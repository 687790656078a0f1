/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a server is taken out of service and back, by a signal, while it runs: SIGUSR2, twice. One of
 * several processes of a server may get several before it can heed the first, and has two of them:
 * SIGUSR2 and SIGWINCH, which no terminal sends it. Load balancers hear of it first, by the agent
 * check; then the clients, who would else come back at once through a balancer that does not know
 * yet. */
typedef struct _Drain Drain;

/* Of the command line. */
typedef struct
{
  char *agent_check;       /* an address, or NULL */
  char **agent_check_from; /* or NULL */
  guint delay;             /* seconds, after the first who was told, until clients are */
} DrainOptions;

/* Nobody asks the agent check within so many seconds: then clients are told. */
#define DRAIN_ASK_SECONDS 10

typedef struct
{
  /* How much room there is, in percent. */
  guint (*get_free) (gpointer user_data);
  /* Clients are to look for another server, or no longer. */
  void (*set_draining) (gboolean draining, gpointer user_data);
} DrainFuncs;

Drain *drain_new (const DrainFuncs *funcs, gboolean is_worker, gpointer user_data);
void drain_free (Drain *self);

void drain_options_clear (DrainOptions *options);
/* Before anything is opened: %TOOL_DONE, or what the program ends with. @options must live as long
 * as @self. */
int drain_set_options (Drain *self, const DrainOptions *options);

/* @status: %TOOL_DONE, or what the program ends with. */
typedef void (*DrainOpened) (int status, gpointer user_data);
/* Opens the agent check, if there is to be one, and heeds the signals from now on. @opened may come
 * at once. */
void drain_open (Drain *self, DrainOpened opened);
/* Prints where the agent check is. */
void drain_print (Drain *self);
/* The program ends: balancers are told, and nothing can be taken back. */
void drain_stop (Drain *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Drain, drain_free)

G_END_DECLS
