/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/drain.h"

G_BEGIN_DECLS

/* `serve` in several processes: this one has the sockets, the signals and what is said to service
 * manager and load balancers; the others, which it starts, accept connections at the same sockets
 * and serve them. */
typedef struct
{
  guint n_workers;
  char **arguments; /* of the whole command, "serve" first */
  char **addresses; /* at which to listen */
  gboolean replace;
  gboolean insecure;
  guint grace;     /* seconds */
  guint idle_exit; /* the same, 0: never */
  const DrainOptions *drain;
} ServeWorkersOptions;

/* Whether --module @spec is run by scripts' processes, of which there can be several already. */
gboolean serve_workers_is_script (const char *spec);

/* Runs until a signal ends it; returns what the program ends with. */
int serve_workers_run (const ServeWorkersOptions *options);

/* In a worker: what stands behind its option. Returns its addresses, until NULL. */
char **serve_workers_parse (const char *text, guint *number);

G_END_DECLS
