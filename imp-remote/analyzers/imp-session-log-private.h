/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-session-log-factory.h"
#include "io/imp-disk-writer-private.h"
#include "core/imp-analyzer-private.h"

G_BEGIN_DECLS

#define IMP_TYPE_SESSION_LOG_ANALYZER (imp_session_log_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ImpSessionLogAnalyzer, imp_session_log_analyzer, IMP, SESSION_LOG_ANALYZER,
                      ImpAnalyzer)

ImpAnalyzer *imp_session_log_analyzer_new (ImpDiskWriter *writer, const char *folder,
                                           ImpSessionLogFormat format, ImpContext *context);

G_END_DECLS
