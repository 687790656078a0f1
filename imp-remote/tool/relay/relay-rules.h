/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where clients may be connected to that name their destination themselves, or are redirected: the
 * relay connects as the machine that it is, which the client need not be. What must never become
 * reachable by accident, as it trusts whoever can reach it, is reachable only by a rule for nothing
 * else: link-local addresses, those at which clouds keep secrets for their machines, and, as soon
 * as there is a rule, loopback addresses and this machine's other ones. What is no single machine's
 * address is never, and neither is one of IPv6 that carries one of those of IPv4. */
typedef struct _RelayRules RelayRules;

RelayRules *relay_rules_new (void);
void relay_rules_free (RelayRules *self);

/* "ADDRESS[/BITS][:PORT[-PORT]]", where "*" is any address, and IPv6 has brackets where there is a
 * port. FALSE with %IMP_ERROR_SETTINGS if it is none. */
gboolean relay_rules_add (RelayRules *self, const char *text, GError **error);
/* Without any rule, almost everything is allowed. */
gboolean relay_rules_is_empty (const RelayRules *self);
/* FALSE with %IMP_ERROR_DENIED if it may not be connected to. */
gboolean relay_rules_check (const RelayRules *self, GSocketAddress *address, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RelayRules, relay_rules_free)

G_END_DECLS
