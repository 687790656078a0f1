/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "faults/imp-fault-side-private.h"

G_BEGIN_DECLS

/* What both halves of a fault stream share, and may be used for as long as one of them lives: the
 * base stream, and what goes wrong with it. May be used from several threads. */
typedef struct _ImpFaultLine ImpFaultLine;

ImpFaultLine *imp_fault_line_new (GIOStream *base, const ImpFaults *faults);
ImpFaultLine *imp_fault_line_ref (ImpFaultLine *self);
void imp_fault_line_unref (ImpFaultLine *self);

GIOStream *imp_fault_line_get_base (ImpFaultLine *self);
void imp_fault_line_get_counts (ImpFaultLine *self, ImpFaultWay way, ImpFaultCounts *counts);

/* As those of streams: with @blocking they wait as long as the base stream and the faults demand,
 * else they fail with G_IO_ERROR_WOULD_BLOCK, with or without cause. */
gssize imp_fault_line_read (ImpFaultLine *self, void *buffer, gsize count, gboolean blocking,
                            GCancellable *cancellable, GError **error);
gssize imp_fault_line_write (ImpFaultLine *self, const void *buffer, gsize count, gboolean blocking,
                             GCancellable *cancellable, GError **error);
gboolean imp_fault_line_flush (ImpFaultLine *self, GCancellable *cancellable, GError **error);
/* Passes the end of the output on, unless a fault has already decided what the peer gets. */
gboolean imp_fault_line_end_output (ImpFaultLine *self, GCancellable *cancellable, GError **error);
/* Nothing can be done any more; the base stream is not closed. */
void imp_fault_line_close (ImpFaultLine *self);

gboolean imp_fault_line_can_poll (ImpFaultLine *self, ImpFaultWay way);
/* Is there something to do now, leaving the causeless WOULD_BLOCK aside? If not, @when is the time
 * to ask again, or -1 if that depends on the base stream (@on_base) or on nothing at all. */
gboolean imp_fault_line_is_ready (ImpFaultLine *self, ImpFaultWay way, gint64 *when,
                                  gboolean *on_base);
/* Of the base stream only, whatever the faults say. */
GSource *imp_fault_line_create_base_source (ImpFaultLine *self, ImpFaultWay way);
/* Whatever changes, the ready time of these sources is set to 0. They are not referenced. */
void imp_fault_line_add_source (ImpFaultLine *self, ImpFaultWay way, GSource *source);
void imp_fault_line_remove_source (ImpFaultLine *self, ImpFaultWay way, GSource *source);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpFaultLine, imp_fault_line_unref)

G_END_DECLS
