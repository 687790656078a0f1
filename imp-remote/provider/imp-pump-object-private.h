/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-arrivals-private.h"
#include "core/imp-watermark-private.h"
#include "io/imp-lingering-close-private.h"
#include "io/imp-output-buffer-private.h"
#include "io/imp-splice-private.h"
#include "provider/imp-pump-private.h"

G_BEGIN_DECLS

/* For the files of the pump itself. */

typedef enum
{
  STATE_NEW, /* perhaps prepared: outputs gather what the analyzer says */
  STATE_RUNNING,
  STATE_FLUSHING, /* refused or failed: nothing is read, what is queued is written */
  STATE_DRAINING, /* all is written, and both outputs have ended */
  STATE_DONE,
} PumpState;

typedef struct
{
  ImpPump *pump;
  ImpDirection direction; /* that comes from here */
  ImpTransport *transport;
  ImpSplice splice; /* what comes before the output: bytes that nobody has seen */
  ImpOutputBuffer *output;
  ImpWatermark ahead;           /* of the output: above it the other side is not read */
  ImpWatermark behind;          /* and above this one, not this side either */
  ImpLingeringClose *lingering; /* while it is drained */
  gint64 sent;
  GError *output_error;  /* the output cannot be written any more */
  ImpArrivals *arrivals; /* of what waits for a verdict; NULL: nothing has, or no clock is kept */
  guint input_ended : 1;
  guint input_is_bulk : 1; /* reads find much at once */
  guint output_ended : 1;  /* the end is to be sent behind what is queued */
  guint output_shut : 1;   /* it was sent */
  guint output_cut : 1;    /* some of what should follow will not: a reset says so, not an end */
  guint output_full : 1;   /* there was no room for more when last tried */
} PumpSide;

struct _ImpPump
{
  guint ref_count; /* held across calls that may end it */
  ImpFilter *filter;
  ImpPumpLimits limits;
  PumpSide sides[2];
  PumpState state;
  gboolean dropped; /* not a byte more, not even of what is on its way */
  GMainContext *context;
  GSource *poll;        /* flushing: of what peers have not taken yet */
  GSource *timer;       /* running: of idleness; flushing: of what is left to write */
  gint64 last_progress; /* when bytes were last read or written, on the monotonic clock */
  gint64 last_turn;     /* that, when it was last looked whether verdicts had come */
  GError *error;        /* the first */
  ImpPumpFunc done;
  gpointer user_data;
  ImpPumpWatch watch;
  gpointer watch_data;
  gulong handlers[4];
  guint busy;           /* bit per direction, as the filter knows it */
  guint n_busy_changes; /* how often that has changed */
  guint inside;         /* depth of our own callbacks: at the end of them all is looked at anyway */
};

/* Bytes from there have come that wait for a verdict. */
void imp_pump_side_note_arrival (PumpSide *side);
/* Where a clock is kept: verdicts have come now, if some have. */
void imp_pump_note_turn (ImpPump *self);

/* What waits to be written. */
static inline gsize
imp_pump_side_get_queued (const PumpSide *side)
{
  return imp_splice_get_held (&side->splice) + imp_output_buffer_get_size (side->output);
}

G_END_DECLS
