/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/perl/imp-perl-value-private.h"

G_BEGIN_DECLS

/* What nfreeze() of Perl's Storable begins with: the major version and "network order" in one
 * byte, then the minor version. Every tag that we write is older than this one. */
#define IMP_STORABLE_MAJOR 2
#define IMP_STORABLE_MINOR 9
#define IMP_STORABLE_HEADER ((IMP_STORABLE_MAJOR << 1) | 1)

/* The tags of the items of an image, which both directions use. */
enum
{
  IMP_STORABLE_LSCALAR = 1,
  IMP_STORABLE_ARRAY = 2,
  IMP_STORABLE_HASH = 3,
  IMP_STORABLE_REF = 4,
  IMP_STORABLE_UNDEF = 5,
  IMP_STORABLE_BYTE = 8,
  IMP_STORABLE_NETINT = 9,
  IMP_STORABLE_SCALAR = 10,
  IMP_STORABLE_UTF8STR = 23,
  IMP_STORABLE_LUTF8STR = 24,
  IMP_STORABLE_FLAG_HASH = 25,
};

/* Of a key in a FLAG_HASH. */
enum
{
  IMP_STORABLE_KEY_UTF8 = 1,
  IMP_STORABLE_KEY_WAS_UTF8 = 2,
  IMP_STORABLE_KEY_IS_VALUE = 8,
  IMP_STORABLE_KEY_PLACEHOLDER = 16,
};

typedef struct
{
  ImpPerlTree *tree;
  gboolean big_endian;
} ImpStorableReader;

/* Each value that is read gets the next number, by which later items refer to it. */
void imp_storable_number_value (ImpStorableReader *self, ImpPerlIndex at);

ImpDecodeStatus imp_storable_read_u8 (ImpStorableReader *self, guint8 *value);
ImpDecodeStatus imp_storable_read_u32 (ImpStorableReader *self, guint32 *value);

ImpDecodeStatus imp_storable_read_scalar (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_lscalar (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_utf8str (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_lutf8str (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_undef (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_yes (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_no (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_byte (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_netint (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_integer (ImpStorableReader *self, ImpPerlIndex at);
ImpDecodeStatus imp_storable_read_double (ImpStorableReader *self, ImpPerlIndex at);

/* Reads an image, which is all of the tree's input, into its root. @big_endian: what order the
 * sender's machine has, which shows in the few forms that even network order leaves alone. */
ImpDecodeStatus imp_storable_read_image (ImpPerlTree *tree, gboolean big_endian);

extern const struct _ImpPerlWriter imp_storable_writer;

G_END_DECLS
