/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/opening.h"

G_BEGIN_DECLS

/* The sockets of a server that can be replaced while it runs. They are opened here, where they are
 * offered to whoever replaces it, and the server is given copies of them, as descriptors. */
typedef struct _ServeSockets ServeSockets;

ServeSockets *serve_sockets_new (void);
/* Not while they are being opened. Closes them, and removes their files unless those are another
 * process' by now; the server's copies stay. */
void serve_sockets_free (ServeSockets *self);

/* Once. @addresses: checked already. @done comes from the main loop. */
void serve_sockets_open (ServeSockets *self, char **addresses, gboolean replace, OpeningFunc done,
                         gpointer user_data);
/* Gives that up: @done comes soon. FALSE if it is not under way. */
gboolean serve_sockets_cancel (ServeSockets *self);

/* %TOOL_DONE, or what the program ends with if other machines can reach one without TLS. */
int serve_sockets_check_exposure (ServeSockets *self);
/* As clients write them; to be freed with g_strfreev(). */
char **serve_sockets_list_addresses (ServeSockets *self);
/* A copy of each, as what a server listens at: "fd:N", "tls:fd:N". NULL with an error. */
char **serve_sockets_copy (ServeSockets *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServeSockets, serve_sockets_free)

G_END_DECLS
