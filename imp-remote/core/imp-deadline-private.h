/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-marks-private.h"

G_BEGIN_DECLS

/* One clock for a number of analyzers, all of a connection or that of a filter: it knows which of
 * them has let a byte wait for longer than the deadline, or keeps a direction paused. Marks of how
 * far each was fed are taken four times per deadline, so that a byte's age is known to a quarter of
 * it, however many bytes there are. While nothing waits, no timer runs. */
typedef struct _ImpDeadline ImpDeadline;

#define IMP_DEADLINE_MARKS 5

/* Part of each analyzer. Zero it at first. */
typedef struct
{
  gboolean watched;
  guint extensions;
  guint8 pauses[2]; /* marks taken while a direction was paused and nothing waited */
  GList node;
  gint64 marks[2][IMP_DEADLINE_MARKS]; /* the newest first; 0: nothing waited then */
} ImpDeadlineEntry;

typedef struct
{
  const ImpMarks *(*get_marks) (ImpDeadlineEntry *entry, ImpDirection direction);
  /* May this direction wait without being counted (the provider is busy)? */
  gboolean (*is_suspended) (ImpDeadlineEntry *entry, ImpDirection direction);
  /* Has the analyzer had feeding stopped (PAUSE)? Then it waits, though it has nothing to say. */
  gboolean (*is_paused) (ImpDeadlineEntry *entry, ImpDirection direction);
  /* Has the analyzer asked for time (PAUSE, REPLACE_LATER)? That is granted a number of times. */
  gboolean (*is_extended) (ImpDeadlineEntry *entry, ImpDirection direction);
  /* Time is over, as @reason says in words that an analyzer's name goes before; the entry is not
   * watched any more. @is_silent: in the end nothing came from there at all. The clock may be freed
   * from here. */
  void (*expired) (ImpDeadlineEntry *entry, ImpDirection direction, gboolean is_silent,
                   const char *reason, gpointer user_data);
  /* A number that changes whenever something comes from there, whatever it is about. NULL: there is
   * nothing to come but verdicts. */
  guint64 (*get_progress) (gpointer user_data);
  const char *setting; /* what people set, for the reason */
} ImpDeadlineFuncs;

ImpDeadline *imp_deadline_new (GMainContext *context, const ImpDeadlineFuncs *funcs,
                               gpointer user_data);
void imp_deadline_free (ImpDeadline *self);

/* @milliseconds: 0 for no deadline. */
void imp_deadline_set (ImpDeadline *self, guint milliseconds, guint max_extensions);
guint imp_deadline_get_extensions (ImpDeadline *self);

void imp_deadline_add (ImpDeadline *self, ImpDeadlineEntry *entry); /* that is not watched */
void imp_deadline_forget (ImpDeadline *self, ImpDeadlineEntry *entry);

/* Something was fed, or a direction was paused; to call it again does no harm. */
static inline void
imp_deadline_watch (ImpDeadline *self, ImpDeadlineEntry *entry)
{
  if (!entry->watched)
    imp_deadline_add (self, entry);
}

G_END_DECLS
