/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/relay/relay-cases.h"
#include "tool/relay/relay-options.h"
#include "tool/relay/relay-route.h"
#include "tool/relay/relay-shadow.h"
#include "tool/relay/relay-stage.h"

G_BEGIN_DECLS

/* One client, from its arrival to its end. */
typedef struct _RelayConnection RelayConnection;

/* Whether another connection of this client, whom a proxy has named, is taken; FALSE with an error
 * if it is not. */
typedef gboolean (*RelayAdmitFunc) (RelayConnection *self, GSocketAddress *client,
                                    gpointer user_data, GError **error);
/* Called once, from the main loop, when it has ended. */
typedef void (*RelayConnectionFunc) (RelayConnection *self, gpointer user_data);

typedef struct
{
  ImpFactory *factory;
  RelayRoute *route;
  const RelayOptions *options; /* outlive it */
  const char *const *modules;  /* what the user wrote for @factory */
  const GPtrArray *cases;      /* of RelayCase, which say something else for some; outlive it */
  RelayShadow *shadow;         /* or NULL */
  RelayAdmitFunc admit;
  RelayConnectionFunc over;
  gpointer user_data; /* of both */
} RelayConnectionSetup;

RelayConnection *relay_connection_new (GSocketConnection *client,
                                       const RelayConnectionSetup *setup);
void relay_connection_free (RelayConnection *self);
/* Counted from 1 on, in the order in which they came; unique in this process. */
guint64 relay_connection_get_id (RelayConnection *self);

/* How it is; all of it is the connection's. */
typedef struct
{
  RelayStage stage;
  const char *client, *server;
  GSocketConnection *stream; /* with the client */
  const char *const *modules;
} RelayConnectionFacts;

void relay_connection_get_facts (RelayConnection *self, RelayConnectionFacts *facts);
/* The name of the limit for which it was refused, or NULL. */
char *relay_connection_dup_exceeded (RelayConnection *self);
/* What moves its bytes, or NULL if it has not come to that. */
ImpRelay *relay_connection_get_relay (RelayConnection *self);
/* What has ended it, or NULL. */
const GError *relay_connection_get_error (RelayConnection *self);

G_END_DECLS
