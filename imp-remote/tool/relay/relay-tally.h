/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"

#include <imp-remote.h>

G_BEGIN_DECLS

/* What one group of a relay has counted of its connections. Those that are there are counted when
 * somebody asks, so that nothing is done for each chunk. */

/* What may be refused before it is a connection. */
typedef enum
{
  RELAY_REFUSAL_ACCESS,
  RELAY_REFUSAL_MAX_CONNECTIONS_PER_PEER,
  RELAY_N_REFUSALS,
} RelayRefusal;

#define RELAY_N_OUTCOMES (IMP_OUTCOME_BROKEN + 1)
#define RELAY_N_REASONS 17

/* Bytes of one direction. */
typedef struct
{
  guint64 input, passed, replaced, denied, held;
  guint64 output, queued;
} RelayBytes;

typedef struct
{
  guint64 n_accepted;
  guint64 n_refused[RELAY_N_REFUSALS];
  guint64 n_ended[RELAY_N_OUTCOMES][RELAY_N_REASONS];
  RelayBytes bytes[2];
} RelayTally;

/* A connection has ended. @relay: NULL if it never came to that; @error: NULL if it was complete;
 * @exceeded: the limit for which it was refused, or NULL. */
void relay_tally_add_end (RelayTally *self, ImpRelay *relay, const GError *error,
                          const char *exceeded);
/* One that goes on; @relay may be NULL. */
void relay_tally_add_live (RelayTally *self, ImpRelay *relay);
/* @n_live: of those connections. */
void relay_tally_describe (const RelayTally *self, guint n_live, guint max_connections,
                           MetricsText *text, const MetricsLabels *labels);

G_END_DECLS
