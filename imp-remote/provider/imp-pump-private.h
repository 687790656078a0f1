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
/* Ends at once, with @error; done() is called from here. */
void imp_pump_abort (ImpPump *self, const GError *error);
gsize imp_pump_get_queued (ImpPump *self, guint side);
gint64 imp_pump_get_sent (ImpPump *self, guint side);

G_END_DECLS
