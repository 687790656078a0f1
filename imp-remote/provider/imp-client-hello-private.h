/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-cursor-private.h"

G_BEGIN_DECLS

/* What a client of TLS says first. So many bytes of it are looked at. */
#define IMP_CLIENT_HELLO_MAX 16384

/* DONE: it is one, and *@name the server that it asks for (SNI), or NULL if it asks for none. BAD:
 * it is none, or none that is well formed, or longer than IMP_CLIENT_HELLO_MAX. Nothing is used up:
 * the server is to see it as well. */
ImpDecodeStatus imp_client_hello_decode (const guint8 *data, gsize length, char **name);

G_END_DECLS
