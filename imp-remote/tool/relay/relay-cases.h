/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"
#include "tool/relay/relay-context.h"
#include "tool/relay/relay-route.h"

G_BEGIN_DECLS

/* What a [rule NAME] says: for which connections it is, and what becomes of them. */
typedef struct _RelayCase RelayCase;

typedef enum
{
  RELAY_ACTION_INSPECT, /* by modules of its own */
  RELAY_ACTION_SKIP,    /* by none */
  RELAY_ACTION_DENY,
} RelayAction;

RelayCase *relay_case_new (const char *name);
void relay_case_free (RelayCase *self);
/* One of the conditions, or what is to be done. FALSE: there is no such key. What is wrong with
 * the value is printed, as by the next ones. */
gboolean relay_case_set (RelayCase *self, const char *key, const char *value);
/* Once all is said, makes its factory. */
int relay_case_complete (RelayCase *self);
/* Whether connections of such a route have what it asks for. */
int relay_case_check_route (const RelayCase *self, const RelayRoute *route);

RelayAction relay_case_get_action (const RelayCase *self);
ImpFactory *relay_case_get_factory (const RelayCase *self);
/* What the user wrote for it; ends with NULL. */
const char *const *relay_case_get_modules (const RelayCase *self);

/* The first of @cases that is for a connection; NULL if none is, or if that depends on what is not
 * known yet. @connected: to its server. FALSE with %IMP_ERROR_DENIED if that case denies it. */
gboolean relay_cases_check (const GPtrArray *cases, const RelayRoute *route,
                            const RelayKnowledge *known, gboolean connected,
                            const RelayCase **found, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RelayCase, relay_case_free)

G_END_DECLS
