/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "faults/imp-faults-private.h"

G_BEGIN_DECLS

/* What both halves of a fault stream share. An atomic box: the halves may outlive the stream. */
typedef struct
{
  GMutex lock;
  GCond changed;
  GIOStream *base;
  ImpFaultSide sides[2]; /* by ImpFaultWay */
  GPtrArray *sources[2]; /* of GSource, not owned: who waits */
  guint blocking;        /* threads inside a blocking call on the base stream */
  gboolean reset;
  gboolean closed;
} ImpFaultLine;

typedef enum
{
  IMP_FAULT_STEP_GO,   /* do it, with the length given */
  IMP_FAULT_STEP_EOF,  /* the way has ended as by rule */
  IMP_FAULT_STEP_FAIL, /* error is set */
} ImpFaultStep;

ImpFaultLine *imp_fault_line_new (GIOStream *base, const ImpFaults *faults);
ImpFaultLine *imp_fault_line_ref (ImpFaultLine *self);
void imp_fault_line_unref (ImpFaultLine *self);

GInputStream *imp_fault_line_get_input (ImpFaultLine *self);
GOutputStream *imp_fault_line_get_output (ImpFaultLine *self);
gboolean imp_fault_line_can_poll (ImpFaultLine *self, ImpFaultWay way);

/* Before an operation that must not block: may it be done now, and on how many bytes? */
ImpFaultStep imp_fault_line_try (ImpFaultLine *self, ImpFaultWay way, gsize *length,
                                 GError **error);
/* The same for one that may: waits as long as the faults demand. Every GO is followed by
 * imp_fault_line_leave(). */
ImpFaultStep imp_fault_line_enter (ImpFaultLine *self, ImpFaultWay way, gsize *length,
                                   GCancellable *cancellable, GError **error);
void imp_fault_line_leave (ImpFaultLine *self);
/* Sits out the delay of a blocking operation. */
void imp_fault_line_delay (ImpFaultLine *self, ImpFaultWay way, GCancellable *cancellable);
/* Bytes were moved. */
void imp_fault_line_advance (ImpFaultLine *self, ImpFaultWay way, gsize length, gsize corrupted);
gsize imp_fault_line_corrupt (ImpFaultLine *self, ImpFaultWay way, guint8 *data, gsize length);
/* Is there something to do now, leaving the causeless WOULD_BLOCK aside? If not, @when is the time
 * to ask again, or -1 if that depends on the base stream (@on_base) or on nothing at all. */
gboolean imp_fault_line_is_ready (ImpFaultLine *self, ImpFaultWay way, gint64 *when,
                                  gboolean *on_base);

void imp_fault_line_close (ImpFaultLine *self);
/* Passes the end of the output on, unless a fault has already decided what the peer gets. */
gboolean imp_fault_line_finish_output (ImpFaultLine *self, GCancellable *cancellable,
                                       GError **error);

/* Sources are told of every change. */
void imp_fault_line_add_source (ImpFaultLine *self, ImpFaultWay way, GSource *source);
void imp_fault_line_remove_source (ImpFaultLine *self, ImpFaultWay way, GSource *source);

/* A source that fires when is_ready() says so; @object is the half of the stream it belongs to. */
GSource *imp_fault_source_new (ImpFaultLine *line, ImpFaultWay way, GObject *object,
                               GCancellable *cancellable);

GInputStream *imp_fault_input_new (ImpFaultLine *line);
GOutputStream *imp_fault_output_new (ImpFaultLine *line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpFaultLine, imp_fault_line_unref)

G_END_DECLS
