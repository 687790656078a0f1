/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-sereal-private.h"

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

/* The bodies of Sereal documents that are packed: by Snappy, zlib or Zstandard. */

/* A document may unpack to this much whatever its size, and to so many times its size: chunks of
 * real data are small, and only in them can one byte stand for thousands. */
#define FREE_SIZE (256 * 1024)
#define RATIO_MAX 1024

/* A block of Snappy that does not say how long it is must be gone through again each time more of
 * it has come. */
#define UNMEASURED_MAX (1024 * 1024)

/* Enough of Snappy's block format to find the end of a block: elements, each of which yields a
 * known number of bytes and takes a known number of them. */

enum
{
  SNAPPY_LITERAL,
  SNAPPY_COPY_1,
  SNAPPY_COPY_2,
  SNAPPY_COPY_4,
};

/* Nothing yields more bytes than a SNAPPY_COPY_2, 64 of them for 3. */
#define SNAPPY_MOST_YIELD 64
#define SNAPPY_MOST_YIELD_TAKES 3

/* Literals up to this many bytes have their length in the tag. */
#define SNAPPY_SHORT_LITERAL 60

/* @yields and @takes: of the element at the cursor; its extra length bytes are left behind. FALSE
 * if they are not there. */
static gboolean
snappy_read_element (ImpCursor *input, guint64 *yields, guint64 *takes)
{
  guint8 tag, byte;
  guint64 length = 0;

  if (!imp_cursor_u8 (input, &tag))
    return FALSE;
  switch (tag & 3)
    {
    case SNAPPY_LITERAL:
      length = tag >> 2;
      if (length >= SNAPPY_SHORT_LITERAL)
        {
          guint extra = length - SNAPPY_SHORT_LITERAL + 1;

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
    case SNAPPY_COPY_1:
      *yields = ((tag >> 2) & 7) + 4;
      *takes = 1;
      break;
    case SNAPPY_COPY_2:
    case SNAPPY_COPY_4:
      *yields = (tag >> 2) + 1;
      *takes = (tag & 3) == SNAPPY_COPY_2 ? 2 : 4;
      break;
    }
  return TRUE;
}

/* At least so many bytes are missing where @missing are, and then @size bytes are to come. */
static ImpDecodeStatus
snappy_need (gsize missing, gsize size, gsize *used)
{
  *used = MAX (missing, size / SNAPPY_MOST_YIELD * SNAPPY_MOST_YIELD_TAKES);
  return IMP_DECODE_MORE;
}

/* How many bytes of @data one block of Snappy takes that unpacks to @size bytes. DONE, or MORE
 * (@used is then how many are missing at least), or BAD without an error. */
static ImpDecodeStatus
snappy_measure (const guint8 *data, gsize length, gsize size, gsize *used)
{
  ImpCursor input = { .data = data, .length = length };
  guint64 yields = 0, takes = 0;

  while (size > 0)
    {
      if (!snappy_read_element (&input, &yields, &takes))
        return snappy_need (1, size, used);
      if (yields > size)
        return IMP_DECODE_BAD;
      if (takes > imp_cursor_left (&input))
        return snappy_need (takes - imp_cursor_left (&input), size - yields, used);
      imp_cursor_skip (&input, takes);
      size -= yields;
    }
  *used = input.position;
  return IMP_DECODE_DONE;
}

static const char *const sereal_packers[] = { "none", "Snappy", "Snappy", "zlib", "Zstandard" };

/* Before anything is allocated. */
static gboolean
sereal_check_size (ImpPerlTree *tree, gsize packed, guint64 size)
{
  if (size > tree->max_message)
    return imp_perl_tree_limit (tree, "A message unpacks to more bytes", tree->max_message,
                                "max-message");
  if (size > FREE_SIZE && size / RATIO_MAX > packed)
    return imp_perl_tree_limit (tree, "A message unpacks to too many times its size", RATIO_MAX,
                                "fixed");
  return TRUE;
}

static gboolean
sereal_unpack_snappy (const guint8 *data, gsize length, guint8 *output, gsize size)
{
  gsize unpacked = size;

  return snappy_uncompress ((const char *) data, length, (char *) output, &unpacked) == SNAPPY_OK
         && unpacked == size;
}

static gboolean
sereal_unpack_zlib (const guint8 *data, gsize length, guint8 *output, gsize size)
{
  uLongf unpacked = size;
  uLong used = length;

  return uncompress2 (output, &unpacked, data, &used) == Z_OK && unpacked == size && used == length;
}

static gboolean
sereal_unpack_zstd (const guint8 *data, gsize length, guint8 *output, gsize size)
{
  return ZSTD_decompress (output, size, data, length) == size;
}

/* What Snappy and Zstandard say about themselves. */
static gboolean
sereal_get_unpacked_size (ImpSerealEncoding encoding, const ImpPerlString *packed, guint64 *size)
{
  gsize snappy_size;

  if (encoding == IMP_SEREAL_ZSTD)
    {
      *size = ZSTD_getFrameContentSize (packed->data, packed->length);
      return *size != ZSTD_CONTENTSIZE_ERROR && *size != ZSTD_CONTENTSIZE_UNKNOWN;
    }
  if (snappy_uncompressed_length ((const char *) packed->data, packed->length, &snappy_size)
      != SNAPPY_OK)
    return FALSE;
  *size = snappy_size;
  return TRUE;
}

static gboolean
sereal_unpack (ImpPerlTree *tree, ImpSerealEncoding encoding, const ImpPerlString *packed,
               guint64 size, GBytes **body)
{
  g_autofree guint8 *output = NULL;
  gboolean unpacked;

  if (encoding != IMP_SEREAL_ZLIB && !sereal_get_unpacked_size (encoding, packed, &size))
    return imp_perl_tree_bad (tree,
                              "The body of the Sereal document does not say how large it is (%s)",
                              sereal_packers[encoding]);
  if (!sereal_check_size (tree, packed->length, size))
    return FALSE;
  output = g_malloc (size + 1);
  if (encoding == IMP_SEREAL_ZLIB)
    unpacked = sereal_unpack_zlib (packed->data, packed->length, output, size);
  else if (encoding == IMP_SEREAL_ZSTD)
    unpacked = sereal_unpack_zstd (packed->data, packed->length, output, size);
  else
    unpacked = sereal_unpack_snappy (packed->data, packed->length, output, size);
  if (!unpacked)
    return imp_perl_tree_bad (tree, "The body of the Sereal document cannot be unpacked (%s)",
                              sereal_packers[encoding]);
  *body = g_bytes_new_take (g_steal_pointer (&output), size);
  return TRUE;
}

/* How long the block is can only be found by going through it. */
static gboolean
sereal_take_block (ImpPerlTree *tree, ImpPerlString *packed)
{
  ImpCursor *input = &tree->input;
  const guint8 *data = imp_cursor_here (input);
  gsize used = 0;
  guint64 size;

  if (!imp_perl_tree_take_varint (tree, &size))
    return FALSE;
  if (size > UNMEASURED_MAX)
    return imp_perl_tree_limit (tree, "A block of Snappy without a length unpacks to more bytes",
                                UNMEASURED_MAX, "fixed");
  switch (snappy_measure (imp_cursor_here (input), imp_cursor_left (input), size, &used))
    {
    case IMP_DECODE_BAD:
      return imp_perl_tree_bad (tree, "The body of the Sereal document is no block of Snappy");
    case IMP_DECODE_MORE:
      input->position = input->length;
      return imp_perl_tree_short (tree, used);
    case IMP_DECODE_DONE:
      break;
    }
  imp_cursor_skip (input, used);
  packed->data = data;
  packed->length = imp_cursor_here (input) - data;
  packed->form = IMP_PERL_BYTES;
  return TRUE;
}

gboolean
imp_sereal_unpack (ImpPerlTree *tree, ImpSerealEncoding encoding, GBytes **body)
{
  ImpPerlString packed;
  guint64 size = 0, length = 0;

  if (encoding == IMP_SEREAL_ZLIB && !imp_perl_tree_take_varint (tree, &size))
    return FALSE;
  if (encoding == IMP_SEREAL_SNAPPY_TO_END
        ? !sereal_take_block (tree, &packed)
        : !imp_perl_tree_take_varint (tree, &length)
            || !imp_perl_tree_take (tree, length, IMP_PERL_BYTES, &packed))
    return FALSE;
  return sereal_unpack (tree, encoding, &packed, size, body);
}
