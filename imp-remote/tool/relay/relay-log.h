/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-log-kinds-private.h"
#include "tool/relay/relay-stage.h"
#include "tool/tool.h"

G_BEGIN_DECLS

/* Whose line it is: a client and the server that it is connected with. */
typedef struct
{
  guint64 connection; /* its number, or 0 */
  const char *client; /* addresses */
  const char *server;
  const char *const *modules; /* what the user wrote, or NULL */
} RelayLogSubject;

/* What the log says of it: in fields for those who search, and in words. */
void relay_log (const RelayLogSubject *subject, ImpLogKind kind, const char *text);
/* How far it has come, and the end: for finding errors, with G_MESSAGES_DEBUG=imp-remote. */
void relay_log_stage (const RelayLogSubject *subject, RelayStageKind stage);
void relay_log_end (const RelayLogSubject *subject, const GError *error);
/* The modules without their settings; NULL: there are none. */
char *relay_log_name_modules (const RelayLogSubject *subject);
/* What an analyzer has to say to people. */
void relay_log_result (const RelayLogSubject *subject, ImpResult *result);

G_END_DECLS
