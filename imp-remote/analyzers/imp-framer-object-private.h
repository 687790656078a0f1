/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-framer.h"
#include "analyzers/imp-framing-private.h"
#include "core/imp-input-queue-private.h"

G_BEGIN_DECLS

/* For the files of the framer itself. */

/* So many records of one direction may wait for their answer, or for that of one before them; then
 * no more are told until some have it. */
#define IMP_FRAMER_PENDING_MAX 4096

typedef enum
{
  ANSWER_NONE,
  ANSWER_PASS,
  ANSWER_REPLACE, /* with nothing: it is dropped */
  ANSWER_HOLD,
} FramerAnswer;

/* A record whose answer comes later, or one that has to wait for one before it. */
typedef struct
{
  gint64 end;
  FramerAnswer answer;
  GBytes *data;
} FramerRecord;

/* One direction. */
typedef struct
{
  ImpDirection direction;
  ImpFraming framing;
  GByteArray *partial; /* of the next record, what has come; more where that waits */
  gsize searched;      /* so much of it has no end */
  gint64 position;     /* offset where the next record begins */
  gint64 settled;
  gint64 wanted;    /* up to here, no record ends */
  gint64 said;      /* offset of the last WANT */
  gint64 skip_to;   /* up to here, all passes unseen */
  gint64 skip_told; /* and this is known */
  gint32 type;
  GQueue records; /* of FramerRecord */
  gint64 first;   /* number of the first of them */
  ImpInputQueue queue;
  guint ended : 1; /* or nothing of what comes is looked at any more */
  guint resting : 1;
} FramerSide;

typedef struct
{
  FramerSide sides[2];
  FramerSide *asked; /* whose record is told just now */
  FramerAnswer answer;
  GBytes *data;
  guint max_record;
  guint working : 1;
  guint closed : 1; /* or refused */
} ImpFramerPrivate;

ImpFramerPrivate *imp_framer_get_private (ImpFramer *self);
/* Answers have come. */
void imp_framer_go_on (ImpFramer *self);

G_END_DECLS
