/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-sereal-private.h"

/* Enough of Snappy's block format to find the end of a block: elements, each of which yields a
 * known number of bytes and takes a known number of them. */

enum
{
  LITERAL,
  COPY_1,
  COPY_2,
  COPY_4,
};

/* Nothing yields more bytes than a COPY_2, 64 of them for 3. */
#define MOST_YIELD 64
#define MOST_YIELD_TAKES 3

/* Literals up to this many bytes have their length in the tag. */
#define SHORT_LITERAL 60

/* @yields and @takes: of the element at the cursor; its extra length bytes are left behind. FALSE
 * if they are not there. */
static gboolean
read_element (ImpCursor *input, guint64 *yields, guint64 *takes)
{
  guint8 tag, byte;
  guint64 length = 0;

  if (!imp_cursor_u8 (input, &tag))
    return FALSE;
  switch (tag & 3)
    {
    case LITERAL:
      length = tag >> 2;
      if (length >= SHORT_LITERAL)
        {
          guint extra = length - SHORT_LITERAL + 1;

          length = 0;
          for (guint i = 0; i < extra; i++)
            {
              if (!imp_cursor_u8 (input, &byte))
                return FALSE;
              length |= (guint64) byte << (8 * i);
            }
        }
      *yields = *takes = length + 1;
      break;
    case COPY_1:
      *yields = ((tag >> 2) & 7) + 4;
      *takes = 1;
      break;
    case COPY_2:
    case COPY_4:
      *yields = (tag >> 2) + 1;
      *takes = (tag & 3) == COPY_2 ? 2 : 4;
      break;
    }
  return TRUE;
}

/* At least so many bytes are missing where @missing are, and then @size bytes are to come. */
static ImpDecodeStatus
more (gsize missing, gsize size, gsize *used)
{
  *used = MAX (missing, size / MOST_YIELD * MOST_YIELD_TAKES);
  return IMP_DECODE_MORE;
}

ImpDecodeStatus
imp_snappy_measure (const guint8 *data, gsize length, gsize size, gsize *used)
{
  ImpCursor input = { .data = data, .length = length };
  guint64 yields = 0, takes = 0;

  while (size > 0)
    {
      if (!read_element (&input, &yields, &takes))
        return more (1, size, used);
      if (yields > size)
        return IMP_DECODE_BAD;
      if (takes > imp_cursor_left (&input))
        return more (takes - imp_cursor_left (&input), size - yields, used);
      imp_cursor_skip (&input, takes);
      size -= yields;
    }
  *used = input.position;
  return IMP_DECODE_DONE;
}
