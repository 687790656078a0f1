/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-interface.h"

G_BEGIN_DECLS

/* Hints, which a provider may ignore, and FATAL, which every provider must handle: no interface
 * has to name them. */
#define IMP_RESULT_FLAGS_HINTS                                                                     \
  (IMP_RESULT_FLAGS_PAUSE | IMP_RESULT_FLAGS_CONTINUE | IMP_RESULT_FLAGS_REPLACE_LATER             \
   | IMP_RESULT_FLAGS_WANT)
#define IMP_RESULT_FLAGS_NEVER_DEMANDED (IMP_RESULT_FLAGS_HINTS | IMP_RESULT_FLAGS_FATAL)

gboolean imp_interface_satisfies (ImpInterface *offered, ImpInterface *wanted);

G_END_DECLS
