/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/perl/imp-sereal-private.h"

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

/* A document may unpack to this much whatever its size, and to so many times its size: chunks of
 * real data are small, and only in them can one byte stand for thousands. */
#define FREE_SIZE (256 * 1024)
#define RATIO_MAX 1024
/* A block that does not say how long it is must be gone through again each time more of it has
 * come. */
#define UNMEASURED_MAX (1024 * 1024)

static const char *const names[] = { "none", "Snappy", "Snappy", "zlib", "Zstandard" };

/* Before anything is allocated. */
static ImpDecodeStatus
check_size (ImpPerlTree *tree, gsize packed, guint64 size)
{
  if (size > tree->max_message)
    return imp_perl_tree_limit (tree, "A message unpacks to more bytes", tree->max_message,
                                "max-message");
  if (size > FREE_SIZE && size / RATIO_MAX > packed)
    return imp_perl_tree_limit (tree, "A message unpacks to too many times its size", RATIO_MAX,
                                "fixed");
  return IMP_DECODE_DONE;
}

static gboolean
unpack_snappy (const guint8 *data, gsize length, guint8 *output, gsize size)
{
  gsize unpacked = size;

  return snappy_uncompress ((const char *) data, length, (char *) output, &unpacked) == SNAPPY_OK
         && unpacked == size;
}

static gboolean
unpack_zlib (const guint8 *data, gsize length, guint8 *output, gsize size)
{
  uLongf unpacked = size;
  uLong used = length;

  return uncompress2 (output, &unpacked, data, &used) == Z_OK && unpacked == size && used == length;
}

static gboolean
unpack_zstd (const guint8 *data, gsize length, guint8 *output, gsize size)
{
  return ZSTD_decompress (output, size, data, length) == size;
}

static ImpDecodeStatus
unpack (ImpPerlTree *tree, ImpSerealEncoding encoding, const ImpPerlString *packed, guint64 size,
        GBytes **body)
{
  ImpDecodeStatus status = check_size (tree, packed->length, size);
  g_autofree guint8 *output = NULL;
  gboolean unpacked;

  if (status != IMP_DECODE_DONE)
    return status;
  output = g_malloc (size + 1);
  if (encoding == IMP_SEREAL_ZLIB)
    unpacked = unpack_zlib (packed->data, packed->length, output, size);
  else if (encoding == IMP_SEREAL_ZSTD)
    unpacked = unpack_zstd (packed->data, packed->length, output, size);
  else
    unpacked = unpack_snappy (packed->data, packed->length, output, size);
  if (!unpacked)
    return imp_perl_tree_bad (tree, "The body of the Sereal document cannot be unpacked (%s)",
                              names[encoding]);
  *body = g_bytes_new_take (g_steal_pointer (&output), size);
  return IMP_DECODE_DONE;
}

static ImpDecodeStatus
bad_size (ImpPerlTree *tree, ImpSerealEncoding encoding)
{
  return imp_perl_tree_bad (tree,
                            "The body of the Sereal document does not say how large it is (%s)",
                            names[encoding]);
}

/* What Snappy and Zstandard say about themselves. */
static gboolean
size_of (ImpSerealEncoding encoding, const ImpPerlString *packed, guint64 *size)
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

/* How long the block is can only be found by going through it. */
static ImpDecodeStatus
take_block (ImpPerlTree *tree, ImpPerlString *packed)
{
  const guint8 *data = imp_cursor_here (&tree->input);
  gsize used = 0;
  guint64 size;
  ImpDecodeStatus status;

  status = imp_sereal_read_varint (tree, &size);
  if (status != IMP_DECODE_DONE)
    return status;
  if (size > UNMEASURED_MAX)
    return imp_perl_tree_limit (tree, "A block of Snappy without a length unpacks to more bytes",
                                UNMEASURED_MAX, "fixed");
  status = imp_snappy_measure (imp_cursor_here (&tree->input), imp_cursor_left (&tree->input), size,
                               &used);
  if (status == IMP_DECODE_BAD)
    return imp_perl_tree_bad (tree, "The body of the Sereal document is no block of Snappy");
  if (status == IMP_DECODE_MORE)
    {
      tree->input.position = tree->input.length;
      return imp_perl_tree_short (tree, used);
    }
  imp_cursor_skip (&tree->input, used);
  packed->data = data;
  packed->length = imp_cursor_here (&tree->input) - data;
  packed->form = IMP_PERL_BYTES;
  return IMP_DECODE_DONE;
}

ImpDecodeStatus
imp_sereal_decompress (ImpPerlTree *tree, ImpSerealEncoding encoding, GBytes **body)
{
  ImpPerlString packed;
  guint64 size = 0, length = 0;
  ImpDecodeStatus status = IMP_DECODE_DONE;

  if (encoding == IMP_SEREAL_ZLIB)
    status = imp_sereal_read_varint (tree, &size);
  if (status == IMP_DECODE_DONE && encoding != IMP_SEREAL_SNAPPY_TO_END)
    status = imp_sereal_read_varint (tree, &length);
  if (status != IMP_DECODE_DONE)
    return status;
  status = encoding == IMP_SEREAL_SNAPPY_TO_END
             ? take_block (tree, &packed)
             : imp_perl_tree_take (tree, length, IMP_PERL_BYTES, &packed);
  if (status != IMP_DECODE_DONE)
    return status;
  if (encoding != IMP_SEREAL_ZLIB && !size_of (encoding, &packed, &size))
    return bad_size (tree, encoding);
  return unpack (tree, encoding, &packed, size, body);
}
