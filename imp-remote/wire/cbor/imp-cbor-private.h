/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-fields-private.h"

G_BEGIN_DECLS

/* The parts of the codec "cbor": imp-cbor.c has the frames and the fast paths for what comes with
 * every analyzer, imp-cbor-hot.c for what comes with every chunk; imp-cbor-fields.c reads and
 * writes any message, imp-cbor-item.c reads the items that they consist of. */

enum
{
  IMP_CBOR_UNSIGNED,
  IMP_CBOR_NEGATIVE,
  IMP_CBOR_BYTES,
  IMP_CBOR_TEXT,
  IMP_CBOR_ARRAY,
  IMP_CBOR_MAP,
  IMP_CBOR_TAG,
  IMP_CBOR_SIMPLE,
};

/* A frame is a byte string whose head always has a 32-bit length. */
#define IMP_CBOR_FRAME 0x5a
#define IMP_CBOR_FRAME_HEAD 5

#define IMP_CBOR_HEAD_MAX 9 /* bytes of one head */

/* Writes the head of an item; returns where the next byte goes. */
static inline guint8 *
imp_cbor_put_head (guint8 *p, guint major, guint64 value)
{
  guint8 *first = p++;

  if (value < 24)
    {
      *first = major << 5 | value;
      return p;
    }
  if (value <= G_MAXUINT8)
    {
      *first = major << 5 | 24;
      *p++ = value;
      return p;
    }
  if (value <= G_MAXUINT16)
    {
      guint16 raw = GUINT16_TO_BE ((guint16) value);

      *first = major << 5 | 25;
      memcpy (p, &raw, sizeof raw);
      return p + sizeof raw;
    }
  if (value <= G_MAXUINT32)
    {
      guint32 raw = GUINT32_TO_BE ((guint32) value);

      *first = major << 5 | 26;
      memcpy (p, &raw, sizeof raw);
      return p + sizeof raw;
    }
  else
    {
      guint64 raw = GUINT64_TO_BE (value);

      *first = major << 5 | 27;
      memcpy (p, &raw, sizeof raw);
      return p + sizeof raw;
    }
}

static inline guint8 *
imp_cbor_put_int (guint8 *p, gint64 value)
{
  if (value >= 0)
    return imp_cbor_put_head (p, IMP_CBOR_UNSIGNED, value);
  return imp_cbor_put_head (p, IMP_CBOR_NEGATIVE, ~(guint64) value);
}

/* The same, behind what is in a buffer. */
static inline void
imp_cbor_write_head (ImpOutputBuffer *output, guint major, guint64 value)
{
  guint8 *start = imp_output_buffer_reserve (output, IMP_CBOR_HEAD_MAX);

  imp_output_buffer_commit (output, imp_cbor_put_head (start, major, value) - start);
}

static inline void
imp_cbor_write_int (ImpOutputBuffer *output, gint64 value)
{
  guint8 *start = imp_output_buffer_reserve (output, IMP_CBOR_HEAD_MAX);

  imp_output_buffer_commit (output, imp_cbor_put_int (start, value) - start);
}

static inline void
imp_cbor_write_string (ImpOutputBuffer *output, const char *text, gsize length)
{
  imp_cbor_write_head (output, IMP_CBOR_TEXT, length);
  imp_output_buffer_append (output, text, length);
}

/* What the fast paths consist of. */
#define IMP_CBOR_ITEM_ARRAY(n) (IMP_CBOR_ARRAY << 5 | (n))
#define IMP_CBOR_ITEM_UINT16 0x19

static inline guint8 *
imp_cbor_put_uint16 (guint8 *p, guint16 value)
{
  p[0] = IMP_CBOR_ITEM_UINT16;
  p[1] = value >> 8;
  p[2] = value & 0xff;
  return p + 3;
}

static inline gboolean
imp_cbor_is_in_range (gint64 value, gint64 minimum)
{
  return value >= minimum && value <= IMP_MAX_ID;
}

/* The head of an item: where the next thing begins, or NULL if it is another kind of item, or cut.
 * NULL stays NULL. */
