/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-http-analyzer.h"
#include "analyzers/imp-http-conversation-private.h"

G_BEGIN_DECLS

ImpHttpConversation *imp_http_analyzer_get_conversation (ImpHttpAnalyzer *self);

G_END_DECLS
