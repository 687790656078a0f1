/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-error.h"
#include "core/imp-log-kinds-private.h"
#include "provider/imp-request-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the client hears of why it does not get its server. */
ImpRequestOutcome relay_refusal_judge (const GError *error);
/* Whether somebody did not want the connection, or it has failed. */
ImpLogKind relay_refusal_get_kind (const GError *error);
/* Ends a connection that nothing is done for, so that nobody takes it for one that is complete. */
void relay_refusal_reset (GSocketConnection *client);

G_END_DECLS
