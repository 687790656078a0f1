/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-pump-private.h"

G_BEGIN_DECLS

/* What only the files of the pump share. */

typedef enum
{
  IMP_PUMP_NEW,
  IMP_PUMP_RUNNING,
  IMP_PUMP_FLUSHING, /* refused or failed: nothing is read, what is queued is written */
  IMP_PUMP_DRAINING, /* all is written, and both peers were told that it is all */
  IMP_PUMP_DONE,
} ImpPumpState;

typedef struct
{
  ImpPump *pump;
  guint number;
  ImpTransport *transport;
  ImpOutputQueue output;
  gint64 sent;
  guint input_ended : 1;
  guint output_ended : 1;  /* the end is to be sent behind what is queued */
  guint output_shut : 1;   /* it was sent */
  guint output_broken : 1; /* it cannot be */
  guint waits : 1;         /* there was no room for more when last tried */
} ImpPumpSide;

struct _ImpPump
{
  guint ref_count; /* held across calls that may end it */
  ImpFilter *filter;
  ImpPumpLimits limits;
  ImpPumpSide sides[2];
  ImpPumpState state;
  GMainContext *context;
  GSource *timer;    /* running: of idleness; else of what is left to do */
  gint64 last_moved; /* when bytes were last read or written, on the monotonic clock */
  GError *error;     /* the first */
  ImpPumpFunc done;
  gpointer user_data;
  gulong handlers[4];
  guint busy;    /* bit per direction, as the filter knows it */
  guint n_turns; /* how often that has changed */
  guint inside;  /* depth of our own callbacks: at the end of them all is looked at anyway */
};

ImpPump *imp_pump_ref (ImpPump *self);
void imp_pump_unref (ImpPump *self);

/* The one question that decides over reading and over the filter's busyness alike. */
gboolean imp_pump_is_blocked (ImpPump *self, ImpDirection direction);
void imp_pump_update_busy (ImpPump *self);
/* The first error is kept. */
void imp_pump_keep_error (ImpPump *self, const GError *error);
/* Nothing more is read; what is queued has some time to be written. */
void imp_pump_refuse (ImpPump *self, const GError *error);
/* To be called where bytes were read or written. */
void imp_pump_note_move (ImpPump *self);
/* Finishes in so many milliseconds, unless it is called again before. */
void imp_pump_start_timer (ImpPump *self, guint ms);
void imp_pump_finish (ImpPump *self);
/* What the transports call: moves what can be moved, and goes on to the next state. */
void imp_pump_on_transport (ImpTransport *transport, GIOCondition conditions, gpointer user_data);

G_END_DECLS
