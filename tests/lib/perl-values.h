/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/perl/imp-perl-value-private.h"

G_BEGIN_DECLS

/* What a value is, in the words of perl-random.pl. */
char *test_perl_describe (ImpPerlTree *tree, ImpPerlIndex index);

G_END_DECLS
