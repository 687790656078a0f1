/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/entries.h"
#include "tool/capture/frame.h"
#include "tool/capture/pcap-recorder.h"

G_BEGIN_DECLS

/* What all connections of a capture have in common. */
typedef struct
{
  int link;               /* PacketLink */
  guint64 packet;         /* the one that is being dealt with, from 1 on */
  gint64 time;            /* its time in ns since 1970, for what is written */
  gint64 now;             /* the latest time so far */
  TcpBudget budget;       /* what waits, or may be sent again */
  TcpBudget entries;      /* what stands in reports that are not printed yet */
  FrameSink *sink;        /* NULL: nothing is written */
  PcapRecorder *recorder; /* NULL: nothing is recorded */

  ImpFactory *factory;
  gboolean has_streams, has_packets; /* what it works with */
  gboolean is_elsewhere;             /* its analyzers may answer later */
  guint answer_time;                 /* in ms: for the verdict on a packet */
  guint deadline;                    /* in s: for all that is left */
  gsize max_waiting;                 /* bytes of a direction that wait for those before them */
  guint gap_time;                    /* in s of the capture: how long they do */
} Capture;

/* How a connection has ended. */
typedef enum
{
  OUTCOME_OPEN,     /* the capture has ended before */
  OUTCOME_CLOSED,   /* both directions */
  OUTCOME_RESET,    /* by one of the two */
  OUTCOME_IDLE,     /* nothing came for a long time, or others needed its place */
  OUTCOME_REPLACED, /* there is a new one between the same addresses */
  OUTCOME_DENIED,   /* by the analyzer, from here on */
  OUTCOME_DROPPED,
  OUTCOME_FAILED,
  OUTCOME_INCOMPLETE, /* the analyzer has not seen bytes that there were */
} Outcome;

static inline gboolean
outcome_is_refusal (Outcome outcome)
{
  return outcome >= OUTCOME_DENIED;
}

const char *outcome_to_string (Outcome outcome);

G_END_DECLS
