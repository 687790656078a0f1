/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/opening.h"

G_BEGIN_DECLS

/* The sockets of a server whose addresses can change, or which can be replaced while it runs. They
 * are opened here, where they are offered to whoever replaces it, and the server is given copies of
 * them, as descriptors. */
typedef struct _ServeSockets ServeSockets;

ServeSockets *serve_sockets_new (void);
/* Not while they are being opened. Closes those that no other has as well, and removes their files
 * unless those are another process' by now; the server's copies stay. */
void serve_sockets_free (ServeSockets *self);

/* As what errors name an address; "serve" if this is not called. */
void serve_sockets_set_label (ServeSockets *self, const char *label);
/* Once. @addresses: checked already. Those that are among @before (or NULL), written in the same
 * way, are taken from there. @done comes from the main loop. */
void serve_sockets_open (ServeSockets *self, char **addresses, ServeSockets *before,
                         gboolean replace, OpeningFunc done, gpointer user_data);
/* Gives that up: @done comes soon. FALSE if it is not under way. */
gboolean serve_sockets_cancel (ServeSockets *self);

/* %TOOL_DONE, or what the program ends with if other machines can reach one without TLS. */
int serve_sockets_check_exposure (ServeSockets *self);
/* As clients write them, without those that @other (or NULL) has; to be freed with g_strfreev(). */
char **serve_sockets_list_addresses (ServeSockets *self, ServeSockets *other);
/* A copy of each, as what a server listens at: "fd:N", "tls:fd:N"; without those that @other (or
 * NULL) has. They are made when this is first called. NULL with an error. */
char **serve_sockets_copy (ServeSockets *self, ServeSockets *other, GError **error);
/* Closes copies that no server has been given: as serve_sockets_copy() has returned them. */
void serve_sockets_drop_copies (char **copies);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServeSockets, serve_sockets_free)

G_END_DECLS
