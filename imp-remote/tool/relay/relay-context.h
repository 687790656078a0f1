/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is known of a connection, for its analyzer; what is not is NULL. */
typedef struct
{
  GSocketAddress *client;
  GSocketAddress *server; /* a reference */
  const char *name;       /* of the server, that was asked for */
  guint16 port;           /* of the server that was asked for */
  const char *sni;        /* the name that TLS asks for */
} RelayKnowledge;

/* @server: what is connected, or NULL; @target: where it leads, or NULL. */
void relay_knowledge_init (RelayKnowledge *self, GSocketAddress *client, GIOStream *server,
                           GSocketConnectable *target);
void relay_knowledge_clear (RelayKnowledge *self);

GHashTable *relay_context_new (const RelayKnowledge *known);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RelayKnowledge, relay_knowledge_clear)

G_END_DECLS
