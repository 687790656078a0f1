/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One of several processes that serve the same sockets, as the one sees it that has started it. It
 * is started again when it ends, after a pause that grows. It says at a socket of its own that it
 * is ready, that it lives, and how full it is. */
typedef struct _Worker Worker;

/* Where a worker finds its end of that socket; from the next one on those at which it listens. */
#define WORKER_REPORT_FD 3

/* What all of them have in common. */
typedef struct
{
  char **argv;       /* of the program, up to NULL; what is WORKER_OPTION gets its value */
  GArray *listeners; /* of int */
  char *sockets;     /* how the worker is to call them, with commas between them */
  guint64 watchdog;  /* microseconds in which it has to say something; 0: it need not */
} WorkerPlan;

/* And the number of a signal: the exit status of one that was killed by it. */
#define WORKER_SIGNAL_STATUS 128

typedef struct
{
  /* It serves, for the first time or again. */
  void (*ready) (Worker *worker, gpointer user_data);
  /* It says how full it is. */
  void (*changed) (Worker *worker, gpointer user_data);
  /* It has ended, with this exit status (as a shell has it). It is started again if it has been
   * ready before, and was not told to end. */
  void (*ended) (Worker *worker, int status, gpointer user_data);
} WorkerFuncs;

/* @number: how to call it. @plan lives as long as it. */
Worker *worker_new (const WorkerPlan *plan, guint number, const WorkerFuncs *funcs,
                    gpointer user_data);
/* Kills the process, if there is one. */
void worker_free (Worker *self);
void worker_start (Worker *self);

/* Passes a signal on, if there is a process. */
void worker_signal (Worker *self, int number);
/* It reads its file again. One that starts, and may have read it, does so once it is ready. */
void worker_hang_up (Worker *self);
/* Asks it to end; it is not started again. */
void worker_stop (Worker *self);

gboolean worker_is_running (Worker *self);
gboolean worker_is_ready (Worker *self);
/* In percent, 0 while it is not ready. */
guint worker_get_free (Worker *self);
guint worker_get_clients (Worker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Worker, worker_free)

G_END_DECLS
