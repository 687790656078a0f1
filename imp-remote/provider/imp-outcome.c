/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-outcome.h"

#define VALUE(v, nick) G_DEFINE_ENUM_VALUE (v, nick)

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpOutcome, imp_outcome,
                    VALUE (IMP_OUTCOME_PASSED, "passed"),
                    VALUE (IMP_OUTCOME_DENIED, "denied"),
                    VALUE (IMP_OUTCOME_DROPPED, "dropped"),
                    VALUE (IMP_OUTCOME_FAILED, "failed"),
                    VALUE (IMP_OUTCOME_UNSETTLED, "unsettled"),
                    VALUE (IMP_OUTCOME_BROKEN, "broken"))
/* clang-format on */
