/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-input-queue-private.h"

G_BEGIN_DECLS

/* Keeps input in *@kept, which is made where it is needed. FALSE if that would be more than @max
 * bytes; then nothing has happened. */
gboolean imp_kept_input_add (ImpInputQueue **kept, gsize max, ImpDirection direction,
                             const ImpView *data, gint64 offset, gint32 data_type);
void imp_kept_input_free (ImpInputQueue *kept);

G_END_DECLS
