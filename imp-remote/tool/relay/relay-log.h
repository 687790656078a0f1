/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/tool.h"

G_BEGIN_DECLS

/* What the log says of one client and the server that it is connected with: in fields for those who
 * search, and in words. @client and @target are addresses. */
void relay_log (const char *client, const char *target, GLogLevelFlags level, const char *text);
/* The same with "WHAT: " before the text. */
void relay_log_event (const char *client, const char *target, const char *what, const char *text);
/* What an analyzer has to say to people. */
void relay_log_result (const char *client, const char *target, ImpResult *result);

G_END_DECLS
