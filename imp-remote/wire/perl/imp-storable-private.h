/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/perl/imp-perl-value-private.h"

G_BEGIN_DECLS

/* Reads an image of Perl's Storable, which is all of the tree's input, into its root. @big_endian:
 * what order the sender's machine has, which shows in the few values that even network order leaves
 * alone. */
ImpDecodeStatus imp_storable_read_image (ImpPerlTree *tree, gboolean big_endian);

G_END_DECLS
