/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/control/control-request.h"

G_BEGIN_DECLS

/* One client of a control socket: reads a request, has it answered, writes the answer, reads the
 * next one. It is gone when it has ended, does not read, or says nothing for too long. */
typedef struct _ControlConnection ControlConnection;

/* Answers @request, now or later. The connection may be freed from there. */
typedef void (*ControlConnectionHandler) (ControlRequest *request, gpointer user_data);
/* From the main loop, when it has ended; frees it. */
typedef void (*ControlConnectionOver) (ControlConnection *self, gpointer user_data);

ControlConnection *control_connection_new (GSocketConnection *stream,
                                           ControlConnectionHandler handle,
                                           ControlConnectionOver over, gpointer user_data);
void control_connection_free (ControlConnection *self);

/* Since when it has been left alone, in monotonic microseconds; -1: it waits for an answer. */
gint64 control_connection_get_idle_since (ControlConnection *self);

G_END_DECLS
