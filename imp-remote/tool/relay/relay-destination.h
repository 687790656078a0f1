/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/relay/relay-route.h"

G_BEGIN_DECLS

#define RELAY_TYPE_DESTINATION (relay_destination_get_type ())
G_DECLARE_FINAL_TYPE (RelayDestination, relay_destination, RELAY, DESTINATION, GObject)

/* A GSocketConnectable: what a client is to be connected with, less those of its addresses that the
 * route does not allow; if none is left, the error is an %IMP_ERROR_DENIED. @inner: all of them.
 *
 * What goes through a proxy is connected to by that one, and a name is looked up by it. */
GSocketConnectable *relay_destination_new (GSocketConnectable *inner, RelayRoute *route);

G_END_DECLS
