/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-filter-private.h"

G_BEGIN_DECLS

/* What is told of a direction of a connection to those who look into what does not go on. */
typedef struct
{
  ImpDirection direction;
  gsize queued;      /* bytes for the receiver */
  gint64 sent;       /* bytes, or -1: not known */
  gint64 held_since; /* monotonic time; 0: not known, or nothing is held */
  gboolean is_busy;  /* the receiver does not take enough, so that the sender is not read */
  gboolean is_full;  /* it takes nothing now */
  gboolean is_ending;
} ImpProgressInput;

/* A dictionary: see imp_relay_get_progress(). */
GVariant *imp_progress_describe_direction (ImpFilter *filter, const ImpProgressInput *input,
                                           gint64 now);
/* Adds what is told of the analyzer, and the last verdict. */
void imp_progress_add_analyzer (GVariantDict *dictionary, ImpFilter *filter, gint64 now);
/* Adds how long ago that was, if it is known. */
void imp_progress_add_age (GVariantDict *dictionary, const char *key, gint64 time, gint64 now);

G_END_DECLS
