/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-remote-analyzer-private.h"

G_BEGIN_DECLS

/* How the modules are of the server that has an analyzer, or is to have it: @task, which it takes,
 * gets a list of ImpFactoryStatus within @timeout_ms. The question reaches the server behind the
 * analyzer, and follows that one to another server. */
void imp_analyzer_question_start (ImpRemoteAnalyzer *analyzer, guint timeout_ms, GTask *task);

G_END_DECLS
