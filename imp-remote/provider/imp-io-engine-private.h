/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "io/imp-duplex-private.h"
#include "provider/imp-filter.h"
#include "provider/imp-pump-private.h"

G_BEGIN_DECLS

/* What is behind an ImpIOStream and both of its halves: a pump between the base stream and the far
 * end of a duplex, at whose near end the application is.
 *
 * The pump, the filter and the analyzer belong to the thread that makes it, and to the main context
 * that is its default then. All other threads leave bytes in the duplex, or take them from there,
 * and wait. */
typedef struct _ImpIOEngine ImpIOEngine;

typedef struct
{
  gsize buffer_size; /* as of a relay */
  guint linger;      /* milliseconds for the end */
  guint deadline;    /* and for a main context that does not run; 0: any */
} ImpIOEngineLimits;

/* @reads: the direction that comes from @base. */
ImpIOEngine *imp_io_engine_new (GIOStream *base, ImpFilter *filter, ImpDirection reads,
                                const ImpIOEngineLimits *limits);
ImpIOEngine *imp_io_engine_ref (ImpIOEngine *self);
void imp_io_engine_unref (ImpIOEngine *self);
/* Nobody will use the stream any more, and nothing is waited for. What was not closed is cut. */
void imp_io_engine_release (ImpIOEngine *self);

/* Drops a reference to what belongs to the thread of the engine, there. */
void imp_io_engine_drop (ImpIOEngine *self, gpointer object);

ImpDuplex *imp_io_engine_get_duplex (ImpIOEngine *self);

/* To be called where something was left in the duplex, or is wanted from it: does at once what can
 * be done in this thread. */
void imp_io_engine_stir_input (ImpIOEngine *self);
void imp_io_engine_stir_output (ImpIOEngine *self);

/* Whether a call may wait for all to end. Where that would mean to run a main context from one of
 * its own sources, it goes on in the background instead. */
gboolean imp_io_engine_may_wait (ImpIOEngine *self);
/* Until the event is ready. */
gboolean imp_io_engine_wait (ImpIOEngine *self, ImpDuplexEvent event, GCancellable *cancellable,
                             GError **error);

/* Ends the output, and everything once that has left, or the time for it is over. */
void imp_io_engine_close (ImpIOEngine *self);
/* Ends everything now. */
void imp_io_engine_abort (ImpIOEngine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpIOEngine, imp_io_engine_unref)

G_END_DECLS
