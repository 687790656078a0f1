/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-interface.h"
#include "core/imp-result.h"
#include "io/imp-output-buffer-private.h"
#include "provider/imp-outcome.h"
#include "core/imp-cursor-private.h"

G_BEGIN_DECLS

/* What a recording consists of: a line of JSON, then a sequence of CBOR items (RFC 8742). Here, and
 * nowhere else, they become bytes and bytes become them. See docs/recordings.md. */

#define IMP_RECORDING_FORMAT "imp-recording"
#define IMP_RECORDING_VERSION 1
#define IMP_RECORDING_SUFFIX "imprec"
/* Bytes of the first line, with its end. */
#define IMP_RECORDING_HEAD_MAX (64 * 1024)

/* Each may be empty. All-zero at first. */
typedef struct
{
  gint64 started; /* microseconds since 1970 */
  GHashTable *context;
  ImpInterface *interface;
  char **modules;
} ImpRecordingHead;

void imp_recording_head_clear (ImpRecordingHead *self);

/* FALSE: it would be longer than it may be, or is no UTF-8. */
gboolean imp_recording_head_write (const ImpRecordingHead *self, ImpOutputBuffer *output,
                                   GError **error);
/* @line: without its end. */
gboolean imp_recording_head_read (ImpRecordingHead *self, ImpCursor *line, GError **error);

typedef enum
{
  IMP_RECORDING_ENTRY_DATA,
  IMP_RECORDING_ENTRY_VERDICT,
  IMP_RECORDING_ENTRY_OUTCOME,
  IMP_RECORDING_ENTRY_END,
  IMP_RECORDING_ENTRY_UNKNOWN, /* of a later version: to be passed over */
} ImpRecordingEntryKind;

/* What was left out, and why. */
typedef struct
{
  gint64 bytes[2];
  gint64 n_verdicts;
} ImpRecordingLoss;

typedef struct
{
  ImpRecordingEntryKind kind;
  gint64 delta; /* microseconds since the entry before, or since the start */
  guint8 direction;
  gint32 data_type;
  gint64 offset;
  GBytes *data;
  ImpResult *result;     /* VERDICT */
  ImpOutcome outcome;    /* OUTCOME */
  char *text;            /* of OUTCOME: the reason; of END: why something was left out, or "" */
  ImpRecordingLoss loss; /* END */
} ImpRecordingEntry;

void imp_recording_entry_clear (ImpRecordingEntry *self);

/* FALSE: there is no way to write such a verdict, and nothing is written. */
gboolean imp_recording_entry_write (const ImpRecordingEntry *self, ImpOutputBuffer *output,
                                    GError **error);

typedef enum
{
  IMP_RECORDING_READ_ENTRY,
  IMP_RECORDING_READ_CUT, /* what is left is no whole entry, and may be the beginning of one */
  IMP_RECORDING_READ_BAD,
} ImpRecordingRead;

/* Reads the next entry into @self, which is empty. The position moves only if there is one. */
ImpRecordingRead imp_recording_entry_read (ImpRecordingEntry *self, ImpCursor *input,
                                           GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImpRecordingHead, imp_recording_head_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ImpRecordingEntry, imp_recording_entry_clear)

G_END_DECLS
