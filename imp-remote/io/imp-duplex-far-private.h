/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "io/imp-duplex-private.h"

G_BEGIN_DECLS

/* The stream at the far end, which is pollable, never blocks, and is used in one thread at a time.
 * To close it does nothing: how it ends is said by imp_duplex_report(). */
GIOStream *imp_duplex_far_new (ImpDuplex *duplex);

G_END_DECLS
