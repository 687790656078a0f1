/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-request-private.h"
#include "tool/relay/relay-own.h"
#include "tool/relay/relay-rules.h"
#include "tool/tool.h"

G_BEGIN_DECLS

/* Where the clients of a group come from and go to: what its options say of that. */

typedef enum
{
  RELAY_ROUTE_FIXED,       /* --connect */
  RELAY_ROUTE_REQUESTED,   /* the client says it, by a protocol */
  RELAY_ROUTE_TRANSPARENT, /* it has been redirected */
} RelayRouteKind;

typedef struct
{
  RelayRouteKind kind;
  const ImpRequestProtocol *protocol; /* of REQUESTED */
  GSocketConnectable *target;         /* of FIXED */
  char *text;                         /* what is shown as long as nothing better is known */
  gboolean ask_first;
  gboolean sni;
  gboolean proxy_in;
  guint proxy_out;       /* its version, 0: none */
  GPtrArray *proxy_from; /* of GInetAddressMask */
  RelayRules *rules;
  GProxyResolver *resolver; /* NULL: servers are connected to directly */
  RelayOwn *own;            /* the program's; it lives longer */
} RelayRoute;

RelayRoute *relay_route_new (RelayOwn *own);
RelayRoute *relay_route_ref (RelayRoute *self);
void relay_route_unref (RelayRoute *self);

/* What is connected to: an address, or a name. */
GSocketConnectable *relay_route_make_target (const char *host, guint16 port);

/* Each prints what is wrong on standard error, and returns the program's status for it. @value:
 * NULL where there is none. */
int relay_route_set_target (RelayRoute *self, const char *address);
int relay_route_set_protocol (RelayRoute *self, const ImpRequestProtocol *protocol);
int relay_route_set_transparent (RelayRoute *self);
int relay_route_set_proxy_protocol (RelayRoute *self, const char *value);
int relay_route_add_proxy_from (RelayRoute *self, const char *value);
int relay_route_add_allow_to (RelayRoute *self, const char *value);
int relay_route_set_upstream_proxy (RelayRoute *self, const char *value);

/* Whether there is nothing but perhaps a target. */
gboolean relay_route_is_plain (const RelayRoute *self);
/* Whether what has been set fits together, and to the listeners. @has_tcp: one of them is at an
 * address of TCP. */
int relay_route_check (const RelayRoute *self, gboolean has_tcp);
/* Whether clients of other machines may use it; @listen: where they could come from. */
int relay_route_check_exposed (const RelayRoute *self, const char *listen);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RelayRoute, relay_route_unref)

G_END_DECLS
