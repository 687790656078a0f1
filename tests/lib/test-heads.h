/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/imp-wire-private.h"

G_BEGIN_DECLS

/* That the short way of a wire format, where it has one, agrees with the general one about these
 * bytes, and about how the message that they are is written. TRUE if the short way was taken. */
gboolean test_heads_agree (const ImpWire *wire, const guint8 *data, gsize length,
                           const ImpWireLimits *limits);

G_END_DECLS
