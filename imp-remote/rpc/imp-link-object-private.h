/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-watermark-private.h"
#include "io/imp-input-buffer-private.h"
#include "io/imp-lingering-close-private.h"
#include "io/imp-transport-private.h"
#include "rpc/imp-link-private.h"
#include "rpc/imp-message-writer-private.h"
#include "rpc/imp-stall-timer-private.h"

G_BEGIN_DECLS

/* For the files of the link itself. */

typedef enum
{
  STATE_OPEN,
  STATE_FINISHING, /* writes what waits, throws away what comes */
  STATE_FAILED,    /* closed() is due, or done */
  STATE_CLOSED,
} State;

struct _ImpLink
{
  guint ref_count; /* of one thread */
  ImpTransport *transport;
  GMainContext *context;
  ImpLingeringClose *lingering; /* while it is finishing */
  const ImpLinkFuncs *funcs;
  gpointer user_data;
  ImpWireLimits limits;
  State state;
  GError *error; /* the first one sticks */
  ImpInputBuffer input;
  gsize need;     /* bytes that the message at the front of the input is known to have */
  gsize searched; /* see ImpCursor: kept between calls of a decoder that wants more */
  ImpMessageWriter writer;
  gsize input_memory;    /* as it was last reported */
  guint message_timeout; /* milliseconds; 0: none */
  ImpStallTimer unfinished;
  gboolean reading;
  gboolean undecoded;    /* reading was stopped with messages in the input */
  GError *write_failure; /* the peer cannot be written to any more, and may not have been heard */
  gboolean blocked;      /* the socket takes no more */
  ImpWatermark level;    /* of what waits to be written; while it is above, drained() is due */
  guint busy_poll;
  gboolean spinning; /* goes on after a turn of the loop */
  ImpLinkCounters counters;
  char *debug_name; /* NULL where messages are not logged */
};

G_END_DECLS
