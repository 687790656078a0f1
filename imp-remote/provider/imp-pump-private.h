/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "provider/imp-filter.h"

G_BEGIN_DECLS

/* What is left of a relay once properties, signals and the task are taken away: two transports, a
 * filter between them, and the question who may go on.
 *
 * There are two sides, client and server, with the numbers of the directions that come from them.
 * What goes in direction d is read from side d and written to side !d. */
typedef struct _ImpPump ImpPump;

/* All is over; @error is NULL if both directions ended regularly. The pump may be freed here. */
typedef void (*ImpPumpFunc) (const GError *error, gpointer user_data);

/* Bytes have moved, or something has been refused or ended: who wants to know looks. The pump may
 * be aborted here. */
typedef void (*ImpPumpWatch) (gpointer user_data);

typedef struct
{
  gsize buffer_size; /* bytes in an output above which its source is not read */
  guint linger;      /* milliseconds for what is queued when the connection is refused */
  guint idle;        /* milliseconds without a byte after which it is refused; 0: never */
} ImpPumpLimits;

ImpPump *imp_pump_new (ImpFilter *filter);
void imp_pump_free (ImpPump *self);

/* Hears the analyzer from now on, in the thread-default context: what it says is applied, and what
 * it sends waits. */
void imp_pump_prepare (ImpPump *self, const ImpPumpLimits *limits, ImpPumpFunc done,
                       gpointer user_data);
/* Begins, after imp_pump_prepare(). @server: NULL: there is none, so that the client is refused. */
gboolean imp_pump_start (ImpPump *self, GIOStream *client, GIOStream *server, GError **error);
void imp_pump_set_watch (ImpPump *self, ImpPumpWatch watch, gpointer user_data);
/* Has a side looked at now, without waiting for the loop, as if these conditions had come. */
void imp_pump_stir (ImpPump *self, guint side, GIOCondition conditions);
/* Whether a call of its own is further up the stack. */
gboolean imp_pump_is_inside (ImpPump *self);
/* Why nothing is read any more; NULL if it is, or all has ended regularly. */
const GError *imp_pump_peek_refusal (ImpPump *self);
/* Why nothing can be written to a side any more. */
const GError *imp_pump_peek_output_error (ImpPump *self, guint side);
/* Whether a side was told that this is the end, as it comes from the filter. */
gboolean imp_pump_has_ended_output (ImpPump *self, guint side);
/* Whether something that is not queued any more has not left yet. */
gboolean imp_pump_is_output_pending (ImpPump *self, guint side);
/* Ends at once, with @error, if that is not NULL; done() is called from here. */
void imp_pump_abort (ImpPump *self, const GError *error);
/* How a side is, and the direction that comes from there. */
typedef struct
{
  gint64 held_since;  /* monotonic time: since when the oldest byte without a verdict; 0: unknown */
  gboolean is_busy;   /* the direction: not read, since the other side does not take enough */
  gboolean is_full;   /* the side takes nothing now */
  gboolean has_ended; /* nothing comes from there any more */
  gboolean is_pending; /* what was written has not left */
} ImpPumpFacts;

void imp_pump_get_facts (ImpPump *self, guint side, ImpPumpFacts *facts);
/* When bytes were last moved, in monotonic time; 0: not known. */
gint64 imp_pump_get_last_progress (ImpPump *self);
/* "new", "running", "ending" or "over". */
const char *imp_pump_get_state_name (ImpPump *self);
gsize imp_pump_get_queued (ImpPump *self, guint side);
gint64 imp_pump_get_sent (ImpPump *self, guint side);

G_END_DECLS
