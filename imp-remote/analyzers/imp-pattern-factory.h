/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"

G_BEGIN_DECLS

/**
 * ImpPatternAction:
 * @IMP_PATTERN_DENY: refuse the connection, with the action's data as the reason
 * @IMP_PATTERN_REJECT: write the action's data back to the sender, and refuse the connection
 * @IMP_PATTERN_REPLACE: put the action's data in the place of the match
 * @IMP_PATTERN_ANSWER: take the match away, write the action's data back to the sender, and go on
 *
 * What becomes of a match of an [class@Imp.PatternFactory].
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_PATTERN_DENY,
  IMP_PATTERN_REJECT,
  IMP_PATTERN_REPLACE,
  IMP_PATTERN_ANSWER,
} ImpPatternAction;

/**
 * ImpPatternOver:
 * @IMP_PATTERN_OVER_AUTO: by the action: %IMP_PATTERN_OVER_DENY where it refuses the connection,
 *   else %IMP_PATTERN_OVER_PASS
 * @IMP_PATTERN_OVER_PASS: it passes
 * @IMP_PATTERN_OVER_DENY: the connection is refused
 *
 * What becomes of something that may be a match of an [class@Imp.PatternFactory], but is longer
 * than a match may be, or is complete only when its beginning has passed already.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_PATTERN_OVER_AUTO,
  IMP_PATTERN_OVER_PASS,
  IMP_PATTERN_OVER_DENY,
} ImpPatternOver;

/**
 * ImpPatternHoldAction:
 * @IMP_PATTERN_HOLD_PASS: they pass
 * @IMP_PATTERN_HOLD_DENY: the connection is refused
 *
 * What becomes of bytes that an [class@Imp.PatternFactory] has held for too long.
 *
 * Since: 0.1
 */
typedef enum
{
  IMP_PATTERN_HOLD_PASS,
  IMP_PATTERN_HOLD_DENY,
} ImpPatternHoldAction;

#define IMP_TYPE_PATTERN_ACTION (imp_pattern_action_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_pattern_action_get_type (void);

#define IMP_TYPE_PATTERN_OVER (imp_pattern_over_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_pattern_over_get_type (void);

#define IMP_TYPE_PATTERN_HOLD_ACTION (imp_pattern_hold_action_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_pattern_hold_action_get_type (void);

#define IMP_TYPE_PATTERN_FACTORY (imp_pattern_factory_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpPatternFactory, imp_pattern_factory, IMP, PATTERN_FACTORY,
                      ImpFactory)

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_pattern_factory_new (const char *settings, GError **error);

G_END_DECLS
