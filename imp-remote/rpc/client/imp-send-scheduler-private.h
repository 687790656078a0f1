/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-input-queue-private.h"
#include "core/imp-watermark-private.h"

G_BEGIN_DECLS

/* Decides which of many analyzers sends next over their one connection, and which of them have to
 * pause.
 *
 * Input that cannot be sent at once waits in an entry per analyzer. Entries that have something to
 * send are served round-robin, a piece at a time. What waits is bounded, per entry and in all. An
 * entry that rises above its high-water mark is asked to pause. All of them have a mark together,
 * too, a quarter of what may wait, since many entries, each far below its own mark, would pass the
 * bound between them. Once that is passed there is congestion: all are held back, also those that
 * have brought nothing, as each could bring the next piece. They are released round-robin, a few
 * at a time: if all might go on at once, the first ones would fill the room again, always the
 * same.
 *
 * It knows neither sockets nor messages: what it decides is done by a table of functions. */
typedef struct _ImpSendScheduler ImpSendScheduler;

/* What the scheduler keeps of an analyzer: part of it. Zero it at first. */
typedef struct
{
  ImpInputQueue *input; /* NULL while nothing waits */
  GList backlog_node;
  GList *held_back; /* its place among those that are; else NULL */
  guint added : 1;
  guint announced : 1;
  guint backlogged : 1; /* it has something to send */
  guint paused : 1;     /* whoever feeds it has been asked to pause */
  guint is_watched : 1; /* for its owner: nothing of it may be sent without a look at it */
} ImpSendEntry;

/* Each of these may lead back into the scheduler, and end any entry but those that are held. The
 * scheduler itself has to last until the call is over; after the last one imp_send_scheduler_add()
 * needs neither of them. */
typedef struct
{
  /* Whether there is a connection that can take more now. */
  gboolean (*may_send) (gpointer user_data);
  /* Announces the entry to the other end: once, and before anything is sent for it. */
  void (*announce) (ImpSendEntry *entry, gpointer user_data);
  void (*send) (ImpSendEntry *entry, const ImpInput *input, gpointer user_data);
  /* Whoever feeds the entry should pause, or go on. */
  void (*set_paused) (ImpSendEntry *entry, gboolean paused, gpointer user_data);
  /* All entries; they are held until the array is freed. */
  GPtrArray *(*list) (gpointer user_data);
  void (*hold) (ImpSendEntry *entry);
  void (*release) (ImpSendEntry *entry);
} ImpSendFuncs;

typedef struct
{
  gsize high_water;     /* bytes that wait per entry, above which it has to pause */
  gsize max_queued;     /* bytes that may wait per entry */
  gsize max_queued_all; /* the same for all of them */
} ImpSendLimits;

ImpSendScheduler *imp_send_scheduler_new (const ImpSendFuncs *funcs, gpointer user_data);
/* Not while there are entries. */
void imp_send_scheduler_free (ImpSendScheduler *self);
void imp_send_scheduler_set_limits (ImpSendScheduler *self, const ImpSendLimits *limits);

/* The entry is announced, at once if nobody waits. */
void imp_send_scheduler_add (ImpSendScheduler *self, ImpSendEntry *entry);
/* Drops what it has to send. */
void imp_send_scheduler_remove (ImpSendScheduler *self, ImpSendEntry *entry);

/* The same, but gives what it has to send (or NULL), to be pushed elsewhere. */
ImpInputQueue *imp_send_scheduler_remove_with_input (ImpSendScheduler *self, ImpSendEntry *entry);

/* Queues @input, and sends what can be sent. FALSE with %IMP_ERROR_LIMIT if that is more than may
 * wait; then nothing has happened. */
gboolean imp_send_scheduler_push (ImpSendScheduler *self, ImpSendEntry *entry,
                                  const ImpInput *input, GError **error);
/* Sends what can be sent: to be called when may_send() says yes again. */
void imp_send_scheduler_run (ImpSendScheduler *self);
/* Nothing is sent any more, and nobody released: entries are to be removed. */
void imp_send_scheduler_stop (ImpSendScheduler *self);

/* The first entry that waits for its turn to be announced, or NULL. Goes through those before. */
const ImpSendEntry *imp_send_scheduler_peek_unannounced (const ImpSendScheduler *self);

/* How many bytes wait. */
gsize imp_send_scheduler_get_n_bytes (const ImpSendScheduler *self);

/* Whether @size bytes may be sent as they are, past the scheduler, if the connection can take them:
 * nothing of the entry waits, and a piece is no more. */
static inline gboolean
imp_send_entry_may_bypass (const ImpSendEntry *entry, gsize size)
{
  return !entry->backlogged && !entry->is_watched && size <= IMP_INPUT_PIECE_SIZE;
}

G_END_DECLS
