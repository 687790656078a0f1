/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is known of a connection, for its analyzer; what is not is NULL. */
typedef struct
{
  GSocketAddress *client;
  GSocketAddress *server;
  const char *name; /* of the server, that was asked for */
  guint16 port;     /* of that */
  const char *sni;  /* the name that TLS asks for */
} RelayKnowledge;

GHashTable *relay_context_new (const RelayKnowledge *known);

G_END_DECLS
