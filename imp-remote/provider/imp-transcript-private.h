/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-conversation-private.h"
#include "provider/imp-recording-format-private.h"

G_BEGIN_DECLS

/* The bytes of a recording that are read at the most, and the entries. */
#define IMP_TRANSCRIPT_SIZE_MAX (G_GINT64_CONSTANT (1) << 30)
#define IMP_TRANSCRIPT_ENTRIES_MAX 4000000

/* What happened next: a verdict, or the next chunk of the conversation. */
typedef struct
{
  gint64 time;       /* microseconds since the start */
  ImpResult *result; /* NULL: a chunk */
} ImpTranscriptStep;

/* A recording that has been read. Never changed once it is made. */
typedef struct
{
  ImpRecordingHead head;
  ImpConversation *conversation;
  GArray *steps; /* of ImpTranscriptStep */
  ImpOutcome outcome;
  char *reason;      /* of the outcome */
  gboolean is_whole; /* nothing of it is missing */
  char *missing;     /* what is, in words; or NULL */
} ImpTranscript;

/* With nothing in it; takes what @head holds. */
ImpTranscript *imp_transcript_new (ImpRecordingHead *head);
/* An %IMP_ERROR_PROTOCOL, _LIMIT or _VERSION, unless it is a recording or the beginning of one. */
ImpTranscript *imp_transcript_parse (GBytes *bytes, GError **error);
void imp_transcript_free (ImpTranscript *self);

/* While it is made. Takes @data or @result. */
void imp_transcript_add_chunk (ImpTranscript *self, gint64 time, ImpDirection direction,
                               GBytes *data, gint32 data_type);
void imp_transcript_add_result (ImpTranscript *self, gint64 time, ImpResult *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpTranscript, imp_transcript_free)

G_END_DECLS
