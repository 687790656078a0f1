/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result-queue-private.h"
#include "rpc/server/imp-server-turns-private.h"

G_BEGIN_DECLS

/* The results of one analyzer that cannot be sent yet, since enough waits for the client to read it
 * already. They are kept apart for each analyzer and sent in turns, so that one that says very much
 * keeps nobody else waiting, and can be ended alone.
 *
 * *@self is the place where the analyzer has it: NULL while nothing waits. */
typedef struct
{
  ImpResultQueue results;
  GList node; /* in @turns */
} ImpServerOutput;

/* Takes @result. @owner: who has the turn. */
void imp_server_output_push (ImpServerOutput **self, ImpServerTurns *turns, gpointer owner,
                             ImpResult *result);
/* The next one: something waits. */
ImpResult *imp_server_output_pop (ImpServerOutput **self, ImpServerTurns *turns);
/* Drops what waits. */
void imp_server_output_clear (ImpServerOutput **self, ImpServerTurns *turns);

/* How much memory it takes, in bytes. */
static inline gsize
imp_server_output_get_size (const ImpServerOutput *self)
{
  return self == NULL ? 0 : imp_result_queue_get_size (&self->results);
}

G_END_DECLS
