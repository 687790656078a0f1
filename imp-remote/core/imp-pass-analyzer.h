/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-analyzer.h"

G_BEGIN_DECLS

#define IMP_TYPE_PASS_ANALYZER (imp_pass_analyzer_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpPassAnalyzer, imp_pass_analyzer, IMP, PASS_ANALYZER, ImpAnalyzer)

IMP_AVAILABLE_IN_0_1
ImpAnalyzer *imp_pass_analyzer_new (void);

G_END_DECLS
