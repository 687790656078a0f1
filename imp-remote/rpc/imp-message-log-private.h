/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-message-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* With G_MESSAGES_DEBUG=Imp each message of each connection is logged, with Imp-rpc what becomes of
 * each. */

/* Who is at the other end, as far as the kernel knows. NULL where nobody wants to know: that is
 * asked once per connection, so that all that it costs a message is a look at a pointer. */
char *imp_message_log_name (GIOStream *stream, int fd);

/* What becomes of a connection, with G_MESSAGES_DEBUG=Imp-rpc. @name may be NULL. */
void imp_message_log_state (const char *name, const char *format, ...) G_GNUC_PRINTF (2, 3);
void imp_message_log (const char *name, const char *what, const ImpMessage *message);
void imp_message_log_malformed (const char *name, const GError *error);

G_END_DECLS
