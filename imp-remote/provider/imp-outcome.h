/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

G_BEGIN_DECLS

/**
 * ImpOutcome:
 * @IMP_OUTCOME_PASSED: all of it was decided, and both directions have ended regularly
 * @IMP_OUTCOME_DENIED: the analyzer has refused it visibly
 * @IMP_OUTCOME_DROPPED: the analyzer has refused it invisibly
 * @IMP_OUTCOME_FAILED: the analyzer has failed
 * @IMP_OUTCOME_UNSETTLED: a direction has not ended, or the analyzer has not said what is to become
 *   of all of it
 * @IMP_OUTCOME_BROKEN: something else has ended it, such as a connection that was reset
 *
 * What has become of a conversation.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_OUTCOME_PASSED = 0,
  IMP_OUTCOME_DENIED = 1,
  IMP_OUTCOME_DROPPED = 2,
  IMP_OUTCOME_FAILED = 3,
  IMP_OUTCOME_UNSETTLED = 4,
  IMP_OUTCOME_BROKEN = 5,
} ImpOutcome;

#define IMP_TYPE_OUTCOME (imp_outcome_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_outcome_get_type (void);

G_END_DECLS
