/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-flow-held-private.h"
#include "core/imp-flow-private.h"
#include "core/imp-flow-search-private.h"

G_BEGIN_DECLS

/* For the files of the flow itself. */

typedef enum
{
  FLOW_END_UNKNOWN,
  FLOW_END_RECEIVED,
  FLOW_END_FORWARDED,
} FlowEnd;

/* The marks stand where the analyzer's will stand once it has been fed what is in the queue. What
 * lies between the verdicts and the bytes is said here: a verdict into the future is carried out
 * when the bytes come. */
struct _ImpFlow
{
  ImpFlowEventQueue *queue;
  ImpHeld held;
  ImpFlowSearch *search; /* NULL: none */
  ImpEffort effort;      /* of all searches */
  ImpMarks marks;
  gint64 input;   /* end of what was received */
  gint64 settled; /* what is held begins here */
  gint64 passed;
  gint64 replaced;
  gint64 denied;
  gint64 released; /* end of what a search has held for too long; it may be fed nevertheless */
  gint64 wanted;   /* WANT: what comes before this is gathered; 0: nothing is */
  gint64 gathered; /* what is held from here on was not fed yet; -1: all was */
  gint32 last_type;
  guint8 direction;
  guint8 end; /* FlowEnd */
  gboolean is_denied;
};

G_END_DECLS
