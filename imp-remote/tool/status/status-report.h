/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/control/control-request.h"

G_BEGIN_DECLS

/* The answer to "status", of a relay or a server: what there is of each, in numbers, and the
 * connections themselves, as many as are asked for ("limit"). */
typedef struct _StatusReport StatusReport;

#define STATUS_LIMIT_DEFAULT 100
#define STATUS_LIMIT_MAX 10000

/* NULL if the request makes no sense; then it has been answered. @program: "relay" or "serve". */
StatusReport *status_report_new (ControlRequest *request, const char *program);
/* Of all that there are, not only of those that are shown. */
void status_report_set_total (StatusReport *self, const char *name, gint64 number);
/* Takes @row, of a connection. */
void status_report_add (StatusReport *self, JsonObject *row);
/* Frees @self. */
void status_report_answer (StatusReport *self, ControlRequest *request);

G_END_DECLS
