/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-proxy-protocol-private.h"
#include "provider/imp-request-private.h"

G_BEGIN_DECLS

/* A client before its bytes are relayed: reads what it says of itself and of where it wants to go.
 * What is read beyond that is kept. One thing is read at a time; whatever goes wrong ends it. */
typedef struct _RelayGreeting RelayGreeting;

/* From the main loop, once for each thing that is read, if it is not freed before. It may be freed
 * from here. @error: NULL: it is there. */
typedef void (*RelayGreetingFunc) (const GError *error, gpointer user_data);

/* @timeout_ms: for all that is read, but for the last two. */
RelayGreeting *relay_greeting_new (GSocket *client, guint timeout_ms);
void relay_greeting_free (RelayGreeting *self);

/* Into @header, which the caller clears. */
void relay_greeting_read_header (RelayGreeting *self, ImpProxyHeader *header,
                                 RelayGreetingFunc func, gpointer user_data);
/* Into @request, which the caller clears. What the client has to hear if it is wrong has been
 * written before @func comes. */
void relay_greeting_read_request (RelayGreeting *self, const ImpRequestProtocol *protocol,
                                  ImpRequest *request, RelayGreetingFunc func, gpointer user_data);
/* The name of the server in the beginning of TLS, which stays among what is kept. That there is no
 * TLS, or nothing within @timeout_ms, is no error: *@name is NULL then. */
void relay_greeting_read_name (RelayGreeting *self, char **name, guint timeout_ms,
                               RelayGreetingFunc func, gpointer user_data);
/* Has the client read what was written to the end: ends the output, and waits a moment for it to
 * end its own. */
void relay_greeting_finish (RelayGreeting *self, RelayGreetingFunc func, gpointer user_data);

/* Writes to the client. It is so little, and the first that is written, that all has room. */
gboolean relay_greeting_write (RelayGreeting *self, GBytes *bytes, GError **error);
/* What was read beyond; NULL: nothing. */
GBytes *relay_greeting_steal_rest (RelayGreeting *self);

/* The same for any socket. */
gboolean relay_greeting_write_socket (GSocket *socket, GBytes *bytes, GError **error);

G_END_DECLS
