/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/perl/imp-perl-value-private.h"

G_BEGIN_DECLS

/* Reads a document into the root of the tree. @body: what it unpacked to, where the tree then
 * reads; the caller's to free. Sets *@end to where the document ends in the input, if that is
 * known. */
ImpDecodeStatus imp_sereal_read_document (ImpPerlTree *tree, GBytes **body, gsize *end);

/* The packed bodies, which imp-sereal-packed.c knows. */

typedef enum
{
  IMP_SEREAL_RAW = 0,
  IMP_SEREAL_SNAPPY_TO_END = 1, /* protocol 1: no length in front */
  IMP_SEREAL_SNAPPY = 2,
  IMP_SEREAL_ZLIB = 3,
  IMP_SEREAL_ZSTD = 4,
} ImpSerealEncoding;

/* Reads what follows the header of a packed document, and unpacks it. */
gboolean imp_sereal_unpack (ImpPerlTree *tree, ImpSerealEncoding encoding, GBytes **body);

G_END_DECLS
