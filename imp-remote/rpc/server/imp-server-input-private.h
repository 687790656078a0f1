/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-input-queue-private.h"

G_BEGIN_DECLS

/* Decides when the analyzers of one connection are fed.
 *
 * Verdicts can take much more memory than the input that they are about. While they cannot go out,
 * it is therefore input that waits: for an analyzer whose verdicts wait; for a direction that is
 * busy, once some verdicts wait for it; for a client that does not read; and for the rest of a
 * large message, which is fed in pieces. A plugin sees none of this, since a stream may be cut
 * anywhere and packets stay whole.
 *
 * Analyzers with input that waits are fed in turns. */
typedef struct _ImpServerInput ImpServerInput;

typedef struct _ImpServerInputEntry ImpServerInputEntry;

/* The input of one analyzer that waits. */
typedef struct
{
  ImpInputQueue queues[2]; /* per direction */
  GList node;
} ImpServerInputWaiting;

/* What is kept of an analyzer: part of it. */
struct _ImpServerInputEntry
{
  ImpAnalyzer *analyzer;
  ImpServerInputWaiting *waiting; /* NULL while nothing waits */
  gboolean blocked;               /* by its verdicts, which wait */
};

typedef struct
{
  /* Whether results can go out. */
  gboolean (*may_feed) (gpointer user_data);
  /* The turn of an analyzer: calls imp_server_input_feed(). TRUE if something was fed. Whatever the
   * plugin does may end the analyzer and the connection. */
  gboolean (*take_turn) (ImpServerInputEntry *entry);
} ImpServerInputFuncs;

/* @max_waiting: bytes of results that may wait in a direction for it to be fed. */
ImpServerInput *imp_server_input_new (gsize max_waiting, const ImpServerInputFuncs *funcs,
                                      gpointer user_data);
void imp_server_input_free (ImpServerInput *self);
/* Before the first message. */
void imp_server_input_start (ImpServerInput *self, GMainContext *context);
/* Nothing is fed any more by itself: entries are to be cleared. */
void imp_server_input_stop (ImpServerInput *self);

/* Feeds the analyzer with what its client has sent, now or later. The caller has a hold on @self
 * and the analyzer for as long as this takes. */
void imp_server_input_take (ImpServerInput *self, ImpServerInputEntry *entry,
                            ImpDirection direction, const ImpView *data, gint64 offset,
                            gint32 data_type);
/* Feeds one piece that waits, if it may be fed now. */
gboolean imp_server_input_feed (ImpServerInput *self, ImpServerInputEntry *entry,
                                ImpDirection direction);
/* Drops what waits. */
void imp_server_input_clear (ImpServerInput *self, ImpServerInputEntry *entry);
/* Something that waits can perhaps be fed now. */
void imp_server_input_resume (ImpServerInput *self);

/* How much memory the input that waits takes, in bytes. */
static inline gsize
imp_server_input_entry_get_size (const ImpServerInputEntry *entry)
{
  return entry->waiting == NULL ? 0
                                : imp_input_queue_get_size (&entry->waiting->queues[0])
                                    + imp_input_queue_get_size (&entry->waiting->queues[1]);
}

G_END_DECLS
