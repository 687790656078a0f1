/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

/**
 * ImpPatternAction:
 * @IMP_PATTERN_DENY: refuse the connection, with the action's data as the reason
 * @IMP_PATTERN_REJECT: take the match away, and write the action's data back to the sender
 * @IMP_PATTERN_REPLACE: put the action's data in the place of the match
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
} ImpPatternAction;

#define IMP_TYPE_PATTERN_ACTION (imp_pattern_action_get_type ())
IMP_AVAILABLE_IN_0_1
GType imp_pattern_action_get_type (void);

#define IMP_TYPE_PATTERN_FACTORY (imp_pattern_factory_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpPatternFactory, imp_pattern_factory, IMP, PATTERN_FACTORY,
                      ImpFactory)

IMP_AVAILABLE_IN_0_1
ImpFactory *imp_pattern_factory_new (const char *settings, GError **error);

G_END_DECLS
