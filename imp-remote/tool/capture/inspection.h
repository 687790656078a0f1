/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/capture.h"

G_BEGIN_DECLS

/* One connection on its way through the modules: what is found out, and what comes out. */
typedef struct _Inspection Inspection;

typedef struct
{
  /* No data: the end of the direction. */
  void (*output) (ImpDirection direction, const guint8 *data, gsize length, gpointer user_data);
  /* Nothing comes any more. */
  void (*refused) (Outcome outcome, gpointer user_data);
} InspectionFuncs;

/* How many bytes became what, of one direction. */
typedef struct
{
  gint64 input, passed, replaced, denied, held;
} InspectionCounts;

/* @capture lives longer. @context: of the analyzer. */
Inspection *inspection_new (Capture *capture, GHashTable *context, gint32 data_type,
                            const InspectionFuncs *funcs, gpointer user_data);
void inspection_free (Inspection *self);

/* What has come; no data is the end of the direction. Not once it was refused. */
void inspection_push (Inspection *self, ImpDirection direction, const guint8 *data, gsize length);
/* The next bytes are missing. FALSE, and it is refused, if the analyzer wants to see them. */
gboolean inspection_skip (Inspection *self, ImpDirection direction, gint64 length);
/* A packet is over: gives analyzers that are elsewhere time for their verdict. */
void inspection_finish_packet (Inspection *self);
/* The connection is over: waits for what is left, and closes the analyzer. Outputs may come. */
void inspection_close (Inspection *self);

/* The outcome of the connection, for its recording. */
void inspection_finish_recording (Inspection *self, Outcome outcome);
/* Where it is recorded, or NULL. */
const char *inspection_get_recording (const Inspection *self);

/* Refuses it. */
void inspection_fail (Inspection *self, Outcome outcome, const char *reason);
/* So much of the input has an outcome. */
gint64 inspection_get_settled (const Inspection *self, ImpDirection direction);
gboolean inspection_has_ended (const Inspection *self, ImpDirection direction);
void inspection_get_counts (const Inspection *self, ImpDirection direction,
                            InspectionCounts *counts);
Entries *inspection_get_entries (Inspection *self);

G_END_DECLS
