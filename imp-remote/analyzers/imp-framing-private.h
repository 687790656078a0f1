/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

#define IMP_FRAMING_DELIMITER_MAX 65536

typedef enum
{
  IMP_FRAMING_NONE,
  IMP_FRAMING_DELIMITER, /* each record ends with it */
  IMP_FRAMING_PREFIX,    /* a number says how long it is */
  IMP_FRAMING_LENGTH,    /* all have the same length */
} ImpFramingKind;

/* Where the records of a stream end. */
typedef struct
{
  ImpFramingKind kind;
  GBytes *delimiter;
  guint width; /* of the number, in bytes */
  gboolean little_endian;
  gint64 adjust; /* what is added to the number for the length of the record with its prefix */
  gsize length;
} ImpFraming;

typedef enum
{
  IMP_FRAMING_RECORD, /* one of *length bytes */
  IMP_FRAMING_MORE,   /* it has at least *length bytes */
  IMP_FRAMING_BAD,    /* it cannot be one */
} ImpFramingStatus;

/* Looks for a record at the beginning of @data, of which so much was searched without success
 * before. BAD: it has more than @max bytes, or a length that makes no sense; *reason says so. */
ImpFramingStatus imp_framing_find (const ImpFraming *self, const guint8 *data, gsize available,
                                   gsize searched, gsize max, gsize *length, char **reason);
void imp_framing_clear (ImpFraming *self);

G_END_DECLS
