/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/perl/imp-perl-value-private.h"

G_BEGIN_DECLS

#define IMP_SEREAL_MAGIC_LENGTH 4
#define IMP_SEREAL_VARINT_MAX 10

/* The tags of a body, which both directions use. Some hold their value, count or length. */
enum
{
  IMP_SEREAL_POS = 0,
  IMP_SEREAL_NEG = 16,
  IMP_SEREAL_VARINT = 32,
  IMP_SEREAL_ZIGZAG = 33,
  IMP_SEREAL_UNDEF = 37,
  IMP_SEREAL_BINARY = 38,
  IMP_SEREAL_STR_UTF8 = 39,
  IMP_SEREAL_REFN = 40,
  IMP_SEREAL_HASH = 42,
  IMP_SEREAL_ARRAY = 43,
  IMP_SEREAL_COPY = 47,
  IMP_SEREAL_PAD = 63,
  IMP_SEREAL_ARRAYREF = 64,
  IMP_SEREAL_HASHREF = 80,
  IMP_SEREAL_SHORT_BINARY = 96,
  IMP_SEREAL_TRACK = 128,
};

typedef enum
{
  IMP_SEREAL_RAW = 0,
  IMP_SEREAL_SNAPPY_TO_END = 1, /* protocol 1: no length in front */
  IMP_SEREAL_SNAPPY = 2,
  IMP_SEREAL_ZLIB = 3,
  IMP_SEREAL_ZSTD = 4,
} ImpSerealEncoding;

typedef struct
{
  ImpPerlTree *tree;
  gsize base; /* where the body begins in the input */
  gsize first;
  gboolean copying;
} ImpSerealReader;

ImpDecodeStatus imp_sereal_read_undef (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_true (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_false (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_positive (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_zigzag (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_float (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_double (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_long_double (ImpSerealReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_sereal_read_float_128 (ImpSerealReader *self, ImpPerlIndex at);

ImpDecodeStatus imp_sereal_read_varint (ImpPerlTree *tree, guint64 *value);

/* Reads a document into the root of the tree. @body: what it unpacked to, where the tree then
 * reads; the caller's to free. Sets *@end to where the document ends in the input, if that is
 * known. */
ImpDecodeStatus imp_sereal_read_document (ImpPerlTree *tree, GBytes **body, gsize *end);

/* Reads a body, which begins where the tree's input stands, into its root. @first: the offset that
 * the document gives to that place. */
ImpDecodeStatus imp_sereal_read_body (ImpPerlTree *tree, gsize first);

/* Reads what follows the header of a compressed document, and unpacks it. */
ImpDecodeStatus imp_sereal_decompress (ImpPerlTree *tree, ImpSerealEncoding encoding,
                                       GBytes **body);

/* How many bytes of @data one block of Snappy takes that unpacks to @size bytes. DONE, or MORE
 * (@used is then how many are missing at least), or BAD without an error. */
ImpDecodeStatus imp_snappy_measure (const guint8 *data, gsize length, gsize size, gsize *used);

extern const struct _ImpPerlWriter imp_sereal_writer;

G_END_DECLS
