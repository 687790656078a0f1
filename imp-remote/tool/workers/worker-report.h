/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* What a worker says of itself: messages as those for a service manager (sd_notify(3)), at a socket
 * that it was started with. */

/* The option, which --help does not show, that makes a worker of a server. Behind it are its
 * number, a colon and its sockets: "0:fd:4,tls:fd:5". */
#define WORKER_OPTION "--worker="

typedef struct
{
  gboolean ready;
  guint free_percent;
  guint clients; /* that are connected, or about to be */
  int pid;
} WorkerReport;

/* Takes what has come into @report. FALSE: nothing will come any more. */
gboolean worker_report_receive (int fd, WorkerReport *report);

/* In the worker: says how full @server is, now and then until the program ends. */
void worker_report_start (ImpServer *server);

G_END_DECLS
