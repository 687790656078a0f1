/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-cascade-path-private.h"
#include "core/imp-analyzer-private.h"

G_BEGIN_DECLS

/* Makes results of the cascade, in offsets of its own input, from what has come out of its parts.
 * It calls the provider, who may do anything. */

typedef struct
{
  ImpCascadePath *path;
  gint64 out;       /* all up to here has come out */
  gint64 passed;    /* and that is what the provider was told: by PASS or REPLACE */
  gint64 prepassed; /* by PREPASS */
  gboolean is_ended;
} ImpCascadeEmitterSide;

typedef struct
{
  ImpAnalyzer *analyzer; /* the cascade; not a reference */
  ImpCascadeEmitterSide sides[2];
  gboolean is_over;     /* nothing is said any more */
  ImpAnalyzerLoss loss; /* of the part whose refusal that is */
} ImpCascadeEmitter;

/* Any task but that to feed a part. */
void imp_cascade_emitter_do (ImpCascadeEmitter *self, const ImpCascadeTask *task);
/* There is no task: says how far a direction has come out as it was, and how far it will. */
void imp_cascade_emitter_pass_ahead (ImpCascadeEmitter *self, ImpDirection direction);

/* @offset and @room more bytes; %IMP_MARK_INDEFINITE if all. */
gint64 imp_cascade_add_room (gint64 offset, gint64 room);

G_END_DECLS