static inline const guint8 *
imp_cbor_get_head (const guint8 *p, const guint8 *end, guint major, guint64 *value)
{
  guint16 two;
  guint32 four;
  guint64 eight;
  guint info;

  if (p == NULL || p == end || *p >> 5 != major)
    return NULL;
  info = *p++ & 0x1f;
  if (G_LIKELY (info < 24))
    {
      *value = info;
      return p;
    }
  if (info > 27 || (gsize) (end - p) < (gsize) 1 << (info - 24))
    return NULL;
  switch (info)
    {
    case 24:
      *value = *p;
      return p + 1;
    case 25:
      memcpy (&two, p, sizeof two);
      *value = GUINT16_FROM_BE (two);
      return p + sizeof two;
    case 26:
      memcpy (&four, p, sizeof four);
      *value = GUINT32_FROM_BE (four);
      return p + sizeof four;
    default:
      memcpy (&eight, p, sizeof eight);
      *value = GUINT64_FROM_BE (eight);
      return p + sizeof eight;
    }
}

/* See ImpWire. */
/* The same for a SHARED_DATA, by way of a message. */
gboolean imp_cbor_encode_shared_data (const ImpMessage *message, ImpOutputBuffer *output);
gboolean imp_cbor_decode_shared_data (const ImpCursor *frame, ImpMessage *message);
gboolean imp_cbor_encode_data (ImpOutputBuffer *output, gint64 id, ImpDirection direction,
                               const ImpView *data, gint64 offset, gint32 data_type);
gboolean imp_cbor_encode_verdict (ImpOutputBuffer *output, gint64 id, const ImpVerdict *verdict);
gsize imp_cbor_decode_head (const guint8 *data, gsize available, const ImpWireLimits *limits,
                            ImpHead *head);

/* The array of a message, without the frame around it. */
void imp_cbor_write (const ImpFields *fields, ImpOutputBuffer *output);

/* The array that fills @frame, as fields. */
gboolean imp_cbor_read (ImpCursor *frame, const ImpWireLimits *limits, ImpFields *fields,
                        GError **error);

/* A map of texts, or of numbers, which become decimal text. */
gboolean imp_cbor_pairs (ImpCursor *input, const ImpWireLimits *limits, gboolean numbers,
                         ImpContext **context, GError **error);

/* One item, read in pieces. */
typedef struct
{
  guint8 major;
  guint8 info;
  gboolean indefinite;
  guint64 value;
} ImpCborHead;

gboolean imp_cbor_head (ImpCursor *input, ImpCborHead *head, GError **error);
gboolean imp_cbor_int (ImpCursor *input, gint64 *value, GError **error);
/* A text or byte string: where it lies. In pieces it comes as *joined, to be freed. */
gboolean imp_cbor_string (ImpCursor *input, const char **text, gsize *length, char **joined,
                          GError **error);
/* The same for one of less than 24 bytes, which has its length in the head, as nearly all that are
 * no payloads. FALSE, and nothing is read, if what comes is anything else. */
static inline gboolean
imp_cbor_short_string (ImpCursor *input, const char **text, gsize *length)
{
  gsize left = imp_cursor_left (input);
  guint8 first = left > 0 ? *imp_cursor_here (input) : 0;
  guint major = first >> 5, info = first & 0x1f;

  if ((major != IMP_CBOR_TEXT && major != IMP_CBOR_BYTES) || info >= 24 || info > left - 1)
    return FALSE;
  *text = (const char *) imp_cursor_here (input) + 1;
  *length = info;
  return imp_cursor_skip (input, 1 + info);
}

gboolean imp_cbor_skip (ImpCursor *input, guint max_depth, GError **error);
/* Passes over null and undefined; whether there was one. */
gboolean imp_cbor_absent (ImpCursor *input);

/* An array or a map that is being walked through. */
typedef struct
{
  gboolean indefinite;
  guint64 left;
} ImpCborList;

gboolean imp_cbor_enter (ImpCursor *input, guint major, ImpCborList *list, GError **error);
gboolean imp_cbor_next (ImpCursor *input, ImpCborList *list);

/* What the texts of errors begin with. */
#define IMP_CBOR_PREFIX "CBOR: "
#define imp_cbor_bad(error, ...) imp_wire_bad (error, IMP_CBOR_PREFIX, __VA_ARGS__)

G_END_DECLS
