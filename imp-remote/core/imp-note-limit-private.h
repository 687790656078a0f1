/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-rate-limit-private.h"
#include "core/imp-result.h"

G_BEGIN_DECLS

/* What an analyzer may say for people and their logs, beside what becomes of the bytes. Its notes
 * are LOG, ACCOUNT_FIELD and PORT_OPEN and PORT_CLOSE: of those there may be so many. These and
 * the reasons of DENY and FATAL, with all details, may be so long. */
typedef struct
{
  guint max_rate; /* notes a second, ten times as many at once; 0: any number */
  gsize max_size; /* bytes of one */
} ImpNoteLimits;

#define IMP_NOTE_SIZE_DEFAULT 65536

/* What one analyzer has said; all-zero at first. */
typedef struct
{
  ImpRateLimit rate;
  guint64 n_notes, n_bytes;
} ImpNoteCount;

typedef enum
{
  IMP_NOTE_ADMITTED,
  IMP_NOTE_TOO_LARGE,
  IMP_NOTE_TOO_MANY,
} ImpNoteVerdict;

/* The property of the limit that is meant. */
#define IMP_NOTE_SIZE_NAME "max-log-size"
#define IMP_NOTE_RATE_NAME "max-log-rate"

/* Is a result one of these? */
gboolean imp_note_is_limited (ImpResultType type);

/* Such a one. If it is not admitted, @reason says why not. */
ImpNoteVerdict imp_note_count_admit (ImpNoteCount *self, const ImpNoteLimits *limits,
                                     const ImpResult *result, char **reason);

G_END_DECLS
