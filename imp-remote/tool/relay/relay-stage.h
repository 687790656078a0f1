/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How far a connection has come. */
typedef enum
{
  RELAY_STAGE_GREETING,   /* the client or a proxy is to say something first */
  RELAY_STAGE_ASKING,     /* the analyzer, whether it may be */
  RELAY_STAGE_CONNECTING, /* the server */
  RELAY_STAGE_RELAYING,
  RELAY_STAGE_ENDING, /* it is told why not */
} RelayStageKind;

typedef struct
{
  gint64 begun; /* when the connection came, in monotonic time */
  gint64 since; /* and when it came so far */
  RelayStageKind kind;
} RelayStage;

static inline void
relay_stage_set (RelayStage *self, RelayStageKind kind)
{
  self->since = g_get_monotonic_time ();
  self->kind = kind;
  if (self->begun == 0)
    self->begun = self->since;
}

G_END_DECLS
